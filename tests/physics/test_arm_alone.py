"""Arm, controller, loops and manners, each by itself: every height and every moment to the nanosecond."""

from __future__ import annotations

import pytest

from gateway.physics.arm import LONG_AGO_NS, MOVEMENTS_KEPT, NS_PER_MS, Arm, Movement
from gateway.physics.cars import Behaviour, Layout, Leg
from gateway.physics.controller import CRANK_SLOWER, ArmSpec, Controller, Pulse
from gateway.physics.loops import ARRIVALS_KEPT, Loop, Overrides
from gateway.physics.manners import Manner

TRAVEL = 1_000_000_000
"""The travel of these arms in nanoseconds, so that a percent of it is ten milliseconds."""
PERCENT = TRAVEL // 100


def arm_at(shaft: int, stalls: bool = False) -> Arm:
    """An arm that stands at that height, at the moment 0; its movements are not noted."""
    arm = Arm(1_000, stalls)
    arm.turn(1, "open", -shaft)
    arm.stop(0)
    arm.movements.clear()
    arm.left_closed_ns = LONG_AGO_NS
    return arm


def controller_at(shaft: int, **spec: object) -> tuple[Controller, Arm]:
    arm = arm_at(shaft)
    return Controller(ArmSpec(travel_ms=1_000, **spec), arm), arm  # type: ignore[arg-type]


# ---- where an arm is


@pytest.mark.parametrize(
    ("question", "height", "right"),
    [
        ("at_closed", 0, True),
        ("at_closed", 2 * PERCENT, True),
        ("at_closed", 2 * PERCENT + 1, False),
        ("at_open", 98 * PERCENT - 1, False),
        ("at_open", 98 * PERCENT, True),
        ("at_open", TRAVEL, True),
        ("passable", 90 * PERCENT - 1, False),
        ("passable", 90 * PERCENT, True),
        ("breaks", 50 * PERCENT - 1, True),
        ("breaks", 50 * PERCENT, False),
        ("touches", 0, False),
    ],
)
def test_a_height_answers_each_question_exactly(question: str, height: int, right: bool) -> None:
    assert getattr(arm_at(height), question)(0) is right


@pytest.mark.parametrize(
    ("motor", "height", "right"),
    [(-1, 60 * PERCENT + 1, False), (-1, 60 * PERCENT, True), (-1, 1, True), (1, 30 * PERCENT, False)],
)
def test_an_arm_touches_only_while_it_comes_down_low(motor: int, height: int, right: bool) -> None:
    arm = arm_at(height)
    arm.turn(motor, "open", 0)
    assert arm.touches(0) is right


def test_a_torn_arm_is_passable_and_neither_breaks_nor_touches() -> None:
    arm = arm_at(30 * PERCENT)
    arm.tear(False, 0)
    arm.turn(-1, "close", 0)
    assert arm.passable(0)
    assert not arm.breaks(0)
    assert not arm.touches(0)


@pytest.mark.parametrize(
    ("motor", "after", "right"),
    [
        (1, 0, 40 * PERCENT),
        (1, 10 * PERCENT, 50 * PERCENT),
        (1, 70 * PERCENT, TRAVEL),
        (-1, 10 * PERCENT, 30 * PERCENT),
        (-1, 70 * PERCENT, 0),
    ],
)
def test_a_moving_arm_stays_within_its_travel(motor: int, after: int, right: int) -> None:
    arm = arm_at(40 * PERCENT)
    arm.turn(motor, "open", 0)
    assert arm.shaft(after) == right


def test_a_position_is_a_part_of_the_travel() -> None:
    assert arm_at(25 * PERCENT).position(0) == 0.25


def test_an_arm_that_is_turned_slower_moves_so_much_less_and_reaches_its_marks_so_much_later() -> None:
    arm = arm_at(0)
    arm.turn(1, "hand", 0, 5)
    assert arm.shaft(50 * PERCENT) == 10 * PERCENT
    assert arm.next_ns(0, False) == 5 * (2 * PERCENT + 1)


@pytest.mark.parametrize(
    ("motor", "height", "car_below", "right"),
    [
        (1, 2 * PERCENT, False, 1),
        (1, 2 * PERCENT + 1, False, 88 * PERCENT - 1),
        (1, 90 * PERCENT, False, 8 * PERCENT),
        (1, 98 * PERCENT, False, None),
        (-1, 98 * PERCENT, False, 1),
        (-1, 98 * PERCENT - 1, False, 96 * PERCENT - 1),
        (-1, 98 * PERCENT - 1, True, 38 * PERCENT - 1),
        (-1, 60 * PERCENT, True, 58 * PERCENT),
        (-1, 2 * PERCENT, True, None),
    ],
)
def test_a_moving_arm_names_the_next_height_that_matters(
    motor: int, height: int, car_below: bool, right: int | None
) -> None:
    arm = arm_at(height)
    arm.turn(motor, "open", 0)
    assert arm.next_ns(0, car_below) == right


@pytest.mark.parametrize("obstructed", [False, True])
def test_an_arm_that_does_not_move_has_no_next_height(obstructed: bool) -> None:
    arm = arm_at(40 * PERCENT)
    if obstructed:
        arm.turn(1, "open", 0)
        arm.obstruct(0)
    assert arm.next_ns(0, False) is None


# ---- what moves it


def test_a_turn_is_noted_with_its_moment_cause_and_place() -> None:
    arm = arm_at(50 * PERCENT)
    arm.turn(-1, "fob", 7)
    assert arm.movements == [Movement(7, "close", "fob", 0.5)]
    arm.turn(1, "hand", 7)
    assert arm.movements[1:] == [Movement(7, "open", "hand", 0.5)]


@pytest.mark.parametrize(("height", "motor"), [(TRAVEL, 1), (0, -1)])
def test_an_arm_at_an_end_is_not_turned_further(height: int, motor: int) -> None:
    arm = arm_at(height)
    arm.turn(motor, "open", 0)
    assert arm.motor == 0
    assert arm.movements == []


def test_an_arm_that_moves_that_way_already_is_not_turned_again() -> None:
    arm = arm_at(0)
    arm.turn(1, "open", 0)
    arm.turn(1, "fob", 10)
    assert [one.cause for one in arm.movements] == ["open"]


@pytest.mark.parametrize(
    ("height", "motor", "right"),
    [(0, 1, 9), (2 * PERCENT, 1, 9), (2 * PERCENT + 1, 1, LONG_AGO_NS), (2 * PERCENT, -1, LONG_AGO_NS)],
)
def test_an_arm_leaves_closed_when_it_is_turned_up_from_there(height: int, motor: int, right: int) -> None:
    arm = arm_at(height)
    arm.turn(motor, "open", 9)
    assert arm.left_closed_ns == right


@pytest.mark.parametrize(("motor", "after"), [(1, 60 * PERCENT), (-1, 40 * PERCENT)])
def test_a_motor_is_switched_off_at_the_end_and_not_before(motor: int, after: int) -> None:
    arm = arm_at(40 * PERCENT)
    arm.turn(motor, "open", 0)
    arm.settle(after - 1)
    assert arm.motor == motor
    arm.settle(after)
    assert arm.motor == 0


def test_a_stopped_arm_keeps_its_height() -> None:
    arm = arm_at(0)
    arm.turn(1, "open", 0)
    arm.stop(30 * PERCENT)
    assert arm.motor == 0
    assert arm.shaft(TRAVEL) == 30 * PERCENT


@pytest.mark.parametrize(("stalls", "motor", "height"), [(False, 1, 50 * PERCENT), (True, 0, 30 * PERCENT)])
def test_a_motor_that_does_not_stall_goes_on_from_where_the_obstacle_was(stalls: bool, motor: int, height: int) -> None:
    arm = arm_at(0, stalls)
    arm.turn(1, "open", 0)
    arm.obstruct(30 * PERCENT)
    assert arm.shaft(60 * PERCENT) == 30 * PERCENT
    assert arm.motor == motor
    arm.clear(60 * PERCENT)
    assert arm.shaft(80 * PERCENT) == height


def test_an_arm_that_does_not_stall_can_be_turned_while_it_is_obstructed() -> None:
    arm = arm_at(30 * PERCENT)
    arm.obstruct(0)
    arm.turn(-1, "close", 1)
    assert arm.motor == -1


def test_a_torn_arm_without_dragging_leaves_the_shaft_where_it_is() -> None:
    arm = arm_at(0)
    arm.tear(False, 5)
    assert arm.torn
    assert (arm.shaft(5), arm.left_closed_ns, arm.movements) == (0, LONG_AGO_NS, [])


@pytest.mark.parametrize(("height", "noted"), [(0, [Movement(5, "open", "strike", 0.0)]), (40 * PERCENT, [])])
def test_a_dragged_shaft_stands_at_a_fifth_and_its_move_from_closed_is_noted(
    height: int, noted: list[Movement]
) -> None:
    arm = arm_at(height)
    arm.tear(True, 5)
    assert (arm.shaft(5), arm.left_closed_ns, arm.motor) == (20 * PERCENT, 5, 0)
    assert arm.movements == noted


def test_an_arm_that_touches_a_vehicle_turns_back_and_counts_it() -> None:
    arm = arm_at(80 * PERCENT)
    arm.turn(-1, "close", 0)
    arm.touch(20 * PERCENT)
    assert (arm.struck_vehicles, arm.motor) == (1, 1)
    assert arm.movements[-1] == Movement(20 * PERCENT, "open", "own", 0.6)


def test_a_repaired_arm_is_whole_free_and_closed() -> None:
    arm = arm_at(40 * PERCENT)
    arm.turn(1, "open", 0)
    arm.obstruct(1)
    arm.tear(False, 2)
    arm.repair(3)
    assert (arm.torn, arm.obstructed, arm.motor, arm.shaft(3)) == (False, False, 0, 0)


def test_a_gap_that_is_skipped_moves_nothing() -> None:
    arm = arm_at(0)
    arm.turn(1, "open", 0)
    arm.skip(TRAVEL)
    assert arm.shaft(TRAVEL + 30 * PERCENT) == 30 * PERCENT


def test_the_last_movements_are_kept() -> None:
    arm = arm_at(40 * PERCENT)
    arm.movements = [Movement(-1, "open", "open", 0.0)] * MOVEMENTS_KEPT
    arm.turn(1, "fob", 0)
    assert len(arm.movements) == MOVEMENTS_KEPT
    assert arm.movements[-1].cause == "fob"


# ---- the controller


@pytest.mark.parametrize(
    ("control", "terminal", "active", "occupied", "motor", "cause"),
    [
        ("pulse", "open", True, False, 1, "open"),
        ("pulse", "open", True, True, 1, "open"),
        ("pulse", "open", False, False, 0, None),
        ("pulse", "close", True, False, -1, "close"),
        ("pulse", "close", True, True, 0, None),
        ("pulse", "close", False, False, 0, None),
        ("pulse", "stop", True, False, 0, None),
        ("hold", "open", True, False, 1, "open"),
        ("hold", "open", False, False, -1, "released"),
        ("hold", "open", False, True, -1, "released"),
        ("hold", "stop", False, False, 0, None),
        ("hold", "close", False, False, 0, None),
        ("step", "open", True, False, -1, "close"),
        ("step", "open", True, True, 0, None),
        ("step", "open", False, False, 0, None),
        ("step", "close", True, False, -1, "close"),
    ],
)
def test_a_terminal_turns_a_standing_high_arm(
    control: str, terminal: str, active: bool, occupied: bool, motor: int, cause: str | None
) -> None:
    controller, arm = controller_at(51 * PERCENT, control=control)
    controller.terminal(terminal, active, occupied, 3)  # type: ignore[arg-type]
    assert arm.motor == motor
    assert [one.cause for one in arm.movements] == ([cause] if cause else [])
    assert controller.pulses == ([Pulse(3, terminal)] if active else [])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("height", "before", "after", "cause"),
    [
        (50 * PERCENT, 0, 1, "step"),
        (50 * PERCENT + 1, 0, -1, "close"),
        (70 * PERCENT, 1, 0, None),
        (70 * PERCENT, -1, 1, "step"),
    ],
)
def test_a_step_goes_the_other_way(height: int, before: int, after: int, cause: str | None) -> None:
    controller, arm = controller_at(height, control="step")
    if before:
        arm.turn(before, "own", 0)
    arm.movements.clear()
    controller.terminal("open", True, False, 0)
    assert arm.motor == after
    assert [one.cause for one in arm.movements] == ([cause] if cause else [])


def test_stop_switches_the_motor_off() -> None:
    controller, arm = controller_at(0)
    arm.turn(1, "open", 0)
    controller.terminal("stop", True, False, 5)
    assert arm.motor == 0


def test_a_controller_without_its_own_safety_closes_on_a_vehicle_and_does_not_turn_back() -> None:
    controller, arm = controller_at(TRAVEL, own_safety=False)
    controller.terminal("close", True, True, 0)
    controller.look(True, 1)
    assert arm.motor == -1


@pytest.mark.parametrize(("occupied", "motor"), [(True, 1), (False, -1)])
def test_a_controller_with_its_own_safety_turns_back_for_a_vehicle(occupied: bool, motor: int) -> None:
    controller, arm = controller_at(50 * PERCENT)
    arm.turn(-1, "close", 0)
    controller.look(occupied, 1)
    assert arm.motor == motor
    assert arm.movements[-1].cause == ("own" if occupied else "close")


def test_an_arm_that_stands_is_not_turned_for_a_vehicle() -> None:
    controller, arm = controller_at(50 * PERCENT)
    controller.look(True, 1)
    assert arm.motor == 0


def test_without_mains_only_a_crank_turns_the_arm() -> None:
    controller, arm = controller_at(0)
    arm.turn(1, "open", 0)
    controller.mains(False, 30 * PERCENT)
    controller.terminal("open", True, False, 30 * PERCENT)
    controller.fob(30 * PERCENT)
    assert (arm.motor, len(controller.pulses)) == (0, 1)
    controller.crank(False, 30 * PERCENT)
    assert (arm.motor, arm.movements[-1].cause) == (-1, "hand")
    assert arm.shaft(30 * PERCENT + CRANK_SLOWER * PERCENT) == 29 * PERCENT


def test_a_crank_turns_up_and_a_fob_opens() -> None:
    for act, cause in (("crank", "hand"), ("fob", "fob")):
        controller, arm = controller_at(10 * PERCENT)
        controller.crank(True, 0) if act == "crank" else controller.fob(0)
        assert (arm.motor, arm.movements[-1].cause) == (1, cause)


@pytest.mark.parametrize(
    ("height", "occupied", "powered", "auto_close_ms", "right"),
    [
        (TRAVEL, False, True, 500, 500 * NS_PER_MS),
        (98 * PERCENT, False, True, 0, 0),
        (98 * PERCENT - 1, False, True, 500, None),
        (TRAVEL, True, True, 500, None),
        (TRAVEL, False, False, 500, None),
        (TRAVEL, False, True, None, None),
    ],
)
def test_a_controller_plans_to_close_an_open_arm_over_a_free_loop(
    height: int, occupied: bool, powered: bool, auto_close_ms: int | None, right: int | None
) -> None:
    controller, arm = controller_at(height, auto_close_ms=auto_close_ms)
    controller.powered = powered
    controller.look(occupied, 0)
    assert controller.next_ns == right
    assert arm.motor == 0


@pytest.mark.parametrize(("at_ms", "motor", "next_ms"), [(499, 0, 500), (500, -1, 1_000)])
def test_a_planned_close_comes_at_its_moment(at_ms: int, motor: int, next_ms: int) -> None:
    controller, arm = controller_at(TRAVEL, auto_close_ms=500)
    controller.look(False, 0)
    controller.look(False, at_ms * NS_PER_MS)
    assert (arm.motor, controller.next_ns) == (motor, next_ms * NS_PER_MS)


def test_a_vehicle_or_a_power_cut_takes_a_planned_close_away() -> None:
    for occupied, powered in ((True, True), (False, False)):
        controller, _ = controller_at(TRAVEL, auto_close_ms=500)
        controller.look(False, 0)
        controller.powered = powered
        controller.look(occupied, 1)
        assert controller.next_ns is None


def test_a_planned_close_waits_for_the_gap_that_is_skipped() -> None:
    controller, _ = controller_at(TRAVEL, auto_close_ms=500)
    controller.skip(9)
    assert controller.next_ns is None
    controller.look(False, 0)
    controller.skip(9)
    assert controller.next_ns == 500 * NS_PER_MS + 9


# ---- loops and planned contacts


def test_a_loop_that_was_never_touched_knows_no_moment() -> None:
    loop = Loop()
    assert (loop.cars, loop.came_ns, loop.joined_ns, loop.left_ns) == (0, *[LONG_AGO_NS] * 3)


def test_a_loop_keeps_its_last_arrivals() -> None:
    loop = Loop()
    for at_ns in range(ARRIVALS_KEPT + 2):
        loop.on(at_ns)
        loop.off(at_ns)
    assert list(loop.arrivals_ns) == list(range(2, ARRIVALS_KEPT + 2))
    assert loop.joined_ns == LONG_AGO_NS


def test_a_plan_names_its_first_moment_in_whatever_order_it_was_made() -> None:
    plan = Overrides()
    plan.show("fire", True, 9)
    plan.show("mains", False, 5)
    assert [plan.next_ns] == [5]
    plan.advance(4)
    assert plan.shown == {}
    plan.advance(5)
    assert (plan.shown, plan.next_ns) == ({"mains": False}, 9)
    plan.advance(20)
    assert (plan.shown, plan.next_ns) == ({"mains": False, "fire": True}, None)


def test_a_plan_waits_for_the_gap_that_is_skipped() -> None:
    plan = Overrides()
    plan.skip(7)
    assert plan.next_ns is None
    plan.show("fire", True, 5)
    plan.skip(7)
    assert plan.next_ns == 12
    plan.advance(11)
    assert plan.shown == {}


def test_a_contact_without_a_planned_value_can_be_freed() -> None:
    plan = Overrides()
    plan.show("fire", None, 1)
    plan.advance(1)
    assert plan.shown == {}


# ---- manners


@pytest.mark.parametrize(
    ("behaviour", "distance_m", "reacts_ms"),
    [("through", 1.0, 0), ("tailgate", 0.4, 0), ("back_off", 1.0, 1_000), ("ram", 1.0, 0)],
)
def test_a_behaviour_has_its_distance_and_its_reaction(behaviour: Behaviour, distance_m: float, reacts_ms: int) -> None:
    manner = Manner(behaviour)
    assert (manner.distance_m, manner.reacts_ms(), manner.shows_ms()) == (distance_m, reacts_ms, 0)


def test_a_driver_has_the_patience_and_the_force_that_were_given() -> None:
    assert Manner().patience_ms() == 8_000
    assert Manner(patience_ms=5).patience_ms() == 5
    assert [Manner().drags(), Manner(drags=True).drags(), Manner().cautious] == [False, True, False]


@pytest.mark.parametrize(
    ("behaviour", "method", "front_m", "legs"),
    [
        ("through", "comes", -2.6, [Leg(-0.6, 1_000_000_000)]),
        ("through", "goes", 0.0, [Leg(10.0, 5_000_000_000)]),
        ("chat", "goes", 0.5, [Leg(1.5, 500_000_000), Leg(1.5, 700_000_000), Leg(10.0, 4_250_000_000)]),
        ("halfway", "turns_round", -0.6, [Leg(0.4, 500_000_000), Leg(-0.3, 350_000_000)]),
        ("back_off", "leaves", -0.5, [Leg(-3.5, 1_500_000_000)]),
    ],
)
def test_a_driver_takes_each_stretch_at_an_even_speed(
    behaviour: Behaviour, method: str, front_m: float, legs: list[Leg]
) -> None:
    told = getattr(Manner(behaviour, speed_m_s=2.0, chat_ms=700), method)(front_m, Layout())
    assert [one.to_m for one in told] == [one.to_m for one in legs]
    assert [one.ns for one in told] == pytest.approx([one.ns for one in legs], abs=2)
