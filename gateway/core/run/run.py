"""A run of the gateway: its start, its end in good order, and faults of the program in between."""

from __future__ import annotations

import msgspec

from gateway.core.alarms.faults import Faults
from gateway.core.subsystem import Handlers, Subsystem
from gateway.core.vocabulary import events, rows
from gateway.core.vocabulary.turn import Turn


class RunMemory(msgspec.Struct, frozen=True):
    """Whether the last run ended in good order; `Started` has it too."""

    previous_clean: bool = True


class Run(Subsystem):
    """Writes the rows of a run."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def handlers(self) -> Handlers:
        """Start, end and faults."""
        return {
            events.Started: self.started,
            events.Stopping: self.stopping,
            events.FaultContained: self.fault_contained,
        }

    def started(self, turn: Turn, event: events.Started) -> None:
        """The first row of a run."""
        row = rows.GatewayStarted(
            version=event.version,
            previous_clean=event.previous_clean,
            clock=turn.now.clock.value,
            reason=event.reason,
            since=turn.at,
        )
        turn.append(row)

    def stopping(self, turn: Turn, event: events.Stopping) -> None:
        """The last row of a run."""
        turn.append(rows.GatewayStopped(reason=event.reason, since=turn.at))

    def fault_contained(self, turn: Turn, event: events.FaultContained) -> None:
        """The program failed around the core, or the core was replaced."""
        self._faults.report(turn, event)
