"""`uplink.db`: the cursor of each consumer, what it has confirmed, and the topics with retained messages.

A cursor is a journal id and the last row that the consumer has acknowledged (PUBACK) with all rows before it. It is
written at most once a second and at stop, without waiting for the disk: after a crash some rows are sent again, none is
left out. A topic is stored before the first retained message is published there, and this write waits for the disk:
otherwise a power cut would leave an alarm at the broker for ever.

The uplink process is the only writer. An unreadable file is set aside and made again: rows are then sent twice, none is
lost.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

import apsw
import msgspec

from gateway.store.recovery.aside import open_or_begin
from gateway.store.sqlite.database import explain
from gateway.store.sqlite.migrations import Schema

_log = logging.getLogger(__name__)
WRITE_EVERY_S = 1.0
UPLINK = Schema(
    "the uplink's cursors",
    0x47485550,
    (
        """
        CREATE TABLE cursor(
            consumer TEXT PRIMARY KEY,
            journal TEXT NOT NULL,
            sequence INTEGER NOT NULL,
            moved_wall_ns INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE retained(
            consumer TEXT NOT NULL,
            topic TEXT NOT NULL,
            PRIMARY KEY(consumer, topic)
        ) WITHOUT ROWID;
        CREATE TABLE answer(
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            digest TEXT NOT NULL,
            answer TEXT NOT NULL
        );
        """,
        # The head of the acknowledged row, signed; and the row that each consumer has confirmed with its hash.
        """
        ALTER TABLE cursor ADD COLUMN head TEXT NOT NULL DEFAULT '';
        CREATE TABLE confirmed(
            consumer TEXT PRIMARY KEY,
            journal TEXT NOT NULL,
            sequence INTEGER NOT NULL,
            head TEXT NOT NULL,
            confirmed_wall_ns INTEGER NOT NULL
        ) WITHOUT ROWID;
        """,
    ),
)


class Position(msgspec.Struct, frozen=True):
    """A position in a journal: all rows up to and including `sequence` are acknowledged."""

    journal: str
    sequence: int


class Cursors:
    """The file's one writer; use it from one thread."""

    def __init__(self, path: Path, head_of: Callable[[Position], str] = lambda _: "") -> None:
        """`head_of` makes the head of a position, empty when it cannot."""
        self._db = open_or_begin(path, UPLINK)
        self._path = path
        self._head_of = head_of
        self._unwritten: dict[str, Position] = {}
        self._known: dict[str, Position] = {}
        self._write_at_s = 0.0

    def get(self, consumer: str) -> Position | None:
        """The consumer's position; None for a new one."""
        if consumer in self._unwritten:
            return self._unwritten[consumer]
        row = self._db.execute("SELECT journal, sequence FROM cursor WHERE consumer = ?", (consumer,)).fetchone()
        return None if row is None else Position(*row)

    def adopt(self, consumer: str) -> None:
        """Take over the cursor of an earlier version, which belonged to a broker: the one that moved last."""
        old = "consumer LIKE 'mqtt:%:%:%'"
        try:
            with self._db:
                if not self._db.execute("SELECT EXISTS(SELECT 1 FROM cursor WHERE consumer = ?)", (consumer,)).get:
                    newest = f"SELECT consumer FROM cursor WHERE {old} ORDER BY moved_wall_ns DESC LIMIT 1"
                    self._db.execute(f"UPDATE cursor SET consumer = ? WHERE consumer = ({newest})", (consumer,))
                self._db.execute(f"DELETE FROM cursor WHERE {old}")
                self._db.execute(f"UPDATE OR REPLACE retained SET consumer = ? WHERE {old}", (consumer,))
        except apsw.Error as error:
            raise explain(error, self._path) from error

    def move(self, consumer: str, position: Position) -> None:
        """Note a new position; `tick` or `close` writes it."""
        if self._known.get(consumer) != position:
            self._known[consumer] = self._unwritten[consumer] = position

    def tick(self, now_s: float) -> None:
        """Write moved cursors, at most once in `WRITE_EVERY_S`; a failed write is tried again next time."""
        if self._unwritten and now_s >= self._write_at_s:
            self._write_at_s = now_s + WRITE_EVERY_S
            self.flush()

    def flush(self) -> None:
        """Write moved cursors now."""
        rows = [(c, p.journal, p.sequence, time.time_ns(), self._head_of(p)) for c, p in self._unwritten.items()]
        try:
            self._db.execute("PRAGMA synchronous = NORMAL")
            with self._db:
                self._db.executemany("REPLACE INTO cursor VALUES (?, ?, ?, ?, ?)", rows)
        except apsw.Error as error:
            _log.warning("cursor not written (%s); free space on the disk", error)
        else:
            self._unwritten.clear()

    def retained(self, consumer: str) -> set[str]:
        """Topics that may hold a retained message of this gateway at the consumer's broker."""
        rows = self._db.execute("SELECT topic FROM retained WHERE consumer = ?", (consumer,))
        return {topic for (topic,) in rows}

    def retain(self, consumer: str, topic: str) -> None:
        """Store durably that a topic will be used; a full disk does not delay the alarm."""
        self._durably("INSERT OR IGNORE INTO retained VALUES (?, ?)", consumer, topic)

    def cleared(self, consumer: str, topic: str) -> None:
        """Delete a topic whose empty message the broker has acknowledged."""
        self._durably("DELETE FROM retained WHERE consumer = ? AND topic = ?", consumer, topic)

    def close(self) -> None:
        """Write moved cursors and close the file."""
        if self._unwritten:
            self.flush()
        self._db.close()

    def _durably(self, statement: str, consumer: str, topic: str) -> None:
        try:
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute(statement, (consumer, topic))
        except apsw.Error as error:
            _log.warning("topic %s not noted (%s); free space on the disk", topic, error)
