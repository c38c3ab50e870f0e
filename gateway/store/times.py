"""Wall time as text: RFC 3339, UTC, milliseconds, always with `Z`."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

NS_PER_S = 1_000_000_000
# Outside of these years datetime refuses; a clock that wrong is shown as the nearest bound.
_LOWEST_S = -62_135_596_800
_HIGHEST_S = 253_402_300_799


def rfc3339(wall_ns: int) -> str:
    """`2026-11-30T08:00:00.250Z` for nanoseconds since 1970; cut, not rounded, to milliseconds."""
    second, rest_ns = divmod(wall_ns, NS_PER_S)
    return f"{to_the_second(second)}.{rest_ns // 1_000_000:03d}Z"


@lru_cache(maxsize=64)
def to_the_second(second: int) -> str:
    """`2026-11-30T08:00:00`: the part that neighbouring rows share, so it is worth remembering."""
    bounded = min(max(second, _LOWEST_S), _HIGHEST_S)
    return datetime.fromtimestamp(bounded, UTC).replace(tzinfo=None).isoformat()


def parse_wall_ns(text: str) -> int:
    """Nanoseconds since 1970 of an RFC 3339 instant; ValueError when it is none or has no zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1000
