"""The bus of a reader that only talks: bytes come on a serial port (or keys from a keyboard), credentials go out.

The port is opened again with bounded back-off for as long as the bus runs. A reader that says nothing is not lost:
there may be no cards. It is lost when its port is gone.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Protocol

from drivers.base import Health, Report
from drivers.buses.outputless import OutputlessBus
from drivers.links import backoff
from drivers.watch import Watch
from gateway.core.errors import DeviceError
from gateway.core.events import Event


class Listener(Protocol):
    """What turns a reader's bytes into events; one per bus."""

    @property
    def rejected(self) -> int:
        """Frames so far that were damaged."""

    def feed(self, received: bytes) -> tuple[int, Sequence[Event]]:
        """Take bytes as they come: how many frames they completed, and what to report."""

    def interrupted(self) -> None:
        """The wire was cut: what has begun will not be completed by what comes when it is back."""


class Port(Protocol):
    """Where a reader's bytes come from; `wake` is thread-safe, everything else belongs to one thread."""

    @property
    def is_open(self) -> bool:
        """True between a successful `open` and a fault."""

    def open(self) -> None:
        """Open it anew; DeviceError says what to do."""

    def read(self, wait_s: float | None = None) -> bytes:
        """The bytes that came, at once; empty after `wait_s` or `wake`. DeviceError when it is gone."""

    def wake(self) -> None:
        """Make a waiting `read` return."""

    def dispose(self) -> None:
        """Close everything; the object is not used any more."""


class ListeningBus(OutputlessBus):
    """One reader on one port."""

    def __init__(self, key: Hashable, device: str, port: Port, listener: Listener, report: Report) -> None:
        super().__init__(report)
        self.key = key
        self.devices = (device,)
        self._port = port
        self._listener = listener
        self._watch = Watch(device, report)
        self._reopen = backoff.for_wire()
        self._stopping = False

    def health(self) -> list[Health]:
        """See `Bus.health`."""
        return [self._watch.health]

    def stop(self) -> None:
        """See `Bus.stop`."""
        self._stopping = True
        self._port.wake()

    def run(self) -> None:
        """See `Bus.run`."""
        try:
            while not self._stopping:
                try:
                    self._listen()
                except DeviceError as error:
                    self._listener.interrupted()
                    self._watch.gone(str(error))
                    self._port.read(self._reopen.pause_ms() / 1000)
        finally:
            self._port.dispose()

    def _listen(self) -> None:
        if not self._port.is_open:
            self._port.open()
            self._watch.restored()
        rejected = self._listener.rejected
        frames, events = self._listener.feed(self._port.read())
        self._tell(events)
        if frames:
            self._reopen.reset()
            self._watch.answered(frames)
        self._watch.noise(self._listener.rejected - rejected)
