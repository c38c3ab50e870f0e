"""Restoring: whole or not at all, the rows with their bytes, everybody at the place where he was."""

from __future__ import annotations

import errno
import json
import os
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from gateway.backup import restore as module
from gateway.backup.chunks import Writer
from gateway.backup.databases import Loader
from gateway.backup.records import Item, Recorder
from gateway.backup.take import take
from gateway.core.vocabulary.errors import BackupError, DataDirectoryError, InUseError
from gateway.store.directory import DataDirectory
from gateway.store.journal.reader import JournalReader
from gateway.store.passes.registry import PassRegistry
from gateway.store.projections.state import State
from gateway.store.sqlite.schemas import STATE
from gateway.uplink.central.cursors import Cursors, Position
from tests.backup.conftest import ROWS, SIDE, about_of, filled, restored
from tests.store.kept.make_directory import unpack
from tests.support.engine import Running
from tests.support.waiting import wait_until
from web.platform.webdb import WebDatabase

KEPT = Path(__file__).parents[1] / "store" / "kept"


def texts(path: Path) -> list[str]:
    found: list[str] = []
    with closing(JournalReader(path)) as reader:
        while page := reader.page(len(found), 1000):
            found += [one.text for one in page]
    return found


@pytest.fixture
def again(backup: Path, tmp_path: Path) -> DataDirectory:
    restored(backup, tmp_path / "again")
    return DataDirectory(tmp_path / "again")


def test_old_rows_keep_their_bytes_and_the_first_new_one_tells_of_the_restore(
    directory: DataDirectory, again: DataDirectory
) -> None:
    before, after = texts(directory.journal), texts(again.journal)
    assert after[:-1] == before
    event = json.loads(after[-1])
    with closing(JournalReader(directory.journal)) as old, closing(JournalReader(again.journal)) as new:
        assert event["id"] == f"{new.journal_id}.{ROWS + 1}"
        assert new.journal_id != old.journal_id
        assert event["type"] == "gatehouse.journal.restored"
        assert event["prevhash"] == old.hash_of(ROWS)
        said = {"predecessor": old.journal_id, "last": ROWS, "head": old.hash_of(ROWS)}
        assert {**event["data"], **said} == event["data"]
        assert new.verify().rows == ROWS + 1
        assert new.before_newest(1, ["access.granted"]) == ROWS - 1


def test_settings_operators_passes_tokens_codes_and_pictures_are_kept(
    directory: DataDirectory, again: DataDirectory
) -> None:
    assert again.settings() == directory.settings()
    assert [one.name for one in again.settings().operators] == ["Lin"]
    with closing(PassRegistry(again.registry)) as registry:
        assert registry.get("p7").holder == "住户7"
        assert registry.find("card", "7")[0].id == "p7"
    assert again.tokens.list() == directory.tokens.list()
    assert (again.media / "2026" / "crash.jpg").read_bytes() == bytes(range(256)) * 1000


def test_sessions_station_keys_and_the_setup_code_are_not(again: DataDirectory) -> None:
    database = WebDatabase(again.web)
    assert database.rows("SELECT * FROM session") == []
    assert database.rows("SELECT key, failures FROM lockout") == [("operator:Lin", 3)]
    database.close()
    assert sorted(path.name for path in again.secrets.iterdir()) == ["journal-key.pem", "tokens.json"]


def test_projections_and_cursors_go_on_at_their_rows(again: DataDirectory) -> None:
    with closing(JournalReader(again.journal)) as reader:
        journal = reader.journal_id
    with closing(State(again.state)) as state:
        assert (state.journal, state.sequence) == (journal, ROWS)
        assert state.select("SELECT key, answer FROM answers") == [("request-1", '{"status":"done"}')]
    cursors = Cursors(again.uplink)
    assert cursors.get("central") == Position(journal, ROWS - 10)
    cursors.close()
    database = WebDatabase(again.web)
    assert database.rows("SELECT journal, sequence FROM consumer") == [(journal, ROWS - 20)]
    database.close()


def test_a_cursor_that_was_ahead_of_the_backup_keeps_its_journal(directory: DataDirectory, tmp_path: Path) -> None:
    with closing(JournalReader(directory.journal)) as reader:
        old = reader.journal_id
    cursors = Cursors(directory.uplink)
    cursors.move("ahead", Position(old, ROWS + 7))
    cursors.close()
    take(directory, about_of(directory), SIDE, tmp_path / "x")
    restored(tmp_path / "x", tmp_path / "again")
    cursors = Cursors(tmp_path / "again" / "uplink.db")
    assert cursors.get("ahead") == Position(old, ROWS + 7)
    cursors.close()


def test_rights_are_those_of_a_data_directory(again: DataDirectory) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in (*again.path.iterdir(), again.secrets / "tokens.json")}
    assert modes["secrets"] == 0o700
    assert modes["site.json"] == modes["tokens.json"] == 0o600
    assert {modes[name] for name in ("journal.db", "registry.db", "state.db", "web.db", "uplink.db")} == {0o640}


def test_an_engine_goes_on_with_it_and_moves_nothing(again: DataDirectory) -> None:
    running = Running(again.path)
    try:
        running.bus.restore()
        wait_until(
            lambda: "gateway.started" in [row.type for row in running_rows(running)], what="the start is written"
        )
        assert running.bus.orders == []
        assert running.client.call("state")["journal"]["sequence"] > ROWS + 1
    finally:
        running.stop()
    with closing(JournalReader(again.journal)) as reader:
        assert reader.verify().last > ROWS + 1


def running_rows(running: Running) -> Any:
    with closing(JournalReader(running.directory.journal)) as reader:
        return reader.page(ROWS, 100)


def test_a_restored_directory_is_backed_up_and_restored_again(again: DataDirectory, tmp_path: Path) -> None:
    take(again, about_of(again), SIDE, tmp_path / "second")
    found = restored(tmp_path / "second", tmp_path / "third")
    assert (found.proof.last, found.proof.broken) == (ROWS + 1, "")
    with closing(JournalReader(tmp_path / "third" / "journal.db")) as reader:
        assert reader.verify().rows == ROWS + 2
        first = reader.lineage().ancestors[0].journal
        assert json.loads(reader.feed(f"{first}.{ROWS}", 1).json)[0]["type"] == "gatehouse.journal.restored"


def test_a_journal_without_a_row_begins_with_the_restore(tmp_path: Path) -> None:
    directory = filled(tmp_path / "data", rows=0)
    take(directory, about_of(directory), SIDE, tmp_path / "x")
    restored(tmp_path / "x", tmp_path / "again")
    [event] = map(json.loads, texts(tmp_path / "again" / "journal.db"))
    assert (event["data"]["last"], event["data"]["head"], event["prevhash"]) == (0, "0" * 64, "0" * 64)
    with closing(JournalReader(tmp_path / "again" / "journal.db")) as reader:
        assert reader.verify().rows == 1
        assert json.loads(reader.feed(f"{event['data']['predecessor']}.0", 5).json)[0]["id"] == event["id"]


# ---- the versions before -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["stopped", "killed"])
def test_a_directory_of_the_version_before_comes_back(end: str, tmp_path: Path) -> None:
    unpack(KEPT / f"directory-{end}.tar.xz", tmp_path)
    about = json.loads((KEPT / f"directory-{end}.json").read_text())
    old = DataDirectory(tmp_path / "data")
    take(old, about_of(old), SIDE, tmp_path / "x", passphrase="a phrase")
    found = restored(tmp_path / "x", tmp_path / "again", "a phrase")
    assert (found.proof.lineage.journal, found.proof.last, found.proof.broken) == (about["journal"], about["last"], "")
    cursors = Cursors(tmp_path / "again" / "uplink.db")
    consumer, _, sequence = about["uplink"]
    assert cursors.get(consumer) == Position(found.journal, sequence)
    cursors.close()
    running = Running(tmp_path / "again")
    try:
        assert running.client.call("state")["journal"]["id"] == found.journal
    finally:
        running.stop()
    with closing(JournalReader(tmp_path / "again" / "journal.db")) as reader:
        assert reader.verify().last > about["last"]


def test_databases_of_early_schemas_come_back_as_they_were(tmp_path: Path) -> None:
    loader = Loader(tmp_path / "state.db", STATE, Item("state.db", "database", STATE.application_id, 1))
    loader.table("counters", ["name", "subject", "count"])
    loader.rows([["a", "b", 3]])
    loader.end()
    db = apsw.Connection(str(tmp_path / "state.db"))
    assert db.pragma("user_version") == 1
    db.close()
    with closing(State(tmp_path / "state.db", writer=True)) as state:
        assert state.counted("a") == {"b": 3}


@pytest.mark.parametrize(
    ("item", "words"),
    [(Item("state.db", "database", 7, 1), "not a database"),
     (Item("state.db", "database", STATE.application_id, 0), "not a database"),
     (Item("state.db", "database", STATE.application_id, STATE.version + 1), "newer version")],
)  # fmt: skip
def test_a_database_of_another_kind_or_a_newer_version_is_refused(item: Item, words: str, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match=words):
        Loader(tmp_path / "state.db", STATE, item)


# ---- refused, and nothing half-made ------------------------------------------------------------------------------


def listing(path: Path) -> list[str]:
    return sorted(one.relative_to(path).as_posix() for one in path.rglob("*"))


def test_it_goes_into_an_empty_directory_only(backup: Path, directory: DataDirectory, tmp_path: Path) -> None:
    before = listing(directory.path)
    with pytest.raises(InUseError, match="is not empty"):
        restored(backup, directory.path)
    assert listing(directory.path) == before
    (tmp_path / "file").write_text("")
    with pytest.raises(DataDirectoryError, match="is no directory"):
        restored(backup, tmp_path / "file")
    (tmp_path / "disk" / "lost+found").mkdir(parents=True)
    restored(backup, tmp_path / "disk")
    assert DataDirectory(tmp_path / "disk").open()


def test_a_directory_in_which_a_restore_is_under_way_is_locked(backup: Path, tmp_path: Path) -> None:
    with module._empty(tmp_path / "again"), pytest.raises(InUseError, match="under way"):
        restored(backup, tmp_path / "again")


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_cut_or_changed_backup_leaves_nothing(backup: Path, tmp_path: Path, share: float, there: bool) -> None:
    content = backup.read_bytes()
    target = tmp_path / "again"
    if there:
        target.mkdir()
    at = int(share * len(content))
    for wrong in (content[:at], content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :]):
        (tmp_path / "wrong").write_bytes(wrong)
        with pytest.raises(BackupError):
            restored(tmp_path / "wrong", target)
        assert target.exists() == there
        assert not there or list(target.iterdir()) == []


def test_a_wrong_passphrase_leaves_nothing(directory: DataDirectory, tmp_path: Path) -> None:
    take(directory, about_of(directory), SIDE, tmp_path / "x", passphrase="right")
    with pytest.raises(BackupError, match="not the passphrase"):
        restored(tmp_path / "x", tmp_path / "again", "wrong")
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("fails", ["os.fsync", "pathlib.Path.rename"])
def test_a_disk_that_is_full_leaves_nothing(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    calls = 0
    real = {"os.fsync": os.fsync, "pathlib.Path.rename": Path.rename}[fails]

    def full(*given: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*given)

    monkeypatch.setattr(fails, full)
    with pytest.raises(BackupError, match="nothing was restored"):
        restored(backup, tmp_path / "again")
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("moved", range(9))
def test_a_restore_killed_while_it_moves_is_begun_again(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    """The process ends after so many moves, and its cleaning up with it."""

    class KilledError(BaseException):
        pass

    rename, left = Path.rename, moved

    def move(path: Path, to: Path) -> Path:
        nonlocal left
        if left == 0:
            raise KilledError
        left -= 1
        return rename(path, to)

    target = tmp_path / "again"
    clear = module._clear
    with monkeypatch.context() as patched, pytest.raises(KilledError):
        patched.setattr(Path, "rename", move)
        patched.setattr(
            module, "_clear", lambda data: None if (data / ".restoring" / ".moving").exists() else clear(data)
        )
        patched.setattr(Path, "rmdir", lambda _: None)
        patched.setattr(module.shutil, "rmtree", lambda *_, **__: None)
        restored(backup, target)
    if not (target / "site.json").exists():
        with pytest.raises(DataDirectoryError):
            DataDirectory(target).configured()
        restored(backup, target)
    assert DataDirectory(target).open().gateway.id == "gw1"


def other(tmp_path: Path, directory: DataDirectory, *items: tuple[Item, bytes]) -> Path:
    """A backup that somebody else has written: whole, with other items."""
    with (tmp_path / "other").open("wb") as file:
        writer = Writer(file)
        out = Recorder(writer, about_of(directory))
        for item, content in items:
            out.item(item)
            if item.kind == "file":
                out.data(content)
            out.end()
        out.close()
        writer.close()
    return tmp_path / "other"


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (Item("../evil", "file", mode=0o600), "belongs into no data directory"),
        (Item("/etc/evil", "file", mode=0o600), "belongs into no data directory"),
        (Item("evil.db", "database", STATE.application_id, 1), "does not know"),
        (Item("site.json", "file", mode=0o600), "has no journal"),
    ],
)
def test_a_backup_of_somebody_else_does_nothing_elsewhere(
    tmp_path: Path, directory: DataDirectory, item: Item, words: str
) -> None:
    with pytest.raises(BackupError, match=words):
        restored(other(tmp_path, directory, (item, b"{}")), tmp_path / "again")
    assert not (tmp_path / "evil").exists() and not (tmp_path / "again").exists()


def test_rows_that_do_not_fit_their_table_are_refused(tmp_path: Path) -> None:
    loader = Loader(tmp_path / "state.db", STATE, Item("state.db", "database", STATE.application_id, 1))
    with pytest.raises(BackupError, match="has a table"):
        loader.table("sqlite_schema", ["sql"])
    with pytest.raises(BackupError, match="has a table"):
        loader.table("counters", ["name", "evil"])
    loader.table("counters", ["name", "subject", "count"])
    for rows in ([["a", "b", None]], [["a", "b"]]):
        with pytest.raises(BackupError, match="do not fit"):
            loader.rows(rows)
    loader.close()
