"""The rows about a loss, and the alarm that stays until it is acknowledged."""

from __future__ import annotations

import secrets
from typing import Any

import msgspec

from gateway.core.alarms.desk import AlarmDesk
from gateway.core.settings.model import Settings
from gateway.core.vocabulary.commands import Append
from gateway.core.vocabulary.events import Now
from gateway.core.vocabulary.rows import UNSET, KeptMark, StorageDegraded, StorageRestored
from gateway.core.vocabulary.times import rfc3339
from gateway.core.vocabulary.turn import Turn
from gateway.store.journal.writer import Row
from gateway.store.recovery.carried import barriers_left, left_to_person
from gateway.store.recovery.journal import Loss


def rows_about_journal(loss: Loss, settings: Settings, now: Now) -> list[Row]:
    """The first rows of the journal that follows a lost one."""
    lost = StorageDegraded(
        error=f"journal.db: {loss.error}",
        file=loss.file,
        journal=loss.journal or None,
        last=loss.last or None,
        interrupted=tuple(barriers_left(settings, left_to_person(loss.known), loss.lanes)),
        marks=tuple(msgspec.convert(mark, KeptMark) for mark in loss.marks),
        alarms=tuple(loss.alarms),
        repairs=tuple(loss.repairs) or UNSET,
        since=rfc3339(now.wall_ns),
    )
    about = {"error": lost.error, "file": lost.file, "journal": lost.journal, "last": lost.last}
    return _rows(lost, loss.file, {"reason": "set_aside", **about}, settings, now)


def rows_about_passes(error: str, file: str, kept: int, settings: Settings, now: Now) -> list[Row]:
    """The rows about a lost registry of which so many passes were kept."""
    lost = StorageDegraded(error=f"registry.db: {error}", file=file, passes=kept, since=rfc3339(now.wall_ns))
    about = {"error": lost.error, "file": file, "passes": kept}
    return _rows(lost, file, {"reason": "passes", **about}, settings, now)


def _rows(lost: StorageDegraded, file: str, detail: dict[str, Any], settings: Settings, now: Now) -> list[Row]:
    """The rows: the loss, storage restored, and an alarm to acknowledge."""
    turn = Turn(now)
    desk = AlarmDesk([])
    desk.begin(secrets.token_hex(4))
    key = f"aside:{file}"
    turn.append(lost)
    desk.raise_(turn, "storage_degraded", key, detail=detail)
    turn.append(StorageRestored(waited=0, lost=0, since=lost.since))
    desk.return_(turn, key)
    gateway = settings.gateway.id
    return [Row.of(command.row, gateway, now) for command in turn.commands if isinstance(command, Append)]
