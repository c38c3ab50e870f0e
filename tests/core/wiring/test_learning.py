"""Which input moved? A lesson reads as what the person at the gate did and what the boards told."""

from __future__ import annotations

import pytest

from gateway.core.wiring.learning import BOUNCES_MAX, CALM_MS, EDGES_MAX, LESSON_MS, Edge, Finding, Verdict, finding
from gateway.core.wiring.wires import Wire

REST = {"io.input.0": False, "io.input.1": True, "io.input.2": False, "io.input.3": True, "io2.input.0": False}
BEGAN = 100_000


def edges(*told: tuple[str, bool, int]) -> list[Edge]:
    return [Edge(f"{point[:-1]}.input.{point[-1]}", on, BEGAN + at_ms) for point, on, at_ms in told]


def lesson(terminal: str, *told: tuple[str, bool, int], now: int = 10_000, wired: Wire | None = None) -> Finding:
    return finding(terminal, REST, edges(*told), BEGAN, BEGAN + now, wired)


def test_a_car_that_drives_over_a_loop_teaches_its_input() -> None:
    found = lesson("barrier.approach_loop", ("io2", True, 3000), ("io2", False, 5200))
    assert (found.verdict, found.done) == (Verdict.LEARNED, True)
    assert found.chosen is not None
    assert (found.chosen.point, found.chosen.normally, found.chosen.held_ms) == ("io.input.2", "open", 2200)


def test_a_loop_that_carries_current_at_rest_is_normally_closed() -> None:
    found = lesson("barrier.safety_loop", ("io3", False, 1000), ("io3", True, 2000))
    assert found.chosen is not None
    assert (found.chosen.point, found.chosen.normally) == ("io.input.3", "closed")


def test_before_anything_moves_the_lesson_waits_with_the_time_that_is_left() -> None:
    found = lesson("panic", now=20_000)
    assert (found.verdict, found.done, found.left_ms) == (Verdict.WAITING, False, LESSON_MS - 20_000)


def test_when_nothing_has_moved_until_the_end_it_says_so() -> None:
    found = lesson("panic", now=LESSON_MS)
    assert (found.verdict, found.done, found.chosen) == (Verdict.NOTHING, True, None)


def test_a_car_that_still_stands_on_the_loop_is_waited_for_then_the_input_is_stuck() -> None:
    told = (("io2", True, 3000),)
    assert lesson("barrier.safety_loop", *told, now=3000 + CALM_MS - 1).verdict is Verdict.WAITING
    stuck = lesson("barrier.safety_loop", *told, now=3000 + CALM_MS)
    assert (stuck.verdict, stuck.done) == (Verdict.STUCK, False)
    assert lesson("barrier.safety_loop", *told, now=LESSON_MS).done


def test_a_stuck_input_that_comes_back_is_learned() -> None:
    found = lesson("barrier.safety_loop", ("io2", True, 3000), ("io2", False, 20_000), now=22_000)
    assert (found.verdict, found.done) == (Verdict.LEARNED, True)


@pytest.mark.parametrize("terminal", ["barrier.at_open", "barrier.arm_detached", "fire", "barrier.mains"])
def test_a_switch_of_a_state_may_stay_where_it_was_turned(terminal: str) -> None:
    found = lesson(terminal, ("io2", True, 3000))
    assert (found.verdict, found.done) == (Verdict.LEARNED, True)


def test_mains_means_something_at_rest_so_its_polarity_is_the_other_way() -> None:
    off = lesson("barrier.mains", ("io3", False, 3000))
    assert off.chosen is not None
    assert (off.chosen.rest, off.chosen.normally) == (True, "open")


def test_the_closed_limit_is_active_while_the_arm_is_down_before_the_lesson() -> None:
    up = lesson("barrier.at_closed", ("io1", False, 2000))
    assert up.chosen is not None
    assert up.chosen.normally == "open"


def test_when_several_inputs_move_the_first_is_proposed_and_the_others_are_named() -> None:
    found = lesson(
        "barrier.approach_loop", ("io2", True, 2000), ("io0", True, 3000), ("io2", False, 4000), ("io0", False, 5000)
    )
    assert found.verdict is Verdict.SEVERAL
    assert found.chosen is not None
    assert found.chosen.point == "io.input.2"
    assert [one.point for one in found.others] == ["io.input.0"]


def test_of_several_inputs_the_wired_one_is_meant() -> None:
    found = lesson(
        "barrier.safety_loop",
        ("io2", True, 2000), ("io0", True, 3000), ("io2", False, 4000), ("io0", False, 5000),
        wired=Wire("barrier.safety_loop", "io.input.0"),
    )  # fmt: skip
    assert found.chosen is not None
    assert found.chosen.point == "io.input.0"


def test_an_input_that_is_another_terminal_explains_itself() -> None:
    told = (("io2", True, 2000), ("io0", True, 3000), ("io2", False, 4000), ("io0", False, 5000))
    found = finding("barrier.safety_loop", REST, edges(*told), BEGAN, BEGAN + 10_000, None, {"io.input.2"})
    assert found.verdict is Verdict.LEARNED
    assert found.chosen is not None
    assert found.chosen.point == "io.input.0"
    assert [one.point for one in found.known] == ["io.input.2"]


@pytest.mark.parametrize(
    ("terminal", "point"), [("barrier.safety_loop", "io.input.0"), ("barrier.approach_loop", "io.input.2")]
)
def test_of_two_loops_the_safety_loop_is_the_later_one(terminal: str, point: str) -> None:
    found = lesson(terminal, ("io2", True, 2000), ("io0", True, 3000), ("io2", False, 4000), ("io0", False, 5000))
    assert found.chosen is not None
    assert found.chosen.point == point


def test_the_open_limit_is_reached_after_the_closed_one_was_left() -> None:
    found = lesson("barrier.at_open", ("io1", False, 1000), ("io2", True, 3000))
    assert found.chosen is not None
    assert (found.chosen.point, found.chosen.normally) == ("io.input.2", "open")


def test_of_several_inputs_one_that_came_back_is_meant_for_a_loop() -> None:
    found = lesson("barrier.safety_loop", ("io0", True, 1000), ("io2", True, 2000), ("io2", False, 4000))
    assert found.chosen is not None
    assert found.chosen.point == "io.input.2"


def test_a_contact_that_bounces_is_said_to() -> None:
    told = [("io2", n % 2 == 0, 2000 + 10 * n) for n in range(2 * BOUNCES_MAX)]
    found = lesson("exit_button", *told)
    assert found.verdict is Verdict.BOUNCED
    assert found.chosen is not None
    assert found.chosen.bounces == 2 * BOUNCES_MAX - 1


def test_a_little_bouncing_is_one_movement() -> None:
    found = lesson("exit_button", ("io2", True, 2000), ("io2", False, 2020), ("io2", True, 2030), ("io2", False, 2500))
    assert found.verdict is Verdict.LEARNED
    assert found.chosen is not None
    assert (found.chosen.times, found.chosen.bounces) == (1, 2)


def test_an_input_that_was_active_before_the_lesson_is_not_turned_round_in_silence() -> None:
    wired = Wire("barrier.approach_loop", "io.input.3", "open")
    found = lesson("barrier.approach_loop", ("io3", False, 1000), ("io3", True, 3000), wired=wired)
    assert found.verdict is Verdict.ACTIVE_BEFORE


def test_without_a_board_that_answers_nothing_can_be_learned() -> None:
    found = finding("panic", {}, [], BEGAN, BEGAN + 10)
    assert (found.verdict, found.done) == (Verdict.SILENT, True)


def test_edges_of_before_of_unknown_inputs_and_without_a_change_are_no_movement() -> None:
    told = [
        Edge("io.input.2", True, BEGAN - 5),
        Edge("gone.input.0", True, BEGAN + 5),
        Edge("io.input.2", False, BEGAN),
    ]
    assert finding("panic", REST, told, BEGAN, BEGAN + 10).verdict is Verdict.WAITING


def test_a_flood_of_edges_is_looked_at_in_bounds() -> None:
    told = [("io2", n % 2 == 0, n) for n in range(4 * EDGES_MAX)]
    assert lesson("panic", *told).verdict is Verdict.BOUNCED
