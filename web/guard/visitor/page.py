"""A visitor is registered at the gate: choices, a card from the pile, and the last tap that also lets the car in."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from flask import Response

from gateway.core.charges.charging import Prices, read
from gateway.core.settings.explain import explain
from gateway.core.settings.model import Building
from gateway.core.settings.roles import Right
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError
from web.guard.keys.page import keys_now
from web.guard.orders.answers import answer, body_of, press
from web.guard.orders.send import Order, send, way
from web.guard.scene import refusal
from web.guard.visitor.code import Drawn, drawn
from web.guard.visitor.model import choices, unit_text
from web.live.presses import COUNTS_MS
from web.people import auth, stations
from web.platform import look
from web.platform.problems import Problem
from web.platform.services import ask, services
from web.visits.purposes import purposes

PICTURE_S = 1.0
"""How long the arm waits for the order to the cameras to be on record."""
_CODES = {"visit_conflict": "visitor.conflict", "visit_invalid": "visitor.invalid"}


class Registered(msgspec.Struct, frozen=True):
    """The body of a registration. `let_in`: the car stands at the lane, and is let in; `picture`: it may be there."""

    lane: str = ""
    let_in: bool = False
    case: str = ""
    plate: str = ""
    card: str = ""
    building: str = ""
    room: str = ""
    purpose: str = ""
    people: int = 1
    goods: bool = False
    vehicle_class: Literal["car", "motorcycle", "truck", "bus"] = "car"
    picture: bool = False
    request: str = ""
    pressed_ms: float | None = None


class Answer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to a registration: `code` to show, `ways` to say, `opened` whether an open was ordered.

    `pictured`: a picture of it was asked for; `no_picture` says why none was, where it should.
    """

    status: str
    text: str
    visit: str
    code: Drawn
    ways: list[str]
    tone: str
    opened: bool
    pictured: bool = False
    no_picture: str = ""


@auth.require_operator(Right.COMMAND)
def visitor_choices() -> Response:
    """What the sheet offers."""
    said = look.said()
    body = choices(said, _buildings(), keys_now(said), _prices(), purposes())
    return Response(msgspec.json.encode(body), content_type="application/json")


@auth.require_operator(Right.COMMAND)
def await_card() -> Response:
    """The sheet waits for a card from the pile at a lane, or (without one) waits no more."""
    said, station = look.said(), stations.current_station()
    if station is None:
        return answer("refused", refusal(said, "on_the_spot_only"), 409, "on_the_spot_only")
    lane = str(body_of().get("lane") or "")
    try:
        ask("lane.await_card", timeout_s=1, station=station.id, lane=lane, by=auth.signed_in().name)
    except GatehouseError as error:
        return answer("failed", refusal(said, error.code), _status(error), error.code)
    return answer("done", lane or "-")


@auth.require_operator(Right.COMMAND)
def register() -> Response:
    """Register a visitor; where its car waits, let it in as well. The same press again registers no other."""
    body, said = body_of(), look.said()
    pressed = press(body)
    if pressed is None:
        return answer("refused", refusal(said, "command_expired"), 409, "command_expired")
    asked = _read(body)
    building = next((one for one in _buildings() if one.id == asked.building), None)
    rule = next((one for one in purposes() if one.id == asked.purpose), None)
    said_goods = asked.goods or asked.vehicle_class == "truck"
    goods = bool(rule.brings_goods(said_goods)) if rule is not None else said_goods
    try:
        made = _add(asked, building, pressed[0], goods=goods)
    except GatehouseError as error:
        key = _CODES.get(error.code)
        text = said(key) if key else refusal(said, error.code)
        return answer("refused", text, _status(error), error.code)
    pictured, no_picture = _picture(asked, made["id"], pressed[0]) if _has_no_plate(asked) else (False, "")
    wrong = _let_in(asked, building, made["id"], pressed, goods=goods) if asked.let_in else ""
    opened = asked.let_in and not wrong
    text = said("visitor.opened" if opened else "visitor.registered") if not wrong else said("visitor.shut", why=wrong)
    found = Answer(
        "done",
        text,
        made["id"],
        drawn(made["code"]),
        [way for way in dict.fromkeys(_ways(building, said.locale, goods=goods)) if way],
        "asked" if opened else "refused" if wrong else "done",
        opened,
        pictured,
        no_picture,
    )
    return Response(msgspec.json.encode(found), content_type="application/json")


def _read(body: dict[str, Any]) -> Registered:
    try:
        return msgspec.convert(body, Registered)
    except msgspec.ValidationError as error:
        path, words = explain(error, body, Registered)
        raise Problem(422, "request_invalid", f"{path.removeprefix('.') or 'visitor'} {words}") from None


def _add(asked: Registered, building: Building | None, request: str, *, goods: bool) -> dict[str, Any]:
    visitor = {
        "plate": asked.plate or None,
        "card": asked.card or None,
        "unit": unit_text(building, asked.room),
        "purpose": asked.purpose,
        "people": asked.people,
        "vehicle_class": asked.vehicle_class,
        "building": building.id if building else None,
        "goods": goods,
    }
    made: dict[str, Any] = ask(
        "visits.add",
        timeout_s=COUNTS_MS / 1000,
        request=f"guard-{request}",
        visitor=visitor,
        by=auth.signed_in().name,
        **way(stations.current_station()),
    )
    return made


def _has_no_plate(asked: Registered) -> bool:
    """Whether a vehicle without plates may stand at the lane."""
    return not asked.plate and bool(asked.lane) and (asked.picture or asked.let_in)


def _picture(asked: Registered, visit: str, request: str) -> tuple[bool, str]:
    """Ask the lane's cameras for a picture of it, before it goes in; why none was asked for, "" when one was."""
    said, by, here = look.said(), auth.signed_in().name, way(stations.current_station())
    order = {"request": f"guard-{request}:picture", "visit": visit, "lane": asked.lane}
    try:
        got = ask("visit.picture", timeout_s=PICTURE_S, by=by, **order, **here)
    except GatehouseError:
        return False, said("visitor.picture.failed")
    if got.get("status") == "done":
        return True, ""
    return False, said.first(f"visitor.picture.{got.get('reason')}", "visitor.picture.failed")


def _let_in(asked: Registered, building: Building | None, visit: str, pressed: tuple[str, int], *, goods: bool) -> str:
    """Open for the car that waits, with its visit; why it was not opened, "" when it was."""
    shown = building.shown(goods=goods) if building else ""
    detail = {"visitor": {"visit": visit, "plate": asked.plate or None, "shown": shown}}
    request, until_ns = pressed
    by, reason = auth.signed_in().name, "registered"
    said = look.said()
    try:
        got = send(Order(asked.lane, "open", by, f"{request}:open", until_ns, reason, detail, asked.case))
    except GatehouseError as error:
        return refusal(said, error.code)
    return "" if got.get("status") == "done" else refusal(said, str(got.get("reason") or "other"))


def _ways(building: Building | None, locale: str, *, goods: bool) -> list[str]:
    """What to say, in the language of the screen first."""
    other = "en" if locale == "zh_CN" else "zh_CN"
    return [building.way(one, goods=goods) for one in (locale, other)] if building is not None else []


def _status(error: GatehouseError) -> int:
    return 503 if isinstance(error, EngineUnreachableError) else 409


def _buildings() -> list[Building]:
    raw = services().site.document().get("buildings", [])
    return msgspec.convert(raw, list[Building])


def _prices() -> Prices:
    return read(services().site.document(), _or_none)[0]


def _or_none(value: Any, kind: Any, _path: str) -> Any:
    """A value as that type; None for one that cannot be read, which `site apply` has refused."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return None
