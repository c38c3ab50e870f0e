"""The time of validity: the wall clock while it is sure, else counted on from the last sure time."""

from __future__ import annotations

import msgspec

from gateway.core.vocabulary.events import ClockState, Now


class ClockMemory(msgspec.Struct, frozen=True):
    """The wall time of the last row with a sure clock, in nanoseconds; 0 without one."""

    last_sure_wall_ns: int = 0


class SureClock:
    """Notes the time of each event."""

    def __init__(self, memory: ClockMemory) -> None:
        self._wall_ns = memory.last_sure_wall_ns
        self._mono_ns: int | None = None

    def note(self, now: Now) -> None:
        """Note the time of an event."""
        if now.clock is not ClockState.UNSET:
            self._wall_ns, self._mono_ns = now.wall_ns, now.mono_ns
        elif self._mono_ns is None and self._wall_ns:
            self._mono_ns = now.mono_ns

    def wall_ns(self, now: Now) -> int:
        """The time of validity. With an unset clock: from the last sure time; at a first start the wall clock."""
        if now.clock is not ClockState.UNSET or not self._wall_ns or self._mono_ns is None:
            return now.wall_ns
        return self._wall_ns + max(0, now.mono_ns - self._mono_ns)
