"""What a lane knows of earlier runs, and since when things are as people see them."""

from __future__ import annotations

import msgspec

from gateway.core.lane.service import ServiceMemory
from gateway.core.vocabulary.events import OpenVisit
from gateway.core.vocabulary.rows import LastGrant
from gateway.core.vocabulary.turn import Turn
from gateway.core.vocabulary.views import LastDecision, LastPassage, Tag


class Latest(msgspec.Struct, frozen=True):
    """What happened last at a lane in an earlier run; `visit`: the open visit of the car of the `decision`."""

    decision: LastDecision | None = None
    visit: OpenVisit | None = None
    grant: LastGrant | None = None
    passage: LastPassage | None = None


class LaneMemory(msgspec.Struct, frozen=True):
    """What outlives a restart: strong modes, the tag, and whether something waits for a person or was asked of one.

    `since`: word for a state, or notice -> when it began, as far as the journal knows. `latest`: by lane id.
    """

    crashed: bool = False
    tag: Tag | None = None
    interrupted: bool = False
    question: bool = False
    since: dict[str, str] = {}
    latest: dict[str, Latest] = {}
    service: ServiceMemory = ServiceMemory()


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
