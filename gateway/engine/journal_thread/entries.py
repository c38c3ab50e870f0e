"""Rows on their way into the journal, and their reports to the core thread."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from gateway.store.journal.writer import Row

LOST = -1
"""The `sequence` of a dropped row."""
Done = Callable[[int | None], None]


class Entry(msgspec.Struct, gc=False):
    """A row on its way; `done` is called once, from any thread: with its sequence, or None if it is late or lost.

    `sequence` is 0 while the row waits, then its sequence in the journal, or `LOST`.
    """

    row: Row
    token: int = 0
    done: Done | None = None
    sequence: int = 0


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """To the core thread: the rows with these tokens are durable; `sequence` is the journal's last."""

    tokens: tuple[int, ...]
    sequence: int


class Unrecorded(msgspec.Struct, frozen=True, gc=False):
    """To the core thread: the rows with these tokens wait in memory."""

    tokens: tuple[int, ...]
