"""Notices: what a lane asks of the people beside it, one at a time; a new one replaces the last."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

Notice = Literal[
    "arm_whole", "no_answer", "close_aborted", "vehicle_under", "approach_stuck", "second_factor",
    "controller_fault", "cycles_high", "crossed_closed",
]  # fmt: skip
"""All that a lane may ask; `docs/reference.md` has the words."""
Told = Literal["no_answer", "close_aborted", "vehicle_under", "approach_stuck", "second_factor", "crossed_closed"]
"""The notices that come and go by events; the others last as long as their cause."""


class NoticeEvent(StrEnum):
    """What begins and ends a notice."""

    NOT_FOLLOWED = "not_followed"
    CLOSE_ABORTED = "close_aborted"
    STAYS_UNDER = "stays_under"
    APPROACH_STUCK = "approach_stuck"
    FIRST_PROOF = "first_proof"
    CROSSED_CLOSED = "crossed_closed"
    FOLLOWED = "followed"
    IS_OPEN = "is_open"
    IS_CLOSED = "is_closed"
    SAFETY_FREE = "safety_free"
    APPROACH_FREE = "approach_free"
    SECOND_PROOF = "second_proof"
    LOOKED = "looked"
    RESET = "reset"


_E = NoticeEvent
State = Told | None
_TOLD: dict[NoticeEvent, State] = {
    _E.NOT_FOLLOWED: "no_answer",
    _E.CLOSE_ABORTED: "close_aborted",
    _E.STAYS_UNDER: "vehicle_under",
    _E.APPROACH_STUCK: "approach_stuck",
    _E.FIRST_PROOF: "second_factor",
    _E.CROSSED_CLOSED: "crossed_closed",
}


def _lasts(notice: State, *ends: NoticeEvent) -> dict[NoticeEvent, State]:
    """A notice that these events end; the arm's coming up, its following and a reset end every one."""
    over = (_E.FOLLOWED, _E.IS_OPEN, _E.RESET, *ends)
    return {**_TOLD, **{event: None if event in over else notice for event in NoticeEvent if event not in _TOLD}}


TABLE: dict[State, dict[NoticeEvent, State]] = {
    None: _lasts(None),
    "no_answer": _lasts("no_answer"),
    "close_aborted": _lasts("close_aborted", _E.IS_CLOSED),
    "vehicle_under": _lasts("vehicle_under", _E.IS_CLOSED, _E.SAFETY_FREE, _E.LOOKED),
    "approach_stuck": _lasts("approach_stuck", _E.IS_CLOSED, _E.APPROACH_FREE, _E.LOOKED),
    "second_factor": _lasts("second_factor", _E.IS_CLOSED, _E.SECOND_PROOF),
    "crossed_closed": _lasts("crossed_closed", _E.IS_CLOSED, _E.LOOKED),
}


class Notices:
    """The notice of one lane."""

    __slots__ = ("_state",)

    def __init__(self) -> None:
        self._state: State = None

    @property
    def told(self) -> State:
        """The notice that people see, if any."""
        return self._state

    def happens(self, event: NoticeEvent) -> None:
        """Go on to the table's next notice."""
        self._state = TABLE[self._state][event]
