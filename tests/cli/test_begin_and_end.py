"""How a command begins and ends: with streams that are closed, with Ctrl-C before it is loaded, as the wrong user."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import gateway.__main__ as command
from gateway import cli
from gateway.store.directory import DataDirectory
from tests.cli.conftest import Gatehouse


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_a_stream_that_the_caller_has_closed_is_no_mistake_and_no_store(made: Path, closed: str) -> None:
    script = f'"{sys.executable}" -m gateway passes list --data "{made}" {closed}'
    ended = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=False)
    assert ended.returncode == 0
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "words", ["--help", "--version", "events --help", "passes list", "passes list --json", "passes show nobody --json"]
)
def test_output_that_a_full_disk_does_not_take_is_no_success(made: Path, words: str, unbuffered: str) -> None:
    script = f'"{sys.executable}" -m gateway {words} --data "{made}" > /dev/full'
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    ended = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=False, env=environment)
    assert ended.returncode == 1
    assert ended.stderr.startswith("gatehouse: ")
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr


def test_a_mistake_that_cannot_be_said_is_a_mistake(made: Path) -> None:
    script = f'"{sys.executable}" -m gateway passes show nobody --data "{made}" 2> /dev/full'
    ended = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=False)
    assert ended.returncode == 1


@pytest.mark.parametrize(
    ("before", "while_loading"),
    [(signal.default_int_handler, signal.SIG_DFL), (signal.SIG_IGN, signal.SIG_IGN)],
    ids=["usual", "ignored"],
)
def test_ctrl_c_ends_a_command_without_a_traceback_before_it_is_loaded_and_after_it_is_done(
    monkeypatch: pytest.MonkeyPatch, before: signal.Handlers, while_loading: signal.Handlers
) -> None:
    seen: list[object] = []
    monkeypatch.setattr(cli, "main", lambda: seen.append(signal.getsignal(signal.SIGINT)) or 7)
    signal.signal(signal.SIGINT, before)
    assert command.main() == 7
    assert [*seen, signal.getsignal(signal.SIGINT)] == [while_loading, while_loading]


def test_ctrl_c_is_answered_once_a_command_runs(
    gatehouse: Gatehouse, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    monkeypatch.setattr(DataDirectory, "open", lambda _self: signal.raise_signal(signal.SIGINT))
    assert gatehouse("token", "list").status == 130


def test_ctrl_c_while_a_command_loads_what_it_needs_ends_it_at_once(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    script = "import signal; from gateway import cli; signal.signal(signal.SIGINT, cli._interrupt); import slow"
    ended = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (-signal.SIGINT, "")


def test_a_data_directory_of_somebody_else_names_its_owner(
    gatehouse: Gatehouse, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shut(self: DataDirectory) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(self.journal))

    monkeypatch.setattr(DataDirectory, "open", shut)
    assert "belongs to" not in gatehouse("check").err
    monkeypatch.setattr(cli, "whoami", lambda: "somebody")
    told = gatehouse("check")
    assert told.status == 1
    assert f"Permission denied; {made} belongs to {made.owner()}, try: sudo -u {made.owner()} gatehouse" in told.err
