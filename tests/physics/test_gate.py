"""The model of a gate: a script of calls with a clock of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.boards.layout import load_board
from drivers.sim.board_model import SimBoard
from drivers.sim.world import SimLane, Wiring
from gateway.physics.cars import Behaviour, Car
from gateway.physics.controller import ArmSpec
from gateway.physics.gate import Gate
from gateway.physics.manners import Manner
from gateway.physics.traffic import CARS_MAX

STEP_NS = 10_000_000
HOUR_NS = 3_600_000_000_000


class Story:
    """A gate and the time that passes at it; `seen` are the contacts as they changed."""

    def __init__(self, spec: ArmSpec | None = None) -> None:
        self.gate = Gate(spec)
        self.now_ns = 0
        self.seen: list[set[str]] = []
        self.arrived: list[str] = []
        self._cars = 0

    def contacts(self) -> set[str]:
        contacts = self.gate.contacts()
        return {name for name in contacts._fields if getattr(contacts, name)} - {"mains"}

    def car(self, card: str | None, behaviour: Behaviour = "through") -> Car:
        self._cars += 1
        car = Car(f"car-{self._cars}", behaviour, Manner(behaviour), card)
        self.gate.car(car, self.now_ns)
        return car

    def strike(self, shaft_slips: bool = False) -> None:
        self.gate.strike(Car("striker", "chat", Manner("chat", drags=shaft_slips)), self.now_ns)

    def wait(self, seconds: float) -> Story:
        for _ in range(int(seconds * 1e9 / STEP_NS)):
            self.now_ns += STEP_NS
            self.arrived += [car.card or "" for what, car, _ in self.gate.advance(self.now_ns) if what == "shows"]
            if self.contacts() != (self.seen[-1] if self.seen else None):
                self.seen.append(self.contacts())
        return self

    def press(self, terminal: str) -> Story:
        self.gate.terminal(terminal, True, self.now_ns)  # type: ignore[arg-type]
        self.gate.terminal(terminal, False, self.now_ns)  # type: ignore[arg-type]
        return self

    def moves(self) -> list[tuple[str, str]]:
        return [(move.direction, move.cause) for move in self.gate.arm.movements]

    def crossings(self) -> list[tuple[int, str, str]]:
        return [(one.mono_ns, one.car.name, one.direction) for one in self.gate.traffic.crossings]

    def crossed(self) -> list[str]:
        return [crossing.direction for crossing in self.gate.traffic.crossings]


@pytest.fixture
def story() -> Iterator[Story]:
    yield Story()


# ---- the arm -------------------------------------------------------------------------------------------------------


def test_the_arm_leaves_one_limit_and_reaches_the_other(story: Story) -> None:
    story.wait(0.1).press("open").wait(2).press("close").wait(2)
    assert story.seen == [{"at_closed"}, set(), {"at_open"}, set(), {"at_closed"}]
    assert story.moves() == [("open", "open"), ("close", "close")]


def test_travel_takes_the_time_that_was_built(story: Story) -> None:
    story.press("open").wait(1.4)
    assert story.contacts() == set()
    story.wait(0.1)
    assert story.contacts() == {"at_open"}


def test_a_pulse_at_the_end_of_travel_moves_nothing_but_is_kept(story: Story) -> None:
    story.press("close").wait(1)
    assert story.moves() == []
    assert [pulse.terminal for pulse in story.gate.controller.pulses] == ["close"]


def test_stop_stops(story: Story) -> None:
    story.press("open").wait(0.7).press("stop").wait(5)
    assert story.contacts() == set()


def test_close_while_rising_turns_it_round(story: Story) -> None:
    story.press("open").wait(0.7).press("close").wait(2)
    assert story.contacts() == {"at_closed"}
    assert story.moves() == [("open", "open"), ("close", "close")]


def test_an_arm_held_open_by_a_contact_closes_when_it_is_let_go() -> None:
    story = Story(ArmSpec(control="hold"))
    story.gate.terminal("open", True, 0)
    story.wait(5)
    assert story.contacts() == {"at_open"}
    story.gate.terminal("open", False, story.now_ns)
    story.wait(2)
    assert story.moves() == [("open", "open"), ("close", "released")]


def test_a_controller_may_close_by_itself() -> None:
    story = Story(ArmSpec(auto_close_ms=3000)).press("open").wait(4)
    assert story.contacts() == {"at_open"}
    story.wait(3)
    assert story.moves() == [("open", "open"), ("close", "own")]


def test_a_fob_opens_without_a_pulse(story: Story) -> None:
    story.gate.fob(0)
    story.wait(2)
    assert story.moves() == [("open", "fob")]
    assert story.gate.controller.pulses == []


def test_without_mains_nothing_but_the_crank_moves_it(story: Story) -> None:
    story.gate.mains(False, story.now_ns)
    story.gate.fob(0)
    story.press("open").wait(3)
    assert story.moves() == []
    assert not story.gate.contacts().mains
    story.gate.crank(True, story.now_ns)
    story.wait(2)
    assert story.contacts() == set(), "by hand it is slow"
    story.wait(6)
    assert story.contacts() == {"at_open"}
    assert story.moves() == [("open", "hand")]


def test_mains_lost_in_motion_leaves_it_between(story: Story) -> None:
    story.press("open").wait(0.7)
    story.gate.mains(False, story.now_ns)
    story.wait(3)
    assert story.contacts() == set()


def test_an_obstructed_arm_reaches_no_limit(story: Story) -> None:
    story.press("open").wait(0.5)
    story.gate.obstruct(story.now_ns)
    story.wait(10)
    assert story.contacts() == set()
    story.gate.clear(story.now_ns)
    story.wait(2)
    assert story.contacts() == {"at_open"}


# ---- cars ----------------------------------------------------------------------------------------------------------


def test_a_car_crosses_both_loops_in_order_and_both_at_once(story: Story) -> None:
    story.car("472288")
    story.wait(3)
    assert story.arrived == ["472288"]
    story.press("open").wait(8)
    loops = [seen - {"at_open", "at_closed"} for seen in story.seen]
    order = [loops[0], *(after for before, after in itertools.pairwise(loops) if after != before)]
    assert order == [
        set(),
        {"approach_loop"},
        {"approach_loop", "safety_loop"},
        {"safety_loop"},
        set(),
    ]
    assert story.crossed() == ["through"]
    assert story.gate.traffic.cars == []


def test_a_car_that_is_not_let_in_turns_round(story: Story) -> None:
    story.car("1")
    story.wait(20)
    assert story.crossed() == []
    assert story.gate.traffic.cars == []
    assert all("safety_loop" not in seen for seen in story.seen)


def test_a_car_that_backs_off_never_reaches_the_safety_loop(story: Story) -> None:
    story.car("1", "back_off")
    story.wait(3).press("open").wait(10)
    assert story.crossed() == []
    assert story.contacts() == {"at_open"}


def test_a_car_that_turns_round_halfway_leaves_the_safety_loop_backwards(story: Story) -> None:
    story.car("1", "halfway")
    story.wait(3).press("open").wait(10)
    assert story.crossed() == ["back"]


def test_a_tailgater_follows_without_a_card(story: Story) -> None:
    story.car("1")
    story.car(None, "tailgate")
    story.wait(4).press("open").wait(12)
    assert story.arrived == ["1"] or story.arrived == ["1", ""]
    assert story.crossed() == ["through", "through"]


def test_two_cars_keep_their_distance_and_cross_one_after_the_other(story: Story) -> None:
    story.car("1")
    story.car("2")
    story.wait(4).press("open").wait(15)
    assert story.arrived == ["1", "2"]
    assert [crossing.car.name for crossing in story.gate.traffic.crossings] == ["car-1", "car-2"]


def test_a_driver_who_chats_stands_under_the_arm(story: Story) -> None:
    story.car("1", "chat")
    story.wait(3).press("open").wait(3)
    assert "safety_loop" in story.contacts()
    story.press("close").wait(1)
    assert "at_open" in story.contacts(), "the controller's own safety keeps it up"


def test_an_arm_that_comes_down_on_a_car_turns_round(story: Story) -> None:
    story = Story(ArmSpec(own_safety=False))
    story.car("1", "chat")
    story.wait(3).press("open").wait(3).press("close").wait(2)
    assert story.gate.arm.struck_vehicles >= 1
    assert story.moves()[:3] == [("open", "open"), ("close", "close"), ("open", "own")]
    assert not story.gate.arm.torn


def test_a_car_that_does_not_wait_tears_the_arm_off(story: Story) -> None:
    story.car(None, "ram")
    story.wait(8)
    assert "arm_detached" in story.contacts()
    assert {"safety_loop", "arm_detached"} <= set().union(*story.seen)
    assert story.crossed() == ["through"]


@pytest.mark.parametrize("slips", [False, True])
def test_a_struck_arm_may_leave_closed_on_or_drag_the_shaft_along(story: Story, slips: bool) -> None:
    story.wait(0.1)
    story.strike(slips)
    story.wait(0.1)
    assert story.contacts() - {"approach_loop"} == {"arm_detached", "safety_loop"} | (set() if slips else {"at_closed"})
    assert story.moves() == ([("open", "strike")] if slips else [])


def test_a_repaired_arm_is_whole_and_closed(story: Story) -> None:
    story.strike(shaft_slips=True)
    story.wait(10)
    story.gate.repair(story.now_ns)
    story.wait(0.1)
    assert story.contacts() == {"at_closed"}


# ---- always --------------------------------------------------------------------------------------------------------

acts = st.lists(
    st.tuples(
        st.sampled_from(["open", "close", "stop", "car", "fob", "strike", "repair", "mains", "wait"]),
        st.sampled_from(["through", "back_off", "halfway", "tailgate", "chat", "ram"]),
        st.floats(0.05, 3),
    ),
    max_size=25,
)


def play(script: list[tuple[str, Behaviour, float]]) -> Story:
    story, powered = Story(), True
    for act, behaviour, seconds in script:
        if act in ("open", "close", "stop"):
            story.press(act)
        elif act == "car":
            story.car("1", behaviour)
        elif act == "fob":
            story.gate.fob(story.now_ns)
        elif act == "strike":
            story.strike()
        elif act == "repair":
            story.gate.repair(story.now_ns)
        elif act == "mains":
            powered = not powered
            story.gate.mains(powered, story.now_ns)
        story.wait(seconds)
        assert 0 <= story.gate.arm.position(story.now_ns) <= 1
        assert not {"at_open", "at_closed"} <= story.contacts()
        assert len(story.gate.traffic.cars) <= CARS_MAX
    return story


@settings(max_examples=40, deadline=None)
@given(acts)
def test_whatever_happens_the_model_stays_whole_and_tells_the_same_story_again(
    script: list[tuple[str, Behaviour, float]],
) -> None:
    first, second = play(script), play(script)
    assert first.seen == second.seen
    assert first.gate.arm.movements == second.gate.arm.movements
    assert first.crossings() == second.crossings()


def test_a_suspended_machine_does_not_live_through_the_gap() -> None:
    lane = SimLane(Gate(), SimBoard(load_board("generic")), None, Wiring())
    lane.step(0)
    lane.gate.terminal("open", True, 0)
    for at_ns in (200_000_000, 200_000_000 + HOUR_NS):
        lane.step(at_ns)
        assert not lane.gate.contacts().at_open
        assert lane.gate.arm.position(at_ns) == pytest.approx(0.2 / 1.5)
    lane.step(200_000_000 + HOUR_NS + 2_000_000_000 - 1_000_000_000)
    lane.step(200_000_000 + HOUR_NS + 2_000_000_000)
    assert lane.gate.contacts().at_open
