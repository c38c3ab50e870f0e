"""Actions of the arm's table for movements without an order."""

from __future__ import annotations

from gateway.core.lane.arm.causes import Cause
from gateway.core.lane.arm.table import ArmEvent
from gateway.core.lane.modes.crash import Crashes
from gateway.core.lane.motion.commanded import CommandedMoves
from gateway.core.lane.motion.events import Actions, ArmEvents
from gateway.core.lane.motion.why import WhyItMoved
from gateway.core.lane.parts import LaneParts
from gateway.core.vocabulary.turn import Turn


class UncommandedMoves:
    """What follows when the arm leaves a limit by itself, by a fob, by a hand or by an impact."""

    def __init__(
        self,
        lane: LaneParts,
        commanded: CommandedMoves,
        why: WhyItMoved,
        crashes: Crashes,
        events: ArmEvents,
    ) -> None:
        self._lane = lane
        self._commanded = commanded
        self._why = why
        self._crashes = crashes
        self._events = events

    def actions(self) -> Actions:
        """The actions by their names in the table."""
        return {
            "see_own_close": self.see_own_close,
            "seek_cause": self.seek_cause,
            "judge_impact": self.judge_impact,
            "end_excuse": self.end_excuse,
            "conclude_half_way": self.conclude_half_way,
        }

    def time_over(self, turn: Turn) -> None:
        """One travel time, or two, are over without a limit: where fobs are expected the first ends their excuse."""
        lane = self._lane
        left_ms = lane.travel.limit_ms("up") - lane.search.age_ms(turn.now.mono_ns)
        excused = lane.wiring.barrier.external_open == "expected" and lane.limits.open_fitted and left_ms > 0
        self._events.happens(turn, ArmEvent.EXCUSE_OVER if excused else ArmEvent.CAUSE_OVER)

    def see_own_close(self, turn: Turn) -> None:
        """The arm goes down without an order: by the controller, a fob or a hand."""
        self._lane.movement.seen(Cause.OWN)
        self._commanded.leave_down(turn)
        self._lane.closing.wait(turn)

    def seek_cause(self, turn: Turn) -> None:
        """*Closed* was lost without an order."""
        lane = self._lane
        lane.movement.seen(Cause.UNKNOWN)
        lane.movement.leaves(turn.now.mono_ns, "up")
        lane.search.begin(turn.now.mono_ns)
        if self._why.struck():
            self._crashes.crash(turn, "vehicle")
            return
        expected = lane.wiring.barrier.external_open == "expected"
        if not expected:
            self._why.alarm_unexplained(turn)
        excused_ms = lane.travel.expected_ms("up") if expected else lane.travel.limit_ms("up")
        turn.start(lane.wiring.timer("cause"), excused_ms)

    def judge_impact(self, turn: Turn) -> None:
        """A safety input rose while the arm goes up uncommanded."""
        if self._why.struck():
            self._crashes.crash(turn, "vehicle")

    def end_excuse(self, turn: Turn) -> None:
        """One travel time is over where fobs are expected: alarm, and wait for a verdict as elsewhere."""
        lane = self._lane
        left_ms = lane.travel.limit_ms("up") - lane.search.age_ms(turn.now.mono_ns)
        self._why.alarm_unexplained(turn)
        turn.start(lane.wiring.timer("cause"), left_ms)

    def conclude_half_way(self, turn: Turn) -> None:
        """Two travel times are over without a limit: the arm stands between them."""
        self._why.conclude(turn, self._why.seen(turn))
        self._lane.grants.drop_all(turn, "not_followed")
