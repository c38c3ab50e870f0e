"""One board at one unit address of a wire: turns "output 3 on" into the request that this model understands."""

from __future__ import annotations

from drivers.boards.layout import Board
from drivers.links.modbus_bus import ModbusLink, Pending, Request, read_request, write_request


class BoardUnit:
    """One board at one unit address of a wire; times in milliseconds, every failure a DeviceError."""

    def __init__(self, link: ModbusLink, board: Board, unit: int, timeout_ms: int) -> None:
        self.board = board
        self._link = link
        self.number = self._unit = unit
        self._timeout_ms = timeout_ms
        inputs, outputs = board.inputs, board.outputs
        function = 2 if inputs.access == "discrete" else 1
        # The link knows a question that is asked again by its identity.
        self._ask_inputs = read_request(function, unit, inputs.start, inputs.count)
        self._ask_outputs = read_request(1, unit, outputs.start, outputs.count)

    def poll(self) -> tuple[bool, ...]:
        """The inputs; from a board without inputs nothing, but only if it answers."""
        if self.board.inputs.count == 0:
            self.read_outputs()
            return ()
        return self._read_bits(self._ask_inputs, self.board.inputs.count)

    def read_outputs(self) -> tuple[bool, ...]:
        """The outputs as the board says they are."""
        outputs = self.board.outputs
        if outputs.count == 0:
            return ()
        if outputs.access == "coil":
            return self._read_bits(self._ask_outputs, outputs.count)
        request = read_request(3, self._unit, outputs.start, outputs.count)
        reply = self._link.ask(request, self._timeout_ms)
        return tuple(word == outputs.reads_on for word in reply.registers[: outputs.count])

    def _read_bits(self, request: Request, count: int) -> tuple[bool, ...]:
        return tuple(self._link.ask(request, self._timeout_ms).bits[:count])

    def write(self, output: int, active: bool) -> None:
        """Switch an output and wait for the acknowledgement; sent once."""
        self._link.ask(self._switch(output, active), self._timeout_ms)

    def begin_switch(self, output: int, active: bool) -> Pending:
        """Send the switching of an output now; `finish` waits for the acknowledgement."""
        return self._link.begin(self._switch(output, active))

    def begin_flash(self, output: int, active: bool, duration_ms: int) -> Pending:
        """Send a pulse that the board times itself (`board.flash`); `finish` waits for the acknowledgement."""
        flash = self.board.flash
        assert flash is not None
        start = flash.on_start if active else flash.off_start
        return self._link.begin(write_request(5, self._unit, start + output, flash.steps(duration_ms)))

    def finish(self, pending: Pending) -> None:
        """Wait for the acknowledgement of a write."""
        self._link.finish(pending, self._timeout_ms)

    def _switch(self, output: int, active: bool) -> Request:
        outputs = self.board.outputs
        function = 5 if outputs.access == "coil" else 6
        word = outputs.on if active else outputs.off
        return write_request(function, self._unit, outputs.start + output, word)
