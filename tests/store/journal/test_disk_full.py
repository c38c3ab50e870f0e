"""A full or failing disk: a clear error, nothing half stored, and all is well when there is room again."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from gateway.core.vocabulary.errors import StorageError
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.simulation.box.disk import TornDisk
from gateway.store.files import write_atomically
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal
from gateway.store.passes.registry import PassRegistry
from tests.store.conftest import SOURCE, row


@pytest.fixture
def disk(fast_folder: Path) -> TornDisk:
    return TornDisk(fast_folder)


@pytest.fixture
def on_disk(disk: TornDisk) -> Iterator[Journal]:
    made = Journal.create(disk.database, "fulljournal", SOURCE, "boot", disk.name)
    yield made
    disk.refuse(None)
    made.close()


def _refusing(error: apsw.Error, kinds: tuple[str, ...] = ("write",), after: int = 0):
    left = [after]

    def refuse(kind: str) -> None:
        if kind in kinds:
            left[0] -= 1
            if left[0] < 0:
                raise error

    return refuse


def test_a_full_disk_is_said_in_words(disk: TornDisk, on_disk: Journal) -> None:
    disk.refuse(_refusing(apsw.FullError("full")))
    with pytest.raises(StorageError, match="disk full: free space on"):
        on_disk.append([row()])


@pytest.mark.parametrize("kind", ["write", "sync"])
@pytest.mark.parametrize("after", range(8))
def test_wherever_a_commit_fails_nothing_of_it_is_stored(
    disk: TornDisk, on_disk: Journal, kind: str, after: int
) -> None:
    on_disk.append([row(1), row(2)])
    before = (on_disk.last_sequence, on_disk.last_hash)
    disk.refuse(_refusing(apsw.IOError("broken"), (kind,), after))
    failed = False
    try:
        on_disk.append([row(n, note="x" * 2000) for n in range(5)])
    except StorageError:
        failed = True
        assert (on_disk.last_sequence, on_disk.last_hash) == before
    disk.refuse(None)
    assert list(on_disk.append([row(9)])) == ([3] if failed else [8])
    assert JournalReader(disk.database, disk.name).verify().last == on_disk.last_sequence


def test_while_the_disk_stays_full_every_append_is_refused_and_none_is_half_stored(
    disk: TornDisk, on_disk: Journal
) -> None:
    on_disk.append([row(1)])
    disk.refuse(_refusing(apsw.FullError("full"), ("write", "sync", "truncate")))
    for _ in range(5):
        with pytest.raises(StorageError):
            on_disk.append([row(2)])
        assert on_disk.last_sequence == 1
    disk.refuse(None)
    assert list(on_disk.append([row(3)])) == [2]


def test_a_checkpoint_on_a_full_disk_loses_nothing(
    disk: TornDisk, on_disk: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.store.journal.writer.TIDY_FRAMES", 1)
    on_disk.append([row(n) for n in range(50)])
    disk.refuse(_refusing(apsw.FullError("full")))
    assert on_disk.tidy() is False
    disk.refuse(None)
    assert on_disk.tidy() is True
    assert JournalReader(disk.database, disk.name).verify().rows == 50


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Eight megabytes of tmpfs: a real disk that can really be full."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a tmpfs needs root")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def _fill(folder: Path) -> Path:
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return filler
    raise AssertionError("the disk did not fill")


@pytest.mark.real
def test_a_journal_on_a_full_disk_refuses_and_goes_on_when_there_is_room(small_disk: Path) -> None:
    path = small_disk / "journal.db"
    journal = Journal.create(path, "fulljournal", SOURCE, "boot")
    journal.append([row(1)])
    filler = _fill(small_disk)
    with pytest.raises(StorageError, match="disk full: free space on"):
        for _ in range(100):  # what was grown beforehand still takes some
            journal.append([row(n, note="x" * 500) for n in range(200)])
    stored = journal.last_sequence
    with pytest.raises(StorageError):
        journal.append([row(n, note="x" * 500) for n in range(20_000)])
    assert journal.last_sequence == stored
    filler.unlink()
    assert list(journal.append([row(2)])) == [stored + 1]
    journal.close()
    assert JournalReader(path).verify().last == stored + 1


@pytest.mark.real
def test_an_import_on_a_full_disk_leaves_the_passes_as_they_were(small_disk: Path) -> None:
    registry = PassRegistry(small_disk / "registry.db", writer=True)
    registry.put(Pass("old", PassKind.STAFF, cards=("1",)))
    many = (Pass(f"p{n}", PassKind.STAFF, note="x" * 500, cards=(str(n),)) for n in range(50_000))
    with pytest.raises(StorageError, match="nothing was imported"):
        registry.import_passes(many)
    assert registry.count() == 1
    assert [one.id for one in registry.find("card", "1")] == ["old"]
    registry.put(Pass("new", PassKind.STAFF))
    assert registry.count() == 2
    registry.close()


@pytest.mark.real
def test_a_small_file_on_a_full_disk_stays_as_it_was(small_disk: Path) -> None:
    path = small_disk / "site.json"
    write_atomically(path, b"old")
    _fill(small_disk)
    with pytest.raises(StorageError, match="free space"):
        write_atomically(path, b"new" * 10_000)
    assert path.read_bytes() == b"old"
