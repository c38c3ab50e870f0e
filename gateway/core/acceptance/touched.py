"""Points that were touched under a maintenance tag: it comes off only after both ends have ticked them again."""

from __future__ import annotations

from collections.abc import Iterable


class TouchedPoints:
    """The touched points of each barrier; the acceptance keeps them, the lanes ask."""

    __slots__ = ("_by_barrier",)

    def __init__(self) -> None:
        self._by_barrier: dict[str, frozenset[str]] = {}

    def of(self, barrier: str) -> tuple[str, ...]:
        """The ids of the points that keep the tag of a barrier on, in order."""
        return tuple(sorted(self._by_barrier.get(barrier, ())))

    def set(self, found: Iterable[tuple[str, frozenset[str]]]) -> None:
        """Each touched point with the barriers whose tag it keeps on."""
        by_barrier: dict[str, set[str]] = {}
        for point, barriers in found:
            for barrier in barriers:
                by_barrier.setdefault(barrier, set()).add(point)
        self._by_barrier = {barrier: frozenset(points) for barrier, points in by_barrier.items()}
