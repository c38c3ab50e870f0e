"""Loops that stay occupied beyond reason: the loop is stuck, or a vehicle is."""

from __future__ import annotations

from gateway.core.lane.modes.notices import NoticeEvent
from gateway.core.lane.parts import LaneParts
from gateway.core.vocabulary.rows import BarrierStuck
from gateway.core.vocabulary.turn import Turn

STUCK_MS = {"safety": 300_000, "approach": 900_000}
"""DoorKing 1830: a loop under the arm that is occupied for five minutes is an alarm."""


class StuckLoops:
    """Watches the safety and the approach loop."""

    def __init__(self, lane: LaneParts) -> None:
        self._lane = lane

    def watch(self, turn: Turn, loop: str, occupied: bool) -> None:
        """A loop has become occupied or free."""
        timer = self._lane.wiring.timer("stuck", loop)
        if occupied:
            turn.start(timer, STUCK_MS[loop])
            return
        turn.cancel(timer)
        self._lane.alarms.end(turn, f"stuck_{loop}")
        if loop == "approach":
            self._lane.notices.happens(NoticeEvent.APPROACH_FREE)

    def lost(self, turn: Turn, contacts: set[str]) -> None:
        """What cannot be read is not occupied beyond reason."""
        for loop in STUCK_MS:
            if f"{loop}_loop" in contacts:
                turn.cancel(self._lane.wiring.timer("stuck", loop))

    def time_over(self, turn: Turn, loop: str) -> None:
        """A loop has been occupied for too long: under the arm an alarm, in front of it a notice."""
        if loop == "safety":
            self._lane.records.incident(turn, BarrierStuck, reason="safety_loop")
            self._lane.alarms.raise_(turn, "stuck", "stuck_safety", {"reason": "safety_loop"})
        else:
            self._lane.notices.happens(NoticeEvent.APPROACH_STUCK)
            turn.show()
