"""One board at one unit address of a wire: turns "output 3 on" into the request that this model understands."""

from __future__ import annotations

from drivers.boards import Board, Flash
from drivers.links.modbus_bus import ModbusLink


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
