"""`backup` and `restore` as a person and a timer call them."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from gateway.backup import chunks
from gateway.cli.care import backups
from gateway.store.directory import DataDirectory
from tests.cli.conftest import Gatehouse

SHM = Path("/dev/shm")
other_disk = pytest.mark.skipif(not SHM.is_dir(), reason="needs another file system")


@pytest.fixture(autouse=True)
def little_work_for_a_key() -> Iterator[None]:
    with patch.object(chunks, "N", 2**4):
        yield


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file with a passphrase."""
    path = tmp_path / "passphrase"
    path.write_text("correct horse\nsecond line\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder that is on another file system, as far as can be told."""
    folder = tmp_path / "usb"
    folder.mkdir()
    real = Path.stat

    def stat(path: Path, **more: Any) -> os.stat_result:
        found = real(path, **more)
        if path == folder:
            return os.stat_result((*found[:2], found.st_dev + 1, *found[3:]))
        return found

    monkeypatch.setattr(Path, "stat", stat)
    return folder


def types(stdin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))


def backup_to_stdout(made: Path, *more: str, passphrase: str = "") -> subprocess.CompletedProcess[bytes]:
    """`gatehouse backup -` as another program calls it."""
    line = [sys.executable, "-m", "gateway", "backup", "-", "--data", str(made), *more]
    return subprocess.run(line, input=passphrase.encode(), capture_output=True)


def test_a_backup_to_stdout_is_nothing_but_the_backup(
    made: Path, tmp_path: Path, gatehouse: Gatehouse, secret: Path
) -> None:
    done = backup_to_stdout(made, passphrase="correct horse\n")
    assert done.returncode == 0, done.stderr
    (tmp_path / "x.backup").write_bytes(done.stdout)
    told = gatehouse("backup", "--check", tmp_path / "x.backup", "--passphrase-file", secret, "--json")
    assert (told.status, told.data["encrypted"], told.data["ok"]) == (0, True, True)
    assert DataDirectory(made).backed_up.exists()


@pytest.mark.parametrize(("more", "passphrase", "words"), [
    ((), "", b"passphrase is needed"), ((), "short\n", b"fewer than 8 characters"),
    (("--schedule",), "correct horse\n", b"needs a folder"),
])  # fmt: skip
def test_a_backup_to_stdout_is_encrypted_or_none(
    made: Path, more: tuple[str, ...], passphrase: str, words: bytes
) -> None:
    done = backup_to_stdout(made, *more, passphrase=passphrase)
    assert done.returncode == 1
    assert done.stdout == b""
    assert words in done.stderr


def test_a_directory_goes_and_comes_back(gatehouse: Gatehouse, made: Path, tmp_path: Path) -> None:
    gatehouse("token", "create", "--name", "central", "--scope", "events:read")
    told = gatehouse("backup", tmp_path / "x.backup", "--json")
    assert (told.status, told.data["encrypted"], told.data["file"]) == (0, False, str(tmp_path / "x.backup"))
    assert {one["name"] for one in told.data["items"]} >= {"site.json", "journal.db", "registry.db", "state.db"}
    back = gatehouse("restore", tmp_path / "x.backup", "--data", tmp_path / "again", "--json")
    assert (back.status, back.data["last"], back.data["ok"]) == (0, 1, True)
    assert back.data["journal"] != back.data["predecessor"]
    assert gatehouse("verify", "--data", tmp_path / "again").status == 0
    rows = [json.loads(line) for line in gatehouse("events", "--json", "--data", tmp_path / "again").out.splitlines()]
    assert [row["type"] for row in rows] == ["gatehouse.settings.changed", "gatehouse.journal.restored"]
    after = gatehouse("events", "--json", "--data", tmp_path / "again", "--after", f"{back.data['predecessor']}.1")
    assert json.loads(after.out)["id"] == f"{back.data['journal']}.2"
    assert after.err == ""


def test_words_for_people_say_what_to_do_next(gatehouse: Gatehouse, made: Path, tmp_path: Path) -> None:
    assert "not encrypted" in gatehouse("backup", tmp_path / "x").out
    told = gatehouse("restore", tmp_path / "x", "--data", tmp_path / "again")
    assert "is restored from the backup of" in told.out
    assert "gatehouse station key" in told.err and "look at each lane" in told.err


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_a_backup_is_proved_without_restoring(
    gatehouse: Gatehouse, made: Path, tmp_path: Path, secret: Path, command: str
) -> None:
    file = tmp_path / "x"
    assert gatehouse("backup", file, "--passphrase-file", secret).status == 0
    told = gatehouse(command, "--check", file, "--passphrase-file", secret)
    assert told.status == 0
    assert "the backup is whole" in told.out and "registry.db" in told.out
    assert gatehouse(command, "--check", file, "--passphrase-file", secret, "--json").data["encrypted"] is True
    content = bytearray(file.read_bytes())
    content[-40] ^= 1
    file.write_bytes(content)
    told = gatehouse(command, "--check", file, "--passphrase-file", secret)
    assert told.status == 1
    assert "damaged" in told.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "passphrase", "site.json", "x"]


def test_a_broken_chain_in_a_backup_is_told(gatehouse: Gatehouse, made: Path, tmp_path: Path) -> None:
    import apsw

    gatehouse("token", "create", "--name", "a", "--scope", "metrics")
    gatehouse("token", "create", "--name", "b", "--scope", "metrics")
    db = apsw.Connection(str(made / "journal.db"))
    db.execute("UPDATE rows SET text = replace(text, 'metrics', 'wetrics') WHERE sequence = 1")
    db.close()
    assert gatehouse("backup", tmp_path / "x").status == 0
    told = gatehouse("restore", "--check", tmp_path / "x")
    assert (told.status, "chain of the journal is broken: row 1" in told.out) == (1, True)
    told = gatehouse("restore", tmp_path / "x", "--data", tmp_path / "again")
    assert told.status == 0
    assert "does not hold, as in the backup: row 1" in told.err


def test_a_file_that_is_there_is_replaced_only_by_force(gatehouse: Gatehouse, made: Path, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("mine")
    told = gatehouse("backup", tmp_path / "x")
    assert (told.status, "--force" in told.err, (tmp_path / "x").read_text()) == (1, True, "mine")
    assert gatehouse("backup", tmp_path / "x", "--force").status == 0
    assert gatehouse("restore", "--check", tmp_path / "x").status == 0


def test_a_backup_into_its_own_directory_is_refused(gatehouse: Gatehouse, made: Path) -> None:
    for place in (made / "x", made / "media" / "x"):
        told = gatehouse("backup", place)
        assert told.status == 1
        assert "outside" in told.err


def test_a_restore_over_a_directory_is_refused(gatehouse: Gatehouse, made: Path, tmp_path: Path) -> None:
    gatehouse("backup", tmp_path / "x")
    assert gatehouse("restore", tmp_path / "x").status == 3


@pytest.mark.parametrize("command", [("backup", "--check"), ("restore",)])
def test_a_file_that_is_none_is_told_in_words(gatehouse: Gatehouse, tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "text").write_text("hello")
    told = gatehouse(*command, tmp_path / "text")
    assert (told.status, "no backup of Gatehouse" in told.err) == (1, True)
    told = gatehouse(*command, tmp_path / "missing")
    assert (told.status, "No such file" in told.err) == (1, True)
    told = gatehouse(*command, tmp_path)
    assert told.status == 1


# ---- passphrases -------------------------------------------------------------------------------------------------


def test_on_another_disk_it_must_be_encrypted(
    gatehouse: Gatehouse, made: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch, secret: Path
) -> None:
    types("", monkeypatch)
    told = gatehouse("backup", elsewhere / "x")
    assert told.status == 1
    assert "a passphrase is needed" in told.err and "another file system" in told.err
    assert list(elsewhere.iterdir()) == []
    assert gatehouse("backup", elsewhere / "x", "--passphrase-file", secret, "--json").data["encrypted"] is True


@other_disk
def test_the_kernel_tells_what_another_disk_is(
    gatehouse: Gatehouse, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = SHM / f"gatehouse-test-{os.getpid()}.backup"
    if SHM.stat().st_dev == made.stat().st_dev:
        pytest.skip("the tests are on that file system")
    types("", monkeypatch)
    assert gatehouse("backup", file).status == 1
    assert not file.exists()
    types("correct horse\n", monkeypatch)
    try:
        assert gatehouse("backup", file, "--json").data["encrypted"] is True
    finally:
        file.unlink()


def test_a_passphrase_comes_from_a_file_or_from_stdin(
    gatehouse: Gatehouse, made: Path, tmp_path: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    types("correct horse\nanything\n", monkeypatch)
    assert gatehouse("backup", tmp_path / "x", "--encrypt").status == 0
    assert gatehouse("restore", "--check", tmp_path / "x", "--passphrase-file", secret).status == 0
    types("battery staple\n", monkeypatch)
    told = gatehouse("restore", tmp_path / "x", "--data", tmp_path / "again")
    assert (told.status, "not the passphrase" in told.err) == (1, True)
    assert not (tmp_path / "again").exists()
    types("correct horse", monkeypatch)
    assert gatehouse("restore", tmp_path / "x", "--data", tmp_path / "again").status == 0


def test_a_plain_backup_asks_for_nothing(gatehouse: Gatehouse, made: Path, tmp_path: Path) -> None:
    with patch.object(backups, "_passphrase", side_effect=AssertionError):
        assert gatehouse("backup", tmp_path / "x").status == 0
        assert gatehouse("restore", tmp_path / "x", "--data", tmp_path / "again").status == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "first line"), (b"\nx", "first line"), (b"x" * 2000, "first line"), (b"\xff\xfe\n", "not UTF-8")],
)
def test_a_file_without_a_passphrase_is_told(
    gatehouse: Gatehouse, made: Path, tmp_path: Path, content: bytes, words: str
) -> None:
    (tmp_path / "bad").write_bytes(content)
    told = gatehouse("backup", tmp_path / "x", "--passphrase-file", tmp_path / "bad")
    assert (told.status, words in told.err, (tmp_path / "x").exists()) == (1, True, False)
    assert gatehouse("backup", tmp_path / "x", "--passphrase-file", tmp_path / "missing").status == 1


@pytest.mark.parametrize("short", ["x", "1234567", "   seven77   "[:9], "        "])
def test_a_short_passphrase_is_refused_for_a_new_backup(
    gatehouse: Gatehouse, made: Path, tmp_path: Path, secret: Path, monkeypatch: pytest.MonkeyPatch, short: str
) -> None:
    secret.write_text(f"{short}\n")
    types(f"{short}\n", monkeypatch)
    for more in (("--passphrase-file", secret), ("--encrypt",)):
        told = gatehouse("backup", tmp_path / "x", *more)
        assert (told.status, "fewer than 8 characters" in told.err) == (1, True)
    assert not (tmp_path / "x").exists()


def test_an_old_backup_with_a_short_passphrase_is_restored(
    gatehouse: Gatehouse, made: Path, tmp_path: Path, secret: Path
) -> None:
    secret.write_text("x\n")
    with patch.object(backups, "_PASSPHRASE_MIN", 1):
        assert gatehouse("backup", tmp_path / "x", "--passphrase-file", secret).status == 0
    again = ("restore", tmp_path / "x", "--passphrase-file", secret, "--data", tmp_path / "again")
    assert gatehouse(*again).status == 0


def test_a_passphrase_that_others_can_read_is_remarked(
    gatehouse: Gatehouse, made: Path, tmp_path: Path, secret: Path
) -> None:
    secret.chmod(0o644)
    assert "chmod 600" in gatehouse("backup", tmp_path / "x", "--passphrase-file", secret).err


@pytest.mark.real
@pytest.mark.parametrize(("second", "status"), [("correct horse", 0), ("other horse", 1)])
def test_at_a_terminal_it_is_asked_twice(made: Path, tmp_path: Path, second: str, status: int) -> None:
    keyboard, screen = pty.openpty()
    argv = [sys.executable, "-m", "gateway", "backup", str(tmp_path / "x"), "--encrypt", "--data", str(made)]
    with subprocess.Popen(
        argv, stdin=screen, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        preexec_fn=lambda: __import__("fcntl").ioctl(0, __import__("termios").TIOCSCTTY, 0),
    ) as process:  # fmt: skip
        os.close(screen)
        said = b""
        for line in ("correct horse", second):
            while said.count(b": ") < 1:
                said += os.read(keyboard, 1000)
            os.write(keyboard, line.encode() + b"\n")
            said = b""
        _, errors = process.communicate(timeout=60)
    os.close(keyboard)
    assert process.returncode == status, errors
    assert (tmp_path / "x").exists() == (status == 0)
    assert status == 0 or b"differ" in errors


# ---- by schedule -------------------------------------------------------------------------------------------------


def test_a_timer_makes_a_new_file_each_time_and_keeps_the_newest(
    gatehouse: Gatehouse, made: Path, tmp_path: Path, secret: Path
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "gatehouse-north-court-gw2-20200101T000000Z.backup").write_text("of another gateway")
    (folder / "gatehouse-north-court-gw1-notes.txt").write_text("mine")
    (folder / ".gatehouse-north-court-gw1-20260101T000000Z.backup.part").write_text("of a timer that was killed")
    moments = iter(f"2026120{n}T030000Z" for n in range(1, 6))
    made_files = []
    with patch.object(time, "strftime", lambda *_: next(moments)):
        for _ in range(4):
            told = gatehouse("backup", folder, "--schedule", "--keep", "2", "--passphrase-file", secret, "--json")
            made_files.append(Path(told.data["file"]).name)
            assert told.data["encrypted"] is True
    assert sorted(path.name for path in folder.iterdir()) == sorted([
        "gatehouse-north-court-gw2-20200101T000000Z.backup", "gatehouse-north-court-gw1-notes.txt", *made_files[-2:],
    ])  # fmt: skip


def test_a_timer_needs_a_passphrase_and_a_folder(
    gatehouse: Gatehouse, made: Path, tmp_path: Path, secret: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    types("", monkeypatch)
    told = gatehouse("backup", tmp_path, "--schedule")
    assert (told.status, "by schedule is encrypted" in told.err) == (1, True)
    told = gatehouse("backup", tmp_path / "unplugged", "--schedule", "--passphrase-file", secret)
    assert (told.status, "mount the disk" in told.err) == (1, True)
    told = gatehouse("backup", tmp_path / "x", "--keep", "3")
    assert (told.status, "--schedule" in told.err) == (1, True)


def test_a_failed_backup_removes_no_earlier_one(gatehouse: Gatehouse, made: Path, tmp_path: Path, secret: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    for day in (1, 2, 3):
        (folder / f"gatehouse-north-court-gw1-2026010{day}T000000Z.backup").write_text("old")
    (made / "registry.db").write_bytes(b"\xa5" * 8192)
    told = gatehouse("backup", folder, "--schedule", "--keep", "1", "--passphrase-file", secret)
    assert told.status != 0
    assert len(list(folder.iterdir())) == 3


def test_the_unit_of_the_timer_calls_it_as_it_is(gatehouse: Gatehouse) -> None:
    units = Path(__file__).resolve().parents[3] / "systemd"
    [line] = re.findall(r"^ExecStart=(.+)$", (units / "gatehouse-backup.service").read_text(), re.M)
    _, *argv = line.split()
    from gateway.cli import build_parser

    arguments = build_parser().parse_args(argv)
    assert (arguments.command, arguments.schedule, arguments.keep is not None) == ("backup", True, True)
    assert arguments.passphrase_file is not None
    assert "OnCalendar=" in (units / "gatehouse-backup.timer").read_text()


def test_the_engine_never_loads_what_encrypts() -> None:
    script = (
        "import sys, gateway.cli, gateway.engine.main, gateway.engine.engine, web.front.server, gateway.uplink.main;"
        "print([name for name in sys.modules if name.startswith(('cryptography', 'gateway.backup'))])"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


@pytest.mark.real
def test_it_is_made_while_the_gateway_runs(gatehouse: Gatehouse, made: Path, tmp_path: Path) -> None:
    from tests.support.site_process import Gateway, wait_for

    running = Gateway(made)
    try:
        running.start_engine()
        wait_for(lambda: running.last_sequence() >= 1, "the start is written")
        assert gatehouse("backup", tmp_path / "x").status == 0
        assert gatehouse("token", "create", "--name", "later", "--scope", "metrics").status == 0
    finally:
        running.end()
    assert gatehouse("restore", tmp_path / "x", "--data", tmp_path / "again").status == 0
    again = Gateway(tmp_path / "again")
    try:
        again.start_engine()
        assert [lane["id"] for lane in again.state()["lanes"]] == ["in"]
        wait_for(lambda: again.last_sequence() >= 3, "the second start is written")
        assert again.verify() >= 3
    finally:
        again.end()
    assert DataDirectory(tmp_path / "again").tokens.list() == ()
