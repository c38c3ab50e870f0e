"""The journal's writer: append-only, hash-chained, durable when `append` returns.

A row is the CloudEvents JSON text exactly as it will be sent, beside the few columns that queries need. Each text
holds the SHA-256 of the text before it (`prevhash`), so no row can be removed or changed without a trace. There
is one writer (the lock of the directory ensures it), WAL with `synchronous=FULL`, and one transaction per `append`: all
of its rows are durable, or none. (Rows of a failed append may appear after a power cut, if the disk took them without
saying so; they were never acknowledged.) The WAL is grown beforehand. `tidy` copies it into the database from another
thread with its own connection; only past a hard bound `append` does it itself.

Start-up reads the last row and the last block of 1,024 rows (`blocks`), whatever the length. `composing` writes the
texts.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import threading
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import apsw
import msgspec

from gateway.core.vocabulary.errors import (
    DataDirectoryError,
    GatehouseError,
    JournalBrokenError,
    StorageError,
)
from gateway.core.vocabulary.events import ClockState, Now
from gateway.core.vocabulary.rows.base import Row as Said
from gateway.store.journal.blocks import Block
from gateway.store.journal.composing import Composer, Stored
from gateway.store.sqlite.database import (
    close_keeping_wal,
    explain,
    grow_wal,
    keep_wal,
    open_writer,
    roll_back,
)
from gateway.store.sqlite.schemas import BLOCK_ROWS, JOURNAL, NO_HASH

JOURNAL_ID = re.compile(r"[a-z0-9]{8,32}")
WAL_BYTES = 4 * 1024 * 1024
"""The WAL's size from the start; it holds about a thousand pages."""
TIDY_FRAMES = 500
"""From so many pages in the WAL on, `tidy` copies them into the database: seldom, since each copy flushes the disk
three times and writes again the pages that the one before wrote half full."""
FRAMES_MAX = 960
"""At so many, `append` does it itself: just below what fits into WAL_BYTES."""
WAL_KEPT_BYTES = 2 * WAL_BYTES
"""A WAL that a long read has made larger is cut back to this size at its restart."""

GAPS_MAX = 1_000
"""Gap records that are kept, the latest; each covers everything before it, so the last one would do."""

_INSERT = "INSERT INTO rows(sequence, wall_ns, mono_ns, type, subject, hash, text) VALUES(?, ?, ?, ?, ?, ?, ?)"


class Row(msgspec.Struct, frozen=True, gc=False):
    """A row before it has its place in the chain. `type` without the `gatehouse.` prefix."""

    type: str
    subject: str
    data: Any
    wall_ns: int
    mono_ns: int
    clock: ClockState = ClockState.SYNCED

    @classmethod
    def of(cls, said: Said, gateway: str, now: Now) -> Row:
        """A row of the gateway of that id, made at that moment."""
        return cls(said.type, said.subject(gateway), said, now.wall_ns, now.mono_ns, now.clock)


def new_journal_id() -> str:
    """A new journal id of sixteen characters."""
    return secrets.token_hex(8)


class Journal:
    """The one writer. `append` from one thread; `tidy` may be called from another."""

    def __init__(self, path: Path, source: str, boot_id: str, vfs: str | None = None) -> None:
        """Open an existing journal; see `create` and `open`."""
        self._path = path
        self._vfs = vfs
        self._boot_id = boot_id
        self._lock = threading.Lock()
        self._keeper_lock = threading.Lock()
        self._suspect = False
        self._source = source
        self.journal_id = ""
        self.last_sequence = 0
        self.last_hash = NO_HASH
        self._block = Block(0)
        self._db = self._connect()
        try:
            self._load(source)
        except BaseException:
            with contextlib.suppress(apsw.Error):  # a failing disk also fails the checkpoint
                self._close()
            raise

    @classmethod
    def create(
        cls,
        path: Path,
        journal_id: str | None = None,
        source: str = "/sites/site/gateways/gateway",
        boot_id: str = "0",
        vfs: str | None = None,
    ) -> Journal:
        """Make an empty journal and open it; DataDirectoryError if there is one."""
        journal_id = journal_id or new_journal_id()
        if not JOURNAL_ID.fullmatch(journal_id):
            raise DataDirectoryError(f"journal id {journal_id!r} cannot be used; give 8 to 32 of a-z and 0-9")
        db = open_writer(path, JOURNAL, vfs=vfs)
        try:
            if db.execute("SELECT count(*) FROM meta").get:
                raise DataDirectoryError(f"{path} is a journal already; open it, or move it away")
            db.execute("INSERT INTO meta VALUES('journal', ?)", (journal_id,))
        except apsw.Error as error:
            raise explain(error, path) from error
        finally:
            db.close()
        return cls(path, source, boot_id, vfs)

    @classmethod
    def open(cls, path: Path, source: str, boot_id: str, vfs: str | None = None) -> Journal:
        """Open for writing; JournalBrokenError if the last row is damaged. The time does not grow with the journal."""
        if vfs is None and not path.exists():
            raise StorageError(f"{path} is missing; make a data directory with `gatehouse init`")
        return cls(path, source, boot_id, vfs)

    def append(self, rows: Sequence[Row]) -> range:
        """Store all rows in one transaction and return their sequences once they are durable.

        StorageError if the disk does not take them, JournalBrokenError if the file is damaged: then none is stored,
        and the same call may be repeated.
        """
        with self._lock:
            if self._suspect:
                self._recover()
            elif self._not_copied >= FRAMES_MAX:
                self._checkpoint()
            made = self._composer.compose(rows, self.last_sequence, self.last_hash)
            if not made:
                return range(self.last_sequence + 1, self.last_sequence + 1)
            full = self._block.filled_by(made) if made[-1][0] // BLOCK_ROWS > self._block.number else []
            try:
                self._commit(made, [block.summary() for block in full[:-1]])
            except apsw.Error as error:
                roll_back(self._db)
                self._suspect = True
                raise self._explained(error) from error
            first = self.last_sequence + 1
            self.last_sequence = made[-1][0]
            self.last_hash = made[-1][5].hex()
            if full:
                self._block = full[-1]
            else:
                self._block.add(made)
            return range(first, self.last_sequence + 1)

    def move(self, source: str) -> None:
        """Another `source` of the rows from now on: site or gateway have another id."""
        with self._lock:
            if source != self._source:
                self._source, self._noted = source, False
                self._composer = Composer(self.journal_id, source, self._boot_id)

    def tidy(self) -> bool:
        """Copy the WAL into the database if it is worth it; True if done. Never raises for a failing disk."""
        if self._not_copied < TIDY_FRAMES or self._suspect:
            return False
        return self._checkpoint()

    def drop_some(self, before: int, *, wall_ns: int, most: int) -> int:
        """Retention: drop rows before that sequence, at most `most` of the oldest, and leave a gap record.

        Returns how many went; raises StorageError. The last row always stays. One transaction, which leaves a chain
        that verifies; an `append` waits for as long as it takes. Steps with the same `wall_ns` share one gap record.
        """
        with self._lock:
            if self._suspect:
                self._recover()
            try:
                return drop_oldest(self._db, min(before, self.last_sequence), wall_ns, most)
            except apsw.Error as error:
                roll_back(self._db)
                self._suspect = True
                raise self._explained(error) from error

    def close(self) -> None:
        """Copy the WAL into the database and close; may be called twice."""
        with self._lock, self._keeper_lock:
            self._close()

    # ---- opening -------------------------------------------------------------------------------------------------

    def _connect(self) -> apsw.Connection:
        self._in_wal = self._copied = 0  # pages in the WAL, and how many of them are in the database: see _committed
        db = open_writer(self._path, JOURNAL, vfs=self._vfs)
        keep_wal(db, WAL_KEPT_BYTES)
        db.set_wal_hook(self._committed)
        self._keeper = db
        if self._vfs is None:
            self._keeper = open_writer(self._path, JOURNAL)
            keep_wal(self._keeper, WAL_KEPT_BYTES)
        return db

    def _committed(self, _db: apsw.Connection, _name: str, pages: int) -> int:
        """Note the pages of the WAL, which SQLite reports after each commit."""
        if pages < self._copied:  # it was restarted, since all of it was in the database
            self._copied = 0
        self._in_wal = pages
        return apsw.SQLITE_OK

    @property
    def _not_copied(self) -> int:
        return self._in_wal - self._copied

    def _load(self, source: str) -> None:
        try:
            found = self._db.execute("SELECT value FROM meta WHERE key = 'journal'").get
            if found is None:
                raise DataDirectoryError(f"{self._path} holds no journal id; start the engine, it sets the file aside")
            self.journal_id = str(found)
            self._load_tail()
            self._noted = self._known("source") == source and self._last_boot() == self._boot_id
        except apsw.Error as error:
            raise self._explained(error) from error
        if self._vfs is None:
            grow_wal(self._path, WAL_BYTES)
        self._composer = Composer(self.journal_id, source, self._boot_id)

    def _load_tail(self) -> None:
        last = self._db.execute("SELECT sequence, hash, text FROM rows ORDER BY sequence DESC LIMIT 1").fetchone()
        if last is None:
            self.last_sequence, self.last_hash = 0, NO_HASH
        else:
            sequence, digest, text = last
            if sha256(text.encode()).digest() != digest:
                raise JournalBrokenError(
                    f"{self._path}: the text of the last row, {sequence}, was changed after it was "
                    "written; start the engine, it sets the file aside and goes on",
                    sequence,
                )
            self.last_sequence, self.last_hash = sequence, digest.hex()
        self._block = Block.load(self._db, self.last_sequence)

    def _known(self, key: str) -> Any:
        return self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).get

    def _last_boot(self) -> Any:
        return self._db.execute("SELECT boot FROM boots ORDER BY first DESC LIMIT 1").get

    def _note(self, first: int) -> None:
        """Source and boot of the rows from `first` on, along with the first of them: opening writes nothing."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES('source', ?)", (self._source,))
        self._db.execute("INSERT OR REPLACE INTO boots VALUES(?, ?)", (first, self._boot_id))

    def _recover(self) -> None:
        """After a failure: keep the connection if it still has the end of the chain, else open a new one."""
        try:
            found = self._db.execute("SELECT max(sequence) FROM rows").get or 0
        except apsw.Error:
            found = None
        try:
            if found != self.last_sequence:
                with self._keeper_lock:
                    self._close()
                    self._db = self._connect()
                self._load_tail()
        except apsw.Error as error:
            raise self._explained(error) from error
        self._suspect = False

    def _close(self) -> None:
        if self._keeper is not self._db:
            close_keeping_wal(self._keeper)
        close_keeping_wal(self._db)

    # ---- appending -----------------------------------------------------------------------------------------------

    def _commit(self, made: list[Stored], closed: list[tuple[Any, ...]]) -> None:
        db = self._db
        if len(made) == 1 and not closed and self._noted:
            db.execute(_INSERT, made[0])
            return
        db.execute("BEGIN IMMEDIATE")
        if not self._noted:
            self._note(made[0][0])
        db.executemany(_INSERT, made)
        if closed:
            db.executemany("INSERT OR REPLACE INTO blocks VALUES(?, ?, ?, ?)", closed)
        db.execute("COMMIT")
        self._noted = True

    def _checkpoint(self) -> bool:
        """Copy the pages that no reader holds; if that is all, the next commit restarts the WAL."""
        with self._keeper_lock:
            try:
                _, self._copied = self._keeper.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            except apsw.Error:
                return False  # the rows are safe in the WAL; the next append meets the disk itself
            return True

    def _explained(self, error: apsw.Error) -> GatehouseError:
        found = explain(error, self._path)
        if isinstance(found, StorageError):
            return found
        return JournalBrokenError(str(found))


def drop_oldest(db: apsw.Connection, stop: int, when_ns: int, most: int) -> int:
    """Drop rows before `stop`, at most so many, and leave a gap record, so that the chain still verifies.

    Returns how many. Raises apsw.Error within the transaction.
    """
    first = db.execute("SELECT min(sequence) FROM rows").get
    last = min(stop, first + most) - 1 if first is not None else 0
    if first is None or last < first:
        return 0
    db.execute("BEGIN IMMEDIATE")
    digest = db.execute("SELECT hash FROM rows WHERE sequence = ?", (last,)).get
    db.execute("DELETE FROM rows WHERE sequence <= ?", (last,))
    db.execute("DELETE FROM blocks WHERE block < ?", ((last + 1) // BLOCK_ROWS,))
    db.execute("DELETE FROM boots WHERE first < (SELECT max(first) FROM boots WHERE first <= ?)", (last + 1,))
    db.execute("DELETE FROM gaps WHERE wall_ns = ?", (when_ns,))
    db.execute("INSERT INTO gaps(last, lasthash, wall_ns) VALUES(?, ?, ?)", (last, digest.hex(), when_ns))
    db.execute(
        "DELETE FROM gaps WHERE last <= (SELECT last FROM gaps ORDER BY last DESC LIMIT 1 OFFSET ?)",
        (GAPS_MAX,),
    )
    db.execute("COMMIT")
    return int(last - first + 1)
