"""Wall time as text: RFC 3339, UTC, milliseconds, always with `Z`.

Written out by hand, since `strftime` asks the C library for the time zone's file each time (7 us against 1 us); every
event and every row is stamped.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
S_PER_DAY = 86_400
_EPOCH = date(1970, 1, 1).toordinal()
# Outside of these years a date cannot be written; a clock that wrong is shown as the nearest bound.
_LOWEST_S = -62_135_596_800
_HIGHEST_S = 253_402_300_799


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
