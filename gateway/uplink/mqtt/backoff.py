"""Pause before the next dial to the broker.

The pause doubles from attempt to attempt up to a bound. Each one is drawn at random from its upper half, so that a
hundred gateways do not dial a returning broker at the same instant. It is reset only by a connection that has lasted:
a broker that accepts and hangs up at once (two clients with one id, a wrong password) is not dialled in a tight loop.
"""

from __future__ import annotations

import random
from collections.abc import Callable

FIRST_S = 0.5
PAUSE_MAX_S = 30.0
LASTED_S = 20.0


class Backoff:
    """The pauses between dials in seconds; `draw` returns a number from 0 to 1 (for tests)."""

    def __init__(self, draw: Callable[[], float] = random.random) -> None:
        self._draw = draw
        self._ceiling_s = FIRST_S

    def after(self, lasted_s: float) -> float:
        """The pause after a connection, or an attempt, that lasted `lasted_s`."""
        if lasted_s >= LASTED_S:
            self._ceiling_s = FIRST_S
        wait_s = self._ceiling_s * (0.5 + 0.5 * self._draw())
        self._ceiling_s = min(self._ceiling_s * 2, PAUSE_MAX_S)
        return wait_s
