"""What is done about a charge at the guard's screen: paid, taken over, waived, receipts shown."""

from __future__ import annotations

from typing import Any

import msgspec
import segno
from flask import Response

from gateway.core.settings.roles import Right
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError
from gateway.core.vocabulary.views import ChargeView
from web.guard.orders.answers import answer, body_of, press, reason_of, refused
from web.guard.orders.lanes import confirmed_by_pin, has_right
from web.guard.orders.send import ANSWER_MORE_S, way
from web.guard.pay.model import in_words
from web.guard.scene import Scene, refusal
from web.people import auth, stations
from web.platform import look
from web.platform.problems import Problem
from web.platform.services import ask, services
from web.words.times import site_zone

WORD_MAX = 100


@auth.require_operator(Right.COMMAND)
def pay(visit: str) -> Response:
    """Cash was taken for a visit: the sum that the screen showed."""
    body = body_of()
    return _booked("pay", visit, body, "visits.pay", auth.signed_in().name, amount=_amount(body), method="cash")


@auth.require_operator(Right.COMMAND)
def validate(visit: str) -> Response:
    """A resident or a shop takes a part of the charge over."""
    body = body_of()
    given = {key: body[key] for key in ("minutes", "percent") if isinstance(body.get(key), int)}
    if len(given) != 1:
        raise Problem(422, "request_invalid", "Give minutes or percent.")
    return _booked("validate", visit, body, "visits.validate", auth.signed_in().name, reason=reason_of(body), **given)


@auth.require_operator(Right.COMMAND)
def excuse(visit: str) -> Response:
    """A leader waives what is due, by name, PIN and reason."""
    body = body_of()
    name = str(body.get("name") or auth.signed_in().name)
    reason = reason_of(body)
    if wrong := confirmed_by_pin("excuse", name, str(body.get("pin", ""))):
        return wrong
    if not has_right(name, Right.EXCUSE):
        return refused("excuse", "leader_only", 403)
    return _booked("excuse", visit, body, "visits.waive", auth.signed_in().name, reason=reason, leader=name)


@auth.require_operator(Right.COMMAND)
def receipt(visit: str) -> Response:
    """The receipt as text, and as a code for the driver's telephone."""
    said = look.said()
    try:
        got = ask("receipt.show", visit=visit[:WORD_MAX], locale=said.locale)
    except GatehouseError as error:
        return answer("failed", refusal(said, error.code), status_of(error), error.code)
    code = segno.make(got["text"], micro=False).svg_data_uri(scale=4, border=2, light="white")
    body = {"status": "done", "number": got["number"], "text": got["text"], "code": code}
    return Response(msgspec.json.encode(body), content_type="application/json")


# ---- what is booked


def _booked(command: str, visit: str, body: dict[str, Any], op: str, by: str, **asked: Any) -> Response:
    """Book something about the charge of a visit, once for each press, and say what is due behind it."""
    pressed = press(body)
    if pressed is None:
        return refused(command, "command_expired", 409)
    request, until_ns = pressed
    said = look.said()
    try:
        got = ask(
            op,
            timeout_s=services().presses.left_s(until_ns) + ANSWER_MORE_S,
            request=f"guard-{request}",
            visit=visit[:WORD_MAX],
            by=by,
            **way(stations.current_station()),
            **asked,
        )
    except EngineUnreachableError as error:
        return answer("failed", said("pay.no_answer"), 503, error.code)
    except GatehouseError as error:
        return refused(command, error.code, 409)
    charge = msgspec.convert(got, ChargeView)
    return answer("done", _after(command, charge, asked))


def _after(command: str, charge: ChargeView, asked: dict[str, Any]) -> str:
    said = look.said()
    amount = asked.get("amount", charge.due)
    sums = {"sum": in_words(said, amount, charge.currency), "due": in_words(said, charge.due, charge.currency)}
    if charge.due:
        return said(f"pay.done.{command}.due", **sums)
    if charge.leave_by is None:
        return said.first(f"pay.done.{command}.over", f"pay.done.{command}", **sums)
    scene = Scene(said, lambda _id: None, site_zone(services().site.document()), look.aware_now())
    return said(f"pay.done.{command}", time=scene.time(charge.leave_by), **sums)


def _amount(body: dict[str, Any]) -> int:
    amount = body.get("amount")
    if not isinstance(amount, int) or isinstance(amount, bool) or amount < 1:
        raise Problem(422, "request_invalid", "amount: a whole number of minor units")
    return amount


def status_of(error: GatehouseError) -> int:
    """How a request that the engine did not carry out is answered."""
    return 503 if isinstance(error, EngineUnreachableError) else 409
