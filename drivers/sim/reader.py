"""A simulated RDM6300: true frames on a pseudo-terminal, and every misbehaviour of the real one on request."""

from __future__ import annotations

from pathlib import Path

import msgspec

from drivers.framing import rdm6300
from drivers.sim.pty_port import PtyPort

VERSION_BYTE = b"\x01"
"""The first of a card's five data bytes; not part of its number."""


class ReaderFaults(msgspec.Struct):
    """What the reader does wrong just now."""

    silent: bool = False
    garbled: bool = False


class SimReader:
    """A reader at `path`; `present` a card to it."""

    def __init__(self, path: str | Path) -> None:
        self.faults = ReaderFaults()
        self.path = str(path)
        self._port = PtyPort(path)
        self._port.plug()

    def present(self, card: str, times: int = 1) -> None:
        """Hold a card (decimal number) to the reader long enough for so many frames."""
        frame = rdm6300.encode(VERSION_BYTE + int(card).to_bytes(4, "big"))
        if self.faults.garbled:
            frame = bytes((*frame[:5], frame[5] ^ 0x01, *frame[6:]))
        if not self.faults.silent:
            self._port.send(frame * times)

    def send_raw(self, data: bytes) -> None:
        """Noise, half frames, anything."""
        self._port.send(data)

    def unplug(self) -> None:
        """Pull the adapter out."""
        self._port.unplug()

    def plug(self) -> None:
        """Put it back: the same path, another terminal."""
        self._port.plug()

    def close(self) -> None:
        """Done with it."""
        self._port.unplug()
