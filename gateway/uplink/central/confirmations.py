"""What consumers behind the broker have stored, in their own words: `/confirmed`.

A broker's acknowledgement is not durable. A consumer names the last event that it has stored and the hash of that
event; the confirmation counts only if the journal has that row with that hash. Retention waits for it, and `gatehouse
verify` compares the journal with it. One that does not count is journaled. One of an earlier row changes nothing.

Belongs to the commander's thread, with a connection of its own to `uplink.db`.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import apsw

from gateway.core.vocabulary.errors import GatehouseError
from gateway.store.journal.cursors import parse_place
from gateway.uplink.central.commands import Answer, Confirmation

_log = logging.getLogger(__name__)
CONSUMERS_MAX = 32
ROWS_AT_ONCE = 20
"""Ignored confirmations that are journaled in quick succession; then one every `ROW_EVERY_S`, with their number."""
ROW_EVERY_S = 10.0
UNTOLD_MAX = 20

IGNORED = {
    "unknown_row": "the journal has no such row",
    "other_journal": "this is an event of another journal",
    "other_hash": "the row has another hash",
    "dropped": "retention has dropped this row",
    "too_many_consumers": f"{CONSUMERS_MAX} other consumers have confirmed rows already",
}


class Journal(Protocol):
    """The journal (`feed.JournalFeed`)."""

    journal_id: str

    def fault_of(self, journal: str, sequence: int, digest: str) -> str:
        """Why a row of that journal with that hash is not in this one, as a code; empty if it is."""

    def head(self, sequence: int) -> str:
        """The signed head of a row."""


class Confirmations:
    """The confirmed rows of all consumers. `tell` journals that one was ignored; it may raise GatehouseError."""

    def __init__(
        self,
        path: Path,
        journal: Journal,
        tell: Callable[[dict[str, Any]], None],
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`path` is `uplink.db`, which `cursors.Cursors` has made."""
        self._db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        self._db.set_busy_timeout(2000)
        self._db.execute(
            "PRAGMA synchronous = NORMAL"
        )  # after a power cut an earlier row is confirmed: nothing is lost
        self._journal = journal
        self._tell = tell
        self._clock_s = clock_s
        self._credit = float(ROWS_AT_ONCE)
        self._credited_s = clock_s()
        self._unreported = 0
        self._untold: deque[dict[str, Any]] = deque(maxlen=UNTOLD_MAX)

    def take(self, order: Confirmation) -> Answer:
        """Note a confirmation, or journal that it does not count; StorageError if the journal cannot be read."""
        place = parse_place(order.id)
        fault = "unknown_row" if place is None else self._journal.fault_of(*place, order.head.lower())
        if not fault and place is not None:
            fault = self._note(order.consumer, place[1], order.head)
        if place is not None and not fault:
            return Answer(order.id, "done", head=self._journal.head(place[1]))
        self._ignore(order, fault)
        return Answer(order.id, "refused", fault, IGNORED[fault])

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _note(self, consumer: str, sequence: int, digest: str) -> str:
        journal = self._journal.journal_id
        with self._db:
            known = dict(self._db.execute("SELECT consumer, iif(journal = ?, sequence, 0) FROM confirmed", (journal,)))
            if consumer not in known and len(known) >= CONSUMERS_MAX:
                return "too_many_consumers"
            if sequence > known.get(consumer, 0):
                head = self._journal.head(sequence) or f"{sequence}:{digest.lower()}"
                self._db.execute(
                    "REPLACE INTO confirmed VALUES (?, ?, ?, ?, ?)", (consumer, journal, sequence, head, time.time_ns())
                )
        return ""

    # ---- what does not count ---------------------------------------------------------------------------------------

    def _ignore(self, order: Confirmation, reason: str) -> None:
        _log.warning("the confirmation of %s by %s is ignored: %s", order.id, order.consumer, IGNORED[reason])
        self._unreported += 1
        if self._may_journal():
            about = {"consumer": order.consumer, "event": order.id, "head": order.head, "reason": reason}
            self._untold.append({**about, "count": self._unreported, "by": order.consumer})
            self._unreported = 0
        while self._untold:
            try:
                self._tell(self._untold[0])
            except GatehouseError as error:
                _log.warning("this is not in the journal yet: %s", error)
                return
            self._untold.popleft()

    def _may_journal(self) -> bool:
        now_s = self._clock_s()
        self._credit = min(float(ROWS_AT_ONCE), self._credit + (now_s - self._credited_s) / ROW_EVERY_S)
        self._credited_s = now_s
        if self._credit < 1.0:
            return False
        self._credit -= 1.0
        return True
