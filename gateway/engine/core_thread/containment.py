"""State of the core loop for a core that raises: unwritten rows, waiting reads, reported causes.

All of it belongs to the core thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable

from gateway.core.vocabulary.events import CredentialRead
from gateway.engine.journal_thread.entries import Entry
from gateway.engine.journal_thread.recorder import MEMORY_MAX
from gateway.store.journal.writer import Row

UNWRITTEN_MAX = 2 * MEMORY_MAX
READS_MAX = 256
"""Reads that may wait for boards; beyond that the oldest is dropped, since a driver presents its card again."""
TOLD_AGAIN_NS = 60_000_000_000
CAUSES_MAX = 64


class Unwritten:
    """Submitted rows that the journal does not have yet, in order."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()

    def add(self, entries: Iterable[Entry]) -> None:
        """Add submitted rows."""
        self._entries.extend(entries)
        if len(self._entries) > UNWRITTEN_MAX:  # one waiting row may be followed by many dropped ones
            self._entries = deque(entry for entry in self._entries if not entry.sequence)

    def forget(self) -> None:
        """Remove written and dropped rows at the front."""
        entries = self._entries
        while entries and entries[0].sequence:
            entries.popleft()

    def rows(self) -> list[Row]:
        """The rows that wait."""
        return [entry.row for entry in self._entries if not entry.sequence]


class Measuring:
    """True while a new core, or new lanes, wait for boards; reads wait with them, until `until_ns`."""

    def __init__(self) -> None:
        self._devices: set[str] = set()
        self._readers: frozenset[str] | None = frozenset()
        self._reads: deque[CredentialRead] = deque(maxlen=READS_MAX)
        self.until_ns = 0

    def __bool__(self) -> bool:
        return bool(self._devices)

    def begin(self, devices: Collection[str], until_ns: int, readers: Collection[str] | None = None) -> None:
        """Begin to wait for these devices; the reads of these readers wait with them, None: of all."""
        if not self:
            self._readers = frozenset()
        everywhere = readers is None or self._readers is None
        self._readers = None if everywhere else (self._readers or frozenset()) | frozenset(readers or ())
        self._devices = set(devices) | self._devices
        self.until_ns = until_ns

    def holds_back(self, reader: str) -> bool:
        """Whether a read of this reader waits."""
        return bool(self._devices) and (self._readers is None or reader in self._readers)

    def hold(self, read: CredentialRead) -> None:
        """Keep a read for later."""
        self._reads.append(read)

    def told(self, device: str) -> bool:
        """A board has reported; True if it was the last one."""
        awaited = bool(self._devices)
        self._devices.discard(device)
        return awaited and not self._devices

    def end(self) -> list[CredentialRead]:
        """End the wait; returns the kept reads."""
        self._devices.clear()
        self._readers = frozenset()
        reads = list(self._reads)
        self._reads.clear()
        return reads


class Causes:
    """Recently reported faults around the core, so that one cause does not fill the journal."""

    def __init__(self) -> None:
        self._told_ns: dict[tuple[str, str], int] = {}

    def is_news(self, part: str, place: str, now_ns: int) -> bool:
        """Whether this was not reported within the last minute; from now on it is."""
        before_ns = self._told_ns.get((part, place))
        if before_ns is not None and now_ns - before_ns < TOLD_AGAIN_NS:
            return False
        while len(self._told_ns) >= CAUSES_MAX:
            self._told_ns.pop(next(iter(self._told_ns)))
        self._told_ns[part, place] = now_ns
        return True
