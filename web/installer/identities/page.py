"""The drivers without a card whose number is kept: the office confirms, and a number is shown with reason and PIN.

The page with a number is the answer to the form that gave reason and PIN: it has no address, and no browser keeps it.
"""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, request

from gateway.core.people.texts import wrong_text
from gateway.core.settings.model import Retention
from gateway.core.settings.roles import Right
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError
from web.guard.identity.stays import moment, stay_of
from web.guard.passbook import passbook
from web.installer.frame.door import door
from web.installer.frame.leaders import leaders, not_agreed
from web.installer.frame.page import installer_page
from web.installer.frame.who import who
from web.platform import look
from web.platform.services import ask, services
from web.words.times import site_zone

PATH = "/installer/identities"
SHEETS = ("installer/identities/page.css",)


@door(Right.CONFIRM)
def identities() -> Response:
    """All drivers whose number is kept, those that wait for the office first."""
    return _page()


@door(Right.CONFIRM)
def answer(person: str) -> Any:
    """What the office says of a driver."""
    confirmed = request.form.get("answer") == "yes"
    try:
        by = who()
        ask("identities.answer", person=person, confirmed=confirmed, how="page", said_by=by["by"], **by)
    except GatehouseError as error:
        return _page(refused=_why(error), status=503 if isinstance(error, EngineUnreachableError) else 409)
    return redirect(PATH, 303)


@door(Right.CONFIRM)
def reveal(person: str) -> Response:
    """The whole number and the signature, for a reason and with a leader's PIN."""
    said, reason = look.said(), request.form.get("reason", "").strip()
    leader = request.form.get("leader", "")
    if not reason or wrong_text(reason):
        return _page(refused=said("installer.identities.reason_wrong"), status=422)
    if why := not_agreed(leader, request.form.get("pin", ""), Right.WAIVE):
        return _page(refused=why, status=403)
    try:
        shown = ask("identities.reveal", person=person, reason=reason, agreed_by=leader, **who())
    except GatehouseError as error:
        return _page(refused=_why(error), status=503 if isinstance(error, EngineUnreachableError) else 409)
    return _page(shown=shown)


def _kept_days() -> int:
    settings = services().site.settings()
    return settings.gateway.retention.identity_days if settings is not None else Retention().identity_days


def _page(*, refused: str = "", status: int = 200, shown: dict[str, Any] | None = None) -> Response:
    offline, items = False, []
    try:
        items = ask("identities.list", open_only=False)["items"]
    except GatehouseError:
        offline = True
    found = installer_page(
        "installer/identities/page.html",
        place="identities",
        sheets=SHEETS,
        status=status,
        drivers=sorted([_driver(one) for one in items], key=lambda one: not one["waits"]),
        leaders=leaders(Right.WAIVE),
        refused=refused,
        offline=offline,
        shown=shown,
        days=_kept_days(),
    )
    found.headers["Cache-Control"] = "no-store"
    return found


def _driver(one: dict[str, Any]) -> dict[str, Any]:
    """A driver in words: the car, the document, how far the check is."""
    said, zone = look.said(), site_zone(services().site.document())
    stay = stay_of(services().readers.state(), one["visit"], passbook(services()), said, zone) if one["visit"] else None
    return {
        **one,
        "title": stay.title if stay else said("identity.not_listed"),
        "detail": stay.detail if stay else "",
        "document": said(f"identity.kind.{one['kind']}"),
        "state_words": said(f"installer.identities.state.{one['state']}"),
        "waits": one["state"] == "asked",
        "answers": one["state"] in ("asked", "confirmed", "declined", "signed"),
        "at_words": moment(one["at"], zone),
    }


def _why(error: GatehouseError) -> str:
    said = look.said()
    code = error.code.removeprefix("identity_")
    return said.first(f"identity.wrong.{code}", f"refused.{error.code}", "refused.other", code=error.code)


ROUTES = (
    ("GET", PATH, identities),
    ("POST", f"{PATH}/<person>/answer", answer),
    ("POST", f"{PATH}/<person>/reveal", reveal),
)
