"""The settings file: never half written, and a broken one is not the end."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tinydb import TinyDB

from gateway.core.vocabulary.errors import DataDirectoryError, StorageError
from gateway.store.settings.documents import AtomicStorage, Documents

OLD = {"site": {"id": "old"}, "lanes": []}
NEW = {"site": {"id": "new", "name": "北苑"}, "lanes": [{"id": "in"}]}


@pytest.fixture
def documents(tmp_path: Path) -> Documents:
    made = Documents(tmp_path / "site.json")
    made.save(OLD)
    return made


def test_a_document_comes_back_as_it_was_saved(documents: Documents) -> None:
    documents.save(NEW)
    assert Documents(documents.path).load() == NEW
    assert documents.recovered == ""


def test_a_change_by_another_process_is_seen(documents: Documents) -> None:
    assert documents.load() == OLD
    Documents(documents.path).save(NEW)
    assert documents.load() == NEW


@pytest.mark.parametrize("damage", [b"", b"{", b"\x00" * 100, b"[1]", b'{"documents": 7}'])
def test_a_corrupt_file_is_replaced_by_the_last_good_one_and_this_is_said(documents: Documents, damage: bytes) -> None:
    documents.save(NEW)
    documents.path.write_bytes(damage)
    assert documents.load() == OLD
    assert "site.json cannot be read" in documents.recovered


def test_saving_again_ends_the_recovery_and_keeps_the_good_one(documents: Documents) -> None:
    documents.save(NEW)
    documents.path.write_bytes(b"{")
    documents.load()
    documents.save(NEW)
    assert documents.load() == NEW
    assert documents.recovered == ""
    documents.path.write_bytes(b"{")
    assert documents.load() == OLD


def test_a_first_version_that_breaks_is_said_to_be_broken_and_not_to_be_missing(tmp_path: Path) -> None:
    fresh = Documents(tmp_path / "site.json")
    fresh.save({"site": {"id": "first"}})
    fresh.path.write_bytes(b"{")
    with pytest.raises(DataDirectoryError, match="cannot be read"):
        fresh.load()


def test_a_lost_file_is_replaced_by_the_last_good_one(documents: Documents) -> None:
    documents.save(NEW)
    documents.path.unlink()
    assert documents.load() == OLD


def test_when_both_are_broken_it_is_said_what_to_do(documents: Documents) -> None:
    documents.save(NEW)
    documents.path.write_bytes(b"{")
    documents.path.with_name("site.json.last-good").write_bytes(b"{")
    with pytest.raises(DataDirectoryError, match="restore a backup"):
        documents.load()


def test_a_directory_without_a_site_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataDirectoryError, match="gatehouse init"):
        Documents(tmp_path / "site.json").load()


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_document(
    documents: Documents, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def fail(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    if call == "fsync":
        monkeypatch.setattr(os, "fsync", fail)
    else:
        monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(StorageError):
        documents.save(NEW)
    monkeypatch.undo()
    assert documents.load() == OLD


def test_nothing_is_left_lying_about_after_a_failure(documents: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _handle: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(StorageError):
        documents.save(NEW)
    left = {one.name for one in documents.path.parent.iterdir()}
    assert left <= {"site.json", "site.json.last-good"}


def test_the_file_is_one_that_tinydb_reads_and_only_its_owner(documents: Documents) -> None:
    assert documents.path.stat().st_mode & 0o777 == 0o600
    database = TinyDB(documents.path, storage=AtomicStorage)
    assert database.table("documents").all()[0]["document"] == OLD
    json.loads(documents.path.read_text())
