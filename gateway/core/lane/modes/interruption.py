"""The interruption: something was half done or failed, and no arm moves by itself until a person decides."""

from __future__ import annotations

from enum import StrEnum


class InterruptionState(StrEnum):
    """Whether the lane waits for a person."""

    FREE = "free"
    INTERRUPTED = "interrupted"


class InterruptionEvent(StrEnum):
    """What interrupts a lane, and what ends that."""

    STOPPED = "stopped"
    POSITION_LOST = "position_lost"
    POSITION_FOUND = "position_found"
    NOT_AT_A_LIMIT = "not_at_a_limit"
    SAFETY_OCCUPIED = "safety_occupied"
    CLOSE_ABORTED = "close_aborted"
    LIMIT_FAILED = "limit_failed"
    HANDED_BACK_UP = "handed_back_up"
    HANDED_BACK_CLOSED = "handed_back_closed"
    PERSON_DECIDES = "person_decides"


_F, _I = InterruptionState.FREE, InterruptionState.INTERRUPTED
_E = InterruptionEvent

TABLE: dict[InterruptionState, dict[InterruptionEvent, InterruptionState]] = {
    _F: {
        _E.STOPPED: _I,
        _E.POSITION_LOST: _I,
        _E.POSITION_FOUND: _I,
        _E.NOT_AT_A_LIMIT: _I,
        _E.SAFETY_OCCUPIED: _I,
        _E.CLOSE_ABORTED: _I,
        _E.LIMIT_FAILED: _I,
        _E.HANDED_BACK_UP: _I,
        _E.HANDED_BACK_CLOSED: _F,
        _E.PERSON_DECIDES: _F,
    },
    _I: {
        _E.STOPPED: _I,
        _E.POSITION_LOST: _I,
        _E.POSITION_FOUND: _I,
        _E.NOT_AT_A_LIMIT: _I,
        _E.SAFETY_OCCUPIED: _I,
        _E.CLOSE_ABORTED: _I,
        _E.LIMIT_FAILED: _I,
        _E.HANDED_BACK_UP: _I,
        _E.HANDED_BACK_CLOSED: _F,
        _E.PERSON_DECIDES: _F,
    },
}


class Interruption:
    """Whether a lane waits for a person to decide; `interrupted`: the last run left it so."""

    __slots__ = ("_state",)

    def __init__(self, interrupted: bool) -> None:
        self._state = _I if interrupted else _F

    @property
    def active(self) -> bool:
        """Whether nothing moves by itself."""
        return self._state is _I

    def happens(self, event: InterruptionEvent) -> None:
        """Go on to the table's next state."""
        self._state = TABLE[self._state][event]
