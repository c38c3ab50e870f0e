"""ID-Innovations ID-2LA, ID-12LA and ID-20LA card readers (EM4100 cards, 125 kHz) on a serial port.

Source: ID-2/12/20 LA Series Datasheet X1 (11.04.2013), section 4: STX, ten hex digits, two of checksum, CR, LF, ETX.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from drivers.base import Listener, Recognised
from drivers.dissect.dissector import Dissector
from drivers.dissect.em4100 import Em4100Dissector
from drivers.framing import em4100
from drivers.framing.card_reader import CardReader
from drivers.listening import SerialReaderDriver
from drivers.options import CardBits, RepeatMs, SerialPortOptions


class Id20LaOptions(SerialPortOptions, frozen=True):
    """Options of `id20la`."""

    bits: CardBits = 32
    repeat_ms: RepeatMs = 5000


class Id20LaDriver(SerialReaderDriver):
    """ID-Innovations ID-2LA, ID-12LA and ID-20LA readers (125 kHz, EM4100), set to ASCII, on a serial port."""

    name = "id20la"
    Options = Id20LaOptions
    hears_at = (9_600,)

    def listener(self, device: str, options: Id20LaOptions, mono_ns: Callable[[], int]) -> Listener:
        """One frame for each card that comes into the field."""
        return CardReader(
            device,
            em4100.Decoder(em4100.ID20_END),
            partial(em4100.card_of, bits=options.bits),
            options.repeat_ms,
            mono_ns,
        )

    def dissector(self, options: Id20LaOptions) -> Dissector:
        return Em4100Dissector(em4100.ID20_END, bits=options.bits)

    def recognise(self, received: bytes) -> Recognised | None:
        """One whole frame with its checksum."""
        cards = em4100.Decoder(em4100.ID20_END).feed(received)
        words = f"card {em4100.card_number(cards[-1])}, as an ID-20LA sends it" if cards else ""
        return Recognised({}, words) if cards else None

    def encode(self, value: str, options: Id20LaOptions) -> bytes:
        return em4100.encode(em4100.card_data(value, bits=options.bits), em4100.ID20_END)


DRIVER = Id20LaDriver()
