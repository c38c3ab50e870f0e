"""The cars inside over HTTP: how many, of which kinds; and corrections, which the engine decides."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any

import msgspec
from flask import Response

from gateway.core.people.texts import wrong_text
from gateway.core.settings.site_file import ID_PATTERN
from gateway.core.vocabulary.errors import NotFoundError, RefusedError
from gateway.core.vocabulary.views import InsideView
from gateway.store.times import text_of
from web.api.answers import json_answer, now_text
from web.api.requests import body, idempotency_key, identifier, only, refuse
from web.people.auth import current_token, require_scope
from web.platform.services import services
from web.visits.correct import correct


class End(msgspec.Struct, forbid_unknown_fields=True):
    """The body that ends a visit by hand."""

    reason: str


class Came(msgspec.Struct, forbid_unknown_fields=True):
    """The body that declares a car: by its `plate`, or as an expected `visit`; `entered_at`: now unless given."""

    reason: str
    plate: Annotated[str, msgspec.Meta(max_length=100)] = ""
    visit: Annotated[str, msgspec.Meta(max_length=64)] = ""
    entered_at: datetime | None = None


class Count(msgspec.Struct, forbid_unknown_fields=True):
    """The body that sets the number of cars; `seen`: the last correction of it that was read, null for any."""

    count: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
    reason: str
    seen: Annotated[str, msgspec.Meta(max_length=64)] | None = None


@require_scope("state:read")
def inside() -> Response:
    """`GET /inside`."""
    only()
    return json_answer(_inside())


@require_scope("visits:write")
def end_visit(visit: str) -> Response:
    """`POST /visits/{id}/end`: its car has left unseen."""
    only()
    identifier(visit, "visit")
    _correct("left", body(End).reason, visit=visit)
    return json_answer(services().readers.state().visit(visit))


@require_scope("visits:write")
def declare_car() -> Response:
    """`POST /inside/cars`: a car is inside that came unseen."""
    only()
    wanted = body(Came)
    if bool(wanted.plate) == bool(wanted.visit):
        raise refuse("Give either plate or visit.", "body_invalid", 422)
    if wanted.visit and not ID_PATTERN.fullmatch(wanted.visit):
        raise refuse("visit is no id; give it as GET /visits shows it.", "body_invalid", 422)
    entered = wanted.entered_at
    if entered is not None and entered.tzinfo is None:
        raise refuse("entered_at has no offset; write it like 2026-11-30T08:00:00Z.", "body_invalid", 422)
    more = {"plate": wanted.plate, "visit": wanted.visit, "entered_at": text_of(entered) if entered else None}
    made = _correct("came", wanted.reason, **more)
    return json_answer(services().readers.state().visit(made["visit"]), 201)


@require_scope("visits:write")
def set_count() -> Response:
    """`POST /inside/count`: the number of cars inside, as a person has counted them."""
    only()
    wanted = body(Count)
    _correct("count", wanted.reason, count=wanted.count, seen=wanted.seen)
    return json_answer(_inside())


def _inside() -> InsideView:
    held = services()
    settings = held.site.settings()
    return held.readers.state().inside(settings.site.capacity if settings else None, now_text())


def _correct(verb: str, reason: str, **more: Any) -> dict[str, Any]:
    """What the engine answers; a problem with the reason's code for a refusal."""
    token = current_token()
    key = idempotency_key() or uuid.uuid4().hex
    text = reason.strip()
    if wrong := wrong_text(text):
        raise refuse(f"reason {wrong}.", "body_invalid", 422)
    asked = {"verb": verb, "by": token.name, "via": "http", "reason": text, **more}
    answer = correct(request=f"http:{token.id}:{key}", **asked)
    if answer["status"] == "done":
        return answer
    words, code = answer["detail"] or answer["reason"], answer["reason"]
    if code == NotFoundError.code:
        raise NotFoundError(words)
    unfit = code in ("reason_missing", "entered_invalid")
    raise refuse(f"{words}.", "body_invalid" if unfit else RefusedError.code, 422 if unfit else 409, reason=code)
