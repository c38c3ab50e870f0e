from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drivers.base import PULSE_MAX_MS, Bus
from drivers.boards.layout import load_board
from drivers.framing import modbus as m
from drivers.links.modbus_bus import ModbusLink
from drivers.orders import ORDERS_MAX
from drivers.sim.board import BoardServer, RtuBoards, TcpBoards
from drivers.sim.board_model import SimBoard
from gateway.core.vocabulary.events import DeviceLost, DeviceRestored, DeviceStale, InputsRead, OutputDone, OutputFailed
from tests.drivers.conftest import Running, serial_link, tcp_link, wait_until

pytestmark = pytest.mark.real
MS = 1_000_000
OFF8 = (False,) * 8
PATIENT_MS = 3000
"""Where a board answers: long enough that a busy machine is no silence."""
QUICK_MS = 100
"""Where a board is silent on purpose and the end of its silence decides nothing."""
SURE_MS = 500
"""Where a test must act before the next time-out."""


@pytest.fixture(params=["rtu", "tcp"])
def boards(request: pytest.FixtureRequest) -> BoardServer:
    """The same tests over both wires."""
    found: BoardServer = request.getfixturevalue(request.param)
    return found


def device(boards: BoardServer, id: str = "io", timeout_ms: int = PATIENT_MS, **options: Any) -> dict[str, Any]:
    link = serial_link if isinstance(boards, RtuBoards) else tcp_link
    wire = link(boards, PATIENT_MS)  # type: ignore[arg-type]
    return {"id": id, "driver": "modbus", "link": wire, "timeout_ms": timeout_ms, "poll_ms": 10, **options}


def start(running: Running, boards: BoardServer, **options: Any) -> Bus:
    bus = running.start(device(boards, **options))
    running.reported.wait(DeviceRestored)
    return bus


def fall_silent(bus: Bus, board: SimBoard) -> None:
    """The board answers no more, and is lost by that and not by a busy machine before."""
    asked = board.requests
    board.faults.silent = True
    wait_until(lambda: board.requests > asked + 1 and bus.health()[0].state == "lost")


def one_to(*active: int, count: int = 8) -> tuple[bool, ...]:
    return tuple(number in active for number in range(count))


# ---- first contact, inputs -----------------------------------------------------------------------------------------


def test_first_contact_reads_everything_back_and_moves_nothing(running: Running, boards: BoardServer) -> None:
    board = boards.boards[1]
    board.set_output(5, True, 0)
    board.set_input(3, True)
    start(running, boards)
    assert running.reported.of(DeviceRestored) == [DeviceRestored("io", one_to(3), one_to(5))]
    running.stop()
    assert list(board.writes) == []
    assert board.outputs() == one_to(5)


def test_inputs_are_reported_on_change_and_only_then(running: Running, boards: BoardServer) -> None:
    board = boards.boards[1]
    start(running, boards)
    for number, current in ((0, True), (7, True), (0, False)):
        board.set_input(number, current)
        wait_until(lambda: running.reported.of(InputsRead)[-1:] == [InputsRead("io", board.inputs())])
    polls = board.requests
    wait_until(lambda: board.requests > polls + 10)
    assert [read.inputs for read in running.reported.of(InputsRead)] == [one_to(0), one_to(0, 7), one_to(7)]


def test_health_tells_frames_and_last_contact(running: Running, boards: BoardServer) -> None:
    bus = start(running, boards)
    wait_until(lambda: bus.health()[0].frames > 5)
    health = bus.health()[0]
    assert (health.device, health.state, health.errors, health.last_error) == ("io", "online", 0, "")
    assert health.last_ok_mono_ns is not None


# ---- orders --------------------------------------------------------------------------------------------------------


def test_a_pulse_is_on_and_then_off_again(running: Running, boards: BoardServer) -> None:
    seen: list[tuple[int, bool]] = []
    boards.boards[1].on_output = lambda output, active, _: seen.append((output, active))
    bus = start(running, boards)
    bus.pulse("io", 2, 60, True, 11)
    assert running.reported.wait(OutputDone) == OutputDone("io", 2, 11)
    wait_until(lambda: len(seen) == 2)
    assert seen == [(2, True), (2, False)]


def test_a_pulse_of_a_relay_that_rests_energised_goes_the_other_way(running: Running, boards: BoardServer) -> None:
    board = boards.boards[1]
    board.set_output(2, True, 0)
    seen: list[tuple[int, bool]] = []
    board.on_output = lambda output, active, _: seen.append((output, active))
    start(running, boards).pulse("io", 2, 60, False, 1)
    wait_until(lambda: len(seen) == 2)
    assert seen == [(2, False), (2, True)]


def test_a_switch_stays_and_is_read_back(running: Running, boards: BoardServer) -> None:
    bus = start(running, boards)
    bus.switch("io", 3, True, 5)
    assert running.reported.wait(OutputDone).token == 5
    assert boards.boards[1].outputs() == one_to(3)
    bus.switch("io", 3, False, 6)
    assert running.reported.wait(OutputDone, count=2).token == 6
    assert boards.boards[1].outputs() == OFF8


def test_a_switch_ends_a_pulse_that_runs(running: Running, boards: BoardServer) -> None:
    bus = start(running, boards)
    bus.pulse("io", 0, PULSE_MAX_MS, True, 1)
    running.reported.wait(OutputDone)
    bus.switch("io", 0, False, 2)
    running.reported.wait(OutputDone, count=2)
    assert boards.boards[1].outputs() == OFF8
    running.stop()
    assert [write.values for write in boards.boards[1].writes] == [(m.COIL_ON,), (m.COIL_OFF,)]


def test_a_switch_on_outlives_the_pulse_that_it_replaces(running: Running, boards: BoardServer) -> None:
    bus = start(running, boards)
    bus.pulse("io", 0, 50, True, 1)
    bus.switch("io", 0, True, 2)
    running.reported.wait(OutputDone, count=2)
    polls = boards.boards[1].requests
    wait_until(lambda: boards.boards[1].requests > polls + 15)
    assert boards.boards[1].outputs() == one_to(0)


def test_an_order_for_an_output_that_is_not_there_fails(running: Running, boards: BoardServer) -> None:
    bus = start(running, boards)
    bus.pulse("io", 8, 500, True, 3)
    assert "no output 8" in running.reported.wait(OutputFailed).error
    bus.pulse("other", 0, 500, True, 4)
    assert "no device 'other'" in running.reported.wait(OutputFailed, count=2).error


def test_the_queue_of_orders_is_bounded(tcp: TcpBoards, running: Running) -> None:
    bus = start(running, tcp)
    tcp.boards[1].faults.late_ms = 50
    for token in range(ORDERS_MAX * 3):
        bus.switch("io", 0, True, token)
    assert "too slow" in running.reported.wait(OutputFailed).error


def test_the_longest_pulse_is_ten_seconds_and_a_stop_ends_it(running: Running, boards: BoardServer) -> None:
    bus = start(running, boards)
    bus.pulse("io", 0, 3_600_000, True, 1)
    running.reported.wait(OutputDone)
    held = [lease.until_ns for lease in bus._leases.all()]  # type: ignore[attr-defined]
    assert held[0] <= time.monotonic_ns() + PULSE_MAX_MS * MS
    running.stop()
    assert boards.boards[1].outputs() == OFF8


def test_orders_on_the_way_at_a_stop_are_answered(running: Running, boards: BoardServer) -> None:
    bus = start(running, boards)
    for token in range(20):
        bus.switch("io", 0, True, token)
    running.stop()
    answered = [*running.reported.of(OutputDone), *running.reported.of(OutputFailed)]
    assert sorted(event.token for event in answered) == list(range(20))


# ---- silence -------------------------------------------------------------------------------------------------------


def test_stale_at_the_first_unanswered_poll_lost_after_three_restored_on_return(
    running: Running, boards: BoardServer
) -> None:
    board = boards.boards[1]
    bus = start(running, boards, timeout_ms=SURE_MS)
    fall_silent(bus, board)
    lost = running.reported.wait(DeviceLost)
    assert "did not answer within 500 ms" in lost.error
    assert "check its power" in lost.error
    events = running.reported.events
    assert type(events[events.index(lost) - 1]) is DeviceStale
    board.set_input(1, True)
    board.set_output(4, True, 0)
    board.faults.silent = False
    restored = DeviceRestored("io", one_to(1), one_to(4))
    wait_until(lambda: restored in running.reported.of(DeviceRestored))


def test_after_a_stale_spell_the_inputs_are_told_again(running: Running, boards: BoardServer) -> None:
    board = boards.boards[1]
    start(running, boards, timeout_ms=SURE_MS * 2)
    board.faults.silent = True
    running.reported.wait(DeviceStale)
    board.faults.silent = False
    running.reported.wait(InputsRead)
    assert [type(event) for event in running.reported.events][:3] == [DeviceRestored, DeviceStale, InputsRead]


def test_a_dead_device_loses_orders_at_once_and_never_carries_them_out_later(
    running: Running, boards: BoardServer
) -> None:
    board = boards.boards[1]
    bus = start(running, boards, timeout_ms=QUICK_MS)
    fall_silent(bus, board)
    bus.pulse("io", 0, 500, True, 9)
    assert running.reported.wait(OutputFailed).token == 9
    board.faults.silent = False
    wait_until(lambda: bus.health()[0].state == "online")
    assert list(board.writes) == []


def test_an_unanswered_write_is_never_sent_again(running: Running, boards: BoardServer) -> None:
    board = boards.boards[1]
    bus = start(running, boards, timeout_ms=QUICK_MS)
    board.faults.deaf = True
    bus.switch("io", 0, True, 9)
    assert running.reported.wait(OutputFailed).token == 9
    board.faults.deaf = False
    wait_until(lambda: running.reported.of(InputsRead) or running.reported.of(DeviceRestored)[1:], "heard again")
    assert list(board.writes) == []


def test_a_write_whose_answer_was_lost_is_read_back_and_not_repeated(running: Running, boards: BoardServer) -> None:
    board = boards.boards[1]
    bus = start(running, boards, timeout_ms=SURE_MS * 3)
    board.faults.mute_writes = True
    bus.switch("io", 0, True, 9)
    assert running.reported.wait(OutputDone).token == 9
    assert len(board.writes) == 1


def test_a_pulse_is_switched_off_although_the_device_fell_silent(running: Running, boards: BoardServer) -> None:
    board = boards.boards[1]
    bus = start(running, boards, timeout_ms=SURE_MS)
    board.on_output = lambda output, active, _: setattr(board.faults, "deaf", active)
    bus.pulse("io", 0, 60, True, 1)
    wait_until(lambda: board.faults.deaf)
    wait_until(lambda: bus.health()[0].state == "lost")
    assert board.outputs() == one_to(0)
    board.faults.deaf = False
    wait_until(lambda: bus.health()[0].state == "online")
    assert running.reported.of(DeviceRestored)[-1].outputs == OFF8
    assert board.writes[0].values == (m.COIL_ON,)
    assert {write.values for write in list(board.writes)[1:]} == {(m.COIL_OFF,)}


def test_a_stop_in_the_middle_of_a_pulse_switches_it_off(running: Running, boards: BoardServer) -> None:
    bus = start(running, boards)
    bus.pulse("io", 0, PULSE_MAX_MS, True, 1)
    running.reported.wait(OutputDone)
    assert boards.boards[1].outputs() == one_to(0)
    running.stop()
    assert boards.boards[1].outputs() == OFF8


def test_a_stop_with_the_wire_gone_does_not_hang(running: Running, boards: BoardServer) -> None:
    bus = start(running, boards)
    bus.pulse("io", 0, PULSE_MAX_MS, True, 1)
    running.reported.wait(OutputDone)
    boards.unplug()
    running.reported.wait(DeviceLost)
    running.stop()


FAULTS = [
    ("rtu", "garbled"),
    *((wire, f"wrong_{what}") for wire in ("rtu", "tcp") for what in ("unit", "function", "count")),
]


@pytest.mark.parametrize(("boards", "fault"), FAULTS, indirect=["boards"])
def test_what_was_not_asked_for_is_no_answer(running: Running, boards: BoardServer, fault: str) -> None:
    board = boards.boards[1]
    setattr(board.faults, fault, True)
    running.start(device(boards, timeout_ms=QUICK_MS, outputs=0))
    assert "did not answer" in running.reported.wait(DeviceLost).error
    assert running.reported.of(DeviceRestored) == []
    setattr(board.faults, fault, False)
    running.reported.wait(DeviceRestored)


# ---- quarantine ----------------------------------------------------------------------------------------------------


def late(monkeypatch: pytest.MonkeyPatch, boards: BoardServer, and_then: Callable[[], None]) -> None:
    """Each reply comes in the moment after its time-out, whatever the machine does meanwhile; then `and_then`."""
    board, quarantine = boards.boards[1], ModbusLink._quarantine
    board.faults.withheld = True

    def released(link: ModbusLink, worst_ms: int) -> None:
        if board.faults.withheld:
            boards.release()
            and_then()
        quarantine(link, worst_ms)

    monkeypatch.setattr(ModbusLink, "_quarantine", released)


def test_a_late_reply_never_answers_the_next_request(
    running: Running, boards: BoardServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reply to the first poll comes late, tells of an old state, and nothing else comes."""
    board = boards.boards[1]
    board.set_input(0, True)

    def nothing_else() -> None:
        board.faults.silent, board.faults.withheld = True, False
        board.set_input(0, False)
        board.set_input(1, True)

    late(monkeypatch, boards, nothing_else)
    running.start(device(boards, timeout_ms=QUICK_MS, outputs=0))
    running.reported.wait(DeviceLost)
    assert board.requests > 1
    assert running.reported.of(DeviceRestored) == []
    board.faults.silent = False
    assert running.reported.wait(DeviceRestored).inputs == one_to(1)


def test_a_board_that_is_always_late_is_lost_and_tells_nothing(
    running: Running, boards: BoardServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without quarantine each late reply would answer the next request, and stay one off for ever."""
    released: list[bool] = []
    late(monkeypatch, boards, lambda: released.append(True))
    running.start(device(boards, timeout_ms=QUICK_MS, outputs=0))
    running.reported.wait(DeviceLost)
    wait_until(lambda: len(released) > 3)
    assert running.reported.of(DeviceRestored) == []
    boards.boards[1].faults.withheld = False
    running.reported.wait(DeviceRestored)


# ---- many on one wire ----------------------------------------------------------------------------------------------


def three(boards: BoardServer, timeout_ms: int = PATIENT_MS) -> list[dict[str, Any]]:
    for unit in (2, 3):
        boards.boards[unit] = SimBoard(load_board("generic"))
    return [device(boards, id=f"io{unit}", unit=unit, timeout_ms=timeout_ms) for unit in (1, 2, 3)]


def test_devices_with_an_equal_link_share_one_bus(running: Running, boards: BoardServer) -> None:
    bus = running.start(*three(boards))
    for name in ("io1", "io2", "io3"):
        running.reported.wait(DeviceRestored, name)
    assert bus.devices == ("io1", "io2", "io3")
    boards.boards[2].set_input(0, True)
    assert running.reported.wait(InputsRead).device == "io2"


def test_a_dead_device_leaves_the_others_at_their_rate(running: Running, boards: BoardServer) -> None:
    devices = three(boards, QUICK_MS)
    healthy, dead = boards.boards[1], boards.boards[2]
    dead.faults.silent = True
    running.start(*devices)
    running.reported.wait(DeviceLost, "io2")
    polls, tries = healthy.requests, dead.requests
    wait_until(lambda: healthy.requests >= polls + 100)
    # Asked in its turn it would have cost a time-out 100 times over; by its back-off it is asked nine times a minute.
    assert dead.requests - tries < 15
    dead.faults.silent = False
    running.reported.wait(DeviceRestored, "io2")


def test_noise_on_the_line_does_not_stop_the_bus(running: Running, rtu: RtuBoards) -> None:
    start(running, rtu)
    rtu.babble = True
    rtu.boards[1].set_input(6, True)
    wait_until(lambda: [e for e in running.reported.events if getattr(e, "inputs", ())[6:7] == (True,)])
    rtu.babble = False
    running.reported.forget()
    rtu.boards[1].set_input(6, False)
    wait_until(lambda: [e for e in running.reported.events if getattr(e, "inputs", ())[6:7] == (False,)])


def test_a_device_that_babbles_takes_no_polls_from_the_others(running: Running, rtu: RtuBoards) -> None:
    running.start(*three(rtu))
    for name in ("io1", "io2", "io3"):
        running.reported.wait(DeviceRestored, name)
    rtu.babble = True
    before = {unit: board.requests for unit, board in rtu.boards.items()}
    wait_until(lambda: all(board.requests > before[unit] + 50 for unit, board in rtu.boards.items()))
    assert running.reported.of(DeviceLost) == []


# ---- the wire itself -----------------------------------------------------------------------------------------------


def test_a_wire_that_goes_and_comes_back_needs_no_restart(running: Running, boards: BoardServer) -> None:
    bus = start(running, boards)
    for turn in range(1, 4):
        boards.unplug()
        lost = running.reported.wait(DeviceLost, count=turn)
        assert "; " in lost.error, "says what to do"
        bus.pulse("io", 0, 500, True, turn)
        assert running.reported.wait(OutputFailed, count=turn).token == turn
        boards.plug()
        running.reported.wait(DeviceRestored, count=turn + 1)
    assert list(boards.boards[1].writes) == []


def test_a_wire_that_is_missing_at_the_start_is_lost_at_once(running: Running, boards: BoardServer) -> None:
    boards.unplug()
    bus = running.start(device(boards))
    running.reported.wait(DeviceLost)
    assert bus.health()[0].state == "lost"
    boards.plug()
    running.reported.wait(DeviceRestored)


def test_a_connection_that_the_server_closed_is_made_again_without_a_loss(running: Running, tcp: TcpBoards) -> None:
    start(running, tcp)

    def hang_up() -> None:
        for caller in list(tcp._callers):
            tcp._hang_up(caller)

    tcp._do(hang_up)
    tcp.boards[1].set_input(0, True)
    running.reported.wait(InputsRead)
    assert running.reported.of(DeviceLost) == []


# ---- boards as data ------------------------------------------------------------------------------------------------


def with_board(boards: BoardServer, name: str) -> SimBoard:
    boards.boards[1] = SimBoard(load_board(name))
    return boards.boards[1]


def test_a_board_that_can_time_a_pulse_does_it_itself_rounded_up(running: Running, boards: BoardServer) -> None:
    board = with_board(boards, "waveshare-relay-8ch")
    seen: list[tuple[int, bool]] = []
    board.on_output = lambda output, active, _: seen.append((output, active))
    bus = start(running, boards, board="waveshare-relay-8ch")
    assert running.reported.of(DeviceRestored)[0].inputs == ()
    bus.pulse("io", 3, 201, True, 1)
    running.reported.wait(OutputDone)
    wait_until(lambda: len(seen) == 2)
    assert seen == [(3, True), (3, False)]
    assert [(write.function, write.address, write.values) for write in board.writes] == [(5, 0x0203, (3,))]


def test_a_pulse_that_the_board_has_ended_before_it_is_read_back_was_carried_out(
    running: Running, boards: BoardServer
) -> None:
    """The acknowledgement is late, and by then the pulse is over: an output at rest is no failure."""
    board = with_board(boards, "waveshare-relay-8ch")
    bus = start(running, boards, board="waveshare-relay-8ch")
    board.on_output = lambda output, active, _: setattr(board.faults, "withheld", active)
    bus.pulse("io", 3, 100, True, 1)
    wait_until(lambda: board.writes and board.outputs() == OFF8)
    boards.release()
    assert running.reported.wait(OutputDone).token == 1
    assert running.reported.of(OutputFailed) == []


def test_a_pulse_that_the_board_times_needs_no_gateway_to_end(running: Running, boards: BoardServer) -> None:
    board = with_board(boards, "waveshare-relay-8ch")
    bus = start(running, boards, board="waveshare-relay-8ch")
    bus.pulse("io", 0, 300, True, 1)
    running.reported.wait(OutputDone)
    running.stop()
    wait_until(lambda: board.outputs() == OFF8)
    assert len(board.writes) == 1


@pytest.mark.parametrize("name", ["generic", "waveshare-io-8ch", "di8do8-6842", "waveshare-relay-8ch", "r421a08"])
def test_every_board_switches_pulses_and_reads_back(running: Running, boards: BoardServer, name: str) -> None:
    board = with_board(boards, name)
    bus = start(running, boards, board=name)
    bus.switch("io", 7, True, 1)
    running.reported.wait(OutputDone)
    assert board.outputs() == one_to(7)
    bus.switch("io", 7, False, 2)
    running.reported.wait(OutputDone, count=2)
    bus.pulse("io", 1, 100, True, 3)
    running.reported.wait(OutputDone, count=3)
    wait_until(lambda: board.outputs() == OFF8)
    if board.board.inputs.count:
        board.set_input(7, True)
        assert running.reported.wait(InputsRead).inputs == one_to(7)


def test_the_words_of_each_board_are_those_of_its_manual(running: Running, rtu: RtuBoards) -> None:
    board = with_board(rtu, "r421a08")
    bus = start(running, rtu, board="r421a08")
    bus.switch("io", 0, True, 1)
    bus.switch("io", 7, False, 2)
    running.reported.wait(OutputDone, count=2)
    assert [(w.function, w.address, w.values) for w in board.writes] == [(6, 1, (0x0100,)), (6, 8, (0x0200,))]


def test_a_board_that_refuses_says_why(running: Running, boards: BoardServer) -> None:
    running.start(device(boards, inputs=16))
    error = running.reported.wait(DeviceLost).error
    assert "refuses (code 2)" in error
    assert "are 'board' and the start addresses right?" in error


def test_a_generic_board_has_the_counts_and_starts_of_the_site_file(running: Running, boards: BoardServer) -> None:
    from msgspec.structs import replace

    layout = load_board("generic")
    layout = replace(
        layout, outputs=replace(layout.outputs, count=2, start=100), inputs=replace(layout.inputs, count=3, start=200)
    )
    boards.boards[1] = SimBoard(layout)
    bus = start(running, boards, outputs=2, inputs=3, output_start=100, input_start=200)
    assert running.reported.of(DeviceRestored) == [DeviceRestored("io", (False,) * 3, (False,) * 2)]
    bus.switch("io", 1, True, 1)
    running.reported.wait(OutputDone)
    assert boards.boards[1].outputs() == (False, True)


def test_a_coil_that_does_not_follow_is_told(running: Running, tmp_path: Path) -> None:
    class Stuck(SimBoard):
        def set_output(self, number: int, active: bool, now_ns: int) -> None:
            pass

    with RtuBoards(tmp_path / "stuck", {1: Stuck(load_board("generic"))}) as boards:
        start(running, boards).switch("io", 0, True, 1)
        assert "did not switch" in running.reported.wait(OutputFailed).error
        running.stop()
