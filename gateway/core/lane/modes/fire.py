"""Fire: the barriers of a site whose fire contact is on. All lanes of a site share one set."""

from __future__ import annotations


class Fires:
    """Where there is fire now."""

    __slots__ = ("_barriers",)

    def __init__(self) -> None:
        self._barriers: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self._barriers)

    @property
    def barriers(self) -> frozenset[str]:
        """The ids of the barriers whose fire contact is on."""
        return self._barriers

    def begins(self, barrier: str) -> None:
        """The fire contact of a barrier is on."""
        self._barriers |= {barrier}

    def ends(self, barrier: str) -> None:
        """The fire contact of a barrier is off, or its board is lost."""
        self._barriers -= {barrier}
