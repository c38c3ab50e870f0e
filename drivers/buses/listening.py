"""The bus of a reader that only talks: bytes come on a serial port (or keys from a keyboard), credentials go out.

A reader that says nothing is not lost: there may be no cards. It is lost when its port is gone.
"""

from __future__ import annotations

import time
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
        frames = self._hear(self._listener.quiet_ns)
        if frames:
            self._retry.reset()
            self._watch.answered(frames)
        rejected = self._listener.rejected - rejected
        self._watch.noise(rejected, self._listener.words if rejected else "")

    def _hear(self, quiet_ns: int | None) -> int:
        """Take what comes, or the silence after what has begun; how many frames were completed."""
        began_ns = time.monotonic_ns()
        received = self._wire.read(None if quiet_ns is None else quiet_ns / 1e9)
        if not received:
            if quiet_ns is not None and time.monotonic_ns() - began_ns >= quiet_ns:
                self._listener.quiet()
            return 0
        self._trace.heard(received)
        frames, events = self._listener.feed(received)
        self._tell(events)
        return frames
