"""Floor: texts as long in a bare SQLite table, WAL and FULL, each with the hash of the one before; nothing else.

Lives through all rounds as the product's journal does: a database that is new each time would pay for its first pages.
"""

import os
import time
from hashlib import sha256
from pathlib import Path

import apsw

WAL_BYTES = 4 * 1024 * 1024
COPY_PAGES = 960


class Chain:
    def __init__(self, path: Path, text_bytes: int) -> None:
        self._db = db = apsw.Connection(str(path))
        for name, value in (("journal_mode", "wal"), ("synchronous", "FULL")):
            db.pragma(name, value)
        db.execute("CREATE TABLE rows(sequence INTEGER PRIMARY KEY, hash BLOB NOT NULL, text TEXT NOT NULL)")
        wal = path.with_name(path.name + "-wal")
        with wal.open("r+b") as file:
            file.seek(0, os.SEEK_END)
            file.write(bytes(WAL_BYTES))
            os.fsync(file.fileno())
        self._pages = 0
        db.set_wal_hook(self._committed)
        self._rest = "x" * (text_bytes - 64)
        self._previous, self._sequence = "0" * 64, 0

    def _committed(self, _db: apsw.Connection, _name: str, pages: int) -> int:
        self._pages = pages
        return apsw.SQLITE_OK

    def rows_per_second(self, commits: int, rows: int) -> float:
        """Durable rows a second, `rows` a commit; the WAL is copied by the way, as seldom as it allows."""
        db, rest, previous, sequence = self._db, self._rest, self._previous, self._sequence
        execute, executemany = db.execute, db.executemany
        insert = "INSERT INTO rows VALUES(?, ?, ?)"
        started_ns = time.perf_counter_ns()
        for _ in range(commits):
            made = []
            for _ in range(rows):
                sequence += 1
                text = previous + rest
                digest = sha256(text.encode()).digest()
                previous = digest.hex()
                made.append((sequence, digest, text))
            if rows == 1:
                execute(insert, made[0])
            else:
                execute("BEGIN IMMEDIATE")
                executemany(insert, made)
                execute("COMMIT")
            if self._pages >= COPY_PAGES:
                db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        took_ns = time.perf_counter_ns() - started_ns
        self._previous, self._sequence = previous, sequence
        return commits * rows * 1e9 / took_ns

    def close(self) -> None:
        self._db.close()
