"""Times in a query: an instant, or a day of the site's calendar."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import request

from gateway.store.times import parse_wall_ns
from web.api.requests import refuse
from web.services import services


def instant_ns(name: str) -> int | None:
    """`from` or `to`: an RFC 3339 instant, or a day in site time (`to` includes that day); None when absent."""
    text = request.args.get(name, "")
    if not text:
        return None
    try:
        return parse_wall_ns(_begin_of_day(name, text) if len(text) == 10 else text)
    except (ValueError, OverflowError):
        raise refuse(
            f"{name} is {text[:40]!r}; give a day like 2026-11-30 or a time like 2026-11-30T08:00:00Z"
        ) from None


def _begin_of_day(name: str, text: str) -> str:
    day = date.fromisoformat(text) + timedelta(days=name == "to")
    return datetime(day.year, day.month, day.day, tzinfo=_zone()).isoformat()


def _zone() -> ZoneInfo:
    return ZoneInfo(services().site.document().get("site", {}).get("timezone", "Asia/Shanghai"))
