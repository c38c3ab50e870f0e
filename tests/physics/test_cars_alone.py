"""One car's motion on the road, and what the drivers at one barrier do, each in turn."""

from __future__ import annotations

import pytest

from gateway.physics.arm import LONG_AGO_NS, NS_PER_MS
from gateway.physics.cars import Behaviour, Car, Edge, Layout, Leg, earliest, edges_of
from gateway.physics.controller import ArmSpec
from gateway.physics.gate import BUTTON_MS, Gate
from gateway.physics.manners import Manner
from gateway.physics.traffic import QUEUE_GAP_M

NEAR, SAFETY = Edge(2.0, "near", True), Edge(5.0, "safety", True)


def car_at(front_m: float = 0.0, *edges: Edge, behaviour: Behaviour = "through", side: int = 0) -> Car:
    car = Car("car", behaviour, Manner(behaviour), side=side)  # type: ignore[arg-type]
    car.place(front_m, edges, 0)
    return car


def open_gate(shared: bool = False, auto_close_ms: int | None = None) -> Gate:
    """A gate whose arm is up, at the moment 10 seconds."""
    gate = Gate(ArmSpec(auto_close_ms=auto_close_ms), shared=shared)
    gate.terminal("open", True, 0)
    gate.advance(10_000 * NS_PER_MS)
    return gate


# ---- one car


def test_the_edges_of_a_car_are_in_the_order_in_which_its_nose_comes_to_them() -> None:
    near = [Edge(-3.5, "near", True), Edge(3.5, "near", False)]
    safety = [Edge(-0.3, "safety", True), Edge(6.2, "safety", False)]
    far = [Edge(2.4, "far", True), Edge(9.4, "far", False)]
    arm = Edge(0.7, "arm", True)
    assert edges_of(Layout(), 4.5, False) == [near[0], safety[0], arm, near[1], safety[1]]
    assert edges_of(Layout(), 4.5, True) == [near[0], safety[0], arm, far[0], near[1], safety[1], far[1]]


@pytest.mark.parametrize(
    ("moments", "first"), [((), None), ((None,), None), ((5, None, 3), 3), ((3, 5), 3), ((0, None), 0)]
)
def test_the_earliest_moment_is_of_those_that_there_are(moments: tuple[int | None, ...], first: int | None) -> None:
    assert earliest(*moments) == first


@pytest.mark.parametrize(
    ("at_ns", "front_m", "speed"),
    [(100, 0.0, 0.1), (150, 5.0, 0.1), (199, 9.9, 0.1), (200, 10.0, 0.0), (300, 10.0, 0.0)],
)
def test_a_car_drives_a_leg_evenly(at_ns: int, front_m: float, speed: float) -> None:
    car = car_at()
    car.drive([Leg(10.0, 100)], 100)
    assert car.front(at_ns) == pytest.approx(front_m)
    assert car.rear(at_ns) == pytest.approx(front_m - 4.5)
    assert car.speed(at_ns) == pytest.approx(speed)


def test_a_car_that_reverses_has_a_negative_speed() -> None:
    car = car_at(10.0)
    car.drive([Leg(0.0, 100)], 0)
    assert car.speed(50) == pytest.approx(-0.1)
    assert car.front(25) == pytest.approx(7.5)


@pytest.mark.parametrize(
    ("front_m", "passed"), [(1.9, []), (2.0, []), (2.1, [NEAR]), (5.0, [NEAR]), (5.1, [NEAR, SAFETY])]
)
def test_a_car_that_is_placed_has_passed_what_is_behind_its_nose(front_m: float, passed: list[Edge]) -> None:
    assert car_at().place(front_m, [SAFETY, NEAR], 0) == passed


def test_a_car_comes_to_each_edge_forward_and_back_again() -> None:
    car = car_at(0.0, NEAR, SAFETY)
    car.drive([Leg(10.0, 100)], 0)
    assert (car.next_ns(), car.crossed_edge(19)) == (20, None)
    assert car.crossed_edge(20) == (NEAR, True)
    assert (car.next_ns(), car.crossed_edge(50)) == (50, (SAFETY, True))
    assert (car.next_ns(), car.crossed_edge(100)) == (100, None)
    car.drive([Leg(0.0, 100)], 100)
    assert (car.next_ns(), car.crossed_edge(150)) == (150, (SAFETY, False))
    assert (car.next_ns(), car.crossed_edge(180)) == (180, (NEAR, False))
    assert (car.next_ns(), car.crossed_edge(200)) == (200, None)


@pytest.mark.parametrize(
    ("from_m", "to_m", "at_ns"), [(0.0, 2.0, 100), (0.0, 1.9, None), (3.0, 2.0, 100), (3.0, 2.1, None)]
)
def test_an_edge_at_the_end_of_a_leg_is_reached_and_one_beyond_is_not(
    from_m: float, to_m: float, at_ns: int | None
) -> None:
    car = car_at(from_m, NEAR)
    car.drive([Leg(to_m, 100)], 0)
    assert (car.crossed_edge(1_000) is None) is (at_ns is None)
    assert car.crossed_edge(1_000) is None


def test_a_car_that_passes_beside_the_far_loop_comes_to_the_other_edges() -> None:
    far = Edge(1.0, "far", True)
    car = car_at(0.0, far, NEAR)
    car.drive([Leg(10.0, 100)], 0)
    assert car.next_ns() == 10
    car.pass_beside_far_loop()
    assert car.crossed_edge(100) == (NEAR, True)
    assert car.crossed_edge(100) is None


def test_a_car_takes_its_legs_one_after_the_other() -> None:
    car = car_at()
    assert not car.at_leg_end(0)
    car.drive([Leg(10.0, 100), Leg(10.0, 50)], 0)
    assert [car.at_leg_end(at_ns) for at_ns in (99, 100)] == [False, True]
    assert car.next_leg(100)
    assert (car.next_ns(), car.at_leg_end(149), car.at_leg_end(150)) == (150, False, True)
    assert not car.next_leg(150)
    assert (car.next_ns(), car.at_leg_end(150)) == (None, False)


@pytest.mark.parametrize(
    ("show_ns", "decide_ns", "right"), [(None, None, 100), (7, None, 7), (9, 8, 8), (900, 800, 100)]
)
def test_a_car_names_its_next_moment(show_ns: int | None, decide_ns: int | None, right: int) -> None:
    car = car_at()
    car.drive([Leg(10.0, 100)], 0)
    car.show_ns, car.decide_ns = show_ns, decide_ns
    assert car.next_ns() == right


def test_a_gap_that_is_skipped_moves_a_car_and_its_plans_on() -> None:
    car = car_at(0.0, NEAR)
    car.drive([Leg(10.0, 100)], 0)
    car.show_ns, car.decide_ns = 50, 60
    car.skip(1_000)
    assert (car.show_ns, car.decide_ns, car.next_ns()) == (1_050, 1_060, 1_020)
    assert car.front(1_050) == 5.0
    car.show_ns = car.decide_ns = None
    car.skip(1)
    assert (car.show_ns, car.decide_ns) == (None, None)


def test_a_car_comes_from_the_near_side_and_has_done_nothing_yet() -> None:
    car = Car("car", "through", Manner())
    assert (car.side, car.state, car.under, car.held, car.over, car.card) == (0, "comes", False, False, set(), None)
    assert (car.stood_ns, car.show_ns, car.decide_ns, car.next_ns(), car.length_m) == (None, None, None, None, 4.5)


# ---- a car behind another


def following(ahead_m: float) -> tuple[Car, Car]:
    """A car that stands there, and one that drives 10 m in 100 ns from 0 m and keeps 1 m behind it."""
    ahead, car = car_at(ahead_m), car_at()
    car.drive([Leg(10.0, 100)], 0)
    car.follow(ahead, 0)
    return ahead, car


@pytest.mark.parametrize(("ahead_m", "held", "stops_m"), [(10.0, True, 4.5), (15.4, True, 9.9), (15.5, False, 10.0)])
def test_a_car_closes_up_to_one_that_stands(ahead_m: float, held: bool, stops_m: float) -> None:
    _, car = following(ahead_m)
    assert car.held is held
    assert car.front(1_000) == pytest.approx(stops_m)
    assert car.next_ns() == pytest.approx(stops_m * 10, abs=1)
    assert car.at_leg_end(1_000) is not held


def test_a_car_that_has_closed_up_stands_until_the_one_ahead_goes_and_then_keeps_its_speed() -> None:
    ahead, car = following(10.0)
    car.follow(ahead, 50)
    assert (car.speed(50), car.next_ns()) == (0.0, None)
    ahead.drive([Leg(30.0, 400)], 60)
    car.follow(ahead, 60)
    assert car.speed(60) == pytest.approx(0.05, rel=0.02)
    assert car.held


def test_a_car_is_not_driven_backwards_by_one_that_comes_back() -> None:
    ahead, car = following(10.0)
    ahead.drive([Leg(5.0, 50)], 50)
    car.follow(ahead, 50)
    assert car.speed(50) == 0.0
    assert car.front(80) == pytest.approx(4.5)


def test_a_car_whose_way_is_free_again_drives_on_at_its_own_speed() -> None:
    ahead, car = following(10.0)
    ahead.place(100.0, (), 50)
    car.follow(ahead, 50)
    assert not car.held
    assert car.speed(50) == pytest.approx(0.1, rel=0.02)
    assert car.front(1_000) == 10.0


def test_a_car_does_not_follow_one_that_leaves_nor_follow_while_it_stands() -> None:
    ahead, car = car_at(5.0), car_at()
    ahead.state = "leaves"
    car.drive([Leg(10.0, 100)], 0)
    car.follow(ahead, 0)
    assert (car.held, car.front(100)) == (False, 10.0)
    ahead.state, stands = "waits", car_at()
    stands.follow(ahead, 0)
    assert not stands.held


# ---- the drivers


@pytest.mark.parametrize(
    ("behaviour", "up", "did"),
    [
        ("through", True, "stands shows under off_line crossed gone"),
        ("through", False, "stands shows off_line gone"),
        ("chat", True, "stands shows under off_line crossed gone"),
        ("tailgate", True, "stands under off_line crossed gone"),
        ("tailgate", False, "stands shows off_line gone"),
        ("ram", True, "stands under off_line crossed gone"),
        ("ram", False, "stands under tore off_line crossed gone"),
        ("back_off", True, "stands shows off_line gone"),
        ("halfway", True, "stands shows under crossed off_line gone"),
        ("halfway", False, "stands shows off_line gone"),
        ("e_bike", True, "stands shows off_line gone"),
    ],
)
def test_a_driver_does_what_such_drivers_do(behaviour: Behaviour, up: bool, did: str) -> None:
    gate = open_gate() if up else Gate()
    gate.car(car_at(behaviour=behaviour), gate.now_ns)
    happened = gate.advance(gate.now_ns + 60_000 * NS_PER_MS)
    assert [one.what for one in happened] == did.split()
    assert gate.traffic.cars == []
    assert all(loop.cars == 0 for loop in gate.loops.values())
    assert gate.traffic.take_happened() == []


@pytest.mark.parametrize(
    ("behaviour", "up", "direction"),
    [("through", True, "through"), ("halfway", True, "back"), ("ram", True, "through"), ("ram", False, "through")],
)
def test_a_crossing_tells_its_way_and_whether_the_arm_was_up(behaviour: Behaviour, up: bool, direction: str) -> None:
    gate = open_gate() if up else Gate()
    gate.car(car_at(behaviour=behaviour), gate.now_ns)
    gate.advance(gate.now_ns + 60_000 * NS_PER_MS)
    one = gate.traffic.crossings[0]
    loop = gate.loops["safety_loop"]
    assert (one.direction, one.passable, one.began_ns, one.mono_ns) == (direction, up, loop.came_ns, loop.left_ns)
    assert one.gap_before_ms == (one.began_ns - LONG_AGO_NS) // NS_PER_MS


def test_a_second_crossing_tells_how_long_after_the_first_it_began() -> None:
    gate = open_gate()
    for _ in range(2):
        gate.car(car_at(), gate.now_ns)
        gate.advance(gate.now_ns + 60_000 * NS_PER_MS)
    first, second = gate.traffic.crossings
    assert second.gap_before_ms == (second.began_ns - first.mono_ns) // NS_PER_MS


@pytest.mark.parametrize(
    ("front_m", "below"), [(-0.3, False), (0.69, False), (0.7, True), (5.19, True), (5.2, False), (9.0, False)]
)
def test_a_car_is_below_the_arm_while_the_arm_is_between_its_nose_and_its_tail(front_m: float, below: bool) -> None:
    gate = open_gate()
    gate.traffic.add_under(car_at(), front_m, gate.now_ns)
    assert gate.traffic.is_below_arm(gate.now_ns) is below


def test_a_car_queues_behind_the_last_one_of_its_own_side() -> None:
    gate = open_gate(shared=True)
    cars = [car_at(side=side) for side in (0, 0, 1)]
    for car in cars:
        gate.traffic.add(car, gate.now_ns)
    start_m = Layout().start_m
    assert [car.front(gate.now_ns) for car in cars] == [start_m, start_m - 4.5 - QUEUE_GAP_M, start_m]


@pytest.mark.parametrize("up", [False, True])
def test_a_strike_tears_the_arm_off_once_however_high_it_is(up: bool) -> None:
    gate = open_gate() if up else Gate()
    gate.strike(car_at(), gate.now_ns)
    assert gate.contacts().arm_detached
    assert gate.occupied
    gate.strike(car_at(), gate.now_ns)
    assert [one.what for one in gate.advance(gate.now_ns)].count("tore") == 1


def test_a_driver_loses_patience_at_its_moment_and_not_before() -> None:
    gate, car = Gate(), car_at()
    gate.car(car, 0)
    line_ns = int(5.4 / 3 * 1e9)
    gate.advance(line_ns + 7_999 * NS_PER_MS)
    assert (car.state, car.decide_ns is None) == ("waits", False)
    gate.advance(line_ns + 8_001 * NS_PER_MS)
    assert (car.state, car.decide_ns is None) == ("leaves", True)


def test_a_car_stands_on_its_loop_from_when_it_comes_until_it_leaves() -> None:
    gate, car = open_gate(), car_at()
    gate.car(car, gate.now_ns)
    gate.advance(gate.now_ns + 1_000 * NS_PER_MS)
    assert car.stood_ns == gate.loops["approach_loop"].came_ns
    gate.advance(gate.now_ns + 60_000 * NS_PER_MS)
    assert car.stood_ns is None


def test_a_gap_that_is_skipped_moves_all_plans_of_a_gate_on() -> None:
    gate = open_gate(auto_close_ms=60_000)
    gate.press("fire", gate.now_ns)
    due_ns, close_ns = gate.now_ns + BUTTON_MS * NS_PER_MS, gate.controller.next_ns
    gate.advance(gate.now_ns)
    gate.skip(500)
    assert gate.next_ns == due_ns + 500
    assert close_ns is not None
    assert gate.controller.next_ns == close_ns + 500
