"""What a lane knows of earlier runs, and since when things are as people see them."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.core.lane.service import ServiceMemory
from gateway.core.vocabulary.turn import Turn


class LaneMemory(msgspec.Struct, frozen=True):
    """What outlives a restart: strong modes, the tag, and whether something waits for a person or was asked of one.

    `since`: word for a state, or notice -> when it began, as far as the journal knows. `latest`: lane id -> its last
    `decision`, `grant` and `passage`.
    """

    crashed: bool = False
    tag: dict[str, Any] | None = None
    interrupted: bool = False
    question: bool = False
    since: dict[str, str] = {}
    latest: dict[str, dict[str, dict[str, Any]]] = {}
    service: ServiceMemory = ServiceMemory()

    def last(self, what: str, **more: Any) -> dict[str, dict[str, Any]]:
        """What an earlier run has left of a kind, by lane."""
        return {lane: {**latest[what], **more} for lane, latest in self.latest.items() if what in latest}


class Since:
    """Since when something has been as it is shown; `known` is what an earlier run has left."""

    def __init__(self, known: dict[str, str]) -> None:
        self._known = known
        self._shown: str | None = None
        self._at: str | None = None

    @property
    def at(self) -> str | None:
        """When it became so."""
        return self._at

    def show(self, what: str | None, turn: Turn) -> None:
        """This is how it is now."""
        if what == self._shown:
            return
        self._shown, self._at = what, self._known.get(what or "") or turn.at
        if what not in self._known:
            self._known = {}
