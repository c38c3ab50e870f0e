"""From asked to sent: an order goes out when its row is durable, unless something has come up against it."""

from __future__ import annotations

from gateway.core.lane.arm.table import ArmEvent, ArmState
from gateway.core.lane.arm.terminals import Motion
from gateway.core.lane.grants.keeper import GrantKeeper
from gateway.core.lane.modes.interruption import InterruptionEvent
from gateway.core.lane.modes.modes import Mode
from gateway.core.lane.motion.events import ArmEvents
from gateway.core.lane.parts import LaneParts
from gateway.core.vocabulary.turn import Turn

BEFORE_INTERLOCK = ("fire", "safety", "retry")
_SENT = {"open": ArmEvent.OPEN_SENT, "close": ArmEvent.CLOSE_SENT, "stop": ArmEvent.STOP_SENT}


class Sending:
    """Sends what was asked for, and hears what became of it."""

    def __init__(self, lane: LaneParts, keeper: GrantKeeper, events: ArmEvents) -> None:
        self._lane = lane
        self._keeper = keeper
        self._events = events

    def committed(self, turn: Turn, token: int) -> bool:
        """The row of a movement is durable, or has waited long enough; False when it is of another barrier."""
        motion = self._lane.terminals.committed(token)
        if motion is None:
            return False
        self.carry_out(turn, motion)
        return True

    def gap_over(self, turn: Turn) -> None:
        """The gap to the opposite pulse is over."""
        motion = self._lane.terminals.gap_over()
        if motion is not None:
            self.carry_out(turn, motion)

    def carry_out(self, turn: Turn, motion: Motion) -> None:
        """Send a movement unless something has come up against it."""
        lane = self._lane
        objection = self.objection(motion)
        if objection is not None:
            lane.records.not_followed(turn, motion, objection)
            self._keeper.run(turn)
        elif lane.terminals.send(turn, motion):
            lane.movement.sent(motion)
            if motion.direction == "stop":
                self._stops_moving(turn)
            self._events.happens(turn, _SENT[motion.direction])
            if not lane.arm.moving:
                lane.movement.dropped()
            if lane.movement.order is None:
                turn.show()

    def _stops_moving(self, turn: Turn) -> None:
        """An arm that rested when it was stopped, and moves by now, was stopped on its way: a person decides."""
        lane = self._lane
        if lane.pause.active and not lane.arm.closed:
            lane.pause.end(turn)
            lane.interruption.happens(InterruptionEvent.STOPPED)

    def objection(self, motion: Motion) -> str | None:
        """What has come up against a movement since it was asked for, as a code."""
        lane = self._lane
        if motion.direction == "stop":
            return None
        if not lane.modes.moves:
            return "lane_locked" if Mode.LOCKED in lane.modes else "lane_crashed"
        if motion.direction == "open":
            return self._objection_up(motion)
        if lane.detectors.safety_in_doubt:
            return "safety_occupied" if lane.detectors.safety else "safety_unknown"
        waited_for = len(lane.grants) or lane.modes.stays_up
        return "no_longer_wanted" if motion.cause != "operator" and waited_for else None

    def _objection_up(self, motion: Motion) -> str | None:
        """What has come up against an OPEN; fire and a vehicle under the arm go before another barrier."""
        lane = self._lane
        if lane.wiring.barrier.control == "step" and lane.arm.rests_at is not ArmState.CLOSED:
            return "arm_between"
        if motion.command == "hold" and not lane.modes.stays_up and not len(lane.grants):
            return "no_longer_wanted"
        blocked = lane.interlock.blocks and motion.cause not in BEFORE_INTERLOCK
        return "other_barrier_open" if blocked else None

    def failed(self, turn: Turn, token: int, error: str) -> None:
        """The device did not take an output command; it is closed as not followed and never fires later."""
        lane = self._lane
        for sign in lane.signs.values():
            sign.output_failed(turn, token)
        motion = lane.terminals.failed(token)
        if motion is None:
            return
        lane.records.not_followed(turn, motion, "output_failed")
        turn.log("error", f"{lane.wiring.barrier.id}: {motion.command} was not carried out: {error}")
        if motion.direction != "stop":
            lane.movement.dropped()
            up = motion.direction == "open"
            self._events.happens(turn, ArmEvent.OPEN_FAILED if up else ArmEvent.CLOSE_FAILED)

    def done(self, token: int) -> None:
        """The device has taken an output command."""
        self._lane.terminals.done(token)
        for sign in self._lane.signs.values():
            sign.output_done(token)
