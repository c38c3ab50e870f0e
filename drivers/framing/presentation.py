"""One presentation of a credential is one event, although readers repeat it many times a second; pure.

A presentation begins when a value is seen that was not seen for `repeat_ms`, and lasts as long as it is seen again
within that time. So a card left in the field is one event, however long it lies there.
"""

from __future__ import annotations

VALUES_MAX = 64
"""Values remembered at once; beyond that the one not seen longest is forgotten first."""


class Sightings:
    """Limits how often a value that stays is reported. Times are CLOCK_MONOTONIC nanoseconds."""

    def __init__(self, every_ms: int) -> None:
        self._every_ns = every_ms * 1_000_000
        self._told: dict[str, int] = {}

    def due(self, value: str, now_ns: int) -> bool:
        """True when this value was not reported for that long; it then counts as reported now."""
        told_ns = self._told.get(value)
        if told_ns is not None and now_ns - told_ns < self._every_ns:
            return False
        self._told.pop(value, None)
        self._told[value] = now_ns
        if len(self._told) > VALUES_MAX:
            del self._told[next(iter(self._told))]
        return True


class Presentations:
    """Tells first sightings from repeats. Times are CLOCK_MONOTONIC nanoseconds, given by the caller."""

    def __init__(self, repeat_ms: int) -> None:
        self._repeat_ns = repeat_ms * 1_000_000
        self._last_seen: dict[str, int] = {}

    def begins(self, value: str, now_ns: int) -> bool:
        """True when this sighting begins a presentation; one from before the last sighting begins none."""
        last_ns = self._last_seen.pop(value, None)
        self._last_seen[value] = now_ns if last_ns is None else max(now_ns, last_ns)
        if len(self._last_seen) > VALUES_MAX:
            del self._last_seen[next(iter(self._last_seen))]
        return last_ns is None or now_ns - last_ns >= self._repeat_ns
