"""The projections in `state.db`: visits, alarms, modes of lanes, counters; and answers to requests.

The projections have the sequence that they are at. They are written with `synchronous=NORMAL`: rows that a power cut
takes are applied again from the journal. Answers to remote commands are not in the journal, so `begin` waits for the
disk before anything moves. If a power cut takes an answer, its request is known as begun and is not carried out again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, tzinfo
from hashlib import sha256
from pathlib import Path
from typing import Any

import apsw
import msgspec

from gateway.core.vocabulary.errors import StorageError
from gateway.store.journal.heads import Head
from gateway.store.journal.queries import StoredRow
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Row
from gateway.store.projections.ahead import Ahead, as_stored, rest_of, sequence_of, undone
from gateway.store.projections.answers import Answer, Conflict, Pending, begin
from gateway.store.projections.inside.corrections import PARTIAL
from gateway.store.projections.look import Look
from gateway.store.projections.memory import memory_of
from gateway.store.projections.table import KEPT_FOR_SAFETY, apply_rows, carry_over, forget, note, predecessor, prune
from gateway.store.sqlite.database import open_reader, open_writer, storage_errors, transaction
from gateway.store.sqlite.schemas import STATE

log = logging.getLogger(__name__)

CATCH_UP_ROWS = 500
"""Journal rows that `catch_up` applies in one transaction."""
PRUNE_ROWS = 4096
"""Old visits and alarms are deleted once in this many rows."""

_FROM_THE_JOURNAL = (
    "visits",
    "visitors",
    "listed",
    "slips",
    "alarms",
    "repairs",
    "marks",
    "warned",
    "counters",
    "codes",
    "movements",
    "service",
    "latest",
    "money",
    "debts",
    "ticks",
    "lost",
    "signatures",
    "inside_set",
    "meta",
)


class State(Look):
    """`state.db`. May be shared by threads."""

    def __init__(self, path: Path, writer: bool = False) -> None:
        """Open it; a writer makes a missing file and migrates an old one."""
        self._path = path
        self._write_lock = threading.Lock()
        self._read_lock = threading.Lock()
        self._writer = open_writer(path, STATE, synchronous="NORMAL") if writer else None
        self._at: int | None = None  # the writer keeps its sequence in memory
        self._followed: JournalReader | None = None
        self._reader = None if writer else open_reader(path, STATE)

    def close(self) -> None:
        """Close the file."""
        with self._write_lock, self._read_lock:
            for connection in (self._reader, self._writer):
                if connection is not None:
                    connection.close()

    # ---- following the journal -----------------------------------------------------------------------------------

    @property
    def journal(self) -> str:
        """The id of its journal, empty for none yet."""
        return self.meta("journal") or ""

    @property
    def ended_well(self) -> bool:
        """Whether the last applied row is the end of a run in good order."""
        return self.meta("clean") == "1"

    def follow(self, journal_id: str, successor_of: str = "") -> None:
        """Follow the journal of that id: as before, carried over from its predecessor, or from nothing."""
        if self.journal != journal_id:
            self._begin(journal_id, carried=bool(successor_of) and successor_of == self.journal)

    @property
    def sequence(self) -> int:
        """The last journal row that was applied, 0 for none."""
        if self._at is None or self._writer is None:
            self._at = int(self.meta("sequence") or 0)
        return self._at

    @property
    def head(self) -> str:
        """The hash of that row in hex; empty for none, or where an earlier version did not note it."""
        sequence, _, digest = (self.meta("head") or "").partition(":")
        return digest if sequence == str(self.sequence) else ""

    def apply(self, rows: Iterable[StoredRow]) -> int:
        """Apply rows in one transaction; skips applied ones. Returns the new sequence."""
        before = self.sequence
        found = list(rows)
        with self._write_lock:
            db = self._writing()
            # Rows that keep an arm from moving wait for the disk, in case the journal is lost at a power cut.
            durable = any(row.type in KEPT_FOR_SAFETY for row in found)
            with storage_errors(self._path):
                db.pragma("synchronous", "FULL" if durable else "NORMAL")
            with transaction(db, self._path):
                if before == 0 and found and found[0].sequence > 1:
                    note(db, PARTIAL, "1")
                last = apply_rows(db, (row for row in found if row.sequence > before))
                if last is not None:
                    note(db, "sequence", str(last.sequence))
                    note(db, "head", Head(last.sequence, sha256(last.text.encode()).hexdigest()).text)
                    if last.sequence // PRUNE_ROWS > before // PRUNE_ROWS:
                        prune(db, last.wall_ns)
            if last is not None:
                self._at = last.sequence
            return last.sequence if last is not None else before

    def catch_up(self, reader: JournalReader) -> int:
        """Apply new rows of the journal in bounded steps; starts over for another journal."""
        if self._followed is not reader:
            self._follow(reader)
            self._followed = reader
        at = self.sequence
        while True:
            rows = reader.page(at, CATCH_UP_ROWS)
            if rows:
                at = self.apply(rows)
            if len(rows) < CATCH_UP_ROWS:
                return at

    @contextmanager
    def ahead(self, reader: JournalReader, waiting: Iterable[Row] = ()) -> Iterator[Ahead]:
        """The state after the rest of the journal and unwritten rows.

        It is made in a transaction that is rolled back, so nothing is written and a full disk does not matter. If
        another thread or process holds the file, it is made in a copy.
        """
        rows = [*rest_of(reader, self.sequence)]
        last = rows[-1].sequence if rows else self.sequence
        rows += [as_stored(row, number) for number, row in enumerate(waiting, last + 1)]
        with undone(self._path, self._write_lock, self._writing()) as db:
            apply_rows(db, [row for row in rows if row.sequence > sequence_of(db)])
            yield Ahead(self._path, db, rows)

    def memory(self, zone: tzinfo = UTC) -> dict[str, Any]:
        """The memory of the core from the last run, as plain documents; `zone` is the site's."""
        return memory_of(self, zone)

    def forget(self, before: int) -> None:
        """Retention: delete visits and alarms that ended before that row, a bounded number per call."""
        with self._write_lock:
            db = self._writing()
            with transaction(db, self._path):
                forget(db, before)

    # ---- answers to requests -------------------------------------------------------------------------------------

    def begin(self, key: str, digest: str, now_wall_ns: int) -> Answer | Pending | Conflict | None:
        """Note a request before anything moves; durable on return. None: it is new and may be carried out.

        `digest` identifies the body. StorageError if the disk does not take it.
        """
        with self._write_lock:
            db = self._writing()
            with storage_errors(self._path):
                db.pragma("synchronous", "FULL")
            try:
                with transaction(db, self._path):
                    return begin(db, key, digest, now_wall_ns)
            finally:
                db.pragma("synchronous", "NORMAL")

    def finish(self, key: str, answer: Any) -> None:
        """Store the answer for repeats of the request."""
        text = msgspec.json.encode(answer).decode()
        with self._write_lock, storage_errors(self._path):
            self._writing().execute("UPDATE answers SET answer = ? WHERE key = ?", (text, key))

    # ---- inside --------------------------------------------------------------------------------------------------

    def _follow(self, reader: JournalReader) -> None:
        if self.journal != reader.journal_id:
            first = reader.page(0, 1)
            self.follow(reader.journal_id, predecessor(first[0]) if first else "")
        elif self.sequence > reader.last_sequence():
            self._begin(reader.journal_id, carried=False)

    def _begin(self, journal_id: str, *, carried: bool) -> None:
        """Begin to follow a journal: with the present state, or with nothing."""
        with self._write_lock:
            db = self._writing()
            with transaction(db, self._path):
                if carried:
                    carry_over(db, self.sequence + 1)
                else:
                    for table in _FROM_THE_JOURNAL:
                        db.execute(f"DELETE FROM {table}")
                note(db, "journal", journal_id)
                note(db, "sequence", "0")
                note(db, "head", "")
            self._at = 0

    def _writing(self) -> apsw.Connection:
        if self._writer is None:
            raise StorageError("this state was opened for reading")
        return self._writer

    def select(self, sql: str, values: tuple[Any, ...] = ()) -> list[Any]:
        with self._read_lock, storage_errors(self._path):
            if self._reader is None:
                self._reader = open_reader(self._path, STATE)
            return list(self._reader.execute(sql, values).fetchall())
