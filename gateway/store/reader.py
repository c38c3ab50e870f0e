"""Reading the journal, from any process: pages, batches joined in SQL, cursors and gaps, verification.

Each read is one short transaction, since a reader that lingers keeps the WAL from being used again. A batch is joined
by SQLite from the stored texts and never becomes rows in Python (15 x). A filter by type or time walks the summaries of
full blocks and reads only the blocks that can hold a match. When the file is replaced by another (restore), the next
read opens the new one.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import apsw
import msgspec

from gateway.core.errors import CursorError, DataDirectoryError, GatehouseError, JournalBrokenError
from gateway.store.schemas import BLOCK_ROWS, JOURNAL, NO_HASH
from gateway.store.sqlite import explain, open_reader
from gateway.store.times import rfc3339

MOST_ROWS = 1000
"""The most rows that one page or batch gives."""
VERIFY_ROWS = 2000
"""Rows that verification reads in one transaction."""

_CURSOR = re.compile(r"([a-z0-9]{8,32})\.(\d{1,18})")
_ALWAYS = 1 << 62
_Found = TypeVar("_Found")


class StoredRow(msgspec.Struct, frozen=True, gc=False):
    """A row as stored; `type` without prefix, `text` the event's JSON as it is sent."""

    sequence: int
    type: str
    subject: str
    wall_ns: int
    text: str

    def event(self) -> dict[str, Any]:
        """The whole CloudEvent."""
        found: dict[str, Any] = msgspec.json.decode(self.text)
        return found

    def data(self) -> dict[str, Any]:
        """The event's `data`."""
        return _DATA.decode(self.text).data


class Batch(msgspec.Struct, frozen=True, gc=False):
    """Events as one JSON array, ready to send. `first` and `last` are sequences, 0 when it is empty.

    `scanned` is the last sequence that was looked at: with a filter it lies at or behind `last`, and the next read may
    start there. `historical`: all of its rows are older than the split that was asked for.
    """

    json: bytes
    first: int
    last: int
    count: int
    scanned: int
    historical: bool = False


class Cursor(msgspec.Struct, frozen=True, gc=False):
    """A place in a journal: everything up to and with `sequence` has been seen; `foreign`: of another journal."""

    journal: str
    sequence: int
    foreign: bool = False


class Verified(msgspec.Struct, frozen=True, gc=False):
    """A journal without a fault: how many rows, from which sequence to which."""

    rows: int
    first: int
    last: int


class _Gap(msgspec.Struct, frozen=True, gc=False):
    last: int
    lasthash: str
    wall_ns: int


class _Data(msgspec.Struct, frozen=True, gc=False):
    data: dict[str, Any]


class _Chained(msgspec.Struct, frozen=True, gc=False):
    id: str
    sequence: str
    prevhash: str


_DATA = msgspec.json.Decoder(_Data)
_CHAINED = msgspec.json.Decoder(_Chained)


def parse_cursor(text: str | None, journal_id: str) -> Cursor:
    """The place a feed's client has reached; nothing or empty: the start. CursorError when it cannot be read."""
    if not text:
        return Cursor(journal_id, 0)
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise CursorError(
            f"{text[:80]!r} is not an event id; give the id of the last event you have, such as {journal_id}.42"
        )
    foreign = match[1] != journal_id
    return Cursor(match[1], 0 if foreign else int(match[2]), foreign)


class JournalReader:
    """Reads while the writer writes. May be shared by threads: reads take turns."""

    def __init__(self, path: Path, vfs: str | None = None) -> None:
        """Open for reading; StorageError when there is no journal at `path`. `vfs` as in `Journal`."""
        self._path = path
        self._vfs = vfs
        self._lock = threading.Lock()
        self._db: apsw.Connection | None = None
        self._identity = (0, 0)
        self._journal_id = ""
        self._source = ""
        with self._lock:
            self._connected()

    @property
    def journal_id(self) -> str:
        """The id of the journal, as in each event's id; another one after a restore."""
        self._read(_first)
        return self._journal_id

    def first_sequence(self) -> int:
        """The oldest row that is still there; 1 in an empty journal."""
        return self._read(lambda db: _first(db))

    def last_sequence(self) -> int:
        """The newest row, 0 in an empty journal."""
        return self._read(lambda db: _last(db))

    def hash_of(self, sequence: int) -> str:
        """SHA-256 of a row's text in hex; of the last dropped row too; zeros for sequence 0."""
        return self._read(lambda db: _hash_of(db, sequence, self._path))

    def page(
        self,
        after: int,
        limit: int,
        types: Sequence[str] = (),
        *,
        since_wall_ns: int | None = None,
        until_wall_ns: int | None = None,
    ) -> list[StoredRow]:
        """Up to `limit` rows behind `after`, in order, of these types (all when empty), with or without prefix.

        The wall times bound the rows from (inclusive) and to (exclusive).
        """
        wanted = _Filter.of(types, since_wall_ns, until_wall_ns)
        return self._read(lambda db: list(_rows(db, after, min(limit, MOST_ROWS), wanted)))

    def batch(
        self,
        after: int,
        limit: int,
        types: Sequence[str] = (),
        *,
        live_since_mono_ns: int | None = None,
        boot_id: str = "",
    ) -> Batch:
        """Up to `limit` events behind `after` as one JSON array.

        With `live_since_mono_ns` (CLOCK_MONOTONIC of the boot `boot_id`) the batch never mixes rows older than that
        with newer ones; rows of other boots are old. Monotonic time, so that a step of the clock changes nothing.
        """
        limit = min(limit, MOST_ROWS)
        wanted = _Filter.of(types, None, None)
        return self._read(lambda db: _batch(db, after, limit, wanted, _Split(live_since_mono_ns, boot_id)))

    def feed(self, cursor: str | None, limit: int = 100, types: Sequence[str] = ()) -> Batch:
        """What a client gets that has seen everything up to `cursor` (an event id, or empty for the start).

        A cursor that retention has passed, or of another journal, is answered by one `journal.gap` event first.
        Raises CursorError for one that cannot be read.
        """
        wanted = _Filter.of(types, None, None)
        return self._read(lambda db: self._feed(db, cursor, min(limit, MOST_ROWS), wanted))

    def gap_after(self, cursor: Cursor) -> str | None:
        """The `journal.gap` event that a consumer at `cursor` gets first, or None when nothing is missing."""
        return self._read(lambda db: self._gap(db, cursor)[1])

    def verify(self, progress: Callable[[int, int], None] | None = None, *, integrity: bool = True) -> Verified:
        """Walk the whole chain, a few thousand rows a transaction; JournalBrokenError names the first bad row.

        `progress(row, last)` is called after each of them. `integrity`: the pages of the other tables as well.
        """
        if integrity:
            self._read(_check_small_tables)
        last = self.last_sequence()
        gap = self._read(_last_gap)
        sequence, previous, limit = gap.last, gap.lasthash, VERIFY_ROWS
        while True:
            try:
                rows = self._read(partial(_chain, after=sequence, limit=limit))
            except JournalBrokenError as error:
                if limit == 1:
                    raise JournalBrokenError(f"row {sequence + 1} cannot be read: {error}", sequence + 1) from error
                limit = 1  # which of them is it?
                continue
            for row in rows:
                sequence += 1
                previous = _check_row(row, sequence, previous, self._journal_id)
            if progress is not None:
                progress(sequence, last)
            if len(rows) < limit:
                return Verified(sequence - gap.last, gap.last + 1, sequence)

    def close(self) -> None:
        """Let go of the file; a later read opens it again."""
        with self._lock:
            self._drop()

    # ---- connection ----------------------------------------------------------------------------------------------

    def _read(self, work: Callable[[apsw.Connection], _Found]) -> _Found:
        """One short read transaction on the file that is there now."""
        with self._lock:
            db = self._connected()
            try:
                db.execute("BEGIN")
                return work(db)
            except apsw.Error as error:
                raise self._explained(error) from error
            finally:
                self._end(db)

    def _end(self, db: apsw.Connection) -> None:
        try:
            if db.in_transaction:
                db.execute("COMMIT")
        except apsw.Error:
            self._drop()

    def _connected(self) -> apsw.Connection:
        try:
            found = self._path.stat()
            identity = (found.st_dev, found.st_ino)
        except OSError:
            identity = (0, 0)
        if self._db is None or identity != self._identity:
            self._drop()
            self._db = open_reader(self._path, JOURNAL, self._vfs)
            self._identity = identity
            meta: Any = dict(self._db.execute("SELECT key, value FROM meta"))
            self._journal_id = str(meta.get("journal", ""))
            self._source = str(meta.get("source", ""))
        return self._db

    def _drop(self) -> None:
        if self._db is not None:
            try:
                self._db.close()
            finally:
                self._db = None

    def _explained(self, error: apsw.Error) -> GatehouseError:
        found = explain(error, self._path)
        return JournalBrokenError(str(found)) if isinstance(found, DataDirectoryError) else found

    # ---- feed ----------------------------------------------------------------------------------------------------

    def _feed(self, db: apsw.Connection, text: str | None, limit: int, wanted: _Filter) -> Batch:
        cursor = parse_cursor(text, self._journal_id)
        after, gap = self._gap(db, cursor)
        if gap is None:
            return _batch(db, after, limit, wanted, _Split(None, ""))
        rest = _batch(db, after, limit - 1, wanted, _Split(None, ""))
        joined = b"[" + gap.encode() + (b"," if rest.count else b"") + rest.json[1:]
        return Batch(joined, rest.first or after, rest.last or after, rest.count + 1, rest.scanned)

    def _gap(self, db: apsw.Connection, cursor: Cursor) -> tuple[int, str | None]:
        """Where to go on reading, and the event that tells what is missing before."""
        gap = _last_gap(db)
        if not cursor.foreign and cursor.sequence >= gap.last:
            return cursor.sequence, None
        reason = "other_journal" if cursor.foreign else "retention"
        return gap.last, self._gap_text(gap, min(cursor.sequence + 1, gap.last), reason)

    def _gap_text(self, gap: _Gap, first: int, reason: str) -> str:
        event = {
            "specversion": "1.0",
            "id": f"{self._journal_id}.{gap.last}",
            "source": self._source,
            "type": "gatehouse.journal.gap",
            "subject": "journal",
            "time": rfc3339(gap.wall_ns),
            "datacontenttype": "application/json",
            "sequence": f"{gap.last:020d}",
            "data": {
                "first": first,
                "last": gap.last,
                "lasthash": gap.lasthash,
                "reason": reason,
                "by": "gateway",
            },
        }
        return msgspec.json.encode(event).decode()


class _Filter(msgspec.Struct, frozen=True):
    """Which rows are wanted, and the SQL for it; no types: all."""

    types: tuple[str, ...]
    since_ns: int
    until_ns: int

    @classmethod
    def of(cls, types: Sequence[str], since_ns: int | None, until_ns: int | None) -> _Filter:
        named = tuple(sorted({kind.removeprefix("gatehouse.") for kind in types}))
        low = -_ALWAYS if since_ns is None else since_ns
        return cls(named, low, _ALWAYS if until_ns is None else until_ns)

    @property
    def everything(self) -> bool:
        return not self.types and self.since_ns == -_ALWAYS and self.until_ns == _ALWAYS

    def where(self) -> tuple[str, tuple[Any, ...]]:
        if self.everything:
            return "", ()
        sql, values = " AND wall_ns >= ? AND wall_ns < ?", (self.since_ns, self.until_ns)
        if not self.types:
            return sql, values
        marks = ", ".join("?" * len(self.types))
        return f"{sql} AND type IN ({marks})", (*values, *self.types)

    def in_blocks(self) -> tuple[str, tuple[Any, ...]]:
        sql, values = "high_ns >= ? AND low_ns < ?", (self.since_ns, self.until_ns)
        if not self.types:
            return sql, values
        marks = " OR ".join(["instr(types, ?)"] * len(self.types))
        return f"{sql} AND ({marks})", (*values, *(f" {kind} " for kind in self.types))


class _Split(msgspec.Struct, frozen=True):
    """Where rows stop being historical; no time: they are never told apart."""

    live_since_mono_ns: int | None
    boot_id: str


def _ranges(db: apsw.Connection, after: int, wanted: _Filter) -> Iterator[tuple[int, int]]:
    """The stretches (first, last) behind `after` that can hold what is wanted, in order."""
    if wanted.everything:
        yield after + 1, _ALWAYS
        return
    sql, values = wanted.in_blocks()
    start = (after + 1) // BLOCK_ROWS
    for (block,) in db.execute(f"SELECT block FROM blocks WHERE block >= ? AND {sql} ORDER BY block", (start, *values)):
        yield max(after + 1, block * BLOCK_ROWS), block * BLOCK_ROWS + BLOCK_ROWS - 1
    newest = db.execute("SELECT max(block) FROM blocks").get
    open_block = 0 if newest is None else newest + 1
    yield max(after + 1, open_block * BLOCK_ROWS), _ALWAYS


def _rows(db: apsw.Connection, after: int, limit: int, wanted: _Filter) -> Iterator[StoredRow]:
    sql, values = wanted.where()
    for first, last in _ranges(db, after, wanted):
        if limit <= 0:
            return
        for row in db.execute(
            "SELECT sequence, type, subject, wall_ns, text FROM rows"
            f" WHERE sequence BETWEEN ? AND ?{sql} ORDER BY sequence LIMIT ?",
            (first, last, *values, limit),
        ):
            limit -= 1
            yield StoredRow(*row)


def _batch(db: apsw.Connection, after: int, limit: int, wanted: _Filter, split: _Split) -> Batch:
    historical, stop = _boundary(db, after, limit, split)
    if wanted.everything:
        return _stretch(db, after, limit, stop, historical)
    sql, values = wanted.where()
    parts: list[bytes] = []
    first, newest, count = 0, 0, 0
    for low, high in _ranges(db, after, wanted):
        if count >= limit or low > stop:
            break
        found = db.execute(
            "SELECT CAST(group_concat(text, ',') AS BLOB), min(sequence), max(sequence), count(*)"
            " FROM (SELECT sequence, text FROM rows"
            f" WHERE sequence BETWEEN ? AND ?{sql} ORDER BY sequence LIMIT ?)",
            (low, min(high, stop), *values, limit - count),
        ).fetchone()
        if found is not None and found[3]:
            parts.append(found[0])
            first, newest, count = first or found[1], found[2], count + found[3]
    scanned = newest if count >= limit else min(stop, _last(db))
    return Batch(b"[" + b",".join(parts) + b"]", first, newest, count, max(scanned, after), historical)


def _stretch(db: apsw.Connection, after: int, limit: int, stop: int, historical: bool) -> Batch:
    """The rows behind `after` as they lie: sequences have no holes, so their ends alone tell how many there are."""
    low = db.execute("SELECT min(sequence) FROM rows WHERE sequence > ?", (after,)).get
    high = 0 if low is None else min(_last(db), stop, low + limit - 1)
    if low is None or high < low:
        return Batch(b"[]", 0, 0, 0, after, historical)
    texts = db.execute(
        "SELECT CAST(group_concat(text, ',') AS BLOB)"
        " FROM (SELECT text FROM rows WHERE sequence BETWEEN ? AND ? ORDER BY sequence)",
        (low, high),
    ).get
    return Batch(b"".join((b"[", texts, b"]")), low, high, high - low + 1, high, historical)


def _boundary(db: apsw.Connection, after: int, limit: int, split: _Split) -> tuple[bool, int]:
    """Whether the next rows are historical, and the last sequence up to which they all are the same."""
    if split.live_since_mono_ns is None:
        return False, _ALWAYS
    booted = db.execute("SELECT first, boot FROM boots ORDER BY first DESC LIMIT 1").fetchone()
    boot_first = booted[0] if booted is not None and booted[1] == split.boot_id else _ALWAYS
    live = "(sequence >= ? AND mono_ns >= ?)"
    values = (boot_first, split.live_since_mono_ns)
    first = db.execute(f"SELECT {live} FROM rows WHERE sequence > ? ORDER BY sequence LIMIT 1", (*values, after)).get
    if first is None:
        return False, _ALWAYS
    other = db.execute(
        "SELECT sequence FROM (SELECT sequence, mono_ns FROM rows WHERE sequence > ?"
        f" ORDER BY sequence LIMIT ?) WHERE {live} <> ? LIMIT 1",
        (after, limit, *values, first),
    ).get
    return not first, _ALWAYS if other is None else other - 1


def _first(db: apsw.Connection) -> int:
    found = db.execute("SELECT min(sequence) FROM rows").get
    return 1 if found is None else int(found)


def _last(db: apsw.Connection) -> int:
    found = db.execute("SELECT max(sequence) FROM rows").get
    return 0 if found is None else int(found)


def _last_gap(db: apsw.Connection) -> _Gap:
    found = db.execute("SELECT last, lasthash, wall_ns FROM gaps ORDER BY last DESC LIMIT 1").fetchone()
    return _Gap(0, NO_HASH, 0) if found is None else _Gap(*found)


def _hash_of(db: apsw.Connection, sequence: int, path: Path) -> str:
    gap = _last_gap(db)
    if sequence == gap.last:
        return gap.lasthash
    found = db.execute("SELECT hash FROM rows WHERE sequence = ?", (sequence,)).get
    if found is None:
        raise CursorError(f"{path} has no row {sequence} (any more)")
    return bytes(found).hex()


def _check_small_tables(db: apsw.Connection) -> None:
    """The pages of everything but the rows, which are all read anyway."""
    for table in ("meta", "boots", "blocks", "gaps"):
        found = [str(row[0]) for row in db.execute(f"PRAGMA quick_check({table})")]
        if found != ["ok"]:
            raise JournalBrokenError(f"the journal's file is damaged: {'; '.join(found[:3])}")


def _chain(db: apsw.Connection, after: int, limit: int) -> list[tuple[int, bytes, str]]:
    found: Any = db.execute(
        "SELECT sequence, hash, text FROM rows WHERE sequence > ? ORDER BY sequence LIMIT ?",
        (after, limit),
    ).fetchall()
    return list(found)


def _check_row(row: tuple[int, bytes, str], expected: int, previous: str, journal: str) -> str:
    """The row's hash, after everything about it was found to be as it must be."""
    sequence, digest, text = row
    if sequence != expected:
        raise JournalBrokenError(f"row {expected} is missing; the next one is {sequence}", expected)
    found = sha256(text.encode()).digest()
    if found != digest:
        raise JournalBrokenError(f"row {sequence} was changed: its hash does not fit", sequence)
    try:
        chained = _CHAINED.decode(text)
    except msgspec.DecodeError as error:
        raise JournalBrokenError(f"row {sequence} is not an event: {error}", sequence) from error
    if chained.prevhash != previous:
        raise JournalBrokenError(
            f"row {sequence} does not follow row {sequence - 1}: one of them was changed", sequence
        )
    if chained.id != f"{journal}.{sequence}" or chained.sequence != f"{sequence:020d}":
        raise JournalBrokenError(f"row {sequence} calls itself {chained.id}", sequence)
    return found.hex()
