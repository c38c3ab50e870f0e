"""What must not fail again and again: closes that safety aborts, and openings that the open switch does not show."""

from __future__ import annotations

ABORTS_MAX = 3
UNSEEN_MAX = 3


class Tally:
    """The counts of one arm; each starts again when the arm does what it should."""

    __slots__ = ("_aborts", "_unseen")

    def __init__(self) -> None:
        self._aborts = 0
        self._unseen = 0

    @property
    def too_many_aborts(self) -> bool:
        """Whether safety has aborted three closes running."""
        return self._aborts >= ABORTS_MAX

    def aborted(self) -> None:
        """Safety aborted a close."""
        self._aborts += 1

    def closed(self) -> None:
        """The arm came down."""
        self._aborts = 0

    def open_unseen(self) -> bool:
        """A vehicle crossed and the open switch did not tell; True when that makes three running."""
        self._unseen += 1
        return self._unseen == UNSEEN_MAX

    def open_seen(self) -> None:
        """The open switch tells."""
        self._unseen = 0
