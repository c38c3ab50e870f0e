"""Detects that this process stood still: a thread beats four times a second and leaves a gap.

A request that waited in a socket meanwhile looks new afterwards; only the gap shows its age.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

BEAT_S = 0.25
STILL_S = 2.0


class Heart:
    """Thread-safe; before `start` it never reports a gap."""

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
        """One beat; a long gap since the last one means that the process has woken up now."""
        now_s = self._mono_s()
        if self._stands_still(now_s):
            self._woke_s = now_s
        self._last_s = now_s

    def stood_still(self) -> bool:
        """Whether this process has only just woken up, so that incoming requests may be old."""
        now_s = self._mono_s()
        if self._stands_still(now_s):
            return True
        return self._woke_s is not None and now_s - self._woke_s < STILL_S

    def _stands_still(self, now_s: float) -> bool:
        return self._last_s is not None and now_s - self._last_s > STILL_S

    def _run(self) -> None:
        while not self._stopping.wait(BEAT_S):
            self.beat()
