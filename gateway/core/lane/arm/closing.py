"""Closing behind traffic: whether there is a reason to close, and the time until then."""

from __future__ import annotations

from enum import StrEnum

from gateway.core.vocabulary.timers import Timer
from gateway.core.vocabulary.turn import NS_PER_MS, Turn


class ClosingState(StrEnum):
    """Whether traffic or a person has given a reason to close; a restart or a returning device never does."""

    NO_REASON = "no_reason"
    DUE = "due"


class ClosingEvent(StrEnum):
    """What makes a close due, and what ends that."""

    ALL_PASSED = "all_passed"
    CLOSED = "closed"
    VOIDED = "voided"


_N, _D = ClosingState.NO_REASON, ClosingState.DUE

TABLE: dict[ClosingState, dict[ClosingEvent, ClosingState]] = {
    _N: {ClosingEvent.ALL_PASSED: _D, ClosingEvent.CLOSED: _N, ClosingEvent.VOIDED: _N},
    _D: {ClosingEvent.ALL_PASSED: _D, ClosingEvent.CLOSED: _N, ClosingEvent.VOIDED: _N},
}


class Closing:
    """The close of one barrier; `after_ms` is the time that safety must be free before it."""

    def __init__(self, timer: Timer, after_ms: int) -> None:
        self._timer = timer
        self._after_ms = after_ms
        self._state = _N

    @property
    def due(self) -> bool:
        """Whether there is a reason to close."""
        return self._state is _D

    def start(self, turn: Turn, since_ns: int | None = None) -> None:
        """Close after the set time, counted from the moment the safety input cleared."""
        self._happens(ClosingEvent.ALL_PASSED)
        used_ms = 0 if since_ns is None else (turn.now.mono_ns - since_ns) // NS_PER_MS
        turn.start(self._timer, self._after_ms - used_ms)

    def wait(self, turn: Turn) -> None:
        """A vehicle is there or may come: the reason stays, the time does not run."""
        turn.cancel(self._timer)

    def closed(self) -> None:
        """The arm is down."""
        self._happens(ClosingEvent.CLOSED)

    def void(self) -> None:
        """The reason no longer counts."""
        self._happens(ClosingEvent.VOIDED)

    def _happens(self, event: ClosingEvent) -> None:
        self._state = TABLE[self._state][event]
