"""Proves a backup without restoring it: every chunk, every item by its SHA-256, and the chain of the journal.

The order of a backup makes the check of the chain possible while it is read: the journal's small tables come before its
rows.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from gateway.backup import chunks
from gateway.backup.records import About, Contents, Item, Sink, read_records
from gateway.core.vocabulary.errors import BackupError, JournalBrokenError
from gateway.store.journal.chain import Summed, Walk, check_summary
from gateway.store.journal.cursors import Gap
from gateway.store.journal.lineage import Lineage
from gateway.store.sqlite.schemas import JOURNAL, NO_HASH

Progress = Callable[[int, int], Any]
_Found = TypeVar("_Found")
_COLUMNS = ("sequence", "wall_ns", "mono_ns", "type", "subject", "hash", "text")
_OF_BLOCKS = ("block", "types", "low_ns", "high_ns")


class Proof(msgspec.Struct, frozen=True):
    """A backup that is whole; `broken` names the first row at which the chain of the journal does not hold."""

    contents: Contents
    encrypted: bool
    lineage: Lineage
    first: int
    last: int
    head: str
    broken: str = ""


class Nothing:
    """A sink that keeps nothing."""

    def begin(self, about: About) -> None:
        """Keep nothing."""

    def item(self, item: Item) -> None:
        """Keep nothing."""

    def table(self, name: str, columns: list[str]) -> None:
        """Keep nothing."""

    def rows(self, rows: list[list[Any]]) -> None:
        """Keep nothing."""

    def again(self) -> None:
        """Keep nothing."""

    def data(self, content: bytes) -> None:
        """Keep nothing."""

    def end(self) -> None:
        """Keep nothing."""


class Chain:
    """Passes everything on to another sink, and checks the rows of the journal on their way."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._journal = False
        self._table = ""
        self._columns: list[str] = []
        self._begin()
        self.lineage = Lineage("")
        self.first = self.last = 0
        self.head = NO_HASH
        self.broken = ""

    def _begin(self) -> None:
        self._meta: dict[str, str] = {}
        self._gap = Gap(0, NO_HASH, 0)
        self._walk: Walk | None = None
        self._boots: dict[int, str] = {}
        self._full: dict[int, Summed] = {}

    def begin(self, about: About) -> None:
        """The backup begins."""
        self._sink.begin(about)

    def item(self, item: Item) -> None:
        """A database or a file begins."""
        self._journal = item.application_id == JOURNAL.application_id and item.kind == "database"
        self._sink.item(item)

    def table(self, name: str, columns: list[str]) -> None:
        """A table begins."""
        self._table, self._columns = name, columns
        self._sink.table(name, columns)

    def rows(self, rows: list[list[Any]]) -> None:
        """Rows of the table."""
        self._sink.rows(rows)
        if self._journal:
            for row in rows:
                self._take(dict(zip(self._columns, row, strict=True)))

    def again(self) -> None:
        """All tables begin again, empty."""
        self._begin()
        self.first, self.last, self.head, self.broken = 0, 0, NO_HASH, ""
        self._sink.again()

    def data(self, content: bytes) -> None:
        """Content of the file."""
        self._sink.data(content)

    def end(self) -> None:
        """The item is complete."""
        if self._journal and not self.broken:
            for one in self._full.values():
                self._try(check_summary, one, None, self._gap)
        self._journal = False
        self._sink.end()

    def _take(self, row: dict[str, Any]) -> None:
        if self._table == "meta":
            self._meta[str(row["key"])] = str(row["value"])
            self.lineage = Lineage.of(self._meta)
        elif self._table == "gaps":
            self.last, self.head = row["last"], row["lasthash"]
            self._gap = Gap(row["last"], row["lasthash"], row["wall_ns"])
        elif self._table == "boots":
            self._boots[row["first"]] = row["boot"]
        elif self._table == "rows":
            self._check(tuple(row[name] for name in _COLUMNS))
        elif self._table == "blocks" and (full := self._full.pop(row["block"], None)) is not None:
            self._try(check_summary, full, tuple(row[name] for name in _OF_BLOCKS), self._gap)

    def _check(self, row: Any) -> None:
        self.first = self.first or row[0]
        self._walk = self._walk or Walk(self._gap)
        full = self._try(self._walk.step, row, self.lineage, self._boots)
        if full is not None:
            self._full[full.number] = full
        self.last, self.head = row[0], bytes(row[5]).hex()

    def _try(self, check: Callable[..., _Found], *values: Any) -> _Found | None:
        """The first fault is kept, and ends the checks."""
        if self.broken:
            return None
        try:
            return check(*values)
        except JournalBrokenError as error:
            self.broken = str(error)
            return None


def prove(file: Path, passphrase: Callable[[], str], sink: Sink, progress: Progress | None = None) -> Proof:
    """Read a backup to its end, passing it on to `sink`; BackupError. `passphrase` is called for an encrypted one."""
    size = file.stat().st_size
    with file.open("rb") as opened:
        header, raw = chunks.read_header(opened)
        encrypted = header.scrypt is not None
        content = chunks.chunks(opened, header, raw, passphrase() if encrypted else "")
        chain = Chain(sink)

        def counted() -> Any:
            for chunk in content:
                if progress is not None:
                    progress(opened.tell() // 1024, size // 1024)
                yield chunk

        contents = read_records(counted(), chain)
    if not any(entry.name == "journal.db" for entry in contents.manifest):
        raise BackupError("the backup has no journal; take another backup")
    return Proof(contents, encrypted, chain.lineage, chain.first, chain.last, chain.head, chain.broken)
