"""Actions of the arm's table: the arm does not follow, stands between its limits, or its position is lost."""

from __future__ import annotations

from gateway.core.lane.arm.answer import AnswerEvent
from gateway.core.lane.arm.causes import Cause
from gateway.core.lane.arm.table import ArmState
from gateway.core.lane.arm.terminals import Motion
from gateway.core.lane.modes.interruption import InterruptionEvent
from gateway.core.lane.modes.modes import Mode
from gateway.core.lane.modes.notices import NoticeEvent
from gateway.core.lane.motion.events import Actions
from gateway.core.lane.motion.orders import ArmOrders
from gateway.core.lane.motion.why import WhyItMoved
from gateway.core.lane.parts import LaneParts
from gateway.core.vocabulary.rows import BarrierForced, BarrierObstructed, BarrierStuck
from gateway.core.vocabulary.turn import Turn


class ArmFailures:
    """What follows when the arm, a limit switch or a board fails."""

    def __init__(self, lane: LaneParts, orders: ArmOrders, why: WhyItMoved) -> None:
        self._lane = lane
        self._orders = orders
        self._why = why

    def actions(self) -> Actions:
        """The actions by their names in the table."""
        return {
            "give_up_opening": self.give_up_opening,
            "give_up_open": self.give_up_open,
            "give_up_close": self.give_up_close,
            "wait_for_vehicle": self.wait_for_vehicle,
            "report_obstructed": self.report_obstructed,
            "report_forced": self.report_forced,
            "report_limits": self.report_limits,
            "report_closed_limit": self.report_closed_limit,
            "count_unseen_open": self.count_unseen_open,
            "lose_position": self.lose_position,
            "measure": self.measure,
            "take_measured": self.take_measured,
        }

    # ---- arms that do not follow

    def give_up_opening(self, turn: Turn) -> None:
        """The arm did not answer: the guard is asked to look at power and crank."""
        self._orders.end_travel(turn)
        self._orders.take_open_back(turn)
        motion = Motion("open", "grant", self._lane.movement.author, None, turn.at)
        self._lane.records.not_followed(turn, motion, "no_answer")
        self._lane.grants.drop_all(turn, "not_followed")
        self._no_answer()
        self._orders.let_go_of_open(turn)

    def give_up_open(self, turn: Turn) -> None:
        """The board did not take OPEN, and the arm has not moved."""
        self._orders.end_travel(turn)
        self._orders.take_open_back(turn)
        self._lane.grants.drop_all(turn, "not_followed")
        self._no_answer()

    def give_up_close(self, turn: Turn) -> None:
        """The board did not take CLOSE, and the arm has not moved."""
        self._orders.end_travel(turn)
        self._lane.notices.happens(NoticeEvent.NOT_FOLLOWED)

    def _no_answer(self) -> None:
        self._lane.notices.happens(NoticeEvent.NOT_FOLLOWED)
        self._lane.answer.happens(AnswerEvent.NOT_FOLLOWED)

    def wait_for_vehicle(self, turn: Turn) -> None:
        """The travel time is over with a vehicle under the arm: see what the crossing tells."""
        turn.start(self._lane.wiring.timer("travel"), self._lane.travel.limit_ms("up"))

    def report_obstructed(self, turn: Turn) -> None:
        """The arm reached no limit in its travel time; no more pulses."""
        self._orders.end_travel(turn)
        self._orders.take_open_back(turn)
        self._lane.grants.drop_all(turn, "obstructed")
        self._lane.records.incident(turn, BarrierObstructed)
        self._lane.alarms.raise_(turn, "obstructed", "travel")

    def report_forced(self, turn: Turn) -> None:
        """The arm left its upper limit uncommanded and never came down."""
        self._orders.end_travel(turn)
        self._lane.grants.drop_all(turn, "not_followed")
        self._lane.records.incident(turn, BarrierForced, cause=Cause.FORCED.value)
        self._why.alarm_forced(turn)

    # ---- limit switches that fail

    def report_limits(self, turn: Turn) -> None:
        """Both limit switches say yes: neither is believed, and nothing closes by itself."""
        self._orders.end_travel(turn)
        self._lane.grants.drop_all(turn, "limit_fault")
        self._lane.records.incident(turn, BarrierStuck, reason="both_limits", interrupted=True)
        self._lane.alarms.raise_(turn, "stuck", "limits", {"reason": "both_limits"})

    def report_closed_limit(self, turn: Turn) -> None:
        """A vehicle crossed and the closed switch still says yes: the switch has failed, not the arm."""
        lane = self._lane
        self._orders.end_travel(turn)
        lane.interruption.happens(InterruptionEvent.LIMIT_FAILED)
        lane.grants.drop_all(turn, "limit_fault")
        lane.records.incident(turn, BarrierStuck, reason="closed_limit", interrupted=True)
        lane.alarms.raise_(turn, "stuck", "closed_limit", {"reason": "closed_limit"})

    def count_unseen_open(self, turn: Turn) -> None:
        """A vehicle crossed and the open switch did not tell that the arm was up; the third time it has failed."""
        if self._lane.tally.open_unseen():
            self._lane.records.incident(turn, BarrierStuck, reason="open_limit")
            self._lane.alarms.raise_(turn, "stuck", "open_limit", {"reason": "open_limit"})

    def limits_believed(self, turn: Turn) -> None:
        """The limit switches are believed again."""
        self._lane.alarms.end(turn, "limits")
        self._lane.alarms.end(turn, "closed_limit")

    # ---- positions that are lost and found

    def lose_position(self, turn: Turn) -> None:
        """The switches cannot be read."""
        lane = self._lane
        if len(lane.grants):
            lane.interruption.happens(InterruptionEvent.POSITION_LOST)
        lane.grants.drop_all(turn, "device_lost", but_under=True)
        self._orders.void(turn)
        lane.search.give_up()

    def measure(self, turn: Turn) -> None:
        """Believe the switches again."""
        if self._lane.arm.state is not ArmState.UNKNOWN:
            self.limits_believed(turn)
            self._lane.interruption.happens(InterruptionEvent.POSITION_FOUND)

    def take_measured(self, turn: Turn) -> None:
        """The boards have come back: the arm is where it is measured."""
        lane = self._lane
        if lane.arm.state in (ArmState.BETWEEN, ArmState.UNKNOWN):
            lane.interruption.happens(InterruptionEvent.NOT_AT_A_LIMIT)
            lane.grants.drop_all(turn, "device_lost", but_under=True)
        if lane.limits.contradict:
            self.report_limits(turn)
        if lane.arm.closed and Mode.CRASHED not in lane.modes:
            lane.alarms.end(turn, "motion")
