"""The inner form of a backup: records in MessagePack, each behind its length (4 bytes, big-endian), all deflated.

A record is an array whose first element names it: `backup` (what it is of), `item` (a database or file begins),
`table` and `rows` (of a database), `again` (its
tables begin again, empty), `data` (of a file), `end` (of the item) and at last `manifest`: name, size and
SHA-256 of each item. Size and SHA-256 of a file are those of its content, of a database those of its records.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, Literal, Protocol

import msgspec

from gateway.core.vocabulary.errors import BackupError

RECORD_MAX = 32 * 1024 * 1024
ROWS_MAX = 500
ROWS_BYTES = 256 * 1024
"""About so many bytes of rows in one record."""
_LEVEL = 3
_STEP_BYTES = 256 * 1024


class About(msgspec.Struct, frozen=True):
    """What a backup is of: version of Gatehouse, moment, ids, and the last row of its journal."""

    version: str
    made_at: str
    site: str
    gateway: str
    journal: str


class Item(msgspec.Struct, frozen=True):
    """A database (`application_id` and `version` of its schema) or a file (`mode`); `name` is its path."""

    name: str
    kind: Literal["database", "file"]
    application_id: int = 0
    version: int = 0
    mode: int = 0


class Entry(msgspec.Struct, frozen=True):
    """A line of the manifest."""

    name: str
    kind: str
    size: int
    sha256: str
    rows: int = 0


class Contents(msgspec.Struct, frozen=True):
    """What was read: all of it is whole."""

    about: About
    manifest: tuple[Entry, ...]


class Out(Protocol):
    """Takes bytes."""

    def write(self, content: bytes) -> None:
        """Take bytes."""


class Sink(Protocol):
    """What becomes of the items of a backup that is read."""

    def begin(self, about: About) -> None:
        """The backup begins."""

    def item(self, item: Item) -> None:
        """A database or a file begins."""

    def table(self, name: str, columns: list[str]) -> None:
        """A table of the database begins."""

    def rows(self, rows: list[list[Any]]) -> None:
        """Rows of the table."""

    def again(self) -> None:
        """All tables of the database begin again, empty."""

    def data(self, content: bytes) -> None:
        """Content of the file."""

    def end(self) -> None:
        """The item is complete, and as the backup has it."""


class _Sum:
    """Size and SHA-256 of one item."""

    def __init__(self, item: Item) -> None:
        self.item = item
        self._hash = hashlib.sha256()
        self._size = self._rows = 0

    def add(self, content: bytes, rows: int = 0) -> None:
        self._hash.update(content)
        self._size += len(content)
        self._rows += rows

    def entry(self) -> Entry:
        return Entry(self.item.name, self.item.kind, self._size, self._hash.hexdigest(), self._rows)


class Recorder:
    """Writes a backup, item after item."""

    def __init__(self, out: Out, about: About) -> None:
        self._out = out
        self._deflate = zlib.compressobj(_LEVEL)
        self._encode = msgspec.msgpack.Encoder().encode
        self._manifest: list[Entry] = []
        self._sum: _Sum | None = None
        self.written = 0
        self._put(self._encode(["backup", about]))

    def item(self, item: Item) -> None:
        """Begin a database or a file."""
        self._sum = _Sum(item)
        self._put(self._encode(["item", item]))

    def table(self, name: str, columns: list[str]) -> None:
        """Begin a table of the database."""
        self._add(self._encode(["table", name, columns]))

    def again(self) -> None:
        """Begin the tables of the database again: what was written of them does not count."""
        self._add(self._encode(["again"]))

    def rows(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Rows of the table, in records of a bounded size."""
        held: list[tuple[Any, ...]] = []
        size = 0
        for row in rows:
            held.append(row)
            size += sum(len(value) for value in row if isinstance(value, str | bytes)) + 8 * len(row)
            if len(held) >= ROWS_MAX or size >= ROWS_BYTES:
                self._add(self._encode(["rows", held]), len(held))
                held, size = [], 0
        if held:
            self._add(self._encode(["rows", held]), len(held))

    def data(self, content: bytes) -> None:
        """Content of the file."""
        if self._sum is not None:
            self._sum.add(content)
        self._put(self._encode(["data", content]))

    def end(self) -> Entry:
        """End the item."""
        assert self._sum is not None
        entry = self._sum.entry()
        self._manifest.append(entry)
        self._sum = None
        self._put(self._encode(["end"]))
        return entry

    def close(self) -> tuple[Entry, ...]:
        """Write the manifest."""
        self._put(self._encode(["manifest", self._manifest]))
        self._out.write(self._deflate.flush())
        return tuple(self._manifest)

    def _add(self, record: bytes, rows: int = 0) -> None:
        if self._sum is not None:
            self._sum.add(record, rows)
        self._put(record)

    def _put(self, record: bytes) -> None:
        if len(record) > RECORD_MAX:
            raise BackupError(f"a row has more than {RECORD_MAX:,} bytes; it does not fit into a backup")
        self.written += len(record)
        self._out.write(self._deflate.compress(len(record).to_bytes(4, "big") + record))


def read_records(chunks: Iterable[bytes], sink: Sink) -> Contents:
    """Pass everything on to `sink`, and prove it by the manifest; BackupError."""
    reading = _Reading(sink)
    for record in _records(chunks):
        try:
            reading.take(record)
        except (msgspec.DecodeError, ValueError, TypeError, IndexError) as error:
            raise BackupError(f"the backup has a record that cannot be read ({error}); take another backup") from error
    return reading.contents()


class _Reading:
    """The order of the records, and what they add up to."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._about: About | None = None
        self._found: list[Entry] = []
        self._sum: _Sum | None = None
        self._manifest: tuple[Entry, ...] | None = None

    def take(self, record: bytes) -> None:
        kind, *rest = msgspec.msgpack.decode(record)
        if self._manifest is not None or (self._about is None) != (kind == "backup"):
            raise ValueError("not in order")
        if kind == "backup":
            self._about = msgspec.convert(rest[0], About)
            self._sink.begin(self._about)
        elif kind == "item":
            if self._sum is not None:
                raise ValueError("an item in an item")
            self._sum = _Sum(msgspec.convert(rest[0], Item))
            self._sink.item(self._sum.item)
        elif kind == "manifest":
            self._manifest = msgspec.convert(rest[0], tuple[Entry, ...])
        else:
            self._within(kind, rest, record)

    def _within(self, kind: str, rest: list[Any], record: bytes) -> None:
        """A record of an item."""
        of_file = kind == "data"
        if self._sum is None or (kind != "end" and of_file != (self._sum.item.kind == "file")):
            raise ValueError("not in its item")
        if kind == "again":
            self._sum.add(record)
            self._sink.again()
        elif kind == "table":
            self._sum.add(record)
            self._sink.table(str(rest[0]), msgspec.convert(rest[1], list[str]))
        elif kind == "rows":
            rows = msgspec.convert(rest[0], list[list[Any]])
            self._sum.add(record, len(rows))
            self._sink.rows(rows)
        elif kind == "data":
            content = msgspec.convert(rest[0], bytes)
            self._sum.add(content)
            self._sink.data(content)
        elif kind == "end":
            self._found.append(self._sum.entry())
            self._sum = None
            self._sink.end()
        else:
            raise ValueError(f"{kind!r} is not known")

    def contents(self) -> Contents:
        if self._about is None or self._manifest is None:
            raise BackupError("the backup is cut off: its list of contents is missing; take another backup")
        if tuple(self._found) != self._manifest:
            wrong = next(
                (a.name for a, b in zip(self._found, self._manifest, strict=False) if a != b), "the number of items"
            )
            raise BackupError(f"the backup is damaged: {wrong} is not as its list of contents says; take another one")
        return Contents(self._about, self._manifest)


def _records(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The records of the deflated chunks."""
    waiting = bytearray()
    for part in _inflated(chunks):
        waiting += part
        while len(waiting) >= 4:
            length = int.from_bytes(waiting[:4], "big")
            if length > RECORD_MAX:
                raise BackupError("the backup has a record that is too long; take another backup")
            if len(waiting) < 4 + length:
                break
            yield bytes(waiting[4 : 4 + length])
            del waiting[: 4 + length]
    if waiting:
        raise BackupError("the backup is cut off in a record; take another backup")


def _inflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    inflate = zlib.decompressobj()
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                yield inflate.decompress(rest, _STEP_BYTES)
                rest = inflate.unconsumed_tail
        yield inflate.flush()
    except zlib.error as error:
        raise BackupError(f"the backup cannot be unpacked ({error}); take another backup") from error
    if not inflate.eof or inflate.unused_data:
        raise BackupError("the backup is cut off: its content does not end; take another backup")
