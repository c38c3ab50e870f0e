"""What a guard says of an alarm: that it was seen, or what it was."""

from __future__ import annotations

from flask import Response

from gateway.core.settings.roles import Right
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError
from web.guard.orders.answers import answer, body_of, press, request_id
from web.guard.orders.send import way
from web.guard.scene import refusal
from web.live.presses import COUNTS_MS
from web.people import auth, stations
from web.platform import look
from web.platform.services import ask


@auth.require_operator(Right.COMMAND)
def alarm_verb(alarm: str, verb: str) -> Response:
    """Say by name that an alarm was seen, or close it with what it was (`finding`: real or false)."""
    body, said = body_of(), look.said()
    if press(body) is None:
        text = said("alarm.not_sent", why=refusal(said, "command_expired"))
        return answer("refused", text, 409, "command_expired")
    try:
        _ask_about(alarm, verb, request_id(body), str(body.get("finding") or ""))
    except GatehouseError as error:
        text = said("alarm.not_sent", why=refusal(said, error.code))
        return answer("failed", text, 503 if isinstance(error, EngineUnreachableError) else 409, error.code)
    return answer("done", said("alarm.acknowledged" if verb == "acknowledge" else "alarm.closed"))


def _ask_about(alarm: str, verb: str, request_id: str, finding: str) -> None:
    """Give the order; a GatehouseError if it is not done."""
    ask(
        "alarm.command",
        timeout_s=COUNTS_MS / 1000,
        request=f"guard-{request_id}",
        alarm=alarm,
        verb=verb,
        by=auth.signed_in().name,
        reason="",
        finding=finding,
        until=None,
        **way(stations.current_station()),
    )
