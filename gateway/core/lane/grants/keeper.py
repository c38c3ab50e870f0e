"""When grants run, pause and end, as the arm, the loops and people have it."""

from __future__ import annotations

from gateway.core.lane.grants.grant import Grant
from gateway.core.lane.parts import LaneParts
from gateway.core.settings.model import Lane
from gateway.core.vocabulary.turn import Turn


class GrantKeeper:
    """What follows for the grants of a lane."""

    def __init__(self, lane: LaneParts) -> None:
        self._lane = lane

    def run(self, turn: Turn) -> None:
        """The head's time runs while no vehicle is under the arm and its own is not on the loop in front of it.

        That is while the arm is up, and while it rests elsewhere and nothing opens it: a vehicle that waits for another
        barrier, or for a person to decide, may have gone away.
        """
        lane = self._lane
        head = lane.grants.head
        moves = lane.arm.moving or lane.terminals.asked("open")
        still = lane.arm.open or not moves
        waits = head is not None and bool(lane.detectors.approach_of(head.lane))
        runs = still and lane.crossing.vehicle is None and not waits and not lane.pause.active
        lane.grants.run(turn, runs)

    def drop_gone(self, turn: Turn) -> None:
        """The arm could not open for a while: it does not open now for a vehicle that has gone meanwhile."""
        lane = self._lane
        for grant in [one for side in lane.wiring.lanes for one in lane.grants.of(side) if self._has_gone(one)]:
            lane.grants.drop(turn, grant, "left")
        self.run(turn)

    def note_gone(self, turn: Turn, lane: Lane) -> None:
        """The loop in front of a lane was left a while ago, or another vehicle has come to it."""
        for grant in self._lane.grants.of(lane):
            if grant.note_gone(self._has_gone(grant)):
                turn.show()

    def _has_gone(self, grant: Grant) -> bool:
        """Whether the vehicle of a grant has left the loop that it stood on, and is not under the arm."""
        lane = self._lane
        if not grant.stood or grant is lane.grants.bound:
            return False
        free = lane.detectors.approach_of(grant.lane) is False
        return free or lane.arrivals.came_ns(grant.lane) > grant.given_ns
