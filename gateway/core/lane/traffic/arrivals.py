"""When the car in front of each lane came to its loop."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.core.settings.model import Lane


class Arrivals:
    """The last arrivals, by lane."""

    __slots__ = ("_came_ns",)

    def __init__(self) -> None:
        self._came_ns: dict[str, int] = {}

    @property
    def by_lane(self) -> Mapping[str, int]:
        """Lane id -> when its last car came."""
        return self._came_ns

    def comes(self, lane: Lane, now_ns: int) -> None:
        """The loop in front of a lane has become occupied."""
        self._came_ns[lane.id] = now_ns

    def came_ns(self, lane: Lane, otherwise: int = 0) -> int:
        """When the last car came; `otherwise` when none was seen."""
        return self._came_ns.get(lane.id, otherwise)
