"""How old a camera's message is by its own time, in every way that cameras write one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.plates.camera_time import AGE_MAX_MS, age_ms
from gateway.core.vocabulary.times import wall_ns_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 30, 0, 0, 12, tzinfo=UTC)  # 08:00:12 in Shanghai
NOW_NS = wall_ns_of(NOW)
READ_S = NOW_NS // 10**9 - 12


@pytest.mark.parametrize(
    "told",
    [
        "2026-11-30T00:00:00Z", "2026-11-30T00:00:00.000Z", "2026-11-30T08:00:00+08:00", "2026-11-30T08:00:00+0800",
        "2026-11-30t00:00:00z", "2026-11-30 00:00:00Z", "2026-11-29T23:00:00-01:00", "20261130T000000Z",
        "2026-11-30 08:00:00", "2026-11-30T08:00:00", "2026-11-30 08:00:00.000", " 2026-11-30  08:00:00 ",
        "2026/11/30 08:00:00", "2026.11.30 8:00", "2026-11-30 08:00:00:000", "20261130080000", "20261130080000000",
        READ_S, float(READ_S), READ_S * 1000, READ_S * 1_000_000, READ_S * 10**9,
        str(READ_S), f"{READ_S}.0", str(READ_S * 1000), str(READ_S * 1_000_000), str(READ_S * 10**9),
    ],
    ids=str,
)  # fmt: skip
def test_a_read_of_twelve_seconds_ago_is_told_in_many_ways(told: Any) -> None:
    assert age_ms(told, NOW_NS, SHANGHAI) == 12_000


def test_a_time_that_lies_ahead_has_a_negative_age() -> None:
    assert age_ms("2026-11-30 09:00:12", NOW_NS, SHANGHAI) == -3_600_000


def test_fractions_count() -> None:
    assert age_ms("2026-11-30T00:00:11.75Z", NOW_NS, SHANGHAI) == 250
    assert age_ms(READ_S + 11.5, NOW_NS, SHANGHAI) == 500


@pytest.mark.parametrize(("at", "age"), [("00:30:05", 7_000), ("01:30:05", 7_000)])
def test_the_hour_that_comes_twice_is_the_one_nearer_to_now(at: str, age: int) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    now_ns = wall_ns_of(datetime.fromisoformat(f"2026-10-25T{at}+00:00")) + 7 * 10**9
    assert age_ms("2026-10-25 02:30:05", now_ns, berlin) == age


@pytest.mark.parametrize(
    "told",
    [None, True, False, 0, -1, "", "now", "08:00:00", "2026-11-30", [], {}, float("nan"), float("inf"),
     "2026-13-30 08:00:00", "2026-11-30 25:00:00", "1e9", "-5", "²", "9" * 60, "20261330080000"],
    ids=str,
)  # fmt: skip
def test_what_is_no_time_is_told_so(told: Any) -> None:
    assert age_ms(told, NOW_NS, SHANGHAI) is None


values = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=45)
    | st.text("0123456789-/: T.Z+", max_size=30) | st.lists(st.integers(), max_size=2)
)  # fmt: skip


@given(values, st.integers(-(1 << 80), 1 << 80), st.sampled_from([SHANGHAI, UTC, ZoneInfo("Pacific/Kiritimati")]))
def test_any_value_has_an_age_or_none(told: Any, wall_ns: int, zone: Any) -> None:
    found = age_ms(told, wall_ns, zone)
    assert found is None or -AGE_MAX_MS <= found <= AGE_MAX_MS
