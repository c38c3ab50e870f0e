"""Files are replaced in steps that a power cut may end: each one is on the disk before the next one begins."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.store.files import new_file, write_atomically
from gateway.store.recovery import aside
from gateway.store.settings.documents import Documents
from gateway.store.sqlite.database import open_writer
from gateway.store.sqlite.migrations import Schema

EMPTY = Schema("tests", 7, ("CREATE TABLE t (x INTEGER)",))


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is synced (`/` is a directory) and renamed, in order."""
    found: list[str] = []

    def told(name: str, say: Callable[..., str]) -> None:
        right = getattr(os, name)

        def tells(*arguments: Any, **more: Any) -> Any:
            answer = right(*arguments, **more)
            found.append(say(*arguments))
            return answer

        monkeypatch.setattr(os, name, tells)

    def synced(handle: int) -> str:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        return "sync /" if path.is_dir() else f"sync {path.name}"

    told("fsync", synced)
    for name in ("replace", "rename"):
        told(name, lambda _old, new: f"now {Path(new).name}")
    return found


def test_a_file_is_whole_on_the_disk_before_it_has_its_name(tmp_path: Path, steps: list[str]) -> None:
    write_atomically(tmp_path / "a", b"x")
    assert steps == ["sync .a.new", "now a", "sync /"]
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


def test_a_file_for_a_person_is_whole_on_the_disk_before_it_has_its_name(tmp_path: Path, steps: list[str]) -> None:
    with new_file(tmp_path / "a", force=False) as file:
        file.write(b"x")
    assert steps == ["sync .a.part", "now a", "sync /"]


def test_a_database_has_gone_on_the_disk_before_its_wal_goes(tmp_path: Path, steps: list[str]) -> None:
    for suffix in ("", "-wal", "-shm"):
        (tmp_path / f"a.db{suffix}").touch()
    aside.move(tmp_path / "a.db", tmp_path / "b.db")
    assert steps == ["now b.db", "sync /", "now b.db-wal", "now b.db-shm", "sync /"]


def test_a_new_database_takes_its_place_when_the_old_one_has_gone_on_the_disk(tmp_path: Path, steps: list[str]) -> None:
    for name in ("a.db", "b.db.next"):
        (tmp_path / name).touch()
    aside.swap(tmp_path / "a.db", tmp_path / "b.db")
    assert steps == ["now b.db", "sync /", "sync /", "now a.db", "sync /"]


def test_a_new_database_is_ready_on_the_disk(tmp_path: Path, steps: list[str]) -> None:
    open_writer(aside.making(tmp_path / "b.db"), EMPTY).close()
    del steps[:]
    aside.made(tmp_path / "b.db")
    assert steps == ["now b.db.next", "sync /"]


def test_the_settings_before_a_change_are_kept_on_the_disk_before_the_new_ones(
    tmp_path: Path, steps: list[str]
) -> None:
    documents = Documents(tmp_path / "site.json")
    documents.save({"site": {"id": "a"}})
    del steps[:]
    documents.save({"site": {"id": "b"}})
    assert steps == ["now site.json.last-good", "sync /", "sync .site.json.new", "now site.json", "sync /"]
