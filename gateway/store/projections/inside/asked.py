"""What is asked about the cars inside: how many, of which kinds, and what a correction must know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from gateway.core.vocabulary.events import InsideFacts, OpenVisit
from gateway.core.vocabulary.views import CountSet, InsideView
from gateway.store.projections.inside.kinds import KIND
from gateway.store.times import rfc3339

Select = Callable[..., list[Any]]

_NOW = (
    "SELECT (SELECT value FROM meta WHERE key = 'passage'),"
    " (SELECT count(*) FROM visits WHERE exited_sequence IS NULL), c.offset, c.correction, c.by, c.wall_ns, c.count,"
    " c.before, c.reason FROM (SELECT 1) LEFT JOIN inside_set c"
)
"""In one statement, so that the number and the last passage match."""
_KINDS = (
    f"SELECT {KIND}, count(*) FROM visits s LEFT JOIN visitors v ON v.visit = s.visit"
    " WHERE s.exited_sequence IS NULL GROUP BY 1"
)
_ONE = (
    "SELECT visit, pass, plate, entered_wall_ns, credential, exited_sequence, ended_by,"
    " entered_sequence < coalesce((SELECT sequence FROM inside_set), entered_sequence) FROM visits WHERE visit = ?"
)


def inside(select: Select, capacity: int | None, now: str) -> InsideView:
    """How many cars are inside, by kind, and how many places are free."""
    _, opened, offset, correction, by, wall_ns, count, before, reason = select(_NOW)[0]
    cars = max(0, opened + (offset or 0))
    kinds = dict(select(_KINDS))
    told = None
    if correction:
        at = rfc3339(wall_ns)
        told = CountSet(correction=correction, count=count, before=before, by=by or None, reason=reason, at=at)
    return InsideView(
        count=cars,
        visits=opened,
        monthly=kinds.get("monthly", 0),
        temporary=kinds.get("temporary", 0),
        staff=kinds.get("staff", 0),
        visitor=kinds.get("visitor", 0),
        blocked=kinds.get("blocked", 0),
        unknown=kinds.get("unknown", 0),
        capacity=capacity,
        free=max(0, capacity - cars) if capacity is not None else None,
        set=told,
        as_of=now,
    )


def facts(select: Select, visit: str) -> InsideFacts:
    """What a correction must know of the number of cars, and of that visit."""
    after, opened, offset, correction, by, wall_ns, *_ = select(_NOW)[0]
    found = select(_ONE, (visit,)) if visit else []
    known = InsideFacts(
        after=after or "",
        cars=max(0, opened + (offset or 0)),
        offset=offset or 0,
        set_id=correction or "",
        set_by=by or "",
        set_wall_ns=wall_ns or 0,
    )
    if not found:
        return known
    *stay, exited, ended_by, earlier = found[0]
    inside_ = OpenVisit(*stay) if exited is None else None
    return msgspec.structs.replace(
        known, known=True, stay=inside_, ended_by=ended_by or "", earlier=bool(earlier) and inside_ is not None
    )
