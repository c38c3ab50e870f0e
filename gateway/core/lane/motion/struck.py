"""A vehicle that the arm may have struck: evidence and report, no lock."""

from __future__ import annotations

from gateway.core.lane.parts import LaneParts
from gateway.core.vocabulary.rows import BarrierStruckVehicle
from gateway.core.vocabulary.turn import Turn


class StruckVehicles:
    """Reports an arm that came down on, or turned back from, an occupied safety loop."""

    def __init__(self, lane: LaneParts) -> None:
        self._lane = lane

    def look(self, turn: Turn) -> None:
        """Report it when a vehicle is under the arm."""
        lane = self._lane
        if lane.detectors.occupied:
            lane.records.incident(turn, BarrierStruckVehicle, cause=lane.movement.cause.value)
            lane.alarms.raise_(turn, "struck_vehicle", "struck", of="")
            lane.alarms.end(turn, "struck")
