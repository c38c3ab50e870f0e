"""The projections as they will be: with the rest of the journal, and with rows that it does not have yet.

They are made in a transaction that is rolled back, so nothing is written and a full disk does not matter. If another
thread or process holds the file, they are made in a copy.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

import apsw
import msgspec

from gateway.core.access.recent import CORRECTIONS
from gateway.store.journal.queries import StoredRow
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Row
from gateway.store.projections.look import Look
from gateway.store.projections.memory import memory_of
from gateway.store.sqlite.database import BUSY_MS, open_reader, roll_back, storage_errors
from gateway.store.sqlite.schemas import STATE

log = logging.getLogger(__name__)

AHEAD_WAIT_S = 0.5
"""How long `undone` waits for the commit of another thread or process."""
REST_ROWS = 500
_COUNTED = (
    "passage.entered", "passage.exited", "passage.reversed",
    "visit.paid", "visit.waived", "visit.owed", "visit.validated", "visit.charged",
    *(correction.type for correction in CORRECTIONS),
)  # fmt: skip
"""Rows that the next decision must know before they are applied."""


class Ahead(Look):
    """A read through the writer's connection, within its transaction."""

    def __init__(self, path: Path, db: apsw.Connection, unapplied: Sequence[StoredRow]) -> None:
        self._path = path
        self._db = db
        self._rows = unapplied

    def select(self, sql: str, values: tuple[Any, ...] = ()) -> list[Any]:
        with storage_errors(self._path):
            return list(self._db.execute(sql, values).fetchall())

    def memory(self, zone: tzinfo = UTC) -> dict[str, Any]:
        """The memory of the core, with the passages and payments that are not applied."""
        kept = [row for row in self._rows if row.type in _COUNTED]
        unapplied = [{"type": row.type, "wall_ns": row.wall_ns, "data": row.raw()} for row in kept]
        return memory_of(self, zone, unapplied)


@contextmanager
def undone(path: Path, lock: threading.Lock, writer: apsw.Connection) -> Iterator[apsw.Connection]:
    """A connection whose writes are undone after the block; `lock` is held for that, if it can be had in time."""
    held = lock.acquire(timeout=AHEAD_WAIT_S)
    try:
        with storage_errors(path), ExitStack() as stack:
            db = _begun(path, writer, stack) if held else None
            yield db if db is not None else _copied(path, stack)
    finally:
        if held:
            lock.release()


def _begun(path: Path, db: apsw.Connection, stack: ExitStack) -> apsw.Connection | None:
    """The writer in a transaction that will be rolled back; None if another process holds the file."""
    db.set_busy_timeout(int(AHEAD_WAIT_S * 1000))
    stack.callback(db.set_busy_timeout, BUSY_MS)
    db.pragma("cache_spill", False)
    stack.callback(db.pragma, "cache_spill", True)
    try:
        db.execute("BEGIN IMMEDIATE")
    except apsw.Error as error:
        log.warning("%s is held by another, so a copy has to do: %s", path, error)
        return None
    stack.callback(roll_back, db)
    return db


def _copied(path: Path, stack: ExitStack) -> apsw.Connection:
    """A copy in memory."""
    source = stack.enter_context(closing(open_reader(path, STATE)))
    copy = stack.enter_context(closing(apsw.Connection(":memory:")))
    with copy.backup("main", source, "main") as backup:
        while not backup.done:
            backup.step()
    return copy


def sequence_of(db: apsw.Connection) -> int:
    """The last row that was applied."""
    return int(db.execute("SELECT value FROM meta WHERE key = 'sequence'").get or 0)


def rest_of(reader: JournalReader, after: int) -> Iterator[StoredRow]:
    """The rows of the journal after that one."""
    while rows := reader.page(after, REST_ROWS):
        yield from rows
        after = rows[-1].sequence


def as_stored(row: Row, sequence: int) -> StoredRow:
    """An unwritten row in the form of a stored one."""
    text = msgspec.json.encode({"data": row.data, "clockstate": row.clock.value}).decode()
    return StoredRow(sequence, row.type, row.subject, row.wall_ns, text)
