"""What the guards of the arm's table mean."""

from __future__ import annotations

from collections.abc import Callable

from gateway.core.lane.modes.modes import Mode
from gateway.core.lane.parts import LaneParts


class ArmGuards:
    """Answers each guard from what the parts of the lane say now."""

    def __init__(self, lane: LaneParts) -> None:
        self._lane = lane

    def by_name(self) -> dict[str, Callable[[], bool]]:
        """Every guard of the table."""
        return {
            "moves_by_itself": self.moves_by_itself,
            "uncommanded": lambda: not self._lane.movement.commanded,
            "void": lambda: self._lane.movement.void and not self._lane.search.active,
            "turning_back": lambda: self._lane.movement.turning_back,
            "still_closed": lambda: self._lane.limits.at_closed,
            "at_open": lambda: self._lane.limits.at_open,
            "underway": lambda: self._lane.terminals.underway("open"),
            "may_pulse_again": self.may_pulse_again,
            "occupied": lambda: self._lane.detectors.occupied,
            "no_open_limit": lambda: not self._lane.limits.open_fitted and not self._lane.limits.at_closed,
            "open_limit_fitted": lambda: self._lane.limits.open_fitted,
            "no_closed_limit": lambda: not self._lane.limits.closed_fitted and not self._lane.limits.at_open,
            "may_close_by_itself": self.may_close_by_itself,
            "may_close_again": self.may_close_again,
            "may_reopen": self.may_reopen,
            "unsure": self.unsure,
            "has_not_left_closed": lambda: self._has_not_left("at_closed"),
            "has_not_left_open": lambda: self._has_not_left("at_open"),
            "no_search": lambda: not self._lane.search.active,
        }

    def moves_by_itself(self) -> bool:
        """Nothing keeps the lane from opening for a grant, and nothing has been asked for yet."""
        lane = self._lane
        free = lane.modes.moves and not lane.interruption.active and not lane.pause.active
        return free and not lane.interlock.blocks and not lane.terminals.asked("open")

    def may_pulse_again(self) -> bool:
        """One more pulse may help: the arm has not moved, no vehicle is under it, and a pulse cannot reverse it.

        An arm that was to turn back and came down on nothing has no vehicle to open for.
        """
        lane = self._lane
        fits = lane.limits.at_closed and lane.movement.retries == 0 and lane.wiring.barrier.control == "pulse"
        wanted = bool(len(lane.grants)) or not lane.movement.for_safety
        return fits and wanted and not lane.detectors.occupied and lane.modes.moves

    def may_close_by_itself(self) -> bool:
        """The gateway may close: no vehicle waits or is under the arm, safety is free, nothing forbids it."""
        lane = self._lane
        idle = not len(lane.grants) and lane.crossing.vehicle is None
        free = not lane.interruption.active and not lane.pause.active and lane.modes.strongest is Mode.AUTO
        able = lane.wiring.barrier.close_by == "gateway" and lane.terminals.can("close")
        return idle and free and able and not lane.terminals.asked("close") and lane.detectors.safe

    def may_close_again(self) -> bool:
        """One more close may help, and is safe."""
        lane = self._lane
        first = lane.movement.retries == 0 and lane.wiring.barrier.control == "pulse"
        return first and lane.modes.strongest is Mode.AUTO and lane.detectors.safe

    def may_reopen(self) -> bool:
        """A lowering arm must go up again: a vehicle is under it, that is not known, or one was granted."""
        lane = self._lane
        able = lane.wiring.barrier.control != "step" and lane.modes.moves
        granted = bool(len(lane.grants)) and not lane.pause.active
        return (lane.detectors.safety_in_doubt or granted) and able and not lane.terminals.asked("open")

    def unsure(self) -> bool:
        """Without limit switches an arm that was up, or half way in something, may be anywhere."""
        lane = self._lane
        moved = lane.boards.measured_before and not lane.arm.closed
        return lane.wiring.without_limits and (lane.interruption.active or moved)

    def _has_not_left(self, limit: str) -> bool:
        """The arm went nowhere as far as its switch tells; without one it is where it was before the order."""
        lane = self._lane
        if lane.inputs.fitted(limit):
            return lane.inputs.last(limit) is True
        return lane.arm.before == ("closed" if limit == "at_closed" else "open")
