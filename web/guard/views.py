"""The guard's pages and what their buttons ask for.

Pages come with the first state already in them; the script then keeps them true through `/live`. A command goes to the
engine with the id that the press got on the screen, so that a double tap or a repeated request moves an arm once.
Stop is special: it is taken for the chosen lane and every lane whose arm comes down, and also from a station where
nobody is signed in just now but somebody has been.
"""

from __future__ import annotations

import re
from functools import partial
from secrets import token_urlsafe
from typing import Any

import msgspec
from flask import Blueprint, Response, current_app, redirect, render_template, request

from gateway.control import Client
from gateway.core.errors import EngineUnreachableError, GatehouseError
from gateway.core.holds import HoldEnd
from web import auth
from web.guard import look
from web.guard.passbook import passbook
from web.guard.view import COMMAND_ROLES, View, age_of, blank_snapshot, guard_view, refusal
from web.guard.words import LOCALES
from web.live import Snapshot
from web.operators import Operator
from web.problems import Problem
from web.services import Services, services

BLUEPRINT = Blueprint("guard", __name__)
BLUEPRINT.add_app_template_filter(look.dig, "dig")
BLUEPRINT.add_app_template_global(look.asset, "asset")

COMMANDS = frozenset(
    {"open", "close", "stop", "hold", "release", "lock", "unlock", "reset", "passed", "emergency", "look"}
)
ASK_PIN = frozenset({"lock", "unlock", "reset"})
ANSWER_S = 4.0
# A little before the screen hatches its panels: in doubt Stop takes all lanes.
SURE_MS = 4000
NAMES_A_PAGE = 9
STATION = "booth"
_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_REASON = re.compile(r"[a-z_]{1,40}")
# Texts that the page's script puts together itself: ages, answers, the sheet that asks for the PIN.
_SCRIPT_WORDS = (
    "ago.",
    "since.",
    "age.",
    "stale.",
    "answer.",
    "cmd.",
    "confirm.",
    "alarm.",
    "stop.",
    "lanes.",
    "why.stale",
    "hold.",
    "refused.",
)
_STOP_FIRST = ("lowering",)


# ---- the live view -------------------------------------------------------------------------------------------------


def live_view() -> partial[View]:
    """The view for this request's language, to be called with (snapshot, age in ms, operator) outside the request."""
    return partial(_render, services(), look.locale())


def _render(held: Services, locale: str, snapshot: Snapshot | None, age_ms: int, operator: Operator) -> View:
    document = held.site.document()
    shown = blank_snapshot(document) if snapshot is None else snapshot
    days = int(document.get("site", {}).get("expiry_warning_days", 10))
    view = guard_view(
        shown, passbook(held), locale, look.aware_now(), age_ms=age_ms, role=operator.role, expiry_days=days
    )
    # Nothing was ever heard: as old as can be, so that no button is on.
    return view if snapshot is not None else {**view, "age_ms": 10**9}


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
        **values,
    )


# ---- home ----------------------------------------------------------------------------------------------------------


@BLUEPRINT.get("/")
@auth.require_operator()
def home() -> str:
    """The guard screen."""
    operator = _operator()
    snapshot, age_ms = services().live.snapshot()
    view = live_view()(snapshot, age_ms, operator)
    people = [one.name for one in services().site.operators().values() if one.role in COMMAND_ROLES]
    script = look.said().part(*_SCRIPT_WORDS)
    return _page("guard/home.html", view=view, operator=operator, people=people, script_words=script)


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
        return _sign_in(name, "locked" if wait_s else "wrong", wait_s), problem.status
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


# ---- commands ------------------------------------------------------------------------------------------------------


@BLUEPRINT.post("/guard/lanes/<lane>/<command>")
@auth.require_operator(*sorted(COMMAND_ROLES))
def command(lane: str, command: str) -> Response:
    """One command for one lane; lock, unlock and reset ask for the PIN of a named person and a reason."""
    if command not in COMMANDS:
        raise Problem(404, "not_found", f"There is no command {command}.")
    body = _body()
    by, reason = _operator().name, ""
    if command in ASK_PIN:
        reason = _reason(body)
        by = str(body.get("name") or by)
        if refused := _confirm(command, by, str(body.get("pin", ""))):
            return refused
    return _send(lane, command, by, reason, body, _hold_end(body) if command == "hold" else {})


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
        return None if auth.confirm_pin(name, pin) else _refused(command, "pin_wrong", 403)
    except Problem as problem:
        if problem.code != "too_many_attempts":
            raise
        return _refused(command, "pin_locked", 429, seconds=problem.extra.get("wait_s", 0))


def _send(lane: str, command: str, by: str, reason: str, body: dict[str, Any], detail: dict[str, Any]) -> Response:
    said = look.said()
    label = said(f"cmd.{command}")
    try:
        answer = _ask(lane, command, by, reason, _request_id(body), detail)
    except EngineUnreachableError as error:
        text = said("answer.failed", command=label, why=refusal(said, error.code))
        return _answer("failed", text, 503)
    except GatehouseError as error:
        return _refused(command, error.code, 409)
    if answer.get("status") != "done":
        return _refused(command, str(answer.get("reason") or "other"), 409)
    moving = command in ("open", "close", "hold", "stop", "emergency")
    return _answer("done", said("answer.requested" if moving else "answer.done", command=label))


def _ask(
    lane: str, command: str, by: str, reason: str, request_id: str, detail: dict[str, Any] | None = None
) -> dict[str, Any]:
    # `present`: somebody stands in the booth and looks at the lane.
    return dict(
        Client(services().socket).call(
            "lane.command",
            timeout_s=ANSWER_S,
            request=f"guard-{request_id}",
            lane=lane,
            command=command,
            by=by,
            via="guard",
            reason=reason,
            expires_at=None,
            detail={"present": True, **(detail or {})},
        )
    )


@BLUEPRINT.post("/guard/stop")
def stop() -> Any:
    """Stop the chosen lane and every lane whose arm comes down; without a chosen lane, or when nothing is sure, all."""
    operator = auth.current_operator()
    if operator is None and not _known_station():
        raise Problem(401, "sign_in_required", "Sign in with your name and PIN first.")
    if operator is not None and operator.role not in COMMAND_ROLES:
        raise Problem(403, "role_missing", "Your role may look but not move an arm.")
    body = _body()
    by = operator.name if operator else STATION
    answer = _stop_all(_lanes_to_stop(str(body.get("lane") or "")), by, _request_id(body))
    return answer if request.is_json else redirect("/", 303)


def _stop_all(lanes: dict[str, str], by: str, request_id: str) -> Response:
    said = look.said()
    refused = ""
    for lane in lanes:
        try:
            answer = _ask(lane, "stop", by, "", f"{request_id[:48]}-{lane}"[:58])
            refused = refused or ("" if answer.get("status") == "done" else str(answer.get("reason")))
        except EngineUnreachableError:
            return _answer("failed", said("answer.stop_failed"), 503)
        except GatehouseError as error:
            refused = refused or error.code
    if refused:
        return _refused("stop", refused, 409)
    return _answer("done", said("answer.stop_done", lane=", ".join(lanes.values())))


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
    try:
        answer = _ask_about(alarm, verb, _request_id(body), str(body.get("finding") or ""))
    except GatehouseError as error:
        text = said("alarm.not_sent", why=refusal(said, error.code))
        return _answer("failed", text, 503 if isinstance(error, EngineUnreachableError) else 409, error.code)
    if answer.get("status") == "refused":
        code = str(answer.get("reason") or "refused")
        return _answer("refused", said("alarm.not_sent", why=refusal(said, code)), 409, code)
    return _answer("done", said("alarm.acknowledged"))


def _ask_about(alarm: str, verb: str, request_id: str, finding: str) -> dict[str, Any]:
    return dict(
        Client(services().socket).call(
            "alarm.command",
            timeout_s=ANSWER_S,
            request=f"guard-{request_id}",
            alarm=alarm,
            verb=verb,
            by=_operator().name,
            reason="",
            finding=finding,
            until=None,
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


def _answer(status: str, text: str, http: int = 200, code: str = "") -> Response:
    body = msgspec.json.encode({"status": status, "text": text, "code": code})
    return Response(body, http, content_type="application/json")
