"""Time of the simulated world: one heap of what happens next. Nothing here is random."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sized

NS_PER_MS = 1_000_000
START_WALL_NS = 1_790_000_000 * 1_000_000_000  # 2026-09-21T14:13:20Z


class World:
    """The clock, and what happens next: at one moment what is physical first, then in the order of planning."""

    def __init__(self) -> None:
        self.now_ns = 1_000 * NS_PER_MS
        self.wall_offset_ns = START_WALL_NS - self.now_ns
        self._drift_ppm = 0
        self._drift_since_ns = 0
        self._heap: list[tuple[int, bool, int, Callable[[], object]]] = []
        self._count = 0

    @property
    def now_ms(self) -> int:
        """Milliseconds since the world began."""
        return self.now_ns // NS_PER_MS

    def wall_ns(self) -> int:
        """What the wall clock of the box shows; it may be wrong."""
        if not self._drift_ppm:
            return self.now_ns + self.wall_offset_ns
        drifted_ns = (self.now_ns - self._drift_since_ns) * self._drift_ppm // 1_000_000
        return self.now_ns + self.wall_offset_ns + drifted_ns

    def set_wall(self, offset_ns: int, drift_ppm: int = 0) -> None:
        """Set the wall clock of the box against its monotonic one; from now on it drifts by so much."""
        self.wall_offset_ns = offset_ns
        self._drift_ppm, self._drift_since_ns = drift_ppm, self.now_ns

    def at(self, at_ns: int, happens: Callable[[], object], *, physical: bool = False) -> None:
        """Let something happen at a moment, or now if that has passed. What is `physical` comes first at its moment."""
        self._count += 1
        heapq.heappush(self._heap, (max(at_ns, self.now_ns), not physical, self._count, happens))

    def after(self, ms: float, happens: Callable[[], object]) -> None:
        """Arrange that something happens in a while."""
        self.at(self.now_ns + int(ms * NS_PER_MS), happens)

    def next_ns(self) -> int | None:
        """When the next thing happens."""
        return self._heap[0][0] if self._heap else None

    def run(self, until_ns: int, inbox: Sized) -> None:
        """Let things happen until something is in the inbox, at most until then."""
        heap = self._heap
        while not inbox and self.now_ns < until_ns:
            if heap and heap[0][0] <= until_ns:
                at_ns, _, _, happens = heapq.heappop(heap)
                self.now_ns = max(self.now_ns, at_ns)
                happens()
            else:
                self.now_ns = until_ns

    def step(self, until_ns: int) -> bool:
        """Let the next thing happen, if it comes by then; else only time passes. True when something happened."""
        if self._heap and self._heap[0][0] <= until_ns:
            at_ns, _, _, happens = heapq.heappop(self._heap)
            self.now_ns = max(self.now_ns, at_ns)
            happens()
            return True
        self.now_ns = max(self.now_ns, until_ns)
        return False
