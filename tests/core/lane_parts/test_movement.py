"""The movement under way: whether its order counts, who gave it, how long it took and how often it was repeated."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.core.lane.arm.causes import Cause
from gateway.core.lane.arm.movement import MovementUnderWay
from gateway.core.lane.arm.terminals import Motion
from gateway.core.vocabulary.authors import NOBODY, Author
from tests.core.lane_parts.bench import MS

LIN = Author("Lin", "guard")
Step = Callable[[MovementUnderWay], None]


def motion(command: str = "open", cause: str = "operator") -> Motion:
    return Motion(command, cause, LIN, None, "then")


STEPS: dict[str, Step] = {
    "sent": lambda move: move.sent(motion()),
    "followed": lambda move: move.followed(),
    "dropped": lambda move: move.dropped(),
    "voided": lambda move: move.voided(),
    "begins up": lambda move: move.begins_up(0, whole=False, turning_back=False),
    "begins down": lambda move: move.begins_down(0, whole=False),
    "rests": lambda move: move.rests(),
    "ended": lambda move: move.ended(),
}
STATES = {
    "settled": ((), (False, False)),
    "ordered": (("sent",), (True, False)),
    "void": (("voided",), (False, True)),
    "void ordered": (("voided", "sent"), (True, True)),
}
TOTAL = {
    ("settled", "sent"): "ordered",
    ("settled", "followed"): "settled",
    ("settled", "dropped"): "settled",
    ("settled", "voided"): "void",
    ("settled", "begins up"): "settled",
    ("settled", "begins down"): "settled",
    ("settled", "rests"): "settled",
    ("settled", "ended"): "settled",
    ("ordered", "sent"): "ordered",
    ("ordered", "followed"): "settled",
    ("ordered", "dropped"): "settled",
    ("ordered", "voided"): "void ordered",
    ("ordered", "begins up"): "ordered",
    ("ordered", "begins down"): "ordered",
    ("ordered", "rests"): "ordered",
    ("ordered", "ended"): "settled",
    ("void", "sent"): "void ordered",
    ("void", "followed"): "void",
    ("void", "dropped"): "void",
    ("void", "voided"): "void",
    ("void", "begins up"): "settled",
    ("void", "begins down"): "settled",
    ("void", "rests"): "settled",
    ("void", "ended"): "settled",
    ("void ordered", "sent"): "void ordered",
    ("void ordered", "followed"): "void",
    ("void ordered", "dropped"): "void",
    ("void ordered", "voided"): "void ordered",
    ("void ordered", "begins up"): "ordered",
    ("void ordered", "begins down"): "ordered",
    ("void ordered", "rests"): "ordered",
    ("void ordered", "ended"): "settled",
}


@pytest.mark.parametrize(("state", "step"), TOTAL)
def test_an_order_is_awaited_and_void_as_the_table_has_it(state: str, step: str) -> None:
    move = MovementUnderWay()
    for before in STATES[state][0]:
        STEPS[before](move)
    assert (move.order is not None, move.void) == STATES[state][1]
    STEPS[step](move)
    assert (move.order is not None, move.void) == STATES[TOTAL[state, step]][1]


def test_a_new_arm_has_no_movement_behind_it() -> None:
    move = MovementUnderWay()
    assert (move.order, move.void, move.retries, move.turning_back) == (None, False, 0, False)
    assert (move.cause, move.opened_by, move.author) == (Cause.COMMANDED, Cause.COMMANDED, NOBODY)
    assert move.commanded
    assert move.took_ms("up", MS) is None


def test_an_order_that_went_out_is_the_one_awaited() -> None:
    move, sent = MovementUnderWay(), motion("close")
    move.seen(Cause.WIND)
    move.sent(sent)
    assert move.order is sent
    assert (move.cause, move.author) == (Cause.COMMANDED, LIN)


def test_a_stop_has_an_author_and_is_not_awaited() -> None:
    move = MovementUnderWay()
    move.sent(motion("stop"))
    assert move.order is None
    assert move.author == LIN


def test_repeated_pulses_are_counted_and_are_no_new_order() -> None:
    move, first = MovementUnderWay(), motion()
    move.sent(first)
    move.sent(motion(cause="retry"))
    move.sent(motion(cause="retry"))
    assert move.retries == 2
    assert move.order is first


@pytest.mark.parametrize("ends", ["order", "end"])
def test_another_order_and_the_end_start_the_count_of_pulses_again(ends: str) -> None:
    move = MovementUnderWay()
    move.sent(motion(cause="retry"))
    assert move.retries == 1
    assert move.order is None
    if ends == "order":
        move.sent(motion())
    else:
        move.ended()
    assert move.retries == 0


def test_a_movement_without_an_order_has_a_cause_and_no_author() -> None:
    move = MovementUnderWay()
    move.sent(motion())
    move.seen(Cause.UNKNOWN)
    assert (move.cause, move.author, move.commanded) == (Cause.UNKNOWN, NOBODY, False)


def test_a_better_explanation_keeps_the_author() -> None:
    move = MovementUnderWay()
    move.sent(motion())
    move.explained(Cause.EXTERNAL)
    assert (move.cause, move.author, move.commanded) == (Cause.EXTERNAL, LIN, False)


@pytest.mark.parametrize(
    ("way", "whole", "asked", "expected"),
    [
        ("up", True, "up", 2000),
        ("up", False, "up", None),
        ("up", True, "down", None),
        ("down", True, "down", 2000),
        ("down", False, "down", None),
        ("down", True, "up", None),
    ],
)
def test_a_whole_way_is_timed_once(way: str, whole: bool, asked: str, expected: int | None) -> None:
    move = MovementUnderWay()
    if way == "up":
        move.begins_up(500 * MS, whole=whole, turning_back=False)
    else:
        move.begins_down(500 * MS, whole=whole)
    assert move.since_ns == 500 * MS
    assert move.took_ms(asked, 2500 * MS + MS - 1) == expected
    assert move.took_ms(way, 2500 * MS) is None


def test_an_arm_measured_first_moved_at_no_earlier_time() -> None:
    move = MovementUnderWay()
    move.measured_first(7 * MS)
    assert move.since_ns == 7 * MS
    assert move.took_ms("up", 9 * MS) is None


def test_an_arm_that_turns_back_does_so_until_it_touched_down_or_goes_up_afresh() -> None:
    move = MovementUnderWay()
    move.begins_up(0, whole=False, turning_back=True)
    assert move.turning_back
    move.rests()
    assert move.turning_back
    move.touched_down()
    assert not move.turning_back
    move.begins_up(0, whole=False, turning_back=True)
    move.begins_up(0, whole=False, turning_back=False)
    assert not move.turning_back


def test_what_opened_the_arm_is_known_until_it_is_down() -> None:
    move = MovementUnderWay()
    move.opened(Cause.HAND)
    move.ended()
    opened_by = move.opened_by
    assert opened_by is Cause.HAND
    move.closed()
    assert move.opened_by is Cause.COMMANDED
