"""Faults of the program: the event is kept, an alarm reports it, and the gate works on."""

from __future__ import annotations

from gateway.core.alarms.desk import AlarmDesk
from gateway.core.vocabulary.commands import SetAside
from gateway.core.vocabulary.errors import error_place, fault_file
from gateway.core.vocabulary.events import Event, FaultContained
from gateway.core.vocabulary.turn import Turn


class Faults:
    """Reports them at the alarm desk."""

    def __init__(self, desk: AlarmDesk) -> None:
        self._desk = desk

    def contain(self, turn: Turn, event: Event, error: Exception) -> None:
        """A part of the core failed on this event before any change: keep the event and raise the alarm."""
        file = fault_file(turn.now.wall_ns)
        turn.emit(SetAside(file, event, error))
        self.report(turn, FaultContained(type(event).__name__, error_place(error), file))

    def report(self, turn: Turn, fault: FaultContained) -> None:
        """One alarm for each cause; it returns at once and stays until it is acknowledged."""
        key = f"fault:{fault.event}:{fault.error}"
        detail = {"event": fault.event, "error": fault.error, "file": fault.file}
        self._desk.raise_(turn, "fault", key, detail=detail)
        self._desk.return_(turn, key)
        turn.log("error", f"the program failed on {fault.event}: {fault.error}")
        turn.show()
