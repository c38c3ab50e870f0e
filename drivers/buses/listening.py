"""The bus of a reader that only talks: bytes come on a serial port (or keys from a keyboard), credentials go out.

A reader that says nothing is not lost: there may be no cards. It is lost when its port is gone.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol

from drivers.base import Listener, Report
from drivers.buses.single import SingleBus, Wire
from drivers.links import backoff


class Port(Wire, Protocol):
    """Where a reader's bytes come from."""

    def read(self, wait_s: float | None = None) -> bytes:
        """The bytes that came, at once; empty after `wait_s` or `wake`. DeviceError when it is gone."""


class ListeningBus(SingleBus[Port]):
    """One reader on one port."""

    def __init__(self, key: Hashable, device: str, port: Port, listener: Listener, report: Report) -> None:
        super().__init__(key, device, port, backoff.for_wire(), report)
        self._listener = listener
        self._trace = self.trace(device)

    def _interrupted(self) -> None:
        self._listener.interrupted()

    def _round(self) -> None:
        if not self._wire.is_open:
            self._wire.open()
            self._watch.restored()
        rejected = self._listener.rejected
        received = self._wire.read()
        self._trace.heard(received)
        frames, events = self._listener.feed(received)
        self._tell(events)
        if frames:
            self._retry.reset()
            self._watch.answered(frames)
        self._watch.noise(self._listener.rejected - rejected)
