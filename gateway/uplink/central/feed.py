"""Reads the journal for the uplink: joined batches behind a row, and the gap that retention has left.

The age of a row is measured by CLOCK_MONOTONIC and its boot, so that a step of the wall clock makes neither new rows
look old nor old rows look new.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from gateway.core.vocabulary.errors import CursorError, GatehouseError, StorageError
from gateway.store.journal.heads import Head
from gateway.store.journal.reader import JournalReader
from gateway.uplink.central.cursors import Position
from gateway.uplink.central.outbox import Batch

HISTORICAL_NS = 10_000_000_000
"""Rows committed longer ago than this are history; from the contract."""


class _Gap(msgspec.Struct, frozen=True):
    sequence: str


class JournalFeed:
    """One journal. `replaced` is true once another file is in its place (a restore)."""

    def __init__(
        self,
        path: Path,
        boot_id: str,
        mono_ns: Callable[[], int] = time.monotonic_ns,
        sign: Callable[[Head], Head] = lambda head: head,
    ) -> None:
        """StorageError when there is no journal at `path` yet. `sign` signs heads."""
        self._reader = JournalReader(path)
        self._boot_id = boot_id
        self._mono_ns = mono_ns
        self._sign = sign
        self.journal_id = self._reader.journal_id
        if not self.journal_id:
            self._reader.close()
            raise StorageError(f"{path} has no journal id yet; it is being made")

    def last(self) -> int:
        """The newest row's sequence, 0 when there is none."""
        return self._reader.last_sequence()

    def batch(self, after: int, limit: int) -> Batch | None:
        """Up to `limit` rows behind `after`, either all historical or all current; None without rows."""
        found = self._reader.batch(
            after,
            limit,
            live_since_mono_ns=self._mono_ns() - HISTORICAL_NS,
            boot_id=self._boot_id,
        )
        if found.count == 0:
            return None
        return Batch(found.json, found.first, found.last, found.historical)

    def gap(self, position: Position) -> Batch | None:
        """The `journal.gap` event for a consumer at `position`; None if no row is missing."""
        event = self._reader.gap_after(self._reader.position(position.journal, position.sequence))
        if event is None:
            return None
        last = int(
            msgspec.json.decode(event, type=_Gap).sequence
        )  # of the event itself: retention may have gone on since
        return Batch(f"[{event}]".encode(), last, last, True)

    def acknowledged(self, position: Position) -> int:
        """The row of this journal up to which a consumer at `position` has everything, 0 for none."""
        return self._reader.lineage().confirmed(position.journal, position.sequence)

    def head(self, sequence: int) -> str:
        """The signed head of a row as text, empty without a row or when it cannot be read."""
        try:
            return self._sign(Head(sequence, self._reader.hash_of(sequence))).text
        except GatehouseError:
            return ""

    def head_at(self, position: Position) -> str:
        """The signed head at a position, empty if it is in another journal."""
        return self.head(position.sequence) if position.journal == self.journal_id else ""

    def fault_of(self, journal: str, sequence: int, digest: str) -> str:
        """Why a row of that journal with that hash is not in this one, as a code; empty if it is."""
        lineage = self._reader.lineage()
        if journal != lineage.journal and lineage.ancestor(journal) is None:
            return "other_journal"
        if not 0 < sequence <= self._reader.last_sequence() or lineage.id_of(sequence) != journal:
            return "unknown_row"
        try:
            return "" if self._reader.hash_of(sequence) == digest else "other_hash"
        except CursorError:
            return "dropped"

    def replaced(self) -> bool:
        """Whether the path holds another journal now."""
        try:
            return self._reader.journal_id != self.journal_id
        except GatehouseError:
            return False  # It is being moved; check again next time.

    def close(self) -> None:
        """Close the file."""
        self._reader.close()
