"""Applies committed rows to `state.db`, behind the commits and never in their way.

It checks ten times a second for new rows, so that a commit wakes only the core. Rows are read a page at a time and
applied in one transaction. It also folds the WAL into the file of the journal, since that may take long on a slow card
and the recorder must not wait. A failure is tried again and loses nothing, since the state has the sequence that it is
at. Projections that lag for long are degraded storage (`note_lag`): lists on screens are old.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

from gateway.core.vocabulary.errors import GatehouseError, error_place
from gateway.core.vocabulary.events import StorageDegraded, StorageRestored
from gateway.store.journal.reader import JournalReader

log = logging.getLogger(__name__)

SETTLE_S = 0.1
RETRY_S = 2.0
LAG_MS = 2_000
LAG_ROWS = 5_000
"""A lag of this long, or of this many rows, is degraded storage."""


class Projection(Protocol):
    """The projections: `State`."""

    def catch_up(self, reader: JournalReader) -> int:
        """Apply new rows of the journal, in bounded steps."""


class Tidy(Protocol):
    """The journal whose WAL is folded: `Journal`."""

    def tidy(self) -> bool:
        """Copy the WAL into the database if it is worth it."""


class Projector:
    """Call `run` in its own thread; `stop` ends it."""

    def __init__(
        self,
        reader: JournalReader,
        projection: Projection,
        journal: Tidy,
        committed: Callable[[], int],
        applied: int = 0,
    ) -> None:
        """`committed` returns the journal's last sequence without a read; `applied`: that of the projections."""
        self._reader = reader
        self._projection = projection
        self._journal = journal
        self._committed = committed
        self._applied = applied
        self._stop = threading.Event()
        self._failing = False
        self._error = ""
        self._seen: deque[tuple[int, int]] = deque()  # the journal's sequence, about once a second
        self.degraded = ""
        """Why the projections lag, as last reported; empty while they follow."""

    def stop(self) -> None:
        """Apply the remaining rows, then end `run`."""
        self._stop.set()

    def run(self) -> None:
        """Apply rows until `stop`."""
        while not self._stop.wait(RETRY_S if self._failing else SETTLE_S):
            self._turn()
        self._turn()

    def note_lag(self, now_ns: int) -> StorageDegraded | StorageRestored | None:
        """Report once that the projections lag, and once that they have caught up; for the core thread."""
        committed, seen = self._committed(), self._seen
        seen.append((now_ns, committed))
        while len(seen) > 1 and seen[1][0] <= now_ns - LAG_MS * 1_000_000:
            seen.popleft()
        old = seen[0][1] if seen[0][0] <= now_ns - LAG_MS * 1_000_000 else 0
        behind = committed - self._applied
        lagging = self._applied < old or behind > LAG_ROWS
        if lagging == bool(self.degraded):
            return None
        self.degraded = (self._error or f"visits and lists are {behind} rows behind the journal") if lagging else ""
        if not lagging:
            return StorageRestored(0, part="projections")
        return StorageDegraded(self.degraded, "projections")

    def _turn(self) -> None:
        if self._committed() == self._applied:
            return
        try:
            self._applied = self._projection.catch_up(self._reader)
            self._failing = False
            self._error = ""
        except GatehouseError as error:
            self._error = str(error)
            if not self._failing:
                log.error("projections stay behind the journal: %s", error)
            self._failing = True
        except Exception as error:
            self._error = error_place(error)
            if not self._failing:
                log.exception("projections stay behind the journal")
            self._failing = True
        self._journal.tidy()
