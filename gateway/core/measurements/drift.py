"""What is unusual: a series against its own past, and what is beyond a fixed limit."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from gateway.core.measurements.series import KINDS, Kind
from gateway.core.measurements.summary import Summary, middle_of

RECENT_DAYS = 7
PAST_DAYS = 60
"""The past is this many days before the recent ones."""
RECENT_VALUES, PAST_VALUES = 20, 50
"""Values that must be there before two times are compared."""


class Drift(msgspec.Struct, frozen=True):
    """How a series is now and how it was; `percent` is the change, `unusual` whether a person should look.

    `past` is None while too little is known of it.
    """

    recent: int
    past: int | None
    percent: int = 0
    unusual: bool = False
    beyond: int | None = None
    """The fixed limit that is passed."""


def drift_of(kind: str, days: Mapping[int, Summary], today: int) -> Drift | None:
    """How the last days compare with those before; None without any recent value. `days`: by the day's number."""
    recent = [one for day, one in days.items() if today - RECENT_DAYS < day <= today]
    past = [one for day, one in days.items() if today - RECENT_DAYS - PAST_DAYS < day <= today - RECENT_DAYS]
    now = middle_of(recent)
    if now is None:
        return None
    declared = KINDS[kind]
    beyond = declared.limit if declared.limit is not None and now > declared.limit else None
    if _count(recent) < RECENT_VALUES or _count(past) < PAST_VALUES:
        return Drift(now, None, unusual=beyond is not None, beyond=beyond)
    before = middle_of(past)
    assert before is not None
    percent = round(100 * (now - before) / before) if before else 0
    return Drift(now, before, percent, beyond is not None or _is_worse(declared, before, now), beyond)


def _is_worse(kind: Kind, before: int, now: int) -> bool:
    change = now - before if kind.worse == "up" else before - now
    return kind.worse is not None and change >= kind.least and change >= kind.share * before


def _count(summaries: list[Summary]) -> int:
    return sum(one.count for one in summaries)
