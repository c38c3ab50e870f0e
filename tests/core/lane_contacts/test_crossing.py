"""The crossing, and what is remembered beside it: which loop a vehicle came over, when, and who said so."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gateway.core.lane.contacts.stuck_loops import STUCK_MS, StuckLoops
from gateway.core.lane.modes.notices import NoticeEvent
from gateway.core.lane.traffic.arrivals import Arrivals
from gateway.core.lane.traffic.by_hand import DECLARED_MS, SAME_CROSSING_MS, ByHand
from gateway.core.lane.traffic.crossing import CAME_OVER_APPROACH_MS, Crossing, CrossingState
from gateway.core.lane.traffic.opening import Opening, OpeningEvent
from gateway.core.lane.traffic.vehicle import Crossed, Vehicle, Way
from gateway.core.lane.wiring import Wiring
from gateway.core.settings.model import Barrier, Lane, Point
from gateway.core.vocabulary.commands import CancelTimer, Snapshot, StartTimer
from gateway.core.vocabulary.events import ClockState, Now
from gateway.core.vocabulary.turn import Turn

MS = 1_000_000
NOW = 10**12
LATELY = CAME_OVER_APPROACH_MS * MS
HOME, OTHER = (Lane(name, name, "entry", "in") for name in ("in", "out"))  # type: ignore[arg-type]


def wiring(shared: bool, *names: str) -> Wiring:
    contacts: dict[str, tuple[Point, ...]] = {name: (Point(f"io.input.{n}"),) for n, name in enumerate(names)}
    return Wiring(Barrier("in", Point("io.output.0"), contacts=contacts), (HOME, OTHER) if shared else (HOME,))


class Loops:
    """What the detectors say now."""

    def __init__(self, approach: bool | None = False, beyond: bool | None = False) -> None:
        self.safety: bool | None = False
        self.safety_last: bool | None = True
        self.approach = approach
        self.beyond = beyond


def crossing_of(loops: Loops, shared: bool = True) -> Crossing:
    return Crossing(wiring(shared, "safety_loop", "approach_loop", "clear_loop"), loops)  # type: ignore[arg-type]


def comes(crossing: Crossing, now_ns: int = NOW) -> Vehicle:
    vehicle = crossing.comes_under(now_ns, arm_closed=False)
    assert vehicle is not None
    return vehicle


# ---- how a vehicle comes


@pytest.mark.parametrize(("names", "state"), [(("safety_loop",), CrossingState.UNSURE), ((), CrossingState.EMPTY)])
def test_a_crossing_with_a_loop_is_unsure_until_that_is_measured(names: tuple[str, ...], state: CrossingState) -> None:
    assert Crossing(wiring(False, *names), Loops()).state is state  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("approach", "approach_ago", "beyond", "beyond_ago", "right"),
    [
        (False, None, False, None, {"approach_was_free"}),
        (None, None, False, None, set()),
        (True, None, False, None, {"came_over_approach"}),
        (False, LATELY, False, None, {"came_over_approach", "approach_fell", "approach_was_free"}),
        (False, LATELY + 1, False, None, {"approach_was_free"}),
        (None, LATELY, False, None, {"came_over_approach"}),
        (True, None, True, None, {"came_over_approach", "beyond_was_taken"}),
        (False, None, True, None, {"came_from_beyond", "approach_was_free"}),
        (False, None, False, LATELY, {"came_from_beyond", "beyond_fell", "approach_was_free"}),
        (False, None, False, LATELY + 1, {"approach_was_free"}),
        (True, None, False, LATELY, {"came_over_approach"}),
        (False, None, True, LATELY, {"came_from_beyond", "approach_was_free"}),
    ],
)
def test_a_vehicle_came_over_the_loop_that_is_taken_or_was_lately(
    approach: bool | None, approach_ago: int | None, beyond: bool, beyond_ago: int | None, right: set[str]
) -> None:
    crossing = crossing_of(Loops(approach, beyond))
    if approach_ago is not None:
        crossing.approach_changed(NOW - approach_ago, False)
    if beyond_ago is not None:
        crossing.beyond_changed(NOW - beyond_ago, True)
    flags = dict.fromkeys(right, True)
    assert comes(crossing) == Vehicle(NOW, flags.pop("came_over_approach", False), **flags)


def test_a_loop_beyond_that_becomes_free_tells_nothing_of_the_next_vehicle() -> None:
    crossing = crossing_of(Loops())
    crossing.beyond_changed(NOW, False)
    assert not comes(crossing).came_from_beyond


@pytest.mark.parametrize(("cleared_ns", "over"), [(NOW - 2, True), (NOW - 1, False), (NOW, False)])
def test_a_loop_that_changed_before_the_last_vehicle_left_is_not_of_this_one(cleared_ns: int, over: bool) -> None:
    crossing = crossing_of(Loops())
    crossing.approach_changed(NOW - 1, False)
    crossing.frees(cleared_ns)
    assert comes(crossing).came_over_approach is over
    assert crossing.cleared_ns == cleared_ns


@pytest.mark.parametrize("closed", [False, True])
def test_a_vehicle_is_one_until_it_goes(closed: bool) -> None:
    crossing = crossing_of(Loops())
    vehicle = crossing.comes_under(NOW, arm_closed=closed)
    assert vehicle is not None
    assert vehicle.arm_was_closed is closed
    assert crossing.comes_under(NOW + 1, arm_closed=closed) is None
    assert (crossing.vehicle, crossing.safety_rose_ns, crossing.state) == (vehicle, NOW, CrossingState.UNDER)
    assert crossing.goes() is vehicle
    assert (crossing.vehicle, crossing.goes()) == (None, None)


@pytest.mark.parametrize(
    ("approach", "state"),
    [(True, CrossingState.WAITING), (False, CrossingState.EMPTY), (None, CrossingState.EMPTY)],
)
def test_a_crossing_that_is_left_is_empty_or_waited_at(approach: bool | None, state: CrossingState) -> None:
    crossing = crossing_of(Loops(approach))
    comes(crossing)
    crossing.goes()
    assert crossing.state is state


@pytest.mark.parametrize(("last", "fell"), [(True, True), (None, True), (False, False)])
def test_a_loop_that_becomes_free_was_left_by_the_vehicle_only_while_that_is_under(
    last: bool | None, fell: bool
) -> None:
    loops = Loops()
    crossing = crossing_of(loops)
    vehicle = comes(crossing)
    loops.safety_last = last
    crossing.approach_changed(NOW, False)
    crossing.beyond_changed(NOW, False)
    assert (vehicle.approach_fell, vehicle.beyond_fell) == (fell, fell)
    crossing.approach_changed(NOW, True)
    crossing.beyond_changed(NOW, True)
    assert (vehicle.approach_rose, vehicle.cleared_beyond) == (True, True)


@pytest.mark.parametrize(("occupied", "state"), [(True, CrossingState.WAITING), (False, CrossingState.EMPTY)])
def test_a_free_crossing_is_waited_at_as_the_loop_in_front_says(occupied: bool, state: CrossingState) -> None:
    crossing = crossing_of(Loops())
    crossing.measured(NOW)
    crossing.approach_changed(NOW, True)
    crossing.approach_changed(NOW, occupied)
    assert crossing.state is state


# ---- by which lane


@pytest.mark.parametrize(
    ("shared", "over", "taken", "beyond", "lane"),
    [
        (False, False, False, False, HOME),
        (False, False, False, True, HOME),
        (True, True, False, False, HOME),
        (True, True, True, False, None),
        (True, False, False, True, OTHER),
        (True, False, False, False, None),
    ],
)
def test_a_vehicle_came_by_the_lane_whose_loop_it_came_over(
    shared: bool, over: bool, taken: bool, beyond: bool, lane: Lane | None
) -> None:
    vehicle = Vehicle(0, over, beyond_was_taken=taken, came_from_beyond=beyond)
    assert crossing_of(Loops(), shared).side(vehicle) is lane


@pytest.mark.parametrize(("shared", "from_beyond", "which"), [(True, True, 1), (True, False, 0), (False, True, 0)])
def test_a_vehicle_left_the_loop_of_its_own_lane(shared: bool, from_beyond: bool, which: int) -> None:
    crossing = crossing_of(Loops(), shared)
    for n, flag in enumerate(("approach_fell", "beyond_fell")):
        vehicle = Vehicle(0, not from_beyond, came_from_beyond=from_beyond, **{flag: True})
        assert crossing.left_its_loop(vehicle) is (n == which)


def test_a_vehicle_of_the_second_lane_is_judged_from_there() -> None:
    vehicle = Vehicle(0, False, came_from_beyond=True, beyond_fell=True)
    assert crossing_of(Loops(None, True)).judge(vehicle) == Crossed(Way.FORWARD, True)
    assert crossing_of(Loops(True, False), shared=False).judge(vehicle) == Crossed(Way.WRONG_WAY, True)


def test_a_lane_without_a_loop_in_front_measures_nothing() -> None:
    crossing = Crossing(wiring(False, "safety_loop"), Loops(True))  # type: ignore[arg-type]
    assert crossing.judge(Vehicle(0, True, approach_fell=True)) == Crossed(Way.FORWARD, False)


# ---- what is forgotten, measured and lost


@pytest.mark.parametrize(
    ("way", "lane", "rose", "over"),
    [
        (Way.WRONG_WAY, HOME, True, False),
        (Way.FORWARD, OTHER, True, False),
        (Way.FORWARD, HOME, True, True),
        (Way.REVERSED, OTHER, True, True),
        (Way.WRONG_WAY, HOME, False, True),
    ],
)
def test_the_loop_in_front_that_a_vehicle_leaves_over_is_forgotten(
    way: Way, lane: Lane, rose: bool, over: bool
) -> None:
    crossing = crossing_of(Loops())
    crossing.approach_changed(NOW, True)
    crossing.forget_leaving(Vehicle(0, False, approach_rose=rose), Crossed(way, True), lane)
    assert comes(crossing).came_over_approach is over


@pytest.mark.parametrize(
    ("way", "lane", "cleared", "from_beyond"),
    [
        (Way.FORWARD, HOME, True, False),
        (Way.FORWARD, HOME, False, True),
        (Way.FORWARD, OTHER, True, True),
        (Way.REVERSED, HOME, True, True),
        (Way.WRONG_WAY, HOME, True, True),
    ],
)
def test_the_loop_beyond_that_a_vehicle_leaves_over_is_forgotten(
    way: Way, lane: Lane, cleared: bool, from_beyond: bool
) -> None:
    crossing = crossing_of(Loops())
    crossing.beyond_changed(NOW, True)
    crossing.forget_leaving(Vehicle(0, False, cleared_beyond=cleared), Crossed(way, True), lane)
    assert comes(crossing).came_from_beyond is from_beyond


@pytest.mark.parametrize(("stands", "over"), [(True, False), (False, True)])
def test_a_vehicle_that_leaves_over_the_loop_in_front_frees_it_for_no_other(stands: bool, over: bool) -> None:
    loops = Loops(stands)
    crossing = crossing_of(loops)
    crossing.forget_leaving(Vehicle(0, False, approach_rose=True), Crossed(Way.WRONG_WAY, True), HOME)
    loops.approach = False
    crossing.approach_changed(NOW, False)
    assert comes(crossing).came_over_approach is over


@pytest.mark.parametrize(
    ("safety", "approach", "state"),
    [
        (True, True, CrossingState.UNDER),
        (True, False, CrossingState.UNDER),
        (False, True, CrossingState.WAITING),
        (False, False, CrossingState.EMPTY),
        (None, None, CrossingState.EMPTY),
    ],
)
def test_a_measured_crossing_is_as_the_loops_say(
    safety: bool | None, approach: bool | None, state: CrossingState
) -> None:
    loops = Loops(approach)
    loops.safety = safety
    crossing = crossing_of(loops)
    assert crossing.measured(NOW) is None
    assert crossing.state is state
    assert crossing.vehicle == (Vehicle(NOW, False, certain=False) if safety else None)


@pytest.mark.parametrize("stands", [True, False])
def test_a_vehicle_that_was_there_before_the_loss_is_doubted_and_goes_or_stays(stands: bool) -> None:
    loops = Loops()
    crossing = crossing_of(loops)
    vehicle = comes(crossing)
    crossing.lost()
    assert (crossing.state, vehicle.certain) == (CrossingState.UNSURE, False)
    loops.safety = stands
    assert crossing.measured(NOW + 1) is (None if stands else vehicle)
    assert crossing.vehicle is (vehicle if stands else None)


def test_a_loop_in_front_that_is_measured_counts_as_seen() -> None:
    crossing = crossing_of(Loops())
    crossing.approach_measured(NOW)
    assert comes(crossing).came_over_approach


# ---- passages by hand, arrivals, openings


@pytest.mark.parametrize(("after_ns", "right"), [(DECLARED_MS * MS, True), (DECLARED_MS * MS + 1, False)])
def test_a_declared_passage_is_taken_once_by_its_lane_in_time(after_ns: int, right: bool) -> None:
    by_hand = ByHand()
    by_hand.declared(HOME, NOW)
    assert not by_hand.take_crossed(HOME, NOW, None)
    assert not by_hand.take_declared(OTHER, NOW)
    assert by_hand.take_declared(HOME, NOW + after_ns) is right
    assert not by_hand.take_declared(HOME, NOW)


@pytest.mark.parametrize(
    ("after_ns", "came_ns", "right"),
    [
        (SAME_CROSSING_MS * MS, None, True),
        (SAME_CROSSING_MS * MS + 1, None, False),
        (1, NOW, True),
        (1, NOW - 1, True),
        (1, NOW + 1, False),
    ],
)
def test_a_seen_crossing_is_the_one_that_is_meant_unless_another_came_since(
    after_ns: int, came_ns: int | None, right: bool
) -> None:
    by_hand = ByHand()
    by_hand.crossed(HOME, NOW)
    assert not by_hand.take_declared(HOME, NOW)
    assert not by_hand.take_crossed(OTHER, NOW, None)
    assert by_hand.take_crossed(HOME, NOW + after_ns, came_ns) is right
    assert not by_hand.take_crossed(HOME, NOW, None)


def test_the_last_arrival_of_each_lane_is_known() -> None:
    arrivals = Arrivals()
    assert (arrivals.came_ns(HOME), arrivals.came_ns(HOME, 7)) == (0, 7)
    arrivals.comes(HOME, 3)
    arrivals.comes(HOME, 5)
    assert (arrivals.came_ns(HOME, 7), arrivals.came_ns(OTHER, 7), dict(arrivals.by_lane)) == (5, 7, {"in": 5})


@pytest.mark.parametrize(
    ("events", "unused"),
    [
        ((), False),
        ((OpeningEvent.IS_UP,), True),
        ((OpeningEvent.IS_UP, OpeningEvent.IS_UP), True),
        ((OpeningEvent.IS_UP, OpeningEvent.PRESUMED_PASSED), False),
        ((OpeningEvent.IS_UP, OpeningEvent.IS_DOWN), False),
        ((OpeningEvent.IS_DOWN,), False),
    ],
)
def test_an_opening_is_unused_from_up_until_passed_or_down(events: tuple[OpeningEvent, ...], unused: bool) -> None:
    opening = Opening()
    for event in events:
        opening.happens(event)
    assert opening.unused is unused


# ---- stuck loops


def stuck() -> tuple[StuckLoops, list[Any], Turn]:
    """The watch over a lane that notes what it is told."""
    told: list[Any] = []
    lane = SimpleNamespace(
        wiring=wiring(False),
        alarms=SimpleNamespace(
            end=lambda _turn, key: told.append(("end", key)),
            raise_=lambda _turn, kind, key, detail: told.append((kind, key, detail)),
        ),
        notices=SimpleNamespace(happens=told.append),
        records=SimpleNamespace(incident=lambda _turn, row, reason: told.append((row.__name__, reason))),
    )
    return StuckLoops(lane), told, Turn(Now(0, 0, ClockState.SYNCED))  # type: ignore[arg-type]


@pytest.mark.parametrize(("loop", "after_ms"), [("safety", 300_000), ("approach", 900_000)])
def test_an_occupied_loop_is_watched_for_its_time(loop: str, after_ms: int) -> None:
    watch, told, turn = stuck()
    watch.watch(turn, loop, True)
    assert turn.commands == [StartTimer(wiring(False).timer("stuck", loop), after_ms)]
    assert told == []


@pytest.mark.parametrize(
    ("loop", "right"),
    [
        ("safety", [("end", "stuck_safety")]),
        ("approach", [("end", "stuck_approach"), NoticeEvent.APPROACH_FREE]),
    ],
)
def test_a_free_loop_ends_its_watch_and_its_alarm(loop: str, right: list[Any]) -> None:
    watch, told, turn = stuck()
    watch.watch(turn, loop, False)
    assert turn.commands == [CancelTimer(wiring(False).timer("stuck", loop))]
    assert told == right


@pytest.mark.parametrize(
    ("contacts", "loops"),
    [
        (set(), []),
        ({"mains", "clear_loop"}, []),
        ({"safety_loop"}, ["safety"]),
        ({"approach_loop", "safety_loop"}, list(STUCK_MS)),
    ],
)
def test_a_loop_that_cannot_be_read_is_not_watched(contacts: set[str], loops: list[str]) -> None:
    watch, _, turn = stuck()
    watch.lost(turn, contacts)
    assert turn.commands == [CancelTimer(wiring(False).timer("stuck", loop)) for loop in loops]


def test_a_stuck_safety_loop_is_an_alarm_and_a_stuck_approach_loop_a_notice() -> None:
    watch, told, turn = stuck()
    watch.time_over(turn, "safety")
    assert told == [("BarrierStuck", "safety_loop"), ("stuck", "stuck_safety", {"reason": "safety_loop"})]
    assert turn.commands == []
    watch.time_over(turn, "approach")
    assert told[2:] == [NoticeEvent.APPROACH_STUCK]
    assert turn.commands == [Snapshot()]
