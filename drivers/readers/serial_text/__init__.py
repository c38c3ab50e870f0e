"""Devices that send lines of text on a serial port: Wiegand-to-serial converters, scanners, keypads, plate cameras."""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from typing import Annotated, Literal

from msgspec import Meta

from drivers.base import Bus, DeviceConfig, Driver, Options, Report
from drivers.framing.line_reader import WHOLE_LINE, Kind, LineReader, wrong_pattern
from drivers.framing.text_lines import LineDecoder


class SerialTextOptions(Options, frozen=True):
    """Options of `serial-text`; `radix` is that of card numbers, `pattern` finds the credential in a line."""

    port: Annotated[str, Meta(min_length=1)]
    baudrate: Annotated[int, Meta(ge=1_200, le=1_000_000)] = 9600
    pattern: Annotated[str, Meta(min_length=1, max_length=512)] = WHOLE_LINE
    kind: Kind = "card"
    radix: Literal[10, 16] = 10
    repeat_ms: Annotated[int, Meta(ge=100, le=600_000)] = 5000


class SerialTextDriver(Driver):
    """Driver `serial-text`."""

    name = "serial-text"
    Options = SerialTextOptions
    reads = True

    def check(self, options: SerialTextOptions) -> tuple[str, str] | None:
        """The pattern must be one, and safe to run on what strangers show."""
        return wrong_pattern(options.pattern)

    def bus_key(self, options: SerialTextOptions) -> Hashable:
        """Each reader has a port of its own."""
        return ("serial", options.port)

    def open_bus(self, devices: Sequence[DeviceConfig], report: Report) -> Bus:
        """A bus that listens to the port."""
        from drivers.buses.listening import ListeningBus
        from drivers.links.serial_port import SerialPort

        device, options = devices[0], devices[0].options
        reader = LineReader(device.id, LineDecoder(), options, time.monotonic_ns)
        port = SerialPort(options.port, options.baudrate)
        return ListeningBus(self.bus_key(options), device.id, port, reader, report)


DRIVER = SerialTextDriver()
