"""Keeps room for the start of an engine whose disk is full.

A running engine outlives a full disk, since its files are there and rows can wait in memory. A starting engine makes
small files first (SQLite's shared memory, a few pages of WAL), and without room for those no gate opens until a person
comes. So a file takes that room while there is plenty, and is deleted when there is none.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

from gateway.store.files import free_bytes
from gateway.store.recovery.table import Found, Store, Treatment, treatment

log = logging.getLogger(__name__)

RESERVE_BYTES = 4 * 1024 * 1024
NEEDED_BYTES = 2 * 1024 * 1024
"""With less than this a start may fail."""
PLENTY_BYTES = 8 * RESERVE_BYTES
"""With less than this nothing is taken away from others."""


class Reserve:
    """The file that keeps the room."""

    def __init__(self, path: Path) -> None:
        """Touches nothing."""
        self._path = path

    def found(self) -> Found:
        """What is found of the disk."""
        free = free_bytes(self._path)
        if free is None or free >= NEEDED_BYTES:
            return Found.ROOM
        return Found.FULL if self._path.exists() else Found.FULL_WITHOUT_RESERVE

    def release(self) -> bool:
        """Give the room up if the disk has none; True when that was done."""
        if treatment(Store.DISK, self.found()) is not Treatment.GIVE_UP:
            return False
        try:
            self._path.unlink()
        except OSError as error:
            log.warning("%s cannot be given up: %s", self._path, error)
            return False
        log.error("the disk is full: %s is given up for this start; make room", self._path.name)
        return True

    def hold(self) -> None:
        """Take the room while there is plenty; a disk that refuses is left as it was."""
        try:
            if self._path.exists() or (free_bytes(self._path) or 0) < PLENTY_BYTES:
                return
            fresh = self._path.with_name(f".{self._path.name}.new")
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                os.posix_fallocate(handle, 0, RESERVE_BYTES)
            except OSError:
                fresh.unlink(missing_ok=True)
                raise
            finally:
                os.close(handle)
            fresh.replace(self._path)
        except OSError as error:
            log.warning("no room can be kept for a start on a full disk: %s", error)
