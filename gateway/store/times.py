"""Wall time as text, written (by the core's own hand) and read: RFC 3339, UTC, milliseconds, always with `Z`."""

from __future__ import annotations

from datetime import datetime

from gateway.core.vocabulary.times import LAST_YEAR, NS_PER_S, YEARS, local_time, rfc3339, to_the_second, wall_ns_of

__all__ = [
    "LAST_YEAR", "NS_PER_S", "YEARS", "local_time", "parse_wall_ns", "rfc3339", "text_of", "to_the_second",
    "wall_ns_of",
]  # fmt: skip


def parse_wall_ns(text: str) -> int:
    """Nanoseconds since 1970 of an RFC 3339 instant; ValueError for another text, without a zone, or after 9998."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    if moment.year > LAST_YEAR:
        raise ValueError(f"{text!r} is not {YEARS}")
    return wall_ns_of(moment)


def text_of(moment: datetime) -> str:
    """A moment with its offset as `2026-11-30T08:00:00.250Z`."""
    return rfc3339(wall_ns_of(moment))
