"""Simulated devices of text on pseudo-terminals: a scanner or converter that sends lines, a display that takes them."""

from __future__ import annotations

import select
from pathlib import Path

from drivers.sim.pty_port import PtyPort


class SimTextDevice:
    """The far end of a serial line at `path` on which text goes either way."""

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self._port = PtyPort(path)
        self._port.plug()

    def scan(self, line: str, end: str = "\r\n") -> None:
        """Send a line, as a scanner does for a code or a converter for a card."""
        self.send_raw((line + end).encode())

    def send_raw(self, data: bytes) -> None:
        """Noise, half lines, anything."""
        self._port.send(data)

    def shown(self, wait_s: float = 0.0) -> bytes:
        """What was written to this device since the last call; waits for something at most so long."""
        if self._port.plugged and wait_s:
            select.select([self._port], [], [], wait_s)
        return self._port.receive()

    def unplug(self) -> None:
        """Pull the adapter out."""
        self._port.unplug()

    def plug(self) -> None:
        """Put it back: the same path, another terminal."""
        self._port.plug()

    def close(self) -> None:
        """Done with it."""
        self._port.unplug()
