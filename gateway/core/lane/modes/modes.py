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


# event -> (mode that it sets, modes that it takes away)
TABLE: dict[str, tuple[Mode | None, frozenset[Mode]]] = {
    "tag": (Mode.LOCKED, frozenset({Mode.HELD})),
    "untag": (None, frozenset({Mode.LOCKED})),
    "crash": (Mode.CRASHED, frozenset({Mode.HELD})),
    "reset": (None, frozenset({Mode.CRASHED})),
    "fire": (Mode.FIRE, frozenset()),
    "fire_over": (None, frozenset({Mode.FIRE})),
    "hold": (Mode.HELD, frozenset()),
    "release": (None, frozenset({Mode.HELD})),
}


class Modes:
    """The modes of one lane."""

    def __init__(self) -> None:
        self._set: set[Mode] = set()
        self.strongest = Mode.AUTO
        """The mode that counts."""

    def __contains__(self, mode: Mode) -> bool:
        return mode in self._set

    @property
    def moves(self) -> bool:
        """Whether the gateway may open and close at all."""
        return self.strongest not in (Mode.LOCKED, Mode.CRASHED)

    @property
    def stays_up(self) -> bool:
        """Whether the arm is to stay up."""
        return bool(self._set & {Mode.HELD, Mode.FIRE})

    def happens(self, event: str) -> None:
        """Do what the table says; the one place that changes modes."""
        added, gone = TABLE[event]
        self._set -= gone
        if added is not None:
            self._set.add(added)
        self.strongest = next((mode for mode in Mode if mode in self._set), Mode.AUTO)
