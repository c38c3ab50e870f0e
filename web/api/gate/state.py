"""The present state: lanes, alarms and devices from the engine's snapshot, visits from the projections."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
from flask import Response, request

from gateway.core.vocabulary.views import LaneState
from web.api import engine
from web.api.requests import flag, number, only
from web.people.auth import require_scope
from web.platform.services import services

VISITS = 100
VISITS_MAX = 1000


def json_answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Any value as JSON."""
    return Response(msgspec.json.encode(value), status, headers=headers, content_type="application/json")


def now_text() -> str:
    """This moment in RFC 3339 UTC with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@require_scope("state:read")
def lanes() -> Response:
    """`GET /lanes`."""
    only()
    snapshot = engine.state()
    return _items(msgspec.convert(snapshot["lanes"], list[LaneState]), snapshot)


@require_scope("state:read")
def alarms() -> Response:
    """`GET /alarms`: all open alarms."""
    only()
    snapshot = engine.state()
    return _items(snapshot["alarms"], snapshot)


@require_scope("state:read")
def devices() -> Response:
    """`GET /devices`."""
    only()
    snapshot = engine.state()
    return _items(snapshot["devices"], snapshot)


@require_scope("state:read")
def visits() -> Response:
    """`GET /visits`, from the projections, so it works without an engine."""
    only("inside", "after", "limit")
    inside = flag("inside")
    limit = number("limit", VISITS, 1, VISITS_MAX)
    after = request.args.get("after", "")
    found = list(services().readers.state().visits(inside=inside or False, after=after, limit=limit))
    following = found[-1].visit if len(found) == limit else None
    return json_answer({"items": found, "next": following, "as_of": now_text()})


def _items(items: Iterable[Any], snapshot: dict[str, Any]) -> Response:
    return json_answer({"items": list(items), "as_of": snapshot["as_of"]})
