"""The opening of a lane without loops: one granted opening is taken for one passage."""

from __future__ import annotations

from enum import StrEnum


class OpeningState(StrEnum):
    """Whether the last opening was used."""

    USED = "used"
    UNUSED = "unused"


class OpeningEvent(StrEnum):
    """What happens to an opening."""

    IS_UP = "is_up"
    PRESUMED_PASSED = "presumed_passed"
    IS_DOWN = "is_down"


TABLE: dict[OpeningState, dict[OpeningEvent, OpeningState]] = {
    OpeningState.USED: {
        OpeningEvent.IS_UP: OpeningState.UNUSED,
        OpeningEvent.IS_DOWN: OpeningState.USED,
    },
    OpeningState.UNUSED: {
        OpeningEvent.IS_UP: OpeningState.UNUSED,
        OpeningEvent.PRESUMED_PASSED: OpeningState.USED,
        OpeningEvent.IS_DOWN: OpeningState.USED,
    },
}


class Opening:
    """The last opening of one barrier."""

    __slots__ = ("_state",)

    def __init__(self) -> None:
        self._state = OpeningState.USED

    @property
    def unused(self) -> bool:
        """Whether the arm has come up and no vehicle is known to have passed since."""
        return self._state is OpeningState.UNUSED

    def happens(self, event: OpeningEvent) -> None:
        """Go on to the table's next state."""
        self._state = TABLE[self._state][event]
