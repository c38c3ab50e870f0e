"""The physical model by its moments: a simulator that sleeps until `next_ns` sees the same as one that polls."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from gateway.physics.arm import NS_PER_MS, Arm
from gateway.physics.cars import Behaviour, Car, Layout, Leg
from gateway.physics.controller import ArmSpec
from gateway.physics.gate import Contacts, Gate
from gateway.physics.loops import Loop, Overrides
from gateway.physics.manners import Manner

TRAVEL_MS = 1_500
BEHAVIOURS: tuple[Behaviour, ...] = ("through", "back_off", "halfway", "tailgate", "chat", "ram", "e_bike")


def ms(ns: int) -> float:
    return ns / NS_PER_MS


def drive(gate: Gate, behaviour: Behaviour = "through", at_ms: int = 0, side: int = 0, card: str | None = None) -> Car:
    car = Car(f"car {at_ms}", behaviour, Manner(behaviour), card, side=side)  # type: ignore[arg-type]
    assert gate.car(car, at_ms * NS_PER_MS)
    return car


def changes(gate: Gate, until_ms: int) -> list[tuple[float, Contacts]]:
    """What the contacts say, each time that says something new, and when; the gate sleeps between its moments."""
    seen = [(ms(gate.now_ns), gate.contacts())]
    while (at_ns := gate.next_ns) is not None and at_ns <= until_ms * NS_PER_MS:
        gate.advance(at_ns)
        if gate.contacts() != seen[-1][1]:
            seen.append((ms(at_ns), gate.contacts()))
    gate.advance(until_ms * NS_PER_MS)
    return seen


# ---- the arm


def test_a_limit_switch_changes_two_percent_from_its_end() -> None:
    gate = Gate()
    gate.terminal("open", True, 0)
    at = [round(at_ms, 3) for at_ms, _ in changes(gate, 5_000)]
    assert at == [0, 0.02 * TRAVEL_MS, 0.98 * TRAVEL_MS]


@pytest.mark.parametrize("car_below", [False, True])
def test_the_moments_of_an_arm_are_the_heights_that_matter_one_after_the_other(car_below: bool) -> None:
    arm, heights = Arm(TRAVEL_MS), []
    for motor, since_ns in ((1, 7), (-1, 10**10)):
        arm.turn(motor, "open", since_ns)
        at_ns = arm.next_ns(since_ns, car_below)
        while at_ns is not None:
            heights.append(round(arm.position(at_ns), 2))
            at_ns = arm.next_ns(at_ns, car_below)
        arm.settle(2 * since_ns + TRAVEL_MS * NS_PER_MS)
        assert arm.motor == 0
    touches = [0.6] if car_below else []
    assert heights == [0.02, 0.9, 0.98, 0.98, *touches, 0.02]


def test_an_arm_that_turns_back_halfway_is_down_after_as_long_as_it_rose() -> None:
    gate = Gate()
    gate.terminal("open", True, 0)
    gate.terminal("close", True, 600 * NS_PER_MS)
    assert changes(gate, 5_000)[-1][0] == pytest.approx(1_200 - 0.02 * TRAVEL_MS, abs=0.001)


@pytest.mark.parametrize("stalls", [False, True])
def test_an_obstacle_switches_off_the_motor_of_a_controller_that_stalls(stalls: bool) -> None:
    gate = Gate(ArmSpec(stalls=stalls))
    gate.terminal("open", True, 0)
    gate.obstruct(500 * NS_PER_MS)
    gate.clear(2_000 * NS_PER_MS)
    gate.advance(10_000 * NS_PER_MS)
    assert gate.contacts().at_open is not stalls


def test_nothing_moves_a_stalled_arm_while_it_is_obstructed() -> None:
    gate = Gate(ArmSpec(stalls=True))
    gate.obstruct(0)
    gate.terminal("open", True, 1)
    gate.clear(2)
    gate.advance(10_000 * NS_PER_MS)
    assert gate.contacts().at_closed
    assert gate.arm.movements == []


def test_an_order_of_the_past_happens_now() -> None:
    gate = Gate()
    gate.advance(1_000)
    gate.terminal("open", True, 400)
    assert gate.arm.movements[0].mono_ns == 1_000


# ---- the controller


def test_the_one_button_of_a_step_controller_opens_stops_and_closes() -> None:
    gate = Gate(ArmSpec(control="step"))
    for at_ms in (0, 700, 1_000, 5_000, 5_300, 5_400):
        gate.terminal("open", True, at_ms * NS_PER_MS)
    assert [(ms(one.mono_ns), one.direction) for one in gate.arm.movements] == [
        (0, "open"),
        (1_000, "open"),
        (5_000, "close"),
        (5_300, "open"),
    ]
    assert gate.arm.motor == 0, "the last press stopped it"


def test_a_controller_closes_by_itself_so_long_after_its_loop_is_free() -> None:
    gate = Gate(ArmSpec(auto_close_ms=3_000))
    drive(gate)
    gate.terminal("open", True, 2_000 * NS_PER_MS)
    changes(gate, 30_000)
    free_ns = gate.loops["safety_loop"].left_ns
    assert [(one.mono_ns - free_ns, one.cause) for one in gate.arm.movements[1:]] == [(3_000 * NS_PER_MS, "own")]


def test_a_second_car_begins_the_wait_anew_and_turns_the_arm_back() -> None:
    gate = Gate(ArmSpec(auto_close_ms=500))
    drive(gate)
    gate.terminal("open", True, 0)
    drive(gate, "ram", 3_100)
    changes(gate, 30_000)
    assert [(one.direction, one.cause) for one in gate.arm.movements] == [
        ("open", "open"),
        ("close", "own"),
        ("open", "own"),
        ("close", "own"),
    ]


def test_without_mains_nothing_closes_by_itself() -> None:
    gate = Gate(ArmSpec(auto_close_ms=500))
    gate.terminal("open", True, 0)
    gate.mains(False, 1_600 * NS_PER_MS)
    gate.mains(True, 60_000 * NS_PER_MS)
    assert changes(gate, 70_000)[1][0] == 60_500 + 0.02 * TRAVEL_MS + 1 / NS_PER_MS


# ---- cars


def test_a_car_comes_to_each_loop_at_the_moment_that_its_speed_says() -> None:
    gate = Gate()
    gate.terminal("open", True, 0)
    drive(gate)
    layout, loops = Layout(), gate.loops
    changes(gate, 20_000)
    to_line_ms = (layout.stop_m - layout.start_m) / 3 * 1_000
    assert ms(loops["approach_loop"].came_ns) == pytest.approx((layout.near[0] - layout.start_m) / 3 * 1_000)
    assert ms(loops["safety_loop"].came_ns) == pytest.approx(
        to_line_ms + (layout.safety[0] - layout.stop_m) / 3 * 1_000
    )
    off_m = layout.safety[1] + 4.5 - layout.stop_m
    assert ms(loops["safety_loop"].left_ns) == pytest.approx(to_line_ms + off_m / 3 * 1_000)


def test_a_car_goes_at_the_moment_when_the_arm_is_high_enough() -> None:
    gate = Gate()
    car = drive(gate)
    gate.advance(3_000 * NS_PER_MS)
    gate.terminal("open", True, 3_000 * NS_PER_MS)
    gate.advance(3_000 * NS_PER_MS + 9 * TRAVEL_MS * NS_PER_MS // 10 - 1)
    assert car.state == "waits"
    gate.advance(3_000 * NS_PER_MS + 9 * TRAVEL_MS * NS_PER_MS // 10)
    assert car.state == "drives"


def test_cars_keep_their_distance_behind_one_that_stops() -> None:
    gate = Gate()
    gate.terminal("open", True, 0)
    first, second, third = drive(gate, "chat"), drive(gate), drive(gate, "tailgate")
    for at_ms in range(0, 20_000, 7):
        gate.advance(at_ms * NS_PER_MS)
        for ahead, behind, least_m in ((first, second, 0.499), (second, third, 0.399)):
            if ahead in gate.traffic.cars and behind in gate.traffic.cars:
                assert ahead.rear(gate.now_ns) - behind.front(gate.now_ns) >= least_m
    assert [one.car for one in gate.traffic.crossings] == [first, second, third]


def test_cars_from_both_sides_of_a_shared_arm_come_to_the_same_loops_the_other_way_round() -> None:
    orders = []
    for side in (0, 1):
        gate = Gate(shared=True)
        gate.terminal("open", True, 0)
        drive(gate, side=side)
        changes(gate, 20_000)
        came = {name: loop.came_ns for name, loop in gate.loops.items()}
        assert all(not loop.cars for loop in gate.loops.values())
        orders.append(sorted(came, key=lambda name: came[name]))
    assert orders == [
        ["approach_loop", "safety_loop", "clear_loop"],
        ["clear_loop", "safety_loop", "approach_loop"],
    ]


def test_a_car_passes_beside_one_that_waits_on_the_far_loop() -> None:
    for other, joins in ((True, False), (False, False)):
        gate = Gate(shared=True)
        if other:
            drive(gate, "back_off", side=1)
        gate.advance(2_000 * NS_PER_MS)
        gate.terminal("open", True, 2_000 * NS_PER_MS)
        drive(gate, "ram", 2_000)
        changes(gate, 20_000)
        assert len(gate.traffic.crossings) == 1
        assert (gate.loops["clear_loop"].joined_ns > 0) is joins
        assert (ms(gate.loops["clear_loop"].left_ns) > 7_000) is not other


class Cautious(Manner):
    """Waits until nobody is under the arm, and is under it at once."""

    cautious = True

    def goes(self, _front_m: float, layout: Layout) -> list[Leg]:
        return [Leg(layout.safety[0], 0), *super().goes(layout.safety[0], layout)]


def test_of_two_cautious_drivers_who_decide_at_one_moment_one_goes() -> None:
    gate = Gate(shared=True)
    for side in (0, 1):
        gate.car(Car(f"side {side}", "through", Cautious(), side=side), 0)  # type: ignore[arg-type]
    gate.terminal("open", True, 2_000 * NS_PER_MS)
    changes(gate, 8_000)
    assert [one.car.name for one in gate.traffic.crossings] == ["side 0", "side 1"]
    assert gate.loops["safety_loop"].joined_ns < 0


def test_no_loop_sees_an_e_bike() -> None:
    gate = Gate()
    gate.terminal("open", True, 0)
    drive(gate, "e_bike")
    assert [contacts[2:] for _, contacts in changes(gate, 30_000)] == [Gate().contacts()[2:]] * 3
    assert gate.traffic.cars == []


@pytest.mark.parametrize("wait_ms", [0, 300, 800])
def test_a_car_that_rams_tears_off_an_arm_that_is_not_halfway_up(wait_ms: int) -> None:
    gate = Gate()
    drive(gate, "ram")
    at_arm_ms = 1_800 + round((0.7 + 0.6) / 3 * 1_000)
    gate.terminal("open", True, (at_arm_ms - wait_ms) * NS_PER_MS)
    changes(gate, 20_000)
    assert gate.arm.torn is (wait_ms < TRAVEL_MS / 2)


# ---- loops and contacts


def test_a_loop_counts_cars_and_keeps_when_they_came() -> None:
    loop = Loop()
    loop.on(10)
    loop.on(20)
    loop.off(30)
    assert (loop.cars, loop.came_ns, loop.joined_ns, loop.left_ns, list(loop.arrivals_ns)) == (1, 10, 20, 30, [10])


def test_a_contact_shows_what_was_planned_and_then_what_is_true() -> None:
    gate = Gate()
    gate.show_wrong("at_closed", [(1, False), (2, True), (3, False), (4, None)], 0)
    assert [(at_ms, contacts.at_closed) for at_ms, contacts in changes(gate, 10)] == [
        (0, True),
        (1, False),
        (2, True),
        (3, False),
        (4, True),
    ]
    assert gate.truth().at_closed


def test_a_button_is_pressed_for_a_while() -> None:
    gate = Gate()
    gate.press("exit_button", 0, 250)
    gate.advance(249 * NS_PER_MS)
    assert gate.contacts().exit_button
    gate.advance(250 * NS_PER_MS)
    assert not gate.contacts().exit_button


def test_of_two_plans_for_one_moment_the_later_made_one_counts() -> None:
    plan = Overrides()
    plan.show("fire", True, 5)
    plan.show("fire", None, 5)
    plan.advance(5)
    assert (plan.shown, plan.next_ns) == ({}, None)


# ---- sleeping and polling


def _acts(chance: random.Random) -> list[tuple[int, Callable[[Gate, int], object]]]:
    """Acts at random moments."""

    def car(gate: Gate, now_ns: int, number: int, behaviour: Behaviour, side: int) -> None:
        gate.car(Car(str(number), behaviour, Manner(behaviour), side=side), now_ns)  # type: ignore[arg-type]

    usual: tuple[Callable[[Gate, int], object], ...] = (
        lambda gate, now_ns: gate.terminal("open", True, now_ns),
        lambda gate, now_ns: gate.terminal("close", True, now_ns),
        lambda gate, now_ns: gate.terminal("stop", True, now_ns),
        lambda gate, now_ns: gate.fob(now_ns),
        lambda gate, now_ns: gate.repair(now_ns),
        lambda gate, now_ns: gate.press("fire", now_ns),
        lambda gate, now_ns: gate.obstruct(now_ns),
        lambda gate, now_ns: gate.clear(now_ns),
        lambda gate, now_ns: gate.crank(True, now_ns),
    )
    acts: list[tuple[int, Callable[[Gate, int], object]]] = []
    for number in range(40):
        at_ns = chance.randrange(0, 90_000 * NS_PER_MS)
        if number % 3:
            acts.append((at_ns, chance.choice(usual)))
        else:
            behaviour, side = chance.choice(BEHAVIOURS), chance.randrange(2)
            acts.append(
                (
                    at_ns,
                    lambda gate, now_ns, it=(number, behaviour, side): car(gate, now_ns, *it),  # type: ignore[misc]
                )
            )
    return sorted(acts, key=lambda one: one[0])


@pytest.mark.parametrize("seed", range(30))
def test_polling_and_sleeping_see_the_same(seed: int) -> None:
    acts = _acts(random.Random(seed))
    control: tuple[ArmSpec, ...] = (ArmSpec(), ArmSpec(own_safety=False, auto_close_ms=2_000), ArmSpec(control="step"))
    told = []
    for poll_ms in (3, 50, 10**6):
        gate, happened = Gate(control[seed % 3], shared=True), []
        for at_ns, act in [*acts, (200_000 * NS_PER_MS, lambda _gate, _now_ns: None)]:
            for now_ns in range(gate.now_ns, at_ns, poll_ms * NS_PER_MS):
                happened += [(one.what, one.car.name) for one in gate.advance(now_ns)]
            act(gate, at_ns)
            happened += [(one.what, one.car.name) for one in gate.advance(at_ns)]
        crossings = [(one.began_ns, one.mono_ns, one.car.name, one.direction) for one in gate.traffic.crossings]
        told.append((happened, crossings, gate.arm.movements, gate.contacts()))
    assert told[0] == told[1] == told[2]
