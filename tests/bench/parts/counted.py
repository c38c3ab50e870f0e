"""A part of the gateway as it is, with a counter under its databases: bytes handed to the file system, by file.

python -m tests.bench.parts.counted PART --data DIRECTORY. SQLite's own file system is wrapped, so every write of
every connection is counted, those of checkpoints too. The counts are in a small shared file beside the directory, where
`CountedGateway.written` reads them at any time. A process's `write_bytes` is no measure: the kernel counts whole large
folios there, a hundred times too much.
"""

from __future__ import annotations

import mmap
import sys
import threading
from collections import Counter
from pathlib import Path

import apsw

from gateway.__main__ import main as run
from tests.support.site_process import Gateway

_DATABASES = ("journal.db", "state.db", "registry.db", "uplink.db", "web.db")
FILES = (*_DATABASES, *(f"{name}-wal" for name in _DATABASES), "other")
_NUMBER_BYTES = 8
_SIZE_BYTES = _NUMBER_BYTES * len(FILES)


class CountedGateway(Gateway):
    """A gateway whose parts count what they write."""

    def module(self, part: str) -> str:
        """This module runs every part."""
        return "tests.bench.parts.counted"

    def written(self) -> Counter[str]:
        """Bytes so far by file, of all parts that were started last."""
        found: Counter[str] = Counter()
        for path in self.data.parent.glob(f"{self.data.name}-*-written"):
            numbers = path.read_bytes()
            for at, name in enumerate(FILES):
                found[name] += int.from_bytes(numbers[at * _NUMBER_BYTES : (at + 1) * _NUMBER_BYTES], "little")
        return found


def slot_of(path: str) -> int:
    """Where the bytes of a file are counted."""
    name = Path(path).name
    return FILES.index(name) if name in FILES else len(FILES) - 1


class Counts:
    """Counts in a shared file; safe for threads."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(bytes(_SIZE_BYTES))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _SIZE_BYTES)
        self._numbers = [0] * len(FILES)
        self._lock = threading.Lock()

    def add(self, slot: int, size_bytes: int) -> None:
        """So many bytes more."""
        with self._lock:
            self._numbers[slot] += size_bytes
            start = slot * _NUMBER_BYTES
            self._shared[start : start + _NUMBER_BYTES] = self._numbers[slot].to_bytes(_NUMBER_BYTES, "little")


def count_into(counts: Counts) -> apsw.VFS:
    """Put the counter under every database that is opened from now on; keep what is returned."""
    usual = apsw.vfs_names()[0]

    class File(apsw.VFSFile):
        def __init__(self, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
            super().__init__(usual, name, flags)
            path = name.filename() if isinstance(name, apsw.URIFilename) else name
            self._slot = slot_of(path or "")

        def xWrite(self, data: bytes, offset: int) -> None:
            counts.add(self._slot, len(data))
            super().xWrite(data, offset)

    class Counting(apsw.VFS):
        def __init__(self) -> None:
            super().__init__("counting", usual, makedefault=True)

        def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> File:
            return File(name, flags)

    return Counting()


def main() -> int:
    """Run the part and count."""
    data = Path(sys.argv[sys.argv.index("--data") + 1])
    counting = count_into(Counts(data.with_name(f"{data.name}-{sys.argv[1]}-written")))
    try:
        return run()
    finally:
        del counting


if __name__ == "__main__":
    sys.exit(main())
