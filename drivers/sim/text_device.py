"""Simulated devices of text on pseudo-terminals: a scanner or converter that sends lines, a display that takes them."""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from drivers.base import StandIn
from drivers.sim.pty_port import PtyDevice


class SimTextDevice(PtyDevice):
    """The far end of a serial line at `path` on which text goes either way."""

    def scan(self, line: str, end: str = "\r\n") -> None:
        """Send a line, as a scanner does for a code or a converter for a card."""
        self.send_raw((line + end).encode())

    def shown(self, wait_s: float = 0.0) -> bytes:
        """What was written to this device since the last call; waits for something at most so long."""
        if self._port.plugged and wait_s:
            select.select([self._port], [], [], wait_s)
        return self._port.receive()


@contextmanager
def on_port(path: Path) -> Iterator[StandIn]:
    """A display at `path`."""
    device = SimTextDevice(path)
    try:
        yield StandIn({"port": device.path}, device.plug, device.unplug)
    finally:
        device.close()
