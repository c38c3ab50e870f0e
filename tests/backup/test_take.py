"""Taking a backup: whole or not there, for its owner alone, consistent while everything goes on."""

from __future__ import annotations

import errno
import os
import resource
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from gateway.backup import databases
from gateway.backup.check import Nothing, prove
from gateway.backup.files import files_of, inside_of
from gateway.backup.records import Item, Recorder
from gateway.backup.take import take
from gateway.core.vocabulary.errors import BackupError, DamagedError, StorageError
from gateway.store.directory import DataDirectory, source_of
from gateway.store.files import new_file, remove_unfinished
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal
from gateway.store.projections.state import State
from tests.backup.conftest import ROWS, SIDE, about_of, restored
from tests.store.conftest import row
from tests.store.identities.conftest import NUMBERS, planted, sealed_values, traces


def test_it_holds_every_store_and_file_but_what_belongs_to_this_run(backup: Path) -> None:
    proof = prove(backup, lambda: "", Nothing())
    names = [entry.name for entry in proof.contents.manifest]
    assert names == [
        "set-up", "site.json", "secrets/journal-key.pem", "secrets/tokens.json", "web.db", "uplink.db", "state.db",
        "journal.db", "registry.db", "media/2026/crash.jpg",
    ]  # fmt: skip
    assert (proof.first, proof.last, proof.broken, proof.encrypted) == (1, ROWS, "", False)


def test_it_holds_no_identity_number_since_it_would_outlive_its_days(directory: DataDirectory, tmp_path: Path) -> None:
    identities = directory.identities
    planted(identities)
    for suffix in ("", "-wal"):
        assert (directory.path / f"identities.db{suffix}").exists()
    file = tmp_path / "with-people.backup"
    take(directory, about_of(directory), SIDE, file)
    proof = prove(file, lambda: "", Nothing())
    assert [entry.name for entry in proof.contents.manifest if "identit" in entry.name] == []
    again = restored(file, tmp_path / "again")
    assert again is not None
    assert traces(tmp_path / "again", [number.encode() for number in NUMBERS] + sealed_values(directory.path)) == []
    assert DataDirectory(tmp_path / "again").identities.listed(open_only=False) == []
    identities.close()


def test_only_its_owner_can_read_it(backup: Path, directory: DataDirectory, tmp_path: Path) -> None:
    assert backup.stat().st_mode & 0o777 == 0o600
    loose = tmp_path / "loose"
    loose.write_bytes(b"")
    loose.chmod(0o644)
    take(directory, about_of(directory), SIDE, loose, force=True)
    assert loose.stat().st_mode & 0o777 == 0o600


def test_nothing_else_stays_beside_it(backup: Path, tmp_path: Path) -> None:
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "gate.backup"]


@pytest.mark.parametrize("what", ["a file", "a folder", "a pipe", "no folder"])
def test_what_is_there_is_left_alone(directory: DataDirectory, tmp_path: Path, what: str) -> None:
    file = tmp_path / "there"
    if what == "a file":
        file.write_text("mine")
    elif what == "a folder":
        file.mkdir()
    elif what == "a pipe":
        os.mkfifo(file)
    else:
        file = tmp_path / "missing" / "there"
    for force in (False, True):
        if what == "a file" and force:
            continue
        with pytest.raises(StorageError):
            take(directory, about_of(directory), SIDE, file, force=force)
    assert not list(tmp_path.glob(".*.part"))
    if what == "a file":
        assert file.read_text() == "mine"
        take(directory, about_of(directory), SIDE, file, force=True)
        assert prove(file, lambda: "", Nothing()).last == ROWS


@pytest.mark.parametrize("fails", ["write", "fsync", "replace"])
def test_a_disk_that_is_full_leaves_no_file(
    directory: DataDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    place = {"write": "gateway.backup.chunks.Writer._put", "fsync": "os.fsync", "replace": "pathlib.Path.replace"}
    monkeypatch.setattr(place[fails], full)
    with pytest.raises(StorageError, match="No space left on device; nothing was written") as caught:
        take(directory, about_of(directory), SIDE, tmp_path / "x.backup")
    assert str(tmp_path / "x.backup") in str(caught.value)
    assert f"Free space on the disk of {tmp_path}" in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_what_only_closing_finds_out_is_named_too(tmp_path: Path) -> None:
    """A real write that fails: the file still holds the bytes, and closing it tries again."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        with (
            pytest.raises(StorageError, match="nothing was written") as caught,
            new_file(tmp_path / "x", False) as file,
        ):
            file.write(bytes(100))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert str(caught.value).startswith(f"{tmp_path / 'x'}: File too large; nothing was written. The file system")
    assert not list(tmp_path.iterdir())


def test_two_backups_to_one_file_are_one_too_many(tmp_path: Path) -> None:
    with new_file(tmp_path / "x", False) as first:
        first.write(b"1")
        with pytest.raises(StorageError, match="another command writes"), new_file(tmp_path / "x", False):
            pass
    assert (tmp_path / "x").read_bytes() == b"1"


def test_what_a_killed_backup_left_is_taken_over(directory: DataDirectory, tmp_path: Path) -> None:
    (tmp_path / ".x.backup.part").write_bytes(b"half" * 100_000)
    take(directory, about_of(directory), SIDE, tmp_path / "x.backup")
    assert prove(tmp_path / "x.backup", lambda: "", Nothing()).last == ROWS
    assert not (tmp_path / ".x.backup.part").exists()


def test_what_is_being_written_is_not_taken_for_left(tmp_path: Path) -> None:
    (tmp_path / ".y.part").write_bytes(b"left")
    with new_file(tmp_path / "x", False) as file:
        file.write(b"1")
        remove_unfinished(tmp_path, "*")
        assert [path.name for path in tmp_path.iterdir()] == [".x.part"]
    assert (tmp_path / "x").read_bytes() == b"1"


class Pause:
    """Does something at the first moments at which a backup tells of its progress."""

    def __init__(self, act: Callable[[], None], times: int = 1) -> None:
        self.act, self.left = act, times

    def __call__(self, done: int, total: int) -> None:
        if self.left:
            self.left -= 1
            self.act()


def test_no_store_is_ahead_of_the_journal_while_the_engine_writes(directory: DataDirectory, tmp_path: Path) -> None:
    """Rows are committed and applied at each moment of a backup; what comes out fits together."""
    journal = Journal.open(directory.journal, source_of(directory.settings()), "boot-1")
    state = State(directory.state, writer=True)
    with closing(journal), closing(state), closing(JournalReader(directory.journal)) as reader:

        def go_on() -> None:
            journal.append([row(n) for n in range(20)])
            state.catch_up(reader)

        take(directory, about_of(directory), SIDE, tmp_path / "x.backup", progress=Pause(go_on, 1000))
        assert reader.last_sequence() > ROWS
        end = reader.last_sequence()
    restored(tmp_path / "x.backup", tmp_path / "again")
    with closing(JournalReader(tmp_path / "again" / "journal.db")) as found:
        last = found.last_sequence() - 1
        assert ROWS < last < end
        assert found.verify().rows == last + 1
    with closing(State(tmp_path / "again" / "state.db")) as of_backup:
        assert ROWS <= of_backup.sequence <= last


def test_a_backup_does_not_hold_up_commits(directory: DataDirectory, tmp_path: Path) -> None:
    """It stands still for a while in the middle of each store, and rows are committed and folded all the same."""
    journal = Journal.open(directory.journal, source_of(directory.settings()), "boot-1")
    commits = 0
    stop = threading.Event()

    def commit() -> None:
        nonlocal commits
        while not stop.is_set():
            journal.append([row(commits)])
            journal.tidy()
            commits += 1

    seen: list[int] = []

    def look() -> None:
        before = commits
        deadline = time.monotonic() + 30
        while commits < before + 3 and time.monotonic() < deadline:
            time.sleep(0.001)
        seen.append(commits - before)

    thread = threading.Thread(target=commit)
    thread.start()
    try:
        take(directory, about_of(directory), SIDE, tmp_path / "x.backup", progress=Pause(look, 30))
    finally:
        stop.set()
        thread.join()
        journal.close()
    assert len(seen) >= 10 and min(seen) >= 3
    assert prove(tmp_path / "x.backup", lambda: "", Nothing()).broken == ""


def test_retention_that_passes_the_backup_leaves_a_chain_that_holds(directory: DataDirectory, tmp_path: Path) -> None:
    journal = Journal.open(directory.journal, source_of(directory.settings()), "boot-1")
    recorded: list[int] = []

    class Slow(Recorder):
        def rows(self, rows: Any) -> None:
            super().rows(rows)
            recorded.append(1)
            if len(recorded) == 5:  # meta, gaps, boots, and two pages of rows
                journal.drop_some(2000, wall_ns=1, most=10_000)

    with closing(journal), (tmp_path / "x").open("wb") as file:
        from gateway.backup.chunks import Writer

        writer = Writer(file)
        out = Slow(writer, about_of(directory))
        databases.record_journal(out, "journal.db", directory.journal)
        out.item(Item("site.json", "file", mode=0o600))
        out.data(directory.site.read_bytes())
        out.end()
        out.close()
        writer.close()
    proof = prove(tmp_path / "x", lambda: "", Nothing())
    assert (proof.first, proof.last, proof.broken) == (2000, ROWS, "")


def test_retention_that_is_always_faster_ends_the_backup(
    directory: DataDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "_record_rows", lambda *_: False)
    with pytest.raises(BackupError, match="retention drops rows faster"):
        take(directory, about_of(directory), SIDE, tmp_path / "x")


def test_a_damaged_store_is_named_and_no_file_is_left(directory: DataDirectory, tmp_path: Path) -> None:
    content = bytearray(directory.registry.read_bytes())
    content[4096:] = b"\xa5" * len(content[4096:])
    directory.registry.write_bytes(content)
    with pytest.raises(DamagedError, match=r"registry\.db is damaged"):
        take(directory, about_of(directory), SIDE, tmp_path / "x")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_text_that_is_none_is_named(directory: DataDirectory, tmp_path: Path) -> None:
    db = apsw.Connection(str(directory.state))
    db.execute("UPDATE meta SET value = CAST(x'ff' AS TEXT) WHERE key = 'clean'")
    db.execute("INSERT INTO meta VALUES('odd', CAST(x'ff' AS TEXT))")
    db.close()
    with pytest.raises(BackupError, match=r"state\.db has text that cannot be read"):
        take(directory, about_of(directory), SIDE, tmp_path / "x")


def test_a_chain_that_does_not_hold_is_told_by_the_proof(directory: DataDirectory, tmp_path: Path) -> None:
    db = apsw.Connection(str(directory.journal))
    db.execute("UPDATE rows SET text = replace(text, '\"in\"', '\"on\"') WHERE sequence = 1234")
    db.close()
    take(directory, about_of(directory), SIDE, tmp_path / "x")
    assert "row 1234" in prove(tmp_path / "x", lambda: "", Nothing()).broken


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE rows SET type = 'alarm.raised' WHERE sequence = 1234", "row 1234 was changed beside its text"),
        ("UPDATE blocks SET types = ' x ' WHERE block = 1", "the summary of the rows 1024 to 2047 was changed"),
        ("DELETE FROM blocks WHERE block = 1", "the summary of the rows 1024 to 2047 is missing"),
        ("UPDATE boots SET boot = 'another'", "row 1 was changed beside its text"),
    ],
)
def test_what_filters_read_is_told_by_the_proof(
    directory: DataDirectory, tmp_path: Path, change: str, says: str
) -> None:
    with closing(apsw.Connection(str(directory.journal))) as db:
        db.execute(change)
    take(directory, about_of(directory), SIDE, tmp_path / "x")
    assert says in prove(tmp_path / "x", lambda: "", Nothing()).broken


def test_a_boot_that_begins_behind_the_last_row_is_left_out(directory: DataDirectory, tmp_path: Path) -> None:
    """A start writes its boot along with its first row, which may come after the backup has found its last row."""
    with closing(apsw.Connection(str(directory.journal))) as db:
        db.execute("INSERT INTO boots VALUES(?, 'boot-3')", (ROWS + 2,))
    take(directory, about_of(directory), SIDE, tmp_path / "x")
    restored(tmp_path / "x", tmp_path / "again")
    with closing(apsw.Connection(str(tmp_path / "again" / "journal.db"))) as db:
        assert list(db.execute("SELECT * FROM boots")) == [(1, "boot-1"), (ROWS + 1, "boot-2")]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("site.json", True), ("site.json.last-good", True), ("secrets/site.json", True), ("faults/x.json", True),
        ("journal-damaged-20261122T020000Z.db", True), ("media/a/b.jpg", False), ("reserve", False),
        ("run/engine.lock", False), ("secrets/setup-code", False), ("secrets/stations.json", False),
        ("journal.db", False), ("state.db-wal", False), ("web/web.db-shm", False), (".site.json.new", False),
        (".demo", True), ("journal-damaged-20261122T020000Z.db.next", False), (".restoring/site.json", False),
    ],
)  # fmt: skip
def test_which_files_belong_to_a_backup(tmp_path: Path, name: str, kept: bool) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    assert [inside for inside, _ in files_of(tmp_path, media=False)] == ([name] if kept else [])


def test_pictures_on_another_disk_are_followed_once(tmp_path: Path) -> None:
    elsewhere = tmp_path / "disk"
    elsewhere.mkdir()
    (elsewhere / "a.jpg").write_bytes(b"")
    (elsewhere / "round").symlink_to(elsewhere)
    data = tmp_path / "data"
    data.mkdir()
    (data / "media").symlink_to(elsewhere)
    (data / "media" / "gone.jpg").symlink_to(tmp_path / "nowhere")
    assert [name for name, _ in files_of(data, media=True)] == ["media/a.jpg"]


@pytest.mark.parametrize(
    "name",
    ["", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a/", "run/engine.sock", ".restoring/x", "journal.db",
     "web/web.db", "x\0y", "x" * 501],
)  # fmt: skip
def test_a_file_that_would_lead_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(BackupError, match="belongs into no data directory"):
        inside_of(name)
