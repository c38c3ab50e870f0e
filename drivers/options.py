"""Options that several drivers have: each is declared here once, with its bounds and its meaning.

`Meta(description=...)` is the meaning in the driver's table in docs/reference.md; `extra={"default": ...}` is how that
table writes a default that would be hard to read as a value.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from drivers.base import Options

Baudrate = Annotated[int, Meta(ge=1_200, le=1_000_000, description="speed of the line in bits a second")]
PortPath = Annotated[
    str,
    Meta(
        min_length=1,
        description="serial port, best by its place: `/dev/serial/by-path/...`",
        extra={"of": "ports"},
    ),
]
RepeatMs = Annotated[
    int,
    Meta(
        ge=100,
        le=600_000,
        description="a presentation ends when the value was not seen for so long; a `pin` counts each time",
    ),
]
CardBits = Annotated[
    Literal[32, 40],
    Meta(description="40: the whole card number, for sites whose cards differ in the first of their five bytes alone"),
]
PinMs = Annotated[int, Meta(ge=500, le=30_000, description="a PIN ends with `#`, or when no key came for so long")]
CardFormat = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=2048,
        description="`26`, `34`, `35` and `48` (HID Corporate 1000), `37` (H10304), `auto` (26 and 34), or a"
        " [description](#wiegand) of the bits",
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
