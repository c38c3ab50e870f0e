"""Stop: for the chosen lane and every lane whose arm comes down; without a chosen lane, or when nothing is sure, all.

Works also from a screen where no operator is signed in now, but one has been.
"""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, request

from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError
from web.guard.home.model import age_of, blank_snapshot
from web.guard.orders import answers
from web.guard.orders.answers import answer, body_of, press
from web.guard.orders.send import Order, send
from web.guard.scene import COMMAND_ROLES
from web.people import auth
from web.platform import look
from web.platform.problems import Problem
from web.platform.services import services

# A little before the screen hatches its panels: in doubt Stop takes all lanes.
SURE_MS = 4000
# The author of a stop from a screen without a session.
NO_OPERATOR = "booth"
_FALLING = ("lowering",)


def stop() -> Any:
    """Stop the chosen lane and every lane whose arm comes down; without a chosen lane, or when nothing is sure, all."""
    operator = auth.current_operator()
    if operator is None and not auth.known_station():
        raise Problem(401, "sign_in_required", "Sign in with your name and PIN first.")
    if operator is not None and operator.role not in COMMAND_ROLES:
        raise Problem(403, "role_missing", "Your role may look but not move an arm.")
    body = body_of()
    by = operator.name if operator else NO_OPERATOR
    pressed = press(body)
    if pressed is None:
        answered = answer("failed", look.said()("answer.stop_late"), 409, "command_expired")
    else:
        answered = _stop_all(_lanes_to_stop(str(body.get("lane") or "")), by, *pressed)
    return answered if request.is_json else redirect("/", 303)


def _stop_all(lanes: dict[str, str], by: str, request_id: str, until_ns: int) -> Response:
    said = look.said()
    if not lanes:
        return answer("failed", said("answer.stop_failed"), 409, "unknown_lane")
    refused = ""
    for lane in lanes:
        try:
            got = send(Order(lane, "stop", by, f"{request_id}:{lane}", until_ns))
            refused = refused or ("" if got.get("status") == "done" else str(got.get("reason")))
        except EngineUnreachableError as error:
            return answer("failed", said("answer.stop_failed"), 503, error.code)
        except GatehouseError as error:
            refused = refused or error.code
    if refused == "command_expired":
        return answer("failed", said("answer.stop_late"), 409, refused)
    if refused:
        return answers.refused("stop", refused, 409)
    return answer("done", said("answer.stop_done", lane=said.listed(list(lanes.values()))), tone="asked")


def _lanes_to_stop(chosen: str) -> dict[str, str]:
    """Lane ids and names, the chosen one first."""
    snapshot, age_ms = services().live.snapshot()
    sure = snapshot is not None and age_of(snapshot, age_ms, look.aware_now()) < SURE_MS
    lanes = (snapshot or blank_snapshot(services().site.document())).lanes
    names = {lane.id: lane.name or lane.id for lane in lanes}
    if chosen not in names or not sure:
        return dict(sorted(names.items(), key=lambda item: item[0] != chosen))
    falling = {lane.id: names[lane.id] for lane in lanes if lane.arm in _FALLING}
    return {chosen: names[chosen], **falling}
