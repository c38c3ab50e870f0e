"""The time by which passes are valid: the wall clock while it is sure, else counted on from the last sure time."""

from __future__ import annotations

import pytest

from gateway.core.vocabulary.clock import ClockMemory, SureClock
from gateway.core.vocabulary.events import ClockState, Now

UNSET = ClockState.UNSET
S = 10**9


def clock_after(*moments: Now, last_sure_wall_ns: int | None = None) -> SureClock:
    clock = SureClock(ClockMemory() if last_sure_wall_ns is None else ClockMemory(last_sure_wall_ns))
    for moment in moments:
        clock.note(moment)
    return clock


@pytest.mark.parametrize("state", [one for one in ClockState if one is not UNSET])
def test_a_clock_that_is_not_unset_is_believed(state: ClockState) -> None:
    now = Now(50 * S, 5 * S, state)
    assert clock_after(Now(9000 * S, S), last_sure_wall_ns=7000 * S).wall_ns(now) == 50 * S


def test_at_a_first_start_an_unset_clock_is_all_there_is() -> None:
    now = Now(50 * S, 5 * S, UNSET)
    assert clock_after(now).wall_ns(Now(53 * S, 8 * S, UNSET)) == 53 * S


def test_with_an_unset_clock_time_goes_on_from_the_last_sure_row() -> None:
    clock = clock_after(Now(50 * S, 5 * S, UNSET), Now(51 * S, 6 * S, UNSET), last_sure_wall_ns=7000 * S)
    assert clock.wall_ns(Now(52 * S, 7 * S, UNSET)) == 7002 * S


def test_before_the_first_event_nothing_is_counted_on() -> None:
    assert clock_after(last_sure_wall_ns=7000 * S).wall_ns(Now(50 * S, 5 * S, UNSET)) == 50 * S


def test_a_clock_that_was_sure_counts_on_when_it_is_lost() -> None:
    clock = clock_after(Now(9000 * S, 5 * S), Now(50 * S, 6 * S, UNSET), last_sure_wall_ns=7000 * S)
    assert clock.wall_ns(Now(51 * S, 8 * S, UNSET)) == 9003 * S
    assert clock.wall_ns(Now(51 * S, 4 * S, UNSET)) == 9000 * S
