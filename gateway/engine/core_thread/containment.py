"""What the core loop keeps for the moment when the core raises: rows on their way, reads that wait, causes told.

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
"""Reads that wait for boards to be measured; of more the oldest are dropped, since a driver presents a card again."""
TOLD_AGAIN_NS = 60_000_000_000
CAUSES_MAX = 64


class Unwritten:
    """Rows that were submitted and that the journal does not have yet, in order."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()

    def add(self, entries: Iterable[Entry]) -> None:
        """These were submitted."""
        self._entries.extend(entries)
        if len(self._entries) > UNWRITTEN_MAX:  # a row that waits may stand before many that were given up
            self._entries = deque(entry for entry in self._entries if not entry.sequence)

    def forget(self) -> None:
        """Forget those at the front that are written or given up."""
        entries = self._entries
        while entries and entries[0].sequence:
            entries.popleft()

    def rows(self) -> list[Row]:
        """Those that still wait."""
        return [entry.row for entry in self._entries if not entry.sequence]


class Measuring:
    """True while boards are awaited that a new core knows nothing of; reads wait for that, up to `until_ns`."""

    def __init__(self) -> None:
        self._devices: set[str] = set()
        self._reads: deque[CredentialRead] = deque(maxlen=READS_MAX)
        self.until_ns = 0

    def __bool__(self) -> bool:
        return bool(self._devices)

    def begin(self, devices: Collection[str], until_ns: int) -> None:
        """These are awaited."""
        self._devices = set(devices)
        self.until_ns = until_ns

    def hold(self, read: CredentialRead) -> None:
        """A read is to be served afterwards."""
        self._reads.append(read)

    def told(self, device: str) -> bool:
        """A board has told; True when it was the last one."""
        awaited = bool(self._devices)
        self._devices.discard(device)
        return awaited and not self._devices

    def end(self) -> list[CredentialRead]:
        """Await nothing more; the reads that have waited."""
        self._devices.clear()
        reads = list(self._reads)
        self._reads.clear()
        return reads


class Causes:
    """What failed around the core and was told of lately, so that one cause does not fill the journal."""

    def __init__(self) -> None:
        self._told_ns: dict[tuple[str, str], int] = {}

    def is_news(self, part: str, place: str, now_ns: int) -> bool:
        """Whether this was not told within the last minute; it counts as told from now on."""
        before_ns = self._told_ns.get((part, place))
        if before_ns is not None and now_ns - before_ns < TOLD_AGAIN_NS:
            return False
        while len(self._told_ns) >= CAUSES_MAX:
            self._told_ns.pop(next(iter(self._told_ns)))
        self._told_ns[part, place] = now_ns
        return True
