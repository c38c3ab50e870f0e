"""The stores of one run: opened together, caught up, closed together.

The core's look-ups have connections of their own, so that a screen's page or a change of a pass never makes a decision
wait for a lock.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import tzinfo
from typing import Protocol

import msgspec

from gateway.core.settings.model import Settings
from gateway.core.subsystem import Memory
from gateway.core.vocabulary.events import ClockState
from gateway.engine.clock import Clock
from gateway.store.directory import DataDirectory, source_of
from gateway.store.journal.consumers import Consumers
from gateway.store.journal.writer import Row
from gateway.store.passes.registry import PassRegistry
from gateway.store.projections.state import State
from gateway.store.recovery.opening import Place, open_all

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
        """Open everything, whatever became of it, and bring the projections up to date; raises StorageError."""
        now = Clock(trusted=settings.gateway.clock == "trusted").now()
        opened = open_all(place_of(directory), settings, source_of(settings), boot_id, now)
        journal, reader, state = opened.journal, opened.reader, opened.state
        self._closing: list[Closing] = [
            journal,
            reader,
            state,
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
        self.station_keys = directory.station_keys
        self.consumers = Consumers(directory.uplink, directory.web, self.tokens, settings)
        self.codes = directory.codes
        self.applied = state.sequence
        self.memory = Memory(**state.memory(settings.zone))
        self.was_synced = self._was_synced(boot_id)
        directory.reserve.hold()

    def memory_ahead(self, zone: tzinfo, waiting: Sequence[Row]) -> Memory:
        """What the journal tells of this run so far, with rows that still wait for it; StorageError."""
        with self.state.ahead(self.reader, waiting) as ahead:
            return Memory(**ahead.memory(zone))

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


def place_of(directory: DataDirectory) -> Place:
    """The files that recovery looks at."""
    return Place(directory.journal, directory.state, directory.registry, directory.uplink, directory.reserve)
