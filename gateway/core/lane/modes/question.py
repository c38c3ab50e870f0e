"""The question *is the arm whole?*: a vehicle crossed the closed arm, and a person has a minute to answer."""

from __future__ import annotations

from enum import StrEnum

from gateway.core.settings.model import Lane
from gateway.core.vocabulary.timers import Timer
from gateway.core.vocabulary.turn import Turn

QUESTION_MS = 60_000


class QuestionState(StrEnum):
    """Whether the question is open."""

    NONE = "none"
    ASKED = "asked"


class QuestionEvent(StrEnum):
    """What asks the question and what ends it."""

    CROSSED_CLOSED = "crossed_closed"
    ANSWERED = "answered"
    CRASHED = "crashed"
    TIME_OVER = "time_over"


_N, _A = QuestionState.NONE, QuestionState.ASKED

TABLE: dict[QuestionState, dict[QuestionEvent, QuestionState]] = {
    _N: {
        QuestionEvent.CROSSED_CLOSED: _A,
        QuestionEvent.ANSWERED: _N,
        QuestionEvent.CRASHED: _N,
        QuestionEvent.TIME_OVER: _N,
    },
    _A: {
        QuestionEvent.CROSSED_CLOSED: _A,
        QuestionEvent.ANSWERED: _N,
        QuestionEvent.CRASHED: _N,
        QuestionEvent.TIME_OVER: _N,
    },
}


class Question:
    """The question of one barrier; `asked`: the last run left it open."""

    def __init__(self, timer: Timer, asked: bool) -> None:
        self._timer = timer
        self._state = _A if asked else _N
        self._lane: Lane | None = None

    @property
    def asked(self) -> bool:
        """Whether the question is open."""
        return self._state is _A

    def ask(self, turn: Turn, lane: Lane) -> None:
        """A vehicle crossed the closed arm by that lane."""
        self._happens(QuestionEvent.CROSSED_CLOSED)
        self._lane = lane
        self.wait(turn)

    def wait(self, turn: Turn) -> None:
        """An open question has a minute from now, after a restart too."""
        if self.asked:
            turn.start(self._timer, QUESTION_MS)

    def answer(self, turn: Turn) -> None:
        """A person reset or tagged the lane."""
        self._happens(QuestionEvent.ANSWERED)
        turn.cancel(self._timer)

    def crashed(self) -> None:
        """The arm was struck: there is nothing left to ask."""
        self._happens(QuestionEvent.CRASHED)

    def time_over(self) -> Lane | None:
        """No answer came; returns the lane of the vehicle, None if an earlier run asked."""
        self._happens(QuestionEvent.TIME_OVER)
        lane, self._lane = self._lane, None
        return lane

    def _happens(self, event: QuestionEvent) -> None:
        self._state = TABLE[self._state][event]
