"""Wall time as text (RFC 3339, UTC, milliseconds, always with `Z`) and as site time; neither raises.

Written by hand, since every row is stamped and `strftime` reads the time zone file each time (7 us instead of 1 us).
Python's calendar ends with the year 9999 and overflows near its ends in another zone, so a moment beyond is replaced by
the nearest one that every zone can show.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
S_PER_DAY = 86_400
FIRST_YEAR, LAST_YEAR = 1, 9998
"""The years that a written moment may have; other systems write 9999 for *no end*."""
NO_END_YEAR = 9999
YEARS = f"in the years {FIRST_YEAR} to {LAST_YEAR}"
"""For the remedy in messages."""
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
    """`2026-11-30T08:00:00`, cached, since neighbouring rows share it."""
    day, rest = divmod(min(max(second, _LOWEST_S), _HIGHEST_S), S_PER_DAY)
    return f"{_day(day)}T{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"


@lru_cache(maxsize=8)
def _day(day: int) -> str:
    return date.fromordinal(_EPOCH + day).isoformat()


def local_time(wall_ns: int, zone: tzinfo) -> datetime:
    """Nanoseconds since 1970 as date and time in a zone; beyond the calendar its nearest moment."""
    since_us = min(max(wall_ns // 1000, _LOWEST_LOCAL_US), _HIGHEST_LOCAL_US)
    return (_EPOCH_UTC + timedelta(microseconds=since_us)).astimezone(zone)


def wall_ns_of(moment: datetime) -> int:
    """Nanoseconds since 1970 of a moment with its offset; a whole number of any size."""
    since = moment - _EPOCH_UTC
    return ((since.days * S_PER_DAY + since.seconds) * 1_000_000 + since.microseconds) * 1000
