"""Charges, payments and validations over HTTP. The engine works the sums out, books once, and answers once durable."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from flask import Response, request

from gateway.core.charges.tariff import MINUTES_MAX, PRICE_MAX
from gateway.core.people.texts import wrong_text
from gateway.core.vocabulary.errors import GatehouseError
from gateway.core.vocabulary.reasons import Refusal
from gateway.store.times import parse_wall_ns, text_of
from web.api.answers import json_answer
from web.api.requests import body, idempotency_key, identifier, only, refuse
from web.people.auth import current_token, require_scope
from web.platform.services import ask

Sum = Annotated[int, msgspec.Meta(ge=1, le=PRICE_MAX)]
_UNFIT = (Refusal.ABOVE_DUE, Refusal.NOTHING_DUE, Refusal.METHOD_NOT_TAKEN)
"""Refusals that say that the body does not fit the visit."""


class Payment(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a payment; `at`: when it was made, now unless given."""

    amount: Sum
    method: Literal["cash", "qr", "external"]
    reference: Annotated[str, msgspec.Meta(max_length=100)] = ""
    at: datetime | None = None


class Validation(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a validation: one of minutes, percent and amount."""

    reason: str
    minutes: Annotated[int, msgspec.Meta(ge=0, le=MINUTES_MAX)] | None = None
    percent: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    amount: Sum | None = None


@require_scope("state:read")
def charge(visit: str) -> Response:
    """`GET /visits/{id}/charge`: what the visit costs, now or at an instant."""
    only("at")
    identifier(visit, "visit")
    return json_answer(ask("visits.charge", visit=visit, at=_at(request.args.get("at"))))


@require_scope("payments:write")
def pay(visit: str) -> Response:
    """`POST /visits/{id}/payments`: with the same key and body the first answer comes again."""
    only()
    identifier(visit, "visit")
    key, paid = _key("payment"), body(Payment)
    if paid.at is not None and paid.at.tzinfo is None:
        raise refuse("at has no offset; write it like 2026-11-30T08:00:00Z.", "body_invalid", 422)
    if wrong := _wrong_reference(paid.reference):
        raise refuse(f"reference {wrong}.", "body_invalid", 422)
    return _booked(
        "visits.pay",
        request=key,
        visit=visit,
        amount=paid.amount,
        method=paid.method,
        reference=paid.reference,
        at=text_of(paid.at) if paid.at is not None else None,
    )


@require_scope("validations:write")
def validate(visit: str) -> Response:
    """`POST /visits/{id}/validations`: a shop or a resident takes something over."""
    only()
    identifier(visit, "visit")
    key, taken = _key("validation"), body(Validation)
    if len([one for one in (taken.minutes, taken.percent, taken.amount) if one is not None]) != 1:
        raise refuse("Give one of minutes, percent and amount.", "body_invalid", 422)
    if wrong := wrong_text(taken.reason):
        raise refuse(f"reason {wrong}.", "body_invalid", 422)
    if not taken.reason.strip():
        raise refuse("reason is empty; say in a few words why.", "body_invalid", 422)
    return _booked("visits.validate", request=key, visit=visit, **msgspec.to_builtins(taken))


def _booked(op: str, **asked: Any) -> Response:
    try:
        return json_answer(ask(op, by=current_token().name, via="http", **asked))
    except GatehouseError as error:
        if error.code in _UNFIT:
            raise refuse(f"{error}.", str(error.code), 422) from None
        raise


def _key(what: str) -> str:
    key = idempotency_key()
    if key is None:
        raise refuse(
            f"Send a header Idempotency-Key with a value of your own, new for each {what}, so that a repeat after a"
            " lost answer counts once.",
            "idempotency_key_missing",
        )
    return f"http:{current_token().id}:{key}"


def _wrong_reference(text: str) -> str:
    """What is wrong with the name of a payment elsewhere, which may be a long number."""
    plain = all(one.isalnum() or one in "-_.:/" for one in text) and text.isascii()
    return "" if plain else "holds other characters than letters, digits and -_.:/; leave them out"


def _at(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        parse_wall_ns(text)
    except ValueError:
        raise refuse(f"at is {text[:60]!r}; give an instant such as 2026-11-30T08:00:00Z.") from None
    return text
