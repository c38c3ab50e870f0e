"""Asks the engine for a change in the name of the installer, and says in words what it refused."""

from __future__ import annotations

from typing import Any

from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError
from web.installer.frame.who import who
from web.platform.services import ask

ANSWER_S = 10.0
SAID = {
    "last_installer": "last_installer",
    "not_found": "gone",
    "busy": "busy",
    "storage_failed": "storage",
    "data_directory": "storage",
}
"""Refusals with words of their own, `installer.people.wrong.<...>`."""


class Refusal(Exception):
    """The engine refused: the ending of a word's key, the engine's own words, and the HTTP status."""

    def __init__(self, code: str, words: str, status: int) -> None:
        super().__init__(words)
        self.code = code
        self.words = words
        self.status = status


def act(op: str, **params: Any) -> Any:
    """The engine's result for a change that the signed-in installer asks for; Refusal."""
    try:
        return ask(op, timeout_s=ANSWER_S, **who(), **params)
    except EngineUnreachableError as error:
        raise Refusal("engine", str(error), 503) from None
    except GatehouseError as error:
        code = SAID.get(error.code, "refused")
        raise Refusal(code, str(error), 503 if code in ("busy", "storage") else 409) from None
