"""I/O boards as data: what a board calls its inputs and outputs on the Modbus wire.

Each board is one JSON file in `layouts`; a new board is a new file and no code.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from gateway.core.vocabulary.errors import DriverError

COIL_ON, COIL_OFF = 0xFF00, 0x0000
_FOLDER = Path(__file__).parent / "layouts"


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the parts of a board file."""


class Outputs(_Strict, frozen=True):
    """Relays: coils (functions 1 and 5) or holding registers (3 and 6) from `start` on; the words to write and read."""

    count: int
    start: int
    access: Literal["coil", "register"] = "coil"
    on: int = COIL_ON
    off: int = COIL_OFF
    reads_on: int = 1


class Inputs(_Strict, frozen=True):
    """Contacts: discrete inputs (function 2) or coils (function 1) from `start` on."""

    count: int = 0
    start: int = 0
    access: Literal["discrete", "coil"] = "discrete"


class Flash(_Strict, frozen=True):
    """Pulses that the board times itself: function 5 at `on_start` + channel, the word in steps of `step_ms`."""

    on_start: int
    off_start: int
    step_ms: int
    most_steps: int

    def steps(self, duration_ms: int) -> int:
        """The steps for a pulse, rounded up so that it is never shorter than asked."""
        return min(-(-duration_ms // self.step_ms), self.most_steps)


class Identity(_Strict, frozen=True):
    """Holding registers (function 3) that other boards do not have, such as that of the version."""

    start: int
    count: int = 1


class Board(_Strict, frozen=True):
    """One model of board; `source` names the manual that the figures come from."""

    title: str
    source: str
    outputs: Outputs
    inputs: Inputs = Inputs()
    flash: Flash | None = None
    identity: Identity | None = None


def known_boards() -> list[str]:
    """The names of all boards that ship."""
    return sorted(path.stem for path in _FOLDER.glob("*.json"))


@cache
def load_board(name: str) -> Board:
    """The board of that name; DriverError names the known ones."""
    if name not in known_boards():
        raise DriverError(f"is {name!r}; known boards: {', '.join(known_boards())}")
    return msgspec.json.decode((_FOLDER / f"{name}.json").read_bytes(), type=Board)
