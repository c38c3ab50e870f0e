"""RDM6300 card readers (EM4100 cards, 125 kHz) on a serial port."""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from typing import Annotated

from msgspec import Meta

from drivers.base import Bus, DeviceConfig, Driver, Options, Report
from drivers.framing.em4100 import CARD_BITS, Decoder, card_number
from drivers.framing.presentation import Presentations
from gateway.core.vocabulary.events import CredentialRead


class Rdm6300Options(Options, frozen=True):
    """Options of `rdm6300`; `reverse_bytes` for sites that print the number with each byte's bits reversed."""

    port: Annotated[str, Meta(min_length=1)]
    baudrate: Annotated[int, Meta(ge=1_200, le=1_000_000)] = 9600
    reverse_bytes: bool = False
    repeat_ms: Annotated[int, Meta(ge=100, le=600_000)] = 5000


class CardReader:
    """Turns a reader's bytes into one credential per presentation."""

    def __init__(self, device: str, options: Rdm6300Options) -> None:
        self._device = device
        self._reverse = options.reverse_bytes
        self._decoder = Decoder()
        self._presentations = Presentations(options.repeat_ms)

    @property
    def rejected(self) -> int:
        """Frames with a wrong checksum so far."""
        return self._decoder.rejected

    def interrupted(self) -> None:
        """See `Listener.interrupted`."""
        self._decoder.interrupted()

    def feed(self, received: bytes) -> tuple[int, list[CredentialRead]]:
        """Take bytes as they come: how many frames they completed, and the presentations that began."""
        cards = [card_number(data, self._reverse) for data in self._decoder.feed(received)]
        now_ns = time.monotonic_ns()
        return len(cards), [
            CredentialRead(self._device, "card", card, CARD_BITS)
            for card in cards
            if self._presentations.begins(card, now_ns)
        ]


class Rdm6300Driver(Driver):
    """Driver `rdm6300`."""

    name = "rdm6300"
    Options = Rdm6300Options
    reads = True

    def bus_key(self, options: Rdm6300Options) -> Hashable:
        """Each reader has a port of its own."""
        return ("serial", options.port)

    def open_bus(self, devices: Sequence[DeviceConfig], report: Report) -> Bus:
        """A bus that listens to the port."""
        from drivers.buses.listening import ListeningBus
        from drivers.links.serial_port import SerialPort

        device, options = devices[0], devices[0].options
        reader = CardReader(device.id, options)
        port = SerialPort(options.port, options.baudrate)
        return ListeningBus(self.bus_key(options), device.id, port, reader, report)


DRIVER = Rdm6300Driver()
