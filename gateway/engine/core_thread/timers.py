"""The core's named timers: a heap whose outdated entries are skipped."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from gateway.core.vocabulary.timers import Timer

_COMPACT_FROM = 256


class Timers:
    """Timers by name, on CLOCK_MONOTONIC; belongs to the core thread."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Timer]] = []
        self._current: dict[Timer, tuple[int, int, Timer]] = {}
        self._number = 0

    def __len__(self) -> int:
        return len(self._current)

    def start(self, name: Timer, due_ns: int) -> None:
        """Start a timer; replaces a running one of that name."""
        self._number += 1
        entry = (due_ns, self._number, name)
        self._current[name] = entry
        heapq.heappush(self._heap, entry)
        if len(self._heap) > _COMPACT_FROM and len(self._heap) > 2 * len(self._current):
            self._heap = sorted(self._current.values())

    def cancel(self, name: Timer) -> None:
        """Cancel a timer, running or not."""
        self._current.pop(name, None)

    def cancel_all(self, kind: str, owner: str) -> None:
        """Cancel all timers of an owner."""
        for name in [one for one in self._current if (one.kind, one.owner) == (kind, owner)]:
            del self._current[name]

    def clear(self) -> None:
        """Cancel all timers."""
        self._heap.clear()
        self._current.clear()

    def next_ns(self) -> int | None:
        """When the next timer is due."""
        while self._heap:
            entry = self._heap[0]
            if self._current.get(entry[2]) is entry:
                return entry[0]
            heapq.heappop(self._heap)
        return None

    def due(self, now_ns: int) -> Iterator[Timer]:
        """Remove and return the due timers in their order; timers that are started meanwhile follow."""
        while (first := self.next_ns()) is not None and first <= now_ns:
            name = heapq.heappop(self._heap)[2]
            del self._current[name]
            yield name
