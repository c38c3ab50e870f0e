"""`uplink.db`: how far each consumer has acknowledged, and what stands retained at its broker.

A cursor names a journal and the last row of it that the consumer has acknowledged (PUBACK), with everything before it.
It is written at most once a second and at stop, without waiting for the disk: after a crash some rows are sent again,
none is left out. A topic with a retained message is remembered before the first one is published there, and that
write does wait for the disk: after a power cut nobody else would know that an alarm has to be cleared at the broker.

The uplink process is the only writer. A file that cannot be read is put aside and begun anew, since all that is lost
with it is the knowledge of what need not be sent again.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path

import apsw
import msgspec

from gateway.store.recovery.aside import open_or_begin
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
    ),
)


class Position(msgspec.Struct, frozen=True):
    """A place in a journal: everything up to and including `sequence` is acknowledged."""

    journal: str
    sequence: int


class Cursors:
    """The file's one writer; use it from one thread."""

    def __init__(self, path: Path) -> None:
        self._db = open_or_begin(path, UPLINK)
        self._unwritten: dict[str, Position] = {}
        self._known: dict[str, Position] = {}
        self._write_at_s = 0.0

    def get(self, consumer: str) -> Position | None:
        """Where the consumer stands; None for a new one."""
        if consumer in self._unwritten:
            return self._unwritten[consumer]
        row = self._db.execute("SELECT journal, sequence FROM cursor WHERE consumer = ?", (consumer,)).fetchone()
        return None if row is None else Position(*row)

    def move(self, consumer: str, position: Position) -> None:
        """Take note of an acknowledgement; `tick` or `close` writes it down."""
        if self._known.get(consumer) != position:
            self._known[consumer] = self._unwritten[consumer] = position

    def tick(self, now_s: float) -> None:
        """Write what moved, at most once in `WRITE_EVERY_S`; a disk that refuses is tried again next time."""
        if self._unwritten and now_s >= self._write_at_s:
            self._write_at_s = now_s + WRITE_EVERY_S
            self.flush()

    def flush(self) -> None:
        """Write what moved, now."""
        rows = [(c, p.journal, p.sequence, time.time_ns()) for c, p in self._unwritten.items()]
        try:
            self._db.execute("PRAGMA synchronous = NORMAL")
            with self._db:
                self._db.executemany("REPLACE INTO cursor VALUES (?, ?, ?, ?)", rows)
        except apsw.Error as error:
            _log.warning("cursor not written (%s); free space on the disk", error)
        else:
            self._unwritten.clear()

    def retained(self, consumer: str) -> set[str]:
        """The topics that may hold a retained message of ours at this consumer's broker."""
        rows = self._db.execute("SELECT topic FROM retained WHERE consumer = ?", (consumer,))
        return {topic for (topic,) in rows}

    def retain(self, consumer: str, topic: str) -> None:
        """Remember, durably, that a topic is about to be used; a full disk does not hold an alarm back."""
        self._durably("INSERT OR IGNORE INTO retained VALUES (?, ?)", consumer, topic)

    def cleared(self, consumer: str, topic: str) -> None:
        """Forget a topic whose empty message the broker has acknowledged."""
        self._durably("DELETE FROM retained WHERE consumer = ? AND topic = ?", consumer, topic)

    def close(self) -> None:
        """Write what moved and close the file."""
        if self._unwritten:
            self.flush()
        self._db.close()

    def _durably(self, statement: str, consumer: str, topic: str) -> None:
        try:
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute(statement, (consumer, topic))
        except apsw.Error as error:
            _log.warning("topic %s not noted (%s); free space on the disk", topic, error)
