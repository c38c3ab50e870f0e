"""Instants of a snapshot as a screen needs them: read, aged, and told in the site's own time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.core.settings.model import Site

DAY_FROM_H = 7
DAY_UNTIL_H = 19
_DEFAULT_ZONE = Site("").timezone


def site_zone(document: Mapping[str, Any]) -> tzinfo:
    """The time zone of a site file."""
    return zone(document.get("site", {}).get("timezone", ""))


def zone(name: str) -> tzinfo:
    """The time zone of a site, by default as in `Site`; UTC for an unknown name."""
    try:
        return ZoneInfo(name or _DEFAULT_ZONE)
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
