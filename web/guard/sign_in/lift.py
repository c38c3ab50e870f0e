"""A leader lifts the lock-out of an operator by name and PIN, at any screen."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import redirect, request

from gateway.core.settings.roles import Right, roles_with
from gateway.core.vocabulary.errors import GatehouseError
from web.guard.sign_in.page import NAMES_A_PAGE, SHEETS
from web.people import auth, stations
from web.platform.pages import page
from web.platform.problems import Problem
from web.platform.services import ask, services

MAY_LIFT = roles_with(Right.LIFT)


def lift_page() -> Any:
    """Who lifts it, then the PIN of that person."""
    return _page(request.args.get("name", ""), request.args.get("by", ""))


def lift() -> Any:
    """Lift the lock-out of `name`, if the PIN is that of `by` and `by` may."""
    name, by = request.form.get("name", ""), request.form.get("by", "")
    try:
        leader = auth.confirm_pin_of(by, request.form.get("pin", ""), MAY_LIFT)
        station = stations.current_station()
        ask(
            "operator.unlock",
            timeout_s=5,
            name=name,
            by=leader.name,
            via="guard" if station is not None else "browser",
            station=station.id if station is not None else None,
        )
    except Problem as problem:
        if problem.code not in ("pin_wrong", "too_many_attempts"):
            raise
        wait_s = int(problem.extra.get("wait_s", 0))
        kind = "locked" if problem.code == "too_many_attempts" else "wrong_wait" if wait_s else "wrong"
        return _page(name, by, kind, wait_s), problem.status
    except GatehouseError as error:
        kind = "unknown" if error.code == "not_found" else "not_lifted"
        return _page(name, by, kind), 404 if kind == "unknown" else 503
    return redirect(f"/sign-in?{urlencode({'name': name, 'lifted': 1})}", 303)


def _page(name: str, by: str, mistake: str = "", wait_s: int = 0) -> str:
    operators = services().site.operators()
    leaders = [one for one in operators.values() if one.role in MAY_LIFT]
    number = request.args.get("page", 0, type=int) % (pages := max(1, -(-len(leaders) // NAMES_A_PAGE)))
    return page(
        "guard/sign_in/lift.html",
        sheets=SHEETS,
        who=operators.get(name),
        leaders=leaders[number * NAMES_A_PAGE : (number + 1) * NAMES_A_PAGE],
        page=number,
        pages=pages,
        leader=next((one for one in leaders if one.name == by), None),
        mistake=mistake,
        wait_s=wait_s,
        station=auth.known_station(),
    )
