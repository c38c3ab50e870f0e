"""The storage beneath the site document: which version is kept, and which one is read."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from gateway.core.vocabulary.errors import DataDirectoryError
from gateway.store.settings.documents import AtomicStorage, Documents


def test_the_storage_of_no_file_holds_nothing(tmp_path: Path) -> None:
    storage = AtomicStorage(tmp_path / "site.json")
    assert storage.read() is None
    assert storage.last_good == tmp_path / "site.json.last-good"


def test_the_version_before_is_kept(tmp_path: Path) -> None:
    storage = AtomicStorage(tmp_path / "site.json")
    for number in (1, 2, 3):
        storage.write({"t": {"n": number}})
    assert storage.read() == {"t": {"n": 3}}
    assert msgspec.json.decode(storage.last_good.read_bytes()) == {"t": {"n": 2}}
    assert not (tmp_path / ".site.json.last-good.new").exists()


@pytest.mark.parametrize("present", [b"broken", b"{}", b'{"t":{}}', b"[]", b'{"t":1}', b""])
def test_a_version_that_holds_nothing_is_not_kept(tmp_path: Path, present: bytes) -> None:
    storage = AtomicStorage(tmp_path / "site.json")
    storage.last_good.write_bytes(b'{"t":{"n":1}}')
    (tmp_path / "site.json").write_bytes(present)
    storage.write({"t": {"n": 2}})
    assert storage.last_good.read_bytes() == b'{"t":{"n":1}}'
    assert storage.read() == {"t": {"n": 2}}


@pytest.mark.parametrize("present", [b"[]", b'{"t":1}', b"{"])
def test_what_is_no_file_of_tinydb_is_recovered_and_said(tmp_path: Path, present: bytes) -> None:
    storage = AtomicStorage(tmp_path / "site.json")
    storage.last_good.write_bytes(b'{"t":{"n":1}}')
    (tmp_path / "site.json").write_bytes(present)
    assert storage.read() == {"t": {"n": 1}}
    assert storage.recovered.startswith("site.json cannot be read (")
    (tmp_path / "site.json").write_bytes(b'{"t":{"n":2}}')
    assert storage.read() == {"t": {"n": 2}}
    assert storage.recovered == ""


@pytest.mark.parametrize("document", ["null", "7", "[]"])
def test_a_site_that_is_no_object_is_none(tmp_path: Path, document: str) -> None:
    path = tmp_path / "site.json"
    path.write_text(f'{{"documents":{{"1":{{"name":"site","document":{document}}}}}}}')
    with pytest.raises(DataDirectoryError, match="holds no site; make it with `gatehouse init --data"):
        Documents(path).load()


def test_before_the_first_look_nothing_was_recovered(tmp_path: Path) -> None:
    assert Documents(tmp_path / "site.json").recovered == ""


def test_a_site_is_stored_in_one_row(tmp_path: Path) -> None:
    documents = Documents(tmp_path / "site.json")
    documents.save({"n": 1})
    documents.save({"n": 2})
    assert documents.load() == {"n": 2}
    assert len(msgspec.json.decode((tmp_path / "site.json").read_bytes())["documents"]) == 1
