"""A run of the gateway: its start, its end in good order, and faults of the program in between."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.core.alarms.faults import Faults
from gateway.core.settings.model import Settings
from gateway.core.subsystem import Handlers, Subsystem
from gateway.core.vocabulary import events
from gateway.core.vocabulary.turn import Turn


class RunMemory(msgspec.Struct, frozen=True):
    """Whether the last run ended in good order; `Started` has it too."""

    previous_clean: bool = True


class Run(Subsystem):
    """Writes the rows of a run."""

    def __init__(self, settings: Settings, faults: Faults) -> None:
        self._gateway = settings.gateway.id
        self._faults = faults

    def handlers(self) -> Handlers:
        """Start, end and faults."""
        return {
            events.Started: self.started,
            events.Stopping: self.stopping,
            events.FaultContained: self.fault_contained,
        }

    def _row(self, turn: Turn, kind: str, data: dict[str, Any]) -> None:
        turn.append(kind, f"devices/{self._gateway}", {**data, "since": turn.at, "by": "gateway"})

    def started(self, turn: Turn, event: events.Started) -> None:
        """The first row of a run."""
        clean, clock = event.previous_clean, turn.now.clock.value
        data = {"version": event.version, "previous_clean": clean, "clock": clock, "reason": event.reason}
        self._row(turn, "gateway.started", data)

    def stopping(self, turn: Turn, event: events.Stopping) -> None:
        """The last row of a run."""
        self._row(turn, "gateway.stopped", {"reason": event.reason})

    def fault_contained(self, turn: Turn, event: events.FaultContained) -> None:
        """The program failed around the core, or the core was replaced."""
        self._faults.report(turn, event)
