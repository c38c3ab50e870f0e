"""Every bus can be asked by a core that knows nothing: what is there is read back, what is lost is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.base import Bus
from drivers.boards.layout import load_board
from drivers.sim.board import RtuBoards, SimBoard, TcpBoards
from drivers.virtual import sim_board
from gateway.core.vocabulary.events import DeviceLost, DeviceRestored, InputsRead, OutputDone, TamperChanged
from tests.drivers.conftest import Running, serial_link, tcp_link, wait_until
from tests.drivers.walk import ON_A_WIRE, SIMULATED, Wire

pytestmark = pytest.mark.real


def asked_anew(running: Running, bus: Bus) -> list[object]:
    """What the bus tells of its devices when it is asked."""
    running.reported.forget()
    assert bus.tell_anew(bus.devices)
    wait_until(lambda: running.reported.of(DeviceRestored) or running.reported.of(DeviceLost))
    return [*running.reported.of(DeviceRestored), *running.reported.of(DeviceLost)]


@pytest.mark.parametrize("wire", ON_A_WIRE, indirect=True)
def test_a_device_on_a_wire_is_told_as_there(running: Running, wire: Wire) -> None:
    bus = running.start(wire.device)
    first = running.reported.wait(DeviceRestored)
    assert asked_anew(running, bus) == [first]


@pytest.mark.parametrize("wire", ON_A_WIRE, indirect=True)
def test_a_lost_device_is_told_as_lost(running: Running, wire: Wire) -> None:
    bus = running.start(wire.device)
    running.reported.wait(DeviceRestored)
    wire.unplug()
    first = running.reported.wait(DeviceLost)
    running.reported.forget()
    assert bus.tell_anew(bus.devices)
    assert running.reported.wait(DeviceLost).device == first.device
    assert running.reported.of(DeviceRestored) == []


@pytest.mark.parametrize("case", [case for case in SIMULATED if case not in ON_A_WIRE])
def test_a_device_without_a_wire_is_told_too(running: Running, tmp_path: Path, case: str) -> None:
    driver, simulate = SIMULATED[case]
    with simulate(tmp_path / "none") as far:
        bus = running.start({"id": "d", "driver": driver, **far.options})
        first = running.reported.wait(DeviceRestored)
        assert asked_anew(running, bus) == [first]
        running.stop()


@pytest.mark.parametrize("kind", ["rtu", "tcp"])
def test_a_board_is_read_back_with_inputs_and_outputs(running: Running, kind: str, tmp_path: Path) -> None:
    with RtuBoards(tmp_path / "bus") if kind == "rtu" else TcpBoards() as server:
        link = serial_link(server, 3000) if isinstance(server, RtuBoards) else tcp_link(server, 3000)
        bus = running.start({"id": "io", "driver": "modbus", "link": link, "poll_ms": 10})
        running.reported.wait(DeviceRestored)
        bus.switch("io", 3, True, 1)
        running.reported.wait(OutputDone)
        before = server.boards[1].outputs()
        server.boards[1].set_input(2, True)
        (told,) = asked_anew(running, bus)
        assert told == DeviceRestored("io", tuple(n == 2 for n in range(8)), tuple(n == 3 for n in range(8)))
        assert server.boards[1].outputs() == before
        running.stop()


def test_a_board_on_the_same_wire_that_nobody_asked_about_says_nothing(running: Running) -> None:
    with TcpBoards({unit: SimBoard(load_board("generic")) for unit in (1, 2)}) as server:
        link = tcp_link(server, 3000)
        bus = running.start(
            {"id": "io", "driver": "modbus", "link": link, "poll_ms": 10},
            {"id": "io2", "driver": "modbus", "link": link, "unit": 2, "poll_ms": 10},
        )
        wait_until(lambda: len(running.reported.of(DeviceRestored)) == 2)
        running.reported.forget()
        assert bus.tell_anew(["io2"])
        wait_until(lambda: running.reported.of(DeviceRestored))
        server.boards[1].set_input(2, True)
        running.reported.wait(InputsRead)
        assert [one.device for one in running.reported.of(DeviceRestored)] == ["io2"]
        running.stop()


def test_points_at_hand_are_read_back_with_inputs_and_outputs(running: Running) -> None:
    board = sim_board.board("anew")
    bus = running.start({"id": "io", "driver": "sim-board", "channel": "anew"})
    running.reported.wait(DeviceRestored)
    bus.switch("io", 1, True)
    running.reported.wait(OutputDone)
    board.set_input(4, True)
    (told,) = asked_anew(running, bus)
    assert told == DeviceRestored("io", tuple(n == 4 for n in range(8)), tuple(n == 1 for n in range(8)))
    sim_board.forget("anew")


@pytest.mark.parametrize("wire", ["osdp-serial"], indirect=True)
def test_a_housing_that_is_open_is_told_again(running: Running, wire: Wire) -> None:
    bus = running.start(wire.device)
    running.reported.wait(DeviceRestored)
    for reader in bus._readers:  # type: ignore[attr-defined]
        reader.tampered = True
    asked_anew(running, bus)
    assert running.reported.wait(TamperChanged).tampered
