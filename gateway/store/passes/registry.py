"""The pass registry: a million passes on disk, each found by card or plate in microseconds.

A pass is kept as its JSON document; `credentials` is the index from a card or plate to it. Look-ups, lists, single
changes and imports each have a connection of their own, so that none waits for another: a look-up sees the passes as
they were until an import has committed as a whole. Nothing of it is held in memory.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw
import msgspec

from gateway.core.vocabulary.errors import (
    NotFoundError,
    RevisionConflictError,
    StorageError,
)
from gateway.core.vocabulary.passes import Pass
from gateway.store.passes.credentials import (
    LOW_32,
    CardBits,
    Key,
    card_number,
    key_of,
)
from gateway.store.passes.ending import EndsWithin
from gateway.store.passes.imports import Import, ImportResult
from gateway.store.passes.rows import batches, decode, insert, remove, same, stored
from gateway.store.passes.search import BLOCK, Wanted, complete, found_ids, rebuild
from gateway.store.sqlite.database import (
    open_reader,
    open_writer,
    storage_errors,
    transaction,
)
from gateway.store.sqlite.schemas import REGISTRY
from gateway.store.sqlite.steady import steady_disk

__all__ = ["ImportResult", "PassRegistry"]

Progress = Callable[[int], None]
"""Gets how many passes were taken so far."""

PASSES_MAX = 1000
"""The most passes that one page gives."""

_FIND = (
    "SELECT c.value, p.document FROM credentials c CROSS JOIN passes p ON p.number = c.pass"
    " WHERE c.kind = ? AND c.low = ?"
)
_FIND_VALUE = f"{_FIND} AND c.value = ?"
_OF_IDS = "SELECT document FROM passes WHERE id IN carray(?) ORDER BY id"
OF_GROUP = """SELECT id FROM passes WHERE document ->> '$.group' = ? AND instr(document, '"group":')"""
"""Exactly as in the index `passes_of_group`: another form would read every pass."""


class PassRegistry:
    """`registry.db`. May be shared by threads."""

    def __init__(self, path: Path, writer: bool = False) -> None:
        """Open it; a writer makes it when it is not there and brings it up to date."""
        self._path = path
        self._write_lock = threading.Lock()
        self._read_lock = threading.Lock()
        self._find_lock = threading.Lock()
        self._writer = open_writer(path, REGISTRY) if writer else None
        self._reader = None if writer else open_reader(path, REGISTRY)
        self._finder: apsw.Connection | None = None
        if self._writer is not None:
            with transaction(self._writer, path):
                complete(self._writer)

    def close(self) -> None:
        """Close the file."""
        with self._write_lock, self._read_lock, self._find_lock:
            for connection in (self._reader, self._finder, self._writer):
                if connection is not None:
                    connection.close()

    # ---- reading -------------------------------------------------------------------------------------------------

    def find(self, kind: str, value: str, card_bits: CardBits = "full") -> tuple[Pass, ...]:
        """The passes with this card or plate, usually one; cards compared on their low `card_bits`."""
        try:
            key = key_of(kind, value)
        except ValueError:
            return ()
        if kind == "card" and card_bits != "full":
            return self._find_low(key, card_bits)
        rows = self._lookup(_FIND_VALUE, key)
        return tuple([decode(row[1]) for row in rows])

    def of_group(self, group: str) -> tuple[str, ...]:
        """The ids of the passes that name this group; in microseconds, as `find`."""
        return tuple([str(row[0]) for row in self._lookup(OF_GROUP, (group,))])

    def get(self, pass_id: str) -> Pass:
        """The pass of that id; NotFoundError when there is none."""
        found = self._select("SELECT document FROM passes WHERE id = ?", (pass_id,))
        if not found:
            raise NotFoundError(f"there is no pass {pass_id!r}")
        return decode(found[0][0])

    def list(
        self,
        after: str = "",
        limit: int = 100,
        kind: str | None = None,
        query: str | None = None,
        ends: EndsWithin | None = None,
    ) -> list[Pass]:
        """Passes in order of id, behind `after`.

        `query` is any part of a holder, unit, id, plate or card number, or of a holder's pinyin initials; several words
        may each be part of another, if no pass has them as they stand.
        """
        found = []
        most = min(limit, PASSES_MAX)
        while page := self._page(after, most, kind or "", (query or "").strip(), ends):
            found += [one for one in page if ends is None or ends.holds(one)]
            after = page[-1].id
            if ends is None or len(found) >= most or len(page) < most:
                break
        return found[:most]

    def _page(self, after: str, limit: int, kind: str, query: str, ends: EndsWithin | None) -> Sequence[Pass]:
        if kind or query or ends is not None:
            days = None if ends is None else ends.days_between()
            ids = found_ids(self._select, Wanted(query, kind, days), after, limit)
            rows = self._select(_OF_IDS, (apsw.carray(tuple(ids)),)) if ids else ()
        else:
            rows = self._select("SELECT document FROM passes WHERE id > ? ORDER BY id LIMIT ?", (after, limit))
        return [decode(row[0]) for row in rows]

    def all(self) -> Iterator[Pass]:
        """Every pass in order of id, a page a transaction."""
        after = ""
        while page := self.list(after, PASSES_MAX):
            yield from page
            after = page[-1].id

    def count(self) -> int:
        """How many passes there are."""
        return int(self._select("SELECT count(*) FROM passes", ())[0][0])

    # ---- changing ------------------------------------------------------------------------------------------------

    def put(self, pass_: Pass, expected_revision: int | None = None) -> tuple[Pass, bool]:
        """Store a pass; returns it with its revision, and whether it is new.

        The revision counts up when something changed. With `expected_revision` (0: there must be none yet) raises
        RevisionConflictError if the pass was changed in the meantime.
        """
        with self._write_lock, self._transaction() as db:
            number, old = stored(db, pass_.id)
            _expect(pass_.id, old, expected_revision)
            if old is not None and same(pass_, old):
                return old, False
            new = msgspec.structs.replace(pass_, revision=old.revision + 1 if old else 1)
            if old is not None:
                remove(db, number, old)
            rebuild(db, (insert(db, number, new) // BLOCK,))
            return new, old is None

    def delete(self, pass_id: str, expected_revision: int | None = None) -> None:
        """Remove a pass; NotFoundError when there is none, RevisionConflictError as in `put`."""
        with self._write_lock, self._transaction() as db:
            number, old = stored(db, pass_id)
            if old is None:
                raise NotFoundError(f"there is no pass {pass_id!r}")
            _expect(pass_id, old, expected_revision)
            remove(db, number, old)
            rebuild(db, ((number or 0) // BLOCK,))

    def import_passes(
        self,
        passes: Iterable[Pass],
        replace: bool = False,
        progress: Progress | None = None,
        *,
        dry_run: bool = False,
    ) -> ImportResult:
        """Store all of them, or none when `passes` raises or the disk fails; look-ups go on meanwhile.

        `replace` removes every pass that is not among them. Revisions are counted here; those given are ignored. Raises
        PassError for an id that comes twice. Runs on its own connection: for a large file call it in a process of its
        own (`gateway.store.passes.bulk`), since it keeps the interpreter busy.
        """
        return self.importing(lambda one: one.run(batches(passes), replace, dry_run), progress)

    def importing(self, work: Callable[[Import], ImportResult], progress: Progress | None) -> ImportResult:
        """The result of one import, which `work` runs as it likes."""
        if self._writer is None:
            raise StorageError("this registry was opened for reading")
        with self._write_lock:
            db = open_writer(self._path, REGISTRY, vfs=steady_disk().name)
            try:
                return work(Import(db, self._path, progress))
            finally:
                db.close()

    # ---- inside --------------------------------------------------------------------------------------------------

    def _lookup(self, sql: str, key: tuple[Any, ...]) -> Sequence[Any]:
        with self._find_lock:
            if self._finder is None:
                self._finder = open_reader(self._path, REGISTRY)
            try:
                return self._finder.execute(sql, key).fetchall()
            except apsw.Error as error:
                raise StorageError(f"passes cannot be looked up: {error}") from error

    def _find_low(self, key: Key, card_bits: CardBits) -> tuple[Pass, ...]:
        rows = self._lookup(f"{_FIND} ORDER BY c.pass", key[:2])
        if card_bits == 32:
            low = card_number(key[2]) & LOW_32
            rows = [row for row in rows if card_number(row[0]) & LOW_32 == low]
        return tuple({row[1]: decode(row[1]) for row in rows}.values())

    def _select(self, sql: str, values: tuple[Any, ...]) -> Sequence[Any]:
        with self._read_lock, storage_errors(self._path):
            if self._reader is None:
                self._reader = open_reader(self._path, REGISTRY)
            return self._reader.execute(sql, values).fetchall()

    def _transaction(self) -> Any:
        if self._writer is None:
            raise StorageError("this registry was opened for reading")
        return _Transaction(self._writer, self._path)


class _Transaction:
    """`with` gives the connection inside a transaction."""

    def __init__(self, db: apsw.Connection, path: Path) -> None:
        self._db = db
        self._inner = transaction(db, path)

    def __enter__(self) -> apsw.Connection:
        self._inner.__enter__()
        return self._db

    def __exit__(self, *error: Any) -> None:
        self._inner.__exit__(*error)


def _expect(pass_id: str, old: Pass | None, expected: int | None) -> None:
    revision = 0 if old is None else old.revision
    if expected is not None and expected != revision:
        raise RevisionConflictError(
            f"pass {pass_id!r} is at revision {revision}, not {expected}: it was changed in the meantime; "
            "read it again and repeat the change"
        )
