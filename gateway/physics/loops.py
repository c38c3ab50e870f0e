"""Loops in the road, and contacts that show a planned value."""

from __future__ import annotations

import heapq
from collections import deque

from gateway.physics.arm import LONG_AGO_NS

ARRIVALS_KEPT = 8


class Loop:
    """How many cars are on one loop, and when that changed last."""

    __slots__ = ("arrivals_ns", "came_ns", "cars", "joined_ns", "left_ns")

    def __init__(self) -> None:
        self.cars = 0
        self.came_ns = LONG_AGO_NS
        """When a car came onto the free loop."""
        self.joined_ns = LONG_AGO_NS
        """When a car came onto the loop while another one was on it."""
        self.left_ns = LONG_AGO_NS
        self.arrivals_ns: deque[int] = deque(maxlen=ARRIVALS_KEPT)
        """The last values of `came_ns`."""

    def on(self, now_ns: int) -> None:
        """A car comes onto the loop."""
        if self.cars:
            self.joined_ns = now_ns
        else:
            self.came_ns = now_ns
            self.arrivals_ns.append(now_ns)
        self.cars += 1

    def off(self, now_ns: int) -> None:
        """A car leaves the loop."""
        self.left_ns = now_ns
        self.cars -= 1


class Overrides:
    """Values that contacts show by a plan, whatever else is true: a stuck input, bouncing, a pressed button."""

    def __init__(self) -> None:
        self.shown: dict[str, bool] = {}
        self.next_ns: int | None = None
        """When a contact changes next."""
        self._plan: list[tuple[int, int, str, bool | None]] = []
        self._count = 0

    def show(self, contact: str, value: bool | None, at_ns: int) -> None:
        """From that moment on the contact shows this value; None: what is true."""
        self._count += 1
        heapq.heappush(self._plan, (at_ns, self._count, contact, value))
        self.next_ns = self._plan[0][0]

    def advance(self, now_ns: int) -> None:
        """Bring the contacts up to a moment."""
        while self.next_ns is not None and self.next_ns <= now_ns:
            _, _, contact, value = heapq.heappop(self._plan)
            if value is None:
                self.shown.pop(contact, None)
            else:
                self.shown[contact] = value
            self.next_ns = self._plan[0][0] if self._plan else None

    def skip(self, gap_ns: int) -> None:
        """Let that much time pass in which nothing happens."""
        self._plan = [(at_ns + gap_ns, count, contact, value) for at_ns, count, contact, value in self._plan]
        self.next_ns = self._plan[0][0] if self._plan else None
