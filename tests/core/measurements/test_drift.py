"""What is unusual: against the own past, and beyond a limit."""

from __future__ import annotations

import pytest

from gateway.core.measurements.drift import PAST_DAYS, RECENT_DAYS, Drift, drift_of
from gateway.core.measurements.series import KINDS, Series, series_of
from gateway.core.measurements.summary import Summary, merged, middle_of, summary_of

TODAY = 20_000


def days(past: int, recent: int, count: int = 20) -> dict[int, Summary]:
    """Two months like this, then a week like that."""
    return {
        TODAY - ago: Summary(count, value, value, value)
        for ago in range(RECENT_DAYS + PAST_DAYS)
        for value in (recent if ago < RECENT_DAYS else past,)
    }


@pytest.mark.parametrize(
    ("kind", "past", "recent", "unusual"),
    [
        ("travel.open", 3_000, 3_900, True),
        ("travel.open", 3_000, 3_250, False),
        ("travel.open", 3_900, 3_000, False),
        ("travel.close", 1_000, 1_250, False),
        ("loop", 6_000, 9_500, True),
        ("loop", 1_000, 2_500, False),
        ("voltage", 5_100, 4_900, True),
        ("voltage", 5_000, 5_300, False),
        ("errors", 0, 6, True),
        ("errors", 0, 2, False),
        ("free", 20_000, 9_000, True),
    ],
)
def test_worse_than_the_own_past_by_a_share_and_a_least_amount_is_unusual(
    kind: str, past: int, recent: int, unusual: bool
) -> None:
    found = drift_of(kind, days(past, recent), TODAY)
    assert found is not None
    assert (found.recent, found.past, found.unusual) == (recent, past, unusual)


def test_the_change_is_said_in_percent() -> None:
    assert drift_of("travel.open", days(3_000, 3_900), TODAY) == Drift(3_900, 3_000, 30, unusual=True)


def test_a_short_past_compares_nothing() -> None:
    fresh = {day: one for day, one in days(3_000, 9_000).items() if day > TODAY - RECENT_DAYS - 2}
    found = drift_of("travel.open", fresh, TODAY)
    assert found is not None
    assert (found.past, found.unusual) == (None, False)


def test_a_few_values_in_a_week_compare_nothing() -> None:
    found = drift_of("travel.open", days(3_000, 9_000, count=2), TODAY)
    assert found is not None
    assert (found.past, found.unusual) == (None, False)


@pytest.mark.parametrize(("kind", "value", "beyond"), [("temperature", 830, 800), ("wear", 90, 80), ("wear", 50, None)])
def test_a_fixed_limit_counts_at_once(kind: str, value: int, beyond: int | None) -> None:
    found = drift_of(kind, {TODAY: Summary(1, value, value, value)}, TODAY)
    assert found is not None
    assert (found.beyond, found.unusual) == (beyond, beyond is not None)


def test_without_recent_values_nothing_is_said() -> None:
    assert drift_of("loop", {TODAY - 30: Summary(100, 1, 1, 1)}, TODAY) is None


def test_a_summary_leaves_out_the_outermost_tenths() -> None:
    assert summary_of([9_999, *range(1, 99), 0]) == Summary(100, 10, 50, 90)
    assert summary_of([7]) == Summary(1, 7, 7, 7)
    assert summary_of([]) is None


def test_two_summaries_are_one_by_their_counts() -> None:
    assert merged(Summary(3, 10, 20, 30), Summary(1, 50, 60, 70)) == Summary(4, 20, 30, 40)
    assert merged(None, Summary(1, 1, 2, 3)) == Summary(1, 1, 2, 3)
    assert merged(None, None) is None


def test_the_median_of_days_counts_each_by_its_values() -> None:
    assert middle_of([Summary(1, 0, 100, 0), Summary(1, 0, 200, 0), Summary(9, 0, 300, 0)]) == 300
    assert middle_of([]) is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_series_is_known_again_by_its_name(kind: str) -> None:
    assert series_of(Series(kind, "in/safety_loop").name) == Series(kind, "in/safety_loop")


@pytest.mark.parametrize("name", ["", "loop", "loop:", "noise:in"])
def test_a_series_of_another_version_is_left_out(name: str) -> None:
    assert series_of(name) is None
