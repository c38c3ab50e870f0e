"""Travel times from the projections, read by a connection of its own, so that no decision waits for it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from gateway.core.measurements.series import Series
from gateway.core.measurements.summary import Summary, summary_of
from gateway.core.vocabulary.errors import GatehouseError
from gateway.store.projections.state import State

log = logging.getLogger(__name__)

TRAVELS_MAX = 1_000
"""Movements of one barrier in an hour."""
_KINDS = {"opened": "travel.open", "closed": "travel.close"}


class Travels:
    """Opens the projections only while it reads them, once an hour."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def between(self, barriers: Iterable[str], since_ns: int, until_ns: int) -> dict[str, Summary]:
        """The travel times of these barriers by series; empty while the projections cannot be read."""
        found: dict[str, list[int]] = {}
        try:
            state = State(self._path)
        except GatehouseError as error:
            log.warning("travel times are left out: %s", error)
            return {}
        try:
            for barrier in barriers:
                for one in state.movements(barrier, since_ns, until_ns, limit=TRAVELS_MAX):
                    if one["travel_ms"] is not None and one["what"] in _KINDS:
                        name = Series(_KINDS[one["what"]], barrier).name
                        found.setdefault(name, []).append(one["travel_ms"])
        except GatehouseError as error:
            log.warning("travel times are left out: %s", error)
        finally:
            state.close()
        return {name: summary for name, values in found.items() if (summary := summary_of(values))}
