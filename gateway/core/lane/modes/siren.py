"""The sirens of a barrier's lanes: three minutes after a crash, unless a person silences them."""

from __future__ import annotations

from enum import StrEnum

from gateway.core.settings.model import Lane
from gateway.core.vocabulary.commands import SetOutput
from gateway.core.vocabulary.timers import Timer
from gateway.core.vocabulary.turn import Turn

SIREN_MS = 180_000


class SirenState(StrEnum):
    """Whether the sirens sound."""

    SILENT = "silent"
    SOUNDING = "sounding"


class SirenEvent(StrEnum):
    """What starts and what ends the sound."""

    CRASHED = "crashed"
    SILENCED = "silenced"
    TIME_OVER = "time_over"


TABLE: dict[SirenState, dict[SirenEvent, SirenState]] = {
    SirenState.SILENT: {
        SirenEvent.CRASHED: SirenState.SOUNDING,
        SirenEvent.SILENCED: SirenState.SILENT,
        SirenEvent.TIME_OVER: SirenState.SILENT,
    },
    SirenState.SOUNDING: {
        SirenEvent.CRASHED: SirenState.SOUNDING,
        SirenEvent.SILENCED: SirenState.SILENT,
        SirenEvent.TIME_OVER: SirenState.SILENT,
    },
}


class Siren:
    """All sirens of one barrier, on and off together."""

    def __init__(self, lanes: tuple[Lane, ...], timer: Timer) -> None:
        self._points = tuple(lane.siren for lane in lanes if lane.siren is not None)
        self._timer = timer
        self._state = SirenState.SILENT

    @property
    def sounding(self) -> bool:
        """Whether they sound."""
        return self._state is SirenState.SOUNDING

    def happens(self, turn: Turn, event: SirenEvent) -> None:
        """Go on to the table's next state and switch the outputs."""
        before = self._state
        self._state = TABLE[self._state][event]
        if self._state is before:
            return
        sounding = self.sounding
        for point in self._points:
            turn.emit(SetOutput(point.device, point.index, point.means(sounding)))
        if sounding:
            turn.start(self._timer, SIREN_MS)

    def let_go(self, turn: Turn, device: str, outputs: tuple[bool, ...]) -> None:
        """Switch off what a killed gateway left on."""
        for point in self._points:
            if self._state is SirenState.SILENT and point.left_on(device, outputs):
                turn.emit(SetOutput(point.device, point.index, point.means(False)))
