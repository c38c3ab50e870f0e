"""The present state: lanes, alarms and devices from the engine's snapshot, visits and repair orders from the
projections."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from flask import Response, request

from gateway.core.vocabulary.views import LaneState, Snapshot
from web.api import engine
from web.api.answers import json_answer, now_text
from web.api.requests import flag, number, only
from web.people.auth import require_scope
from web.platform.services import services

REPAIRS = 100
REPAIRS_MAX = 1000


@require_scope("state:read")
def lanes() -> Response:
    """`GET /lanes`."""
    only()
    snapshot = engine.state()
    return _items(msgspec.convert(snapshot.lanes, list[LaneState], from_attributes=True), snapshot)


@require_scope("state:read")
def alarms() -> Response:
    """`GET /alarms`: all open alarms."""
    only()
    snapshot = engine.state()
    return _items(snapshot.alarms, snapshot)


@require_scope("state:read")
def devices() -> Response:
    """`GET /devices`."""
    only()
    snapshot = engine.state()
    return _items(snapshot.devices, snapshot)


@require_scope("state:read")
def repairs() -> Response:
    """`GET /repairs`, from the projections, so it works without an engine."""
    only("open", "after", "limit")
    open_only = flag("open")
    limit = number("limit", REPAIRS, 1, REPAIRS_MAX)
    now = now_text()
    found = (
        services()
        .readers.state()
        .repairs(now, open_only=open_only or False, after=request.args.get("after", ""), limit=limit)
    )
    following = found[-1].repair if len(found) == limit else None
    return json_answer({"items": found, "next": following, "as_of": now})


def _items(items: Iterable[Any], snapshot: Snapshot) -> Response:
    return json_answer({"items": list(items), "as_of": snapshot.as_of})
