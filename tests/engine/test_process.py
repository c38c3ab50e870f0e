"""The engine as a process: exit codes, signals, what systemd hears, and a death without warning."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.control import Client
from gateway.core.vocabulary.errors import GatehouseError
from gateway.engine.main import EXIT_CLEAN, EXIT_IN_USE, EXIT_WRONG
from gateway.store.directory import DataDirectory
from gateway.store.journal.reader import JournalReader
from tests.engine.conftest import until
from tests.support.engine import SITE

pytestmark = pytest.mark.real

SCRIPT = (
    "import sys, threading; from pathlib import Path; from gateway.engine.main import run_engine;"
    "from gateway.processes.ending import on_stop_signal; stop = threading.Event(); on_stop_signal(stop);"
    "sys.exit(run_engine(Path(sys.argv[1]), stop=stop))"
)
# The signal comes while the main thread holds a lock, as it may at any line.
INTERRUPTED = """
import os, signal, threading
from gateway.processes.ending import on_stop_signal
stop = threading.Event()
on_stop_signal(stop)
with {held}:
    os.kill(os.getpid(), signal.{name})
    os.kill(os.getpid(), signal.SIGTERM)
stop.wait()
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    DataDirectory(tmp_path / "data").create(SITE)
    return tmp_path / "data"


def command(data: Path) -> list[str]:
    return [sys.executable, "-c", SCRIPT, str(data)]


@contextmanager
def running(data: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """An engine process that is ready."""
    process = subprocess.Popen(command(data), stderr=subprocess.PIPE, text=True, env={**os.environ, **environment})
    try:
        until(lambda: ready(data))
        yield process
    finally:
        process.kill()
        process.communicate()


def ready(data: Path) -> bool:
    try:
        return bool(Client(data / "run" / "engine.sock").call("ping")["ready"])
    except GatehouseError:
        return False


def rows(data: Path) -> list[tuple[str, dict[str, Any]]]:
    reader = JournalReader(data / "journal.db")
    return [(row.type, row.data()) for row in reader.page(0, 1000)]


def starts(data: Path) -> list[bool]:
    """For each start on record, whether the run before it ended in good order."""
    return [found["previous_clean"] for kind, found in rows(data) if kind == "gateway.started"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_good_order(data: Path, number: signal.Signals) -> None:
    with running(data) as process:
        process.send_signal(number)
        assert process.wait(60) == EXIT_CLEAN
    assert [kind for kind, _ in rows(data)] == ["gateway.started", "gateway.stopped"]
    assert not (data / "run" / "engine.sock").exists()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
@pytest.mark.parametrize("held", ["stop._cond", "threading._active_limbo_lock"])
def test_a_signal_that_comes_while_a_lock_is_held_stops_all_the_same(held: str, name: str) -> None:
    script = INTERRUPTED.format(held=held, name=name)
    assert subprocess.run([sys.executable, "-c", script], timeout=60).returncode == 0


def test_a_second_engine_on_one_directory_exits_3_and_the_first_goes_on(data: Path) -> None:
    with running(data):
        second = subprocess.run(command(data), capture_output=True, text=True, timeout=60)
        assert second.returncode == EXIT_IN_USE
        assert "another engine" in second.stderr
        assert ready(data)


def test_a_kill_is_noticed_by_the_next_run(data: Path) -> None:
    with running(data) as process:
        until(lambda: len(starts(data)) == 1)
        process.kill()
        process.wait(60)
        assert (data / "run" / "engine.sock").exists()
    with running(data):
        until(lambda: len(starts(data)) == 2)
    assert starts(data) == [True, False]


@pytest.mark.parametrize("what", ["no directory", "no site", "wrong site", "newer schema"])
def test_a_wrong_directory_exits_2_and_says_what_is_wrong(data: Path, tmp_path: Path, what: str) -> None:
    if what == "no directory":
        data = tmp_path / "nowhere"
    elif what == "no site":
        for file in data.glob("site.json*"):
            file.unlink()
    elif what == "wrong site":
        DataDirectory(data).documents.save({**SITE, "colour": "red"})
    else:
        import apsw

        db = apsw.Connection(str(data / "registry.db"))
        db.pragma("user_version", 9_999)
        db.close()
    found = subprocess.run(command(data), capture_output=True, text=True, timeout=60)
    assert found.returncode == EXIT_WRONG, found.stderr
    assert found.stderr.strip()
    assert "Traceback" not in found.stderr


def test_systemd_hears_of_start_life_and_end(data: Path, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(60)
        environment = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "300000"}
        with running(data, **environment) as process:
            assert systemd.recv(1024).startswith(b"READY=1\nSTATUS=2 lanes, 2 devices")
            assert systemd.recv(1024) == b"WATCHDOG=1"
            assert systemd.recv(1024) == b"WATCHDOG=1"
            process.terminate()
            while (message := systemd.recv(1024)) == b"WATCHDOG=1":
                pass
            assert message == b"STOPPING=1"
            assert process.wait(60) == EXIT_CLEAN


def test_it_keeps_within_its_memory(data: Path) -> None:
    with running(data) as process:
        status = Path(f"/proc/{process.pid}/status").read_text()
        resident_kb = int(status.split("VmRSS:")[1].split()[0])
    assert resident_kb < 45_000
