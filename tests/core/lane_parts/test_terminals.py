"""The outputs of a barrier: what waits for its row, what goes out, the gap between opposite pulses, and taking back."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.lane.arm.terminals import Motion, OrderState, Terminals
from gateway.core.settings.model import Point
from gateway.core.vocabulary.authors import Author
from gateway.core.vocabulary.commands import Append, PulseOutput, SetOutput
from gateway.core.vocabulary.events import Now
from gateway.core.vocabulary.views import Requested
from tests.core.lane_parts.bench import barrier, pulses, rows, started, switched, turn_at

LIN = Author("Lin", "guard", "booth")
OPEN, CLOSE, STOP = 0, 1, 2
HOLDS = {"control": "hold", "close": None, "stop": None}


def motion(command: str = "open", cause: str = "operator", **more: Any) -> Motion:
    return Motion(command, cause, LIN, None, "then", **more)


def sent(terminals: Terminals, command: str, at_ms: int = 0, tokens: int = 0) -> bool:
    return terminals.send(turn_at(at_ms, tokens), motion(command))


@pytest.mark.parametrize(
    ("command", "direction"), [("open", "open"), ("close", "close"), ("stop", "stop"), ("hold", "open")]
)
def test_a_motion_needs_the_terminal_of_its_direction(command: str, direction: str) -> None:
    assert motion(command).direction == direction
    assert motion(command).view() == Requested(command=command, by="Lin", since="then")


# ---- asking


def test_a_motion_is_recorded_with_its_token_and_shown() -> None:
    terminals, turn = Terminals(barrier()), turn_at(tokens=6)
    asked = Motion("open", "grant", LIN, "g4", "then")
    terminals.ask(turn, "north", asked)
    (row,) = rows(turn)
    assert (row.lane, row.barrier, row.command, row.cause) == ("north", "in", "open", "grant")
    assert (row.by, row.via, row.station, row.grant) == ("Lin", "guard", "booth", "g4")
    assert [one.token for one in turn.commands if isinstance(one, Append)] == [7]
    assert turn.shown
    assert terminals.committed(6) is None
    assert terminals.committed(7) is asked
    assert terminals.committed(7) is None


@pytest.mark.parametrize("interrupted", [False, True])
def test_a_stop_alone_says_whether_it_interrupts(interrupted: bool) -> None:
    turn = turn_at()
    for command in ("stop", "close"):
        Terminals(barrier()).ask(turn, "in", motion(command, interrupted=interrupted))
    stop, close = rows(turn)
    assert stop.interrupted is interrupted
    assert close.interrupted is not interrupted
    assert not isinstance(close.interrupted, bool)


def test_what_was_asked_last_is_shown_as_requested() -> None:
    terminals, turn = Terminals(barrier()), turn_at()
    assert terminals.requested is None
    first, last = motion("open"), motion("close")
    terminals.ask(turn, "in", first)
    terminals.ask(turn, "in", last)
    assert terminals.requested is last
    terminals.committed(2)
    assert terminals.requested is first


def test_a_hold_that_waits_asks_for_open_and_for_nothing_else() -> None:
    terminals = Terminals(barrier())
    assert not terminals.asked("open")
    terminals.ask(turn_at(), "in", motion("hold"))
    assert terminals.asked("open")
    assert not terminals.asked("close")


def test_a_withdrawn_direction_takes_its_motions_and_leaves_the_others() -> None:
    terminals, turn = Terminals(barrier()), turn_at()
    hold, opens, close = motion("hold"), motion("open", "grant"), motion("close")
    for one in (hold, opens, close):
        terminals.ask(turn, "in", one)
    assert terminals.withdraw("open") == [hold, opens]
    assert not terminals.asked("open")
    assert terminals.requested is close


def test_a_withdrawal_for_one_cause_leaves_motions_of_another() -> None:
    terminals, turn = Terminals(barrier()), turn_at()
    by_person, by_grant = motion("open"), motion("open", "grant")
    terminals.ask(turn, "in", by_person)
    terminals.ask(turn, "in", by_grant)
    assert terminals.withdraw("open", "grant") == [by_grant]
    assert terminals.requested is by_person
    assert terminals.withdraw("close", "operator") == []


# ---- what a barrier can do


@pytest.mark.parametrize(
    ("wired", "can"),
    [
        ({}, {"open", "close", "stop"}),
        ({"close": None}, {"open", "stop"}),
        ({"stop": None}, {"open", "close"}),
        ({"close": None, "stop": None, "control": "step"}, {"open"}),
        (HOLDS, {"open", "close", "stop"}),
    ],
)
def test_a_barrier_can_do_what_it_has_terminals_for(wired: dict[str, Any], can: set[str]) -> None:
    terminals = Terminals(barrier(**wired))
    assert {one for one in ("open", "close", "stop") if terminals.can(one)} == can
    assert terminals.holds is (wired == HOLDS)


@pytest.mark.parametrize(
    ("wired", "device"),
    [
        ({"close": Point("other.output.1")}, "other"),
        ({"close": None}, "io"),
        ({"close": Point("other.output.1"), "control": "hold"}, "io"),
    ],
)
def test_a_close_needs_its_own_board_or_that_of_open(wired: dict[str, Any], device: str) -> None:
    assert Terminals(barrier(**wired)).device("close") == device


# ---- sending


@pytest.mark.parametrize(("command", "output"), [("open", OPEN), ("hold", OPEN), ("close", CLOSE), ("stop", STOP)])
def test_a_pulse_goes_to_its_own_output(command: str, output: int) -> None:
    terminals, turn = Terminals(barrier(pulse_ms=700)), turn_at(tokens=3)
    assert terminals.send(turn, motion(command))
    assert pulses(turn) == [PulseOutput("io", output, 700, 4, True)]


def test_a_relay_that_rests_closed_pulses_the_other_way() -> None:
    terminals, turn = Terminals(barrier(open=Point("io.output.0", normally="closed"))), turn_at()
    terminals.send(turn, motion("open"))
    assert pulses(turn) == [PulseOutput("io", 0, 500, 1, False)]


@pytest.mark.parametrize(("first", "second", "off"), [("open", "close", OPEN), ("close", "open", CLOSE)])
def test_a_pulse_that_runs_is_ended_and_the_opposite_one_waits_for_the_gap(first: str, second: str, off: int) -> None:
    terminals, turn, waits = Terminals(barrier()), turn_at(499), motion(second)
    sent(terminals, first)
    terminals.done(1)
    assert not terminals.send(turn, waits)
    assert switched(turn) == [(off, False)]
    assert started(turn) == [("gap", 300)]
    assert pulses(turn) == []
    assert terminals.asked(second)
    assert terminals.requested is waits
    assert terminals.gap_over() is waits
    assert terminals.gap_over() is None
    assert not terminals.asked(second)


@pytest.mark.parametrize(("at_ms", "wait_ms"), [(500, 300), (501, 299), (799, 1), (800, None), (5000, None)])
def test_the_gap_counts_from_the_end_of_the_opposite_pulse(at_ms: int, wait_ms: int | None) -> None:
    terminals, turn = Terminals(barrier()), turn_at(at_ms)
    sent(terminals, "open")
    terminals.done(1)
    assert terminals.send(turn, motion("close")) is (wait_ms is None)
    assert switched(turn) == []
    assert started(turn) == ([] if wait_ms is None else [("gap", wait_ms)])


def test_an_opposite_pulse_that_its_board_has_not_answered_for_is_ended_however_old() -> None:
    terminals, turn = Terminals(barrier()), turn_at(9000)
    sent(terminals, "open")
    assert not terminals.send(turn, motion("close"))
    assert switched(turn) == [(OPEN, False)]
    assert started(turn) == [("gap", 300)]
    assert not terminals.underway("open")


def test_the_same_direction_twice_waits_for_no_gap() -> None:
    terminals = Terminals(barrier())
    assert [sent(terminals, "open"), sent(terminals, "open", 10, 1)] == [True, True]


def test_a_barrier_without_a_close_has_no_gap() -> None:
    terminals = Terminals(barrier(close=None))
    sent(terminals, "open")
    assert sent(terminals, "open", 1, 1)


def test_a_stop_forgets_what_waited_for_the_gap_and_ends_both_pulses() -> None:
    terminals, turn = Terminals(barrier()), turn_at(10, 1)
    sent(terminals, "open")
    sent(terminals, "close", 5, 1)
    assert terminals.send(turn, motion("stop"))
    assert terminals.requested is None
    assert switched(turn) == [(OPEN, False), (CLOSE, False)]
    assert [one.output for one in pulses(turn)] == [STOP]


def test_a_stop_without_a_terminal_only_ends_the_pulses() -> None:
    terminals, turn = Terminals(barrier(stop=None)), turn_at()
    assert terminals.send(turn, motion("stop"))
    assert switched(turn) == [(OPEN, False), (CLOSE, False)]
    assert pulses(turn) == []


def test_a_motion_that_waits_for_the_gap_is_withdrawn_too() -> None:
    terminals, waits = Terminals(barrier()), motion("close", "auto_close")
    sent(terminals, "open")
    terminals.send(turn_at(5, 1), waits)
    assert terminals.withdraw("close", "operator") == []
    assert terminals.withdraw("open") == []
    assert terminals.withdraw("close", "auto_close") == [waits]
    assert terminals.gap_over() is None


def test_an_order_is_asked_for_waits_for_the_gap_is_sent_and_is_over_when_its_board_answers() -> None:
    terminals, turn, order = Terminals(barrier()), turn_at(5, 1), motion("close")
    sent(terminals, "open")
    states = [order.state]
    for step in (
        lambda: terminals.send(turn, order),
        lambda: terminals.send(turn_at(900, 1), terminals.gap_over() or motion("stop")),
        lambda: terminals.done(2),
    ):
        step()
        states.append(order.state)
    assert states == [OrderState.ASKED, OrderState.IN_GAP, OrderState.SENT, OrderState.OVER]


@pytest.mark.parametrize("answers", ["done", "failed", "forget"])
def test_an_order_that_was_taken_back_is_over_however_its_board_answers(answers: str) -> None:
    terminals, order = Terminals(barrier()), motion("open")
    terminals.send(turn_at(), order)
    terminals.take_back(turn_at(1, 1), "open")
    terminals.take_back(turn_at(2, 1), "open")
    assert order.state is OrderState.TAKEN_BACK
    getattr(terminals, answers)("open" if answers == "forget" else 1)
    assert order.state is OrderState.OVER


def test_what_a_stop_finds_in_the_gap_or_a_person_withdraws_is_over() -> None:
    terminals, waits, asked = Terminals(barrier()), motion("close"), motion("open")
    sent(terminals, "open")
    terminals.send(turn_at(5, 1), waits)
    terminals.send(turn_at(6, 1), motion("stop"))
    terminals.ask(turn_at(7, 2), "in", asked)
    terminals.withdraw("open")
    assert [waits.state, asked.state] == [OrderState.OVER, OrderState.OVER]


# ---- a held contact


@pytest.mark.parametrize(("command", "active"), [("open", True), ("hold", True), ("close", False)])
def test_a_held_contact_is_set_and_let_go(command: str, active: bool) -> None:
    terminals, turn = Terminals(barrier(**HOLDS)), turn_at()
    assert terminals.send(turn, motion(command))
    assert turn.commands == [SetOutput("io", OPEN, active, 1)]


def test_a_held_contact_knows_no_gap_and_is_never_taken_back() -> None:
    terminals, turn = Terminals(barrier(control="hold")), turn_at(1, 1)
    sent(terminals, "open")
    assert terminals.send(turn, motion("close"))
    back = turn_at(2)
    terminals.take_back(back, "open")
    assert back.commands == []
    assert terminals.underway("open")


def test_a_stop_leaves_a_held_contact_as_it_is() -> None:
    terminals, turn = Terminals(barrier(**HOLDS)), turn_at()
    assert terminals.send(turn, motion("stop"))
    assert turn.commands == []


# ---- what becomes of it


@pytest.mark.parametrize("how", ["done", "failed"])
def test_an_order_is_under_way_until_its_board_answers(how: str) -> None:
    terminals = Terminals(barrier())
    assert not terminals.underway("open")
    sent(terminals, "open")
    assert terminals.underway("open")
    assert not terminals.underway("close")
    getattr(terminals, how)(1)
    assert not terminals.underway("open")


def test_a_failed_output_names_its_motion_once() -> None:
    terminals, opens = Terminals(barrier()), motion("open")
    terminals.send(turn_at(), opens)
    assert terminals.failed(2) is None
    assert terminals.failed(1) is opens
    assert terminals.failed(1) is None


def test_what_is_taken_back_is_let_go_once_and_may_still_fail() -> None:
    terminals, turn, again = Terminals(barrier()), turn_at(1), turn_at(2)
    sent(terminals, "open")
    terminals.take_back(turn, "open")
    assert switched(turn) == [(OPEN, False)]
    assert not terminals.underway("open")
    terminals.take_back(again, "open")
    assert again.commands == []
    assert terminals.failed(1) is not None


def test_nothing_is_taken_back_that_was_not_sent() -> None:
    terminals, turn = Terminals(barrier()), turn_at()
    sent(terminals, "close")
    terminals.take_back(turn, "open")
    assert turn.commands == []
    assert terminals.underway("close")


def test_a_forgotten_direction_has_nothing_under_way_and_nothing_to_fail() -> None:
    terminals = Terminals(barrier())
    sent(terminals, "open")
    sent(terminals, "stop", 1, 1)
    terminals.forget("open")
    assert not terminals.underway("open")
    assert terminals.underway("stop")
    assert terminals.failed(1) is None
    assert terminals.failed(2) is not None


def test_the_seventeenth_unanswered_order_pushes_out_the_first() -> None:
    terminals = Terminals(barrier())
    for number in range(17):
        sent(terminals, "open", number, number)
    assert terminals.failed(1) is None
    assert terminals.failed(2) is not None


# ---- after a restart


@pytest.mark.parametrize(
    ("wired", "device", "on", "expected"),
    [
        ({}, "io", {OPEN, CLOSE, STOP}, {OPEN, CLOSE, STOP}),
        ({}, "io", {CLOSE}, {CLOSE}),
        ({}, "io2", {OPEN}, set()),
        (HOLDS, "io", {OPEN}, set()),
        ({"control": "hold"}, "io", {OPEN, CLOSE}, {CLOSE}),
    ],
)
def test_pulses_of_a_killed_run_are_ended_and_a_held_contact_stays(
    wired: dict[str, Any], device: str, on: set[int], expected: set[int]
) -> None:
    turn = turn_at()
    Terminals(barrier(**wired)).let_go(turn, device, tuple(number in on for number in range(8)))
    assert dict(switched(turn)) == dict.fromkeys(expected, False)


@pytest.mark.parametrize(("wired", "expected"), [({}, [(OPEN, False), (CLOSE, False)]), (HOLDS, [(OPEN, False)])])
def test_all_are_released_whatever_they_do(wired: dict[str, Any], expected: list[tuple[int, bool]]) -> None:
    turn = turn_at()
    Terminals(barrier(**wired)).release_all(turn)
    assert switched(turn) == expected


@pytest.mark.parametrize(("before_the_end_ns", "waits"), [(1, True), (0, False)])
def test_the_last_part_of_a_millisecond_of_the_gap_is_waited_for(before_the_end_ns: int, waits: bool) -> None:
    terminals, turn = Terminals(barrier()), turn_at(800)
    turn.now = Now(turn.now.wall_ns, turn.now.mono_ns - before_the_end_ns)
    sent(terminals, "open")
    terminals.done(1)
    assert terminals.send(turn, motion("close")) is not waits
    assert started(turn) == ([("gap", 1)] if waits else [])
