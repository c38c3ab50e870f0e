"""The engine as it is, on a disk of which every flush takes long, or one flush hangs.

python -m tests.bench.parts.slow_engine engine --data DIRECTORY. SQLite's own file system is wrapped, so every flush of
every database is met. `flush_ms` is a worn SD card; `hang` makes the next flush of the journal hang, once.
"""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import patch

import apsw

from gateway.__main__ import main as run
from tests.support.site_process import Gateway

FLUSH_VARIABLE = "GATEHOUSE_BENCH_FLUSH_MS"
_NUMBER_BYTES = 8
_SIZE_BYTES = 2 * _NUMBER_BYTES
"""In the shared file: how long the next flush hangs, in ms; how many have hung."""
_OF_THE_JOURNAL = ("journal.db", "journal.db-wal")


class SlowGateway(Gateway):
    """A gateway whose engine has such a disk."""

    flush_ms = 0

    def start(self, part: str = "engine") -> subprocess.Popen[bytes]:
        """As a gateway is started."""
        if part == "engine":
            _shared_path(self.data).write_bytes(bytes(_SIZE_BYTES))
        with patch.dict(os.environ, {FLUSH_VARIABLE: str(self.flush_ms)}):
            return super().start(part)

    def module(self, part: str) -> str:
        """This module runs the engine."""
        return "tests.bench.parts.slow_engine" if part == "engine" else super().module(part)

    def hang(self, hang_ms: int) -> None:
        """The next flush of the journal takes so long."""
        with _shared_path(self.data).open("r+b") as file, mmap.mmap(file.fileno(), _SIZE_BYTES) as shared:
            shared[:_NUMBER_BYTES] = hang_ms.to_bytes(_NUMBER_BYTES, "little")

    def hung(self) -> int:
        """How many flushes have hung, those under way included."""
        return int.from_bytes(_shared_path(self.data).read_bytes()[_NUMBER_BYTES:], "little")


def _shared_path(data: Path) -> Path:
    return data.with_name(f"{data.name}-flushes")


class Disk:
    """What `hang` asks for, as the engine sees it."""

    def __init__(self, data: Path, flush_ms: int) -> None:
        self._flush_ms = flush_ms
        with _shared_path(data).open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _SIZE_BYTES)

    def wait(self, of_the_journal: bool) -> None:
        """What a flush takes longer than the true one."""
        if self._flush_ms:
            time.sleep(self._flush_ms / 1000)
        if of_the_journal and (hang_ms := int.from_bytes(self._shared[:_NUMBER_BYTES], "little")):
            hung = int.from_bytes(self._shared[_NUMBER_BYTES:], "little") + 1
            self._shared[:] = bytes(_NUMBER_BYTES) + hung.to_bytes(_NUMBER_BYTES, "little")
            time.sleep(hang_ms / 1000)


def slow_down(disk: Disk) -> apsw.VFS:
    """Put the disk under every database that is opened from now on; keep what is returned."""
    usual = apsw.vfs_names()[0]

    class File(apsw.VFSFile):
        def __init__(self, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
            super().__init__(usual, name, flags)
            path = name.filename() if isinstance(name, apsw.URIFilename) else name
            self._of_the_journal = Path(path or "").name in _OF_THE_JOURNAL

        def xSync(self, flags: int) -> None:
            disk.wait(self._of_the_journal)
            super().xSync(flags)

    class Slow(apsw.VFS):
        def __init__(self) -> None:
            super().__init__("slow", usual, makedefault=True)

        def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> File:
            return File(name, flags)

    return Slow()


def main() -> int:
    """Run the engine on such a disk."""
    data = Path(sys.argv[sys.argv.index("--data") + 1])
    slow = slow_down(Disk(data, int(os.environ.get(FLUSH_VARIABLE, "0"))))
    try:
        return run()
    finally:
        del slow


if __name__ == "__main__":
    sys.exit(main())
