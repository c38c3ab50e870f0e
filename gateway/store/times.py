"""Wall time as text, written (by the core's own hand) and read: RFC 3339, UTC, milliseconds, always with `Z`."""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.core.times import NS_PER_S, rfc3339, to_the_second

__all__ = ["NS_PER_S", "parse_wall_ns", "rfc3339", "to_the_second"]


def parse_wall_ns(text: str) -> int:
    """Nanoseconds since 1970 of an RFC 3339 instant; ValueError when it is none or has no zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1000
