"""Driver `sim-reader`: a reader without wires, for tests that are not about wires.

A test in the same process presents cards to it by `present(channel, card)`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Hashable, Mapping, Sequence
from functools import partial
from typing import Annotated

from msgspec import Meta

from drivers.base import Bus, DeviceConfig, Driver, Health, Options, Report, Simulate
from drivers.buses.outputless import OutputlessBus
from drivers.framing.presentation import Presentations
from drivers.watch import Watch
from gateway.core.vocabulary.events import CredentialRead

_channels: dict[str, SimReaderBus] = {}


def present(channel: str, value: str, kind: str = "card") -> None:
    """Hold a credential to the running reader of that channel; KeyError when there is none."""
    _channels[channel].present(value, kind)


class SimReaderOptions(Options, frozen=True):
    """Options of `sim-reader`."""

    channel: Annotated[str, Meta(description="by which the test finds it")] = "default"
    repeat_ms: Annotated[
        int, Meta(ge=0, le=600_000, description="a presentation ends when the value was not seen for so long")
    ] = 5000


class SimReaderBus(OutputlessBus):
    """One reader that reads what `present` gives it."""

    def __init__(self, device: DeviceConfig, report: Report) -> None:
        super().__init__(report)
        self.key: Hashable = ("sim-reader", device.options.channel)
        self.devices = (device.id,)
        self._channel: str = device.options.channel
        self._watch = Watch(device.id, report)
        self._presentations = Presentations(device.options.repeat_ms)
        self._stopped = threading.Event()

    def present(self, value: str, kind: str) -> None:
        """One sighting of a credential."""
        if self._presentations.begins(f"{kind} {value}", time.monotonic_ns()):
            self._report(CredentialRead(self.devices[0], kind, value))

    def run(self) -> None:
        _channels[self._channel] = self
        self._watch.restored()
        self._stopped.wait()
        _channels.pop(self._channel, None)

    def stop(self) -> None:
        self._stopped.set()

    def tell_anew(self, devices: Collection[str]) -> bool:  # noqa: ARG002
        self._watch.tell_anew()
        return True

    def health(self) -> list[Health]:
        return [self._watch.health]


class SimReaderDriver(Driver):
    """A simulated reader inside the process, for tests."""

    name = "sim-reader"
    Options = SimReaderOptions
    reads = True

    def bus_key(self, options: SimReaderOptions) -> Hashable:
        """The channel."""
        return ("sim-reader", options.channel)

    def open_bus(self, devices: Sequence[DeviceConfig], report: Report) -> Bus:
        """One reader."""
        return SimReaderBus(devices[0], report)

    def stand_ins(self) -> Mapping[str, Simulate]:
        """Itself."""
        from drivers.sim.wireless import without_wire

        return {"none": partial(without_wire, {"channel": "stand-in"}, present=partial(present, "stand-in"))}


DRIVER = SimReaderDriver()
