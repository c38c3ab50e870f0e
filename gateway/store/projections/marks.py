"""The marks of lanes while no engine runs, and what becomes of them when settings go back by themselves."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from gateway.core.settings.marks import Mark, carried, losing
from gateway.core.settings.model import Settings
from gateway.core.vocabulary.events import Now
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal, Row
from gateway.store.projections.state import State


def marks_at_rest(state: Path, journal: Path, named: Collection[str]) -> tuple[Mark, ...]:
    """The marks of the named lanes, by the projections and the rest of the journal; StorageError.

    A hold is none of them: a restart has ended it.
    """
    known, reader = State(state, writer=True), JournalReader(journal)
    try:
        with known.ahead(reader) as ahead:
            lanes = ahead.lanes()
    finally:
        known.close()
        reader.close()
    return tuple(
        Mark(lane, found["mode"], found.get("by") or "", found.get("reason") or "")
        for lane, found in lanes.items()
        if lane in named
    )


def carry(state: Path, journal: Path, source: str, boot_id: str, old: Settings, new: Settings, now: Now) -> None:
    """Journal the tags that the lanes get when the old settings give way to the new ones; StorageError."""
    if not (lost := losing(old, new)):
        return
    if rows := carried(old, new, marks_at_rest(state, journal, lost)):
        writer = Journal.open(journal, source, boot_id)
        try:
            writer.append([Row.of(row, new.gateway.id, now) for row in rows])
        finally:
            writer.close()
