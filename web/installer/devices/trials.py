"""Trials of a device: a pulse, a sign, a restart; each by the person who is signed in.

An arm's output is asked for with `moves`, which only the page's script sends: after a press and hold under a warning
that names the lane. Without a script a form can pulse outputs that move nothing.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec
from flask import Response, redirect, request

from gateway.core.settings.roles import Right
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError, LaneRefusesError
from web.guard.orders.answers import body_of
from web.installer.frame.door import door
from web.installer.frame.who import who
from web.platform import look
from web.platform.problems import Problem
from web.platform.services import ask

WHY_MAX = 300
WHY = "installer.devices.why."
PULSE_MS = 500
WORDS_MAX = 60
TRIAL_S = 8.0
RESTART_S = 20.0


@door(Right.SET_UP)
def pulse(device: str) -> Any:
    """Pulse an output."""
    body = body_of()
    lane = str(body.get("moves") or "")
    return _tried(
        device,
        "bench.pulse",
        "commanded" if lane and body.get("under_tag") is not True else "pulsed",
        timeout_s=TRIAL_S,
        output=_number(body, "output", 0),
        duration_ms=_number(body, "duration_ms", PULSE_MS),
        moves=lane,
        under_tag=body.get("under_tag") is True,
    )


@door(Right.SET_UP)
def show(device: str) -> Any:
    """Show a sign for a moment: light, tone, text."""
    body = body_of()
    words = str(body.get("words") or "")[:WORDS_MAX]
    verdict = str(body.get("verdict") or "")
    return _tried(device, "bench.show", "shown", timeout_s=TRIAL_S, verdict=verdict, words=words)


@door(Right.SET_UP)
def restart(device: str) -> Any:
    """Let the device begin anew."""
    body_of()
    return _tried(device, "bench.restart", "restarted", timeout_s=RESTART_S)


@door(Right.SET_UP)
def take_picture(device: str) -> Any:
    """Fetch a picture of a camera that serves one."""
    body_of()
    return _tried(device, "media.take", "asked", timeout_s=TRIAL_S)


def _tried(device: str, op: str, told: str, *, timeout_s: float, **params: Any) -> Any:
    try:
        ask(op, timeout_s=timeout_s, device=device, **who(), **params)
    except EngineUnreachableError:
        return _answer(device, "failed", "offline", "", 503)
    except GatehouseError as error:
        return _answer(device, "refused", "refused", _why(error), 409, error.code)
    return _answer(device, "done", told, "", 200)


def _why(error: GatehouseError) -> str:
    """Why it was not done, in the language of the page as far as there are words."""
    say = look.said()
    if isinstance(error, LaneRefusesError):
        reason = error.reason
        why = say.first(f"{WHY}{reason}", f"refused.{reason}", "refused.other", code=reason)
        return say(f"{WHY}lane_refuses", why=why)
    return say(f"{WHY}{error.code}") if f"{WHY}{error.code}" in say else str(error)


def _answer(device: str, status: str, told: str, why: str, http: int, code: str = "") -> Any:
    """JSON for the script, else back to the page, which says the same."""
    if not request.is_json:
        query = urlencode({"told": told, **({"why": why[:WHY_MAX]} if why else {})})
        return redirect(f"/installer/devices/{device}?{query}", 303)
    text = look.said()(f"installer.devices.told.{told}", why=why)
    body = msgspec.json.encode({"status": status, "text": text, "code": code})
    return Response(body, http, content_type="application/json")


def _number(body: dict[str, Any], name: str, default: int) -> int:
    given = body.get(name, default)
    try:
        return int(given)
    except (TypeError, ValueError):
        raise Problem(400, "request_invalid", f"{name}: a whole number") from None
