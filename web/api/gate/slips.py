"""Release slips over HTTP: read from the projections, so without an engine too; changes are sent to the engine."""

from __future__ import annotations

import time
from typing import Any, Literal

import msgspec
from flask import Response, request

from gateway.core.people.texts import wrong_text
from gateway.core.vocabulary.errors import NotFoundError
from gateway.store.slips.table import STATES
from web.api.answers import json_answer, now_text
from web.api.requests import body, idempotency_key, identifier, number, one_of, only, refuse
from web.people.auth import current_token, require_scope
from web.platform.services import ask, services

LIMIT = 100
LIMIT_MAX = 1000
QUERY_MAX = 100


class Confirmed(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a confirmation: how the owner confirmed."""

    how: Literal["phone", "in_person", "in_writing"]


class Cancelled(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a cancellation: why."""

    reason: str = ""


@require_scope("state:read")
def slips() -> Response:
    """`GET /slips`: of a state, with a text in id, unit, goods or plate."""
    only("state", "q", "after", "limit")
    limit = number("limit", LIMIT, 1, LIMIT_MAX)
    query = request.args.get("q", "")
    if len(query) > QUERY_MAX:
        raise refuse(f"q has {len(query)} characters; give at most {QUERY_MAX}")
    state, after = one_of("state", STATES) or "", request.args.get("after", "")
    found = list(services().readers.state().slips(state, query, time.time_ns(), after, limit))
    following = found[-1].slip if len(found) == limit else None
    return json_answer({"items": found, "next": following, "as_of": now_text()})


@require_scope("state:read")
def get_slip(slip: str) -> Response:
    """`GET /slips/{slip}`."""
    only()
    return json_answer(_known(slip))


@require_scope("visits:write")
def add_slip() -> Response:
    """`POST /slips`: the office releases goods; the same Idempotency-Key with the same body makes one slip."""
    only()
    key = idempotency_key()
    request_key = None if key is None else f"http:{current_token().id}:{key}"
    made = ask("slips.add", request=request_key, slip=body(dict[str, Any]), **_who())
    return json_answer(_known(made["slip"]), 201)


@require_scope("visits:write")
def confirm_slip(slip: str) -> Response:
    """`POST /slips/{slip}/confirm`: the owner has confirmed that another carries the goods."""
    only()
    identifier(slip, "slip")
    ask("slips.confirm", slip=slip, how=body(Confirmed).how, **_who())
    return json_answer(_known(slip))


@require_scope("visits:write")
def cancel_slip(slip: str) -> Response:
    """`POST /slips/{slip}/cancel`: the goods do not leave."""
    only()
    identifier(slip, "slip")
    reason = body(Cancelled, optional=True).reason
    if wrong := wrong_text(reason):
        raise refuse(f"reason {wrong}.", "body_invalid", 422)
    ask("slips.cancel", slip=slip, reason=reason, **_who())
    return json_answer(_known(slip))


def _known(slip: str) -> Any:
    identifier(slip, "slip")
    found = services().readers.state().slip(slip, time.time_ns())
    if found is None:
        raise NotFoundError(f"there is no release slip {slip!r}")
    return found


def _who() -> dict[str, Any]:
    return {"by": current_token().name, "via": "http"}
