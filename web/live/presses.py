"""The time of a touch on a screen, and until when the order counts.

A page has CLOCK_MONOTONIC of this machine (`mono_ms` of its view) and sends with each order when the finger came down.
An order counts for two seconds from there, also if this process, the engine or the network hung meanwhile. A repeated
order keeps its first time. A touch in the future does not count. An order without a time was touched when it came,
unless this process stood still.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from gateway.core.vocabulary.errors import RequestError
from web.live.heart import Heart

COUNTS_MS = 2000
AHEAD_MS = 1000
KEPT_MAX = 500
_NS_PER_MS = 1_000_000


class TooLateError(Exception):
    """The order is too old to be carried out."""


class Presses:
    """Remembers the first time of each order. Thread-safe."""

    def __init__(self, heart: Heart, mono_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._heart = heart
        self._mono_ns = mono_ns
        self._lock = threading.Lock()
        self._first: OrderedDict[str, int] = OrderedDict()

    def counts_until_ns(self, request_id: str, given: Any) -> int:
        """The CLOCK_MONOTONIC time at which the order expires; TooLateError if it has.

        `given` is the page's `pressed_ms`, None for none; RequestError if it is not a time.
        """
        now_ns = self._mono_ns()
        pressed_ns = self._first_of(request_id, self._pressed_ns(given, now_ns))
        until_ns = pressed_ns + COUNTS_MS * _NS_PER_MS
        if now_ns >= until_ns:
            raise TooLateError
        return until_ns

    def left_s(self, until_ns: int) -> float:
        """The remaining time of an order."""
        return max(0.0, (until_ns - self._mono_ns()) / 1e9)

    def _pressed_ns(self, given: Any, now_ns: int) -> int:
        if given is None or given == "":
            if self._heart.stood_still():
                raise TooLateError
            return now_ns
        try:
            pressed_ms = float(given)
        except (TypeError, ValueError, OverflowError):
            pressed_ms = math.nan
        if not math.isfinite(pressed_ms) or isinstance(given, bool):
            raise RequestError("pressed_ms is no time; leave it out or send what the page's clock says")
        pressed_ns = int(pressed_ms * _NS_PER_MS)
        # A touch ahead of this machine's clock has an unknown age: the machine may have hung since.
        if pressed_ns > now_ns + AHEAD_MS * _NS_PER_MS:
            raise TooLateError
        return min(now_ns, pressed_ns)

    def _first_of(self, request_id: str, pressed_ns: int) -> int:
        with self._lock:
            first_ns = min(pressed_ns, self._first.get(request_id, pressed_ns))
            self._first[request_id] = first_ns
            while len(self._first) > KEPT_MAX:
                self._first.popitem(last=False)
        return first_ns
