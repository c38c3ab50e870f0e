"""The data directory: made once, owned by one engine, never by a newer one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from gateway.core.vocabulary.errors import DataDirectoryError, InUseError, SettingsError
from gateway.store.directory import DataDirectory, source_of
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal
from gateway.store.passes.registry import PassRegistry
from gateway.store.settings.secrets import check_pin
from tests.store.conftest import row

SITE: dict[str, Any] = {
    "site": {"id": "north-court"},
    "gateway": {"id": "gw1"},
    "devices": [{"id": "io", "driver": "noop"}],
    "lanes": [{"id": "in", "direction": "entry", "barrier": {"open": "io.output.0"}}],
    "operators": [{"name": "Lin", "role": "guard", "pin": "2468"}],
    "uplink": {"mqtt": {"host": "h", "password": "secret"}},
}


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    made = DataDirectory(tmp_path / "data")
    made.create(SITE)
    return made


def test_a_new_directory_opens_with_its_settings(directory: DataDirectory) -> None:
    settings = directory.open()
    assert source_of(settings) == "/sites/north-court/gateways/gw1"
    assert settings.uplink is not None
    assert settings.uplink.mqtt is not None
    assert settings.uplink.mqtt.password == "secret"
    assert check_pin("2468", settings.operators[0].pin_hash or "")


def test_no_secret_stands_in_the_settings_file(directory: DataDirectory) -> None:
    text = directory.site.read_text()
    assert "2468" not in text
    assert "secret" not in text
    assert directory.secrets.stat().st_mode & 0o777 == 0o700


def test_settings_saved_without_a_password_keep_the_one_that_is_there(
    directory: DataDirectory,
) -> None:
    directory.save_site(directory.documents.load())
    settings = directory.settings()
    assert settings.uplink is not None
    assert settings.uplink.mqtt is not None
    assert settings.uplink.mqtt.password == "secret"
    assert check_pin("2468", settings.operators[0].pin_hash or "")


def test_each_directory_has_a_journal_of_its_own(directory: DataDirectory, tmp_path: Path) -> None:
    other = DataDirectory(tmp_path / "other")
    other.create(SITE)
    assert JournalReader(directory.journal).journal_id != JournalReader(other.journal).journal_id


def test_a_directory_in_use_is_not_made_again(directory: DataDirectory) -> None:
    before = JournalReader(directory.journal).journal_id
    with pytest.raises(DataDirectoryError, match="in use already"):
        directory.create(SITE)
    assert JournalReader(directory.journal).journal_id == before


def test_a_wrong_site_file_makes_nothing(tmp_path: Path) -> None:
    made = DataDirectory(tmp_path / "data")
    with pytest.raises(SettingsError):
        made.create({**SITE, "colour": "red"})
    assert not made.path.exists()


def test_a_directory_that_was_only_half_made_is_made_anew(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    Journal.create(directory.journal).close()
    (tmp_path / "registry.db").write_bytes(b"")
    directory.create(SITE)
    assert directory.open().site.id == "north-court"


def test_a_journal_with_rows_is_never_taken_for_half_made(directory: DataDirectory) -> None:
    journal = Journal.open(directory.journal, "/s", "b")
    journal.append([row()])
    journal.close()
    directory.site.unlink()
    with pytest.raises(DataDirectoryError, match="in use already"):
        directory.create(SITE)


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: _sql(path, "PRAGMA user_version = 99"),
        lambda path: _sql(path, "PRAGMA user_version = 0"),
        lambda path: path.write_bytes(b"torn " * 1000),
    ],
    ids=["of a newer program", "of an older program", "damaged"],
)
def test_a_journal_that_cannot_be_read_is_never_taken_for_half_made(
    directory: DataDirectory, harm: Callable[[Path], object]
) -> None:
    journal = Journal.open(directory.journal, "/s", "b")
    journal.append([row()])
    journal.close()
    harm(directory.journal)
    before = directory.journal.read_bytes()
    directory.site.unlink()
    with pytest.raises(DataDirectoryError, match="in use already"):
        directory.create(SITE)
    assert directory.journal.read_bytes() == before


def _sql(path: Path, text: str) -> None:
    db = apsw.Connection(str(path))
    db.execute(text)
    db.close()


def test_what_is_no_data_directory_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataDirectoryError, match="gatehouse init"):
        DataDirectory(tmp_path).open()


@pytest.mark.parametrize("name", ["journal.db", "registry.db", "state.db", "site.json"])
def test_a_directory_that_lost_a_file_does_not_open(directory: DataDirectory, name: str) -> None:
    (directory.path / name).unlink()
    with pytest.raises(DataDirectoryError):
        directory.open()


def test_a_second_engine_is_refused_and_told_who_is_first(directory: DataDirectory) -> None:
    directory.lock()
    with pytest.raises(InUseError, match=r"process \d+"):
        DataDirectory(directory.path).lock()
    directory.unlock()
    again = DataDirectory(directory.path)
    again.lock()
    again.unlock()


def test_the_lock_of_an_engine_that_was_killed_is_free(directory: DataDirectory) -> None:
    program = (
        "import os, sys; from gateway.store.directory import DataDirectory;"
        "DataDirectory(sys.argv[1]).lock(); print('locked', flush=True); os.kill(os.getpid(), 9)"
    )
    child = subprocess.run([sys.executable, "-c", program, str(directory.path)], capture_output=True, text=True)
    assert (child.stdout, child.returncode) == ("locked\n", -9)
    directory.lock()
    directory.unlock()


def test_only_what_the_demo_made_is_the_demos(directory: DataDirectory, tmp_path: Path) -> None:
    other = DataDirectory(tmp_path / "demo")
    other.create(SITE, demo=True)
    assert (directory.made_by_demo, other.made_by_demo) == (False, True)


@pytest.mark.parametrize("name", ["journal.db", "registry.db", "state.db"])
def test_a_database_of_a_newer_version_is_left_alone(directory: DataDirectory, name: str) -> None:
    db = apsw.Connection(str(directory.path / name))
    db.pragma("user_version", 99)
    db.close()
    with pytest.raises(DataDirectoryError, match="newer version"):
        _open_everything(directory)


@pytest.mark.parametrize("name", ["journal.db", "registry.db"])
def test_a_database_of_somebody_else_is_left_alone(directory: DataDirectory, name: str) -> None:
    (directory.path / name).unlink()
    db = apsw.Connection(str(directory.path / name))
    db.execute("CREATE TABLE theirs(x)")
    db.close()
    with pytest.raises(DataDirectoryError, match="not one of Gatehouse's"):
        _open_everything(directory)


def _open_everything(directory: DataDirectory) -> None:
    from gateway.store.projections.state import State

    directory.open()
    Journal.open(directory.journal, "/s", "b").close()
    PassRegistry(directory.registry, writer=True).close()
    State(directory.state, writer=True).close()
