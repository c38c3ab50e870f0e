"""The pages of the repair orders: the list, one order, and what people do with them."""

from __future__ import annotations

import secrets
import time
from typing import Any

from flask import Response, redirect, request

from gateway.core.settings.roles import Right
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError, RefusedError
from gateway.core.vocabulary.reasons import Refusal
from gateway.core.vocabulary.turn import rfc3339
from web.api import engine
from web.installer.frame.door import door
from web.installer.frame.page import installer_page
from web.installer.frame.who import who
from web.installer.repairs.model import Speaker, choices, in_order, urgencies
from web.people import auth
from web.platform import look
from web.platform.problems import Problem
from web.platform.services import ask, services
from web.words.times import site_zone

PATH = "/installer/repairs"
SHEETS = ("installer/repairs/page.css",)
VERBS = ("assign", "arrive", "report", "reject", "confirm", "acknowledge_limit")
OPEN_MAX = 500
CONFIRMED = 10
"""Confirmed orders below the open ones."""
FOLLOWED_S, LOOK_S = 1.0, 0.02
"""How long a page waits for the projections to have what was just done."""
TOLD = ("opened", "joined", *VERBS)


@door(Right.LOOK)
def repairs() -> Response:
    """All open orders, the latest confirmed ones, and the form of a new one."""
    return _list()


@door(Right.LOOK)
def repair(repair: str) -> Response:
    """One order and its life."""
    return _one(repair)


@door(Right.REPAIR)
def open_one() -> Any:
    """Open an order by hand."""
    about = request.form.get("about", "")
    kind, _, name = about.partition(":")
    order = {
        "note": request.form.get("note", "").strip(),
        "urgency": request.form.get("urgency", ""),
        "device": name if kind == "device" else "",
        "lane": name if kind == "lane" else "",
    }
    if not order["note"]:
        return _list(refused=RefusedError("say what is wrong", code=Refusal.NOTE_MISSING), status=409)
    try:
        made = _command("open", **order)
    except EngineUnreachableError:
        return _list(offline=True, status=503)
    except GatehouseError as error:
        return _list(refused=error, status=409)
    told = "joined" if made["count"] > 1 else "opened"
    return redirect(f"{PATH}/{made['repair']}?told={told}", 303)


@door(Right.REPAIR)
def act(repair: str, verb: str) -> Any:
    """Act on an order."""
    if verb == "acknowledge_limit" and Right.ACKNOWLEDGE_LIMIT not in auth.signed_in().role.rights:
        raise Problem(403, "forbidden", "Only the control room acknowledges a changed limit.")
    said = {"note": request.form.get("note", "").strip(), "to": request.form.get("to", "")}
    try:
        _command(verb, repair=repair, **said)
    except EngineUnreachableError:
        return _one(repair, offline=True, status=503)
    except GatehouseError as error:
        return _one(repair, refused=error, status=409)
    return redirect(f"{PATH}/{repair}?told={verb}", 303)


def _command(verb: str, **order: Any) -> dict[str, Any]:
    """Ask the engine, and wait until the lists have it; the same form sent twice is one request."""
    by = who()
    key = request.form.get("request", "") or secrets.token_hex(8)
    done = ask("repair.command", request=f"repair:{by['by']}:{key}"[:300], verb=verb, **by, **order)
    until_s = time.monotonic() + FOLLOWED_S
    while time.monotonic() < until_s:
        found = services().readers.state().repair(done["repair"], done["as_of"])
        if found is not None and found[0].as_of >= done["as_of"]:
            break
        time.sleep(LOOK_S)
    return dict(done)


def _speaker() -> Speaker:
    document = services().site.document()
    return Speaker(look.said(), site_zone(document), look.aware_now(), document)


def _now() -> str:
    return rfc3339(time.time_ns())


def _list(*, refused: GatehouseError | None = None, offline: bool = False, status: int = 200) -> Response:
    state, speaker, now = services().readers.state(), _speaker(), _now()
    document = services().site.document()
    orders = in_order(state.repairs(now, limit=OPEN_MAX))
    whats = state.repair_subjects()
    return installer_page(
        "installer/repairs/page.html",
        place="repairs",
        sheets=SHEETS,
        status=status,
        lines=[speaker.line(one, whats.get(one.repair, "")) for one in orders],
        late=sum(1 for one in orders if one.overdue),
        urgent=sum(1 for one in orders if one.urgency == "urgent"),
        confirmed=[
            (speaker.line(one, whats.get(one.repair, "")), speaker.moment(one.as_of))
            for one in state.confirmed_repairs(now, CONFIRMED)
        ],
        may_open=Right.REPAIR in auth.signed_in().role.rights,
        lanes=[(f"lane:{one['id']}", one.get("name") or one["id"]) for one in document.get("lanes", [])],
        devices=[(f"device:{one['id']}", one.get("name") or one["id"]) for one in document.get("devices", [])],
        urgencies=urgencies(),
        form=request.form if refused or offline else {},
        key=secrets.token_hex(8),
        refused=refused,
        offline=offline,
    )


def _one(repair: str, *, refused: GatehouseError | None = None, offline: bool = False, status: int = 200) -> Response:
    found = services().readers.state().repair(repair, _now())
    if found is None:
        raise Problem(404, "not_found", f"There is no repair order {repair[:64]!r}.")
    (order, steps), speaker = found, _speaker()
    what = str(steps[0].get("what") or steps[0].get("note") or "") if steps else ""
    told = request.args.get("told", "")
    return installer_page(
        "installer/repairs/one.html",
        place="repairs",
        sheets=SHEETS,
        status=status,
        order=order,
        line=speaker.line(order, what),
        dues=speaker.dues(order),
        opened=speaker.moment(order.opened_at),
        life=speaker.life(steps),
        error=_error_of(order.device) if order.state != "confirmed" else "",
        may=choices(order, auth.signed_in(), services().site.operators()),
        form=request.form if refused or offline else {},
        key=secrets.token_hex(8),
        refused=refused,
        offline=offline,
        told=told if told in TOLD else "",
    )


def _error_of(device: str | None) -> str:
    """What is wrong with a device now, in the engine's words; "" while it answers or nothing is known."""
    if device is None:
        return ""
    try:
        shown = engine.state().devices
    except EngineUnreachableError:
        return ""
    return next((one.last_error for one in shown if one.id == device and one.state != "online"), "")


ROUTES = (
    ("GET", PATH, repairs),
    ("POST", PATH, open_one),
    ("GET", f"{PATH}/<repair>", repair),
    ("POST", f"{PATH}/<repair>/<any({','.join(VERBS)}):verb>", act),
)
