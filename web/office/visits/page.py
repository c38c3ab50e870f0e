"""One visit: the office sees what is known of it, corrects it, and cancels a visitor who does not come."""

from __future__ import annotations

from typing import Any

import msgspec
from flask import Response, redirect, request

from gateway.core.settings.roles import Right
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError, VisitConflictError, VisitError
from gateway.core.vocabulary.views import VisitView
from web.guard.scene import refusal
from web.installer.frame.door import door
from web.installer.frame.page import installer_page
from web.installer.frame.who import who
from web.office.moments import moments
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
from web.platform import look
from web.platform.problems import Problem
from web.platform.services import ask, services

PATH = "/office/visits"
SHEETS = ("office/parts.css",)
TOLD = ("corrected", "same", "cancelled")


@door(Right.ANNOUNCE)
def visit(visit: str) -> Response:
    """One visit, and what can be done with it."""
    return _one(visit)


@door(Right.ANNOUNCE)
def correct(visit: str) -> Any:
    """Correct what was said of a visitor; fields that were not touched stay, whatever others have changed in them."""
    before, times, known = _known(visit), moments(), buildings()
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
        return _one(visit, wrong={field: look.said()(f"office.visits.wrong.{field}")}, status=422)
    except GatehouseError as error:
        return _one(visit, refused=_why(error, visit), status=_status(error))
    return redirect(f"{PATH}/{visit}?told=corrected", 303)


@door(Right.ANNOUNCE)
def cancel(visit: str) -> Any:
    """An expected visitor does not come."""
    _known(visit)
    try:
        ask("visits.cancel", visit=visit, **who())
    except GatehouseError as error:
        return _one(visit, refused=_why(error, visit), status=_status(error))
    return redirect(f"{PATH}/{visit}?told=cancelled", 303)


def _known(visit: str) -> VisitView:
    found = services().readers.state().visit(visit[:100])
    if found is None:
        raise Problem(404, "not_found", f"There is no visit {visit[:64]!r}.")
    return found


def _one(visit: str, *, wrong: dict[str, str] | None = None, refused: str = "", status: int = 200) -> Response:
    found, times = _known(visit), moments()
    lanes = {one["id"]: one.get("name") or one["id"] for one in services().site.document().get("lanes", [])}
    told, state = request.args.get("told", ""), state_of(times, found)
    values = as_form(times, found, buildings())
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
        corrects=found.until is not None and found.state in ("expected", "inside"),
        cancels=found.state == "expected",
        options=options(times.said, found.purpose or ""),
        form=request.form if wrong or refused else values,
        shown=request.form.get("shown") or msgspec.json.encode(values).decode(),
        wrong=wrong or {},
        refused=refused,
        told=told if told in TOLD and not (wrong or refused) else "",
    )


def _why(error: GatehouseError, visit: str) -> str:
    said = look.said()
    if isinstance(error, VisitConflictError):
        found = _known(visit)
        return said("office.visits.taken" if found.state in ("expected", "inside") else "office.visits.over")
    return refusal(said, error.code)


def _status(error: GatehouseError) -> int:
    return 503 if isinstance(error, EngineUnreachableError) else 409


ROUTES = (
    ("GET", f"{PATH}/<visit>", visit),
    ("POST", f"{PATH}/<visit>/correct", correct),
    ("POST", f"{PATH}/<visit>/cancel", cancel),
)
