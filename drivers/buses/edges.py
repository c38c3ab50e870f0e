"""The bus of a reader whose wires are watched edge by edge: edges go to its listener, credentials to the engine.

A frame ends by silence, so the bus sleeps until the next edge or until the frame, or what is being typed, ends by time.
The end is judged by the kernel's stamps: silence counts only up to a time for which all edges have been read. A wire
that babbles is read in bounded portions with pauses between them, so that it takes little from the other threads.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from typing import Protocol

from drivers.base import Health, Report
from drivers.buses.outputless import OutputlessBus
from drivers.links.backoff import Backoff
from drivers.links.gpio_edges import EdgeQueue
from drivers.watch import Watch
from gateway.core.errors import DeviceError
from gateway.core.events import Event

REOPEN_FIRST_MS, REOPEN_MOST_MS = 500, 5_000
SETTLE_NS = 1_000_000
"""An edge is in the queue this long after its interrupt at the latest."""
BABBLE_PAUSE_S = 0.02
NOISY_AFTER = 20
"""Frames rejected in a row after which the wiring is at fault rather than chance."""
NOISY = "only noise comes from the reader; check its ground and shield, or use a Wiegand-to-serial converter"


class EdgeListener(Protocol):
    """What turns edges into events; one per bus."""

    @property
    def rejected(self) -> int:
        """Frames so far that were damaged."""

    @property
    def ends_ns(self) -> int | None:
        """When something ends by time if no edge comes."""

    def feed(self, raw: bytes, until_ns: int | None) -> tuple[int, Sequence[Event]]:
        """Take edges, and the time up to which they are all: how many frames they completed, and what to report."""

    def interrupted(self) -> None:
        """The lines were gone: what has begun will not be completed by what comes when they are back."""


class EdgeBus(OutputlessBus):
    """One reader on the lines of the GPIO chip."""

    def __init__(self, key: Hashable, device: str, queue: EdgeQueue, listener: EdgeListener, report: Report) -> None:
        super().__init__(report)
        self.key = key
        self.devices = (device,)
        self._queue = queue
        self._listener = listener
        self._watch = Watch(device, report)
        self._reopen = Backoff(REOPEN_FIRST_MS, REOPEN_MOST_MS)
        self._noisy = 0
        self._stopping = False

    def health(self) -> list[Health]:
        """See `Bus.health`."""
        return [self._watch.health]

    def stop(self) -> None:
        """See `Bus.stop`."""
        self._stopping = True
        self._queue.wake()

    def run(self) -> None:
        """See `Bus.run`."""
        try:
            while not self._stopping:
                try:
                    self._listen()
                except DeviceError as error:
                    self._listener.interrupted()
                    self._watch.gone(str(error))
                    self._queue.read(self._reopen.pause_ms() / 1000)
        finally:
            self._queue.dispose()

    def _listen(self) -> None:
        if not self._queue.is_open:
            self._queue.open()
            self._reopen.reset()
            self._watch.restored()
        rejected = self._listener.rejected
        raw, until_ns = self._queue.read(self._wait_s())
        frames, events = self._listener.feed(raw, None if until_ns is None else until_ns - SETTLE_NS)
        self._tell(events)
        self._judge(frames, self._listener.rejected - rejected)
        if until_ns is None and not self._stopping:
            time.sleep(BABBLE_PAUSE_S)

    def _wait_s(self) -> float | None:
        ends_ns = self._listener.ends_ns
        return None if ends_ns is None else max(0, ends_ns + SETTLE_NS - time.monotonic_ns()) / 1e9

    def _judge(self, frames: int, rejected: int) -> None:
        self._noisy = 0 if frames else self._noisy + rejected
        if frames:
            self._watch.answered(frames)
        self._watch.noise(rejected, NOISY if self._noisy >= NOISY_AFTER else "")
