"""Wall time as text (RFC 3339, UTC, milliseconds, always with `Z`) and as site time; neither ever raises.

Written out by hand, since `strftime` asks the C library for the time zone's file each time (7 us against 1 us); every
event and every row is stamped. Python's calendar ends with the year 9999 and overflows when a moment near its ends is
moved to another zone, so a moment beyond them is taken as the nearest one that every zone can show.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
S_PER_DAY = 86_400
FIRST_YEAR, LAST_YEAR = 1, 9998
"""The years in which a moment may lie that somebody writes down; 9999 is what other systems write for *no end*."""
NO_END_YEAR = 9999
YEARS = f"in the years {FIRST_YEAR} to {LAST_YEAR}"
"""For messages that say what would be right."""
_EPOCH = date(1970, 1, 1).toordinal()
# Outside of these years a date cannot be written; a clock that wrong is shown as the nearest bound.
_LOWEST_S = -62_135_596_800
_HIGHEST_S = 253_402_300_799
# An offset is less than a day, so two days from the ends of the calendar every zone has a date.
_LOWEST_LOCAL_US, _HIGHEST_LOCAL_US = (
    (second * 1_000_000) for second in (_LOWEST_S + 2 * S_PER_DAY, _HIGHEST_S - 2 * S_PER_DAY)
)
_EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)


def rfc3339(wall_ns: int) -> str:
    """`2026-11-30T08:00:00.250Z` for nanoseconds since 1970; cut, not rounded, to milliseconds."""
    second, rest_ns = divmod(wall_ns, NS_PER_S)
    return f"{to_the_second(second)}.{rest_ns // NS_PER_MS:03d}Z"


@lru_cache(maxsize=64)
def to_the_second(second: int) -> str:
    """`2026-11-30T08:00:00`: the part that neighbouring rows share, so it is worth remembering."""
    day, rest = divmod(min(max(second, _LOWEST_S), _HIGHEST_S), S_PER_DAY)
    return f"{_day(day)}T{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"


@lru_cache(maxsize=8)
def _day(day: int) -> str:
    return date.fromordinal(_EPOCH + day).isoformat()


def local_time(wall_ns: int, zone: tzinfo) -> datetime:
    """Nanoseconds since 1970 as date and time in a zone; beyond the calendar the nearest one that it has."""
    since_us = min(max(wall_ns // 1000, _LOWEST_LOCAL_US), _HIGHEST_LOCAL_US)
    return (_EPOCH_UTC + timedelta(microseconds=since_us)).astimezone(zone)


def wall_ns_of(moment: datetime) -> int:
    """Nanoseconds since 1970 of a moment with its offset; a whole number of any size."""
    since = moment - _EPOCH_UTC
    return ((since.days * S_PER_DAY + since.seconds) * 1_000_000 + since.microseconds) * 1000
