"""The visitors of the site as the office announces them: the list, and the form with the code that it gives."""

from __future__ import annotations

import secrets
import time
from typing import Any

from flask import Response, redirect, request

from gateway.core.settings.roles import Right
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError, VisitConflictError, VisitError
from gateway.store.projections.visitors import ANNOUNCED
from web.guard.scene import refusal
from web.guard.visitor.code import drawn
from web.installer.frame.door import door
from web.installer.frame.page import installer_page
from web.installer.frame.who import who
from web.office.listing import PAGE, listing
from web.office.moments import moments
from web.office.visits.model import asked_for, buildings, line, options, title, wrong_field
from web.platform import look
from web.platform.services import ask, services

PATH = "/office/visitors"
SHEETS = ("office/parts.css", "office/visitors/page.css")


@door(Right.ANNOUNCE)
def office() -> Any:
    """The office's first page; `q` finds a visitor."""
    return redirect(f"{PATH}?{request.query_string.decode()}".rstrip("?"), 303)


@door(Right.ANNOUNCE)
def visitors() -> Response:
    """Who is expected, or of another state, and the form of a new one."""
    return _list()


@door(Right.ANNOUNCE)
def announce() -> Any:
    """Announce a visitor; the page with the code is the answer, and the same form sent twice has the same code."""
    # Announced, also where this page is open at a booth's own screen: the visitor is not at the gate.
    by, asked = {**who(), "via": "browser"}, asked_for(request.form, moments(), buildings())
    key = request.form.get("request", "") or secrets.token_hex(8)
    try:
        made = ask("visits.add", request=f"office:{by['by']}:{key}"[:300], visitor=asked, **by)
    except VisitError as error:
        field = wrong_field(error)
        return _list(wrong={field: look.said()(f"office.visits.wrong.{field}")}, status=422)
    except GatehouseError as error:
        code = "office.visits.taken" if isinstance(error, VisitConflictError) else ""
        why = look.said()(code) if code else refusal(look.said(), error.code)
        return _list(refused=why, status=503 if isinstance(error, EngineUnreachableError) else 409)
    if made["state"] != "expected":
        # The form of a visitor who has come, or was cancelled, was sent again.
        return redirect(f"/office/visits/{made['id']}", 303)
    return _list(made=made, status=201)


def _list(
    *, wrong: dict[str, str] | None = None, refused: str = "", made: dict[str, Any] | None = None, status: int = 200
) -> Response:
    times, asked, state = moments(), listing(ANNOUNCED), services().readers.state()
    found = state.announced(asked.state, asked.query, time.time_ns(), PAGE + 1, asked.number * PAGE)
    visit = state.visit(made["id"]) if made else None
    page = installer_page(
        "office/visitors/page.html",
        place="visitors",
        sheets=SHEETS,
        status=status,
        lines=[line(times, one) for one in found[:PAGE]],
        states=[(one, times.said(f"office.visits.state.{one}")) for one in ANNOUNCED],
        state=asked.state,
        q=asked.query,
        number=asked.number,
        more=len(found) > PAGE,
        options=options(times.said),
        form=request.form if wrong or refused else {},
        wrong=wrong or {},
        refused=refused,
        made=made,
        whom=title(times.said, visit) if visit else "",
        qr=drawn(made["code"]) if made else None,
        key=secrets.token_hex(8),
    )
    if made:
        page.headers["Cache-Control"] = "no-store"
    return page


ROUTES = (("GET", "/office", office), ("GET", PATH, visitors), ("POST", PATH, announce))
