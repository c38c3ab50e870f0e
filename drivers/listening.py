"""Drivers of readers that send by themselves: a model says what its bytes mean, the rest is here."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial
from typing import Any

from drivers.base import Bus, DeviceConfig, Driver, Listener, Report, Simulate


class ListeningDriver(Driver):
    """A reader that is only listened to."""

    reads = True

    @abstractmethod
    def listener(self, device: str, options: Any, mono_ns: Callable[[], int]) -> Listener:
        """See `Driver.listener`."""

    @abstractmethod
    def encode(self, value: str, options: Any) -> bytes:
        """See `Driver.encode`."""


class SerialReaderDriver(ListeningDriver):
    """A reader on a serial port of its own; its options are `SerialPortOptions`."""

    def bus_key(self, options: Any) -> Hashable:
        """The port."""
        return ("serial", options.port)

    def open_bus(self, devices: Sequence[DeviceConfig], report: Report) -> Bus:
        """A bus that listens to the port."""
        from drivers.buses.listening import ListeningBus
        from drivers.links.serial_port import SerialPort

        device, options = devices[0], devices[0].options
        listener = self.listener(device.id, options, time.monotonic_ns)
        return ListeningBus(
            self.bus_key(options), device.id, SerialPort(options.port, options.baudrate), listener, report
        )

    def stand_ins(self) -> Mapping[str, Simulate]:
        """A reader on a pseudo-terminal, with the options that its driver has by default."""
        from drivers.sim.reader import on_port

        return {"serial": partial(on_port, self.Options, self.encode)}
