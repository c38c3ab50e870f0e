"""I/O boards as data: what a board calls its inputs and outputs on the Modbus wire.

Each board is one file in `drivers/boards/`; a new board is a new file there and no code. `BoardUnit` is one board at
one unit address: it turns "output 3 on" into the right request.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

import msgspec

from gateway.core.errors import DriverError

if TYPE_CHECKING:
    from drivers.links.modbus_bus import ModbusLink

COIL_ON, COIL_OFF = 0xFF00, 0x0000


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


class Board(_Strict, frozen=True):
    """One model of board; `source` names the manual that the figures come from."""

    title: str
    source: str
    outputs: Outputs
    inputs: Inputs = Inputs()
    flash: Flash | None = None


def known_boards() -> list[str]:
    """The names of all boards that ship."""
    names = (entry.name for entry in files("drivers").joinpath("boards").iterdir())
    return sorted(name.removesuffix(".json") for name in names if name.endswith(".json"))


@cache
def load_board(name: str) -> Board:
    """The board of that name; DriverError names the known ones."""
    if name not in known_boards():
        raise DriverError(f"is {name!r}; known boards: {', '.join(known_boards())}")
    text = files("drivers").joinpath("boards", f"{name}.json").read_bytes()
    return msgspec.json.decode(text, type=Board)


class BoardUnit:
    """One board at one unit address of a wire; times in milliseconds, every failure a DeviceError."""

    def __init__(self, link: ModbusLink, board: Board, unit: int, timeout_ms: int) -> None:
        self.board = board
        self._link = link
        self._unit = unit
        self._timeout_ms = timeout_ms

    async def poll(self) -> tuple[bool, ...]:
        """The inputs; from a board without inputs nothing, but only if it answers."""
        if self.board.inputs.count == 0:
            await self.read_outputs()
            return ()
        inputs = self.board.inputs
        function = 2 if inputs.access == "discrete" else 1
        return await self._link.read_bits(function, self._unit, inputs.start, inputs.count, self._timeout_ms)

    async def read_outputs(self) -> tuple[bool, ...]:
        """The outputs as the board says they are."""
        outputs = self.board.outputs
        if outputs.count == 0:
            return ()
        where = (self._unit, outputs.start, outputs.count, self._timeout_ms)
        if outputs.access == "coil":
            return await self._link.read_bits(1, *where)
        return tuple(word == outputs.reads_on for word in await self._link.read_words(3, *where))

    async def write(self, output: int, active: bool) -> None:
        """Switch an output; sent once, acknowledged on return."""
        outputs = self.board.outputs
        function = 5 if outputs.access == "coil" else 6
        word = outputs.on if active else outputs.off
        await self._link.write_word(function, self._unit, outputs.start + output, word, self._timeout_ms)

    async def flash(self, flash: Flash, output: int, active: bool, duration_ms: int) -> None:
        """Have the board itself time a pulse; sent once, acknowledged on return."""
        start = flash.on_start if active else flash.off_start
        await self._link.write_word(5, self._unit, start + output, flash.steps(duration_ms), self._timeout_ms)
