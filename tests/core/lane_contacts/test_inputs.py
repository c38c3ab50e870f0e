"""The inputs of a lane, its boards and its detectors: known, unknown, old and doubted."""

from __future__ import annotations

import itertools

import pytest

from gateway.core.lane.contacts.boards import Boards
from gateway.core.lane.contacts.detectors import Detectors
from gateway.core.lane.contacts.inputs import CALM_MS, Inputs
from gateway.core.lane.wiring import Wiring
from gateway.core.settings.model import Barrier, Lane, Point
from gateway.core.vocabulary.commands import CancelTimer, StartTimer
from gateway.core.vocabulary.events import ClockState, Now
from gateway.core.vocabulary.timers import Timer
from gateway.core.vocabulary.turn import Turn

MS = 1_000_000
NAMES = ("safety_loop", "safety_loop.1", "approach_loop")


def inputs_of(*names: str, devices: tuple[str, ...] = ()) -> Inputs:
    """Inputs on `io`, or each on a device of its own."""
    on = devices or ("io",) * len(names)
    return Inputs("in", {name: Point(f"{on[n]}.input.{n}") for n, name in enumerate(names)})


def turn_at(ms: int = 0) -> Turn:
    return Turn(Now(0, ms * MS, ClockState.SYNCED))


def debounce(name: str) -> Timer:
    return Timer("lane", "in", "debounce", name)


def together(*values: bool | None) -> bool | None:
    """Several inputs of one name: any active, else any unknown, else free."""
    if any(value is True for value in values):
        return True
    return None if any(value is None for value in values) else False


@pytest.mark.parametrize("values", list(itertools.product((None, False, True), repeat=2)))
def test_several_inputs_of_one_name_are_one_detector(values: tuple[bool | None, bool | None]) -> None:
    inputs = inputs_of("safety_loop", "safety_loop.1", devices=("a", "b"))
    for n, value in enumerate(values):
        if value is not None:
            inputs.read(turn_at(), "ab"[n], (value,) * 2)
    assert inputs.value("safety_loop") is together(*values)
    assert inputs.last("safety_loop") is together(*values)
    assert inputs.each("safety_loop") == list(zip(NAMES, values, strict=False))
    assert inputs.picture() == dict(zip(NAMES, values, strict=False))


def test_inputs_are_known_by_name_device_and_point() -> None:
    inputs = inputs_of(*NAMES, devices=("a", "b", "a"))
    assert set(inputs.devices()) == {"a", "b"}
    assert [inputs.names(device) for device in "abc"] == [("safety_loop", "approach_loop"), ("safety_loop.1",), ()]
    assert inputs.point("safety_loop.1") == "b.input.1"
    assert [inputs.fitted(one) for one in ("safety_loop", "safety_loop.1", "fire")] == [True, False, False]


def test_an_input_that_is_not_wired_says_nothing() -> None:
    inputs = inputs_of("mains")
    assert (inputs.value("fire"), inputs.last("fire"), inputs.each("fire")) == (None, None, [])


@pytest.mark.parametrize("names", [("safety_loop",), ("safety_loop", "safety_loop.1")])
def test_an_unanswered_poll_makes_a_value_unknown_but_not_the_last_one(names: tuple[str, ...]) -> None:
    inputs = inputs_of(*names)
    inputs.read(turn_at(), "io", (False, False))
    assert inputs.stale("io")
    assert (inputs.value("safety_loop"), inputs.last("safety_loop"), inputs.fresh("io")) == (None, False, False)
    assert not inputs.stale("io"), "it is old already"
    assert not inputs.stale("other"), "nothing hangs on it"
    assert inputs.read(turn_at(), "io", (False, False)) == []
    assert (inputs.value("safety_loop"), inputs.fresh("io")) == (False, True)


def test_a_first_reading_tells_each_contact_and_the_same_reading_nothing() -> None:
    inputs, turn = inputs_of("mains", "hand"), turn_at()
    assert inputs.read(turn, "io", (True, False)) == [("mains", True), ("hand", False)]
    assert inputs.read(turn, "io", (True, False)) == []
    assert turn.commands == []


def test_a_short_reading_tells_what_it_has() -> None:
    inputs = inputs_of("mains", "hand")
    assert inputs.read(turn_at(), "io", (True,)) == [("mains", True)]
    assert inputs.picture() == {"mains": True, "hand": None}


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("safety_loop", True, [("safety_loop", True)]),
        ("safety_loop", False, []),
        ("approach_loop", True, []),
    ],
)
def test_only_an_occupied_safety_input_counts_at_once(
    name: str, value: bool, told: list[tuple[str, bool | None]]
) -> None:
    inputs, turn = inputs_of(name), turn_at(1)
    inputs.read(turn_at(), "io", (not value,))
    assert inputs.read(turn, "io", (value,)) == told
    assert turn.commands == [StartTimer(debounce(name), 30)]
    assert inputs.chattering == set()


def test_contacts_of_one_reading_settle_together_and_later_ones_do_not() -> None:
    inputs = inputs_of("mains", "hand", "fault")
    inputs.read(turn_at(), "io", (False, False, False))
    inputs.read(turn_at(1), "io", (True, True, False))
    inputs.read(turn_at(2), "io", (True, True, True))
    assert inputs.settle(turn_at(31), "mains") == [("mains", True), ("hand", True)]
    assert inputs.value("fault") is False
    assert inputs.settle(turn_at(32), "fault") == [("fault", True)]
    assert inputs.settle(turn_at(32), "unknown") == []


def test_an_input_that_does_not_calm_down_counts_as_active_and_is_named() -> None:
    inputs = inputs_of("approach_loop")
    inputs.read(turn_at(), "io", (False,))
    inputs.read(turn_at(1), "io", (True,))
    assert inputs.read(turn_at(350), "io", (False,)) == []
    turn = turn_at(351)
    assert inputs.read(turn, "io", (True,)) == [("approach_loop", True)]
    assert turn.commands[1:] == [StartTimer(Timer("lane", "in", "calm", "approach_loop"), CALM_MS)]
    assert inputs.chattering == {"approach_loop"}
    inputs.calm("approach_loop")
    assert inputs.chattering == set()


def test_a_lost_device_takes_what_was_known_with_it() -> None:
    inputs, turn = inputs_of("mains", "hand", devices=("a", "b")), turn_at(1)
    inputs.read(turn_at(), "a", (True, True))
    inputs.read(turn_at(), "b", (True, True))
    inputs.stale("a")
    assert inputs.lost(turn, "a") == [("mains", None)]
    assert turn.commands == [CancelTimer(debounce("mains"))]
    assert (inputs.value("mains"), inputs.last("mains"), inputs.value("hand")) == (None, None, True)
    assert inputs.fresh("a")
    assert inputs.lost(turn, "a") == [], "it is lost already"
    assert inputs.read(turn, "a", (True, True)) == [("mains", True)]


def test_a_glitch_of_any_input_of_that_name_is_one() -> None:
    inputs = inputs_of("safety_loop", "safety_loop.1")
    inputs.read(turn_at(), "io", (False, False))
    inputs.read(turn_at(5), "io", (False, True))
    inputs.read(turn_at(15), "io", (False, False))
    inputs.settle(turn_at(45), "safety_loop.1")
    assert inputs.was_glitch("safety_loop", 5 * MS)
    assert not inputs.was_glitch("safety_loop", 15 * MS)
    assert not inputs.was_glitch("mains", 5 * MS)


def test_doubt_and_belief_are_of_one_name() -> None:
    inputs = inputs_of(*NAMES)
    inputs.read(turn_at(), "io", (False,) * 3)
    inputs.doubt("safety_loop")
    assert (inputs.value("safety_loop"), inputs.last("safety_loop"), inputs.value("approach_loop")) == (
        None, False, False,
    )  # fmt: skip
    inputs.believe("safety_loop")
    assert inputs.value("safety_loop") is False


# ---- boards


def test_boards_that_were_not_heard_of_are_away_and_not_measured() -> None:
    boards = Boards({"a"}, ["b"])
    assert [device in boards for device in "abc"] == [True, True, False]
    assert [boards.is_away(device) for device in "abc"] == [True, True, False]
    assert (boards.unheard, boards.contacts_away, boards.measured, boards.measured_before) == (
        True, True, False, False,
    )  # fmt: skip


@pytest.mark.parametrize(("contacts", "device", "measures"), [("a", "a", True), ("a", "b", False), ("", "b", True)])
def test_a_board_with_contacts_is_measured_when_it_answers(contacts: str, device: str, measures: bool) -> None:
    boards = Boards(set(contacts), ["b"])
    assert boards.restored(device) is measures
    assert boards.measure()[0] == (frozenset({device}) if measures else frozenset())


def test_boards_are_measured_once_for_each_time_they_answer() -> None:
    boards = Boards({"a", "b"}, [])
    boards.restored("a")
    boards.restored("b")
    assert boards.measure() == (frozenset({"a", "b"}), True)
    assert (boards.measured, boards.measured_before) == (True, False)
    assert boards.measure() == (frozenset(), False)
    assert boards.measured_before


def test_a_lost_board_is_away_until_it_answers() -> None:
    boards = Boards({"a"}, ["b"])
    boards.restored("a")
    assert (boards.is_away("a"), boards.contacts_away, boards.unheard) == (False, False, True)
    boards.lost("b")
    assert (boards.is_away("b"), boards.contacts_away, boards.unheard) == (True, False, False)
    boards.lost("a")
    assert (boards.is_away("a"), boards.contacts_away) == (True, True)
    boards.restored("a")
    assert not boards.contacts_away


# ---- detectors


def barrier(*names: str) -> Barrier:
    point = Point("io.output.0")
    contacts: dict[str, tuple[Point, ...]] = {name: (Point(f"io.input.{n}"),) for n, name in enumerate(names)}
    return Barrier("in", point, contacts=contacts)


LANES = tuple(Lane(name, name, "entry", "in") for name in ("in", "out"))  # type: ignore[arg-type]
LOOPS = ("safety_loop", "approach_loop", "clear_loop")


def detectors(*values: bool | None, doubted: bool = False) -> Detectors:
    """The detectors of a shared barrier whose loops say this; None at the end: that loop is not fitted."""
    fitted = LOOPS[: len(values)]
    inputs = inputs_of(*fitted)
    if None not in values:
        inputs.read(turn_at(), "io", tuple(bool(one) for one in values))
    if doubted:
        inputs.doubt("safety_loop")
    return Detectors(Wiring(barrier(*fitted), LANES), inputs)


@pytest.mark.parametrize(
    ("values", "doubted", "fitted", "in_doubt", "safe", "occupied", "last"),
    [
        ((), False, False, False, False, False, None),
        ((None,), False, True, True, False, False, None),
        ((False,), False, True, False, True, False, False),
        ((False,), True, True, True, False, False, False),
        ((True,), False, True, True, False, True, True),
        ((True,), True, True, True, False, True, True),
    ],
)
def test_safety_is_free_only_when_it_is_known_to_be(
    values: tuple[bool | None, ...], doubted: bool, fitted: bool, in_doubt: bool, safe: bool, occupied: bool,
    last: bool | None,
) -> None:  # fmt: skip
    found = detectors(*values, doubted=doubted)
    assert (found.safety_fitted, found.safety_in_doubt, found.safe, found.occupied, found.safety_last) == (
        fitted, in_doubt, safe, occupied, last,
    )  # fmt: skip


@pytest.mark.parametrize(("approach", "beyond"), list(itertools.product((False, True), repeat=2)))
def test_the_loop_in_front_of_the_second_lane_is_the_one_beyond(approach: bool, beyond: bool) -> None:
    found = detectors(False, approach, beyond)
    assert (found.approach, found.beyond) == (approach, beyond)
    assert [found.approach_of(lane) for lane in LANES] == [approach, beyond]
    assert [found.loop_of(lane) for lane in LANES] == [approach, beyond]


def test_a_lane_without_a_loop_has_none_to_ask() -> None:
    found = detectors(False, True)
    assert [found.approach_fitted(lane) for lane in LANES] == [True, False]
    assert [found.loop_of(lane) for lane in LANES] == [True, None]
