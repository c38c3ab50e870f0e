"""The bus of a reader whose wires are watched edge by edge: edges go to its listener, credentials to the engine.

A frame ends by silence, so the bus sleeps until the next edge or until the frame, or what is being typed, ends by time.
The end is judged by the kernel's stamps: silence counts only up to a time for which all edges have been read. A wire
that babbles is read in bounded portions with pauses between them, so that it takes little from the other threads.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from typing import Protocol

from drivers.base import Report
from drivers.buses.single import SingleBus
from drivers.links import backoff
from drivers.links.gpio_edges import EdgeQueue
from gateway.core.vocabulary.events import Event

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
    def words(self) -> str:
        """Why the last one did not count, for people; empty when there is nothing to say."""

    @property
    def ends_ns(self) -> int | None:
        """When something ends by time if no edge comes."""

    def feed(self, raw: bytes, until_ns: int | None) -> tuple[int, Sequence[Event]]:
        """Take edges, and the time up to which they are all: how many frames they completed, and what to report."""

    def interrupted(self) -> None:
        """The lines were gone: what has begun will not be completed by what comes when they are back."""


class EdgeBus(SingleBus[EdgeQueue]):
    """One reader on the lines of the GPIO chip."""

    def __init__(self, key: Hashable, device: str, queue: EdgeQueue, listener: EdgeListener, report: Report) -> None:
        super().__init__(key, device, queue, backoff.for_lines(), report)
        self._listener = listener
        self._noisy = 0
        self._trace = self.trace(device)

    def _interrupted(self) -> None:
        self._listener.interrupted()

    def _round(self) -> None:
        if not self._wire.is_open:
            self._wire.open()
            self._retry.reset()
            self._watch.restored()
        rejected = self._listener.rejected
        raw, until_ns = self._wire.read(self._wait_s())
        self._trace.heard(raw)
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
        if rejected:
            self._watch.noise(rejected, NOISY if self._noisy >= NOISY_AFTER else self._listener.words)
