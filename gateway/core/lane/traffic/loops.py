"""What follows when the loops change: a vehicle comes, is under the arm, and goes."""

from __future__ import annotations

import msgspec

from gateway.core.lane.arm.table import ArmEvent
from gateway.core.lane.contacts.stuck_loops import StuckLoops
from gateway.core.lane.grants.keeper import GrantKeeper
from gateway.core.lane.modes.notices import NoticeEvent
from gateway.core.lane.motion.events import ArmEvents
from gateway.core.lane.motion.orders import ArmOrders
from gateway.core.lane.parts import LaneParts
from gateway.core.lane.traffic.crossed_closed import CrossedClosed
from gateway.core.lane.traffic.passing import Passing
from gateway.core.lane.traffic.vehicle import Crossed, Vehicle, Way
from gateway.core.settings.model import Lane
from gateway.core.vocabulary.turn import Turn

MERGE_MS = 700
LINGER_MS = 60_000


class Loops:
    """The traffic of a lane, from the loops in front of, under and beyond the arm."""

    def __init__(
        self,
        lane: LaneParts,
        keeper: GrantKeeper,
        orders: ArmOrders,
        passing: Passing,
        crossed_closed: CrossedClosed,
        stuck: StuckLoops,
        events: ArmEvents,
    ) -> None:
        self._lane = lane
        self._keeper = keeper
        self._orders = orders
        self._passing = passing
        self._crossed_closed = crossed_closed
        self._stuck = stuck
        self._events = events

    # ---- in front and beyond

    def approach_changed(self, turn: Turn, occupied: bool) -> None:
        """The approach loop has become occupied or free."""
        lane = self._lane
        lane.crossing.approach_changed(turn.now.mono_ns, occupied)
        self._stuck.watch(turn, "approach", occupied)
        if not lane.detectors.safety_fitted and not occupied and lane.arm.open:
            self._passing.passed(turn, False, lane.wiring.home)
        self._keeper.run(turn)

    def beyond_changed(self, turn: Turn, occupied: bool) -> None:
        """The loop beyond the arm has become occupied or free."""
        self._lane.crossing.beyond_changed(turn.now.mono_ns, occupied)
        self._keeper.run(turn)

    # ---- under the arm

    def safety_changed(self, turn: Turn, occupied: bool) -> None:
        """A safety input has become occupied, or one of them free."""
        lane = self._lane
        if occupied:
            self._comes_under(turn)
        elif lane.detectors.safety_last is False:
            turn.cancel(lane.wiring.timer("linger"))
            self._stuck.watch(turn, "safety", False)
            vehicle = lane.crossing.vehicle
            if vehicle is not None and lane.inputs.was_glitch("safety_loop", vehicle.since_ns):
                self._was_nobody(turn)
                return
            lane.crossing.frees(turn.now.mono_ns)
            turn.start(lane.wiring.timer("merge"), MERGE_MS)

    def _comes_under(self, turn: Turn) -> None:
        lane = self._lane
        turn.cancel(lane.wiring.timer("merge"))
        lane.closing.wait(turn)
        vehicle = lane.crossing.comes_under(turn.now.mono_ns, arm_closed=lane.arm.closed)
        if vehicle is not None:
            turn.start(lane.wiring.timer("linger"), LINGER_MS)
            self._stuck.watch(turn, "safety", True)
            lane.cases.nobody_under()
            self.bind()
            if lane.grants.bound is None:
                self._comes_without_grant(vehicle)
        self._keeper.run(turn)
        self._orders.safety_withdraws_close(turn)
        self._events.happens(turn, ArmEvent.SAFETY)

    def _comes_without_grant(self, vehicle: Vehicle) -> None:
        """It is the car that was read in front of the arm, if any."""
        lane = self._lane
        if not lane.arm.closed:
            vehicle.has_no_grant()
        side = lane.crossing.side(vehicle)
        if side is not None:
            lane.cases.goes_under(side, lane.detectors.loop_of(side), vehicle.since_ns)

    def bind(self) -> None:
        """The vehicle under an arm that is not closed uses the head grant of the side that it came from.

        One that came ungranted may be read while it still covers the loop in front of the arm; once that loop was free,
        what is read belongs to a vehicle behind it.
        """
        lane = self._lane
        vehicle = lane.crossing.vehicle
        if vehicle is None or lane.grants.bound is not None or lane.arm.closed:
            return
        if not (vehicle.ungranted and lane.crossing.left_its_loop(vehicle)):
            grant = lane.grants.bind(lane.crossing.side(vehicle))
            if grant is not None:
                lane.cases.goes_under_by(grant.id)

    def lingers(self, turn: Turn) -> None:
        """A vehicle has been under the arm for a minute: notify the guard, keep the arm up."""
        if self._lane.crossing.vehicle is not None:
            self._lane.notices.happens(NoticeEvent.STAYS_UNDER)
            turn.show()

    def _was_nobody(self, turn: Turn) -> None:
        """A glitch: the safety input was active for less than its debounce time; the arm stayed up for it."""
        lane = self._lane
        bound = lane.grants.unbind()
        at = bound.lane if bound is not None else lane.wiring.home
        lane.cases.goes_back(at, stands=lane.detectors.approach_of(at) is True)
        lane.crossing.goes()
        self._keeper.run(turn)
        if lane.closing.due and not len(lane.grants):
            lane.closing.start(turn)
        turn.show()

    # ---- away

    def merge_over(self, turn: Turn) -> None:
        """The safety loop has been free long enough: the vehicle has gone, one way or the other."""
        lane = self._lane
        if lane.detectors.safety_last is not False:
            return
        lane.notices.happens(NoticeEvent.SAFETY_FREE)
        vehicle = lane.crossing.goes()
        turn.show()
        if vehicle is None:
            return
        crossed, at = self._judge(vehicle)
        lane.crossing.forget_leaving(vehicle, crossed, at)
        if vehicle.arm_was_closed and lane.arm.closed:
            self._crossed_closed.look(turn, crossed, at)
        elif crossed.way is Way.FORWARD:
            behind = vehicle.ungranted and lane.crossing.left_its_loop(vehicle)
            self._passing.passed(turn, crossed.measured and vehicle.certain, at, late=not behind)
        else:
            self._passing.reversed(turn, crossed, at)
        self._keeper.run(turn)
        if not len(lane.grants):
            lane.closing.start(turn, since_ns=lane.crossing.cleared_ns)

    def left_unseen(self, turn: Turn, vehicle: Vehicle) -> None:
        """A vehicle was under the arm when the loops were lost, and is not there now that they are back."""
        lane = self._lane
        turn.cancel(lane.wiring.timer("linger"))
        turn.cancel(lane.wiring.timer("merge"))
        bound = lane.grants.bound
        at = bound.lane if bound is not None else lane.crossing.side(vehicle) or lane.wiring.home
        self._passing.passed(turn, False, at, late=False, watched=False)

    def _judge(self, vehicle: Vehicle) -> tuple[Crossed, Lane]:
        """Which way it went, and by which lane; over a shared barrier the other lane's forward is this one's wrong way.

        A grant of the side that it did not come from goes back to its vehicle.
        """
        lane = self._lane
        came_by = lane.crossing.side(vehicle) or lane.wiring.home
        crossed, grant = lane.crossing.judge(vehicle), lane.grants.bound
        bound = grant.lane if grant is not None else came_by
        if not lane.wiring.shared or crossed.way is Way.REVERSED:
            return crossed, bound
        if crossed.way is Way.WRONG_WAY:
            went, crossed = lane.wiring.other, msgspec.structs.replace(crossed, way=Way.FORWARD)
        else:
            went = came_by if crossed.measured else bound
        if grant is not None and went is not bound:
            lane.grants.unbind()
        return crossed, went
