"""Install mode of a reader, asked for at the control socket of a whole engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.core.vocabulary.errors import NotFoundError, RefusedError, RequestError
from gateway.core.vocabulary.events import InstallModeEnded
from tests.engine.conftest import until
from tests.support.engine import Running


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path / "data")
    yield running
    running.stop()


@pytest.fixture
def asked(running: Running, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What the bus was asked for."""
    found: list[tuple[str, int]] = []
    take: Callable[[str, int], None] = lambda device, duration_s: found.append((device, duration_s))  # noqa: E731
    monkeypatch.setattr(running.bus, "install_mode", take)
    return found


def test_install_mode_is_on_record_with_who_asked_and_how_it_ended(
    running: Running, asked: list[tuple[str, int]]
) -> None:
    running.client.call("device.install_mode", device="reader-in", minutes=10, by="Lin")
    assert asked == [("reader-in", 600)]
    running.bus.report(InstallModeEnded("reader-in", "key_set"))
    until(lambda: len(running.rows("settings.changed")) == 2)
    rows = running.rows("settings.changed")
    assert [row.subject for row in rows] == ["devices/reader-in"] * 2
    begun, ended = (row.data() for row in rows)
    assert begun == {"what": "install_mode", "device": "reader-in", "minutes": 10, "by": "Lin", "via": None}
    assert (ended["what"], ended["outcome"], ended["by"]) == ("install_mode_ended", "key_set", "gateway")


def test_install_mode_is_ended_by_zero_minutes(running: Running, asked: list[tuple[str, int]]) -> None:
    running.client.call("device.install_mode", device="reader-in", minutes=0, by="Lin")
    assert asked == [("reader-in", 0)]
    assert running.rows("settings.changed")[0].data()["what"] == "install_mode_stopped"


def test_what_is_refused_leaves_no_row(running: Running) -> None:
    with pytest.raises(RefusedError, match="no key to be given"):
        running.client.call("device.install_mode", device="reader-in", minutes=10, by="Lin")
    with pytest.raises(NotFoundError, match="'reader-x'"):
        running.client.call("device.install_mode", device="reader-x", minutes=10, by="Lin")
    with pytest.raises(RequestError, match="minutes"):
        running.client.call("device.install_mode", device="reader-in", minutes=61, by="Lin")
    assert running.rows("settings.changed") == []
