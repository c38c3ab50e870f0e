"""Readers and scanners that type like a keyboard (HID keyboard wedge), by the kernel's input layer."""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from typing import Annotated, Literal

from msgspec import Meta

from drivers.base import Bus, DeviceConfig, Driver, Options, Report
from drivers.framing.line_reader import WHOLE_LINE, Kind, LineReader, wrong_pattern
from drivers.readers.hid.frames import KeyDecoder


class HidOptions(Options, frozen=True):
    """Options of `hid`; `radix` is that of card numbers, `pattern` finds the credential in what is typed."""

    device: Annotated[str, Meta(min_length=1, max_length=256)]
    pattern: Annotated[str, Meta(min_length=1, max_length=512)] = WHOLE_LINE
    kind: Kind = "card"
    radix: Literal[10, 16] = 10
    repeat_ms: Annotated[int, Meta(ge=100, le=600_000)] = 5000


class HidDriver(Driver):
    """Driver `hid`."""

    name = "hid"
    Options = HidOptions
    reads = True

    def check(self, options: HidOptions) -> tuple[str, str] | None:
        """The pattern must be one, and safe to run on what strangers show."""
        return wrong_pattern(options.pattern)

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
        reader = LineReader(device.id, KeyDecoder(), options, time.monotonic_ns)
        return ListeningBus(self.bus_key(options), device.id, Keyboard(options.device), reader, report)


DRIVER = HidDriver()
