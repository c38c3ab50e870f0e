"""Readers and scanners that type like a keyboard (HID keyboard wedge), by the kernel's input layer."""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from typing import Annotated, Literal

from msgspec import Meta

from drivers.base import Bus, DeviceConfig, Driver, Options, Report
from drivers.framing.keyboard import KeyDecoder
from drivers.framing.presentation import Presentations
from drivers.framing.text_lines import LinePattern, card_number
from gateway.core.errors import FrameError
from gateway.core.events import CredentialRead

EVERYTHING = "(?P<value>.+)"


class HidOptions(Options, frozen=True):
    """Options of `hid`; `radix` is that of card numbers, `pattern` finds the credential in what is typed."""

    device: Annotated[str, Meta(min_length=1, max_length=256)]
    pattern: Annotated[str, Meta(min_length=1, max_length=512)] = EVERYTHING
    kind: Literal["card", "qr", "plate", "pin"] = "card"
    radix: Literal[10, 16] = 10
    repeat_ms: Annotated[int, Meta(ge=100, le=600_000)] = 5000


class TypingReader:
    """Turns what is typed into one credential per presentation."""

    def __init__(self, device: str, options: HidOptions) -> None:
        self._device = device
        self._options = options
        self._keys = KeyDecoder()
        self._pattern = LinePattern(options.pattern)
        self._presentations = Presentations(options.repeat_ms)
        self._misfits = 0

    @property
    def rejected(self) -> int:
        """Lines so far that were dropped or held no credential."""
        return self._keys.rejected + self._misfits

    def feed(self, received: bytes) -> tuple[int, list[CredentialRead]]:
        """Take key events as they come: how many good lines they completed, and the presentations that began."""
        reads = [read for line in self._keys.feed(received) if (read := self._read(line))]
        now_ns = time.monotonic_ns()
        return len(reads), [read for read in reads if self._begins(read, now_ns)]

    def interrupted(self) -> None:
        """See `Listener.interrupted`."""
        self._keys.interrupted()

    def _read(self, line: str) -> CredentialRead | None:
        value = self._pattern.value(line)
        try:
            if value and self._options.kind == "card":
                return CredentialRead(self._device, "card", *card_number(value, self._options.radix))
        except FrameError:
            value = ""
        if value:
            return CredentialRead(self._device, self._options.kind, value)
        self._misfits += 1
        return None

    def _begins(self, read: CredentialRead, now_ns: int) -> bool:
        """A PIN that is typed again is a new one; everything else must have been away."""
        return read.kind == "pin" or self._presentations.begins(read.value, now_ns)


class HidDriver(Driver):
    """Driver `hid`."""

    name = "hid"
    Options = HidOptions
    reads = True

    def check(self, options: HidOptions) -> tuple[str, str] | None:
        """The pattern must be one, and safe to run on what strangers show."""
        try:
            LinePattern(options.pattern)
        except FrameError as error:
            return "pattern", f"is {options.pattern!r}; it {error}"
        return None

    def points(self, options: HidOptions) -> tuple[int, int]:  # noqa: ARG002
        """A reader has neither inputs nor outputs."""
        return 0, 0

    def bus_key(self, options: HidOptions) -> Hashable:
        """A keyboard types for one."""
        return ("hid", options.device)

    def clash(self, options: HidOptions, other: HidOptions) -> tuple[str, str] | None:  # noqa: ARG002
        """Two devices with one keyboard."""
        return "device", f"is {options.device!r}, which another device has; each needs its own"

    def open_bus(self, devices: Sequence[DeviceConfig], report: Report) -> Bus:
        """A bus that listens to the keyboard."""
        from drivers.buses.listening import ListeningBus
        from drivers.links.keyboard import Keyboard

        device, options = devices[0], devices[0].options
        reader = TypingReader(device.id, options)
        return ListeningBus(self.bus_key(options), device.id, Keyboard(options.device), reader, report)


DRIVER = HidDriver()
