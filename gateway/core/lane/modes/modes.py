"""What rules a lane: any of four modes may be set, the strongest counts, none is *auto*."""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """Strongest first."""

    LOCKED = "locked"
    CRASHED = "crashed"
    FIRE = "fire"
    HELD = "held"
    AUTO = "auto"


class ModeEvent(StrEnum):
    """What sets a mode or takes one away."""

    TAG = "tag"
    UNTAG = "untag"
    CRASH = "crash"
    RESET = "reset"
    FIRE = "fire"
    FIRE_OVER = "fire_over"
    HOLD = "hold"
    RELEASE = "release"


# event -> (mode that it sets, modes that it takes away)
TABLE: dict[ModeEvent, tuple[Mode | None, frozenset[Mode]]] = {
    ModeEvent.TAG: (Mode.LOCKED, frozenset({Mode.HELD})),
    ModeEvent.UNTAG: (None, frozenset({Mode.LOCKED})),
    ModeEvent.CRASH: (Mode.CRASHED, frozenset({Mode.HELD})),
    ModeEvent.RESET: (None, frozenset({Mode.CRASHED})),
    ModeEvent.FIRE: (Mode.FIRE, frozenset()),
    ModeEvent.FIRE_OVER: (None, frozenset({Mode.FIRE})),
    ModeEvent.HOLD: (Mode.HELD, frozenset()),
    ModeEvent.RELEASE: (None, frozenset({Mode.HELD})),
}


class Modes:
    """The modes of one lane; `crashed`, `tagged`: an earlier run left it so."""

    __slots__ = ("_set", "_strongest")

    def __init__(self, *, crashed: bool = False, tagged: bool = False) -> None:
        self._set: frozenset[Mode] = frozenset()
        self._strongest = Mode.AUTO
        if crashed:
            self.happens(ModeEvent.CRASH)
        if tagged:
            self.happens(ModeEvent.TAG)

    def __contains__(self, mode: Mode) -> bool:
        return mode in self._set

    @property
    def strongest(self) -> Mode:
        """The mode that counts."""
        return self._strongest

    @property
    def moves(self) -> bool:
        """Whether the gateway may open and close at all."""
        return self._strongest not in (Mode.LOCKED, Mode.CRASHED)

    @property
    def stays_up(self) -> bool:
        """Whether the arm is to stay up."""
        return Mode.HELD in self._set or Mode.FIRE in self._set

    def happens(self, event: ModeEvent) -> None:
        """Set and take away modes as the table has it."""
        added, gone = TABLE[event]
        self._set = (self._set - gone) | ({added} if added is not None else set())
        self._strongest = next((mode for mode in Mode if mode in self._set), Mode.AUTO)
