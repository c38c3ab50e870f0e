"""`web.db`: what only the web process knows (sessions, lock-outs, how far each HTTP consumer has
read).

One connection behind one lock: the rows are few, the statements take microseconds, and one writing
process per file is the rule of the data directory. Losing the last second of it at a power cut
costs a sign-in, so it is not flushed like the journal (`synchronous=NORMAL`), which spares the SD
card.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw

from gateway.core.errors import DataDirectoryError

_MIGRATIONS = (
    """
    CREATE TABLE session(
        key TEXT PRIMARY KEY, operator TEXT NOT NULL, mark TEXT NOT NULL,
        created_s INTEGER NOT NULL, expires_s INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE lockout(
        key TEXT PRIMARY KEY, failures INTEGER NOT NULL,
        last_s INTEGER NOT NULL, until_s INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE known(
        operator TEXT NOT NULL, address TEXT NOT NULL, last_s INTEGER NOT NULL,
        PRIMARY KEY(operator, address)
    ) WITHOUT ROWID;
    CREATE TABLE consumer(
        token TEXT PRIMARY KEY, sequence INTEGER NOT NULL, seen_s INTEGER NOT NULL
    ) WITHOUT ROWID;
    """,
)


class WebDatabase:
    """The connection to `web.db`, thread-safe; made on first use with its schema brought up to
    date.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: apsw.Connection | None = None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[apsw.Connection]:
        """The connection inside one transaction, for one thread at a time."""
        with self._lock:
            if self._connection is None:
                self._connection = _open(self._path)
            with self._connection:
                yield self._connection

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """All rows of one statement."""
        with self.transaction() as connection:
            return list(connection.execute(sql, values))

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None


def _open(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(2000)
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "normal")
    version = int(connection.pragma("user_version"))
    if version > len(_MIGRATIONS):
        connection.close()
        raise DataDirectoryError(
            f"{path.name} was made by a newer Gatehouse (schema {version}); run that version, or"
            " remove the file, then everybody signs in again"
        )
    for number, statements in enumerate(_MIGRATIONS[version:], start=version + 1):
        with connection:
            connection.execute(statements)
            connection.pragma("user_version", number)
    return connection
