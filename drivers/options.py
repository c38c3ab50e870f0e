"""Options that several drivers have: each is declared here once, with its bounds and its meaning.

`Meta(description=...)` is the meaning in the driver's table in docs/reference.md; `extra={"default": ...}` is how that
table writes a default that would be hard to read as a value.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from drivers.base import Options

TcpPort = Annotated[int, Meta(ge=1, le=65_535)]
LINKS_DIFFER = "link", "differs from the link of another device on the same wire; make them equal"
"""Why two devices cannot share a wire, see `Driver.clash`."""
Baudrate = Annotated[int, Meta(ge=1_200, le=1_000_000, description="speed of the line in bits a second")]
TimeoutMs = Annotated[int, Meta(ge=20, le=10_000)]
PortPath = Annotated[str, Meta(min_length=1, description="serial port, best by its place: `/dev/serial/by-path/...`")]
RepeatMs = Annotated[
    int,
    Meta(
        ge=100,
        le=600_000,
        description="a presentation ends when the value was not seen for so long; a `pin` counts each time",
    ),
]
PinMs = Annotated[int, Meta(ge=500, le=30_000, description="a PIN ends with `#`, or when no key came for so long")]
CardFormat = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=2048,
        description="`26`, `34`, `auto` (both of them), or a [description](#wiegand) of the bits",
    ),
]
Pattern = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=512,
        description="regular expression (Python's) with a group `value`: `^ID=(?P<value>[0-9A-F]{8})$`",
        extra={"default": "the whole line"},
    ),
]
Kind = Annotated[Literal["card", "qr", "plate", "pin"], Meta(description="`card`, `qr`, `plate` or `pin`")]
Radix = Annotated[Literal[10, 16], Meta(description="how card numbers are written: 10 or 16")]


class SerialPortOptions(Options, frozen=True):
    """Options of a device that has a serial port for itself."""

    port: PortPath
    baudrate: Baudrate = 9600


class SerialWire(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="serial", tag_field="type"):
    """`link` of devices that share a serial line."""

    port: PortPath
    baudrate: Baudrate = 9600
    timeout_ms: TimeoutMs = 500

    @property
    def key(self) -> Hashable:
        """The port; equal for devices on one wire."""
        return ("serial", self.port)


class TcpWire(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="tcp", tag_field="type"):
    """`link` of a device, or of a gateway to devices, on the network."""

    host: Annotated[str, Meta(min_length=1)]
    port: TcpPort
    timeout_ms: TimeoutMs = 500

    @property
    def key(self) -> Hashable:
        """Host and port; equal for devices on one wire."""
        return ("tcp", f"{self.host}:{self.port}")
