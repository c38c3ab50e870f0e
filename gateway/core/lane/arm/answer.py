"""The answer: whether the arm followed the last OPEN."""

from __future__ import annotations

from enum import StrEnum


class AnswerState(StrEnum):
    """Whether the arm follows."""

    FOLLOWS = "follows"
    NO_ANSWER = "no_answer"


class AnswerEvent(StrEnum):
    """What tells that it does, or does not."""

    NOT_FOLLOWED = "not_followed"
    FOLLOWED = "followed"
    IS_OPEN = "is_open"
    RESET = "reset"


_F, _N = AnswerState.FOLLOWS, AnswerState.NO_ANSWER
_E = AnswerEvent

TABLE: dict[AnswerState, dict[AnswerEvent, AnswerState]] = {
    _F: {_E.NOT_FOLLOWED: _N, _E.FOLLOWED: _F, _E.IS_OPEN: _F, _E.RESET: _F},
    _N: {_E.NOT_FOLLOWED: _N, _E.FOLLOWED: _F, _E.IS_OPEN: _F, _E.RESET: _F},
}


class Answer:
    """The answer of one arm."""

    __slots__ = ("_state",)

    def __init__(self) -> None:
        self._state = _F

    @property
    def missing(self) -> bool:
        """Whether OPEN was sent and the arm did not follow."""
        return self._state is _N

    def happens(self, event: AnswerEvent) -> None:
        """Go on to the table's next state."""
        self._state = TABLE[self._state][event]
