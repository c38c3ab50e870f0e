"""Opens databases, and turns SQLite's errors into text for people.

Writers use WAL. `FULL` waits for the disk at each commit; `NORMAL` loses acknowledged commits at a power cut and is
only for data that can be made again from the journal. Readers open `mode=ro` and read in short transactions, since a
long one keeps the WAL growing.
"""

from __future__ import annotations

import logging
import os
from array import array
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import apsw

from gateway.core.vocabulary.errors import DamagedError, GatehouseError, StorageError
from gateway.store.files import free_bytes
from gateway.store.sqlite.migrations import Schema, migrate, require_current

log = logging.getLogger(__name__)

BUSY_MS = 2_000
"""How long a statement waits for another connection's lock before it fails."""

SETS_ASIDE = "; start the engine, it sets the file aside and goes on"
"""The remedy for a damaged file of a data directory."""

_PEEK_MS = 500

CACHE_KIB = 512
"""Memory for pages of one connection; the system's own cache does the rest, and there are many connections."""

# With less free space an I/O error counts as a full disk, since SQLite reports some so.
_AS_GOOD_AS_FULL_BYTES = 128 * 1024


def open_writer(
    path: Path,
    schema: Schema,
    *,
    synchronous: Literal["FULL", "NORMAL"] = "FULL",
    vfs: str | None = None,
) -> apsw.Connection:
    """A connection that may write, migrated; `vfs` puts another file system under it (power-cut tests)."""
    with storage_errors(path):
        connection = apsw.Connection(os.fspath(path), vfs=vfs)
        try:
            _set_up(connection)
            # EXTRA while it becomes a WAL database: else the rollback journal of that step may come back after a
            # power cut, when the folder was not synced, and undo everything since.
            connection.pragma("synchronous", "EXTRA")
            connection.pragma("journal_mode", "wal")
            connection.pragma("synchronous", synchronous)
            migrate(connection, schema, path)
        except BaseException:
            connection.close()
            raise
        return connection


def open_reader(path: Path, schema: Schema, vfs: str | None = None) -> apsw.Connection:
    """A connection that only reads; StorageError when there is no such file."""
    if vfs is None and not path.exists():
        raise StorageError(f"{path} is missing; was the data directory made with `gatehouse init`?")
    with storage_errors(path):
        connection = apsw.Connection(os.fspath(path), flags=apsw.SQLITE_OPEN_READONLY, vfs=vfs)
        try:
            _set_up(connection)
            require_current(connection, schema, path)
        except BaseException:
            connection.close()
            raise
        return connection


def open_as_it_is(path: Path) -> apsw.Connection:
    """A connection to inspect a possibly damaged database; its WAL stays. apsw.Error."""
    connection = apsw.Connection(os.fspath(path), flags=apsw.SQLITE_OPEN_READWRITE)
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    connection.set_busy_timeout(BUSY_MS)
    return connection


def _set_up(connection: apsw.Connection) -> None:
    connection.set_busy_timeout(BUSY_MS)
    connection.pragma("cache_size", -CACHE_KIB)


def keep_wal(connection: apsw.Connection, most_bytes: int) -> None:
    """Leave the WAL file as it is when the last connection closes, so that it need not grow again.

    One that a long read has made larger than `most_bytes` is cut back at its restart.
    """
    wanted = array("i", [1])  # a C int with an address, without ctypes and its 10 ms
    address, _ = wanted.buffer_info()
    connection.file_control("main", apsw.SQLITE_FCNTL_PERSIST_WAL, address)
    connection.pragma("journal_size_limit", most_bytes)


def close_keeping_wal(connection: apsw.Connection) -> None:
    """Close a connection of `keep_wal`; with its limit SQLite would cut the WAL file to nothing."""
    with suppress(apsw.Error):  # closed before, or a disk that refuses: the WAL is grown again at the next start
        connection.pragma("journal_size_limit", -1)
    connection.close()


def grow_wal(path: Path, size_bytes: int) -> None:
    """Make the WAL of an open database `size_bytes` long with zeros, which SQLite takes for "no frame here".

    Commits then overwrite blocks that are there, and the disk need not write down a new length each time (1.5 x). A
    disk without room for it is left as it was.
    """
    wal = path.with_name(path.name + "-wal")
    try:
        with wal.open("r+b") as file:
            before = file.seek(0, os.SEEK_END)
            if before >= size_bytes:
                return
            try:
                file.write(bytes(size_bytes - before))
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.ftruncate(file.fileno(), before)
    except OSError:
        return


def peek(path: Path, sql: str, *values: Any) -> list[tuple[Any, ...]] | None:
    """A few rows of a database that another process may be writing; none when it is not there, None: unreadable."""
    if not path.exists():
        return []
    try:
        connection = apsw.Connection(os.fspath(path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            connection.set_busy_timeout(_PEEK_MS)
            return list(connection.execute(sql, values))
        finally:
            connection.close()
    except (apsw.Error, UnicodeDecodeError) as error:
        log.warning("%s cannot be read: %s", path, error)
        return None


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into StorageError with text; other errors pass."""
    try:
        yield
    except apsw.Error as error:
        raise explain(error, path) from error


@contextmanager
def transaction(connection: apsw.Connection, path: Path) -> Iterator[None]:
    """All of it or nothing; StorageError when the disk does not take it."""
    with storage_errors(path):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            roll_back(connection)
            raise


def roll_back(connection: apsw.Connection) -> None:
    """End a transaction that failed; SQLite has already ended it after some errors."""
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except apsw.Error:
        pass


def explain(error: apsw.Error, path: Path) -> GatehouseError:
    """The text for people for a SQLite error."""
    if isinstance(error, apsw.CorruptError | apsw.NotADBError):
        return DamagedError(f"{path} is damaged ({error}){SETS_ASIDE}")
    return StorageError(_words(error, path))


def _words(error: apsw.Error, path: Path) -> str:
    free = free_bytes(path) if isinstance(error, apsw.IOError) else None
    if isinstance(error, apsw.FullError) or (free is not None and free < _AS_GOOD_AS_FULL_BYTES):
        return f"disk full: free space on {path.parent}, {path.name} takes nothing more"
    if isinstance(error, apsw.ReadOnlyError):
        return f"{path} is read-only: check the owner, and whether the disk went read-only ({error})"
    if isinstance(error, apsw.CantOpenError):
        return f"{path} cannot be opened: check that it is there and who owns it ({error})"
    if isinstance(error, apsw.BusyError | apsw.LockedError):
        return f"{path} is held by another process for more than {BUSY_MS} ms: stop that one"
    if isinstance(error, apsw.IOError):
        return f"the disk under {path} fails: look at its health, replace the card ({error})"
    return f"{path} cannot be used: {error}"
