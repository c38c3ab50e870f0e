"""A file system under SQLite that brings large writes to the disk bit by bit, for an import.

A transaction of hundreds of megabytes is otherwise flushed in one go at its commit, and once more by the checkpoint.
A commit of another process in that second waits behind it, such as the journal's before an arm moves. Temporary files
are left alone.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import apsw

STEADY_BYTES = 2_000_000
"""What is written to a file and not yet on the disk, at most."""

_LASTING = apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_WAL


class SteadyDisk(apsw.VFS):
    """A file system under this name, above another one; "" is SQLite's own."""

    def __init__(self, name: str, base: str = "") -> None:
        super().__init__(name, base)
        self.name = name
        self._base = base

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        """A file, which is synced now and then if it is to last."""
        return (_SteadyFile if flags[0] & _LASTING else apsw.VFSFile)(self._base, name, flags)


class _SteadyFile(apsw.VFSFile):
    def __init__(self, base: str, name: Any, flags: list[int]) -> None:
        super().__init__(base, name, flags)
        self._waiting = 0

    def xWrite(self, data: bytes, offset: int) -> None:
        super().xWrite(data, offset)
        self._waiting += len(data)
        if self._waiting >= STEADY_BYTES:
            self.xSync(apsw.SQLITE_SYNC_NORMAL)

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self._waiting = 0


@cache
def steady_disk() -> SteadyDisk:
    """The one above SQLite's own, for the rest of the process."""
    return SteadyDisk("steady")
