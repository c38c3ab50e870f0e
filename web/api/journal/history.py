"""The history of a lane's barrier: counters, service limits that are due, and travel times for a curve.

Read from the projections, so it works without an engine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Response, request

from gateway.store.times import rfc3339
from web.api.answers import json_answer, now_text
from web.api.moments import instant_ns
from web.api.requests import identifier, number, only, refuse
from web.people.auth import require_scope
from web.platform.services import services

_NEXT = re.compile("-?[0-9]{1,18}")
POINTS = 1000
POINTS_MAX = 10_000


@require_scope("state:read")
def lane_history(lane: str) -> Response:
    """`GET /lanes/{lane}/history`."""
    only("from", "to", "after", "limit")
    barrier, written = _barrier(identifier(lane, "lane"))
    begins_ns, ends_ns = instant_ns("from"), instant_ns("to")
    limit = number("limit", POINTS, 1, POINTS_MAX)
    state = services().readers.state()
    found = state.movements(barrier, begins_ns, ends_ns, _after(), limit)
    return json_answer(
        {
            "lane": lane,
            "barrier": barrier,
            "from": None if begins_ns is None else rfc3339(begins_ns),
            "to": None if ends_ns is None else rfc3339(ends_ns),
            "counters": state.service_counters(barrier),
            "limits": _limits(written),
            "service_due": state.service_due(barrier),
            "items": [{key: value for key, value in one.items() if key != "sequence"} for one in found],
            "next": str(found[-1]["sequence"]) if len(found) == limit else None,
            "as_of": now_text(),
        }
    )


def _after() -> int | None:
    """The `next` of the previous page."""
    text = request.args.get("after", "")
    if text and not _NEXT.fullmatch(text):
        raise refuse(f"after is {text[:40]!r}; give the `next` of the page before")
    return int(text) if text else None


def _barrier(lane: str) -> tuple[str, Mapping[str, Any]]:
    """The id of a lane's barrier and its settings."""
    document = services().site.document()
    for one in document.get("lanes", ()):
        if one["id"] == lane:
            named = one["barrier"]
            if not isinstance(named, str):
                return lane, named
            return named, next((found for found in document.get("barriers", ()) if found["id"] == named), {})
    raise refuse(f"There is no lane {lane!r}.", "not_found", 404)


def _limits(written: Mapping[str, Any]) -> dict[str, int]:
    """The service limits in the settings."""
    limits = {**(written.get("service_limits") or {}), "cycles_per_h": written.get("max_cycles_per_h")}
    return {what: limit for what, limit in limits.items() if limit is not None}
