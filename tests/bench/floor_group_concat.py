"""Floor: the stored texts joined by SQLite, a thousand at a time, from the first to the last, and nothing else."""

import time
from pathlib import Path

import apsw

PAGE = 1000


def events_per_second(path: Path, rows: int, passes: int) -> float:
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    execute = db.execute
    sql = (
        "SELECT CAST(group_concat(text, ',') AS BLOB)"
        f" FROM (SELECT text FROM rows WHERE sequence > ? ORDER BY sequence LIMIT {PAGE})"
    )
    started_ns = time.perf_counter_ns()
    for _ in range(passes):
        for after in range(0, rows, PAGE):
            execute(sql, (after,)).fetchone()
    took_ns = time.perf_counter_ns() - started_ns
    db.close()
    return passes * rows * 1e9 / took_ns
