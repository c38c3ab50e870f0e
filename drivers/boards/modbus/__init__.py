"""I/O boards on Modbus RTU or TCP: relays for the barrier's terminals, inputs for its limits and loops."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta
from msgspec.structs import replace

from drivers.base import Bus, DeviceConfig, Driver, Options, Questions, Recognised, Report, Simulate
from drivers.boards.layout import Board, load_board
from drivers.dissect.dissector import Dissector
from drivers.watch import Watch
from drivers.wires import LINKS_DIFFER, SerialLine, TcpConnection, TcpPort, TimeoutMs
from gateway.core.vocabulary.errors import DriverError

if TYPE_CHECKING:
    from drivers.buses.board_unit import BoardUnit
    from drivers.links.modbus_bus import ModbusLink

ADDRESSES = 65_536
Count = Annotated[int, Meta(ge=0, le=256)]
Start = Annotated[int, Meta(ge=0, le=65_535)]


class SerialLink(SerialLine, frozen=True, tag="serial", tag_field="type"):
    """`link` of boards on an RS-485 adapter."""

    parity: Annotated[Literal["none", "even", "odd"], Meta(description="parity of the line, as set at the boards")] = (
        "none"
    )


class TcpLink(TcpConnection, frozen=True, tag="tcp", tag_field="type"):
    """`link` of boards, or of a gateway to boards, on the network."""

    port: TcpPort = 502


class RtuTcpLink(TcpConnection, frozen=True, tag="rtu-tcp", tag_field="type"):
    """`link` of boards behind a serial server that passes RTU frames through TCP as they are."""

    port: TcpPort


class ModbusOptions(Options, frozen=True):
    """Options of `modbus`; the four counts and starts apply to the board `generic` only."""

    link: Annotated[
        SerialLink | TcpLink | RtuTcpLink,
        Meta(
            description="how the board is connected; serial lines also take `parity`, TCP port 502; `rtu-tcp` is for a"
            " serial server that passes RTU frames as they are"
        ),
    ]
    unit: Annotated[
        int,
        Meta(
            ge=0,
            le=255,
            description="the board's address; over TCP 0 and 255 are the gateway itself; on a line 0 is every board,"
            " so that it must be alone there",
        ),
    ] = 1
    board: Annotated[
        str,
        Meta(description="its board file; `generic` for a board with the counts given here", extra={"of": "boards"}),
    ] = "generic"
    poll_ms: Annotated[int, Meta(ge=10, le=10_000, description="how often inputs are read")] = 50
    timeout_ms: (
        Annotated[TimeoutMs, Meta(description="how long an answer is awaited", extra={"default": "that of `link`"})]
        | None
    ) = None
    outputs: Annotated[Count, Meta(description="how many outputs, for `generic` alone")] = 8
    inputs: Annotated[Count, Meta(description="how many inputs, for `generic` alone")] = 8
    output_start: Annotated[Start, Meta(description="first coil, for `generic` alone")] = 0
    input_start: Annotated[Start, Meta(description="first discrete input, for `generic` alone")] = 0

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
    """I/O board over Modbus TCP or RTU."""

    name = "modbus"
    Options = ModbusOptions
    asks_at = (9_600, 115_200, 19_200, 38_400, 57_600)

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
        return options.link.key

    def clash(self, options: ModbusOptions, other: ModbusOptions) -> tuple[str, str] | None:
        """Boards on one wire need equal links and different unit numbers."""
        if options.link != other.link:
            return LINKS_DIFFER
        if 0 in (options.unit, other.unit) and not isinstance(options.link, TcpLink):
            return "unit", "0 is every board on the wire, and there is another one; give each a number of its own"
        if options.unit == other.unit:
            return "unit", f"is {options.unit}, which another device on this wire has already"
        return None

    def open_bus(self, devices: Sequence[DeviceConfig], report: Report) -> Bus:
        """One polling bus for all boards on the wire."""
        from drivers.buses.polling import PolledDevice, PollingBus

        link = _open_link(devices[0].options.link)
        polled = [PolledDevice(d.id, _unit(link, d.options), d.options.poll_ms, Watch(d.id, report)) for d in devices]
        return PollingBus(self.bus_key(devices[0].options), link, polled, report)

    def dissector(self, options: ModbusOptions) -> Dissector:
        from drivers.dissect.modbus import ModbusDissector

        return ModbusDissector(isinstance(options.link, TcpLink), max(self.points(options)))

    def ask_who(self, line: Questions) -> Sequence[Recognised]:
        """The boards that answer reads."""
        from drivers.boards.modbus.who import boards

        return list(boards(line))

    def stand_ins(self) -> Mapping[str, Simulate]:
        """A generic board on either wire."""
        from drivers.boards.modbus import sim

        return {"serial": sim.on_serial, "tcp": sim.on_tcp}


# pymodbus is imported only where a bus is opened: checking a site file must stay quick.


def _open_link(link: SerialLink | TcpLink | RtuTcpLink) -> ModbusLink:
    from drivers.framing.modbus.answers import RtuAnswers, TcpAnswers
    from drivers.links.modbus_bus import ModbusLink, RtuTcpWire, SerialWire, TcpWire

    if isinstance(link, SerialLink):
        return ModbusLink(SerialWire(link.port, link.baudrate, link.parity), RtuAnswers(), link.timeout_ms)
    if isinstance(link, RtuTcpLink):
        return ModbusLink(RtuTcpWire(link.host, link.port), RtuAnswers(), link.timeout_ms)
    return ModbusLink(TcpWire(link.host, link.port), TcpAnswers(), link.timeout_ms)


def _unit(link: ModbusLink, options: ModbusOptions) -> BoardUnit:
    from drivers.buses.board_unit import BoardUnit

    return BoardUnit(link, options.layout(), options.unit, options.timeout_ms or options.link.timeout_ms)


DRIVER = ModbusDriver()
