"""The rows about a loss, and the alarm that stays until it is acknowledged."""

from __future__ import annotations

import secrets
from typing import Any

from gateway.core.alarms.desk import AlarmDesk
from gateway.core.settings.model import Settings
from gateway.core.vocabulary.commands import Append
from gateway.core.vocabulary.events import Now
from gateway.core.vocabulary.times import rfc3339
from gateway.core.vocabulary.turn import Turn
from gateway.store.journal.writer import Row
from gateway.store.recovery.carried import barriers_left, left_to_person
from gateway.store.recovery.journal import Loss


def rows_about_journal(loss: Loss, settings: Settings, now: Now) -> list[Row]:
    """The first rows of the journal that follows a lost one."""
    about = {"error": f"journal.db: {loss.error}", "file": loss.file}
    more = {"journal": loss.journal or None, "last": loss.last or None}
    left = barriers_left(settings, left_to_person(loss.known), loss.lanes)
    standing = {"interrupted": left, "marks": loss.marks, "alarms": loss.alarms}
    return _rows("set_aside", {**about, **more}, standing, settings, now)


def rows_about_passes(error: str, file: str, kept: int, settings: Settings, now: Now) -> list[Row]:
    """The rows about a lost registry of which so many passes were kept."""
    return _rows("passes", {"error": f"registry.db: {error}", "file": file, "passes": kept}, {}, settings, now)


def _rows(reason: str, about: dict[str, Any], standing: dict[str, Any], settings: Settings, now: Now) -> list[Row]:
    """The rows: the loss, storage restored, and an alarm to acknowledge."""
    turn = Turn(now)
    desk = AlarmDesk([])
    desk.run = secrets.token_hex(4)
    subject = f"devices/{settings.gateway.id}"
    health = {"since": rfc3339(now.wall_ns), "by": "gateway"}
    key = f"aside:{about['file']}"
    turn.append("storage.degraded", subject, {**about, **standing, **health})
    desk.raise_(turn, "storage_degraded", key, detail={"reason": reason, **about})
    turn.append("storage.restored", subject, {"waited": 0, "lost": 0, **health})
    desk.return_(turn, key)
    return [
        Row(command.type, command.subject, command.data, now.wall_ns, now.mono_ns, now.clock)
        for command in turn.commands
        if isinstance(command, Append)
    ]
