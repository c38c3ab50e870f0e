"""Commands over HTTP for lanes and alarms. The engine decides, keeps request keys and checks expiry."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Literal

import msgspec
from flask import Response

from gateway.core.lane.modes.hold_end import HoldEnd
from gateway.core.lane.people.refusals import COMMANDS
from gateway.core.people.texts import wrong_text
from gateway.core.settings.site_file import ID_PATTERN
from gateway.core.vocabulary.errors import RefusedError
from gateway.core.vocabulary.reasons import Refusal
from gateway.store.times import LAST_YEAR, YEARS, text_of
from web.api.answers import json_answer
from web.api.requests import body, idempotency_key, identifier, only, refuse
from web.people.auth import current_token, require_scope
from web.platform.services import ask

ABOUT_A_CAR = ("open", "owe", "passed", "refuse", "seen_to")
ALARM_VERBS = ("acknowledge", "verify", "shelve", "unshelve", "close")


class LaneCommand(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a lane command: the first three are required, `reason` in words for the journal.

    `by`: the person who saw the vehicle of a `passed`. `detail`: the end of a `hold`. `identity_checked`: how the
    caller of an `open` was identified. `case`: the car that the command is for.
    """

    command: str
    reason: str
    expires_at: datetime
    by: str = ""
    detail: HoldEnd | None = None
    identity_checked: Literal["number_on_file", "camera", "post", "none"] | None = None
    case: str = ""


class AlarmCommand(msgspec.Struct, forbid_unknown_fields=True):
    """The body of an alarm command; which parts are needed depends on the verb."""

    reason: str = ""
    finding: Literal["real", "false", ""] = ""
    until: datetime | None = None


@require_scope("lanes:command")
def lane_command(lane: str) -> Response:
    """`POST /lanes/{id}/commands`."""
    only()
    identifier(lane, "lane")
    key = idempotency_key()
    if key is None:
        raise refuse(
            "Send a header Idempotency-Key with a value of your own, new for each command, so that"
            " a repeat after a lost answer moves nothing.",
            "idempotency_key_missing",
        )
    wanted = body(LaneCommand)
    answer = ask(
        "lane.command",
        request=_request_key(key),
        lane=lane,
        command=_verb(wanted.command),
        by=_who(wanted),
        via="http",
        reason=_reason(wanted.reason, required=True),
        expires_at=_instant(wanted.expires_at, "expires_at"),
        detail=_detail(wanted),
        case=_case(wanted),
    )
    return _lane_answer(key, answer)


@require_scope("alarms:write")
def alarm_command(alarm: str, verb: str) -> Response:
    """`POST /alarms/{id}/{verb}`; a repeated state is refused and changes nothing."""
    only()
    identifier(alarm, "alarm")
    wanted = body(AlarmCommand, optional=True)
    if verb == "verify" and not wanted.finding:
        raise refuse("verify needs a finding: real or false.", "body_invalid", 422)
    if verb == "shelve" and wanted.until is None:
        raise refuse("shelve needs until: when the shelving ends.", "body_invalid", 422)
    answer = ask(
        "alarm.command",
        request=_request_key(uuid.uuid4().hex),
        alarm=alarm,
        verb=verb,
        by=current_token().name,
        via="http",
        reason=_reason(wanted.reason, required=False),
        finding=wanted.finding,
        until=_instant(wanted.until, "until") if wanted.until else None,
    )
    return json_answer(answer)


def _verb(command: str) -> str:
    """A known command; the engine decides whether it may come from afar."""
    if command not in COMMANDS:
        raise refuse(f"command is {command[:40]!r}; give one of {', '.join(COMMANDS)}.", "body_invalid", 422)
    return command


def _who(wanted: LaneCommand) -> str:
    """The author for the journal: the token, and for `passed` the person who saw the vehicle."""
    token, person = current_token().name, wanted.by.strip()
    if wanted.command != "passed":
        if wanted.by:
            raise refuse(f"by is for passed; {wanted.command} is journaled with the token's name.", "body_invalid", 422)
        return token
    if not person:
        raise refuse("passed needs by: the name of who let the vehicle through.", "body_invalid", 422)
    if wrong := wrong_text(person):
        raise refuse(f"by {wrong}.", "body_invalid", 422)
    return f"{person} ({token})"


def _case(wanted: LaneCommand) -> str:
    """The car that the command is for."""
    if wanted.case and wanted.command not in ABOUT_A_CAR:
        raise refuse(f"case is for {', '.join(ABOUT_A_CAR)}; {wanted.command} takes none.", "body_invalid", 422)
    if wanted.case and not ID_PATTERN.fullmatch(wanted.case):
        raise refuse("case is no id; give it as GET /lanes shows it.", "body_invalid", 422)
    return wanted.case


def _detail(wanted: LaneCommand) -> dict[str, Any]:
    """The end of a hold, or the identity check of an open; other commands have no detail."""
    if wanted.identity_checked is not None:
        if wanted.command not in ("open", "owe"):
            raise refuse(f"identity_checked is for open and owe; {wanted.command} takes none.", "body_invalid", 422)
        return {"identity_checked": wanted.identity_checked}
    if wanted.detail is None:
        return {}
    if wanted.command != "hold":
        raise refuse(f"detail is for hold; {wanted.command} takes none.", "body_invalid", 422)
    return wanted.detail.document()


def _request_key(key: str) -> str:
    return f"http:{current_token().id}:{key}"


def _lane_answer(key: str, answer: dict[str, Any]) -> Response:
    """200 for done; a problem with id and reason code for refused, 422 where the body is at fault."""
    reason = answer.get("reason", "")
    if answer["status"] == "done":
        return json_answer({"id": key, "status": "done", "reason": reason})
    words = answer.get("detail") or f"The lane does not take this now: {reason}."
    if reason == Refusal.EXPIRY_TOO_FAR:
        raise refuse(f"{words}.", "body_invalid", 422, id=key, reason=reason)
    raise refuse(words, RefusedError.code, 409, id=key, reason=reason)


def _reason(text: str, *, required: bool) -> str:
    text = text.strip()
    if required and not text:
        raise refuse("reason is empty; say in a few words why.", "body_invalid", 422)
    if wrong := wrong_text(text):
        raise refuse(f"reason {wrong}.", "body_invalid", 422)
    return text


def _instant(moment: datetime, name: str) -> str:
    if moment.tzinfo is None:
        raise refuse(f"{name} has no offset; write it like 2026-11-30T08:00:00Z.", "body_invalid", 422)
    if moment.year > LAST_YEAR:
        raise refuse(
            f"{name} is in the year {moment.year}; give a time such as 2026-11-30T08:00:00Z, {YEARS}.",
            "body_invalid",
            422,
        )
    return text_of(moment)
