"""Wiegand readers and keypads on two GPIO lines (D0 and D1)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Annotated

from msgspec import Meta

from drivers.base import Bus, DeviceConfig, Driver, Options, Report
from drivers.dissect.dissector import Dissector
from drivers.dissect.wiegand import WiegandDissector
from drivers.framing.gpio_events import LINE_EVENT, Events, request_falling
from drivers.framing.presentation import Presentations
from drivers.framing.wiegand import Card, Decoder, Key, PinPad, parse_format
from drivers.options import CardFormat, PinMs, RepeatMs
from gateway.core.vocabulary.errors import FrameError
from gateway.core.vocabulary.events import CredentialRead

MS = 1_000_000
EDGES_MAX = 256
"""Edges that the kernel keeps for us and that one read takes: two of the longest frames."""
SHOWN_BITS = 64
Line = Annotated[int, Meta(ge=0, le=511)]


class WiegandOptions(Options, frozen=True):
    """Options of `wiegand`."""

    d0: Annotated[Line, Meta(description="GPIO line number (BCM) of DATA0")]
    d1: Annotated[Line, Meta(description="GPIO line number (BCM) of DATA1")]
    format: CardFormat = "auto"
    gap_ms: Annotated[
        int,
        Meta(
            ge=5,
            le=100,
            description="a frame ends when no bit came for so long; more only for readers that send slowly",
        ),
    ] = 5
    pin_ms: PinMs = 3000
    repeat_ms: RepeatMs = 5000


class WiegandReader:
    """Turns a reader's edges into one credential per presentation, and its keys into PINs."""

    def __init__(self, device: str, options: WiegandOptions) -> None:
        self._device = device
        self._events = Events((options.d0, options.d1))
        self._decoder = Decoder(parse_format(options.format), options.gap_ms * MS)
        self._pad = PinPad(options.pin_ms * MS)
        self._presentations = Presentations(options.repeat_ms)

    @property
    def rejected(self) -> int:
        """Frames of a wrong length or parity so far."""
        return self._decoder.rejected

    @property
    def words(self) -> str:
        """What is wrong with the frame that was rejected last."""
        if self._decoder.swapped:
            return "D0 and D1 are swapped: exchange the two wires of the reader"
        bits = self._decoder.unread
        return f"a frame of {len(bits)} bits fits no format: {bits[:SHOWN_BITS]}" if bits else ""

    @property
    def ends_ns(self) -> int | None:
        """When the frame that comes in, or the PIN that is typed, ends by time."""
        return min((end for end in (self._decoder.ends_ns, self._pad.ends_ns) if end is not None), default=None)

    def feed(self, raw: bytes, until_ns: int | None) -> tuple[int, list[CredentialRead]]:
        """Take edges as the kernel wrote them; `until_ns` is the time up to which they are all."""
        frames: list[Card | Key] = []
        read: list[CredentialRead] = []
        for edge in self._events.feed(raw):
            frames += self._take(partial(self._decoder.feed, (edge,)), edge[1], read)
        if until_ns is not None:
            frames += self._take(partial(self._decoder.tick, until_ns), until_ns, read)
            self._pin(self._pad.tick(until_ns), read)
        return len(frames), read

    def interrupted(self) -> None:
        self._events.interrupted()
        self._decoder.interrupted()
        self._pad.interrupted()

    def _take(self, decode: Callable[[], list[Card | Key]], at_ns: int, read: list[CredentialRead]) -> list[Card | Key]:
        rejected = self._decoder.rejected
        frames = decode()
        if self._decoder.rejected > rejected:
            self._pin(self._pad.tick(at_ns), read)
            self._pad.spoil(at_ns)
        for frame in frames:
            if isinstance(frame, Key):
                self._pin(self._pad.press(frame.key, at_ns), read)
            elif self._presentations.begins(frame.number, at_ns):
                read.append(CredentialRead(self._device, "card", frame.number, frame.bits))
        return frames

    def _pin(self, pin: str, read: list[CredentialRead]) -> None:
        if pin:
            read.append(CredentialRead(self._device, "pin", pin))


class WiegandDriver(Driver):
    """Wiegand reader or keypad on two GPIO lines."""

    name = "wiegand"
    Options = WiegandOptions
    reads = True

    def check(self, options: WiegandOptions) -> tuple[str, str] | None:
        """Two different lines, and a format that can be read."""
        if options.d0 == options.d1:
            return "d1", f"is {options.d1}, as d0 is; D0 and D1 need a line each"
        try:
            parse_format(options.format)
        except FrameError as error:
            return "format", f"is {options.format!r}; {error}"
        return None

    def pins(self, options: WiegandOptions) -> Sequence[int]:
        """D0 and D1."""
        return options.d0, options.d1

    def bus_key(self, options: WiegandOptions) -> Hashable:
        """Each reader has lines of its own."""
        return ("wiegand", options.d0, options.d1)

    def dissector(self, options: WiegandOptions) -> Dissector:
        return WiegandDissector((options.d0, options.d1), options.gap_ms * MS)

    def open_bus(self, devices: Sequence[DeviceConfig], report: Report) -> Bus:
        """A bus that watches both lines."""
        from drivers.buses.edges import EdgeBus
        from drivers.links.gpio_edges import EdgeQueue

        device, options = devices[0], devices[0].options
        request = request_falling((options.d0, options.d1), "gatehouse", EDGES_MAX)
        queue = EdgeQueue(request, f"GPIO{options.d0} and GPIO{options.d1}", EDGES_MAX * LINE_EVENT.size)
        return EdgeBus(self.bus_key(options), device.id, queue, WiegandReader(device.id, options), report)


DRIVER = WiegandDriver()
