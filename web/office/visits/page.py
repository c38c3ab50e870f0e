"""One visit: the office sees what is known of it, corrects it, and cancels a visitor who does not come."""

from __future__ import annotations

import secrets
from typing import Any

import msgspec
from flask import Response, redirect, request

from gateway.core.settings.roles import Right
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError, VisitConflictError, VisitError
from gateway.core.vocabulary.views import VisitView
from web.guard.scene import refusal
from web.installer.frame.door import door
from web.installer.frame.leaders import leaders
from web.installer.frame.page import installer_page
from web.installer.frame.who import who
from web.office.moments import moments
from web.office.visits.bill import bill_of
from web.office.visits.model import (
    TONES,
    as_form,
    as_shown,
    asked_for,
    buildings,
    changed,
    facts,
    options,
    state_of,
    title,
    wrong_field,
)
from web.people import auth
from web.platform import look
from web.platform.problems import Problem
from web.platform.services import ask, services

PATH = "/office/visits"
SHEETS = ("office/parts.css",)
TOLD = ("corrected", "same", "cancelled", "paid", "validated", "waived")


@door(Right.ANNOUNCE)
def visit(visit: str) -> Response:
    """One visit, and what can be done with it."""
    return one(visit)


@door(Right.ANNOUNCE)
def correct(visit: str) -> Any:
    """Correct what was said of a visitor; fields that were not touched stay, whatever others have changed in them."""
    before, times, known = known_visit(visit), moments(), buildings()
    shown = as_shown(request.form.get("shown", "")) or as_form(times, before, known)
    given = changed(shown, request.form, asked_for(request.form, times, known))
    if before.state == "inside":
        given.pop("from", None)
    if not given:
        return redirect(f"{PATH}/{visit}?told=same", 303)
    try:
        ask("visits.correct", visit=visit, visitor=given, **who())
    except VisitError as error:
        field = wrong_field(error)
        wrong = {field: look.said()(f"office.visits.wrong.{field}")}
        return one(visit, wrong=wrong, status=422, opened="correct")
    except GatehouseError as error:
        return one(visit, refused=_why(error, visit), status=_status(error), opened="correct")
    return redirect(f"{PATH}/{visit}?told=corrected", 303)


@door(Right.ANNOUNCE)
def cancel(visit: str) -> Any:
    """An expected visitor does not come."""
    known_visit(visit)
    try:
        ask("visits.cancel", visit=visit, **who())
    except GatehouseError as error:
        return one(visit, refused=_why(error, visit), status=_status(error))
    return redirect(f"{PATH}/{visit}?told=cancelled", 303)


def known_visit(visit: str) -> VisitView:
    """The visit of an address; Problem 404."""
    found = services().readers.state().visit(visit[:100])
    if found is None:
        raise Problem(404, "not_found", f"There is no visit {visit[:64]!r}.")
    return found


def one(
    visit: str, *, wrong: dict[str, str] | None = None, refused: str = "", status: int = 200, opened: str = ""
) -> Response:
    """The page of a visit. `opened`: the part with the form that was refused, which comes back with what was typed.

    A refused form about money keeps its key: sent again it books once, also when only the answer was lost.
    """
    found, times = known_visit(visit), moments()
    lanes = {one["id"]: one.get("name") or one["id"] for one in services().site.document().get("lanes", [])}
    told, state = request.args.get("told", ""), state_of(times, found)
    values = as_form(times, found, buildings())
    typed, corrects = request.form if opened else {}, opened == "correct"
    return installer_page(
        "office/visits/page.html",
        place="visitors",
        sheets=SHEETS,
        status=status,
        visit=found,
        title=title(times.said, found),
        state=times.said(f"office.visits.state.{state}"),
        tone=TONES[state],
        facts=facts(times, found, lanes),
        bill=bill_of(times, found) if Right.COLLECT in auth.signed_in().role.rights else None,
        leaders=leaders(Right.EXCUSE),
        kinds=[(kind, times.said(f"office.money.kind.{kind}")) for kind in ("minutes", "percent", "amount")],
        key=typed.get("request", "").rpartition("-")[0] or secrets.token_hex(8),
        opened=opened,
        corrects=found.until is not None and found.state in ("expected", "inside"),
        cancels=found.state == "expected",
        options=options(times.said, found.purpose or ""),
        form=typed if corrects else values,
        typed=typed,
        shown=(typed.get("shown") if corrects else "") or msgspec.json.encode(values).decode(),
        wrong=wrong or {},
        refused=refused,
        told=told if told in TOLD and not (wrong or refused) else "",
    )


def _why(error: GatehouseError, visit: str) -> str:
    said = look.said()
    if isinstance(error, VisitConflictError):
        found = known_visit(visit)
        return said("office.visits.taken" if found.state in ("expected", "inside") else "office.visits.over")
    return refusal(said, error.code)


def _status(error: GatehouseError) -> int:
    return 503 if isinstance(error, EngineUnreachableError) else 409


ROUTES = (
    ("GET", f"{PATH}/<visit>", visit),
    ("POST", f"{PATH}/<visit>/correct", correct),
    ("POST", f"{PATH}/<visit>/cancel", cancel),
)
