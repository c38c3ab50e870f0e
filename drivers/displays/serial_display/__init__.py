"""Text displays at a lane, on a serial port; what they say and how their bytes look is data."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from drivers.base import Bus, DeviceConfig, Driver, Message, Report, Simulate
from drivers.displays.serial_display import frames
from drivers.dissect.dissector import Dissector
from drivers.dissect.lines import TextDissector
from drivers.options import SerialPortOptions
from gateway.core.lane.signs.sign import VERDICTS
from gateway.core.vocabulary.errors import FrameError

Line = Annotated[str, Meta(max_length=128)]
Template = Annotated[tuple[Line, ...], Meta(max_length=8)]
Hex = Annotated[str, Meta(max_length=64)]
LASTING = frozenset(("idle", "locked"))
"""Verdicts that a display shows again by itself after `show_ms`."""


class Templates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is shown at each verdict: lines of text with fields; `words` come in the site's language."""

    idle: Annotated[Template, Meta(description="lines while no car is there")] = ("{words}", "{time}")
    granted: Annotated[Template, Meta(description="lines when a car may pass")] = (
        "{plate}",
        "{words}",
        "{days_left} DAYS",
    )
    denied: Annotated[Template, Meta(description="lines when a car is denied")] = ("{plate}", "{words}")
    referred: Annotated[Template, Meta(description="lines while the guard decides")] = ("{plate}", "{words}")
    wait: Annotated[Template, Meta(description="lines while a second proof is awaited")] = ("{plate}", "{words}")
    locked: Annotated[Template, Meta(description="lines while the lane is out of use")] = ("{words}",)


class SerialDisplayOptions(SerialPortOptions, frozen=True):
    """Options of `serial-display`; control bytes are written in hex."""

    templates: Annotated[
        Templates,
        Meta(
            description="for `idle`, `granted`, `denied`, `referred`, `wait`, `locked`: a list of lines",
            extra={"default": "plate and words"},
        ),
    ] = Templates()
    encoding: Annotated[Literal["gb2312", "utf-8", "ascii"], Meta(description="`gb2312`, `utf-8` or `ascii`")] = (
        "gb2312"
    )
    width: Annotated[
        int, Meta(ge=4, le=128, description="columns (a Chinese character takes two); what is longer is cut")
    ] = 16
    lines: Annotated[int, Meta(ge=1, le=8, description="lines; further ones are left out")] = 4
    before: Annotated[Hex, Meta(description="bytes before everything (to clear), in hex")] = "0C"
    before_line: Annotated[
        tuple[Hex, ...],
        Meta(
            max_length=8,
            description="list of bytes before each line (to place it); the last one serves all further lines",
        ),
    ] = ()
    after_line: Annotated[Hex, Meta(description="bytes behind each line")] = "0D0A"
    after: Annotated[Hex, Meta(description="bytes behind everything")] = ""
    show_ms: Annotated[
        int,
        Meta(ge=500, le=600_000, description="a decision is shown until the lane is done with it, but at most so long"),
    ] = 60_000

    def controls(self) -> frames.Controls:
        """The control bytes; FrameError when one is not hex."""
        return frames.Controls(
            self.encoding,
            self.width,
            self.lines,
            frames.parse_bytes(self.before),
            tuple(frames.parse_bytes(text) for text in self.before_line),
            frames.parse_bytes(self.after_line),
            frames.parse_bytes(self.after),
        )


class Screen:
    """Turns a message into the bytes that show it."""

    def __init__(self, options: SerialDisplayOptions) -> None:
        self._controls = options.controls()
        self._templates = options.templates

    def encode(self, message: Message) -> bytes:
        """The bytes for a message; one with a verdict that is not known shows the idle lines."""
        verdict = message.get("verdict")
        template: tuple[str, ...] = getattr(self._templates, verdict if verdict in VERDICTS else "idle")
        return frames.encode(frames.fill(template, message), self._controls)


class SerialDisplayDriver(Driver):
    """Text display on a serial port."""

    name = "serial-display"
    Options = SerialDisplayOptions
    shows = True

    def check(self, options: SerialDisplayOptions) -> tuple[str, str] | None:
        """Templates with known fields and characters, control bytes in hex."""
        for verdict in VERDICTS:
            try:
                frames.check_template(getattr(options.templates, verdict), options.encoding)
            except FrameError as error:
                return f"templates.{verdict}", str(error)
        for key in ("before", "before_line", "after_line", "after"):
            value = getattr(options, key)
            try:
                for text in value if isinstance(value, tuple) else (value,):
                    frames.parse_bytes(text)
            except FrameError as error:
                return key, str(error)
        return None

    def bus_key(self, options: SerialDisplayOptions) -> Hashable:
        """Each display has a port of its own."""
        return ("serial", options.port)

    def dissector(self, options: SerialDisplayOptions) -> Dissector:
        return TextDissector(options.encoding)

    def open_bus(self, devices: Sequence[DeviceConfig], report: Report) -> Bus:
        """A bus that writes to the port."""
        from drivers.buses.showing import ShowingBus
        from drivers.links.serial_port import SerialPort

        device, options = devices[0], devices[0].options
        port = SerialPort(options.port, options.baudrate)
        encode = Screen(options).encode
        return ShowingBus(
            self.bus_key(options), device.id, port, encode, report, show_ms=options.show_ms, lasting=LASTING
        )

    def stand_ins(self) -> Mapping[str, Simulate]:
        """A display on a pseudo-terminal."""
        from drivers.sim.text_device import on_port

        return {"serial": on_port}


DRIVER = SerialDisplayDriver()
