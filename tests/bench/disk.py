"""A disk with nothing left to write, before the time is taken.

What was filled a moment ago still lies in the kernel's memory. It goes to the disk some seconds later, and a measured
commit that comes just then waits for it: a stall that no gateway has at work. So every filling, and every turn that is
measured, begins with `settle`.
"""

from __future__ import annotations

import os
from pathlib import Path


def settle(folder: Path) -> None:
    """Wait until everything below `folder` is on the disk, and whatever else the machine had to write too.

    Databases are filled by connections that have checkpointed and are closed, so what counts is in the files.
    """
    if folder.exists():
        for path in (folder, *folder.rglob("*")):
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                continue
            _sync(path)
    os.sync()


def _sync(path: Path) -> None:
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:  # a temporary file of a process that runs
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
