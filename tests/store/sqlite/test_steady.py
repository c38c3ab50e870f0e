"""A long transaction reaches the disk bit by bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import apsw
import pytest

from gateway.store.sqlite import steady
from gateway.store.sqlite.steady import SteadyDisk

PAGE_BYTES = 4096
BIT_BYTES = 50_000
LONG = "x" * 1000


class Watched(apsw.VFS):
    """Notes the most that was written to each file without a sync."""

    def __init__(self) -> None:
        super().__init__("watched", "")
        self.most: dict[str, int] = {}

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        return WatchedFile(self.most, name, flags)


class WatchedFile(apsw.VFSFile):
    def __init__(self, most: dict[str, int], name: Any, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._most, self._waiting = most, 0
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._name = Path(path).name if path else "temporary"

    def xWrite(self, data: bytes, offset: int) -> None:
        super().xWrite(data, offset)
        self._waiting += len(data)
        self._most[self._name] = max(self._most.get(self._name, 0), self._waiting)

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self._waiting = 0


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    monkeypatch.setattr(steady, "STEADY_BYTES", BIT_BYTES)
    return Watched()


def fill(path: Path, vfs: str) -> None:
    db = apsw.Connection(str(path), vfs=vfs)
    db.pragma("journal_mode", "wal")
    db.pragma("cache_size", 50)
    db.pragma("temp_store", 1)
    db.execute("CREATE TABLE t(a); CREATE TEMP TABLE s(a)")
    for table in ("t", "s"):
        with db:
            db.executemany(f"INSERT INTO {table} VALUES(?)", [(LONG,)] * 2000)
    db.execute("SELECT a FROM s ORDER BY a").fetchall()
    db.close()


def test_a_long_transaction_and_its_checkpoint_are_synced_bit_by_bit(tmp_path: Path, watched: Watched) -> None:
    disk = SteadyDisk("steady-over-watched", "watched")
    fill(tmp_path / "x.db", disk.name)
    assert BIT_BYTES <= watched.most["x.db-wal"] < BIT_BYTES + 2 * PAGE_BYTES
    assert BIT_BYTES <= watched.most["x.db"] < BIT_BYTES + 2 * PAGE_BYTES


def test_temporary_files_are_never_synced(tmp_path: Path, watched: Watched) -> None:
    disk = SteadyDisk("steady-over-watched", "watched")
    fill(tmp_path / "x.db", disk.name)
    assert watched.most["temporary"] > 10 * BIT_BYTES


def test_without_it_a_long_transaction_comes_at_once(tmp_path: Path, watched: Watched) -> None:
    fill(tmp_path / "x.db", "watched")
    assert watched.most["x.db-wal"] > 10 * BIT_BYTES


def test_others_see_what_was_committed_through_it(tmp_path: Path) -> None:
    fill(tmp_path / "x.db", steady.steady_disk().name)
    db = apsw.Connection(str(tmp_path / "x.db"))
    assert db.execute("SELECT count(*), sum(length(a)) FROM t").fetchone() == (2000, 2000 * 1000)
    assert db.pragma("integrity_check") == "ok"
    db.close()
