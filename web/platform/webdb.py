"""`web.db`: data of the web process: sessions, lock-outs, cursors of HTTP consumers, working drafts of installers,
drawn signatures.

One connection behind one lock: the rows are few, the statements take microseconds, and one writing process per file
is the rule of the data directory. A lost last second at a power cut costs a sign-in, so it is not flushed like
the journal (`synchronous=NORMAL`), which spares the SD card. A damaged file is set aside and made again: people sign in
again, and retention counts a consumer from its next pull on.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw

from gateway.store.recovery.aside import open_or_begin
from gateway.store.sqlite.database import storage_errors
from gateway.store.sqlite.migrations import Schema

SCHEMA = Schema(
    "sessions",
    0x47485745,
    (
        """
        CREATE TABLE session(
            key TEXT PRIMARY KEY,
            operator TEXT NOT NULL,
            mark TEXT NOT NULL,
            created_s INTEGER NOT NULL,
            expires_s INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE lockout(
            key TEXT PRIMARY KEY,
            failures INTEGER NOT NULL,
            last_s INTEGER NOT NULL,
            until_s INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE known(
            operator TEXT NOT NULL,
            address TEXT NOT NULL,
            last_s INTEGER NOT NULL,
            PRIMARY KEY(operator, address)
        ) WITHOUT ROWID;
        CREATE TABLE consumer(
            token TEXT PRIMARY KEY,
            sequence INTEGER NOT NULL,
            seen_s INTEGER NOT NULL
        ) WITHOUT ROWID;
        """,
        # A sequence counts only in its journal; one that was noted without a journal counts in none.
        "ALTER TABLE consumer ADD COLUMN journal TEXT NOT NULL DEFAULT ''",
        # The head of the confirmed row, signed.
        "ALTER TABLE consumer ADD COLUMN head TEXT NOT NULL DEFAULT ''",
        # The settings that an installer works on, until they are applied.
        "CREATE TABLE draft(operator TEXT PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;",
        # Drawn signatures by the id that the journal has of each.
        "CREATE TABLE drawing(media TEXT PRIMARY KEY, drawn_s INTEGER NOT NULL, png BLOB NOT NULL) WITHOUT ROWID;",
    ),
)


class WebDatabase:
    """The connection to `web.db`, thread-safe; made on first use with its schema brought up to date."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._connection: apsw.Connection | None = None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[apsw.Connection]:
        """The connection inside one transaction, for one thread at a time; StorageError."""
        with self._lock:
            if self._connection is None:
                self._connection = open_or_begin(self.path, SCHEMA, synchronous="NORMAL")
            with storage_errors(self.path), self._connection:
                yield self._connection

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """All rows of one statement in a transaction of its own."""
        with self.transaction() as connection:
            return list(connection.execute(sql, values))

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
