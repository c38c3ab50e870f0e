"""A change of the settings that waits for lanes: what its author, and everybody else who asks, is answered."""

from __future__ import annotations

import time
from typing import Any, Protocol

import msgspec

from gateway.control import Responder
from gateway.core.settings.exchange import Unrest


class Waiting(msgspec.Struct, frozen=True):
    """What a change waits for; `draft`: the draft that it is of, empty for none."""

    draft: str
    unrest: tuple[Unrest, ...]

    def words(self) -> str:
        """For people."""
        return "; ".join(one.words for one in self.unrest) or "the core takes it"

    def shown(self) -> dict[str, Any]:
        """For the author of the draft."""
        return {"draft": self.draft, "state": "waiting", "waiting": [one.words for one in self.unrest]}


class Refused(msgspec.Struct, frozen=True):
    """A draft that was not applied, and why."""

    draft: str
    words: str


class Patient(Protocol):
    """An author who learns how far a change is."""

    def progress(self, *, words: str, lanes: list[str]) -> None:
        """It still waits for these lanes; `words` empty: for the same reasons as before."""


class Impatient:
    """An author who is answered after a while that the change waits; it goes on."""

    def __init__(self, respond: Responder, draft: str, patience_s: float) -> None:
        self._respond = respond
        self._draft = draft
        self._until_s = time.monotonic() + patience_s
        self._answered = False
        self._words = ""

    def progress(self, *, words: str, lanes: list[str]) -> None:
        """Pass it on; after the patience it is the answer."""
        self._words = words.removeprefix("waiting for ") or self._words
        if self._answered:
            return
        if time.monotonic() < self._until_s:
            self._respond.progress(words=words, lanes=lanes)
            return
        self._answered = True
        self._respond.result({"draft": self._draft, "state": "waiting", "waiting": self._words.split("; ")})
