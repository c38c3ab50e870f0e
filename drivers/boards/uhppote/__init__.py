"""UHPPOTE controllers (UT0311-L01 to L04, also sold as WG2051 to WG2054) on the network: each door is a device."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from drivers.base import Bus, DeviceConfig, Driver, Options, Questions, Recognised, Report, Simulate
from drivers.boards.uhppote import frames
from drivers.dissect.dissector import Dissector
from drivers.options import RepeatMs
from drivers.wires import LINKS_DIFFER, TcpConnection, TcpPort

PORT = 60_000
DOORS = 4
DOORS_BY_SERIAL = {"1": 1, "2": 2, "4": 4}
"""The first digit of a serial number says how many doors a controller has."""


class UdpLink(TcpConnection, frozen=True, tag="udp", tag_field="type"):
    """`link` of a controller that is asked by datagrams, which every one understands."""

    port: Annotated[int, Meta(ge=1, le=65_535, description="UDP port")] = PORT

    @property
    def key(self) -> Hashable:
        """Host and port."""
        return ("udp", f"{self.host}:{self.port}")


class TcpLink(TcpConnection, frozen=True, tag="tcp", tag_field="type"):
    """`link` of a controller whose firmware also takes connections."""

    port: TcpPort = PORT


class UhppoteOptions(Options, frozen=True):
    """Options of `uhppote`."""

    link: Annotated[
        UdpLink | TcpLink,
        Meta(description="how the controller is reached; `udp` or `tcp`, port 60000, `timeout_ms` 500"),
    ]
    serial: Annotated[
        int,
        Meta(
            ge=1,
            le=0xFFFF_FFFE,
            description="serial number of the controller, as on its label: nine digits",
        ),
    ]
    door: Annotated[int, Meta(ge=1, le=DOORS, description="door of the controller, 1 to 4")]
    reader: Annotated[
        Literal["both", "in", "out"],
        Meta(description="which reader of the door this device is, where one lane leads in and another out"),
    ] = "both"
    decides: Annotated[
        Literal["gateway", "controller"],
        Meta(
            description="who decides on cards while the gateway is there; `controller`: its own list, and the"
            " gateway records it"
        ),
    ] = "gateway"
    format: Annotated[
        Literal["26", "raw"],
        Meta(
            description="how its readers' cards are numbered: `26`, facility and number of 26-bit Wiegand; `raw`, the"
            " whole number as the controller has it"
        ),
    ] = "26"
    delay_s: (
        Annotated[
            int,
            Meta(
                ge=1,
                le=255,
                description="how long the lock is released, in seconds; written to the controller when it differs",
                extra={"default": "as it is"},
            ),
        ]
        | None
    ) = None
    poll_ms: Annotated[int, Meta(ge=20, le=10_000, description="how often its state is asked for")] = 100
    repeat_ms: RepeatMs = 5000


class UhppoteDriver(Driver):
    """A door of a UHPPOTE controller on the network."""

    name = "uhppote"
    Options = UhppoteOptions
    reads = True
    asks_at = (0,)

    def points(self, options: UhppoteOptions) -> tuple[int, int]:  # noqa: ARG002
        """Inputs: door open, button pressed, fire contact, contact that locks by force. Output: the lock."""
        return 4, 1

    def bus_key(self, options: UhppoteOptions) -> Hashable:
        """Host and port with the serial number: a relay may lead to several controllers."""
        return ("uhppote", options.serial, options.link.key)

    def clash(self, options: UhppoteOptions, other: UhppoteOptions) -> tuple[str, str] | None:
        """Doors of one controller need equal links; a door is one device, or one for each of its readers."""
        if options.link != other.link:
            return LINKS_DIFFER
        if options.decides != other.decides:
            return "decides", "differs from another door of this controller; make them equal"
        if options.door == other.door and ("both" in (options.reader, other.reader) or options.reader == other.reader):
            return "door", f"is {options.door}, which another device of this controller has already"
        if options.door == other.door and options.delay_s != other.delay_s:
            return "delay_s", "differs from the other reader of this door; make them equal"
        return None

    def conflict(self, options: UhppoteOptions, other: UhppoteOptions) -> tuple[str, str] | None:
        """One controller has one address: its records are taken once."""
        if options.serial == other.serial and options.link.key != other.link.key:
            return "serial", f"is {options.serial}, which another device reaches at another address"
        return None

    def open_bus(self, devices: Sequence[DeviceConfig], report: Report) -> Bus:
        """One bus for the doors of the controller."""
        from drivers.boards.uhppote.bus import ControllerBus
        from drivers.links.uhppote.wire import ControllerLink

        first: UhppoteOptions = devices[0].options
        over: Literal["udp", "tcp"] = "udp" if isinstance(first.link, UdpLink) else "tcp"
        link = ControllerLink(over, first.link.host, first.link.port, first.serial, first.link.timeout_ms)
        chosen = [(one.id, one.options) for one in devices]
        return ControllerBus(
            self.bus_key(first),
            link,
            [(device, o.door, o.reader, o.format, o.delay_s, o.repeat_ms) for device, o in chosen],
            report,
            poll_ms=min(options.poll_ms for _, options in chosen),
            decides=first.decides == "gateway",
        )

    def dissector(self, options: UhppoteOptions) -> Dissector:
        from drivers.boards.uhppote.dissect import UhppoteDissector

        return UhppoteDissector(options.format)

    def ask_who(self, line: Questions) -> Sequence[Recognised]:
        """The controller at an address: asked who it is."""
        if line.over != "tcp":
            return ()
        answer = line.ask(frames.message(frames.GET_CONTROLLER, 0), frames.find_controller)
        return found(answer) if answer else ()

    def call(self) -> tuple[bytes, int]:
        """Who is there, asked of the whole network."""
        return frames.message(frames.GET_CONTROLLER, 0), PORT

    def called(self, answer: bytes, host: str) -> Sequence[Recognised]:
        """A controller that answered the call."""
        return [
            msgspec.structs.replace(one, options={"link": {"type": "udp", "host": host}, **one.options})
            for one in found(frames.find_controller(answer))
        ]

    def stand_ins(self) -> Mapping[str, Simulate]:
        """A controller, asked by datagrams or by connections."""
        from drivers.boards.uhppote import sim

        return {"udp": sim.on_udp, "tcp": sim.on_tcp}


def found(answer: bytes) -> list[Recognised]:
    """The doors of the controller that gave this answer, one device each."""
    if not answer:
        return []
    _, serial, content = frames.split(answer)
    version = f"{content[18]:x}.{content[19]:02x}"
    doors = DOORS_BY_SERIAL.get(str(serial)[0], DOORS)
    return [
        Recognised(
            {"serial": serial, "door": door},
            f"door {door} of the UHPPOTE controller {serial}, firmware {version}",
        )
        for door in range(1, doors + 1)
    ]


DRIVER = UhppoteDriver()
