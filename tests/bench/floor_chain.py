"""Floor: texts as long in a bare SQLite table, WAL and FULL, each with the hash of the one before; nothing else."""

import os
import time
from hashlib import sha256
from pathlib import Path

import apsw

WAL_BYTES = 4 * 1024 * 1024
COPY_PAGES = 960


def rows_per_second(path: Path, commits: int, rows: int, text_bytes: int) -> float:
    """Durable rows a second, `rows` a commit, in a database of its own, its WAL grown and copied as the product's."""
    db = apsw.Connection(str(path))
    for name, value in (("journal_mode", "wal"), ("synchronous", "FULL")):
        db.pragma(name, value)
    db.execute("CREATE TABLE rows(sequence INTEGER PRIMARY KEY, hash BLOB NOT NULL, text TEXT NOT NULL)")
    _grow(path.with_name(path.name + "-wal"))
    pages = 0

    def committed(_db: apsw.Connection, _name: str, count: int) -> int:
        nonlocal pages
        pages = count
        return apsw.SQLITE_OK

    db.set_wal_hook(committed)
    rest, previous, sequence = "x" * (text_bytes - 64), "0" * 64, 0
    started_ns = time.perf_counter_ns()
    for _ in range(commits):
        made = []
        for _ in range(rows):
            sequence += 1
            text = previous + rest
            digest = sha256(text.encode()).digest()
            previous = digest.hex()
            made.append((sequence, digest, text))
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT INTO rows VALUES(?, ?, ?)", made)
        db.execute("COMMIT")
        if pages >= COPY_PAGES:
            db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
    took_ns = time.perf_counter_ns() - started_ns
    db.close()
    path.unlink()
    return commits * rows * 1e9 / took_ns


def _grow(wal: Path) -> None:
    with wal.open("r+b") as file:
        file.seek(0, os.SEEK_END)
        file.write(bytes(WAL_BYTES))
        os.fsync(file.fileno())
