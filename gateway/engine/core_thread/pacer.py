"""When the next snapshot is due: soon after a change, at most 20 times a second, at once for an alarm."""

from __future__ import annotations

SETTLE_NS = 20_000_000
"""A change waits this long, so that related changes share a snapshot and no decision is delayed."""
PERIOD_NS = 50_000_000


class Pacer:
    """Belongs to the core thread; all times are CLOCK_MONOTONIC."""

    def __init__(self) -> None:
        self.due_ns: int | None = None
        self._last_ns = 0
        self._hurry = False

    def changed(self, now_ns: int, *, urgent: bool = False) -> None:
        """A shown state has changed; `urgent`: an alarm."""
        due_ns = now_ns if urgent else max(now_ns + SETTLE_NS, self._last_ns + PERIOD_NS)
        if self.due_ns is None or due_ns < self.due_ns:
            self.due_ns = due_ns
        self._hurry = self._hurry or urgent

    def recorded(self, now_ns: int) -> None:
        """Rows became durable; those behind an alarm are published at once too."""
        urgent, self._hurry = self._hurry, False
        self.changed(now_ns, urgent=urgent)
        self._hurry = False

    def take(self, now_ns: int) -> bool:
        """Whether to publish now; the caller then publishes."""
        if self.due_ns is None or now_ns < self.due_ns:
            return False
        self.due_ns = None
        self._last_ns = now_ns
        return True
