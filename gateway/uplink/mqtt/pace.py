"""How many events may be in flight, so that an alarm behind them is never late.

Bytes in the socket are sent before an alarm that is raised a moment later. Eighteen full batches take milliseconds on a
local network and ten seconds on a booth's 1 Mbit/s line. So the window follows the line, as in TCP Vegas: while an
acknowledgement comes at most `QUEUE_S` later than the fastest one, the window grows. If it comes later, bytes are
queueing: the window is halved, and at one batch the batch is halved.
"""

from __future__ import annotations

# 18: paho queues first-in-first-out past 20, and two places stay free for alarms and answers.
WINDOW = 18
BATCH = 100
_LEAST_BATCH = 10
QUEUE_S = 0.25


class Pace:
    """The window in batches and the batch in events, both bounded; they start small and double at each good round.

    The small start is for the slowest lines, where the first acknowledgement must come before the link is dropped.
    """

    def __init__(self, window: int = WINDOW) -> None:
        self._most = max(1, min(window, WINDOW))
        self.window = 1
        self.batch = _LEAST_BATCH
        self._most_batch = BATCH
        self._least_s = float("inf")
        self._good = 0
        self._quiet_until_s = 0.0

    def acknowledged(self, now_s: float, took_s: float) -> None:
        """A batch was acknowledged after `took_s`."""
        self._least_s = min(self._least_s, took_s)
        if took_s - self._least_s <= QUEUE_S:
            self._grow()
        elif now_s >= self._quiet_until_s:
            self._shrink()
            # Batches that were sent before this step say nothing about it.
            self._quiet_until_s = now_s + took_s

    def halve_batch(self) -> None:
        """Halve the batch: it was larger than the broker's bound on a packet."""
        self.batch = self._most_batch = max(1, self.batch // 2)

    def _grow(self) -> None:
        self._good += 1
        if self._good < self.window:
            return
        self._good = 0
        if self.batch < self._most_batch:
            self.batch = min(self._most_batch, self.batch * 2)
        else:
            self.window = min(self._most, self.window * 2)

    def _shrink(self) -> None:
        self._good = 0
        if self.window > 1:
            self.window //= 2
        else:
            self.batch = min(self.batch, max(_LEAST_BATCH, self.batch // 2))
