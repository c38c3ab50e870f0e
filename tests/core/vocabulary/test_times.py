"""How moments are written: the same text as the calendar of the standard library, and never an error."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.vocabulary.times import rfc3339, to_the_second


def test_a_moment_is_cut_to_milliseconds_and_not_rounded() -> None:
    assert rfc3339(1_796_025_600_250_999_999) == "2026-11-30T08:00:00.250Z"


def test_a_moment_before_1970_counts_its_milliseconds_forwards_too() -> None:
    assert rfc3339(-1_000_000) == "1969-12-31T23:59:59.999Z"


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_second_of_the_calendar_is_written_as_the_standard_library_does(moment: datetime) -> None:
    second = int(moment.replace(microsecond=0).timestamp())
    assert to_the_second(second) == moment.replace(tzinfo=None).isoformat(timespec="seconds")


@pytest.mark.parametrize(
    ("wall_ns", "text"),
    [(-(1 << 63), "1677-09-21"), (-(10**21), "0001-01-01T00:00:00"), (10**21, "9999-12-31T23:59:59")],
)
def test_a_clock_that_is_absurdly_wrong_is_shown_as_the_nearest_bound(wall_ns: int, text: str) -> None:
    assert rfc3339(wall_ns).startswith(text)
