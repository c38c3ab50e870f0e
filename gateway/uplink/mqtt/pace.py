"""How many events may be under way to the broker, so that an alarm behind them is never late.

Whatever was handed to the socket goes ahead of an alarm raised a moment later. On a local network eighteen full batches
are gone in milliseconds; on a booth's 1 Mbit/s line they are ten seconds. So the window follows the line: as long as an
acknowledgement comes no more than `QUEUE_S` later than the quickest one seen, the window grows; when it comes later,
the bytes are queueing and the window is halved, and when it is one batch already, so is the batch. (The idea is that
of TCP Vegas: the least round trip is the line, what is above it is the queue.)
"""

from __future__ import annotations

# The pitfall says 18: paho queues first-in-first-out past 20, and two places stay free for alarms and answers.
WINDOW = 18
BATCH = 100
_LEAST_BATCH = 10
QUEUE_S = 0.25


class Pace:
    """The window in batches and the batch in events, both bounded; starts small and doubles at each good round.

    The small start is for the slowest lines: there the first acknowledgement must come before the link is given up.
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
        """A batch came back after `took_s`."""
        self._least_s = min(self._least_s, took_s)
        if took_s - self._least_s <= QUEUE_S:
            self._grow()
        elif now_s >= self._quiet_until_s:
            self._shrink()
            # Batches that left before this step say nothing about it.
            self._quiet_until_s = now_s + took_s

    def halve_batch(self) -> None:
        """A batch was larger than the broker's bound on a packet; later ones are to have fewer events."""
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
