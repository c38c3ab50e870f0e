"""The pause: a person stopped an arm that rested, and for ten seconds nothing moves by itself."""

from __future__ import annotations

from enum import StrEnum

from gateway.core.vocabulary import views
from gateway.core.vocabulary.authors import Author
from gateway.core.vocabulary.timers import Timer
from gateway.core.vocabulary.turn import NS_PER_MS, Turn, rfc3339

PAUSE_MS = 10_000


class PauseState(StrEnum):
    """Whether the arm is kept from moving by itself."""

    OFF = "off"
    ON = "on"


class PauseEvent(StrEnum):
    """What begins and ends a pause."""

    STOPPED_AT_REST = "stopped_at_rest"
    ENDED = "ended"
    TIME_OVER = "time_over"


TABLE: dict[PauseState, dict[PauseEvent, PauseState]] = {
    PauseState.OFF: {
        PauseEvent.STOPPED_AT_REST: PauseState.ON,
        PauseEvent.ENDED: PauseState.OFF,
        PauseEvent.TIME_OVER: PauseState.OFF,
    },
    PauseState.ON: {
        PauseEvent.STOPPED_AT_REST: PauseState.ON,
        PauseEvent.ENDED: PauseState.OFF,
        PauseEvent.TIME_OVER: PauseState.OFF,
    },
}


class Pause:
    """A pause with its author and its end."""

    def __init__(self, timer: Timer) -> None:
        self._timer = timer
        self._state = PauseState.OFF
        self._view: views.Pause | None = None

    @property
    def active(self) -> bool:
        """Whether nothing moves by itself now."""
        return self._state is PauseState.ON

    def view(self) -> views.Pause | None:
        """Who paused the lane, since when and until when."""
        return self._view if self.active else None

    def begin(self, turn: Turn, author: Author) -> None:
        """Nothing moves by itself for ten seconds from now."""
        self._happens(PauseEvent.STOPPED_AT_REST)
        until = rfc3339(turn.now.wall_ns + PAUSE_MS * NS_PER_MS)
        self._view = views.Pause(by=author.by, since=turn.at, until=until)
        turn.start(self._timer, PAUSE_MS)
        turn.show()

    def end(self, turn: Turn) -> None:
        """The arm may move again."""
        self._happens(PauseEvent.ENDED)
        turn.cancel(self._timer)

    def time_over(self) -> None:
        """Its ten seconds are over."""
        self._happens(PauseEvent.TIME_OVER)

    def _happens(self, event: PauseEvent) -> None:
        self._state = TABLE[self._state][event]
