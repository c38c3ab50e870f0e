"""Relays and contacts on the pins of the machine itself (a Raspberry Pi)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from drivers.base import Bus, DeviceConfig, Driver, Options, Report
from drivers.buses.direct import DirectBus
from drivers.dissect.dissector import Dissector
from drivers.dissect.points import PointsDissector

Pin = Annotated[int, Meta(ge=0, le=27, description="number of the pin (BCM)")]
Level = Annotated[Literal["high", "low"], Meta(description="the level that energises the relay")]
ClosedLevel = Annotated[
    Literal["high", "low"],
    Meta(description="the level while the contact is closed", extra={"default": "against the pull"}),
]


class Relay(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A relay on a pin (BCM number); `active` is the level that energises it."""

    pin: Pin
    active: Level = "high"


class Contact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A contact on a pin; `active` is the level while it is closed (default: against the pull)."""

    pin: Pin
    pull: Annotated[Literal["up", "down", "none"], Meta(description="the resistor that holds an open contact")] = "up"
    active: ClosedLevel | None = None

    @property
    def level(self) -> Literal["high", "low"]:
        """The level while the contact is closed."""
        return self.active or ("low" if self.pull == "up" else "high")


class GpioOptions(Options, frozen=True):
    """Options of `gpio`."""

    outputs: Annotated[
        tuple[Relay, ...],
        Meta(description="the relays in order, each with its `pin` and the level `active` that energises it"),
    ] = ()
    inputs: Annotated[
        tuple[Contact, ...],
        Meta(
            description="the contacts in order, each with its `pin`, `pull` and the level `active` while it is closed"
        ),
    ] = ()

    def pins(self) -> list[int]:
        """All pins used."""
        return [*(relay.pin for relay in self.outputs), *(contact.pin for contact in self.inputs)]


class GpioDriver(Driver):
    """Relays and contacts on the pins of a Raspberry Pi."""

    name = "gpio"
    Options = GpioOptions

    def check(self, options: GpioOptions) -> tuple[str, str] | None:
        """Each pin is used once."""
        pins = options.pins()
        twice = sorted({pin for pin in pins if pins.count(pin) > 1})
        return ("outputs", f"and inputs use pin {twice[0]} twice; use each pin once") if twice else None

    def points(self, options: GpioOptions) -> tuple[int, int]:
        """As listed."""
        return len(options.inputs), len(options.outputs)

    def pins(self, options: GpioOptions) -> Sequence[int]:
        """Those of the relays and contacts."""
        return options.pins()

    def bus_key(self, options: GpioOptions) -> Hashable:  # noqa: ARG002
        """There is one chip."""
        return ("gpio", "chip")

    def clash(self, options: GpioOptions, other: GpioOptions) -> tuple[str, str] | None:
        """Two devices on the chip need different pins."""
        both = sorted(set(options.pins()) & set(other.pins()))
        return ("outputs", f"and inputs use pin {both[0]}, which another device has") if both else None

    def dissector(self, options: GpioOptions) -> Dissector:  # noqa: ARG002
        return PointsDissector()

    def open_bus(self, devices: Sequence[DeviceConfig], report: Report) -> Bus:
        """One bus for the chip."""
        from drivers.links.gpio_chip import GpioLines, InputLine, OutputLine

        points = {}
        for device in devices:
            options: GpioOptions = device.options
            outputs = tuple(OutputLine(relay.pin, relay.active) for relay in options.outputs)
            inputs = tuple(InputLine(line.pin, line.pull, line.level) for line in options.inputs)
            points[device.id] = GpioLines(outputs, inputs)
        return DirectBus(self.bus_key(devices[0].options), dict(points), report)


DRIVER = GpioDriver()
