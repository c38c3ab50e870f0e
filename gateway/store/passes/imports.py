"""An import of passes: all of them or none, in one transaction that look-ups do not see until it is whole."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

import apsw
import msgspec

from gateway.core.vocabulary.errors import PassError, StorageError
from gateway.core.vocabulary.passes import Pass
from gateway.store.passes.credentials import KINDS
from gateway.store.passes.rows import Batch, decode, remove, revision_of, same, with_revision
from gateway.store.passes.search import BLOCK, Blocks, rebuild
from gateway.store.sqlite.database import explain, roll_back

IMPORT_CACHE_KIB = 32 * 1024
"""Memory for pages during an import."""

REMOVED_SHARE = 10
"""A list that removes more than one in so many passes is asked about."""
SHARED_MAX = 1000
"""Cards and plates of several passes that are named."""

_SHARED = (
    "SELECT kind, value, min(pass), max(pass), count(*) FROM credentials GROUP BY kind, low, value HAVING count(*) > 1"
)
_SORT_CARDS = "INSERT OR IGNORE INTO credentials SELECT 0, low, value, pass FROM staged_cards ORDER BY low, value, pass"
_SORT_PLATES = "INSERT OR IGNORE INTO credentials SELECT 1, 0, value, pass FROM staged_plates ORDER BY value, pass"
_NUMBER = itemgetter(0)
_TAKEN = 1 << 62  # in place of the number of a pass that this import has already seen


class ImportResult(msgspec.Struct, frozen=True):
    """What an import did. `digest` is the SHA-256 of all passes in the order of the file, without revisions."""

    count: int
    created: int
    changed: int
    removed: int
    digest: str


class SharedCredential(msgspec.Struct, frozen=True):
    """A card or plate that several passes have; `others` are passes beside the two named."""

    kind: str
    value: str
    passes: tuple[str, str]
    others: int
    at_once: bool
    """Whether the two may be valid at the same time."""

    def __str__(self) -> str:
        more = f" and {self.others} more" if self.others else ""
        when = "" if self.at_once else ", one after the other"
        return f"{self.kind} {self.value} is in the passes {self.passes[0]} and {self.passes[1]}{more}{when}"


class RemovesManyError(PassError):
    """A list would remove more than a tenth of the passes, and that was not asked for by an extra word."""

    code = "removes_many"


class Import:
    """One import: staged in chunks inside a single transaction, the credentials sorted at its end."""

    def __init__(self, db: apsw.Connection, path: Path, progress: Callable[[int], None] | None) -> None:
        self._db = db
        self._path = path
        self._progress = progress
        self._digest = hashlib.sha256()
        self._count = self._created = self._changed = 0
        db.pragma("cache_size", -IMPORT_CACHE_KIB)
        db.pragma("temp_store", 1)
        db.execute("CREATE TEMP TABLE staged_cards(pass, low, value); CREATE TEMP TABLE staged_plates(pass, value)")
        self.before = 0
        self.shared: list[SharedCredential] = []

    def run(self, batches: Iterable[Batch], replace: bool, dry_run: bool, remove_many: bool = True) -> ImportResult:
        """Store the passes; afterwards `before` says how many there were, `shared` what several of them have."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self.before = self._db.execute("SELECT count(*) FROM passes").get
            result = self._fill(batches, replace)
            if not remove_many and not dry_run:
                self._refuse_many(result)
            self.shared = self._find_shared()
            self._db.execute("ROLLBACK" if dry_run else "COMMIT")
        except apsw.Error as error:
            raise self._failed(error) from error
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._settle()
        return result

    def _refuse_many(self, result: ImportResult) -> None:
        if removes_many(result.removed, self.before):
            raise RemovesManyError(
                f"{result.removed} of {self.before} passes are not in the list and would go; nothing was changed"
            )

    def _find_shared(self) -> list[SharedCredential]:
        """Cards and plates that a pass of this list has in common with another one."""
        rows: Any = self._db.execute(_SHARED)
        named: list[SharedCredential] = []
        for kind, value, one, other, count in rows:
            if len(named) == SHARED_MAX:
                break
            if self._is_of_the_list(one) or self._is_of_the_list(other):
                named.append(self._shared(kind, value, (one, other), count))
        return named

    def _is_of_the_list(self, number: int) -> bool:
        return number > self._known or bool(self._seen[number])

    def _shared(self, kind: int, value: str, numbers: tuple[int, int], count: int) -> SharedCredential:
        one, other = (
            decode(self._db.execute("SELECT document FROM passes WHERE number = ?", (number,)).get)
            for number in numbers
        )
        return SharedCredential(tuple(KINDS)[kind], value, (one.id, other.id), count - 2, _at_once(one, other))

    def _failed(self, error: apsw.Error) -> StorageError:
        roll_back(self._db)
        return StorageError(f"{explain(error, self._path)}; nothing was imported")

    def _settle(self) -> None:
        try:
            self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except apsw.Error:
            pass  # a look-up holds the WAL; a later commit does it

    def _fill(self, batches: Iterable[Batch], replace: bool) -> ImportResult:
        self._known = self._db.execute("SELECT coalesce(max(number), 0) FROM passes").get
        self._next = self._known + 1
        self._whole = self._known // BLOCK * BLOCK + BLOCK - 1 if self._known else 0
        self._seen = bytearray(self._known + 1)
        self._blocks = Blocks(self._db)
        self._touched: set[int] = set()
        for batch in batches:
            self._take(batch)
            if self._progress is not None:
                self._progress(self._count)
        removed = self._remove_unseen() if replace else 0
        self._blocks.flush()
        rebuild(self._db, sorted(self._touched))
        self._db.execute(_SORT_CARDS)
        self._db.execute(_SORT_PLATES)
        return ImportResult(self._count, self._created, self._changed, removed, self._digest.hexdigest())

    def _take(self, batch: Batch) -> None:
        self._digest.update("".join(batch.contents).encode())
        self._count += len(batch.ids)
        self._store(batch, *(self._compared(batch) if self._known else self._all_new(batch)))

    def _all_new(self, batch: Batch) -> tuple[Sequence[int], Sequence[int]]:
        """The numbers and revisions of passes in an empty registry."""
        numbers = range(self._next, self._next + len(batch.ids))
        self._next = numbers.stop
        self._created += len(numbers)
        return numbers, [1] * len(numbers)

    def _compared(self, batch: Batch) -> tuple[Sequence[int], Sequence[int]]:
        """The numbers and revisions of passes, of which some are known; number 0: nothing is to be stored."""
        olds = self._olds(batch.ids)
        numbers, revisions = [], []
        for pass_id, content in zip(batch.ids, batch.contents, strict=True):
            number, document = olds.pop(pass_id, (0, ""))
            olds[pass_id] = (_TAKEN, "")
            revision = 1
            if not number:
                number = self._next
                self._next += 1
                self._created += 1
            elif number > self._known or self._seen[number]:
                raise _twice(pass_id)
            else:
                self._seen[number] = 1
                revision = self._changed_to(number, document, content)
            numbers.append(number if revision else 0)
            revisions.append(revision)
        return numbers, revisions

    def _changed_to(self, number: int, document: str, content: str) -> int:
        """The next revision of a known pass, which is taken out of the tables; 0 if this is what it is already."""
        if revision_of(document, content):
            return 0
        old = decode(document)
        if same(decode(content), old):
            return 0
        remove(self._db, number, old)
        self._changed += 1
        return old.revision + 1

    def _store(self, batch: Batch, numbers: Sequence[int], revisions: Sequence[int]) -> None:
        documents = map(with_revision, batch.contents, revisions)
        rows = zip(numbers, batch.ids, documents, strict=True)
        self._insert(list(filter(_NUMBER, rows)))
        number = numbers.__getitem__
        cards = zip(map(number, batch.of_cards), batch.lows, batch.cards, strict=True)
        plates = zip(map(number, batch.of_plates), batch.plates, strict=True)
        self._db.executemany("INSERT INTO staged_cards VALUES(?, ?, ?)", filter(_NUMBER, cards))
        self._db.executemany("INSERT INTO staged_plates VALUES(?, ?)", filter(_NUMBER, plates))
        self._index(batch, numbers)

    def _index(self, batch: Batch, numbers: Sequence[int]) -> None:
        """Note the lines of whole new blocks, and which others are to be written anew."""
        behind = [place for place, number in enumerate(numbers) if number > self._whole]
        if len(behind) == len(numbers):
            self._blocks.add(numbers[0], batch.ids, batch.lines)
            return
        for place in behind:
            self._blocks.add(numbers[place], batch.ids[place : place + 1], batch.lines[place : place + 1])
        self._touched.update(number // BLOCK for number in numbers if 0 < number <= self._whole)

    def _insert(self, fresh: list[tuple[Any, ...]]) -> None:
        try:
            self._db.executemany("INSERT INTO passes VALUES(?, ?, ?)", fresh)
        except apsw.ConstraintError as error:
            stored = self._olds([row[1] for row in fresh])
            raise _twice(next(row[1] for row in fresh if stored[row[1]][0] != row[0])) from error

    def _olds(self, ids: list[str]) -> dict[str, tuple[int, str]]:
        """The number and document of each pass that is known."""
        rows: Any = self._db.execute(
            "SELECT id, number, document FROM passes WHERE id IN carray(?)", (apsw.carray(tuple(ids)),)
        )
        return {row[0]: (row[1], row[2]) for row in rows}

    def _remove_unseen(self) -> int:
        removed = 0
        for number in range(1, self._known + 1):
            if self._seen[number]:
                continue
            found = self._db.execute("SELECT document FROM passes WHERE number = ?", (number,)).get
            if found is not None:
                remove(self._db, number, decode(found))
                self._touched.add(number // BLOCK)
                removed += 1
        return removed


def removes_many(removed: int, before: int) -> bool:
    """Whether a list would remove more than a tenth of the passes."""
    return removed * REMOVED_SHARE > before


def _at_once(one: Pass, other: Pass) -> bool:
    """Whether two passes may be valid at the same time, as far as their days are written alike."""
    return not (_before(one.valid_until, other.valid_from) or _before(other.valid_until, one.valid_from))


def _before(end: str, begin: str) -> bool:
    return len(end) == len(begin) == len("2026-11-30") and end < begin


def _twice(pass_id: str) -> PassError:
    return PassError(f"pass {pass_id!r} comes twice; an id is used once")
