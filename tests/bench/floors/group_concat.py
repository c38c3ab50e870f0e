"""Floor: the stored texts joined by SQLite, a thousand at a time, from the first to the last, and nothing else.

`packed`: each page compressed at zlib's quickest level too.
"""

import time
import zlib
from pathlib import Path

import apsw

PAGE = 1000
GZIP_WINDOW = 31


def events_per_second(path: Path, rows: int, passes: int, packed: bool = False) -> float:
    db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    execute = db.execute
    sql = (
        "SELECT CAST(group_concat(text, ',') AS BLOB)"
        f" FROM (SELECT text FROM rows WHERE sequence > ? ORDER BY sequence LIMIT {PAGE})"
    )
    started_ns = time.perf_counter_ns()
    for _ in range(passes):
        for after in range(0, rows, PAGE):
            page = execute(sql, (after,)).fetchone()[0]
            if packed:
                zlib.compress(page, 1, GZIP_WINDOW)
    took_ns = time.perf_counter_ns() - started_ns
    db.close()
    return passes * rows * 1e9 / took_ns
