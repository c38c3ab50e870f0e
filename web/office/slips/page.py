"""Release slips at the office: the list with the form of a new one, one slip, and its paper."""

from __future__ import annotations

import secrets
import time
from typing import Any

from flask import Response, redirect, request

from gateway.core.people.texts import wrong_text
from gateway.core.settings.roles import Right
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError, SlipConflictError, SlipError
from gateway.core.vocabulary.rows.lists.slips import ASKERS
from gateway.core.vocabulary.views import SlipView
from gateway.store.slips.table import ACTIVE, STATES
from web.guard.scene import refusal
from web.guard.visitor.code import drawn
from web.installer.frame.door import door
from web.installer.frame.page import installer_page
from web.installer.frame.who import who
from web.office.listing import PAGE, listing
from web.office.moments import moments, on_paper
from web.office.slips.model import asked_for, facts, line, steps, whose
from web.platform import look
from web.platform.problems import Problem
from web.platform.services import ask, services

PATH = "/office/slips"
SHEETS = ("office/parts.css", "office/slips/page.css")
FILTERS = (ACTIVE, *(one for one in STATES if one != "open"), "")
"""What can be listed: what still holds, each other state, all."""
HOWS = ("phone", "in_person", "in_writing")
TOLD = ("made", "confirmed", "cancelled")
FIELDS = ("unit", "plate", "goods", "until", "carrier", "asked_by")


@door(Right.RELEASE)
def slips() -> Response:
    """The slips, the newest first, and the form of a new one."""
    return _list()


@door(Right.RELEASE)
def make() -> Any:
    """Make a slip; the same form sent twice makes one."""
    by, asked = who(), asked_for(request.form, moments())
    key = request.form.get("request", "") or secrets.token_hex(8)
    try:
        made = ask("slips.add", request=f"office:{by['by']}:{key}"[:300], slip=asked, **by)
    except SlipError as error:
        field = str(error).partition(" ")[0]
        wrong = field if field in FIELDS else "goods"
        return _list(wrong={wrong: look.said()(f"office.slips.wrong.{wrong}")}, status=422)
    except GatehouseError as error:
        return _list(refused=error, status=_status(error))
    return redirect(f"{PATH}/{made['slip']}?told=made", 303)


@door(Right.RELEASE)
def slip(slip: str) -> Response:
    """One slip, and what can be done with it."""
    return _one(slip)


@door(Right.RELEASE)
def confirm(slip: str) -> Any:
    """The owner has agreed that another carries the goods."""
    how = request.form.get("how", "")
    if how not in HOWS:
        return _one(slip, wrong=look.said()("office.slips.wrong.how"), status=422)
    return _done("confirmed", "slips.confirm", slip, how=how)


@door(Right.RELEASE)
def cancel(slip: str) -> Any:
    """The goods do not leave; with a reason."""
    reason = request.form.get("reason", "").strip()
    if not reason or wrong_text(reason):
        return _one(slip, wrong=look.said()("office.slips.wrong.reason"), status=422)
    return _done("cancelled", "slips.cancel", slip, reason=reason)


@door(Right.RELEASE)
def paper(slip: str) -> Response:
    """The slip on A4, in both languages."""
    found = _known(slip)
    both = [on_paper(one) for one in ("zh_CN", "en")]
    return installer_page(
        "office/slips/paper.html",
        place="slips",
        sheets=SHEETS,
        slip=found,
        both=[one.said for one in both],
        facts=list(zip(facts(both[0], found), facts(both[1], found), strict=True)),
        made=both[0].told(found.at),
        printed=both[0].told(look.aware_now().isoformat()),
        qr=drawn(found.slip),
    )


def _done(told: str, op: str, slip: str, **asked: Any) -> Any:
    _known(slip)
    try:
        ask(op, slip=slip, **asked, **who())
    except GatehouseError as error:
        return _one(slip, refused=error, status=_status(error))
    return redirect(f"{PATH}/{slip}?told={told}", 303)


def _known(slip: str) -> SlipView:
    found = services().readers.state().slip(slip[:100], time.time_ns())
    if found is None:
        raise Problem(404, "not_found", f"There is no release slip {slip[:64]!r}.")
    return found


def _list(*, wrong: dict[str, str] | None = None, refused: GatehouseError | None = None, status: int = 200) -> Response:
    times, said = moments(), look.said()
    asked = listing(FILTERS)
    found = (
        services().readers.state().latest_slips(asked.state, asked.query, time.time_ns(), PAGE + 1, asked.number * PAGE)
    )
    return installer_page(
        "office/slips/page.html",
        place="slips",
        sheets=SHEETS,
        status=status,
        lines=[line(times, one) for one in found[:PAGE]],
        states=[(one, said(f"office.slips.show.{one or 'all'}")) for one in FILTERS],
        state=asked.state,
        q=asked.query,
        number=asked.number,
        more=len(found) > PAGE,
        asked=[(one, said(f"office.slips.asked.{one}")) for one in ASKERS],
        carriers=[(one, said(f"office.slips.carrier.{one}")) for one in ("owner", "other")],
        form=request.form if wrong or refused else {},
        wrong=wrong or {},
        refused=_why(refused) if refused else "",
        key=secrets.token_hex(8),
    )


def _one(slip: str, *, wrong: str = "", refused: GatehouseError | None = None, status: int = 200) -> Response:
    found, times = _known(slip), moments()
    lanes = {one["id"]: one.get("name") or one["id"] for one in services().site.document().get("lanes", [])}
    told = request.args.get("told", "")
    return installer_page(
        "office/slips/one.html",
        place="slips",
        sheets=SHEETS,
        status=status,
        slip=found,
        line=line(times, found),
        whose=whose(found),
        facts=facts(times, found),
        steps=steps(times, found, lanes),
        hows=HOWS,
        form=request.form if wrong or refused else {},
        refused=wrong or (_why(refused, found) if refused else ""),
        told=told if told in TOLD and not (wrong or refused) else "",
    )


def _why(error: GatehouseError, found: SlipView | None = None) -> str:
    said = look.said()
    if isinstance(error, SlipConflictError) and found is not None:
        return said.first(f"slip.why.{found.state}", "office.slips.changed")
    return refusal(said, error.code)


def _status(error: GatehouseError) -> int:
    return 503 if isinstance(error, EngineUnreachableError) else 409


ROUTES = (
    ("GET", PATH, slips),
    ("POST", PATH, make),
    ("GET", f"{PATH}/<slip>", slip),
    ("GET", f"{PATH}/<slip>/paper", paper),
    ("POST", f"{PATH}/<slip>/confirm", confirm),
    ("POST", f"{PATH}/<slip>/cancel", cancel),
)
