"""What the sheet sends: each step goes to the engine with its author, and comes back as words and how far the check is.

A number that is typed is passed on and kept nowhere here; what comes back is masked.
"""

from __future__ import annotations

import base64
from typing import Any

import msgspec
from flask import Response, request

from gateway.core.settings.roles import Right, roles_with
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError
from web.guard.identity.stays import Stay, stay_of, stays
from web.guard.orders.answers import answer, body_of, press, reason_of, request_id
from web.guard.orders.send import ANSWER_MORE_S, way
from web.guard.passbook import passbook
from web.guard.scene import refusal
from web.installer.acceptance.drawings import DrawingError, decoded
from web.people import auth, stations
from web.platform import look
from web.platform.problems import Problem
from web.platform.services import ask, services
from web.words.times import site_zone

QUERY_MAX = 20
TEXT_MAX = 100
VERBS = ("release", "refuse")


@auth.require_operator(Right.COMMAND)
def cars() -> Response:
    """The cars inside that fit what was typed, and the drivers at this lane whose check is not over."""
    lane, query = request.args.get("lane", "")[:TEXT_MAX], request.args.get("q", "")[:QUERY_MAX]
    try:
        found = stays(services().readers.state(), query, passbook(services()), look.said(), _zone())
        open_ = [] if query else _open(lane)
    except GatehouseError as error:
        return answer("failed", refusal(look.said(), error.code), 503, error.code)
    return _json({"items": found, "open": open_})


@auth.require_operator(Right.COMMAND)
def person(person: str) -> Response:
    """How far the check of a driver is: the office may have answered on its page."""
    return _told(lambda: ask("identities.look", person=person[:TEXT_MAX]))


@auth.require_operator(Right.COMMAND)
def take() -> Response:
    """Take the number of an identity document."""
    body = body_of()
    return _told(
        lambda: ask(
            "identities.take",
            request=f"guard-{request_id(body)}",
            lane=_text(body, "lane"),
            visit=_text(body, "visit"),
            kind=_text(body, "kind"),
            number=_text(body, "number"),
            **_who(),
        )
    )


@auth.require_operator(Right.COMMAND)
def office() -> Response:
    """What the office has said by telephone, and who said so."""
    body = body_of()
    if not isinstance(body.get("confirmed"), bool):
        raise Problem(400, "request_invalid", "confirmed: true or false")
    said_by = _text(body, "said_by")
    known = [one.name for one in services().site.operators().values() if one.role in roles_with(Right.CONFIRM)]
    return _told(
        lambda: ask(
            "identities.answer",
            person=_text(body, "person"),
            confirmed=body["confirmed"],
            how="phone",
            said_by=said_by if said_by in known else "",
            **_who(),
        )
    )


@auth.require_operator(Right.COMMAND)
def sign() -> Response:
    """Keep the signature that was drawn."""
    body = body_of()
    try:
        drawing = base64.b64encode(decoded(str(body.get("drawing") or ""))).decode()
    except DrawingError:
        return answer("refused", look.said()("identity.wrong.drawing"), 422, "drawing")
    return _told(lambda: ask("identities.sign", person=_text(body, "person"), drawing=drawing, **_who()))


@auth.require_operator(Right.COMMAND)
def end() -> Response:
    """Release or refuse the car: the stay that was named is of it."""
    body, said = body_of(), look.said()
    verb, lane, name = _text(body, "verb"), _text(body, "lane"), _text(body, "person")
    if verb not in VERBS:
        return answer("refused", refusal(said, "unknown_command"), 422, "unknown_command")
    reason, pressed, label = reason_of(body), press(body), said(f"identity.{verb}")
    if pressed is None:
        return _refused(label, "command_expired")
    station = stations.current_station()
    try:
        found = ask("identities.look", person=name)
        if verb == "release" and found["state"] != "signed":
            return _refused(label, "identity_step")
        got = ask(
            "stay.command",
            timeout_s=services().presses.left_s(pressed[1]) + ANSWER_MORE_S,
            request=f"guard-{pressed[0]}",
            lane=lane,
            verb=verb,
            person=name,
            visit=found["visit"] or "",
            reason=reason,
            present=stations.stands_at(station, lane),
            expires_mono_ns=pressed[1],
            **_who(),
        )
    except EngineUnreachableError as error:
        return answer("failed", said("answer.failed", command=label, why=refusal(said, error.code)), 503, error.code)
    except GatehouseError as error:
        return _refused(label, error.code)
    if got["status"] != "done":
        return _refused(label, str(got["reason"] or "other"))
    taken = said("answer.requested", command=label) if verb == "release" else said("identity.refused_told")
    return answer("done", taken, tone="asked" if verb == "release" else "done")


def _refused(label: str, code: str) -> Response:
    said = look.said()
    return answer("refused", said("answer.refused", command=label, why=_why(code)), 409, code)


def _why(code: str) -> str:
    said = look.said()
    return said.first(f"identity.wrong.{code.removeprefix('identity_')}", f"refused.{code}", "refused.other", code=code)


def _told(step: Any) -> Response:
    """The check after a step, or why the step was refused, in words."""
    try:
        found = step()
    except EngineUnreachableError as error:
        return answer("failed", refusal(look.said(), error.code), 503, error.code)
    except GatehouseError as error:
        return answer("refused", _why(error.code), 409, error.code)
    return _json({"status": "done", "text": found["state"], "person": _worded(found)})


def _worded(found: dict[str, Any]) -> dict[str, Any]:
    """A check with its words: what the car is, the kind of the document, what the office said."""
    said = look.said()
    state, visit = services().readers.state(), found["visit"]
    stay = stay_of(state, visit, passbook(services()), said, _zone()) if visit else None
    office = said(f"identity.office.{found['state']}") if found["state"] in ("confirmed", "declined") else ""
    return {
        **found,
        "title": (stay or Stay("", said("identity.not_listed"), "")).title,
        "detail": stay.detail if stay else "",
        "document": said(f"identity.kind.{found['kind']}"),
        "office": said.listed([text for text in (office, found["said_by"]) if text]),
    }


def _open(lane: str) -> list[dict[str, Any]]:
    try:
        items = ask("identities.list", open_only=True)["items"]
    except EngineUnreachableError:
        return []
    return [_worded(one) for one in items if one["lane"] == lane][:3]


def _who() -> dict[str, Any]:
    return {"by": auth.signed_in().name, **way(stations.current_station())}


def _text(body: dict[str, Any], key: str) -> str:
    return str(body.get(key) or "")[:TEXT_MAX]


def _zone() -> Any:
    return site_zone(services().site.document())


def _json(body: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(body), content_type="application/json")
