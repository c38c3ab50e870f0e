"""What the office does about the charge of a visit: takes money, takes a part over, and waives with a leader's word."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Response, redirect, request

from gateway.core.charges.tariff import MINUTES_MAX, PRICE_MAX
from gateway.core.money.sums import minor_units
from gateway.core.people.texts import wrong_text
from gateway.core.settings.roles import Right
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError
from web.guard.scene import refusal
from web.installer.frame.door import door
from web.installer.frame.leaders import not_agreed
from web.installer.frame.page import installer_page
from web.installer.frame.who import who
from web.office.visits.bill import charge_of, methods
from web.office.visits.model import title
from web.office.visits.page import PATH, SHEETS, known_visit, one
from web.platform import look
from web.platform.services import ask

PERCENT_MAX = 100
VALIDATIONS = ("minutes", "percent", "amount")


class _UnreadableError(Exception):
    """What was typed does not do; the text says what to do."""


@door(Right.COLLECT)
def pay(visit: str) -> Any:
    """Money was taken for a visit; the same form sent twice books once."""

    def asked() -> dict[str, Any]:
        method = request.form.get("method", "")
        if method not in methods():
            raise _UnreadableError(look.said()("office.money.wrong.method"))
        reference = request.form.get("reference", "").strip()
        if any(not (letter.isascii() and (letter.isalnum() or letter in "-_.:/")) for letter in reference):
            raise _UnreadableError(look.said()("office.money.wrong.reference"))
        return {"amount": _sum(visit), "method": method, "reference": reference[:100]}

    return _booked("pay", "paid", "visits.pay", visit, asked)


@door(Right.COLLECT)
def validate(visit: str) -> Any:
    """A part of the charge is taken over: minutes, a percentage or an amount."""

    def asked() -> dict[str, Any]:
        kind = request.form.get("kind", "")
        if kind not in VALIDATIONS:
            raise _UnreadableError(look.said()("office.money.wrong.kind"))
        value = _sum(visit, "value") if kind == "amount" else _whole(kind)
        return {kind: value, "reason": _reason()}

    return _booked("validate", "validated", "visits.validate", visit, asked)


@door(Right.COLLECT)
def waive(visit: str) -> Any:
    """A leader waives what is due, or a part of it: by name, PIN and reason; the office asks for it."""

    def asked() -> dict[str, Any]:
        amount, reason, leader = _sum(visit), _reason(), request.form.get("leader", "")
        if why := not_agreed(leader, request.form.get("pin", ""), Right.EXCUSE):
            raise _UnreadableError(why)
        return {"amount": amount, "reason": reason, "leader": leader}

    return _booked("waive", "waived", "visits.waive", visit, asked)


@door(Right.COLLECT)
def receipt(visit: str) -> Response:
    """The receipt of a visit, to be printed."""
    found, said = known_visit(visit), look.said()
    try:
        got = ask("receipt.show", visit=visit, locale=said.locale)
    except GatehouseError as error:
        return one(visit, refused=_why(error), status=_status(error))
    return installer_page(
        "office/visits/receipt.html",
        place="visitors",
        sheets=SHEETS,
        visit=found,
        title=title(said, found),
        text=got["text"],
    )


def _booked(part: str, told: str, op: str, visit: str, asked: Any) -> Any:
    known_visit(visit)
    by = who()
    key = request.form.get("request", "") or secrets.token_hex(8)
    try:
        ask(op, request=f"office:{by['by']}:{key}"[:300], visit=visit, **asked(), **by)
    except _UnreadableError as wrong:
        return one(visit, refused=str(wrong), status=422, opened=part)
    except GatehouseError as error:
        return one(visit, refused=_why(error), status=_status(error), opened=part)
    return redirect(f"{PATH}/{visit}?told={told}", 303)


def _sum(visit: str, field: str = "amount") -> int:
    """A sum that was typed, in minor units of the visit's currency."""
    try:
        found = minor_units(request.form.get(field, ""), charge_of(visit).currency or "")
    except ValueError:
        found = 0
    if not 0 < found <= PRICE_MAX:
        raise _UnreadableError(look.said()("office.money.wrong.amount"))
    return found


def _whole(kind: str) -> int:
    text, most = request.form.get("value", "").strip(), MINUTES_MAX if kind == "minutes" else PERCENT_MAX
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 0 < int(text) <= most):
        raise _UnreadableError(look.said()(f"office.money.wrong.{kind}", most=most))
    return int(text)


def _reason() -> str:
    reason = request.form.get("reason", "").strip()
    if not reason or wrong_text(reason):
        raise _UnreadableError(look.said()("office.money.wrong.reason"))
    return reason


def _why(error: GatehouseError) -> str:
    said = look.said()
    key = f"office.money.refused.{error.code}"
    return said(key) if key in said else refusal(said, error.code)


def _status(error: GatehouseError) -> int:
    return 503 if isinstance(error, EngineUnreachableError) else 409


ROUTES = (
    ("POST", f"{PATH}/<visit>/pay", pay),
    ("POST", f"{PATH}/<visit>/validate", validate),
    ("POST", f"{PATH}/<visit>/waive", waive),
    ("GET", f"{PATH}/<visit>/receipt", receipt),
)
