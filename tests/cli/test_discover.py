"""`gatehouse discover`: what is on free ports, and what the running engine hears on its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from drivers.discovery.cameras import Camera
from drivers.framing import em4100
from drivers.sim.board import TcpBoards
from drivers.sim.pty_port import PtyDevice
from drivers.sim.reader import SimReader
from gateway.store.directory import DataDirectory
from tests.cli.conftest import Gatehouse
from tests.support.engine_stand_in import engine_stand_in

CARD = "472288"


@contextmanager
def reader(path: Path) -> Iterator[SimReader]:
    """An RDM6300 with a card in its field."""
    found = SimReader(path, lambda card: em4100.encode(em4100.card_data(card)))
    over = threading.Event()

    def hold() -> None:
        while not over.wait(0.1):
            found.present(CARD)

    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    yield found
    over.set()
    thread.join()
    found.close()


def test_a_reader_and_a_board_are_found_without_a_data_directory(gatehouse: Gatehouse, tmp_path: Path) -> None:
    port = tmp_path / "adapter"
    with reader(port), TcpBoards() as far:
        told = gatehouse("discover", "--port", port, "--tcp", f"127.0.0.1:{far.port}", "--listen-s", 3, "--json")
    assert told.status == 0
    assert told.data["silent"] == []
    card, board = told.data["found"]
    assert card["device"] == {"id": "reader-1", "driver": "rdm6300", "port": str(port), "baudrate": 9600}
    assert (card["sure"], CARD in card["heard"]) == (True, True)
    link = {"type": "tcp", "host": "127.0.0.1", "port": far.port}
    assert board["device"]["driver"] == "modbus" and board["device"]["link"] == link
    assert (board["device"]["unit"], board["device"]["board"]) == (1, "generic")
    assert "hold a card" in told.err


def test_a_silent_port_is_told_and_no_error(gatehouse: Gatehouse, tmp_path: Path) -> None:
    device = PtyDevice(tmp_path / "adapter")
    told = gatehouse("discover", "--port", device.path, "--listen-s", 0, "--units", 7, "--json")
    device.close()
    assert told.status == 0 and told.data["found"] == []
    [silent] = told.data["silent"]
    assert silent["where"] == device.path and "units 7" in silent["heard"]


def test_people_read_entries_for_the_site_file(gatehouse: Gatehouse, tmp_path: Path) -> None:
    with reader(tmp_path / "adapter"):
        told = gatehouse("discover", "--port", tmp_path / "adapter")
    assert f"found: card {CARD}" in told.out and '{"id": "reader-1", "driver": "rdm6300"' in told.out


@pytest.mark.parametrize(
    "line",
    [
        ("--tcp", "nowhere"),
        ("--tcp", "host:0"),
        ("--tcp", "host:99999"),
        ("--units", "256"),
        ("--units", "x"),
        ("--listen-s", "21"),
    ],
)
def test_an_argument_that_cannot_be_is_a_usage_error(gatehouse: Gatehouse, line: tuple[str, ...]) -> None:
    assert gatehouse("discover", *line).status == 2


def test_without_ports_all_of_the_machine_are_searched(gatehouse: Gatehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.links.ports.serial_ports", lambda: [])
    seen = [Camera("192.168.1.64", "Gate 1\nforged")]
    monkeypatch.setattr("drivers.discovery.cameras.cameras", lambda: seen)
    told = gatehouse("discover", "--json")
    [camera] = told.data["found"]
    assert camera["device"] == {"id": "camera-1", "driver": "plate-http"} and not camera["sure"]
    assert camera["heard"] == "a camera at 192.168.1.64 (Gate 1 forged); let it push plates to /hooks/plates/camera-1"
    assert told.data["silent"] == [] and "no serial port" in told.err


def test_ports_of_a_running_engine_are_left_to_it_and_it_is_asked(
    gatehouse: Gatehouse, data: Path, tmp_path: Path
) -> None:
    busy, lost, free = (str(tmp_path / name) for name in ("busy", "lost", "free"))
    directory = DataDirectory(data)
    devices = [
        {"id": "reader-1", "driver": "rdm6300", "port": busy},
        {"id": "reader-b", "driver": "rdm6300", "port": lost},
        {"id": "io", "driver": "modbus", "link": {"type": "tcp", "host": "127.0.0.1", "port": 5020}},
    ]
    directory.create({"site": {"id": "s"}, "gateway": {"id": "g"}, "devices": devices})
    states = [
        {"id": "reader-1", "state": "online", "frames": 12, "errors": 1, "last_error": ""},
        {"id": "reader-b", "state": "lost", "frames": 0, "errors": 0, "last_error": "was unplugged\nforged"},
        {"id": "io", "state": "online", "frames": 3, "errors": 0, "last_error": ""},
    ]
    line = ("discover", "--port", busy, "--port", lost, "--port", free, "--tcp", "127.0.0.1:5020", "--listen-s", 3)
    with engine_stand_in(directory.socket) as engine, reader(Path(free)):
        engine.answers["ping"] = lambda _: {"ready": True}
        engine.answers["state"] = lambda _: {"devices": states}
        told = gatehouse(*line, "--json")
    first, board, new = told.data["found"]
    assert first["device"] == devices[0]
    assert first["heard"] == "in use by the running engine: online; frames 12, errors 1" and first["sure"]
    assert board["device"] == devices[2]
    assert new["device"]["id"] == "reader-2" and new["device"]["port"] == free
    [silent] = told.data["silent"]
    assert silent["where"] == lost
    assert silent["heard"] == "in use by the running engine for reader-b, lost: was unplugged forged"


def test_without_an_engine_its_ports_are_free(gatehouse: Gatehouse, data: Path, tmp_path: Path) -> None:
    port = str(tmp_path / "adapter")
    devices = [{"id": "reader-1", "driver": "rdm6300", "port": port}]
    DataDirectory(data).create({"site": {"id": "s"}, "gateway": {"id": "g"}, "devices": devices})
    with reader(Path(port)):
        told = gatehouse("discover", "--port", port, "--listen-s", 3, "--json")
    [found] = told.data["found"]
    assert found["device"]["id"] == "reader-2" and CARD in found["heard"]
