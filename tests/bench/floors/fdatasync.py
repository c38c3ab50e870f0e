"""Floor: append 200 bytes to a file and fdatasync, nothing else."""

import os
import time
from pathlib import Path


def appends_per_second(path: Path, appends: int) -> float:
    data = b"x" * 200
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    write, sync = os.write, os.fdatasync
    started_ns = time.perf_counter_ns()
    for _ in range(appends):
        write(handle, data)
        sync(handle)
    took_ns = time.perf_counter_ns() - started_ns
    os.close(handle)
    path.unlink()
    return appends * 1e9 / took_ns
