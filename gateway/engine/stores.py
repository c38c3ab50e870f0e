"""The stores of one run: opened together, caught up, closed together.

The core's look-ups have their own connections, so that no page of a screen and no change of a pass locks a decision.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import tzinfo
from typing import Any, Protocol

import msgspec

from gateway.core.payments.bills import CountryDays
from gateway.core.settings.model import Settings
from gateway.core.subsystem import Memory
from gateway.core.vocabulary.events import ClockState
from gateway.engine.clock import Clock
from gateway.store.directory import DataDirectory, source_of
from gateway.store.journal.consumers import Consumers
from gateway.store.journal.writer import Row
from gateway.store.media.pictures import Pictures
from gateway.store.passes.registry import PassRegistry
from gateway.store.projections.state import State
from gateway.store.recovery.opening import Place, open_all
from gateway.store.visits.holidays import read_days

log = logging.getLogger(__name__)


class Closing(Protocol):
    """The common interface of stores."""

    def close(self) -> None:
        """Close the file."""


class _Stamp(msgspec.Struct, frozen=True):
    """The time stamp of a row."""

    bootid: str
    clockstate: str


class Stores:
    """Journal, registry and projections of the locked data directory."""

    def __init__(self, directory: DataDirectory, settings: Settings, boot_id: str) -> None:
        """Open everything, also damaged files, and bring the projections up to date; StorageError."""
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
        self.pictures = Pictures(directory.media, settings.gateway.pictures)
        self.identities = directory.identities
        self._closing.append(self.identities)
        self.applied = state.sequence
        self._holidays = directory.holidays
        self.memory = Memory(**state.memory(settings.zone), country_days=self._country_days())
        self.was_synced = self._was_synced(boot_id)
        directory.reserve.hold()

    def memory_ahead(self, zone: tzinfo, waiting: Sequence[Row]) -> Memory:
        """The memory from the journal, including rows that are not written yet; StorageError."""
        with self.state.ahead(self.reader, waiting) as ahead:
            return Memory(**ahead.memory(zone), country_days=self._country_days())

    def _country_days(self) -> dict[str, Any]:
        """The holidays of the site's country, as they were worked out last."""
        kept = read_days(self._holidays)
        days: dict[str, Any] = msgspec.to_builtins(kept.days if kept is not None else CountryDays())
        return days

    def close(self) -> None:
        """Close all files; a failure leaves no other file open."""
        for store in reversed(self._closing):
            try:
                store.close()
            except Exception:
                log.exception("a store could not be closed in good order")

    def _was_synced(self, boot_id: str) -> bool:
        """Whether the last row of an earlier run in this boot had a sure clock."""
        last = self.reader.page(self.journal.last_sequence - 1, 1)
        if not last:
            return False
        stamp = msgspec.json.decode(last[0].text, type=_Stamp)
        return stamp.bootid == boot_id and stamp.clockstate != ClockState.UNSET


def place_of(directory: DataDirectory) -> Place:
    """The paths for recovery."""
    return Place(directory.journal, directory.state, directory.registry, directory.uplink, directory.reserve)
