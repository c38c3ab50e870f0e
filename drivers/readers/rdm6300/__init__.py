"""RDM6300 card readers (EM4100 cards, 125 kHz) on a serial port."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Literal

from msgspec import Meta

from drivers.base import Listener, Recognised
from drivers.dissect.dissector import Dissector
from drivers.dissect.em4100 import Em4100Dissector
from drivers.framing import em4100
from drivers.framing.card_reader import CardReader
from drivers.listening import SerialReaderDriver
from drivers.options import CardBits, RepeatMs, SerialPortOptions


class Rdm6300Options(SerialPortOptions, frozen=True):
    """Options of `rdm6300`."""

    reverse_bytes: Annotated[bool, Meta(description="for sites whose printed numbers have each byte reversed")] = False
    bits: CardBits = 32
    protocol: Annotated[
        Literal["rdm6300", "id20"],
        Meta(description="how the module frames a card: `id20` as an ID-20LA does, with CR and LF before the end"),
    ] = "rdm6300"
    repeat_ms: RepeatMs = 5000

    @property
    def ending(self) -> bytes:
        """What ends a frame."""
        return em4100.ID20_END if self.protocol == "id20" else em4100.END


class Rdm6300Driver(SerialReaderDriver):
    """Card reader for 125 kHz (EM4100) on a serial port."""

    name = "rdm6300"
    Options = Rdm6300Options
    hears_at = (9_600,)

    def listener(self, device: str, options: Rdm6300Options, mono_ns: Callable[[], int]) -> Listener:
        """One frame for each sighting of a card."""
        card_of = partial(em4100.card_of, reverse_bytes=options.reverse_bytes, bits=options.bits)
        return CardReader(device, em4100.Decoder(options.ending), card_of, options.repeat_ms, mono_ns)

    def dissector(self, options: Rdm6300Options) -> Dissector:
        return Em4100Dissector(options.ending, options.reverse_bytes, options.bits)

    def recognise(self, received: bytes) -> Recognised | None:
        """One whole frame with its checksum."""
        cards = em4100.Decoder().feed(received)
        words = f"card {em4100.card_number(cards[-1])}, as an RDM6300 sends it" if cards else ""
        return Recognised({}, words) if cards else None

    def encode(self, value: str, options: Rdm6300Options) -> bytes:
        return em4100.encode(em4100.card_data(value, options.reverse_bytes, options.bits), options.ending)


DRIVER = Rdm6300Driver()
