"""The hold: who keeps the arm up, for which lane, until when and for how many vehicles more."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.core.settings.model import Lane
from gateway.core.vocabulary import views
from gateway.core.vocabulary.authors import Author
from gateway.core.vocabulary.timers import Timer
from gateway.core.vocabulary.turn import NS_PER_S, Turn, rfc3339


class Hold:
    """The last hold of a lane. It has no table: only its ends are kept here, and `Modes` has the state (*held*)."""

    def __init__(self, timer: Timer, home: Lane) -> None:
        self._timer = timer
        self._view: views.Hold | None = None
        self._left: int | None = None
        self._lane = home

    @property
    def lane(self) -> Lane:
        """The lane that the arm is held up for."""
        return self._lane

    @property
    def scheduled(self) -> bool:
        """Whether a schedule holds the arm up (free flow), and no person."""
        return self._view is not None and self._view.scheduled

    def view(self) -> views.Hold | None:
        """Author, begin, end and the vehicles left (None: no such end)."""
        return None if self._view is None else msgspec.structs.replace(self._view, left=self._left)

    def begin(self, turn: Turn, lane: Lane, author: Author, minutes: int | None, count: int | None) -> dict[str, Any]:
        """Hold the arm up from now; returns its ends as the row says them.

        The timer of an earlier hold that a close or a crash ended may still run.
        """
        turn.cancel(self._timer)
        if minutes is not None:
            turn.start(self._timer, minutes * 60_000)
        end = None if minutes is None else rfc3339(turn.now.wall_ns + minutes * 60 * NS_PER_S)
        scheduled = not author.person
        self._view = views.Hold(by=author.by, since=turn.at, until=end, scheduled=scheduled, left=count)
        self._left, self._lane = count, lane
        return {"until": end, "count": count, "scheduled": scheduled}

    def count(self) -> bool:
        """A vehicle has passed under a hold; True when it was the last of a counted one."""
        if self._left is None:
            return False
        self._left -= 1
        return self._left <= 0

    def end(self, turn: Turn) -> None:
        """Forget its count and its end."""
        self._left = None
        turn.cancel(self._timer)
