"""Read-only views of the engine's databases: one connection per file and thread, opened when first
needed.

A file that was replaced (a restore, a new data directory) is noticed by its inode and opened again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from gateway.core.errors import DataDirectoryError
from gateway.store.reader import JournalReader
from gateway.store.registry import PassRegistry

if TYPE_CHECKING:
    from gateway.store.state import State

_Reader = TypeVar("_Reader")


class Readers:
    """The readers of the calling thread."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._mine = threading.local()

    def journal(self) -> JournalReader:
        """The journal; DataDirectoryError while there is none."""
        return self._reader("journal.db", JournalReader)

    def registry(self) -> PassRegistry:
        """The passes; DataDirectoryError while there are none."""
        return self._reader("registry.db", PassRegistry)

    def state(self) -> State:
        """The projections; DataDirectoryError while there are none."""
        from gateway.store.state import State

        return self._reader("state.db", State)

    def _reader(self, name: str, make: Callable[[Path], _Reader]) -> _Reader:
        path = self._data / name
        try:
            inode = path.stat().st_ino
        except OSError:
            raise DataDirectoryError(
                f"{name} is not there; was this data directory made with: gatehouse init?"
            ) from None
        held: tuple[int, Any] | None = getattr(self._mine, name, None)
        if held is None or held[0] != inode:
            if held is not None:
                held[1].close()
            held = (inode, make(path))
            setattr(self._mine, name, held)
        reader: _Reader = held[1]
        return reader
