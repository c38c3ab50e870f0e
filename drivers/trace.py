"""The trace of a device: the last frames on its wire, kept only while they are watched.

A bus calls `heard` and `sent` with what passes; unwatched, that is one look at a flag. Watching is a lease that is
renewed by looking, so a browser that has gone costs nothing after a while, and what was kept is dropped then. An equal
frame that comes again is counted and not listed, since a board is polled fifty times a second. All bounds hold
whatever comes.
"""

from __future__ import annotations

import threading
import time
from collections import deque

import msgspec

from drivers.dissect.dissector import Dissector, Way

FRAMES_MAX = 200
FRAME_MAX_BYTES = 512
"""What is longer is cut; how long it was is kept."""
WATCHED_NS = 15_000_000_000
JOIN_NS = 25_000_000
"""Chunks of the same way within this time are one frame, where a dissector joins."""


class Frame(msgspec.Struct):
    """One frame: `number` tells frames apart, `change` grows when one is seen again or grows.

    Times are those of the first and of the last time, CLOCK_MONOTONIC and wall time in nanoseconds.
    """

    number: int
    change: int
    way: Way
    data: bytes
    size: int
    mono_ns: int
    wall_ns: int
    times: int = 1
    last_mono_ns: int = 0
    last_wall_ns: int = 0


class Trace:
    """One device's; `heard` and `sent` are for the thread of its bus, the rest for any."""

    def __init__(self) -> None:
        self.born_ns = time.monotonic_ns()
        """Tells it from the trace of a bus that begins anew: numbers begin at 1 again."""
        self.on = False
        """False: nothing is kept, and a bus may save itself the call."""
        self._lock = threading.Lock()
        self._dissector = Dissector()
        self._until_ns = 0
        self._frames: deque[Frame] = deque(maxlen=FRAMES_MAX)
        self._last: dict[Way, Frame] = {}
        self._changes = 0
        self._numbers = 0

    def watch(self, dissector: Dissector) -> None:
        """Keep frames for a while; the dissector of the first watcher serves to the end of watching."""
        with self._lock:
            if not self.on:
                self._dissector = dissector
                self._forget()
            self._until_ns = time.monotonic_ns() + WATCHED_NS
            self.on = True

    def heard(self, chunk: bytes) -> None:
        """Bytes came from the device; empty: time has passed."""
        if self.on:
            self._take("in", chunk)

    def sent(self, chunk: bytes) -> None:
        """Bytes went to the device."""
        if self.on:
            self._take("out", chunk)

    def told(self, frame: bytes) -> None:
        """What a library made of encrypted bytes: a frame that came in."""
        now_ns = time.monotonic_ns()
        with self._lock:
            if self._still(now_ns):
                self._keep("in", frame, now_ns)

    def changed_after(self, change: int) -> list[Frame]:
        """Frames that are new or were seen again since that change, oldest first."""
        with self._lock:
            return [msgspec.structs.replace(frame) for frame in self._frames if frame.change > change]

    def frame(self, number: int) -> Frame | None:
        """The frame of that number, while it is kept."""
        with self._lock:
            found = next((frame for frame in self._frames if frame.number == number), None)
            return None if found is None else msgspec.structs.replace(found)

    def _take(self, way: Way, chunk: bytes) -> None:
        now_ns = time.monotonic_ns()
        with self._lock:
            if self._still(now_ns):
                for data in self._dissector.cut(way, chunk):
                    self._keep(way, data, now_ns)

    def _still(self, now_ns: int) -> bool:
        """Whether it is watched; what was kept is dropped when it is not."""
        if self.on and now_ns > self._until_ns:
            self.on = False
            self._forget()
        return self.on

    def _keep(self, way: Way, data: bytes, now_ns: int) -> None:
        self._changes += 1
        last = self._last.get(way)
        newest = self._frames[-1] if self._frames else None
        if last is not None and last is newest and self._dissector.joins and now_ns - last.last_mono_ns < JOIN_NS:
            last.data = (last.data + data)[:FRAME_MAX_BYTES]
            last.size += len(data)
        elif last is not None and last.number >= self._frames[0].number and self._same(last, data):
            last.times += 1
        else:
            last = self._new(way, data, now_ns)
        last.change = self._changes
        last.last_mono_ns, last.last_wall_ns = now_ns, time.time_ns()

    def _same(self, last: Frame, data: bytes) -> bool:
        return last.size == len(data) and self._dissector.same(last.data) == self._dissector.same(
            data[:FRAME_MAX_BYTES]
        )

    def _new(self, way: Way, data: bytes, now_ns: int) -> Frame:
        self._numbers += 1
        frame = Frame(
            self._numbers, self._changes, way, data[:FRAME_MAX_BYTES], len(data), now_ns, time.time_ns(), 1, now_ns
        )
        self._frames.append(frame)
        self._last[way] = frame
        return frame

    def _forget(self) -> None:
        self._frames.clear()
        self._last.clear()
