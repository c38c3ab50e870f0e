"""One order for one lane, and the choice of the lane that a booth's own screen shows."""

from __future__ import annotations

from typing import Any

import msgspec
from flask import Response

from gateway.core.lane.modes.hold_end import HoldEnd
from gateway.core.settings.roles import Right
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError
from web.guard.home.model import blank_snapshot
from web.guard.orders.answers import answer, body_of, press, reason_of, refused
from web.guard.orders.may import exits_opened
from web.guard.orders.send import Order, send
from web.guard.scene import COMMAND_ROLES, refusal
from web.people import auth, stations
from web.platform import look
from web.platform.problems import Problem
from web.platform.services import ask, services

COMMANDS = frozenset(
    {
        "open", "close", "stop", "hold", "release", "lock", "unlock", "reset", "passed", "emergency", "look", "refuse",
        "seen_to", "owe",
    }
)  # fmt: skip
MOVING = frozenset({"open", "close", "hold", "stop", "emergency", "owe"})
ASK_PIN = frozenset({"lock", "unlock", "reset", "owe"})
ASK_REASON = frozenset({"refuse", "seen_to"})
WAIVES = {"ends_away": "leader", "emergency": "emergency"}
"""Reasons by which a tag comes off though touched points are not ticked again, and whose word each needs."""
CASE_MAX = 100


@auth.require_operator(Right.COMMAND)
def choose() -> Response:
    """A booth's own screen shows this lane as the chosen one: a desk reader that serves several is for it."""
    said, station = look.said(), stations.current_station()
    lane = str(body_of().get("lane") or "")
    if station is None or not station.stands_at(lane):
        return answer("refused", refusal(said, "on_the_spot_only"), 409, "on_the_spot_only")
    by = auth.signed_in().name
    try:
        ask("lane.choose", timeout_s=1, station=station.id, lane=lane, by=by)
    except GatehouseError as error:
        status = 503 if isinstance(error, EngineUnreachableError) else 409
        return answer("failed", refusal(said, error.code), status, error.code)
    return answer("done", lane)


@auth.require_operator(Right.COMMAND)
def command(lane: str, command: str) -> Response:
    """One command for one lane.

    Lock, unlock and reset ask for the PIN of a named person and a reason; what is about a car (`case`) for a reason.
    """
    if command not in COMMANDS:
        raise Problem(404, "not_found", f"There is no command {command}.")
    body = body_of()
    by, case = auth.signed_in().name, str(body.get("case") or "")[:CASE_MAX]
    reason = reason_of(body) if command in ASK_PIN | ASK_REASON or case else ""
    if command in ASK_PIN:
        by = str(body.get("name") or by)
        if wrong := confirmed_by_pin(command, by, str(body.get("pin", ""))):
            return wrong
    detail = _hold_end(body) if command == "hold" else {}
    if command == "unlock" and reason in WAIVES:
        detail = {"waive": WAIVES[reason]}
        if WAIVES[reason] == "leader" and not has_right(by, Right.WAIVE):
            return refused(command, "leader_only", 403)
    if command == "owe" and has_right(by, Right.EXCUSE):
        # Both are on record: the guard who releases the car, and the leader who agrees.
        detail, by = {"leader": by}, auth.signed_in().name
    pressed = press(body)
    if pressed is None:
        return refused(command, "command_expired", 409)
    return _give(Order(lane, command, by, *pressed, reason, detail, case))


def has_right(name: str, right: Right) -> bool:
    """Whether a person has a right; where no operator has it, everyone does: a site without leaders is not stuck."""
    people = services().site.operators()
    having = [one.name for one in people.values() if right in one.role.rights]
    return name in having or not having


def _hold_end(body: dict[str, Any]) -> dict[str, Any]:
    """When a hold ends; nothing given: at its release."""
    given = {name: body[name] for name in ("minutes", "count") if body.get(name) is not None}
    try:
        return msgspec.convert(given, HoldEnd).document()
    except msgspec.ValidationError as error:
        raise Problem(422, "request_invalid", f"hold: {error}") from None


def confirmed_by_pin(command: str, name: str, pin: str) -> Response | None:
    """None when the PIN is that of a person who may do this, else the answer that says why not."""
    person = services().site.operators().get(name)
    if person is None or person.role not in COMMAND_ROLES:
        return refused(command, "role", 403)
    try:
        auth.confirm_pin(name, pin)
    except Problem as problem:
        if problem.code not in ("pin_wrong", "too_many_attempts"):
            raise
        wait_s = int(problem.extra.get("wait_s", 0))
        if problem.code == "too_many_attempts":
            return refused(command, "pin_locked", 429, seconds=wait_s)
        return refused(command, "pin_wrong_wait" if wait_s else "pin_wrong", 403, seconds=wait_s)
    return None


def _give(order: Order) -> Response:
    said = look.said()
    label = said(f"cmd.{order.command}")
    try:
        got = send(order)
    except EngineUnreachableError as error:
        return answer("failed", said("answer.failed", command=label, why=refusal(said, error.code)), 503, error.code)
    except GatehouseError as error:
        return refused(order.command, error.code, 409)
    if got.get("status") != "done":
        return refused(order.command, str(got.get("reason") or "other"), 409)
    tone = "asked" if order.command in MOVING else "done"
    return answer("done", _taken(order, label), tone=tone)


def _taken(order: Order, label: str) -> str:
    """The words for an order that was taken: what moves an arm is only asked for so far."""
    said = look.said()
    if order.command == "emergency" and (exits := _other_exits(order.lane)):
        return said("answer.requested_exits", command=label, exits=said.listed(exits))
    return said("answer.requested" if order.command in MOVING else "answer.done", command=label)


def _other_exits(lane: str) -> list[str]:
    """The exits that an emergency at this lane opens too, by name."""
    snapshot, _age_ms = services().live.snapshot()
    lanes = (snapshot or blank_snapshot(services().site.document())).lanes
    found = next((one for one in lanes if one.id == lane), None)
    return exits_opened(found, lanes) if found is not None else []
