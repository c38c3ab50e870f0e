"""Printing: the answer says what became of the paper, and what to do when there is none."""

from __future__ import annotations

from typing import Literal

from flask import Response

from gateway.core.papers.paper import DONE
from gateway.core.settings.roles import Right
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError
from web.guard.orders.answers import answer, body_of
from web.guard.orders.send import way
from web.people import auth, stations
from web.platform import look
from web.platform.services import ask

PRINT_S = 12.0
"""How long a screen waits for a printer."""
WORD_MAX = 100


@auth.require_operator(Right.COMMAND)
def print_receipt(visit: str) -> Response:
    """Print the receipt of a visit."""
    return _printed("receipt", visit)


@auth.require_operator(Right.COMMAND)
def print_ticket(visit: str) -> Response:
    """Print the ticket of a visitor, also once more: each has a code of its own, and all are of one visit."""
    return _printed("ticket", visit)


def _printed(what: Literal["receipt", "ticket"], visit: str) -> Response:
    said = look.said()
    asked = {"visit": visit[:WORD_MAX], "lane": str(body_of().get("lane") or "")[:WORD_MAX]}
    try:
        got = ask(
            f"print.{what}", timeout_s=PRINT_S, by=auth.signed_in().name, **asked, **way(stations.current_station())
        )
    except GatehouseError as error:
        status = 503 if isinstance(error, EngineUnreachableError) else 409
        return answer("failed", said.first(*_keys(what, error.code)), status, error.code)
    outcome = str(got["outcome"])
    return answer("done" if outcome in DONE else "refused", said.first(*_keys(what, outcome)), 200, outcome)


def _keys(what: str, code: str) -> tuple[str, ...]:
    """The words for an outcome: those of this paper before those of any."""
    return f"print.{what}.{code}", f"print.{code}", f"print.{what}.other"
