"""The journal's only writer: a thread that commits all waiting rows, and keeps them in memory while the disk fails.

Built for latency: the rows of one decision are one item in a C queue, one transaction and one item back. Rows that
arrive during a commit share the next one (group commit). If storage fails or the file of the journal is damaged, rows
stay here in order, within a bound; the core learns at once that they are late, and the gate works on.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any, Protocol

import msgspec

from gateway.core.vocabulary.errors import GatehouseError, error_place
from gateway.core.vocabulary.events import FaultContained, StorageDegraded, StorageRestored
from gateway.engine.journal_thread.entries import LOST, Entry, Recorded, Unrecorded
from gateway.engine.journal_thread.giving_up import without
from gateway.store.journal.writer import Row

log = logging.getLogger(__name__)

GROUP_MAX = 500
MEMORY_MAX = 10_000
"""Rows kept in memory while the disk fails; about 10 MB, more than a day of a large estate."""
STALL_MS = 2_000
"""A longer commit counts as degraded storage."""
RETRY_MIN_MS = 250
RETRY_MAX_MS = 5_000
_TURN_S = 1.0


class Writer(Protocol):
    """The needed part of `Journal`."""

    def append(self, rows: Sequence[Row]) -> range:
        """Write rows in one transaction, durable on return; StorageError or JournalBrokenError: nothing was stored."""


class Recorder:
    """Takes rows from any thread (`submit`) and writes them in its own thread (`run`)."""

    def __init__(
        self,
        journal: Writer,
        post: Callable[[Any], None],
        *,
        sequence: int = 0,
        memory_max: int = MEMORY_MAX,
        mono_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._journal = journal
        self._post = post
        self._memory_max = memory_max
        self._mono_ns = mono_ns
        self._queue: SimpleQueue[list[Entry] | None] = SimpleQueue()
        self._rows: deque[Entry] = deque()
        self._mode = threading.Lock()
        self._committing = threading.Lock()
        self._busy_since_ns = 0
        self._retry_ms = RETRY_MIN_MS
        self._retry_at_ns = 0
        self._late = 0
        self._lost = 0
        self._stopping = False
        self.sequence = sequence
        self.degraded = ""
        self.turns = 0

    def submit(self, entries: list[Entry]) -> bool:
        """Submit rows; False if storage is degraded and the caller must not wait for them."""
        if self._queue.qsize() >= self._memory_max:
            self._make_room()
        self._queue.put(entries)
        return not self.degraded

    def _make_room(self) -> None:
        """The commit hangs and memory is full: drop the oldest rows and report it."""
        try:
            oldest = self._queue.get_nowait()
        except Empty:
            return
        if oldest is None:  # `stop`: no row behind it is written
            self._queue.put(None)
            return
        with self._mode:
            self._lost += len(oldest)
            first = not self.degraded
            self.degraded = self.degraded or "more rows wait than fit in memory; check the storage"
        if first:
            log.error("storage is degraded: %s", self.degraded)
            self._post(StorageDegraded(self.degraded))
        self._answer_late(oldest)
        for entry in oldest:
            entry.sequence = LOST

    @contextmanager
    def between_commits(self, patience_s: float) -> Iterator[None]:
        """No row becomes durable within the block, unless a commit hangs for longer than this."""
        held = self._committing.acquire(timeout=patience_s)
        try:
            yield
        finally:
            if held:
                self._committing.release()

    def note_stall(self, now_ns: int) -> StorageDegraded | None:
        """Report once that a commit hangs; the core thread calls this about once a second."""
        since_ns = self._busy_since_ns
        if not since_ns or now_ns - since_ns < STALL_MS * 1_000_000:
            return None
        with self._mode:
            if self.degraded:
                return None
            self.degraded = f"the disk has not answered for {STALL_MS} ms; check the storage"
            return StorageDegraded(self.degraded)

    def stop(self) -> None:
        """Write the waiting rows, then end `run`."""
        self._queue.put(None)

    def run(self) -> None:
        """Write rows until `stop`."""
        while not self._stopping:
            self.turn()
        while self._rows and self._write_group():
            pass
        if self._rows:
            log.error("%d journal rows could not be written before the end", len(self._rows))

    def turn(self, wait: bool = True) -> None:
        """Take waiting rows and write them if it is time; `wait`: wait a while for the first row."""
        self.turns += 1
        self._collect(self._patience_s() if wait else 0.0)
        if self._rows and (self._stopping or self._mono_ns() >= self._retry_at_ns):
            self._write_group()

    @property
    def waiting(self) -> int:
        """Unwritten decisions and rows."""
        return len(self._rows) + self._queue.qsize()

    def retry_in_ms(self) -> float:
        """The time until a failed disk is tried again; 0: at once."""
        return max(0.0, (self._retry_at_ns - self._mono_ns()) / 1e6)

    def _collect(self, patience_s: float) -> None:
        """Take all waiting rows, about one group at most; wait for the first if there is none."""
        try:
            self._take(self._queue.get(patience_s > 0, patience_s))
            while len(self._rows) < GROUP_MAX and not self._stopping:
                self._take(self._queue.get_nowait())
        except Empty:
            pass

    def _patience_s(self) -> float:
        if not self._rows:
            return _TURN_S
        wait_ns = self._retry_at_ns - self._mono_ns()
        return min(_TURN_S, max(0.0, wait_ns / 1e9))

    def _take(self, entries: list[Entry] | None) -> None:
        if entries is None:
            self._stopping = True
            return
        self._rows.extend(entries)
        if self.degraded:
            self._answer_late(entries)
            self._bound()

    def _write_group(self) -> bool:
        """Write one transaction; False if the disk did not take it."""
        count = min(len(self._rows), GROUP_MAX)
        group = [self._rows[n] for n in range(count)]
        self._busy_since_ns = self._mono_ns()
        try:
            written = self._commit(group)
        except GatehouseError as error:
            self._fail(str(error))
            return False
        except Exception as error:
            self._sift(error)
            return True
        finally:
            self._busy_since_ns = 0
        for _ in group:
            self._rows.popleft()
        self._succeed(group, written)
        return True

    def _commit(self, group: list[Entry]) -> range:
        with self._committing:
            written = self._journal.append([entry.row for entry in group])
            for entry, sequence in zip(group, written, strict=True):
                entry.sequence = sequence
            return written

    def _sift(self, error: Exception) -> None:
        """Drop rows that cannot be encoded, so that the others are written; raises if the rows are not the cause."""
        bad = [entry for entry in self._rows if not _can_be_written(entry.row)]
        if not bad:
            raise error
        names = ", ".join(sorted({entry.row.type for entry in bad}))
        log.error("rows that cannot be written down are given up: %s", names, exc_info=error)
        self._rows = deque(entry for entry in self._rows if entry not in bad)
        self._answer_late(bad)
        for entry in bad:
            entry.sequence = LOST
        self._post(FaultContained(f"journal row {names}", error_place(error)))

    def _succeed(self, group: list[Entry], written: range) -> None:
        self.sequence = written[-1]
        self._post(Recorded(tuple([e.token for e in group if e.token]), self.sequence))
        for entry in group:
            if entry.done is not None:
                entry.done(entry.sequence)
        if self.degraded:
            self._late += len(group)
            self._restore()

    def _restore(self) -> None:
        """Storage takes rows again; reported when the backlog is written."""
        self._retry_at_ns = 0
        self._retry_ms = RETRY_MIN_MS
        if self._rows:
            return
        with self._mode:
            self.degraded = ""
            late, self._late = self._late, 0
            lost, self._lost = self._lost, 0
        log.warning("storage is restored: %d rows written late, %d lost", late, lost)
        self._post(StorageRestored(late, lost))

    def _fail(self, error: str) -> None:
        self._retry_at_ns = self._mono_ns() + self._retry_ms * 1_000_000
        self._retry_ms = min(2 * self._retry_ms, RETRY_MAX_MS)
        with self._mode:
            first = not self.degraded
            self.degraded = error
        self._answer_late(self._rows)
        if first:
            log.error("storage is degraded, rows stay in memory: %s", error)
            self._post(StorageDegraded(error))

    def _answer_late(self, entries: Sequence[Entry]) -> None:
        """Report each row once as late."""
        tokens = tuple([entry.token for entry in entries if entry.token])
        if tokens:
            self._post(Unrecorded(tokens))
        for entry in entries:
            entry.token = 0
            if entry.done is not None:
                entry.done(None)
                entry.done = None

    def _bound(self) -> None:
        """Drop the rows past the bound."""
        excess = len(self._rows) - self._memory_max
        if excess <= 0:
            return
        with self._mode:
            self._lost += excess
        self._rows = without(self._rows, excess)


def _can_be_written(row: Row) -> bool:
    """Whether the data of a row can be encoded as JSON."""
    try:
        msgspec.json.encode((row.type, row.subject, row.data))
    except Exception:
        return False
    return True
