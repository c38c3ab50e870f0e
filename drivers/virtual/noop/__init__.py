"""A device that does nothing: every order succeeds, no input ever changes. Also the shortest lesson in drivers.

A driver declares its options, says how many points it has and which devices share a bus, and opens that bus. The bus
reports `DeviceRestored` when its device is there (with inputs and outputs as read back), answers every order with
`OutputDone` or `OutputFailed`, and runs until it is stopped.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Hashable, Mapping, Sequence
from functools import partial
from typing import Annotated

from msgspec import Meta

from drivers.base import Bus, DeviceConfig, Driver, Health, Options, Report, Simulate
from drivers.watch import Watch
from gateway.core.vocabulary.events import OutputDone

Inputs = Annotated[int, Meta(ge=0, le=256, description="how many inputs it pretends to have")]
Outputs = Annotated[int, Meta(ge=0, le=256, description="how many outputs it pretends to have")]


class NoopOptions(Options, frozen=True):
    """Options of `noop`."""

    inputs: Inputs = 8
    outputs: Outputs = 8


class NoopBus(Bus):
    """One device that does nothing."""

    def __init__(self, device: DeviceConfig, report: Report) -> None:
        self.key: Hashable = ("noop", id(device.options))
        self.devices = (device.id,)
        self._options: NoopOptions = device.options
        self._report = report
        self._watch = Watch(device.id, report)
        self._stopped = threading.Event()

    def run(self) -> None:
        self.tell_anew(self.devices)
        self._stopped.wait()

    def tell_anew(self, devices: Collection[str]) -> bool:  # noqa: ARG002
        self._watch.restored((False,) * self._options.inputs, (False,) * self._options.outputs)
        return True

    def stop(self) -> None:
        self._stopped.set()

    def pulse(self, device: str, output: int, duration_ms: int, active: bool = True, token: int = 0) -> None:  # noqa: ARG002
        self.switch(device, output, active, token)

    def switch(self, device: str, output: int, active: bool, token: int = 0) -> None:  # noqa: ARG002
        self._report(OutputDone(device, output, token))

    def health(self) -> list[Health]:
        return [self._watch.health]


class NoopDriver(Driver):
    """A device that does nothing, for tests and as the shortest lesson in drivers."""

    name = "noop"
    Options = NoopOptions
    reads = True

    def points(self, options: NoopOptions) -> tuple[int, int]:
        """As many as asked for."""
        return options.inputs, options.outputs

    def bus_key(self, options: NoopOptions) -> Hashable:
        """Each device is its own bus: options are compared by identity."""
        return ("noop", id(options))

    def open_bus(self, devices: Sequence[DeviceConfig], report: Report) -> Bus:
        """Nothing to share, so one device."""
        return NoopBus(devices[0], report)

    def stand_ins(self) -> Mapping[str, Simulate]:
        """Itself."""
        from drivers.sim.wireless import without_wire

        return {"none": partial(without_wire, {})}


DRIVER = NoopDriver()
