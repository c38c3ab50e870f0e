"""The guard's pages and what their buttons ask for.

Pages come with the first state already in them; the script then keeps them true through `/live`. A command goes to the
engine with the id that the press got on the screen, so that a double tap or a repeated request moves an arm once, and
with the time at which it ends, so that none is carried out late. The engine is told truly who asks: a booth's own
screen that stands at the lane, or a page elsewhere. Stop is special: it is taken for the chosen lane and every lane
whose arm comes down, and also from a screen where nobody is signed in just now but somebody has been.
"""

from __future__ import annotations

import re
import time
from functools import partial
from secrets import token_urlsafe
from typing import Any

import msgspec
from flask import Blueprint, Response, current_app, redirect, render_template, request

from gateway.control import Client
from gateway.core.access.pending import REFUSE_REASONS, RELEASE_REASONS
from gateway.core.lane.modes.hold_end import HoldEnd
from gateway.core.settings.model import Station
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError
from web import auth, stations
from web.guard import look
from web.guard.passbook import passbook
from web.guard.view import COMMAND_ROLES, View, age_of, blank_snapshot, exits_opened, guard_view, refusal
from web.guard.words import LOCALES
from web.live import Snapshot
from web.operators import Operator
from web.presses import COUNTS_MS, TooLateError
from web.problems import Problem
from web.services import Services, services

BLUEPRINT = Blueprint("guard", __name__)
BLUEPRINT.add_app_template_filter(look.dig, "dig")
BLUEPRINT.add_app_template_global(look.asset, "asset")

COMMANDS = frozenset(
    {
        "open", "close", "stop", "hold", "release", "lock", "unlock", "reset", "passed", "emergency", "look", "refuse",
        "seen_to",
    }
)  # fmt: skip
MOVING = frozenset({"open", "close", "hold", "stop", "emergency"})
ASK_PIN = frozenset({"lock", "unlock", "reset"})
ASK_REASON = frozenset({"refuse", "seen_to"})
CASE_MAX = 100
# Of the reasons to turn a car away those that fit one which was seen to.
SEEN_REASONS = ("turned_back", "other")
# A little longer than the order counts: by then the engine has answered, or will refuse it.
ANSWER_MORE_S = 0.5
# A little before the screen hatches its panels: in doubt Stop takes all lanes.
SURE_MS = 4000
NAMES_A_PAGE = 9
NOBODY = "booth"
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_REASON = re.compile(r"[a-z_]{1,40}")
# Texts that the page's script puts together itself, each by its key or by what all of a kind begin with.
SCRIPT_WORDS = (
    "age.", "ago.", "since.", "left.", "stale.", "cmd.", "confirm.", "stop.", "lanes.", "hold.",
    "alarm.none", "alarm.older",
    "answer.sending", "answer.no_answer_yet", "answer.not_arrived", "answer.stop_not_yet", "answer.stop_failed",
    "case.title", "case.over", "case.read", "case.no_plate", "case.plates", "case.unknown", "case.shown",
    "refused.choose_lane", "refused.stale", "refused.network", "refused.csrf", "refused.reason_needed",
    "refused.held_already", "refused.case_over",
    "why.stale",
)  # fmt: skip
_STOP_FIRST = ("lowering",)


# ---- the live view -------------------------------------------------------------------------------------------------


def live_view() -> partial[View]:
    """The view for this request's language, to be called with (snapshot, age in ms, operator) outside the request."""
    return partial(_render, services(), look.locale(), stations.current_station())


def _render(
    held: Services, locale: str, station: Station | None, snapshot: Snapshot | None, age_ms: int, operator: Operator
) -> View:
    document = held.site.document()
    shown = blank_snapshot(document) if snapshot is None else snapshot
    days = int(document.get("site", {}).get("expiry_warning_days", 10))
    view = guard_view(
        shown,
        passbook(held),
        locale,
        look.aware_now(),
        age_ms=age_ms,
        role=operator.role,
        expiry_days=days,
        stands_at=partial(stations.stands_at, station),
    )
    acts = operator.role in COMMAND_ROLES
    # Nothing was ever heard: as old as can be, so that no button is on.
    known = {} if snapshot is not None else {"age_ms": 10**9}
    return {**view, **known, "mono_ms": mono_ms(), "station": station.id if station and acts else ""}


def mono_ms() -> int:
    """CLOCK_MONOTONIC, which pages reckon by when a button was touched."""
    return time.monotonic_ns() // 1_000_000


def _page(template: str, **values: Any) -> str:
    said = look.said()
    site = services().site.document().get("site", {})
    local = guard_view({"site": site}, lambda _id: None, said.locale, look.aware_now())
    chosen = look.theme()
    night = chosen == "night" or (chosen == "auto" and local["night"])
    return render_template(
        template,
        say=said,
        locale=said.locale,
        theme=chosen,
        night=night,
        site=site.get("name") or site.get("id", ""),
        clock=local["clock"],
        offset_min=local["offset_min"],
        mono_ms=mono_ms(),
        **values,
    )


# ---- home ----------------------------------------------------------------------------------------------------------


@BLUEPRINT.get("/")
@auth.require_operator()
def home() -> Response:
    """The guard screen."""
    operator = _operator()
    snapshot, age_ms = services().live.snapshot()
    view = live_view()(snapshot, age_ms, operator)
    people = [one.name for one in services().site.operators().values() if one.role in COMMAND_ROLES]
    script = look.said().part(*SCRIPT_WORDS)
    page = _page(
        "guard/home.html",
        view=view,
        operator=operator,
        people=people,
        script_words=script,
        release_reasons=RELEASE_REASONS,
        refuse_reasons=REFUSE_REASONS,
        seen_reasons=SEEN_REASONS,
    )
    return stations.renew(current_app.make_response(page))


def _operator() -> Operator:
    operator = auth.current_operator()
    assert operator is not None
    return operator


# ---- signing in and out --------------------------------------------------------------------------------------------


@BLUEPRINT.get("/sign-in")
def sign_in_page() -> str | Response:
    """Names first, then the PIN of the chosen one."""
    return _sign_in(request.args.get("name"))


@BLUEPRINT.post("/sign-in")
def sign_in() -> Any:
    """Check the PIN; a mistake is answered on the same page, in calm words."""
    name = request.form.get("name", "")
    try:
        auth.sign_in(name, request.form.get("pin", ""))
    except Problem as problem:
        if problem.code not in ("pin_wrong", "too_many_attempts"):
            raise
        wait_s = int(problem.extra.get("wait_s", 0))
        kind = "locked" if problem.code == "too_many_attempts" else "wrong_wait" if wait_s else "wrong"
        return _sign_in(name, kind, wait_s), problem.status
    return redirect(_inside(request.form.get("next", "/")), 303)


def _sign_in(name: str | None, mistake: str = "", wait_s: int = 0) -> str:
    operators = list(services().site.operators().values())
    chosen = next((one for one in operators if one.name == name), None)
    if name and chosen is None:
        mistake = mistake or "unknown"
    if not mistake and "ended" in request.args:
        mistake = "ended"
    pages = max(1, -(-len(operators) // NAMES_A_PAGE))
    page = request.args.get("page", 0, type=int) % pages
    return _page(
        "guard/sign_in.html",
        operators=operators[page * NAMES_A_PAGE : (page + 1) * NAMES_A_PAGE],
        page=page,
        pages=pages,
        chosen=chosen,
        mistake=mistake,
        wait_s=wait_s,
        next=_inside(request.values.get("next", "/")),
        station=_known_station(),
    )


def _inside(target: str) -> str:
    """Only a path of this site, never another host."""
    return target if re.fullmatch(r"/[A-Za-z0-9_][A-Za-z0-9_/?=&.-]*|/", target) else "/"


@BLUEPRINT.post("/sign-out")
def sign_out() -> Any:
    """End the session of this station."""
    auth.sign_out()
    return redirect("/sign-in", 303)


@BLUEPRINT.post("/guard/look")
def choose_look() -> Any:
    """Language or brightness of this station; needs nobody signed in."""
    answer = current_app.make_response(redirect(_inside(request.form.get("back", "/")), 303))
    if (language := request.form.get("lang")) in LOCALES:
        look.keep(answer, look.LOCALE_COOKIE, str(language))
    if (chosen := request.form.get("theme")) in look.THEMES:
        look.keep(answer, look.THEME_COOKIE, str(chosen))
    return answer


# ---- a booth's own screen ------------------------------------------------------------------------------------------


@BLUEPRINT.get("/station")
def station_page() -> str:
    """Says which station this browser is, or takes a station's key."""
    return _station_page()


@BLUEPRINT.post("/station")
def give_key() -> Any:
    """Take the key that makes this browser a booth's own screen."""
    key = request.form.get("key", "")
    if stations.of_key(key) is None:
        return _station_page("proxied" if stations.is_proxied() else "wrong"), 403
    return stations.keep(current_app.make_response(redirect("/station", 303)), key)


def _station_page(mistake: str = "") -> str:
    station = stations.current_station()
    names = {lane["id"]: lane.get("name") or lane["id"] for lane in services().site.document().get("lanes", [])}
    shown = names if station is None or not station.lanes else station.lanes
    return _page(
        "guard/station.html",
        here=station,
        lanes=[names.get(lane, lane) for lane in shown],
        keyed=bool(services().site.stations()),
        mistake=mistake,
        station=_known_station(),
    )


@BLUEPRINT.get("/guard/time")
def time_of_day() -> Response:
    """CLOCK_MONOTONIC for pages that have no view to learn it from."""
    return Response(msgspec.json.encode({"mono_ms": mono_ms()}), content_type="application/json")


@BLUEPRINT.post("/guard/choose")
@auth.require_operator(*sorted(COMMAND_ROLES))
def choose() -> Response:
    """A booth's own screen shows this lane as the chosen one: a desk reader that serves several is for it."""
    said, station = look.said(), stations.current_station()
    lane = str(_body().get("lane") or "")
    if station is None or not station.stands_at(lane):
        return _answer("refused", refusal(said, "on_the_spot_only"), 409, "on_the_spot_only")
    try:
        Client(services().socket).call("lane.choose", timeout_s=1, station=station.id, lane=lane, by=_operator().name)
    except GatehouseError as error:
        status = 503 if isinstance(error, EngineUnreachableError) else 409
        return _answer("failed", refusal(said, error.code), status, error.code)
    return _answer("done", lane)


# ---- commands ------------------------------------------------------------------------------------------------------


class Order(msgspec.Struct, frozen=True):
    """What a screen asks of a lane; `until_ns` (CLOCK_MONOTONIC) is when it ends."""

    lane: str
    command: str
    by: str
    request: str
    until_ns: int
    reason: str = ""
    detail: dict[str, Any] = {}
    case: str = ""


@BLUEPRINT.post("/guard/lanes/<lane>/<command>")
@auth.require_operator(*sorted(COMMAND_ROLES))
def command(lane: str, command: str) -> Response:
    """One command for one lane.

    Lock, unlock and reset ask for the PIN of a named person and a reason; what is about a car (`case`) for a reason.
    """
    if command not in COMMANDS:
        raise Problem(404, "not_found", f"There is no command {command}.")
    body = _body()
    by, case = _operator().name, str(body.get("case") or "")[:CASE_MAX]
    reason = _reason(body) if command in ASK_PIN | ASK_REASON or case else ""
    if command in ASK_PIN:
        by = str(body.get("name") or by)
        if refused := _confirm(command, by, str(body.get("pin", ""))):
            return refused
    detail = _hold_end(body) if command == "hold" else {}
    press = _press(body)
    if press is None:
        return _refused(command, "command_expired", 409)
    return _send(Order(lane, command, by, *press, reason, detail, case))


def _press(body: dict[str, Any]) -> tuple[str, int] | None:
    """The id of an order and until when it counts; None when that is over."""
    request_id = _request_id(body)
    try:
        return request_id, services().presses.counts_until_ns(request_id, body.get("pressed_ms"))
    except TooLateError:
        return None


def _hold_end(body: dict[str, Any]) -> dict[str, Any]:
    """When a hold ends by itself; nothing given: when somebody releases it."""
    given = {name: body[name] for name in ("minutes", "count") if body.get(name) is not None}
    try:
        return msgspec.convert(given, HoldEnd).document()
    except msgspec.ValidationError as error:
        raise Problem(422, "request_invalid", f"hold: {error}") from None


def _confirm(command: str, name: str, pin: str) -> Response | None:
    """None when the PIN is that of a person who may do this, else the answer that says why not."""
    person = services().site.operators().get(name)
    if person is None or person.role not in COMMAND_ROLES:
        return _refused(command, "role", 403)
    try:
        auth.check_pin_again(name, pin)
    except Problem as problem:
        if problem.code not in ("pin_wrong", "too_many_attempts"):
            raise
        wait_s = int(problem.extra.get("wait_s", 0))
        if problem.code == "too_many_attempts":
            return _refused(command, "pin_locked", 429, seconds=wait_s)
        return _refused(command, "pin_wrong_wait" if wait_s else "pin_wrong", 403, seconds=wait_s)
    return None


def _send(order: Order) -> Response:
    said = look.said()
    label = said(f"cmd.{order.command}")
    try:
        answer = _ask(order)
    except EngineUnreachableError as error:
        return _answer("failed", said("answer.failed", command=label, why=refusal(said, error.code)), 503, error.code)
    except GatehouseError as error:
        return _refused(order.command, error.code, 409)
    if answer.get("status") != "done":
        return _refused(order.command, str(answer.get("reason") or "other"), 409)
    tone = "asked" if order.command in MOVING else "done"
    return _answer("done", _taken(order, label), tone=tone)


def _taken(order: Order, label: str) -> str:
    """The words for an order that was taken: what moves an arm is only asked for so far."""
    said = look.said()
    if order.command == "emergency" and (exits := _other_exits(order.lane)):
        return said("answer.requested_exits", command=label, exits=said.listed(exits))
    return said("answer.requested" if order.command in MOVING else "answer.done", command=label)


def _other_exits(lane: str) -> list[str]:
    """The exits that an emergency at this lane opens too, by name."""
    snapshot, _age_ms = services().live.snapshot()
    lanes = (snapshot or blank_snapshot(services().site.document())).get("lanes", [])
    return exits_opened(next((one for one in lanes if one["id"] == lane), {}), lanes)


def _ask(order: Order) -> dict[str, Any]:
    station = stations.current_station()
    return dict(
        Client(services().socket).call(
            "lane.command",
            timeout_s=services().presses.left_s(order.until_ns) + ANSWER_MORE_S,
            request=f"guard-{order.request}",
            lane=order.lane,
            command=order.command,
            by=order.by,
            via=_via(station),
            station=station.id if station is not None else "",
            present=stations.stands_at(station, order.lane),
            reason=order.reason,
            expires_at=None,
            expires_mono_ns=order.until_ns,
            detail=order.detail,
            case=order.case,
        )
    )


def _via(station: Station | None) -> str:
    """The way that an order from this browser comes."""
    return "guard" if station is not None else "browser"


@BLUEPRINT.post("/guard/stop")
def stop() -> Any:
    """Stop the chosen lane and every lane whose arm comes down; without a chosen lane, or when nothing is sure, all."""
    operator = auth.current_operator()
    if operator is None and not _known_station():
        raise Problem(401, "sign_in_required", "Sign in with your name and PIN first.")
    if operator is not None and operator.role not in COMMAND_ROLES:
        raise Problem(403, "role_missing", "Your role may look but not move an arm.")
    body = _body()
    by = operator.name if operator else NOBODY
    press = _press(body)
    if press is None:
        answer = _answer("failed", look.said()("answer.stop_late"), 409, "command_expired")
    else:
        answer = _stop_all(_lanes_to_stop(str(body.get("lane") or "")), by, *press)
    return answer if request.is_json else redirect("/", 303)


def _stop_all(lanes: dict[str, str], by: str, request_id: str, until_ns: int) -> Response:
    said = look.said()
    if not lanes:
        return _answer("failed", said("answer.stop_failed"), 409, "unknown_lane")
    refused = ""
    for lane in lanes:
        try:
            answer = _ask(Order(lane, "stop", by, f"{request_id[:48]}-{lane}"[:58], until_ns))
            refused = refused or ("" if answer.get("status") == "done" else str(answer.get("reason")))
        except EngineUnreachableError as error:
            return _answer("failed", said("answer.stop_failed"), 503, error.code)
        except GatehouseError as error:
            refused = refused or error.code
    if refused == "command_expired":
        return _answer("failed", said("answer.stop_late"), 409, refused)
    if refused:
        return _refused("stop", refused, 409)
    return _answer("done", said("answer.stop_done", lane=said.listed(list(lanes.values()))), tone="asked")


def _lanes_to_stop(chosen: str) -> dict[str, str]:
    """Lane ids and names, the chosen one first."""
    snapshot, age_ms = services().live.snapshot()
    sure = snapshot is not None and age_of(snapshot, age_ms, look.aware_now()) < SURE_MS
    lanes = (snapshot or blank_snapshot(services().site.document())).get("lanes", [])
    names = {lane["id"]: str(lane.get("name") or lane["id"]) for lane in lanes}
    if chosen not in names or not sure:
        return dict(sorted(names.items(), key=lambda item: item[0] != chosen))
    falling = {lane["id"]: names[lane["id"]] for lane in lanes if lane.get("arm") in _STOP_FIRST}
    return {chosen: names[chosen], **falling}


def _known_station() -> bool:
    """Whether an operator has signed in from this address before, so that its Stop works without a session."""
    if auth.current_operator() is not None:
        return True
    return services().lockout.knows(request.remote_addr or "")


# ---- alarms --------------------------------------------------------------------------------------------------------


@BLUEPRINT.post("/guard/alarms/<alarm>/<any(acknowledge, close):verb>")
@auth.require_operator(*sorted(COMMAND_ROLES))
def alarm_verb(alarm: str, verb: str) -> Response:
    """Say by name that an alarm was seen, or close it with what it was (`finding`: real or false)."""
    body, said = _body(), look.said()
    if _press(body) is None:
        text = said("alarm.not_sent", why=refusal(said, "command_expired"))
        return _answer("refused", text, 409, "command_expired")
    try:
        answer = _ask_about(alarm, verb, _request_id(body), str(body.get("finding") or ""))
    except GatehouseError as error:
        text = said("alarm.not_sent", why=refusal(said, error.code))
        return _answer("failed", text, 503 if isinstance(error, EngineUnreachableError) else 409, error.code)
    if answer.get("status") == "refused":
        code = str(answer.get("reason") or "refused")
        return _answer("refused", said("alarm.not_sent", why=refusal(said, code)), 409, code)
    return _answer("done", said("alarm.acknowledged" if verb == "acknowledge" else "alarm.closed"))


def _ask_about(alarm: str, verb: str, request_id: str, finding: str) -> dict[str, Any]:
    station = stations.current_station()
    return dict(
        Client(services().socket).call(
            "alarm.command",
            timeout_s=COUNTS_MS / 1000,
            request=f"guard-{request_id}",
            alarm=alarm,
            verb=verb,
            by=_operator().name,
            reason="",
            finding=finding,
            until=None,
            via=_via(station),
            station=station.id if station is not None else "",
        )
    )


# ---- bodies and answers --------------------------------------------------------------------------------------------


def _body() -> dict[str, Any]:
    body = request.get_json(silent=True) if request.is_json else request.form.to_dict()
    if not isinstance(body, dict):
        raise Problem(400, "request_invalid", "Send a JSON object.")
    return body


def _request_id(body: dict[str, Any]) -> str:
    """The id that the press got on the screen; a press without one (no script) gets its own here."""
    given = str(body.get("request") or "")
    if not given:
        return token_urlsafe(12)
    if not _REQUEST_ID.fullmatch(given):
        raise Problem(400, "request_invalid", "request: 8 to 64 letters, digits, - or _")
    return given


def _reason(body: dict[str, Any]) -> str:
    reason = str(body.get("reason") or "")
    if not _REASON.fullmatch(reason):
        raise Problem(422, "reason_needed", look.said()("refused.reason_needed"))
    return reason


def _refused(command: str, code: str, status: int, **values: object) -> Response:
    said = look.said()
    why = refusal(said, code, **values)
    return _answer("refused", said("answer.refused", command=said(f"cmd.{command}"), why=why), status, code)


def _answer(status: str, text: str, http: int = 200, code: str = "", tone: str = "") -> Response:
    """`tone` is how it looks: by default as its status; `asked` for what was taken and cannot be seen yet."""
    body = msgspec.json.encode({"status": status, "text": text, "code": code, "tone": tone or status})
    return Response(body, http, content_type="application/json")
