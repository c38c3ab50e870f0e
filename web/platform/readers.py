"""Read-only views of the engine's databases, opened when first needed.

Each thread reads the journal on a connection of its own, so that one client's pull never waits for another's. The
passes and projections are asked for little at a time and shared. A file that was replaced (a restore) is opened
again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from gateway.store.journal.reader import JournalReader
from gateway.store.passes.registry import PassRegistry
from gateway.store.projections.state import State

_Reader = TypeVar("_Reader")


class Readers:
    """The databases of one data directory; each raises StorageError while its file is missing. Thread-safe."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._mine = threading.local()
        self._lock = threading.Lock()
        self._shared: dict[str, tuple[int, Any]] = {}

    def journal(self) -> JournalReader:
        """The journal, for the calling thread."""
        found: JournalReader | None = getattr(self._mine, "journal", None)
        if found is None:
            found = self._mine.journal = JournalReader(self._data / "journal.db")
        return found

    def registry(self) -> PassRegistry:
        """The passes."""
        return self._share("registry.db", PassRegistry)

    def state(self) -> State:
        """The projections."""
        return self._share("state.db", State)

    def _share(self, name: str, make: Callable[[Path], _Reader]) -> _Reader:
        path = self._data / name
        inode = path.stat().st_ino if path.exists() else 0
        with self._lock:
            held = self._shared.get(name)
            if held is None or held[0] != inode:
                # The one before is let go, not closed: another thread may be reading with it.
                held = self._shared[name] = (inode, make(path))
            reader: _Reader = held[1]
            return reader
