"""How long to wait before a wire is tried again: doubling, bounded."""

from __future__ import annotations


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
