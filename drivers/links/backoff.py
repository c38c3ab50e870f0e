"""How long to wait before a wire, or a device on it, is tried again: doubling, bounded."""

from __future__ import annotations

REOPEN_FIRST_MS, REOPEN_MAX_MS = 100, 2_000
CLAIM_FIRST_MS, CLAIM_MAX_MS = 500, 5_000
ASK_FIRST_MS = 250
ASK_ALONE_MS, ASK_SHARED_MS = 2_000, 10_000
"""The longest pause before a lost device is asked again: alone on its wire, or with others to be spared."""


class Backoff:
    """Pauses of `first_ms`, twice that, and so on up to `most_ms`."""

    def __init__(self, first_ms: int, most_ms: int) -> None:
        self._first_ms = first_ms
        self._most_ms = most_ms
        self._next_ms = first_ms

    def reset(self) -> None:
        """It went well: the next pause is the first again."""
        self._next_ms = self._first_ms

    def pause_ms(self) -> int:
        """The pause before the next try."""
        pause = self._next_ms
        self._next_ms = min(pause * 2, self._most_ms)
        return pause


def for_wire() -> Backoff:
    """Pauses before a wire that is gone is opened again."""
    return Backoff(REOPEN_FIRST_MS, REOPEN_MAX_MS)


def for_lines() -> Backoff:
    """Pauses before the machine's own lines are claimed again."""
    return Backoff(CLAIM_FIRST_MS, CLAIM_MAX_MS)


def for_device(on_the_wire: int) -> Backoff:
    """Pauses before one of so many devices on a wire is asked again after it did not answer."""
    return Backoff(ASK_FIRST_MS, ASK_ALONE_MS if on_the_wire == 1 else ASK_SHARED_MS)
