"""Readers and scanners that type like a keyboard (HID keyboard wedge), by the kernel's input layer."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from typing import Annotated, Literal

from msgspec import Meta

from drivers.base import Bus, DeviceConfig, Listener, Options, Report
from drivers.dissect.dissector import SECRET_KINDS, Dissector, HidingDissector
from drivers.dissect.lines import TypedDissector
from drivers.framing.line_reader import WHOLE_LINE, LineReader, line_of, wrong_pattern
from drivers.listening import ListeningDriver
from drivers.options import Kind, Pattern, Radix, RepeatMs
from drivers.readers.hid.frames import KeyDecoder, typed

NOT_PLAIN = (
    "what was typed was no plain line: set the reader to plain keys that end with Enter, and `layout` to the keyboard"
    " that the reader is set to"
)


class HidOptions(Options, frozen=True):
    """Options of `hid`."""

    device: Annotated[
        str, Meta(min_length=1, max_length=256, description="its path, best `/dev/input/by-id/...`, or its name")
    ]
    pattern: Pattern = WHOLE_LINE
    kind: Kind = "card"
    radix: Radix = 10
    layout: Annotated[
        Literal["us", "de", "fr"],
        Meta(description="the keyboard that the reader is set to: `us` (QWERTY), `de` (QWERTZ) or `fr` (AZERTY)"),
    ] = "us"
    repeat_ms: RepeatMs = 5000


class HidDriver(ListeningDriver):
    """Readers and scanners that type like a keyboard and end with Enter (USB)."""

    name = "hid"
    Options = HidOptions

    def check(self, options: HidOptions) -> tuple[str, str] | None:
        """The pattern must be one, and safe to run on what strangers show."""
        return wrong_pattern(options.pattern)

    def bus_key(self, options: HidOptions) -> Hashable:
        """The keyboard."""
        return ("hid", options.device)

    def clash(self, options: HidOptions, other: HidOptions) -> tuple[str, str] | None:  # noqa: ARG002
        """Two devices with one keyboard."""
        return "device", f"is {options.device!r}, which another device has; each needs its own"

    def listener(self, device: str, options: HidOptions, mono_ns: Callable[[], int]) -> Listener:
        """One line for each sighting."""
        return LineReader(device, KeyDecoder(options.layout), options, mono_ns, noise=NOT_PLAIN)

    def dissector(self, options: HidOptions) -> Dissector:
        return (
            HidingDissector()
            if options.kind in SECRET_KINDS
            else TypedDissector(options.pattern, KeyDecoder(options.layout))
        )

    def encode(self, value: str, options: HidOptions) -> bytes:
        """See `Driver.encode`: key events as the link packs them."""
        return typed(line_of(value, options), layout=options.layout)

    def open_bus(self, devices: Sequence[DeviceConfig], report: Report) -> Bus:
        """A bus that listens to the keyboard."""
        from drivers.buses.listening import ListeningBus
        from drivers.links.keyboard import Keyboard

        device, options = devices[0], devices[0].options
        listener = self.listener(device.id, options, time.monotonic_ns)
        return ListeningBus(self.bus_key(options), device.id, Keyboard(options.device), listener, report)


DRIVER = HidDriver()
