"""Wires as they are found: adapters that echo, gateways that count by themselves, RTU over TCP, odd unit numbers."""

from __future__ import annotations

import time
from typing import Any

import pytest

from drivers.boards.layout import load_board
from drivers.buses.polling import HOLD_EVERY_MS, HOLD_MS
from drivers.framing import modbus as m
from drivers.registry import find
from drivers.sim.board import RtuBoards, TcpBoards
from drivers.sim.board_model import SimBoard
from gateway.core.vocabulary.events import DeviceLost, DeviceRestored, OutputDone, OutputFailed
from tests.drivers.conftest import Running, configured, serial_link, tcp_link, wait_until

pytestmark = pytest.mark.real
PATIENT_MS, QUICK_MS = 3000, 100


def device(link: dict[str, Any], timeout_ms: int = PATIENT_MS, **options: Any) -> dict[str, Any]:
    return {"id": "io", "driver": "modbus", "link": link, "timeout_ms": timeout_ms, "poll_ms": 10, **options}


def test_a_board_behind_an_adapter_that_echoes_is_switched_and_acknowledged(running: Running, rtu: RtuBoards) -> None:
    rtu.echoes = True
    bus = running.start(device(serial_link(rtu, PATIENT_MS)))
    running.reported.wait(DeviceRestored)
    bus.switch("io", 3, True, 7)
    assert running.reported.wait(OutputDone).token == 7
    assert rtu.boards[1].outputs()[3]


def test_the_echo_of_a_write_is_no_acknowledgement(running: Running, rtu: RtuBoards) -> None:
    rtu.echoes = True
    bus = running.start(device(serial_link(rtu, PATIENT_MS), timeout_ms=QUICK_MS))
    running.reported.wait(DeviceRestored)
    rtu.boards[1].faults.deaf = True
    bus.switch("io", 3, True, 7)
    assert running.reported.wait(OutputFailed).token == 7
    assert running.reported.of(OutputDone) == []


def test_an_adapter_that_hears_only_itself_is_named(running: Running, rtu: RtuBoards) -> None:
    rtu.echoes = True
    rtu.boards[1].faults.deaf = True
    running.start(device(serial_link(rtu, PATIENT_MS), timeout_ms=QUICK_MS))
    lost = running.reported.wait(DeviceLost).error
    assert "unit 1 did not answer" in lost and "hears what it sends itself" in lost


def test_a_gateway_that_counts_by_itself_is_taken(running: Running, tcp: TcpBoards) -> None:
    tcp.renumbers = True
    bus = running.start(device(tcp_link(tcp, PATIENT_MS)))
    running.reported.wait(DeviceRestored)
    bus.switch("io", 3, True, 7)
    assert running.reported.wait(OutputDone).token == 7
    wait_until(lambda: bus.health()[0].frames > 5)
    assert bus.health()[0].errors == 0


def test_rtu_frames_over_tcp_are_a_link_type_and_a_hint(running: Running, tcp: TcpBoards) -> None:
    tcp.passes_rtu = True
    wire = tcp_link(tcp, PATIENT_MS)
    bus = running.start(device({**wire, "type": "rtu-tcp"}))
    running.reported.wait(DeviceRestored)
    bus.switch("io", 2, True, 1)
    running.reported.wait(OutputDone)
    assert tcp.boards[1].outputs()[2]


@pytest.mark.parametrize("unit", [0, 255])
def test_the_units_of_a_gateway_itself_are_allowed(running: Running, unit: int) -> None:
    with TcpBoards({unit: SimBoard(load_board("generic"))}) as boards:
        running.start(device(tcp_link(boards, PATIENT_MS), unit=unit))
        running.reported.wait(DeviceRestored)
        running.stop()


def test_unit_0_on_a_line_is_every_board_and_shares_no_wire() -> None:
    one, other = (configured("io", "modbus", link={"type": "serial", "port": "/dev/x"}, unit=unit) for unit in (0, 1))
    fault = find("modbus").clash(other.options, one.options)
    assert fault is not None and "every board on the wire" in fault[1]


def test_another_unit_that_answers_is_named(running: Running, tcp: TcpBoards) -> None:
    tcp.boards[1].faults.wrong_unit = True
    running.start(device(tcp_link(tcp, PATIENT_MS), timeout_ms=QUICK_MS))
    assert "unit 2 answered in its place" in running.reported.wait(DeviceLost).error


def test_after_a_read_polls_are_held_back_for_a_moment_and_orders_are_not(running: Running, tcp: TcpBoards) -> None:
    board = tcp.boards[1]
    bus = running.start(device(tcp_link(tcp, PATIENT_MS)))
    running.reported.wait(DeviceRestored)
    held_ns = time.monotonic_ns()
    bus.expect_order()
    bus.switch("io", 3, True, 7)
    assert running.reported.wait(OutputDone).token == 7
    polls = board.requests
    wait_until(lambda: board.requests > polls + 3)
    assert time.monotonic_ns() - held_ns > HOLD_MS * 1_000_000


def test_a_reader_that_never_rests_holds_polls_back_for_an_eighth_of_the_time_at_most(
    running: Running, tcp: TcpBoards
) -> None:
    bus = running.start(device(tcp_link(tcp, PATIENT_MS)))
    running.reported.wait(DeviceRestored)
    bus.expect_order()
    first_ns = bus._hold_ns  # type: ignore[attr-defined]
    bus.expect_order()
    assert bus._hold_ns == first_ns  # type: ignore[attr-defined]
    assert HOLD_MS * 8 <= HOLD_EVERY_MS


def test_a_frame_on_the_wire_is_as_the_standard_has_it(running: Running, rtu: RtuBoards) -> None:
    """pymodbus makes the frames; the golden ones of the board's manual are what comes out."""
    bus = running.start(device(serial_link(rtu, PATIENT_MS)))
    running.reported.wait(DeviceRestored)
    bus.switch("io", 0, True, 1)
    running.reported.wait(OutputDone)
    assert [(write.address, write.values) for write in rtu.boards[1].writes] == [(0, (m.COIL_ON,))]
