"""Was this process standing still? A thread that beats four times a second leaves a gap when it was.

What waited in a socket meanwhile looks like a new request afterwards; nothing else tells how long it has waited.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

BEAT_S = 0.25
STILL_S = 2.0


class Heart:
    """Thread-safe; one that was never started has never stood still."""

    def __init__(self, mono_s: Callable[[], float] = time.monotonic) -> None:
        self._mono_s = mono_s
        self._last_s: float | None = None
        self._woke_s: float | None = None
        self._stopping = threading.Event()

    def start(self) -> None:
        """Beat until `stop`, in a thread of its own."""
        self.beat()
        threading.Thread(target=self._run, name="heart", daemon=True).start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()

    def beat(self) -> None:
        """One beat: whoever comes long after the last one has woken up now."""
        now_s = self._mono_s()
        if self._stands_still(now_s):
            self._woke_s = now_s
        self._last_s = now_s

    def stood_still(self) -> bool:
        """Whether this process has only just woken up, so that what comes in may be old."""
        now_s = self._mono_s()
        if self._stands_still(now_s):
            return True
        return self._woke_s is not None and now_s - self._woke_s < STILL_S

    def _stands_still(self, now_s: float) -> bool:
        return self._last_s is not None and now_s - self._last_s > STILL_S

    def _run(self) -> None:
        while not self._stopping.wait(BEAT_S):
            self.beat()
