"""I/O boards on Modbus RTU or TCP: relays for the barrier's terminals, inputs for its limits and loops."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from drivers.base import Bus, DeviceConfig, Driver, Options, Report
from drivers.boards.layout import Board, load_board
from drivers.watch import Watch
from gateway.core.vocabulary.errors import DriverError

if TYPE_CHECKING:
    from drivers.buses.board_unit import BoardUnit
    from drivers.links.modbus_bus import ModbusLink

Timeout = Annotated[int, Meta(ge=20, le=10_000)]
ADDRESSES = 65_536
Start = Annotated[int, Meta(ge=0, le=65_535)]


class SerialLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="serial", tag_field="type"):
    """`link` of boards on an RS-485 adapter."""

    port: Annotated[str, Meta(min_length=1)]
    baudrate: Annotated[int, Meta(ge=1_200, le=1_000_000)] = 9600
    parity: Literal["none", "even", "odd"] = "none"
    timeout_ms: Timeout = 500


class TcpLink(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="tcp", tag_field="type"):
    """`link` of boards, or of a gateway to boards, on the network."""

    host: Annotated[str, Meta(min_length=1)]
    port: Annotated[int, Meta(ge=1, le=65_535)] = 502
    timeout_ms: Timeout = 500


class ModbusOptions(Options, frozen=True):
    """Options of `modbus`; the four counts and starts apply to the board `generic` only."""

    link: SerialLink | TcpLink
    unit: Annotated[int, Meta(ge=1, le=247)] = 1
    board: str = "generic"
    poll_ms: Annotated[int, Meta(ge=10, le=10_000)] = 50
    timeout_ms: Timeout | None = None
    outputs: Annotated[int, Meta(ge=0, le=256)] = 8
    inputs: Annotated[int, Meta(ge=0, le=256)] = 8
    output_start: Start = 0
    input_start: Start = 0

    def layout(self) -> Board:
        """The board's map, with the counts and starts of the site file where it is the generic one."""
        board = load_board(self.board)
        if self.board != "generic":
            return board
        return replace(
            board,
            outputs=replace(board.outputs, count=self.outputs, start=self.output_start),
            inputs=replace(board.inputs, count=self.inputs, start=self.input_start),
        )


class ModbusDriver(Driver):
    """Driver `modbus`."""

    name = "modbus"
    Options = ModbusOptions

    def check(self, options: ModbusOptions) -> tuple[str, str] | None:
        """The board must be one that ships, and its points must have addresses."""
        try:
            load_board(options.board)
        except DriverError as error:
            return "board", str(error)
        for key, start, count in (
            ("output_start", options.output_start, options.outputs),
            ("input_start", options.input_start, options.inputs),
        ):
            if start + count > ADDRESSES:
                return key, f"is {start}; with {count} points it must be at most {ADDRESSES - count}"
        return None

    def points(self, options: ModbusOptions) -> tuple[int, int]:
        """As the board has them."""
        board = options.layout()
        return board.inputs.count, board.outputs.count

    def bus_key(self, options: ModbusOptions) -> Hashable:
        """The port, or host and port."""
        link = options.link
        if isinstance(link, SerialLink):
            return ("serial", link.port)
        return ("tcp", f"{link.host}:{link.port}")

    def clash(self, options: ModbusOptions, other: ModbusOptions) -> tuple[str, str] | None:
        """Boards on one wire need equal links and different unit numbers."""
        if options.link != other.link:
            return "link", "differs from the link of another device on the same wire; make them equal"
        if options.unit == other.unit:
            return "unit", f"is {options.unit}, which another device on this wire has already"
        return None

    def open_bus(self, devices: Sequence[DeviceConfig], report: Report) -> Bus:
        """One polling bus for all boards on the wire."""
        from drivers.buses.polling import PolledDevice, PollingBus

        link = _open_link(devices[0].options.link)
        polled = [PolledDevice(d.id, _unit(link, d.options), d.options.poll_ms, Watch(d.id, report)) for d in devices]
        return PollingBus(self.bus_key(devices[0].options), link, polled, report)


# pymodbus is imported only where a bus is opened: checking a site file must stay quick.


def _open_link(link: SerialLink | TcpLink) -> ModbusLink:
    from drivers.framing.modbus import find_rtu_reply, find_tcp_reply
    from drivers.links.modbus_bus import ModbusLink, SerialWire, TcpWire

    if isinstance(link, SerialLink):
        return ModbusLink(SerialWire(link.port, link.baudrate, link.parity), find_rtu_reply, link.timeout_ms)
    return ModbusLink(TcpWire(link.host, link.port), find_tcp_reply, link.timeout_ms)


def _unit(link: ModbusLink, options: ModbusOptions) -> BoardUnit:
    from drivers.buses.board_unit import BoardUnit

    return BoardUnit(link, options.layout(), options.unit, options.timeout_ms or options.link.timeout_ms)


DRIVER = ModbusDriver()
