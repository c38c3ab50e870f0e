"""Room for a start on a full disk: held while there is plenty, given up when there is none."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from gateway.store.recovery import reserve
from gateway.store.recovery.reserve import NEEDED_BYTES, PLENTY_BYTES, RESERVE_BYTES, Reserve


def free(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """So much is free on the disk."""
    monkeypatch.setattr(reserve.os, "statvfs", lambda _path: SimpleNamespace(f_bavail=size, f_frsize=1))


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    free(monkeypatch, PLENTY_BYTES)
    Reserve(tmp_path / "reserve").hold()
    return tmp_path / "reserve"


def test_room_is_really_taken_and_once(held: Path) -> None:
    found = held.stat()
    assert (found.st_size, found.st_blocks * 512 >= RESERVE_BYTES) == (RESERVE_BYTES, True)
    Reserve(held).hold()
    assert held.stat().st_ino == found.st_ino


def test_it_is_given_up_only_on_a_full_disk(held: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, NEEDED_BYTES)
    assert not Reserve(held).release()
    assert held.exists()
    free(monkeypatch, NEEDED_BYTES - 1)
    assert Reserve(held).release()
    assert not held.exists()
    assert not Reserve(held).release()


def test_nothing_is_taken_from_a_disk_without_plenty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, PLENTY_BYTES - 1)
    Reserve(tmp_path / "reserve").hold()
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_refuses_is_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> None:
        raise OSError(28, os.strerror(28))

    free(monkeypatch, PLENTY_BYTES)
    monkeypatch.setattr(reserve.os, "posix_fallocate", refuse)
    Reserve(tmp_path / "reserve").hold()
    assert list(tmp_path.iterdir()) == []
