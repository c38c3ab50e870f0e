"""A simulated RDM6300: true frames on a pseudo-terminal, and every misbehaviour of the real one on request."""

from __future__ import annotations

from pathlib import Path

import msgspec

from drivers.framing import em4100
from drivers.sim.pty_port import PtyDevice

VERSION_BYTE = b"\x01"
"""The first of a card's five data bytes; not part of its number."""


class ReaderFaults(msgspec.Struct):
    """What the reader does wrong just now."""

    silent: bool = False
    garbled: bool = False


class SimReader(PtyDevice):
    """A reader at `path`; `present` a card to it."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(path)
        self.faults = ReaderFaults()

    def present(self, card: str, times: int = 1) -> None:
        """Hold a card (decimal number) to the reader long enough for so many frames."""
        frame = em4100.encode(VERSION_BYTE + int(card).to_bytes(4, "big"))
        if self.faults.garbled:
            frame = bytes((*frame[:5], frame[5] ^ 0x01, *frame[6:]))
        if not self.faults.silent:
            self._port.send(frame * times)
