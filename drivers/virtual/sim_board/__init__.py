"""Driver `sim-board`: a board without wires, for tests that are not about wires.

The board of an option `channel` is `board(channel)` in the same process: set its inputs, look at its outputs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from drivers.base import Bus, DeviceConfig, Driver, Options, Report, Simulate
from drivers.boards.layout import load_board
from drivers.buses.direct import DirectBus
from drivers.dissect.dissector import Dissector
from drivers.dissect.points import PointsDissector
from drivers.sim.board_model import SimBoard
from gateway.core.vocabulary.errors import DeviceError

Inputs = Annotated[int, Meta(ge=0, le=256, description="how many inputs it has")]
Outputs = Annotated[int, Meta(ge=0, le=256, description="how many outputs it has")]
_channels: dict[str, DirectBoard] = {}


class DirectBoard(SimBoard):
    """A board whose terminals are at hand; also the `Points` of its bus."""

    def __init__(self, inputs: int, outputs: int) -> None:
        generic = load_board("generic")
        super().__init__(
            replace(
                generic,
                inputs=replace(generic.inputs, count=inputs),
                outputs=replace(generic.outputs, count=outputs),
            )
        )
        self._changed: Callable[[], None] = lambda: None

    def set_input(self, number: int, current: bool) -> None:
        """Let current flow in an input, or not; the bus sees it at once."""
        super().set_input(number, current)
        self._changed()

    def open(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._fail_if_silent()

    def write(self, output: int, active: bool) -> None:
        self._fail_if_silent()
        self.set_output(output, active, time.monotonic_ns())

    def close(self) -> None:
        self._changed = lambda: None

    def _fail_if_silent(self) -> None:
        if self.faults.silent:
            raise DeviceError("the simulated board is set to be silent")


def board(channel: str, inputs: int = 8, outputs: int = 8) -> DirectBoard:
    """The board of that channel, made when it is asked for first."""
    return _channels.setdefault(channel, DirectBoard(inputs, outputs))


def forget(channel: str) -> None:
    """Throw the board of that channel away."""
    _channels.pop(channel, None)


class SimBoardOptions(Options, frozen=True):
    """Options of `sim-board`."""

    channel: Annotated[str, Meta(description="by which the test finds it")] = "default"
    inputs: Inputs = 8
    outputs: Outputs = 8


class SimBoardDriver(Driver):
    """A simulated board inside the process, for tests."""

    name = "sim-board"
    Options = SimBoardOptions

    def points(self, options: SimBoardOptions) -> tuple[int, int]:
        """As many as asked for."""
        return options.inputs, options.outputs

    def bus_key(self, options: SimBoardOptions) -> Hashable:
        """The channel."""
        return ("sim-board", options.channel)

    def dissector(self, options: SimBoardOptions) -> Dissector:  # noqa: ARG002
        return PointsDissector()

    def open_bus(self, devices: Sequence[DeviceConfig], report: Report) -> Bus:
        """One board."""
        device, options = devices[0], devices[0].options
        points = board(options.channel, options.inputs, options.outputs)
        return DirectBus(self.bus_key(options), {device.id: points}, report)

    def stand_ins(self) -> Mapping[str, Simulate]:
        """Itself."""
        from drivers.sim.wireless import without_wire

        return {"none": partial(without_wire, {"channel": "stand-in"})}


DRIVER = SimBoardDriver()
