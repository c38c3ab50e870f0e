"""What people see of a lane: on screens, at central, and since when."""

from __future__ import annotations

import msgspec

from gateway.core.lane.arm.table import ArmState
from gateway.core.lane.memory import LaneMemory, Since
from gateway.core.lane.modes.modes import Mode
from gateway.core.lane.parts import LaneParts
from gateway.core.lane.people.cars import CarsInFront
from gateway.core.lane.people.commands import PersonsCommands
from gateway.core.settings.model import Lane
from gateway.core.vocabulary.turn import Turn
from gateway.core.vocabulary.views import LaneView, LastDecision

_WORDS = {
    ArmState.CLOSED: "ready",
    ArmState.RISING: "opening",
    ArmState.OPEN: "open",
    ArmState.LOWERING: "closing",
    ArmState.BETWEEN: "fault",
    ArmState.STOPPED: "stopped",
    ArmState.UNKNOWN: "unknown",
}


class ShownLane:
    """The shown state of one barrier with its lanes."""

    def __init__(self, lane: LaneParts, cars: CarsInFront, commands: PersonsCommands, memory: LaneMemory) -> None:
        self._lane = lane
        self._cars = cars
        self._commands = commands
        self._state_since = Since(memory.since)
        self._notice_since = Since(memory.since)

    @property
    def since(self) -> str | None:
        """Since when the state is as it is shown."""
        return self._state_since.at

    def word(self) -> str:
        """The lane's state in one word."""
        lane = self._lane
        strongest = lane.modes.strongest
        if strongest not in (Mode.AUTO, Mode.HELD):
            return strongest.value
        if lane.interruption.active:
            return "interrupted"
        if lane.inputs.value("fault"):
            return "fault"
        if not lane.arm.moving and not lane.arm.open:
            return _WORDS[lane.arm.state]
        seen = lane.arm.seen
        if seen is ArmState.OPEN and strongest is Mode.HELD:
            return "held"
        if seen is ArmState.OPEN and lane.crossing.vehicle is not None:
            return "passing"
        return _WORDS[seen]

    def note_since(self, turn: Turn) -> None:
        """Something that people look at has changed: what is new begins now."""
        self._state_since.show(self.word(), turn)
        self._notice_since.show(self._lane.shown_notice, turn)

    def view(self, at: Lane) -> LaneView:
        """What people see of a lane; the engine adds how old the measurement is."""
        lane, notice = self._lane, self._lane.shown_notice
        requested = lane.requested
        case = self._cars.waiting_case(at)
        return LaneView(
            id=at.id,
            name=at.name,
            direction=at.direction.value,
            barrier=lane.wiring.barrier.id,
            state=self.word(),
            since=self._state_since.at,
            arm=lane.arm.seen.value,
            mode=lane.modes.strongest.value,
            crossing=lane.crossing.state.value,
            approach=lane.inputs.last("approach_loop"),
            safety=lane.inputs.last("safety_loop"),
            tag=lane.tag.view(),
            hold=lane.hold.view() if Mode.HELD in lane.modes else None,
            grants=len(lane.grants),
            waiting_grants=lane.grants.views(at),
            case=case.view() if case is not None else None,
            requested=requested.view() if requested else None,
            interrupted=lane.interruption.active,
            pause=lane.pause.view(),
            cannot_open=lane.cannot_open,
            notice=notice,
            notice_since=self._notice_since.at if notice else None,
            service_due=lane.service.views(),
            last_grant=lane.grants.last_granted(),
            last_decision=self._last_decision(at),
            last_passage=lane.passages.last(at),
            allowed=self._commands.allowed(at),
        )

    def _last_decision(self, at: Lane) -> LastDecision | None:
        """The last decision; `present`: its car is still there."""
        lane = self._lane
        last = lane.decisions.of(at)
        if last is None:
            return None
        grant = lane.grants.of_id(last.grant)
        present = lane.cases.holds(at, last.case) if grant is None else not grant.gone
        return msgspec.structs.replace(last, present=present)
