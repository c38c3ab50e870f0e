"""Passages by hand: a person says that a vehicle passed, the loops saw it cross, and both mean the same one."""

from __future__ import annotations

from gateway.core.settings.model import Lane
from gateway.core.vocabulary.turn import NS_PER_MS

DECLARED_MS = 60_000
"""The loops see a vehicle cross so long after a person said that it passes by hand."""
SAME_CROSSING_MS = 20_000
"""A person who says that a vehicle passed by hand means the one that the loops saw cross so long before."""


class ByHand:
    """By lane, when a person declared a passage and when the loops saw one."""

    def __init__(self) -> None:
        self._declared_ns: dict[str, int] = {}
        self._crossed_ns: dict[str, int] = {}

    def declared(self, lane: Lane, now_ns: int) -> None:
        """A person said that a vehicle passed."""
        self._declared_ns[lane.id] = now_ns

    def crossed(self, lane: Lane, now_ns: int) -> None:
        """The loops saw a vehicle cross."""
        self._crossed_ns[lane.id] = now_ns

    def take_declared(self, lane: Lane, now_ns: int) -> bool:
        """Whether a person has said already that the vehicle which crosses now was let through."""
        at_ns = self._declared_ns.pop(lane.id, None)
        return at_ns is not None and now_ns - at_ns <= DECLARED_MS * NS_PER_MS

    def take_crossed(self, lane: Lane, now_ns: int, came_ns: int | None) -> bool:
        """Whether the loops have just seen the vehicle that a person means.

        `came_ns`: when the vehicle on the loop in front came; one that came since is the one that is meant.
        """
        at_ns = self._crossed_ns.pop(lane.id, None)
        if at_ns is not None and came_ns is not None and came_ns > at_ns:
            return False
        return at_ns is not None and now_ns - at_ns <= SAME_CROSSING_MS * NS_PER_MS
