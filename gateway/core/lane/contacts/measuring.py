"""Boards that come and go: what they tell is taken as it is measured, and nothing moves by that."""

from __future__ import annotations

from gateway.core.lane.arm.table import ArmEvent
from gateway.core.lane.contacts.fire_contact import FireContact
from gateway.core.lane.contacts.stuck_loops import StuckLoops
from gateway.core.lane.contacts.trouble import TroubleContacts
from gateway.core.lane.grants.grant import Left
from gateway.core.lane.grants.keeper import GrantKeeper
from gateway.core.lane.modes.crash import Crashes
from gateway.core.lane.modes.interruption import InterruptionEvent
from gateway.core.lane.modes.modes import Mode
from gateway.core.lane.motion.events import ArmEvents
from gateway.core.lane.parts import LaneParts
from gateway.core.lane.traffic.loops import Loops
from gateway.core.lane.traffic.vehicle import Vehicle
from gateway.core.vocabulary.events import ClockState
from gateway.core.vocabulary.turn import Turn

_LIMITS = {"at_open", "at_closed"}
_LOOPS = {"approach_loop", "clear_loop"}


class Measuring:
    """What follows when a board is lost, does not answer a poll, or answers again."""

    def __init__(
        self,
        lane: LaneParts,
        keeper: GrantKeeper,
        loops: Loops,
        stuck: StuckLoops,
        crashes: Crashes,
        trouble: TroubleContacts,
        fire: FireContact,
        events: ArmEvents,
    ) -> None:
        self._lane = lane
        self._keeper = keeper
        self._loops = loops
        self._stuck = stuck
        self._crashes = crashes
        self._trouble = trouble
        self._fire = fire
        self._events = events
        self._left: Left | None = None

    # ---- lost

    def stale(self, turn: Turn, device: str) -> None:
        """A poll went unanswered: safety inputs are no longer known to be free."""
        lane = self._lane
        if not lane.inputs.stale(device):
            return
        if lane.detectors.safety_fitted and lane.detectors.safety is None:
            self._events.happens(turn, ArmEvent.SAFETY)
        turn.show()

    def lost(self, turn: Turn, device: str) -> None:
        """A board is gone: what it told is unknown, and nothing closes."""
        lane = self._lane
        if device not in lane.boards:
            return
        lane.boards.lost(device)
        contacts = {name.split(".")[0] for name, _ in lane.inputs.lost(turn, device)}
        if "fire" in contacts:
            lane.fires.ends(lane.wiring.barrier.id)
        self._stuck.lost(turn, contacts)
        if "safety_loop" in contacts:
            lane.crossing.lost()
            self._events.happens(turn, ArmEvent.SAFETY)
        if self._position_lost(device):
            self._events.happens(turn, ArmEvent.LOST)
        turn.show()

    def _position_lost(self, device: str) -> bool:
        lane = self._lane
        limits = (lane.wiring.barrier.at_open, lane.wiring.barrier.at_closed)
        moves = lane.wiring.without_limits and not lane.arm.closed
        return moves or any(point is not None and point.device == device for point in limits)

    # ---- back

    def restored(self, turn: Turn, device: str, values: tuple[bool, ...]) -> None:
        """A board answers, for the first time or again: take the state from what is measured, move nothing."""
        lane = self._lane
        if device not in lane.boards:
            return
        measures = lane.boards.restored(device)
        lane.inputs.lost(turn, device)
        lane.inputs.read(turn, device, values)
        if measures:
            self._measure(turn)
        if lane.inputs.value("arm_detached") and Mode.CRASHED not in lane.modes:
            self._crashes.crash(turn, "arm_detached")
        self._fire.tell_standing(turn)
        self._trouble.tell_standing(turn)
        turn.show()

    def _measure(self, turn: Turn) -> None:
        """When no board with contacts is missing, re-measure from those that came back."""
        lane = self._lane
        if lane.boards.contacts_away:
            return
        boards, first = lane.boards.measure()
        contacts = {name for board in boards for name in lane.inputs.names(board)}
        bases = {name.split(".")[0] for name in contacts}
        if first:
            lane.movement.measured_first(turn.now.mono_ns)
        if first or lane.wiring.without_limits or bases & _LIMITS:
            self._events.happens(turn, ArmEvent.MEASURED)
        if first or "safety_loop" in bases:
            self._measure_safety(turn)
        self._take_up_grant(turn)
        if first:
            self._take_up_cases(turn)
        if bases & _LOOPS:
            self._measure_loops(turn)
        for name in contacts - lane.inputs.chattering:
            lane.alarms.end(turn, f"chatter:{name}")
        self._keeper.run(turn)

    def _measure_safety(self, turn: Turn) -> None:
        lane = self._lane
        if lane.detectors.safety is True:
            lane.interruption.happens(InterruptionEvent.SAFETY_OCCUPIED)
        gone = lane.crossing.measured(turn.now.mono_ns)
        if gone is not None:
            self._left_meanwhile(turn, gone)
        if lane.detectors.safety is not None:
            self._stuck.watch(turn, "safety", lane.detectors.safety)

    def _left_meanwhile(self, turn: Turn, vehicle: Vehicle) -> None:
        """A vehicle has left the safety loop unseen: through an arm that was up, else back."""
        lane = self._lane
        if not vehicle.arm_was_closed or (lane.grants.bound is not None and not lane.arm.closed):
            self._loops.left_unseen(turn, vehicle)
        else:
            lane.grants.unbind()

    def _measure_loops(self, turn: Turn) -> None:
        lane = self._lane
        for one in lane.wiring.lanes:
            if lane.detectors.approach_of(one):
                lane.arrivals.comes(one, turn.now.mono_ns)
            else:
                lane.cases.end(one)
        if lane.detectors.approach:
            lane.crossing.approach_measured(turn.now.mono_ns)
        if lane.detectors.approach is not None:
            self._stuck.watch(turn, "approach", lane.detectors.approach)

    # ---- what an earlier run has left

    def expect(self, left: Left) -> None:
        """The one grant of an earlier run that a vehicle under the arm may be using."""
        self._left = left

    def _take_up_grant(self, turn: Turn) -> None:
        """A vehicle under an arm that is not down when a run begins is the one that the last run let in, if any.

        Another one would have had to come under the same arm in the seconds between.
        """
        lane = self._lane
        left, self._left = self._left, None
        if left is None:
            return
        at = next((one for one in lane.wiring.lanes if one.id == left.lane), None)
        if at is not None and lane.crossing.vehicle is not None and not lane.arm.closed:
            lane.grants.take_up(left.again(at))
        else:
            left.unused(turn)

    def _take_up_cases(self, turn: Turn) -> None:
        """A car that still stands on its loop when a run begins is the one that the last run refused, if any."""
        lane = self._lane
        for one in lane.wiring.lanes if turn.now.clock is not ClockState.UNSET else ():
            if lane.detectors.approach_of(one) is True:
                case = lane.decisions.take_up(one, turn.now.wall_ns, turn.now.mono_ns)
                if case is not None:
                    lane.cases.begin(one, case)
