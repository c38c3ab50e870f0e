"""The journal as an outbox: which rows go out next, and up to where they are acknowledged.

Nothing is copied: a batch is read when there is room for it, and after a lost connection sending starts again behind
the last acknowledged row. The cursor moves only over rows that are acknowledged together with all rows before them, in
whatever order the acknowledgements come. Rows that retention dropped before they could be sent are not passed over in
silence: one `journal.gap` event goes out in their place.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import Protocol

import msgspec

from gateway.uplink.central.cursors import Position

_log = logging.getLogger(__name__)
SINGLY = 18
"""So many new rows go out one by one; more of them are a backlog, and go in handfuls."""


class Batch(msgspec.Struct, frozen=True, gc=False):
    """Rows `first` to `last` of the journal as one JSON array; `historical`: all committed over 10 s ago."""

    payload: bytes
    first: int
    last: int
    historical: bool


class Feed(Protocol):
    """The journal (`feed.JournalFeed`)."""

    journal_id: str

    def last(self) -> int:
        """The newest row's sequence, 0 when there is none."""

    def batch(self, after: int, limit: int) -> Batch | None:
        """Up to `limit` rows behind `after`, all history or none of them; None: there is no row."""

    def gap(self, position: Position) -> Batch | None:
        """What a consumer at `position` misses, as one event; None: nothing."""


class Outbox:
    """The rows on their way; `position` is the cursor, `sent_to` the last row handed out."""

    def __init__(self, feed: Feed, start: Position | None) -> None:
        """`start` is the cursor that was written down, None for a new consumer."""
        self._feed = feed
        self.position = self._believable(start or Position(feed.journal_id, 0))
        self._under_way: deque[Batch] = deque()
        self._done: set[int] = set()
        self.sent_to = self._acknowledged_to()
        self._gap_possible = True

    @property
    def journal_id(self) -> str:
        """The journal that is being sent."""
        return self._feed.journal_id

    def waiting(self) -> int:
        """Rows that are not acknowledged yet."""
        return max(0, self._feed.last() - self._acknowledged_to())

    def read(self, limit: int) -> Batch | None:
        """The next batch, None when all rows are under way; it counts as sent only after `sent`.

        News comes singly as long as it is little; a backlog comes `limit` rows at a time, history apart from news.
        """
        if self._gap_possible:
            gap = self._feed.gap(self.position)
            if gap is not None:
                return gap
            self._gap_possible = False
        batch = self._feed.batch(self.sent_to, limit)
        if batch is None:
            return None
        if batch.first > self.sent_to + 1:
            return self._behind_hole(batch)
        if batch.historical or batch.first == batch.last:
            return batch
        if self._feed.last() - self.sent_to > SINGLY:
            return batch
        return self._feed.batch(self.sent_to, 1)

    def sent(self, batch: Batch) -> None:
        """This batch was handed to the broker's socket."""
        self._gap_possible = False
        self.sent_to = batch.last
        self._under_way.append(batch)

    def acknowledge(self, batch: Batch) -> None:
        """The broker has taken this batch."""
        self._done.add(batch.last)
        while self._under_way and self._under_way[0].last in self._done:
            last = self._under_way.popleft().last
            self._done.discard(last)
            self.position = Position(self._feed.journal_id, last)

    def rewind(self) -> None:
        """The connection is lost (or not made yet): everything that is not acknowledged goes out again."""
        self._under_way.clear()
        self._done.clear()
        self.sent_to = self._acknowledged_to()
        self._gap_possible = True

    def _believable(self, start: Position) -> Position:
        """A cursor past the journal's end (an older copy was put back by hand) would leave new rows out."""
        last = self._feed.last()
        if start.journal != self._feed.journal_id or start.sequence <= last:
            return start
        _log.error("the cursor is at row %d, the journal ends at %d; going on there", start.sequence, last)
        return Position(start.journal, last)

    def _acknowledged_to(self) -> int:
        if self.position.journal != self._feed.journal_id:
            return 0
        return self.position.sequence

    def _behind_hole(self, batch: Batch) -> Batch | None:
        """Retention has overtaken what is under way: wait for that, then tell of the gap."""
        if self._under_way:
            return None
        gap = self._feed.gap(self.position)
        if gap is not None:
            return gap
        _log.error("rows %d to %d are missing in the journal", self.sent_to + 1, batch.first - 1)
        return batch
