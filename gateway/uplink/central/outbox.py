"""The journal as an outbox: which rows are sent next, and up to which row they are acknowledged.

A batch is read when there is room for it; nothing is copied. After a lost connection sending starts behind the last
acknowledged row. The cursor passes a row when it and all rows before it are acknowledged, in any order. For rows that
retention has dropped before they were sent, one `journal.gap` event is sent.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import Protocol

import msgspec

from gateway.uplink.central.cursors import Position

_log = logging.getLogger(__name__)
SINGLY = 18
"""Up to this many new rows are sent singly; more are a backlog and are sent in batches."""


class Batch(msgspec.Struct, frozen=True, gc=False):
    """Rows `first` to `last` as one JSON array; `historical`: all were committed over 10 s ago."""

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
        """Up to `limit` rows behind `after`, either all historical or all current; None without rows."""

    def gap(self, position: Position) -> Batch | None:
        """The missing rows of a consumer at `position` as one event; None if none is missing."""

    def acknowledged(self, position: Position) -> int:
        """The row of this journal up to which a consumer at `position` has everything, 0 for none."""


class Outbox:
    """Rows in flight; `position` is the cursor, `sent_to` the last row handed out."""

    def __init__(self, feed: Feed, start: Position | None) -> None:
        """`start` is the stored cursor, None for a new consumer."""
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
        """The number of rows that are not acknowledged."""
        return max(0, self._feed.last() - self._acknowledged_to())

    def read(self, limit: int) -> Batch | None:
        """The next batch, None when all rows are in flight; it counts as sent after `sent`.

        Few new rows come singly, a backlog `limit` rows at a time; a batch never mixes historical and current rows.
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
        """The batch was written to the broker's socket."""
        self._gap_possible = False
        self.sent_to = batch.last
        self._under_way.append(batch)

    def acknowledge(self, batch: Batch) -> None:
        """The broker has acknowledged the batch."""
        self._done.add(batch.last)
        while self._under_way and self._under_way[0].last in self._done:
            last = self._under_way.popleft().last
            self._done.discard(last)
            self.position = Position(self._feed.journal_id, last)

    def rewind(self) -> None:
        """The connection is lost: send everything again that is not acknowledged."""
        self._under_way.clear()
        self._done.clear()
        self.sent_to = self._acknowledged_to()
        self._gap_possible = True

    def _believable(self, start: Position) -> Position:
        """Correct a cursor past the end of the journal (an older copy was put back by hand): it would skip new rows."""
        last = self._feed.last()
        if start.journal != self._feed.journal_id or start.sequence <= last:
            return start
        _log.error("the cursor is at row %d, the journal ends at %d; going on there", start.sequence, last)
        return Position(start.journal, last)

    def _acknowledged_to(self) -> int:
        return self._feed.acknowledged(self.position)

    def _behind_hole(self, batch: Batch) -> Batch | None:
        """Retention has dropped rows in flight: wait for their acknowledgement, then send the gap."""
        if self._under_way:
            return None
        gap = self._feed.gap(self.position)
        if gap is not None:
            return gap
        _log.error("rows %d to %d are missing in the journal", self.sent_to + 1, batch.first - 1)
        return batch
