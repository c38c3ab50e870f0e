"""The SQL that reads the journal: rows, joined batches, the ends of the chain. All inside one short transaction.

A filter by type or time walks the summaries of full blocks and reads only the blocks that can hold a match.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw
import msgspec

from gateway.core.vocabulary.errors import CursorError
from gateway.core.vocabulary.rows import Row, read
from gateway.store.journal.cursors import Gap
from gateway.store.sqlite.schemas import BLOCK_ROWS, NO_HASH

ALWAYS = 1 << 62
"""A sequence or time after all others."""


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

    def raw(self) -> msgspec.Raw:
        """The event's `data` as JSON."""
        return _RAW.decode(self.text).data

    def row(self) -> Row | None:
        """The event's `data` as the row that was written; None for a type that is not known."""
        return read(self.type, self.raw())


class Batch(msgspec.Struct, frozen=True, gc=False):
    """Events as one JSON array, ready to send. `first` and `last` are sequences, 0 if it is empty.

    `scanned` is the last sequence that was looked at: with a filter it lies at or behind `last`, and the next read may
    start there. `historical`: all of its rows are older than the split that was asked for. `head` and `confirmed` are
    the hashes of row `scanned` and of the row of the cursor; empty where they were not asked for or are gone.
    """

    json: bytes
    first: int
    last: int
    count: int
    scanned: int
    historical: bool = False
    head: str = ""
    confirmed: str = ""


def with_heads(batch: Batch, confirmed: str, head: str) -> Batch:
    """The batch with those hashes."""
    return Batch(
        batch.json,
        batch.first,
        batch.last,
        batch.count,
        batch.scanned,
        batch.historical,
        head=head,
        confirmed=confirmed,
    )


class _Data(msgspec.Struct, frozen=True, gc=False):
    data: dict[str, Any]


class _Raw(msgspec.Struct, frozen=True, gc=False):
    data: msgspec.Raw


_DATA = msgspec.json.Decoder(_Data)
_RAW = msgspec.json.Decoder(_Raw)


class Filter(msgspec.Struct, frozen=True):
    """A filter of rows and its SQL; no types: all."""

    types: tuple[str, ...]
    since_ns: int
    until_ns: int

    @classmethod
    def of(cls, types: Sequence[str], since_ns: int | None, until_ns: int | None) -> Filter:
        named = tuple(sorted({kind.removeprefix("gatehouse.") for kind in types}))
        low = -ALWAYS if since_ns is None else since_ns
        return cls(named, low, ALWAYS if until_ns is None else until_ns)

    @property
    def everything(self) -> bool:
        return not self.types and self.since_ns == -ALWAYS and self.until_ns == ALWAYS

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


class Split(msgspec.Struct, frozen=True):
    """Where rows stop being historical; no time: they are never told apart."""

    live_since_mono_ns: int | None
    boot_id: str


def ranges_of(db: apsw.Connection, after: int, wanted: Filter) -> Iterator[tuple[int, int]]:
    """The stretches (first, last) behind `after` that can hold what is wanted, in order."""
    if wanted.everything:
        yield after + 1, ALWAYS
        return
    sql, values = wanted.in_blocks()
    start = (after + 1) // BLOCK_ROWS
    for (block,) in db.execute(f"SELECT block FROM blocks WHERE block >= ? AND {sql} ORDER BY block", (start, *values)):
        yield max(after + 1, block * BLOCK_ROWS), block * BLOCK_ROWS + BLOCK_ROWS - 1
    newest = db.execute("SELECT max(block) FROM blocks").get
    open_block = 0 if newest is None else newest + 1
    yield max(after + 1, open_block * BLOCK_ROWS), ALWAYS


def read_rows(db: apsw.Connection, after: int, limit: int, wanted: Filter) -> list[StoredRow]:
    sql, values = wanted.where()
    found: list[StoredRow] = []
    for first, last in ranges_of(db, after, wanted):
        if len(found) >= limit:
            break
        rows = db.execute(
            "SELECT sequence, type, subject, wall_ns, text FROM rows"
            f" WHERE sequence BETWEEN ? AND ?{sql} ORDER BY sequence LIMIT ?",
            (first, last, *values, limit - len(found)),
        )
        found += [StoredRow(*row) for row in rows]
    return found


def blocks_back(db: apsw.Connection, wanted: Filter, before: int, limit: int) -> list[int]:
    """The newest full blocks below `before` that can hold what is wanted, newest first."""
    sql, values = wanted.in_blocks()
    found = db.execute(
        f"SELECT block FROM blocks WHERE block < ? AND {sql} ORDER BY block DESC LIMIT ?", (before, *values, limit)
    )
    return [int(block) for (block,) in found]


def newest_of_block(db: apsw.Connection, block: int, wanted: Filter, limit: int) -> list[int]:
    """The newest sequences of a block (or of the open one behind it) that are wanted, newest first."""
    sql, values = wanted.where()
    first = block * BLOCK_ROWS
    found = db.execute(
        f"SELECT sequence FROM rows WHERE sequence BETWEEN ? AND ?{sql} ORDER BY sequence DESC LIMIT ?",
        (first, first + BLOCK_ROWS - 1, *values, limit),
    )
    return [int(sequence) for (sequence,) in found]


def read_batch(db: apsw.Connection, after: int, limit: int, wanted: Filter, split: Split) -> Batch:
    historical, stop = _boundary(db, after, limit, split)
    if wanted.everything:
        return _stretch(db, after, limit, stop, historical)
    sql, values = wanted.where()
    parts: list[bytes] = []
    first, newest, count = 0, 0, 0
    for low, high in ranges_of(db, after, wanted):
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
    scanned = newest if count >= limit else min(stop, last_of(db))
    return Batch(b"[" + b",".join(parts) + b"]", first, newest, count, max(scanned, after), historical)


def _stretch(db: apsw.Connection, after: int, limit: int, stop: int, historical: bool) -> Batch:
    """The rows behind `after` as they lie: sequences have no holes, so their ends alone tell how many there are."""
    low = db.execute("SELECT min(sequence) FROM rows WHERE sequence > ?", (after,)).get
    high = 0 if low is None else min(last_of(db), stop, low + limit - 1)
    if low is None or high < low:
        return Batch(b"[]", 0, 0, 0, after, historical)
    texts = db.execute(
        "SELECT CAST(group_concat(text, ',') AS BLOB)"
        " FROM (SELECT text FROM rows WHERE sequence BETWEEN ? AND ? ORDER BY sequence)",
        (low, high),
    ).get
    return Batch(b"".join((b"[", texts, b"]")), low, high, high - low + 1, high, historical)


def _boundary(db: apsw.Connection, after: int, limit: int, split: Split) -> tuple[bool, int]:
    """Whether the next rows are historical, and the last sequence up to which they all are the same."""
    if split.live_since_mono_ns is None:
        return False, ALWAYS
    booted = db.execute("SELECT first, boot FROM boots ORDER BY first DESC LIMIT 1").fetchone()
    boot_first = booted[0] if booted is not None and booted[1] == split.boot_id else ALWAYS
    live = "(sequence >= ? AND mono_ns >= ?)"
    values = (boot_first, split.live_since_mono_ns)
    first = db.execute(f"SELECT {live} FROM rows WHERE sequence > ? ORDER BY sequence LIMIT 1", (*values, after)).get
    if first is None:
        return False, ALWAYS
    other = db.execute(
        "SELECT sequence FROM (SELECT sequence, mono_ns FROM rows WHERE sequence > ?"
        f" ORDER BY sequence LIMIT ?) WHERE {live} <> ? LIMIT 1",
        (after, limit, *values, first),
    ).get
    return not first, ALWAYS if other is None else other - 1


def first_of(db: apsw.Connection) -> int:
    found = db.execute("SELECT min(sequence) FROM rows").get
    return 1 if found is None else int(found)


def last_of(db: apsw.Connection) -> int:
    found = db.execute("SELECT max(sequence) FROM rows").get
    return 0 if found is None else int(found)


def used_bytes(db: apsw.Connection) -> int:
    """Pages that hold something."""
    pages, free, size = (int(db.pragma(name)) for name in ("page_count", "freelist_count", "page_size"))
    return (pages - free) * size


def last_gap(db: apsw.Connection) -> Gap:
    found = db.execute("SELECT last, lasthash, wall_ns FROM gaps ORDER BY last DESC LIMIT 1").fetchone()
    return Gap(0, NO_HASH, 0) if found is None else Gap(*found)


def hash_of(db: apsw.Connection, sequence: int, path: Path) -> str:
    found = db.execute("SELECT hash FROM rows WHERE sequence = ?", (sequence,)).get
    if found is not None:
        return bytes(found).hex()
    gap = last_gap(db)
    if sequence != gap.last:
        raise CursorError(f"{path} has no row {sequence}")
    return gap.lasthash


def end_of(db: apsw.Connection, sequence: int, path: Path) -> tuple[str, int]:
    """The hash and the time of a row, or of the last one that was dropped."""
    gap = last_gap(db)
    wall_ns = db.execute("SELECT wall_ns FROM rows WHERE sequence = ?", (sequence,)).get
    return hash_of(db, sequence, path), gap.wall_ns if wall_ns is None else int(wall_ns)
