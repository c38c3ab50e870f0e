"""A disk that loses power: an SQLite VFS that keeps what was not synced apart, and at a cut drops or tears it.

SQLite reads what it wrote, as through a page cache. Each file also has its durable content, which only a sync brings
up to date. `restart` plays the power cut: of everything written since the last sync, each sector of 512 bytes
survives or not, by the seed, in any combination, one of them perhaps in part; a file that was never synced may be
gone, one that was deleted may be back, a truncation may not have happened. Overwriting does not harm the bytes beside
it (SQLite assumes the same). Locks and the shared memory of the WAL index go to real files, in a fresh folder for
each life, since neither survives a power cut.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw

SECTOR_BYTES = 512
_numbers = itertools.count(1)


class _File:
    """One file: what programs see, what would survive, and what lies between."""

    def __init__(self) -> None:
        self.content = bytearray()
        self.durable = bytearray()
        self.created = False  # whether its entry in the folder is durable
        self.pending: list[tuple[int, bytes | None]] = []

    def write(self, data: bytes, offset: int) -> None:
        _put(self.content, data, offset)
        self.pending.append((offset, bytes(data)))

    def truncate(self, size: int) -> None:
        del self.content[size:]
        self.pending.append((size, None))

    def sync(self) -> None:
        for offset, data in self.pending:
            _apply(self.durable, offset, data)
        self.pending.clear()
        self.created = True

    def cut(self, chance: random.Random, survival: float) -> None:
        for offset, data in self.pending:
            if data is None:
                if chance.random() < survival:
                    _apply(self.durable, offset, None)
                continue
            for start, part in _sectors(offset, data):
                if chance.random() < survival:
                    _put(self.durable, part, start)
                elif chance.random() < 0.05:  # torn: its beginning only
                    _put(self.durable, part[: chance.randrange(len(part) + 1)], start)
        self.pending.clear()
        self.content = bytearray(self.durable)


class TornDisk(apsw.VFS):
    """The disk; also the VFS under the name `self.name`."""

    def __init__(self, folder: Path) -> None:
        """`folder` holds the real files for locks and shared memory."""
        self.name = f"torn-{next(_numbers)}"
        self._folder = folder
        self._files: dict[str, _File] = {}
        self._deleted: dict[str, _File] = {}
        self._life = 0
        self.operations = 0
        self._cut_at: int | None = None
        self._refuse: Callable[[str], None] | None = None
        self.dead = False
        super().__init__(self.name, "")
        self._new_life()

    @property
    def database(self) -> Path:
        """The path to give to SQLite; another one in each life of the disk."""
        return self._home / "journal.db"

    def cut_after(self, operations: int) -> None:
        """Lose power at the n-th write, sync, truncation or deletion from now on."""
        self._cut_at = self.operations + operations

    def refuse(self, how: Callable[[str], None] | None) -> None:
        """Let `how` raise before each operation it does not like, by kind; None: all is well again."""
        self._refuse = how

    def restart(self, chance: random.Random) -> None:
        """The power has gone and come back."""
        survival = chance.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        for name, file in self._deleted.items():
            if chance.random() < 0.5:
                self._files.setdefault(name, file)
        for name, file in list(self._files.items()):
            if not file.created and chance.random() >= survival:
                del self._files[name]
            else:
                file.cut(chance, survival)
        self._new_life()

    def _new_life(self) -> None:
        self._life += 1
        self._home = self._folder / f"life{self._life}"
        self._home.mkdir()
        self._deleted.clear()
        self._cut_at = None
        self.dead = False

    def happens(self, kind: str) -> None:
        """Count an operation; raises when the power is gone or the disk refuses."""
        self.operations += 1
        if self._cut_at is not None and self.operations >= self._cut_at:
            self.dead = True
        if self.dead:
            raise apsw.IOError("the power is gone")
        if self._refuse is not None:
            self._refuse(kind)

    def discard(self) -> None:
        """The disk is thrown away with all that is on it; SQLite would keep it for as long as the process lives."""
        self.unregister()
        self._files.clear()
        self._deleted.clear()

    # ---- apsw.VFS ------------------------------------------------------------------------------------------------

    def xOpen(self, name: Any, flags: list[int]) -> Any:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        key = "" if path is None else Path(path).name
        if key in self._files:
            (self._home / key).touch()  # the real one was not made in this life yet
        file = self._files.setdefault(key, _File()) if key else _File()
        return _Handle(self, file, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        self.happens("delete")
        key = Path(filename).name
        file = self._files.pop(key, None)
        if file is not None and not syncdir:
            self._deleted[key] = file
        Path(filename).unlink(missing_ok=True)

    def xAccess(self, pathname: str, flags: int) -> bool:
        key = Path(pathname).name
        return key in self._files or super().xAccess(pathname, flags)


class _Handle(apsw.VFSFile):
    """An open file: data in the model, locks and shared memory in the real one."""

    def __init__(self, disk: TornDisk, file: _File, name: Any, flags: list[int]) -> None:
        self._disk = disk
        self._file = file
        super().__init__("", name, flags)

    def xRead(self, amount: int, offset: int) -> bytes:
        return bytes(self._file.content[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:
        if self._disk.dead:
            raise apsw.IOError("the power is gone")
        try:
            self._disk.happens("write")
        except apsw.IOError:
            self._file.write(data, offset)  # it was on its way
            raise
        self._file.write(data, offset)

    def xTruncate(self, newsize: int) -> None:
        self._disk.happens("truncate")
        self._file.truncate(newsize)

    def xSync(self, _flags: int) -> None:
        self._disk.happens("sync")
        self._file.sync()

    def xFileSize(self) -> int:
        return len(self._file.content)


def _apply(content: bytearray, offset: int, data: bytes | None) -> None:
    if data is None:
        del content[offset:]
    else:
        _put(content, data, offset)


def _put(content: bytearray, data: bytes, offset: int) -> None:
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


def _sectors(offset: int, data: bytes) -> list[tuple[int, bytes]]:
    """A write in parts that lie in one sector each."""
    parts, at = [], 0
    while at < len(data):
        size = SECTOR_BYTES - (offset + at) % SECTOR_BYTES
        parts.append((offset + at, data[at : at + size]))
        at += size
    return parts
