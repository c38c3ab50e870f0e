"""Weekly windows in site time, as passes and lanes write them: `mon-fri 08:00-18:00; sat 09:00-12:00`."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from gateway.core.vocabulary.errors import PassError
from gateway.core.vocabulary.times import local_time

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW = re.compile(r"([a-z,\-]+)\s+(\d{1,2}:\d{2})-(\d{1,2}:\d{2})")


class Window(msgspec.Struct, frozen=True):
    """A weekly window: days 0 (Monday) to 6, minutes of the day; `end` before `start` runs past midnight."""

    days: frozenset[int]
    start: int
    end: int


@lru_cache(maxsize=256)
def parse_schedule(text: str) -> tuple[Window, ...]:
    """Weekly windows such as `mon-fri 08:00-18:00; sat,sun 09:00-12:00`; empty text: always (no windows)."""
    windows = []
    for part in (piece.strip().lower() for piece in text.split(";")):
        if not part:
            continue
        match = _WINDOW.fullmatch(part)
        if match is None:
            raise PassError(f"is {text!r}; write windows such as mon-fri 08:00-18:00; sat 09:00-12:00")
        windows.append(Window(_days(match[1], text), _minutes(match[2], text), _minutes(match[3], text)))
    return tuple(windows)


def parse_days(text: str) -> frozenset[int]:
    """Weekdays such as `mon-fri`, `fri,sat` or `sat-mon`, Monday 0; PassError for others."""
    return _days(text.replace(" ", "").lower(), text)


def days_text(days: Collection[int]) -> str:
    """Weekdays as `parse_days` reads them, in runs from Monday on: `mon-fri,sun`."""
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and day == runs[-1][1] + 1:
            runs[-1][1] = day
        else:
            runs.append([day, day])
    return ",".join(DAYS[first] if first == last else f"{DAYS[first]}-{DAYS[last]}" for first, last in runs)


def _days(text: str, whole: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            raise PassError(f"is {whole!r}; days are {', '.join(DAYS)}")
        start, end = DAYS.index(first), DAYS.index(last or first)
        found.update(day % 7 for day in range(start, end + 1 if end >= start else end + 8))
    return frozenset(found)


def _minutes(text: str, whole: str) -> int:
    hours, minutes = (int(part) for part in text.split(":"))
    if hours > 24 or minutes > 59 or hours * 60 + minutes > 24 * 60:
        raise PassError(f"is {whole!r}; times run from 00:00 to 24:00")
    return hours * 60 + minutes


def in_schedule(text: str, wall_ns: int, zone: ZoneInfo) -> bool:
    """Whether a wall time lies in one of the windows, in site time; in a schedule that cannot be read nothing lies."""
    try:
        windows = parse_schedule(text)
    except PassError:
        return False
    if not windows:
        return True
    here = local_time(wall_ns, zone)
    day, minute = here.weekday(), here.hour * 60 + here.minute
    return any(_covers(window, day, minute) for window in windows)


def _covers(window: Window, day: int, minute: int) -> bool:
    if window.start <= window.end:
        return day in window.days and window.start <= minute < window.end
    yesterday = (day - 1) % 7
    return (day in window.days and minute >= window.start) or (yesterday in window.days and minute < window.end)
