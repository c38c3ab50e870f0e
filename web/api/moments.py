"""Times in a query: an instant, or a day of the site's calendar.

`from` in year 1 means no beginning, `to` in year 9999 no end, as other systems write them. The journal counts
nanoseconds in 64 bits, from 1677 to 2262; a bound beyond them excludes all or nothing.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from flask import request

from gateway.core.vocabulary.times import FIRST_YEAR, LAST_YEAR, NO_END_YEAR, YEARS, wall_ns_of
from web.api.requests import refuse
from web.platform.services import services
from web.words.times import site_zone

_UNBOUNDED = {"from": FIRST_YEAR, "to": NO_END_YEAR}
_MEANS = {
    "from": f"a day in year {FIRST_YEAR} means no beginning",
    "to": f"a day in the year {NO_END_YEAR} means no end",
}
_NS_MAX = (1 << 63) - 1


def instant_ns(name: str) -> int | None:
    """`from` or `to`: an RFC 3339 instant, or a day in site time (`to` includes that day); None if absent."""
    text = request.args.get(name, "")
    if not text:
        return None
    try:
        moment = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
        if moment.year == _UNBOUNDED[name]:
            return None
        return min(max(wall_ns_of(_instant(name, moment)), -_NS_MAX), _NS_MAX)
    except ValueError:
        raise refuse(
            f"{name} is {text[:40]!r}; give a day like 2026-11-30 or a time like 2026-11-30T08:00:00Z, {YEARS};"
            f" {_MEANS[name]}"
        ) from None


def _instant(name: str, moment: date | datetime) -> datetime:
    if moment.year > LAST_YEAR:
        raise ValueError(moment)
    if not isinstance(moment, datetime):
        return datetime.combine(moment + timedelta(days=name == "to"), time(), site_zone(services().site.document()))
    if moment.tzinfo is None:
        raise ValueError(moment)
    return moment
