"""Visits over HTTP: read from the projections, so without an engine too; visitors are sent to the engine."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from flask import Response, request

from gateway.core.settings.model import Site
from gateway.core.vocabulary.errors import NotFoundError
from gateway.store.projections.inside.kinds import KINDS
from gateway.store.projections.visitors import STATES, Narrowed, overstayed
from web.api.answers import json_answer, now_text
from web.api.requests import body, flag, idempotency_key, identifier, number, one_of, only, refuse
from web.people.auth import current_token, require_scope
from web.platform.services import ask, services
from web.visits.found import passes_with

HOUR_NS = 3_600 * 1_000_000_000
HOURS_MAX = 100_000
LIMIT = 100
LIMIT_MAX = 1000
QUERY_MAX = 100


@require_scope("state:read")
def visits() -> Response:
    """`GET /visits`: of a state, with a text in plate, card, pass, unit or purpose; without a state all that began.

    A token that reads passes finds visits by the holder too.
    """
    only("inside", "state", "kind", "older_than_h", "overstayed", "q", "after", "limit")
    limit = number("limit", LIMIT, 1, LIMIT_MAX)
    inside = flag("inside")
    state = one_of("state", STATES) or ("inside" if inside else "")
    query = request.args.get("q", "")
    if len(query) > QUERY_MAX:
        raise refuse(f"q has {len(query)} characters; give at most {QUERY_MAX}")
    after, narrowed = request.args.get("after", ""), _narrowed(query)
    found = list(services().readers.state().visits(state, query, after, limit, narrowed=narrowed))
    following = found[-1].visit if len(found) == limit else None
    return json_answer({"items": found, "next": following, "as_of": now_text()})


def _narrowed(query: str) -> Narrowed:
    kind, hours = one_of("kind", KINDS) or "", number("older_than_h", 0, 1, HOURS_MAX)
    overdue, now_ns = flag("overstayed"), time.time_ns()
    if hours and overdue:
        raise refuse("older_than_h and overstayed say the same in two ways; give one of them", status=422)
    passes = passes_with(query) if "passes:read" in current_token().scopes else ()
    if overdue:
        settings = services().site.settings()
        found = overstayed(settings.site if settings else Site(""), now_ns, kind)
    else:
        found = Narrowed(kind, now_ns - hours * HOUR_NS if hours else None)
    return msgspec.structs.replace(found, passes=passes)


@require_scope("state:read")
def get_visit(visit: str) -> Response:
    """`GET /visits/{id}`; one that was deleted is in the list alone."""
    only()
    identifier(visit, "visit")
    found = services().readers.state().visit(visit)
    if found is None:
        raise NotFoundError(f"there is no visit {visit!r}")
    if found.state == "cancelled":
        raise NotFoundError(f"visit {visit!r} was cancelled; GET /visits?state=cancelled lists it")
    return json_answer(found)


@require_scope("visits:write")
def add_visit() -> Response:
    """`POST /visits`: a visitor is announced; the code is only in this answer, and in that to a repeat of the key."""
    only()
    key = idempotency_key()
    request_key = None if key is None else f"http:{current_token().id}:{key}"
    return json_answer(ask("visits.add", request=request_key, visitor=body(dict[str, Any]), **_who()), 201)


@require_scope("visits:write")
def correct_visit(visit: str) -> Response:
    """`PATCH /visits/{id}`: only what is named changes."""
    only()
    identifier(visit, "visit")
    ask("visits.correct", visit=visit, visitor=body(dict[str, Any]), **_who())
    return json_answer(services().readers.state().visit(visit))


@require_scope("visits:write")
def cancel_visit(visit: str) -> Response:
    """`DELETE /visits/{id}`: an expected visitor does not come."""
    only()
    identifier(visit, "visit")
    ask("visits.cancel", visit=visit, **_who())
    return Response(status=204)


def _who() -> dict[str, Any]:
    return {"by": current_token().name, "via": "http"}
