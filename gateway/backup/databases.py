"""Databases as records, and back.

A database is read table by table in one read transaction, which in WAL mode holds up no writer. The journal is read
500 rows at a time, each in a transaction of its own, up to the row that was the last one when its turn came, since a
long read would keep its WAL growing. A database is made again by the steps of its own schema up to the version that
it had, so no SQL comes out of a backup; the engine brings it up to date at its next start.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from gateway.backup.records import Item, Recorder
from gateway.core.vocabulary.errors import BackupError
from gateway.store.journal.queries import last_gap, last_of
from gateway.store.sqlite.database import BUSY_MS, storage_errors
from gateway.store.sqlite.migrations import Schema, version_of
from gateway.store.sqlite.schemas import BLOCK_ROWS, JOURNAL

PAGE_ROWS = 500
AGAIN_MAX = 100
_ROWS = "rows"
_BEFORE_ROWS = ("meta", "gaps", "boots")
"""Tables of the journal that say how its rows are to be read."""

Told = Callable[[], None]
"""Called now and then while there is more."""


@contextmanager
def reading(path: Path) -> Iterator[apsw.Connection]:
    """A connection that only reads, also to a database of an earlier version; StorageError, DamagedError."""
    with storage_errors(path):
        db = apsw.Connection(os.fspath(path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            db.set_busy_timeout(BUSY_MS)
            yield db
        except UnicodeDecodeError as error:
            raise BackupError(f"{path} has text that cannot be read ({error}); nothing was written") from error
        finally:
            db.close()


def record_database(
    out: Recorder, name: str, path: Path, schema: Schema, left_out: Collection[str] = (), told: Told = lambda: None
) -> None:
    """Record a database as it is at one moment; `left_out` are tables that stay empty."""
    with reading(path) as db:
        db.execute("BEGIN")
        version = version_of(db, schema, path)
        if not version:
            return
        out.item(Item(name, "database", schema.application_id, version))
        for table in _tables(db):
            out.table(table, _columns(db, table))
            if table not in left_out:
                out.rows(_told(db.execute(f'SELECT * FROM "{table}"'), told))
        out.end()


def record_journal(out: Recorder, name: str, path: Path, told: Told = lambda: None) -> None:
    """Record the journal up to its last row of now, in short reads between the commits of the engine."""
    with reading(path) as db:
        version = version_of(db, JOURNAL, path)
        last = last_of(db)
        out.item(Item(name, "database", JOURNAL.application_id, version))
        for _ in range(AGAIN_MAX):
            if _record_rows(out, db, last, told):
                break
            out.again()  # retention has passed: what was read does not fit to what is left
        else:
            raise BackupError("retention drops rows faster than they can be written; take a faster disk")
        out.table("blocks", _columns(db, "blocks"))
        out.rows(db.execute("SELECT * FROM blocks WHERE block < ?", (last // BLOCK_ROWS,)))
        out.end()


def _record_rows(out: Recorder, db: apsw.Connection, last: int, told: Told) -> bool:
    """All rows up to `last`; False when retention has dropped some that were not read yet."""
    for table in _BEFORE_ROWS:
        out.table(table, _columns(db, table))
        if table == "gaps":
            at = _record_gaps(out, db)
        elif table == "boots":  # a start may have written rows behind the last one in the meantime
            out.rows(db.execute("SELECT * FROM boots WHERE first <= ?", (last,)))
        else:
            out.rows(db.execute(f'SELECT * FROM "{table}"'))
    out.table(_ROWS, _columns(db, _ROWS))
    while at < last:
        page: list[Any] = db.execute(
            "SELECT * FROM rows WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?", (at, last, PAGE_ROWS)
        ).fetchall()
        if not page or (page[0][0] > at + 1 and last_gap(db).last > at):
            return False
        out.rows(page)
        told()
        at = page[-1][0]
    return True


def _record_gaps(out: Recorder, db: apsw.Connection) -> int:
    """What retention has dropped; returns the last dropped row."""
    gaps: list[Any] = db.execute("SELECT * FROM gaps ORDER BY last").fetchall()
    out.rows(gaps)
    return int(gaps[-1][0]) if gaps else 0


def _told(rows: Any, told: Told) -> Iterator[tuple[Any, ...]]:
    for number, row in enumerate(rows):
        if number % PAGE_ROWS == 0:
            told()
        yield row


def _tables(db: apsw.Connection) -> list[str]:
    sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name"
    return [str(name) for (name,) in db.execute(sql)]


def _columns(db: apsw.Connection, table: str) -> list[str]:
    return [str(row[1]) for row in db.execute(f'PRAGMA table_info("{table}")')]


class Loader:
    """Makes a database again from records, in a file that is not there yet."""

    def __init__(self, path: Path, schema: Schema, item: Item) -> None:
        if item.application_id != schema.application_id or item.version < 1:
            raise BackupError(f"{item.name} in the backup is not a database with {schema.holds}")
        if item.version > schema.version:
            raise BackupError(
                f"{item.name} in the backup has schema {item.version} and this Gatehouse knows {schema.version}; "
                "restore it with the newer version"
            )
        self._path = path
        self._insert = ""
        with storage_errors(path):
            self._db = apsw.Connection(os.fspath(path))
            # The file is new and counts only once it was synced as a whole.
            self._db.pragma("journal_mode", "off")
            self._db.pragma("synchronous", "off")
            self._db.execute("BEGIN")
            for step in schema.steps[: item.version]:
                for _ in self._db.execute(step):
                    pass
            self._db.pragma("application_id", schema.application_id)
            self._db.pragma("user_version", item.version)

    def table(self, name: str, columns: list[str]) -> None:
        """The next rows are of this table."""
        known = _columns(self._db, name) if name in _tables(self._db) else []
        if not columns or not set(columns) <= set(known):
            raise BackupError(f"the backup has a table {name!r} that its version does not have; take another backup")
        marks = ", ".join("?" * len(columns))
        names = ", ".join(f'"{column}"' for column in columns)
        self._insert = f'INSERT INTO "{name}"({names}) VALUES({marks})'

    def rows(self, rows: list[list[Any]]) -> None:
        """Rows of the table; BackupError when they do not fit it, StorageError when the disk does not take them."""
        with storage_errors(self._path):
            try:
                self._db.executemany(self._insert, rows)
            except (apsw.ConstraintError, apsw.MismatchError, apsw.BindingsError) as error:
                raise BackupError(
                    f"{self._path.name} in the backup has rows that do not fit ({error}); take another backup"
                ) from error

    def again(self) -> None:
        """All tables begin again, empty."""
        with storage_errors(self._path):
            for table in _tables(self._db):
                self._db.execute(f'DELETE FROM "{table}"')

    def end(self) -> None:
        """Complete the file, durably."""
        with storage_errors(self._path):
            self._db.execute("COMMIT")
        self.close()
        with self._path.open("rb+") as file:
            os.fsync(file.fileno())

    def close(self) -> None:
        """Close the file, complete or not."""
        self._db.close()
