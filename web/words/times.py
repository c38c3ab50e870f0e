"""Instants of a snapshot as a screen needs them: read, aged, and told in the site's own time."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY_FROM_H = 7
DAY_UNTIL_H = 19


def zone(name: str) -> tzinfo:
    """The time zone of this name; UTC for one that is not known."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def instant(text: str | None) -> datetime | None:
    """An instant as the engine writes it; None for none, and for text that is no instant."""
    if not text:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def ms_since(text: str | None, now: datetime) -> int:
    """How long ago an instant was, in ms; 0 for none and for the future."""
    when = instant(text)
    return max(0, int((now - when).total_seconds() * 1000)) if when else 0


def is_night(local: datetime) -> bool:
    """Whether the booth is dark enough for the night theme, by the clock alone."""
    return not DAY_FROM_H <= local.hour < DAY_UNTIL_H
