"""The search for devices beside an engine: followed, ended with it, and never on a port that a device has."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.base import Health
from drivers.framing import em4100
from drivers.sim.pty_port import PtyDevice
from drivers.sim.reader import SimReader
from gateway.core.settings.model import Settings
from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.errors import BusyError, RequestError
from gateway.engine.discovery import discovery as discovery_module
from gateway.engine.discovery.discovery import Discovery
from tests.engine.settings.conftest import Box, quick, site, until  # noqa: F401
from tests.support.waiting import wait_until

LISTEN_S = 2


class Told:
    """Who asked."""

    def __init__(self) -> None:
        self.value: Any = None

    def result(self, value: Any) -> None:
        self.value = value


class Bench:
    """A discovery beside devices that are set up."""

    def __init__(self, *devices: dict[str, Any], script: str = "") -> None:
        self.settings: Settings = parse_settings(
            {"site": {"id": "court"}, "gateway": {"id": "gw1"}, "devices": list(devices), "operators": []}
        )
        command = (sys.executable, "-c", script) if script else discovery_module.COMMAND
        self.discovery = Discovery(lambda: self.settings, self._health, command=command)

    def _health(self) -> list[Health]:
        return [Health(one.id, "online", 0, 0, "", 7, 1) for one in self.settings.devices]

    def call(self, op: str, **params: Any) -> Any:
        told = Told()
        self.discovery.handle(op, params, told)  # type: ignore[arg-type]
        return told.value

    def state(self) -> Any:
        return self.call("discover.state")

    def over(self) -> Any:
        wait_until(lambda: self.state()["state"] != "running", every_s=0.02)
        return self.state()


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Path]:
    """The port of an RDM6300 with a card in its field."""
    reader = SimReader(tmp_path / "reader", lambda one: em4100.encode(em4100.card_data(one)))
    over = threading.Event()

    def hold() -> None:
        while not over.wait(0.1):
            reader.present("472288")

    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    yield tmp_path / "reader"
    over.set()
    thread.join()
    reader.close()


def test_before_the_first_search_there_is_nothing() -> None:
    assert Bench().state() == {"state": "none", "places": [], "found": [], "silent": [], "used": []}


def test_what_is_found_is_told_while_the_search_goes_on(card: Path, tmp_path: Path) -> None:
    bench = Bench()
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = mute.getsockname()
        first = bench.call(
            "discover.start", by="Ana", ports=[str(card)], addresses=[address], listen_s=LISTEN_S, units=[1]
        )
        _finds(bench, first, card, f"{address[0]}:{address[1]}")


def _finds(bench: Bench, first: Any, card: Path, quiet: str) -> None:
    assert (first["state"], first["by"]) == ("running", "Ana")
    until(lambda: bench.state()["found"])
    now = bench.state()
    assert now["state"] == "running"
    [found] = now["found"]
    assert found["device"] == {"id": "reader", "driver": "rdm6300", "port": str(card), "baudrate": 9600}
    assert {one["where"]: one["step"] for one in now["places"]}[quiet] in ("listening", "asking")
    done = bench.over()
    [silent] = done["silent"]
    assert (done["state"], silent["where"], silent["tried"]["listened_s"]) == ("done", quiet, LISTEN_S)
    assert "modbus" in silent["tried"]["asked"] and silent["tried"]["units"] == [1]


def test_a_port_that_a_device_has_is_not_opened(card: Path) -> None:
    bench = Bench({"id": "reader-in", "driver": "rdm6300", "port": str(card)})
    bench.call("discover.start", by="Ana", ports=[str(card)], listen_s=0)
    done = bench.over()
    assert [(one["step"], one["user"]) for one in done["places"]] == [("used", "reader-in")]
    assert done["used"] == [
        {
            "where": str(card), "device": "reader-in", "driver": "rdm6300",
            "state": "online", "last_error": "", "frames": 7, "errors": 1,
        }
    ]  # fmt: skip
    assert (done["found"], done["silent"]) == ([], [])


def test_one_search_at_a_time_until_it_is_stopped(tmp_path: Path) -> None:
    quiet = PtyDevice(tmp_path / "quiet")
    bench = Bench()
    bench.call("discover.start", by="Ana", ports=[quiet.path])
    with pytest.raises(BusyError, match="a search runs already"):
        bench.call("discover.start", by="Ben")
    bench.call("discover.stop", by="Ben")
    assert bench.over()["detail"] == "Ben stopped it"
    bench.call("discover.start", by="Ben", ports=["/dev/none"], listen_s=0)
    [silent] = bench.over()["silent"]
    assert "is not there" in silent["tried"]["error"]
    quiet.close()


@pytest.mark.parametrize(
    ("script", "detail"),
    [
        ("raise SystemExit(3)", "the search ended (exit code 3)"),
        ("print('nonsense')", "the search was not understood"),
        ("print('[]')", "the search was not understood"),
    ],
)
def test_a_search_that_fails_says_so(script: str, detail: str) -> None:
    bench = Bench(script=script)
    bench.call("discover.start", by="Ana")
    done = bench.over()
    assert (done["state"], detail in done["detail"]) == ("failed", True)


def test_a_search_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery_module, "SEARCH_MAX_S", 0.2)
    monkeypatch.setattr(discovery_module, "END_S", 0.2)
    bench = Bench(script="import time; time.sleep(60)")
    bench.call("discover.start", by="Ana")
    assert bench.over()["detail"] == "it took too long"


@pytest.mark.parametrize("wrong", [{"ports": ["com1"]}, {"addresses": [["host", 0]]}, {"units": [256]}, {"x": 1}])
def test_a_request_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(RequestError):
        Bench().call("discover.start", by="Ana", **wrong)


def test_other_settings_end_the_search_that_may_hold_their_ports(tmp_path: Path) -> None:
    box, quiet = Box(tmp_path / "data"), PtyDevice(tmp_path / "quiet")
    box.ask("discover.start", ports=[quiet.path])
    box.apply(site(devices=[*site()["devices"], {"id": "x", "driver": "noop"}]))
    assert box.call("discover.state")["detail"] == "the settings change"
    box.ask("discover.start", ports=[quiet.path])
    box.stop()
    quiet.close()
