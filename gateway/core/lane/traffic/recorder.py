"""Passages as they follow from grants, cases, modes and openings."""

from __future__ import annotations

from gateway.core.access.pending import PendingCase
from gateway.core.lane.arm.causes import Cause
from gateway.core.lane.grants.grant import Grant
from gateway.core.lane.modes.modes import Mode
from gateway.core.lane.parts import LaneParts
from gateway.core.lane.traffic.opening import OpeningEvent
from gateway.core.settings.model import Lane
from gateway.core.vocabulary.reasons import Reason
from gateway.core.vocabulary.turn import Turn


class PassageRecorder:
    """Records passages with their mark; presumes one where no loop tells."""

    def __init__(self, lane: LaneParts) -> None:
        self._lane = lane
        self._has_loops = bool(lane.wiring.barrier.safety) or lane.wiring.barrier.approach_loop is not None

    def record(
        self,
        turn: Turn,
        lane: Lane,
        grant: Grant | None,
        method: str,
        certainty: str,
        case: PendingCase | None = None,
        told: dict[str, str | None] | None = None,
    ) -> None:
        """One passage; see `Passages.record`."""
        mark, unpaid_by = self._mark(grant), self._unpaid_by(method)
        self._lane.passages.record(turn, lane, grant, method, certainty, mark, case, told, unpaid_by)

    def _unpaid_by(self, method: str) -> str:
        """What lets a car out for which something is due; these are counted apart."""
        lane = self._lane
        if Mode.FIRE in lane.modes:
            return "fire"
        if Mode.HELD in lane.modes:
            return "held"
        if method == "hand":
            return "hand"
        return "fob" if lane.movement.opened_by is Cause.EXTERNAL else "opened"

    def _mark(self, grant: Grant | None) -> str | None:
        """An emergency vehicle is not counted; free flow counts without deciding."""
        if grant is not None and grant.reason == Reason.EMERGENCY.value:
            return "emergency"
        flows = Mode.HELD in self._lane.modes and self._lane.hold.scheduled
        return "free_flow" if flows else None

    def presume(self, turn: Turn) -> bool:
        """A lane without loops takes an opening that was granted for one passage; True when it was."""
        lane = self._lane
        head = lane.grants.head
        if head is None or self._has_loops or not lane.opening.unused:
            return False
        lane.opening.happens(OpeningEvent.PRESUMED_PASSED)
        lane.grants.use(turn, head)
        lane.cases.passed_by(head.id)
        self.record(turn, head.lane, head, head.method, "inferred")
        return True
