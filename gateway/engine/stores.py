"""The stores of one run: opened together, caught up, closed together.

The core's look-ups have connections of their own, so that a screen's page or a change of a pass never makes a decision
wait for a lock.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from gateway.core.errors import DataDirectoryError
from gateway.core.events import ClockState
from gateway.core.settings import Settings
from gateway.core.site import Memory
from gateway.store.consumers import Consumers
from gateway.store.directory import DataDirectory, source_of
from gateway.store.journal import Journal, JournalReader
from gateway.store.registry import PassRegistry
from gateway.store.state import State

log = logging.getLogger(__name__)


class Closing(Protocol):
    """What all stores can do."""

    def close(self) -> None:
        """Let go of the file."""


class _Stamp(msgspec.Struct, frozen=True):
    """What a row says of the moment it was written at."""

    bootid: str
    clockstate: str


class Stores:
    """Journal, registry and projections of a data directory that this process has locked."""

    def __init__(self, directory: DataDirectory, settings: Settings, boot_id: str) -> None:
        """Open everything and bring the projections up to date; raises StorageError, JournalBrokenError."""
        self._closing: list[Closing] = [
            journal := Journal.open(directory.journal, source_of(settings), boot_id),
            reader := JournalReader(directory.journal),
            state := _caught_up(directory.state, reader, settings.zone),
            state_lookups := State(directory.state),
            registry := PassRegistry(directory.registry, writer=True),
            registry_lookups := PassRegistry(directory.registry),
        ]
        self.journal = journal
        self.reader = reader
        self.state = state
        self.state_lookups = state_lookups
        self.registry = registry
        self.registry_lookups = registry_lookups
        self.tokens = directory.tokens
        self.consumers = Consumers(directory.uplink, directory.web, self.tokens, settings)
        self.codes = directory.codes
        self.applied = state.sequence
        self.memory = Memory(**state.memory(settings.zone))
        self.was_synced = self._was_synced(boot_id)

    def close(self) -> None:
        """Let go of all files; one that fails keeps none of the others."""
        for store in reversed(self._closing):
            try:
                store.close()
            except Exception:
                log.exception("a store could not be closed in good order")

    def _was_synced(self, boot_id: str) -> bool:
        """Whether an earlier run in this boot left its last row with a sure clock."""
        last = self.reader.page(self.journal.last_sequence - 1, 1)
        if not last:
            return False
        stamp = msgspec.json.decode(last[0].text, type=_Stamp)
        return stamp.bootid == boot_id and stamp.clockstate != ClockState.UNSET


def _caught_up(path: Path, reader: JournalReader, zone: ZoneInfo) -> State:
    """The projections, up to date; a damaged file is set aside and they are made again from the journal."""
    try:
        return _follow(path, reader, zone)
    except DataDirectoryError as error:
        log.error("%s: it is set aside, and everything in it made again from the journal", error)
        _set_aside(path)
        return _follow(path, reader, zone)


def _follow(path: Path, reader: JournalReader, zone: ZoneInfo) -> State:
    state = State(path, writer=True)
    try:
        state.catch_up(reader)
        state.memory(zone)
    except BaseException:
        state.close()
        raise
    return state


def _set_aside(path: Path) -> None:
    path.replace(path.with_name(f"{path.name}.damaged"))
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
