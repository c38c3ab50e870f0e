"""Reading the journal, from any process: pages, batches joined in SQL, cursors and gaps, verification.

Each read is one short transaction, since a long one keeps the WAL growing. SQLite joins a batch from the stored texts,
without rows in Python (15 x); `queries` has the SQL. If the file is replaced (restore), the next read opens the new
one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import apsw
import msgspec

from gateway.core.vocabulary.errors import CursorError, DataDirectoryError, GatehouseError, JournalBrokenError
from gateway.store.journal import chain, queries
from gateway.store.journal.cursors import Cursor, Gap, cursor_of, gap_event, parse_cursor, restored_event
from gateway.store.journal.lineage import Lineage
from gateway.store.journal.queries import Batch, Filter, Split, StoredRow, with_heads
from gateway.store.sqlite.database import explain, open_reader
from gateway.store.sqlite.schemas import BLOCK_ROWS, JOURNAL

ROWS_MAX = 1000
"""Rows of one page or batch at most."""
BLOCKS_BACK = 16
"""Blocks that the search for the newest rows looks at in one transaction."""
VERIFY_ROWS = 2000
"""Rows that verification reads in one transaction."""

_Found = TypeVar("_Found")


class Verified(msgspec.Struct, frozen=True, gc=False):
    """A journal without a fault: how many rows were looked at, from which sequence to which; the hash of the last."""

    rows: int
    first: int
    last: int
    hash: str


class JournalReader:
    """Reads while the writer writes. Thread-safe: reads take turns."""

    def __init__(self, path: Path, vfs: str | None = None) -> None:
        """Open for reading; StorageError without a journal at `path`. `vfs` as in `Journal`."""
        self._path = path
        self._vfs = vfs
        self._lock = threading.Lock()
        self._db: apsw.Connection | None = None
        self._identity = (0, 0)
        self._lineage = Lineage("")
        self._source = ""
        with self._lock:
            self._connected()

    @property
    def journal_id(self) -> str:
        """The id of the journal, as in each event's id; another one after a restore."""
        return self.lineage().journal

    def lineage(self) -> Lineage:
        """The id of the journal, and those of the journals that it was restored from."""
        self._read(queries.first_of)
        return self._lineage

    def cursor(self, text: str | None) -> Cursor:
        """The position of a client that has seen everything up to that event id.

        CursorError if it is malformed or beyond the last row.
        """
        return self._read(lambda db: self._cursor(db, text))

    def position(self, journal: str, sequence: int) -> Cursor:
        """The place in this journal of a position in some journal."""
        return cursor_of(journal, sequence, self.lineage())

    def first_sequence(self) -> int:
        """The oldest row that is still there; 1 in an empty journal."""
        return self._read(queries.first_of)

    def last_sequence(self) -> int:
        """The newest row, 0 in an empty journal."""
        return self._read(queries.last_of)

    def used_bytes(self) -> int:
        """Bytes of the rows; less than the file after rows were dropped, since their space is used again."""
        return self._read(queries.used_bytes)

    def hash_of(self, sequence: int) -> str:
        """SHA-256 of a row's text in hex; of the last dropped row too; zeros for sequence 0."""
        return self._read(lambda db: queries.hash_of(db, sequence, self._path))

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
        wanted = Filter.of(types, since_wall_ns, until_wall_ns)
        work = partial(queries.read_rows, after=after, limit=min(limit, ROWS_MAX), wanted=wanted)
        return self._read(work, alone=wanted.everything)

    def before_newest(self, count: int, types: Sequence[str] = ()) -> int:
        """The sequence behind which the newest `count` rows of these types are; 0 when there are not more."""
        wanted = Filter.of(types, None, None)
        last = self.last_sequence()
        if wanted.everything:
            return max(0, last - count)
        blocks = [last // BLOCK_ROWS]
        while blocks:
            for block in blocks:
                found = self._read(
                    partial(queries.newest_of_block, block=block, wanted=wanted, limit=count), alone=True
                )
                count -= len(found)
                if count <= 0:
                    return found[-1] - 1
            blocks = self._read(
                partial(queries.blocks_back, wanted=wanted, before=blocks[-1], limit=BLOCKS_BACK), alone=True
            )
        return 0

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
        limit = min(limit, ROWS_MAX)
        wanted = Filter.of(types, None, None)
        return self._read(lambda db: queries.read_batch(db, after, limit, wanted, Split(live_since_mono_ns, boot_id)))

    def feed(self, cursor: str | None, limit: int = 100, types: Sequence[str] = ()) -> Batch:
        """The next events of a client that has seen everything up to `cursor` (an event id, empty: the start).

        A cursor that retention has passed, or of another journal, is answered by one `journal.gap` event first.
        Raises CursorError for one that cannot be read or is beyond the last row.
        """
        wanted = Filter.of(types, None, None)
        return self._read(lambda db: self._feed(db, cursor, min(limit, ROWS_MAX), wanted))

    def gap_after(self, cursor: Cursor) -> str | None:
        """The `journal.gap` event that a consumer at `cursor` gets first, or None when nothing is missing."""
        return self._read(lambda db: self._gap(db, cursor)[1])

    def verify(
        self,
        progress: Callable[[int, int], None] | None = None,
        *,
        integrity: bool = True,
        hashes: dict[int, str] | None = None,
    ) -> Verified:
        """Check all rows, their columns and summaries; JournalBrokenError names the first bad row.

        A few thousand rows are read per transaction, and `progress(row, last)` is called after each. `integrity`: the
        pages of the other tables as well. `hashes` has rows whose hashes are wanted; those found are filled in.
        """
        wanted = {} if hashes is None else hashes
        if integrity:
            self._read(chain.check_small_tables)
        last = self.last_sequence()
        walk, limit = chain.Walk(self._read(queries.last_gap)), VERIFY_ROWS
        first = count = 0
        if walk.sequence in wanted:
            wanted[walk.sequence] = walk.hash
        while True:
            try:
                stretch = self._read(partial(chain.read_chain, after=walk.sequence, limit=limit))
            except JournalBrokenError as error:
                if limit == 1:
                    bad = walk.sequence + 1
                    raise JournalBrokenError(f"row {bad} cannot be read: {error}", bad) from error
                limit = 1  # find the bad one
                continue
            if stretch.gap.last > walk.sequence:  # dropped by retention in the meantime
                walk.jump(stretch.gap)
            first, count = first or walk.sequence + 1, count + len(stretch.rows)
            for row in stretch.rows:
                full = walk.step(row, self._lineage, stretch.boots)
                if full is not None:
                    chain.check_summary(full, stretch.summaries.get(full.number), stretch.gap)
                if walk.sequence in wanted:
                    wanted[walk.sequence] = walk.hash
            if progress is not None:
                progress(walk.sequence, last)
            if len(stretch.rows) < limit:
                chain.check_end(stretch, walk.sequence)
                return Verified(count, first, walk.sequence, walk.hash)

    def close(self) -> None:
        """Close the file; a later read opens it again."""
        with self._lock:
            self._drop()

    # ---- connection ----------------------------------------------------------------------------------------------

    def _read(self, work: Callable[[apsw.Connection], _Found], alone: bool = False) -> _Found:
        """One short read transaction on the file that is there now; one statement `alone` needs none."""
        with self._lock:
            db = self._connected()
            try:
                if not alone:
                    db.execute("BEGIN")
                return work(db)
            except apsw.Error as error:
                raise self._explained(error) from error
            except UnicodeDecodeError as error:
                raise JournalBrokenError(f"{self._path} is damaged: a row is no text ({error})") from error
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
            db = open_reader(self._path, JOURNAL, self._vfs)
            try:
                meta: Any = dict(db.execute("SELECT key, value FROM meta"))
            except apsw.Error as error:
                db.close()
                raise self._explained(error) from error
            self._db, self._identity = db, identity
            self._lineage = Lineage.of(meta)
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

    def _feed(self, db: apsw.Connection, text: str | None, limit: int, wanted: Filter) -> Batch:
        cursor = self._cursor(db, text)
        after, gap = self._gap(db, cursor)
        if gap is None:
            found = queries.read_batch(db, after, limit, wanted, Split(None, ""))
            confirmed = self._hash(db, after) if after else ""
            return with_heads(found, confirmed, self._hash(db, found.scanned) if found.scanned else "")
        rest = queries.read_batch(db, after, limit - 1, wanted, Split(None, ""))
        joined = b"[" + gap.encode() + (b"," if rest.count else b"") + rest.json[1:]
        head = self._hash(db, rest.scanned) if rest.scanned else ""
        return Batch(joined, rest.first or after, rest.last or after, rest.count + 1, rest.scanned, head=head)

    def _hash(self, db: apsw.Connection, sequence: int) -> str:
        return queries.hash_of(db, sequence, self._path)

    def _cursor(self, db: apsw.Connection, text: str | None) -> Cursor:
        cursor = parse_cursor(text, self._lineage)
        last = max(queries.last_of(db), queries.last_gap(db).last)
        if cursor.sequence > last:
            raise CursorError(
                f"{text} is beyond the last row, which is {self._lineage.id_of(last)}.{last}; give the id of the last "
                "event you have"
            )
        return cursor

    def _gap(self, db: apsw.Connection, cursor: Cursor) -> tuple[int, str | None]:
        """Where to continue, and the gap event before it."""
        gap = queries.last_gap(db)
        journal_id = self._lineage.journal
        if not cursor.foreign and cursor.sequence >= gap.last:
            if not cursor.lost:
                return cursor.sequence, None
            seam = Gap(cursor.sequence, *queries.end_of(db, cursor.sequence, self._path))
            return cursor.sequence, restored_event(journal_id, self._source, seam, cursor.lost)
        reason = "other_journal" if cursor.foreign else "retention"
        return gap.last, gap_event(journal_id, self._source, gap, min(cursor.sequence + 1, gap.last), reason)
