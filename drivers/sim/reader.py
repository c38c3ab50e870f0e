"""A simulated reader that sends by itself: true frames on a pseudo-terminal, and faults on request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from drivers.base import StandIn
from drivers.sim.pty_port import PtyDevice


class ReaderFaults(msgspec.Struct):
    """What the reader does wrong just now."""

    silent: bool = False
    garbled: bool = False


class SimReader(PtyDevice):
    """A reader at `path`; `encode` gives the bytes that its model sends for a credential."""

    def __init__(self, path: str | Path, encode: Callable[[str], bytes]) -> None:
        super().__init__(path)
        self.faults = ReaderFaults()
        self._encode = encode

    def present(self, value: str, times: int = 1) -> None:
        """Hold a credential to the reader long enough for so many frames."""
        frame = self._encode(value)
        if self.faults.garbled:
            middle = len(frame) // 2
            frame = bytes((*frame[:middle], frame[middle] ^ 0x01, *frame[middle + 1 :]))
        if not self.faults.silent:
            self._port.send(frame * times)


@contextmanager
def on_port(kind: type[msgspec.Struct], encode: Callable[[str, Any], bytes], path: Path) -> Iterator[StandIn]:
    """A reader of a model, given by its options and by what it sends, at `path`."""
    reader = SimReader(path, lambda value: encode(value, kind(port=reader.path)))
    try:
        yield StandIn({"port": reader.path}, reader.plug, reader.unplug, reader.present)
    finally:
        reader.close()
