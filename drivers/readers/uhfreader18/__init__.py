"""Long-range UHF readers of the UHFReader18 family, on a serial line or over TCP, polled or speaking unasked."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from drivers.base import Bus, DeviceConfig, Driver, Listener, Options, Questions, Recognised, Report, Simulate
from drivers.buses.asking import AskingBus, Meaning, Question
from drivers.dissect.dissector import Dissector
from drivers.framing.presentation import Presentations, Sightings
from drivers.options import Baudrate, RepeatMs
from drivers.readers.uhfreader18 import frames
from drivers.wires import LINKS_DIFFER, SerialLine, TcpConnection, TcpPort
from gateway.core.vocabulary.errors import DeviceError, FrameError
from gateway.core.vocabulary.events import CredentialRead, Event

if TYPE_CHECKING:
    from drivers.links.stream import Stream

PROBE_MS = 5_000
"""How often a reader that speaks unasked is asked whether it is there."""
AGAIN_MS = 1_000
"""How often a tag that stays in the field is reported again, for cars that roll up slowly."""
DEFAULT_SCAN_MS = 1_000
SCAN_EXTRA_MS = 100
"""An inventory may take up to 75 ms longer than the reader's scan time (manual, 8.2.1)."""


class SerialLink(SerialLine, frozen=True, tag="serial", tag_field="type"):
    """`link` of readers on a serial line; 57600 is their default."""

    baudrate: Baudrate = 57_600


class TcpLink(TcpConnection, frozen=True, tag="tcp", tag_field="type"):
    """`link` of a reader, or of a serial server with readers, on the network."""

    port: TcpPort = 6_000


class UhfReader18Options(Options, frozen=True):
    """Options of `uhfreader18`."""

    link: Annotated[
        SerialLink | TcpLink,
        Meta(description="how the reader is connected; `baudrate` 57600, `timeout_ms` 500, TCP port 6000"),
    ]
    address: Annotated[int, Meta(ge=0, le=254, description="the reader's address, 0 to 254")] = 0
    mode: Annotated[
        Literal["poll", "active"],
        Meta(
            description="`poll`: the gateway asks for tags (answer mode); `active`: the reader tells them by itself"
            " (scan mode)"
        ),
    ] = "poll"
    power: (
        Annotated[
            int,
            Meta(
                ge=0,
                le=30,
                description="dBm, 0 to 30; written to the reader when it differs",
                extra={"default": "as it is"},
            ),
        ]
        | None
    ) = None
    poll_ms: Annotated[int, Meta(ge=20, le=10_000, description="pause from one inventory to the next")] = 100
    repeat_ms: RepeatMs = 5000


MS = 1_000_000


class UhfReader:
    """One reader: asked for tags (or only whether it is there), and once per contact for what it is set to.

    Its power is kept in an EEPROM, so it is written only where it differs.
    """

    def __init__(self, device: str, options: UhfReader18Options, mono_ns: Callable[[], int]) -> None:
        self.device = device
        self._mono_ns = mono_ns
        self.address = options.address
        self._options = options
        self._active = options.mode == "active"
        self._presentations = Presentations(options.repeat_ms)
        self._sightings = Sightings(AGAIN_MS)
        self._has_answered = False
        self._scan_ms = DEFAULT_SCAN_MS
        self._asked = frames.INFO
        self._vital = True
        self.begin()

    @property
    def period_ms(self) -> int:
        """See `Unit.period_ms`; what a fresh contact needs is asked at once."""
        if self._greeted and self._setup:
            return 0
        return PROBE_MS if self._active else self._options.poll_ms

    def begin(self) -> None:
        """See `Unit.begin`: once the reader is there, find out anew what it is set to."""
        self._greeted = False
        self._setup = [frames.INFO] * (not self._active) + [frames.POWER] * (self._options.power is not None)

    def question(self, lost: bool) -> Question:
        """See `Unit.question`: whether it is there, then its settings, then tags for ever."""
        self._vital = lost or not self._greeted or not self._setup
        self._asked = self._vital_command() if self._vital else self._setup.pop(0)
        timeout_ms = self._options.link.timeout_ms
        if self._asked == frames.INVENTORY and not lost:
            timeout_ms += self._scan_ms + SCAN_EXTRA_MS
        data = bytes((self._options.power or 0,)) if self._asked == frames.POWER else b""
        return Question(frames.encode_request(self.address, self._asked, data), timeout_ms, self._vital)

    def _vital_command(self) -> int:
        return frames.INFO if self._active else frames.INVENTORY

    def take(self, frame: frames.Response) -> Meaning:
        """See `Unit.take`; a polled reader that only speaks unasked is in the wrong mode, and not there."""
        answers = frame.command in (self._asked, frames.REFUSED)
        alive = self._active or frame.command != frames.TAG
        self._has_answered |= answers
        if answers and frame.status in frames.TROUBLE:
            raise DeviceError(f"the reader reports {frame.status:02X}: {frames.TROUBLE[frame.status]}")
        self._greeted |= alive
        if frame.command == frames.INFO:
            self._informed(frame)
        done = answers and frame.status != frames.MORE
        return Meaning(self._seen(frame), done, alive)

    def unanswered(self, garbled: bool) -> str:
        """See `Unit.unanswered`; a reader that speaks unasked need not answer, unless it has done so before."""
        if not self._vital or (self._active and not self._has_answered):
            self._greeted = True
            return ""
        if garbled:
            return "what comes from the reader cannot be read; check `baudrate`, `address`, `mode` and the wires"
        return "the reader does not answer; check its power, `address`, `baudrate`, `mode` and the wires"

    def _informed(self, frame: frames.Response) -> None:
        try:
            info = frames.info_of(frame)
        except FrameError:
            return
        self._scan_ms = info.scan_ms or DEFAULT_SCAN_MS
        if info.power == self._options.power:
            self._setup.clear()

    def _seen(self, frame: frames.Response) -> list[Event]:
        try:
            tags = frames.tags_of(frame)
        except FrameError as error:
            raise DeviceError(f"the reader's tags cannot be read ({error}); is it a UHFReader18?") from error
        now_ns = self._mono_ns()
        return [read for tag in tags if (read := self._sighted(tag, now_ns))]

    def _sighted(self, tag: str, now_ns: int) -> CredentialRead | None:
        """A tag that is new in the field, or still there; None when that was reported a moment ago."""
        fresh = self._presentations.begins(tag, now_ns)
        if not self._sightings.due(tag, now_ns) and not fresh:
            return None
        return CredentialRead(self.device, "card", tag, 4 * len(tag), long_range=True, again=not fresh)


class FrameListener:
    """The `Listener` of one reader's frames, apart from its bus."""

    def __init__(self, reader: UhfReader) -> None:
        self._decoder = frames.Decoder((reader.address,))
        self._reader = reader
        self._troubles = 0

    @property
    def rejected(self) -> int:
        """Damaged frames so far, and those in which the reader reports trouble."""
        return self._decoder.rejected + self._troubles

    @property
    def words(self) -> str:
        """Nothing: the bus that asks has words of its own."""
        return ""

    @property
    def quiet_ns(self) -> int | None:
        """See `Listener.quiet_ns`."""
        return frames.QUIET_MS * MS

    def quiet(self) -> None:
        self._decoder.quiet()

    def feed(self, received: bytes) -> tuple[int, list[Event]]:
        found = self._decoder.feed(received)
        events: list[Event] = []
        for frame in found:
            try:
                events += self._reader.take(frame).events
            except DeviceError:
                self._troubles += 1
        return len(found), events

    def interrupted(self) -> None:
        self._decoder.quiet()


class UhfReader18Driver(Driver):
    """Long-range UHF readers of the UHFReader18 family, on a serial line or over TCP."""

    name = "uhfreader18"
    Options = UhfReader18Options
    hears_at = (57_600, 9_600, 115_200)
    asks_at = (57_600, 9_600, 115_200)
    reads = True

    def bus_key(self, options: UhfReader18Options) -> Hashable:
        """The port, or host and port."""
        return options.link.key

    def clash(self, options: UhfReader18Options, other: UhfReader18Options) -> tuple[str, str] | None:
        """Readers on one wire need equal links and different addresses."""
        if options.link != other.link:
            return LINKS_DIFFER
        if options.address == other.address:
            return "address", f"is {options.address}, which another device on this wire has already"
        return None

    def open_bus(self, devices: Sequence[DeviceConfig], report: Report) -> Bus:
        """One bus for all readers on the wire."""
        link = devices[0].options.link
        return AskingBus(
            self.bus_key(devices[0].options),
            _open_link(link),
            frames.Decoder(device.options.address for device in devices),
            [UhfReader(device.id, device.options, time.monotonic_ns) for device in devices],
            report,
            quiet_ms=frames.QUIET_MS,
            reconnects=isinstance(link, TcpLink),
        )

    def listener(self, device: str, options: UhfReader18Options, mono_ns: Callable[[], int]) -> Listener:
        """What the reader's frames mean, asked for or not."""
        return FrameListener(UhfReader(device, options, mono_ns))

    def encode(self, value: str, options: UhfReader18Options) -> bytes:
        """The frame of one tag that an active reader sends; see `Driver.encode`."""
        return frames.encode_response(frames.Response(options.address, frames.TAG, frames.OK, frames.epc(value)))

    def dissector(self, options: UhfReader18Options) -> Dissector:  # noqa: ARG002
        from drivers.readers.uhfreader18.dissect import UhfDissector

        return UhfDissector()

    def recognise(self, received: bytes) -> Recognised | None:
        """A tag that a reader tells by itself (scan mode), with its checksum."""
        found = [one for one in frames.Decoder(frames.ADDRESSES).feed(received) if one.command == frames.TAG]
        tags = [tag for one in found for tag in frames.tags_of(one)]
        if not tags:
            return None
        options = {"address": found[-1].address, "mode": "active"}
        return Recognised(options, f"tag {tags[-1]}, told unasked by a UHFReader18, address {found[-1].address}")

    def ask_who(self, line: Questions) -> Sequence[Recognised]:
        """Ask for reader information, at the usual address and at that which every reader answers."""
        for address in (0, frames.EVERY_READER):
            if answer := line.ask(frames.encode_request(address, frames.INFO), frames.find_info):
                told = frames.decode_response(answer)
                info = frames.info_of(told)
                words = f"a UHFReader18, address {told.address}, version {info.version}, {info.power} dBm"
                return (Recognised({"address": told.address}, words),)
        return ()

    def stand_ins(self) -> Mapping[str, Simulate]:
        """A reader at either wire."""
        from drivers.readers.uhfreader18 import sim

        return {"serial": sim.on_serial, "tcp": sim.on_tcp}


def _open_link(link: SerialLink | TcpLink) -> Stream:
    """pyserial is imported only where a bus is opened: checking a site file must stay quick."""
    if isinstance(link, SerialLink):
        from drivers.links.serial_port import SerialPort

        return SerialPort(link.port, link.baudrate)
    from drivers.links.stream import TcpStream

    return TcpStream(link.host, link.port, link.timeout_ms)


DRIVER = UhfReader18Driver()
