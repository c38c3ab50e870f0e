"""Whether a lane is at rest and empty, so that it may be made anew with other settings.

Under a tag people work at the lane, and its contacts may say anything: there only what moves or was asked to move
counts. The same holds for a way back that has waited long enough: a contact that the new settings have turned round
must not keep them in force.
"""

from __future__ import annotations

from gateway.core.lane.modes.modes import Mode
from gateway.core.lane.parts import LaneParts
from gateway.core.lane.people.cars import CarsInFront
from gateway.core.settings.model import Lane


class LaneRest:
    """What keeps the lanes of one barrier from being made anew."""

    def __init__(self, lane: LaneParts, cars: CarsInFront) -> None:
        self._lane = lane
        self._cars = cars

    def unrest(self, now_ns: int, *, moves_only: bool = False) -> tuple[Lane, str] | None:
        """The lane that is not at rest and empty, with the reason; None: all are."""
        lane = self._lane
        if self._moves():
            return lane.wiring.home, "moving"
        if moves_only:
            return None
        if lane.siren.sounding:
            return lane.wiring.home, "siren"
        if Mode.LOCKED in lane.modes:
            return None
        if lane.question.asked:
            return lane.wiring.home, "question"
        if lane.pause.active:
            return lane.wiring.home, "paused"
        return self._vehicle(now_ns) or ((lane.wiring.home, "open") if lane.arm.open or lane.modes.stays_up else None)

    def _moves(self) -> bool:
        lane, terminals = self._lane, self._lane.terminals
        asked = terminals.requested is not None or any(terminals.underway(one) for one in ("open", "close", "stop"))
        return asked or lane.arm.moving or lane.search.active

    def _vehicle(self, now_ns: int) -> tuple[Lane, str] | None:
        """A lane that a vehicle is at."""
        lane = self._lane
        if lane.crossing.vehicle is not None or lane.detectors.safety is True:
            return lane.wiring.home, "vehicle"
        for at in lane.wiring.lanes:
            if lane.grants.of(at):
                return at, "grant"
            self._cars.case_of(at, now_ns)
            if lane.detectors.approach_of(at) is True or self._cars.waiting_case(at) is not None:
                return at, "car"
        return None
