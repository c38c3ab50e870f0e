"""Devices that send lines of text on a serial port: Wiegand-to-serial converters, scanners, keypads, plate cameras."""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from typing import Annotated, Literal

from msgspec import Meta

from drivers.base import Bus, DeviceConfig, Driver, Options, Report
from drivers.framing.presentation import Presentations
from drivers.framing.text_lines import LineDecoder, LinePattern, card_number
from gateway.core.errors import FrameError
from gateway.core.events import CredentialRead

EVERYTHING = "(?P<value>.+)"


class SerialTextOptions(Options, frozen=True):
    """Options of `serial-text`; `radix` is that of card numbers, `pattern` finds the credential in a line."""

    port: Annotated[str, Meta(min_length=1)]
    baudrate: Annotated[int, Meta(ge=1_200, le=1_000_000)] = 9600
    pattern: Annotated[str, Meta(min_length=1, max_length=512)] = EVERYTHING
    kind: Literal["card", "qr", "plate", "pin"] = "card"
    radix: Literal[10, 16] = 10
    repeat_ms: Annotated[int, Meta(ge=100, le=600_000)] = 5000


class LineReader:
    """Turns a device's bytes into one credential per presentation."""

    def __init__(self, device: str, options: SerialTextOptions) -> None:
        self._device = device
        self._options = options
        self._lines = LineDecoder()
        self._pattern = LinePattern(options.pattern)
        self._presentations = Presentations(options.repeat_ms)
        self._misfits = 0

    @property
    def rejected(self) -> int:
        """Damaged lines, and lines without a credential, so far."""
        return self._lines.rejected + self._misfits

    def feed(self, received: bytes) -> tuple[int, list[CredentialRead]]:
        """Take bytes as they come: how many good lines they completed, and the presentations that began."""
        reads = [read for line in self._lines.feed(received) if (read := self._read(line))]
        now_ns = time.monotonic_ns()
        return len(reads), [read for read in reads if self._begins(read, now_ns)]

    def interrupted(self) -> None:
        """See `Listener.interrupted`."""
        self._lines.interrupted()

    def _read(self, line: str) -> CredentialRead | None:
        value = self._pattern.value(line)
        try:
            if value:
                return self._credential(value)
        except FrameError:
            pass
        self._misfits += 1
        return None

    def _credential(self, value: str) -> CredentialRead:
        kind = self._options.kind
        if kind == "card":
            number, bits = card_number(value, self._options.radix)
            return CredentialRead(self._device, kind, number, bits)
        return CredentialRead(self._device, kind, value.upper() if kind == "plate" else value)

    def _begins(self, read: CredentialRead, now_ns: int) -> bool:
        """A PIN that is typed again is a new one; everything else must have been away."""
        return read.kind == "pin" or self._presentations.begins(read.value, now_ns)


class SerialTextDriver(Driver):
    """Driver `serial-text`."""

    name = "serial-text"
    Options = SerialTextOptions
    reads = True

    def check(self, options: SerialTextOptions) -> tuple[str, str] | None:
        """The pattern must be one, and safe to run on what strangers show."""
        try:
            LinePattern(options.pattern)
        except FrameError as error:
            return "pattern", f"is {options.pattern!r}; it {error}"
        return None

    def points(self, options: SerialTextOptions) -> tuple[int, int]:  # noqa: ARG002
        """A reader has neither inputs nor outputs."""
        return 0, 0

    def bus_key(self, options: SerialTextOptions) -> Hashable:
        """Each reader has a port of its own."""
        return ("serial", options.port)

    def open_bus(self, devices: Sequence[DeviceConfig], report: Report) -> Bus:
        """A bus that listens to the port."""
        from drivers.buses.listening import ListeningBus
        from drivers.links.serial_port import SerialPort

        device, options = devices[0], devices[0].options
        reader = LineReader(device.id, options)
        port = SerialPort(options.port, options.baudrate)
        return ListeningBus(self.bus_key(options), device.id, port, reader, report)


DRIVER = SerialTextDriver()
