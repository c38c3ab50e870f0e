"""What a start does before it opens the stores: whatever a worn card has done to them, the gate must open.

A journal or a pass registry that is damaged goes aside and another takes its place (`store.rescue`, `store.salvage`);
rows and an alarm tell what happened, and stay until a person has seen them. Lanes of which something is not known any
more, that may be a tag, are left to a person: they move for nobody until somebody has decided.
"""

from __future__ import annotations

import logging
import secrets
from typing import Any

from gateway.core.alarms.desk import AlarmDesk
from gateway.core.settings.model import Barrier, Settings
from gateway.core.vocabulary.commands import Append
from gateway.core.vocabulary.events import Now
from gateway.core.vocabulary.times import rfc3339
from gateway.core.vocabulary.turn import Turn
from gateway.engine.clock import Clock
from gateway.store.directory import DataDirectory, source_of
from gateway.store.journal.writer import Journal, Row
from gateway.store.recovery import aside
from gateway.store.recovery.rescue import Loss, Place, damage_of, registry_damage, set_journal_aside
from gateway.store.recovery.salvage import prepare_registry

log = logging.getLogger(__name__)


class Mender:
    """One start's look at the files, with the directory locked."""

    def __init__(self, directory: DataDirectory, settings: Settings, boot_id: str) -> None:
        """Touches nothing."""
        self._directory = directory
        self._settings = settings
        self._boot_id = boot_id
        self._now = Clock(trusted=settings.gateway.clock == "trusted").now()
        self._place = Place(directory.journal, directory.state, directory.uplink)

    def mend_journal(self, met: str = "") -> None:
        """Set the journal aside if nothing can be built on it, or for what was `met` in reading it."""
        aside.finish(self._directory.journal)
        damage = damage_of(self._place, met)
        if damage is not None:
            source = source_of(self._settings)
            set_journal_aside(self._place, damage, self._of_journal, source, self._boot_id, self._now.wall_ns)

    def mend_registry(self, journal: Journal) -> None:
        """Set the passes aside if they cannot be asked, and go on with those that can be read."""
        path = self._directory.registry
        aside.finish(path)
        error = registry_damage(path)
        if not error:
            return
        file = aside.aside_of(path, self._now.wall_ns)
        kept = prepare_registry(path, file)
        journal.append(self._told(f"registry.db: {error}", file.name, "passes", {"passes": kept}, {}))
        aside.swap(path, file)
        log.error("registry.db cannot be used: %s. It is now %s; %d passes were kept", error, file.name, kept)

    # ---- what is told --------------------------------------------------------------------------------------------

    def _of_journal(self, loss: Loss) -> list[Row]:
        more = {"journal": loss.journal or None, "last": loss.last or None}
        standing = {"interrupted": self._unknown(loss), "marks": loss.marks, "alarms": loss.alarms}
        return self._told(f"journal.db: {loss.error}", loss.file, "set_aside", more, standing)

    def _unknown(self, loss: Loss) -> list[str]:
        """The barriers that nobody can vouch for."""
        if loss.blank or loss.lanes is None:
            return [barrier.id for barrier in self._settings.barriers]
        lost = {lane.barrier for lane in self._settings.lanes if lane.id in loss.lanes}
        return [
            barrier.id
            for barrier in self._settings.barriers
            if barrier.id in lost or (loss.unsure and not _is_measured(barrier))
        ]

    def _told(
        self, error: str, file: str, reason: str, more: dict[str, Any], standing: dict[str, Any]
    ) -> list[Row]:  # fmt: skip
        """The rows about a loss: what happened, that storage is well again, and an alarm that waits to be seen."""
        turn = Turn(self._now)
        desk = AlarmDesk([])
        desk.run = secrets.token_hex(4)
        subject = f"devices/{self._settings.gateway.id}"
        about = {"error": error, "file": file, **more}
        health = {"since": rfc3339(self._now.wall_ns), "by": "gateway"}
        turn.append("storage.degraded", subject, {**about, **standing, **health})
        desk.raise_(turn, "storage_degraded", f"aside:{file}", detail={"reason": reason, **about})
        turn.append("storage.restored", subject, {"waited": 0, "lost": 0, **health})
        desk.return_(turn, f"aside:{file}")
        return [_row(command, self._now) for command in turn.commands if isinstance(command, Append)]


def _is_measured(barrier: Barrier) -> bool:
    """Whether switches tell where the arm is."""
    return barrier.at_open is not None or barrier.at_closed is not None


def _row(command: Append, now: Now) -> Row:
    return Row(command.type, command.subject, command.data, now.wall_ns, now.mono_ns, now.clock)
