"""What follows when a vehicle has passed, or gone back."""

from __future__ import annotations

from gateway.core.lane.arm.causes import Cause
from gateway.core.lane.arm.table import ArmEvent
from gateway.core.lane.grants.keeper import GrantKeeper
from gateway.core.lane.modes.modes import Mode, ModeEvent
from gateway.core.lane.motion.events import ArmEvents
from gateway.core.lane.parts import LaneParts
from gateway.core.lane.traffic.recorder import PassageRecorder
from gateway.core.lane.traffic.vehicle import Crossed
from gateway.core.settings.model import Lane
from gateway.core.vocabulary.authors import GATEWAY, Author
from gateway.core.vocabulary.rows import BarrierReleased
from gateway.core.vocabulary.turn import Turn


class Passing:
    """Ends grants, cases and holds with the passages of their vehicles."""

    def __init__(self, lane: LaneParts, keeper: GrantKeeper, recorder: PassageRecorder, events: ArmEvents) -> None:
        self._lane = lane
        self._keeper = keeper
        self._recorder = recorder
        self._events = events

    def passed(self, turn: Turn, measured: bool, at: Lane, late: bool = True, watched: bool = True) -> None:
        """A vehicle has crossed: the record that everything else is for.

        `late`: with no grant bound to it, it may have used one that was given on its side after it came.
        `watched`: the switches could be read all the while, so that they tell something of themselves.
        """
        lane, now_ns = self._lane, turn.now.mono_ns
        grant = lane.grants.use(turn, lane.grants.bound or (lane.grants.first_of(at) if late else None))
        if grant is not None:
            lane.cases.passed_by(grant.id)
        method = grant.method if grant else self._ungranted_method()
        case = lane.cases.passed()
        if method == "hand":
            if lane.by_hand.take_declared(at, now_ns):
                return
            lane.by_hand.crossed(at, now_ns)
        if grant is not None or method == "tailgate":
            case = None
        self._recorder.record(turn, at, grant, method, "measured" if measured else "inferred", case)
        if method == "tailgate":
            self._tailgated(turn, at)
        if watched and lane.movement.commanded and lane.modes.moves and grant is not None:
            self._events.happens(turn, ArmEvent.CROSSED)
        self._count_hold(turn)
        self._keeper.run(turn)

    def _ungranted_method(self) -> str:
        """How a vehicle got in without a grant: by hand, because a person keeps the arm up, or behind another."""
        lane = self._lane
        if not lane.modes.moves:
            return "hand"
        by_somebody = lane.movement.opened_by is not Cause.COMMANDED
        if lane.modes.stays_up or by_somebody or lane.grants.last is None:
            return "manual"
        return "tailgate"

    def _tailgated(self, turn: Turn, at: Lane) -> None:
        last = self._lane.grants.last
        behind = last.pass_id if last else None
        self._lane.passages.tailgated(turn, at, behind)
        self._lane.alarms.raise_(turn, "tailgating", "tailgating", {"behind": behind})
        self._lane.alarms.end(turn, "tailgating")

    def reversed(self, turn: Turn, crossed: Crossed, at: Lane) -> None:
        """The vehicle went back; its grant waits at the head again."""
        lane = self._lane
        grant = lane.grants.unbind()
        lane.cases.goes_back(at, stands=lane.detectors.approach_of(at) is True)
        lane.passages.reversed(turn, at, grant, crossed.way.value)
        self._keeper.run(turn)

    # ---- holds

    def _count_hold(self, turn: Turn) -> None:
        """A convoy's hold ends after its last vehicle."""
        if Mode.HELD in self._lane.modes and self._lane.hold.count():
            self.end_hold(turn, GATEWAY, "count")

    def end_hold(self, turn: Turn, author: Author, reason: str) -> None:
        """The hold is over: close, behind a vehicle that is under the arm."""
        lane = self._lane
        lane.hold.end(turn)
        lane.modes.happens(ModeEvent.RELEASE)
        lane.records.set_by(turn, BarrierReleased, author, reason=reason)
        if not len(lane.grants) and lane.crossing.vehicle is None:
            lane.closing.start(turn)

    # ---- grants

    def grant_over(self, turn: Turn) -> None:
        """The head grant's vehicle did not come."""
        lane = self._lane
        head = lane.grants.head
        if head is None or lane.crossing.vehicle is not None or lane.detectors.approach_of(head.lane):
            return
        if not self._recorder.presume(turn):
            lane.grants.drop(turn, head, "time_over")
        self._keeper.run(turn)
        if not len(lane.grants) and lane.arm.open:
            lane.closing.start(turn)
        turn.show()
