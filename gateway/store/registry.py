"""The pass registry: a million passes on disk, each found by card or plate in microseconds.

A pass is kept as its JSON document; `credentials` is the index from a card or plate to it. Look-ups, lists, single
changes and imports each have a connection of their own, so that none waits for another: a look-up sees the passes as
they were until an import has committed as a whole. Nothing of it is held in memory.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import apsw
import msgspec

from gateway.core.errors import (
    NotFoundError,
    PassError,
    RevisionConflictError,
    StorageError,
)
from gateway.core.passes import Pass
from gateway.store.credentials import (
    LOW_32,
    CardBits,
    Key,
    card_number,
    key_of,
    keys_of,
    normal_plate,
)
from gateway.store.schemas import REGISTRY
from gateway.store.sqlite import (
    explain,
    open_reader,
    open_writer,
    roll_back,
    storage_errors,
    transaction,
)

MOST_PASSES = 1000
"""The most passes that one page gives."""
IMPORT_ROWS = 2000
"""Passes that an import handles at a time, and between two calls of its progress."""
IMPORT_CACHE_KIB = 32 * 1024
"""Memory for pages during an import."""

_FIND = (
    "SELECT c.value, p.document FROM credentials c CROSS JOIN passes p ON p.number = c.pass"
    " WHERE c.kind = ? AND c.low = ?"
)
_FIND_VALUE = f"{_FIND} AND c.value = ?"
_TAKEN = 1 << 62  # stands for the number of a pass that this import has met already
_decode = msgspec.json.Decoder(Pass).decode
_encode = msgspec.json.Encoder().encode


class ImportResult(msgspec.Struct, frozen=True):
    """What an import did. `digest` is the SHA-256 of all passes in the order of the file, without revisions."""

    count: int
    created: int
    changed: int
    removed: int
    digest: str


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

    def close(self) -> None:
        """Let go of the file."""
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
        return tuple([_decode(row[1]) for row in rows])

    def get(self, pass_id: str) -> Pass:
        """The pass of that id; NotFoundError when there is none."""
        found = self._select("SELECT document FROM passes WHERE id = ?", (pass_id,))
        if not found:
            raise NotFoundError(f"there is no pass {pass_id!r}")
        return _decode(found[0][0])

    def list(self, after: str = "", limit: int = 100, kind: str | None = None, query: str | None = None) -> list[Pass]:
        """Passes in order of id, behind `after`; `query` is part of a holder, unit, id, plate or card number."""
        sql = "SELECT document FROM passes WHERE id > ?"
        values: tuple[Any, ...] = (after,)
        if kind:
            sql, values = f"{sql} AND kind = ?", (*values, kind)
        if query and query.strip():
            searching, words = _search(query.strip())
            sql, values = f"{sql} AND {searching}", (*values, *words)
        rows = self._select(f"{sql} ORDER BY id LIMIT ?", (*values, min(limit, MOST_PASSES)))
        return [_decode(row[0]) for row in rows]

    def all(self) -> Iterator[Pass]:
        """Every pass in order of id, a page a transaction."""
        after = ""
        while page := self.list(after, MOST_PASSES):
            yield from page
            after = page[-1].id

    def count(self) -> int:
        """How many passes there are."""
        return int(self._select("SELECT count(*) FROM passes", ())[0][0])

    # ---- changing ------------------------------------------------------------------------------------------------

    def put(self, pass_: Pass, expected_revision: int | None = None) -> tuple[Pass, bool]:
        """Store a pass; returns it with its revision, and whether it is new.

        The revision counts up when something changed. With `expected_revision` (0: there must be none yet) raises
        RevisionConflictError when somebody else was faster.
        """
        with self._write_lock, self._transaction() as db:
            number, old = _stored(db, pass_.id)
            _expect(pass_.id, old, expected_revision)
            if old is not None and _same(pass_, old):
                return old, False
            new = msgspec.structs.replace(pass_, revision=old.revision + 1 if old else 1)
            if old is not None:
                _remove(db, number, old)
            _insert(db, number, new)
            return new, old is None

    def delete(self, pass_id: str, expected_revision: int | None = None) -> None:
        """Remove a pass; NotFoundError when there is none, RevisionConflictError as in `put`."""
        with self._write_lock, self._transaction() as db:
            number, old = _stored(db, pass_id)
            if old is None:
                raise NotFoundError(f"there is no pass {pass_id!r}")
            _expect(pass_id, old, expected_revision)
            _remove(db, number, old)

    def import_passes(
        self,
        passes: Iterable[Pass],
        replace: bool = False,
        progress: Callable[[int], None] | None = None,
        *,
        dry_run: bool = False,
    ) -> ImportResult:
        """Store all of them, or none when `passes` raises or the disk fails; look-ups go on meanwhile.

        `replace` removes every pass that is not among them. Revisions are counted here; those given are ignored. Raises
        PassError for an id that comes twice. Runs on its own connection: for a large file call it in a process of its
        own (`gateway.store.bulk`), since it keeps the interpreter busy.
        """
        if self._writer is None:
            raise StorageError("this registry was opened for reading")
        with self._write_lock:
            db = open_writer(self._path, REGISTRY)
            try:
                return _Import(db, self._path, progress).run(passes, replace, dry_run)
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
        return tuple({row[1]: _decode(row[1]) for row in rows}.values())

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


class _Import:
    """One import: staged in chunks inside a single transaction, the credentials sorted at its end."""

    def __init__(self, db: apsw.Connection, path: Path, progress: Callable[[int], None] | None) -> None:
        self._db = db
        self._path = path
        self._progress = progress
        self._digest = hashlib.sha256()
        self._count = self._created = self._changed = 0
        db.pragma("cache_size", -IMPORT_CACHE_KIB)
        db.pragma("temp_store", 1)
        db.execute("CREATE TEMP TABLE staged(kind, low, value, pass)")

    def run(self, passes: Iterable[Pass], replace: bool, dry_run: bool) -> ImportResult:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            result = self._fill(iter(passes), replace)
            self._db.execute("ROLLBACK" if dry_run else "COMMIT")
        except apsw.Error as error:
            raise self._failed(error) from error
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._settle()
        return result

    def _failed(self, error: apsw.Error) -> StorageError:
        roll_back(self._db)
        return StorageError(f"{explain(error, self._path)}; nothing was imported")

    def _settle(self) -> None:
        try:
            self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except apsw.Error:
            pass  # a look-up was in the way; a later commit does it

    def _fill(self, passes: Iterator[Pass], replace: bool) -> ImportResult:
        self._known = self._db.execute("SELECT coalesce(max(number), 0) FROM passes").get
        self._next = self._known + 1
        self._seen = bytearray(self._known + 1)
        while chunk := list(islice(passes, IMPORT_ROWS)):
            self._take(chunk)
            if self._progress is not None:
                self._progress(self._count)
        removed = self._remove_unseen() if replace else 0
        self._db.execute(
            "INSERT OR IGNORE INTO credentials SELECT kind, low, value, pass FROM staged"
            " ORDER BY kind, low, value, pass"
        )
        return ImportResult(self._count, self._created, self._changed, removed, self._digest.hexdigest())

    def _take(self, chunk: list[Pass]) -> None:
        contents = [_content(pass_) for pass_ in chunk]
        self._digest.update(b"".join(contents))
        self._count += len(chunk)
        if not self._known:
            self._store(chunk, contents, [1] * len(chunk), range(self._next, self._next + len(chunk)))
            self._next += len(chunk)
            self._created += len(chunk)
            return
        olds = self._olds([pass_.id for pass_ in chunk])
        kept: list[tuple[Pass, bytes, int, int]] = []
        for pass_, content in zip(chunk, contents, strict=True):
            number, old = olds.pop(pass_.id, (0, None))
            if old is None:
                olds[pass_.id] = (_TAKEN, pass_)
                kept.append((pass_, content, 1, self._next))
                self._next += 1
                self._created += 1
                continue
            if number > self._known or self._seen[number]:
                raise _twice(pass_.id)
            self._seen[number] = 1
            olds[pass_.id] = (_TAKEN, pass_)
            if not _same(pass_, old):
                _remove(self._db, number, old)
                kept.append((pass_, content, old.revision + 1, number))
                self._changed += 1
        if kept:
            self._store(*map(list, zip(*kept, strict=True)))

    def _store(self, passes: list[Pass], contents: list[bytes], revisions: list[int], numbers: Iterable[int]) -> None:
        fresh: list[tuple[Any, ...]] = []
        staged: list[tuple[Any, ...]] = []
        for pass_, content, revision, number in zip(passes, contents, revisions, numbers, strict=True):
            document = _with_revision(content, revision)
            fresh.append((number, pass_.id, pass_.kind, pass_.holder, pass_.unit, document))
            for kind, low, value in keys_of(pass_):
                staged.append((kind, low, value, number))
        self._insert(fresh)
        self._db.executemany("INSERT INTO staged VALUES(?, ?, ?, ?)", staged)

    def _insert(self, fresh: list[tuple[Any, ...]]) -> None:
        try:
            self._db.executemany("INSERT INTO passes VALUES(?, ?, ?, ?, ?, ?)", fresh)
        except apsw.ConstraintError as error:
            stored = self._olds([row[1] for row in fresh])
            raise _twice(next(row[1] for row in fresh if stored[row[1]][0] != row[0])) from error

    def _olds(self, ids: list[str]) -> dict[str, tuple[int, Pass]]:
        rows: Any = self._db.execute(
            "SELECT id, number, document FROM passes WHERE id IN carray(?)", (apsw.carray(tuple(ids)),)
        )
        return {str(row[0]): (int(row[1]), _decode(row[2])) for row in rows}

    def _remove_unseen(self) -> int:
        removed = 0
        for number in range(1, self._known + 1):
            if self._seen[number]:
                continue
            found = self._db.execute("SELECT document FROM passes WHERE number = ?", (number,)).get
            if found is not None:
                _remove(self._db, number, _decode(found))
                removed += 1
        return removed


def _content(pass_: Pass) -> bytes:
    """A pass as JSON without its revision."""
    return _encode(pass_ if not pass_.revision else msgspec.structs.replace(pass_, revision=0))


def _with_revision(content: bytes, revision: int) -> str:
    """The JSON of the pass with a revision, which is its last field."""
    return f'{content[:-1].decode()},"revision":{revision}}}'


def _twice(pass_id: str) -> PassError:
    return PassError(f"pass {pass_id!r} comes twice; an id is used once")


def _same(new: Pass, old: Pass) -> bool:
    return msgspec.structs.replace(new, revision=old.revision) == old


def _stored(db: apsw.Connection, pass_id: str) -> tuple[int | None, Pass | None]:
    found = db.execute("SELECT number, document FROM passes WHERE id = ?", (pass_id,)).fetchone()
    return (None, None) if found is None else (int(found[0]), _decode(found[1]))


def _expect(pass_id: str, old: Pass | None, expected: int | None) -> None:
    revision = 0 if old is None else old.revision
    if expected is not None and expected != revision:
        raise RevisionConflictError(
            f"pass {pass_id!r} is at revision {revision}, not {expected}: somebody changed it; "
            "read it again and repeat the change"
        )


def _insert(db: apsw.Connection, number: int | None, pass_: Pass) -> None:
    document = _encode(pass_).decode()
    db.execute(
        "INSERT INTO passes VALUES(?, ?, ?, ?, ?, ?)",
        (number, pass_.id, pass_.kind, pass_.holder, pass_.unit, document),
    )
    number = db.last_insert_rowid()
    for key in keys_of(pass_):
        db.execute("INSERT OR IGNORE INTO credentials VALUES(?, ?, ?, ?)", (*key, number))


def _remove(db: apsw.Connection, number: int | None, old: Pass) -> None:
    for key in keys_of(old):
        db.execute(
            "DELETE FROM credentials WHERE kind = ? AND low = ? AND value = ? AND pass = ?",
            (*key, number),
        )
    db.execute("DELETE FROM passes WHERE number = ?", (number,))


def _search(query: str) -> tuple[str, list[Any]]:
    """Part of a holder, unit or id anywhere; a plate from its beginning; a whole card number."""
    like = "%" + query.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    plate = normal_plate(query)
    try:
        card = key_of("card", query)
    except ValueError:
        card = (0, 0, "")
    sql = (
        "(holder LIKE ? ESCAPE '\\' OR unit LIKE ? ESCAPE '\\' OR id LIKE ? ESCAPE '\\' OR number IN"
        " (SELECT pass FROM credentials WHERE kind = 1 AND low = 0 AND value >= ? AND value < ?"
        " UNION ALL SELECT pass FROM credentials WHERE kind = ? AND low = ? AND value = ?))"
    )
    return sql, [like, like, like, plate, plate + "\U0010ffff", *card]
