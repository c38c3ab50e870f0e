"""What is kept of the values of an hour or a day: how many, low, middle, high; and how two of these become one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

LOW, HIGH = 0.1, 0.9


class Summary(msgspec.Struct, frozen=True, array_like=True):
    """`low` and `high` leave out the outermost tenth on each side, so that one wrong value bends no curve."""

    count: int
    low: int
    middle: int
    high: int


def summary_of(values: Iterable[int]) -> Summary | None:
    """The summary of some values; None for none."""
    ordered = sorted(values)
    if not ordered:
        return None
    return Summary(len(ordered), _at(ordered, LOW), _at(ordered, 0.5), _at(ordered, HIGH))


def merged(one: Summary | None, other: Summary | None) -> Summary | None:
    """The summary of both; the middle is weighted by their counts, which is near enough for a curve."""
    if one is None or other is None:
        return one or other
    count = one.count + other.count
    pairs = zip(_three(one), _three(other), strict=True)
    return Summary(count, *(_weighted(a, one.count, b, other.count) for a, b in pairs))


def middle_of(summaries: Sequence[Summary]) -> int | None:
    """The median of many summaries, each by its count; None for none."""
    ordered = sorted(summaries, key=lambda one: one.middle)
    half = sum(one.count for one in ordered) / 2
    passed = 0
    for one in ordered:
        passed += one.count
        if passed >= half:
            return one.middle
    return None


def _three(one: Summary) -> tuple[int, int, int]:
    return one.low, one.middle, one.high


def _weighted(a: int, of_a: int, b: int, of_b: int) -> int:
    return round((a * of_a + b * of_b) / (of_a + of_b))


def _at(ordered: Sequence[int], share: float) -> int:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
