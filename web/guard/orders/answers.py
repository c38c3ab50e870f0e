"""What a screen sends with an order, and what it is answered, in words and with a tone."""

from __future__ import annotations

import re
from secrets import token_urlsafe
from typing import Any

import msgspec
from flask import Response, request

from web.guard.scene import refusal
from web.live.presses import TooLateError
from web.platform import look
from web.platform.problems import Problem
from web.platform.services import services

_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_REASON = re.compile(r"[a-z_]{1,40}")


def body_of() -> dict[str, Any]:
    """The JSON object or the form of this request; Problem 400 for anything else."""
    body = request.get_json(silent=True) if request.is_json else request.form.to_dict()
    if not isinstance(body, dict):
        raise Problem(400, "request_invalid", "Send a JSON object.")
    return body


def request_id(body: dict[str, Any]) -> str:
    """The id that the press got on the screen; a press without one (no script) gets its own here."""
    given = str(body.get("request") or "")
    if not given:
        return token_urlsafe(12)
    if not _REQUEST_ID.fullmatch(given):
        raise Problem(400, "request_invalid", "request: 8 to 64 letters, digits, - or _")
    return given


def press(body: dict[str, Any]) -> tuple[str, int] | None:
    """The id of an order and the CLOCK_MONOTONIC ns until which it counts; None when that is over."""
    given = request_id(body)
    try:
        return given, services().presses.counts_until_ns(given, body.get("pressed_ms"))
    except TooLateError:
        return None


def reason_of(body: dict[str, Any]) -> str:
    """The reason that was chosen; Problem 422 without one."""
    reason = str(body.get("reason") or "")
    if not _REASON.fullmatch(reason):
        raise Problem(422, "reason_needed", look.said()("refused.reason_needed"))
    return reason


def refused(command: str, code: str, status: int, **values: object) -> Response:
    """A command was not carried out, and why."""
    said = look.said()
    why = refusal(said, code, **values)
    return answer("refused", said("answer.refused", command=said(f"cmd.{command}"), why=why), status, code)


def answer(status: str, text: str, http: int = 200, code: str = "", tone: str = "") -> Response:
    """`tone` is how it looks: by default as its status; `asked` for what was taken and cannot be seen yet."""
    body = msgspec.json.encode({"status": status, "text": text, "code": code, "tone": tone or status})
    return Response(body, http, content_type="application/json")
