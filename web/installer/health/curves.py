"""A curve as a picture of lines: its points in a box of 1000 by 200, and the words at its axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from gateway.core.measurements.summary import Summary

WIDTH, HEIGHT = 1000, 200
_EDGE = 8
"""Lines stay this far within the box, so that their width is seen whole."""
_ROUND = (1, 2, 5)


class Line(msgspec.Struct, frozen=True):
    """One series of a picture: its middle as lines and its spread as areas; `dots`: points without a neighbour."""

    name: str
    lines: tuple[str, ...]
    areas: tuple[str, ...]
    dots: tuple[tuple[str, str], ...]


class Picture(msgspec.Struct, frozen=True):
    """One picture; `low` and `high` are the words at the ends of its upright axis."""

    series: tuple[Line, ...]
    low: str
    high: str


def picture(
    series: Mapping[str, Mapping[int, Summary]],
    times: range,
    near: int,
    words: Callable[[int], str],
    *,
    from_zero: bool = True,
) -> Picture | None:
    """The picture of some series over the same time and scale; None without points.

    Points that are further apart than `near` are not joined: nothing was measured between them. `from_zero`: the
    upright axis begins at 0, so that a small change looks small.
    """
    seen = {name: _within(points, times) for name, points in series.items()}
    values = [value for points in seen.values() for one in points.values() for value in (one.low, one.high)]
    if not values:
        return None
    low, high = bounds(0 if from_zero else min(values), max(values))
    lines = tuple(_line(name, points, times, near, (low, high)) for name, points in seen.items() if points)
    return Picture(lines, words(low), words(high))


def bounds(least: int, most: int) -> tuple[int, int]:
    """Round numbers around these."""
    step = _step(max(1, most - least))
    return least // step * step, max(-(-most // step), least // step + 1) * step


def _step(span: int) -> int:
    """A round step of which there are at most ten in a span."""
    power = 1
    while True:
        for one in _ROUND:
            if one * power * 10 >= span:
                return one * power
        power *= 10


def _within(points: Mapping[int, Summary], times: range) -> dict[int, Summary]:
    return {at: points[at] for at in sorted(points) if at in times}


def _line(name: str, points: Mapping[int, Summary], times: range, near: int, scale: tuple[int, int]) -> Line:
    runs = _runs(list(points), near)
    lines, areas, dots = [], [], []
    for run in runs:
        middle = [_at(at, points[at].middle, times, scale) for at in run]
        if len(run) == 1:
            dots.append((_text(middle[0][0]), _text(middle[0][1])))
            continue
        lines.append(_joined(middle))
        upper = [_at(at, points[at].high, times, scale) for at in run]
        lower = [_at(at, points[at].low, times, scale) for at in reversed(run)]
        areas.append(_joined([*upper, *lower]))
    return Line(name, tuple(lines), tuple(areas), tuple(dots))


def _runs(moments: Sequence[int], near: int) -> list[list[int]]:
    """Moments that are near each other, together."""
    runs: list[list[int]] = []
    for at in moments:
        if runs and at - runs[-1][-1] <= near:
            runs[-1].append(at)
        else:
            runs.append([at])
    return runs


def _at(at: int, value: int, times: range, scale: tuple[int, int]) -> tuple[float, float]:
    low, high = scale
    x = _EDGE + (at - times.start) / max(1, len(times) - 1) * (WIDTH - 2 * _EDGE)
    y = HEIGHT - _EDGE - (value - low) / (high - low) * (HEIGHT - 2 * _EDGE)
    return x, y


def _joined(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{_text(x)},{_text(y)}" for x, y in points)


def _text(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
