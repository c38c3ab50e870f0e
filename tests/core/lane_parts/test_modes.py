"""The modes of a lane: which counts, what may move, and what each event sets and takes away."""

from __future__ import annotations

from itertools import combinations

import pytest

from gateway.core.lane.modes.modes import Mode, ModeEvent, Modes

SETS = {
    Mode.LOCKED: ModeEvent.TAG,
    Mode.CRASHED: ModeEvent.CRASH,
    Mode.FIRE: ModeEvent.FIRE,
    Mode.HELD: ModeEvent.HOLD,
}
ENDS = {
    Mode.LOCKED: ModeEvent.UNTAG,
    Mode.CRASHED: ModeEvent.RESET,
    Mode.FIRE: ModeEvent.FIRE_OVER,
    Mode.HELD: ModeEvent.RELEASE,
}
ORDER = (Mode.LOCKED, Mode.CRASHED, Mode.FIRE, Mode.HELD)


def modes_after(*events: ModeEvent) -> Modes:
    modes = Modes()
    for event in events:
        modes.happens(event)
    return modes


def all_set() -> Modes:
    """The hold comes last, since a tag and a crash end one."""
    return modes_after(ModeEvent.TAG, ModeEvent.CRASH, ModeEvent.FIRE, ModeEvent.HOLD)


def test_a_new_lane_is_automatic_moves_and_does_not_stay_up() -> None:
    modes = Modes()
    assert modes.strongest is Mode.AUTO
    assert modes.moves
    assert not modes.stays_up
    assert [mode for mode in Mode if mode in modes] == []


@pytest.mark.parametrize(
    ("mode", "moves", "stays_up"),
    [
        (Mode.LOCKED, False, False),
        (Mode.CRASHED, False, False),
        (Mode.FIRE, True, True),
        (Mode.HELD, True, True),
    ],
)
def test_a_mode_alone_counts_and_rules_what_moves(mode: Mode, moves: bool, stays_up: bool) -> None:
    modes = modes_after(SETS[mode])
    assert [one for one in Mode if one in modes] == [mode]
    assert modes.strongest is mode
    assert modes.moves is moves
    assert modes.stays_up is stays_up


@pytest.mark.parametrize(("stronger", "weaker"), list(combinations(ORDER, 2)))
def test_the_stronger_of_two_modes_counts_and_the_weaker_one_comes_back(stronger: Mode, weaker: Mode) -> None:
    modes = modes_after(SETS[stronger], SETS[weaker])
    assert modes.strongest is stronger
    assert weaker in modes
    modes.happens(ENDS[stronger])
    assert modes.strongest is weaker


@pytest.mark.parametrize("mode", ORDER)
def test_the_end_of_a_mode_takes_that_one_away_and_no_other(mode: Mode) -> None:
    modes = all_set()
    modes.happens(ENDS[mode])
    assert {one for one in Mode if one in modes} == set(ORDER) - {mode}


@pytest.mark.parametrize("event", ENDS.values())
def test_the_end_of_a_mode_that_is_not_set_changes_nothing(event: ModeEvent) -> None:
    assert modes_after(event).strongest is Mode.AUTO


@pytest.mark.parametrize(
    ("event", "held"),
    [(ModeEvent.TAG, False), (ModeEvent.CRASH, False), (ModeEvent.FIRE, True), (ModeEvent.HOLD, True)],
)
def test_a_hold_ends_by_a_tag_and_a_crash_and_outlasts_a_fire(event: ModeEvent, held: bool) -> None:
    assert (Mode.HELD in modes_after(ModeEvent.HOLD, event)) is held


@pytest.mark.parametrize("event", [ModeEvent.TAG, ModeEvent.CRASH, ModeEvent.HOLD])
def test_a_fire_outlasts_every_other_mode_that_is_set(event: ModeEvent) -> None:
    modes = modes_after(ModeEvent.FIRE, event)
    assert Mode.FIRE in modes
    assert modes.stays_up


@pytest.mark.parametrize("mode", ORDER)
def test_a_mode_that_is_set_twice_ends_at_once(mode: Mode) -> None:
    assert modes_after(SETS[mode], SETS[mode], ENDS[mode]).strongest is Mode.AUTO


@pytest.mark.parametrize(
    ("crashed", "tagged", "expected"),
    [
        (False, False, []),
        (True, False, [Mode.CRASHED]),
        (False, True, [Mode.LOCKED]),
        (True, True, [Mode.LOCKED, Mode.CRASHED]),
    ],
)
def test_an_earlier_run_leaves_its_crash_and_its_tag(crashed: bool, tagged: bool, expected: list[Mode]) -> None:
    modes = Modes(crashed=crashed, tagged=tagged)
    assert [mode for mode in Mode if mode in modes] == expected
    assert modes.strongest is (expected or [Mode.AUTO])[0]
    assert modes.moves is (not expected)
