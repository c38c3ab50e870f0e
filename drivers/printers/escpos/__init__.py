"""Receipt printers that speak ESC/POS, on a serial line or on the network."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from drivers.base import Bus, DeviceConfig, Driver, Options, Report, Simulate
from drivers.dissect.dissector import Dissector
from drivers.options import Baudrate
from drivers.printers.escpos import frames
from drivers.printers.escpos.bus import Heard, PrintingBus, Trouble
from drivers.wires import SerialLine, TcpConnection, TcpPort
from gateway.core.papers.paper import Paper

if TYPE_CHECKING:
    from drivers.links.stream import Stream

_ASKED = (frames.OFFLINE, frames.ROLL)


class SerialLink(SerialLine, frozen=True, tag="serial", tag_field="type"):
    """`link` of a printer on a serial line, or on USB with a serial adapter of its own."""

    baudrate: Baudrate = 9_600


class TcpLink(TcpConnection, frozen=True, tag="tcp", tag_field="type"):
    """`link` of a printer on the network."""

    port: TcpPort = 9_100
    timeout_ms: Annotated[int, Meta(ge=20, le=10_000, description="how long an answer is awaited")] = 1_000


class EscPosOptions(Options, frozen=True):
    """Options of `escpos`."""

    link: Annotated[
        SerialLink | TcpLink,
        Meta(description="how the printer is connected; `baudrate` 9600, TCP port 9100"),
    ]
    width: Annotated[
        int,
        Meta(ge=24, le=64, description="columns of its paper: 32 on a roll of 58 mm, 48 on one of 80 mm"),
    ] = 32
    encoding: Annotated[
        Literal["gb18030", "big5", "utf-8", "ascii"],
        Meta(description="its character set: `gb18030` (also GBK and GB 2312), `big5`, `utf-8` or `ascii`"),
    ] = "gb18030"
    cuts: Annotated[bool, Meta(description="it has a cutter; without one the paper is fed for tearing off")] = True
    code_dots: Annotated[
        int, Meta(ge=2, le=12, description="dots of one square of a QR code", extra={"unit": "dots"})
    ] = 6
    status: Annotated[
        Literal["asked", "none"],
        Meta(description="`asked`: it tells whether it has paper and has printed; `none`: it never answers"),
    ] = "asked"


class EscPos:
    """What is said to one printer, and what it says."""

    def __init__(self, options: EscPosOptions) -> None:
        self._look = frames.Look(options.width, options.encoding, options.cuts, options.code_dots)
        self._answers = frames.Answers()
        self.questions = tuple(frames.ask(one) for one in _ASKED) if options.status == "asked" else ()
        self.is_printed = frames.IS_PRINTED

    def encode(self, paper: Paper) -> bytes:
        """See `Talk.encode`."""
        return frames.encode(paper, self._look)

    def feed(self, received: bytes) -> Sequence[Heard]:
        """See `Talk.feed`."""
        return [
            Heard(state=byte) if kind == "state" else Heard(printed=True) for kind, byte in self._answers.feed(received)
        ]

    def trouble(self, question: int, state: int) -> Trouble:
        """See `Talk.trouble`."""
        return frames.trouble(_ASKED[question], state)


class EscPosDriver(Driver):
    """Receipt printer that speaks ESC/POS, on a serial line or on the network."""

    name = "escpos"
    Options = EscPosOptions
    prints = True

    def bus_key(self, options: EscPosOptions) -> Hashable:
        """The port, or host and port."""
        return options.link.key

    def clash(self, options: EscPosOptions, other: EscPosOptions) -> tuple[str, str] | None:  # noqa: ARG002
        """A printer has its wire for itself."""
        return "link", "is the wire of another printer already; each needs its own"

    def open_bus(self, devices: Sequence[DeviceConfig], report: Report) -> Bus:
        """The bus of the printer."""
        device, options = devices[0], devices[0].options
        talk = EscPos(options)
        wire = _open_link(options.link)
        return PrintingBus(self.bus_key(options), device.id, wire, talk, report, options.link.timeout_ms)

    def dissector(self, options: EscPosOptions) -> Dissector:
        from drivers.printers.escpos.dissect import PrintDissector

        return PrintDissector(options.encoding)

    def stand_ins(self) -> Mapping[str, Simulate]:
        """A printer at either wire."""
        from drivers.printers.escpos import sim

        return {"serial": sim.on_serial, "tcp": sim.on_tcp}


def _open_link(link: SerialLink | TcpLink) -> Stream:
    """pyserial is imported only where a bus is opened: checking a site file must stay quick."""
    if isinstance(link, SerialLink):
        from drivers.links.serial_port import SerialPort

        return SerialPort(link.port, link.baudrate)
    from drivers.links.stream import TcpStream

    return TcpStream(link.host, link.port, link.timeout_ms)


DRIVER = EscPosDriver()
