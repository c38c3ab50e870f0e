"""What systemd is told, over a real datagram socket, and when the watchdog goes hungry."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from gateway.engine.watchdog import Notifier, Progress, Watchdog
from tests.engine.conftest import S


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.settimeout(60)
        yield sock


def watching(*parts: Progress) -> Callable[[], Sequence[Progress]]:
    """These parts, as the engine names them."""
    return lambda: parts


def notifier(systemd: socket.socket, **environment: str) -> Notifier:
    return Notifier({"NOTIFY_SOCKET": systemd.getsockname(), **environment})


def test_readiness_and_its_status_are_one_message(systemd: socket.socket) -> None:
    notifier(systemd).ready("4 devices")
    assert systemd.recv(1024) == b"READY=1\nSTATUS=4 devices"


def test_an_abstract_address_is_understood() -> None:
    name = f"gatehouse-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind("\0" + name)
        sock.settimeout(60)
        Notifier({"NOTIFY_SOCKET": "@" + name}).stopping()
        assert sock.recv(1024) == b"STOPPING=1"


def test_without_systemd_nothing_is_said_and_nothing_fails(tmp_path: Path) -> None:
    Notifier({}).ready("x")
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "nobody")}).alive()


def test_the_patience_is_for_this_process_only(systemd: socket.socket) -> None:
    mine = notifier(systemd, WATCHDOG_USEC="10000000", WATCHDOG_PID=str(os.getpid()))
    other = notifier(systemd, WATCHDOG_USEC="10000000", WATCHDOG_PID="1")
    assert (mine.watchdog_s, other.watchdog_s) == (10.0, None)
    assert notifier(systemd, WATCHDOG_USEC="soon").watchdog_s is None


def test_the_watchdog_is_fed_while_everything_moves(systemd: socket.socket) -> None:
    turns = 0
    dog = Watchdog(notifier(systemd), watching(Progress("core", lambda: turns, 5)))
    for second in range(20):
        turns += 1
        assert dog.turn(second * S) == ()
        assert systemd.recv(1024) == b"WATCHDOG=1"


def test_a_part_that_stands_still_starves_the_watchdog(
    systemd: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    dog = Watchdog(notifier(systemd), watching(Progress("core", lambda: 1, 5)))
    for second in range(6):
        dog.turn(second * S)
        systemd.recv(1024)
    assert dog.turn(6 * S) == ("core",)
    assert dog.turn(7 * S) == ("core",)
    systemd.setblocking(False)
    with pytest.raises(BlockingIOError):
        systemd.recv(1024)
    assert caplog.text.count("no progress in: core") == 1


def test_a_part_that_moves_again_feeds_it_again(systemd: socket.socket) -> None:
    turns = 0
    dog = Watchdog(notifier(systemd), watching(Progress("core", lambda: turns, 5)))
    dog.turn(0)
    assert dog.turn(60 * S) == ("core",)
    turns = 1
    assert dog.turn(61 * S) == ()


@pytest.mark.parametrize(("usec", "interval_s"), [("600000", 0.2), ("30000000", 1.0), ("", 1.0)])
def test_the_watchdog_is_fed_three_times_in_its_patience(systemd: socket.socket, usec: str, interval_s: float) -> None:
    dog = Watchdog(notifier(systemd, WATCHDOG_USEC=usec), tuple)
    assert dog.interval_s == pytest.approx(interval_s)
