"""The time stamp of a camera in any of its usual forms, and the age of its message. Pure, total over any JSON value.

Forms: RFC 3339; seconds, milliseconds, microseconds or nanoseconds since 1970, as a number or as digits; a date and a
time with an offset, or without one in site time (`2026-11-30 08:00:00`, `2026/11/30 08:00`, `20261130080000`).
"""

from __future__ import annotations

import math
import re
from datetime import datetime, tzinfo
from typing import Any

from gateway.core.vocabulary.times import NS_PER_MS, NS_PER_S, wall_ns_of

CHARACTERS_MAX = 40
AGE_MAX_MS = 10**15
"""The largest age; a larger one is cut to it."""

# Up to which number a value is in seconds (to the year 5138), then in milliseconds, then in microseconds.
_UNITS = ((10**11, NS_PER_S), (10**14, NS_PER_MS), (10**17, 1000))
_DIGITS = re.compile(r"[0-9]{1,19}(?:\.[0-9]+)?")
_COMPACT = re.compile(
    r"(20\d\d)([01]\d)([0-3]\d)[T ]?([0-2]\d)([0-5]\d)([0-5]\d)(\d{3})? ?(Z|[+-]\d{2}:?\d{2})?",
    re.ASCII | re.IGNORECASE,
)
_WRITTEN = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})[T ]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,:](\d{1,9}))?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2})?",
    re.ASCII | re.IGNORECASE,
)


def age_ms(value: Any, wall_ns: int, zone: tzinfo) -> int | None:
    """The age of a camera's time at `wall_ns` in ms, negative if it is in the future; None if it is no time."""
    told_ns = _told_ns(value, wall_ns, zone)
    if told_ns is None:
        return None
    return min(max((wall_ns - told_ns) // NS_PER_MS, -AGE_MAX_MS), AGE_MAX_MS)


def _told_ns(value: Any, wall_ns: int, zone: tzinfo) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _since_1970(value)
    if not isinstance(value, str) or len(text := value.strip()) > CHARACTERS_MAX:
        return None
    try:
        moment = _moment(text)
    except ValueError:
        return None
    if moment is None:
        return _since_1970(float(text) if "." in text else int(text)) if _DIGITS.fullmatch(text) else None
    return wall_ns_of(moment) if moment.tzinfo else _at_the_site(moment, wall_ns, zone)


def _since_1970(number: float) -> int | None:
    """Nanoseconds since 1970; the unit follows from the size. None for 0: a camera without a clock."""
    if not (math.isfinite(number) if isinstance(number, float) else True) or number <= 0:
        return None
    unit = next((unit for most, unit in _UNITS if number < most), 1)
    return int(number * unit) if isinstance(number, float) else number * unit


def _moment(text: str) -> datetime | None:
    """A date and time as written; None for another form, ValueError for a date that does not exist."""
    found = _COMPACT.fullmatch(text) or _WRITTEN.fullmatch(text)
    if found is None:  # Other forms of ISO 8601, such as 20261130T080000Z.
        return datetime.fromisoformat(text) if "T" in text.upper() else None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    microsecond = int((found[7] or "")[:6].ljust(6, "0"))
    bare = datetime(year, month, day, hour, minute, min(second, 59), microsecond)  # 60: a leap second
    offset = found[8].upper() if found[8] else ""
    return datetime.fromisoformat(f"{bare.isoformat()}{offset}")


def _at_the_site(moment: datetime, wall_ns: int, zone: tzinfo) -> int:
    """A time without offset in site time; where the end of summer time makes it ambiguous, the one nearer to now."""
    both = (wall_ns_of(moment.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    return min(both, key=lambda told_ns: abs(wall_ns - told_ns))
