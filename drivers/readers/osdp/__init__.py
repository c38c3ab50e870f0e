"""OSDP readers and keypads on RS-485, through libosdp; secure channel unless the site file says otherwise."""

from __future__ import annotations

import secrets
import time
from collections.abc import Hashable, Sequence
from functools import partial
from typing import Annotated

from msgspec import Meta

from drivers.base import Bus, DeviceConfig, Driver, Message, Questions, Recognised, Report
from drivers.dissect.dissector import Dissector
from drivers.dissect.osdp import OsdpDissector
from drivers.framing.presentation import Presentations
from drivers.framing.wiegand import PinPad
from drivers.links.osdp_panel import Buzzer, Led
from drivers.options import CardFormat, PinMs, RepeatMs, SerialPortOptions
from drivers.readers.osdp import frames
from drivers.readers.osdp.frames import ADDRESS_MAX, CardDecoder, formats_of, keys_of, parse_key, status_of
from gateway.core.vocabulary.errors import FrameError
from gateway.core.vocabulary.events import CredentialRead

MS = 1_000_000
ADDRESSES_ASKED = 8
GIVE_KEY = "this key is new, give it to the reader by: gatehouse device install-mode"
ONE_BEEP = Buzzer(on_ds=2, off_ds=1, times=1)
ANSWERS: dict[str, tuple[Led | Buzzer, ...]] = {
    "granted": (Led("green", on_ds=1, off_ds=0, for_ds=30), ONE_BEEP),
    "denied": (Led("red", on_ds=2, off_ds=2, for_ds=30), Buzzer(on_ds=1, off_ds=1, times=3)),
    "referred": (Led("amber", on_ds=5, off_ds=5, for_ds=100), Buzzer(on_ds=1, off_ds=1, times=2)),
    "locked": (Led("red", on_ds=1, off_ds=0, for_ds=100), Buzzer(on_ds=1, off_ds=1, times=2)),
    "wait": (Led("amber", on_ds=1, off_ds=0, for_ds=100),),
}
"""What a reader shows and sounds by a message's `verdict`; times in tenths of a second."""


class OsdpOptions(SerialPortOptions, frozen=True):
    """Options of `osdp`."""

    address: Annotated[int, Meta(ge=0, le=ADDRESS_MAX, description="the reader's address on the line")] = 0
    key: (
        Annotated[
            str,
            Meta(
                description="this reader's own key, 32 hex digits (`openssl rand -hex 16`); moved to `secrets/` at"
                " import",
                extra={"default": "required", "secret": True},
            ),
        ]
        | None
    ) = None
    secure: Annotated[
        bool,
        Meta(
            description="false: plain text, without a `key`, for a reader without secure channel; a person"
            " with access to its wire can then read and imitate cards"
        ),
    ] = True
    format: Annotated[
        CardFormat,
        Meta(
            description="as for `wiegand`; `auto` takes 26, 34, 35, 37 and 48 bits, and whole bytes as one number;"
            " `raw` takes every length as one number"
        ),
    ] = "auto"
    pin_ms: PinMs = 5000
    repeat_ms: RepeatMs = 5000


class OsdpReader:
    """Turns a reader's cards into one credential per presentation, and its keys into PINs."""

    def __init__(self, device: str, options: OsdpOptions) -> None:
        self._device = device
        self._cards = CardDecoder(options.format)
        self._pad = PinPad(options.pin_ms * MS)
        self._presentations = Presentations(options.repeat_ms)

    @property
    def rejected(self) -> int:
        """Cards so far that no format took."""
        return self._cards.rejected

    @property
    def words(self) -> str:
        """What the last such card was."""
        return f"{self._cards.unread}; describe it in `format`, or choose `raw`" if self._cards.unread else ""

    def card(self, data: bytes, length: int) -> list[CredentialRead]:
        """A card's bits."""
        found = self._cards.read(data, length)
        if found is None or not self._presentations.begins(found.number, time.monotonic_ns()):
            return []
        return [CredentialRead(self._device, "card", found.number, found.bits)]

    def keys(self, data: bytes) -> list[CredentialRead]:
        """Key codes; a PIN ends with # or with a pause."""
        now_ns = time.monotonic_ns()
        return self._pins(*(self._pad.press(key, now_ns) for key in keys_of(data)))

    def tick(self) -> list[CredentialRead]:
        """The PIN that has ended by a pause."""
        return self._pins(self._pad.tick(time.monotonic_ns()))

    def interrupted(self) -> None:
        self._pad.interrupted()

    def status(self, report: bytes) -> tuple[bool, bool]:
        """Whether the reader's housing is open and whether its power fails."""
        return status_of(report)

    def signals(self, message: Message) -> Sequence[Led | Buzzer]:
        """How a message is shown and sounded."""
        return ANSWERS.get(str(message.get("verdict")), ())

    def _pins(self, *pins: str) -> list[CredentialRead]:
        return [CredentialRead(self._device, "pin", pin) for pin in pins if pin]


class OsdpDriver(Driver):
    """OSDP v2 readers and keypads on RS-485, through libosdp."""

    name = "osdp"
    Options = OsdpOptions
    asks_at = (9_600, 115_200, 38_400, 57_600, 19_200)
    reads = True
    shows = True

    def check(self, options: OsdpOptions) -> tuple[str, str] | None:
        """A key of its own, or none where there is no secure channel; and a format that can be read."""
        if options.secure == (options.key is None):
            missing = "is missing; give the reader 32 hex digits of its own, made with: openssl rand -hex 16"
            return "key", missing if options.secure else "is given, but `secure` is false; take away one of both"
        try:
            option = "key"
            if options.key is not None:
                parse_key(options.key)
            option = "format"
            formats_of(options.format)
        except FrameError as error:
            return option, str(error)
        return None

    def ask_who(self, line: Questions) -> Sequence[Recognised]:
        """Ask all readers at once; where anything comes back, ask each of the first addresses who it is.

        The answers of several readers to one question collide, or come late with the address of all.
        """
        everybody = frames.who_request(frames.ANY_READER)
        if not line.ask(everybody).removeprefix(everybody):
            return ()
        found = []
        for address in range(ADDRESSES_ASKED):
            if answer := line.ask(frames.who_request(address), partial(frames.find_identity, address)):
                words = frames.identity_of(answer)
                # A key of its own, made now: install mode gives it to the reader.
                options = {"address": address, "key": secrets.token_hex(16)}
                found.append(Recognised(options, f"an OSDP reader, address {address}, {words}; {GIVE_KEY}"))
        return found

    def bus_key(self, options: OsdpOptions) -> Hashable:
        """Readers on one port share a line."""
        return ("serial", options.port)

    def clash(self, options: OsdpOptions, other: OsdpOptions) -> tuple[str, str] | None:
        """On one line all speak at the same rate, and each has an address of its own."""
        if options.baudrate != other.baudrate:
            return "baudrate", f"is {options.baudrate}; readers on one port need the same"
        if options.address == other.address:
            return "address", f"is {options.address}, which another reader on this port has; each needs its own"
        return None

    def conflict(self, options: OsdpOptions, other: OsdpOptions) -> tuple[str, str] | None:
        """A key that is known of one reader must not open another."""
        if options.key is not None and other.key is not None and options.key.lower() == other.key.lower():
            return "key", "is that of another reader; each needs its own, made with: openssl rand -hex 16"
        return None

    def dissector(self, options: OsdpOptions) -> Dissector:  # noqa: ARG002
        return OsdpDissector()

    def open_bus(self, devices: Sequence[DeviceConfig], report: Report) -> Bus:
        """One bus for the line."""
        from drivers.buses.osdp import BusReader, OsdpBus

        options = devices[0].options
        readers = [
            BusReader(one.id, one.options.address, _key(one.options), OsdpReader(one.id, one.options))
            for one in devices
        ]
        return OsdpBus(self.bus_key(options), options.port, options.baudrate, readers, report)


def _key(options: OsdpOptions) -> bytes | None:
    return None if options.key is None else parse_key(options.key)


DRIVER = OsdpDriver()
