"""The small parts of an arm: its answer, its close, its counts, its travel times and its limit switches."""

from __future__ import annotations

import pytest

from gateway.core.lane.arm.answer import Answer, AnswerEvent
from gateway.core.lane.arm.arm import Arm
from gateway.core.lane.arm.closing import Closing
from gateway.core.lane.arm.limits import Limits
from gateway.core.lane.arm.table import ArmEvent, ArmState, Where
from gateway.core.lane.arm.tally import Tally
from gateway.core.lane.arm.travel import Travel
from gateway.core.lane.contacts.inputs import Inputs
from gateway.core.lane.wiring import Wiring
from gateway.core.settings.model import Point
from tests.core.lane_parts.bench import IN, TIMER, barrier, cancelled, mono, started, turn_at


@pytest.mark.parametrize("before", [AnswerEvent.NOT_FOLLOWED, AnswerEvent.FOLLOWED])
@pytest.mark.parametrize("event", AnswerEvent)
def test_an_answer_is_missing_until_the_arm_follows_is_open_or_is_reset(
    before: AnswerEvent, event: AnswerEvent
) -> None:
    answer = Answer()
    assert not answer.missing
    answer.happens(before)
    answer.happens(event)
    assert answer.missing is (event is AnswerEvent.NOT_FOLLOWED)


# ---- the close


@pytest.mark.parametrize(
    ("since_ms", "left_ms"),
    [(None, 1500), (4000, 1500), (3000, 500), (2501, 1), (2500, 0), (100, 0)],
)
def test_a_close_counts_from_the_moment_that_safety_cleared(since_ms: int | None, left_ms: int) -> None:
    closing, turn = Closing(TIMER, 1500), turn_at(4000)
    closing.start(turn, None if since_ms is None else mono(since_ms))
    assert started(turn) == [("test", left_ms)]
    assert closing.due


def test_a_close_counts_whole_milliseconds_only() -> None:
    closing, turn = Closing(TIMER, 1500), turn_at(4000)
    closing.start(turn, mono(3000) + 1)
    assert started(turn) == [("test", 501)]


def test_a_close_that_waits_keeps_its_reason_and_not_its_time() -> None:
    closing, turn = Closing(TIMER, 1500), turn_at()
    assert not closing.due
    closing.start(turn_at())
    closing.wait(turn)
    assert cancelled(turn) == ["test"]
    assert closing.due


def test_a_wait_is_no_reason_to_close() -> None:
    closing = Closing(TIMER, 1500)
    closing.wait(turn_at())
    assert not closing.due


@pytest.mark.parametrize("ends", ["closed", "void"])
def test_a_reason_to_close_ends_with_the_closed_arm_or_when_it_is_void(ends: str) -> None:
    closing = Closing(TIMER, 1500)
    getattr(closing, ends)()
    assert not closing.due
    closing.start(turn_at())
    getattr(closing, ends)()
    assert not closing.due
    closing.start(turn_at())
    assert closing.due


# ---- the counts


@pytest.mark.parametrize(("aborts", "too_many"), [(0, False), (1, False), (2, False), (3, True), (4, True)])
def test_three_aborted_closes_running_are_too_many(aborts: int, too_many: bool) -> None:
    tally = Tally()
    for _ in range(aborts):
        tally.aborted()
    assert tally.too_many_aborts is too_many


def test_a_closed_arm_starts_the_count_of_aborts_again() -> None:
    tally = Tally()
    for _ in range(3):
        tally.aborted()
    tally.open_seen()
    assert tally.too_many_aborts
    tally.closed()
    assert not tally.too_many_aborts
    tally.aborted()
    tally.aborted()
    assert not tally.too_many_aborts


def test_the_third_opening_that_was_not_seen_is_told_and_no_other() -> None:
    tally = Tally()
    assert [tally.open_unseen() for _ in range(5)] == [False, False, True, False, False]


def test_a_seen_opening_starts_the_count_of_unseen_ones_again_and_a_close_does_not() -> None:
    tally = Tally()
    tally.open_unseen()
    tally.open_unseen()
    tally.open_seen()
    assert [tally.open_unseen(), tally.open_unseen()] == [False, False]
    tally.closed()
    assert tally.open_unseen()


# ---- travel times


def learned(*times: int, way: str = "up", set_ms: int = 3000) -> Travel:
    travel = Travel(set_ms)
    for took_ms in times:
        travel.learn(way, took_ms)
    return travel


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ((), 3000),
        ((2000, 2000), 3000),
        ((2000, 900, 2500), 2000),
        ((1000, 4000, 2000, 3000), 3000),
        ((1, 2, 3), 100),
        ((101, 101, 101), 101),
        ((99, 100, 5000), 100),
    ],
)
def test_the_expected_time_is_the_median_from_three_on(times: tuple[int, ...], expected: int) -> None:
    travel = learned(*times)
    assert travel.expected_ms("up") == expected
    assert travel.limit_ms("up") == 2 * expected


def test_the_ways_are_learned_each_for_itself() -> None:
    travel = learned(1000, 1000, 1000, way="down")
    assert travel.expected_ms("up") == 3000
    assert travel.expected_ms("down") == 1000
    assert travel.limit_ms("down") == 2000


def test_the_last_twenty_times_count() -> None:
    travel = learned(*[9000] * 20, *[1000] * 10)
    assert travel.expected_ms("up") == 9000
    travel.learn("up", 1000)
    assert travel.expected_ms("up") == 1000


def test_the_twenty_first_time_pushes_the_first_one_out() -> None:
    travel = learned(*[1000] * 10, *[9000] * 10)
    assert travel.expected_ms("up") == 9000
    assert learned(9000, *[1000] * 10, *[9000] * 9, 1000).expected_ms("up") == 1000


@pytest.mark.parametrize(
    ("up", "down", "slowest"),
    [
        ((), (), None),
        ((2000, 2000), (2500, 2500), None),
        ((2000,) * 3, (2500,) * 2, 2000),
        ((2000,) * 3, (2500,) * 3, 2500),
        ((4000,) * 3, (2500,) * 3, 4000),
    ],
)
def test_the_slower_way_counts_once_it_was_measured(
    up: tuple[int, ...], down: tuple[int, ...], slowest: int | None
) -> None:
    travel = learned(*up)
    for took_ms in down:
        travel.learn("down", took_ms)
    assert travel.slowest_ms() == slowest


# ---- the limit switches

AT_OPEN, AT_CLOSED = Point("io.input.0"), Point("io.input.1")


def limits(at_open: bool | None, at_closed: bool | None, fitted: tuple[bool, bool] = (True, True)) -> Limits:
    """The switches as they are read; None for both: they were never read."""
    names = {"at_open": (AT_OPEN,)} if fitted[0] else {}
    names |= {"at_closed": (AT_CLOSED,)} if fitted[1] else {}
    wired = barrier(contacts=names)
    inputs = Inputs("in", wired.inputs())
    if at_open is not None or at_closed is not None:
        inputs.read(turn_at(), "io", (bool(at_open), bool(at_closed)))
        for name in wired.inputs():
            inputs.settle(turn_at(100), name)
    return Limits(Wiring(wired, (IN,)), inputs)


@pytest.mark.parametrize(
    ("at_open", "at_closed", "contradict"),
    [(True, True, True), (True, False, False), (False, True, False), (False, False, False), (None, None, False)],
)
def test_both_switches_at_once_contradict(at_open: bool | None, at_closed: bool | None, contradict: bool) -> None:
    found = limits(at_open, at_closed)
    assert found.at_open is bool(at_open)
    assert found.at_closed is bool(at_closed)
    assert found.contradict is contradict


@pytest.mark.parametrize("fitted", [(True, True), (True, False), (False, True), (False, False)])
def test_a_switch_is_fitted_when_it_is_wired(fitted: tuple[bool, bool]) -> None:
    found = limits(None, None, fitted)
    assert (found.open_fitted, found.closed_fitted) == fitted


@pytest.mark.parametrize(
    ("fitted", "at_open", "at_closed", "arm", "expected"),
    [
        ((True, True), False, False, ArmState.CLOSED, ArmState.BETWEEN),
        ((True, True), None, None, ArmState.CLOSED, ArmState.UNKNOWN),
        ((False, True), False, False, ArmState.CLOSED, ArmState.OPEN),
        ((False, True), False, True, ArmState.OPEN, ArmState.CLOSED),
        ((True, False), True, False, ArmState.CLOSED, ArmState.OPEN),
        ((True, False), False, False, ArmState.CLOSED, ArmState.CLOSED),
        ((True, False), False, False, ArmState.OPEN, ArmState.UNKNOWN),
        ((False, False), None, None, ArmState.CLOSED, ArmState.CLOSED),
        ((False, False), None, None, ArmState.LOWERING, ArmState.UNKNOWN),
    ],
)
def test_an_arm_that_stands_is_where_a_switch_tells_or_unknown(
    fitted: tuple[bool, bool], at_open: bool | None, at_closed: bool | None, arm: ArmState, expected: ArmState
) -> None:
    assert limits(at_open, at_closed, fitted).standing(arm) is expected


@pytest.mark.parametrize(("fitted", "expected"), [((True, False), ArmState.CLOSED), ((False, True), ArmState.OPEN)])
def test_one_switch_alone_that_says_no_measures_the_other_end(fitted: tuple[bool, bool], expected: ArmState) -> None:
    assert limits(False, False, fitted).measured() is expected


@pytest.mark.parametrize(
    ("at_open", "at_closed", "arm", "seen"),
    [
        (False, True, ArmState.RISING, ArmState.CLOSED),
        (True, False, ArmState.LOWERING, ArmState.OPEN),
        (False, False, ArmState.RISING, ArmState.RISING),
        (True, True, ArmState.STOPPED, ArmState.STOPPED),
        (True, False, ArmState.UNKNOWN, ArmState.UNKNOWN),
        (False, True, ArmState.UNKNOWN, ArmState.UNKNOWN),
        (False, True, ArmState.STOPPED, ArmState.CLOSED),
    ],
)
def test_people_see_the_arm_where_one_switch_says_yes(
    at_open: bool, at_closed: bool, arm: ArmState, seen: ArmState
) -> None:
    assert limits(at_open, at_closed).seen(arm) is seen


# ---- the arm itself


def arm_after(*events: ArmEvent, at_open: bool = False, at_closed: bool = True) -> Arm:
    arm = Arm(limits(at_open, at_closed))
    for event in events:
        arm.happens(event, AllNo())
    return arm


class AllNo(dict):  # type: ignore[type-arg]
    """Every guard says no."""

    def __missing__(self, _name: str) -> object:
        return lambda: False


def test_a_new_arm_is_nowhere_and_was_nowhere() -> None:
    arm = arm_after()
    assert (arm.state, arm.before) == (ArmState.UNKNOWN, ArmState.UNKNOWN)
    assert (arm.closed, arm.open, arm.moving) == (False, False, False)


def test_a_measured_arm_is_where_its_switch_says_and_knows_where_it_was() -> None:
    arm = arm_after(ArmEvent.MEASURED)
    assert (arm.state, arm.before) == (ArmState.CLOSED, ArmState.UNKNOWN)
    assert (arm.closed, arm.open, arm.moving) == (True, False, False)


def test_an_order_makes_a_closed_arm_move_while_people_still_see_it_down() -> None:
    arm = arm_after(ArmEvent.MEASURED, ArmEvent.OPEN_SENT)
    assert (arm.state, arm.before, arm.moving) == (ArmState.RISING, ArmState.CLOSED, True)
    assert arm.seen is ArmState.CLOSED
    assert arm.rests_at is ArmState.RISING


def test_an_event_that_changes_nothing_leaves_the_state_before_as_it_was() -> None:
    arm = arm_after(ArmEvent.MEASURED)
    row, changed = arm.happens(ArmEvent.MEASURED, AllNo())
    assert (row.action, changed) == ("take_measured", False)
    assert arm.before is ArmState.UNKNOWN


def test_an_unsure_arm_is_not_measured() -> None:
    arm = arm_after(ArmEvent.MEASURED)
    row, changed = arm.happens(ArmEvent.MEASURED, {"unsure": lambda: True})
    assert (row.guard, changed) == ("unsure", True)
    assert (arm.state, arm.before) == (ArmState.UNKNOWN, ArmState.CLOSED)


def test_a_stopped_arm_counts_for_orders_as_its_switch_says() -> None:
    arm = arm_after(ArmEvent.MEASURED, ArmEvent.OPEN_SENT, ArmEvent.STOP_SENT)
    assert arm.state is ArmState.STOPPED
    assert arm.rests_at is ArmState.CLOSED


def test_an_arm_without_a_closed_switch_is_presumed_down_when_measured_and_unknown_when_it_stands() -> None:
    arm = Arm(limits(False, False, (True, False)))
    row, changed = arm.happens(ArmEvent.OPEN_LOST, AllNo())
    assert (row.next, changed) == (Where.STANDING, False)
    assert arm.state is ArmState.UNKNOWN
    row, changed = arm.happens(ArmEvent.MEASURED, AllNo())
    assert (row.next, changed) == (Where.MEASURED, True)
    assert arm.before is ArmState.UNKNOWN
    assert arm.closed
