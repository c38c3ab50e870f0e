"""A correction of who is inside on its way to the engine, and the wait until the projections show it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from gateway.store.projections.state import State
from web.platform.services import ask, services

SHOWN_S = 1.0
"""How long an answer waits for the projections at most; they have a row within a tenth of a second."""
_LOOK_AGAIN_S = 0.02


def correct(verb: str, **asked: Any) -> dict[str, Any]:
    """The engine's answer to `visit.command`; EngineUnreachableError or another GatehouseError."""
    answer: dict[str, Any] = ask("visit.command", verb=verb, **asked)
    if answer["status"] == "done":
        _wait_until(_SHOWN[verb], answer["visit"])
    return answer


def _wait_until(shown: Callable[[State, str], bool], about: str) -> None:
    state, end_s = services().readers.state(), time.monotonic() + SHOWN_S
    while not shown(state, about) and time.monotonic() < end_s:
        time.sleep(_LOOK_AGAIN_S)


def _has_ended(state: State, visit: str) -> bool:
    found = state.visit(visit)
    return found is None or found.state == "ended"


def _has_begun(state: State, visit: str) -> bool:
    found = state.visit(visit)
    return found is not None and found.entered_at is not None


def _is_set(state: State, correction: str) -> bool:
    return state.inside_facts().set_id == correction


_SHOWN: dict[str, Callable[[State, str], bool]] = {"left": _has_ended, "came": _has_begun, "count": _is_set}
