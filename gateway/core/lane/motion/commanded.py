"""Actions of the arm's table: movements that were ordered, by a grant, by a person or by the gateway."""

from __future__ import annotations

from gateway.core.lane.arm.answer import AnswerEvent
from gateway.core.lane.arm.causes import Cause
from gateway.core.lane.arm.table import ArmEvent, ArmState
from gateway.core.lane.grants.keeper import GrantKeeper
from gateway.core.lane.modes.interruption import InterruptionEvent
from gateway.core.lane.modes.notices import NoticeEvent
from gateway.core.lane.motion.events import Actions, ArmEvents
from gateway.core.lane.motion.orders import ArmOrders
from gateway.core.lane.motion.struck import StruckVehicles
from gateway.core.lane.parts import LaneParts
from gateway.core.lane.traffic.recorder import PassageRecorder
from gateway.core.vocabulary.authors import GATEWAY
from gateway.core.vocabulary.rows import UNSET, BarrierClosed, BarrierObstructed, BarrierStopped
from gateway.core.vocabulary.turn import Turn

ANSWER_MS = 1500


class CommandedMoves:
    """What follows when an order goes out, is followed, or must be repeated."""

    def __init__(
        self,
        lane: LaneParts,
        keeper: GrantKeeper,
        orders: ArmOrders,
        passages: PassageRecorder,
        struck: StruckVehicles,
        events: ArmEvents,
    ) -> None:
        self._lane = lane
        self._keeper = keeper
        self._orders = orders
        self._passages = passages
        self._struck = struck
        self._events = events

    def actions(self) -> Actions:
        """The actions by their names in the table."""
        return {
            "set_off": self.set_off,
            "leave_up": self.leave_up,
            "leave_down": self.leave_down,
            "follow_up_closed": self.follow_up_closed,
            "ask_open": self.ask_open,
            "wait_for_output": self.wait_for_output,
            "ask_open_again": self.ask_open_again,
            "ask_close": self.ask_close,
            "ask_close_again": self.ask_close_again,
            "reopen": self.reopen,
            "rest": self.rest,
            "touch_down": self.touch_down,
            "keep_up": self.keep_up,
            "halt": self.halt,
        }

    def set_off(self, turn: Turn) -> None:
        """The arm leaves its limit: it is seen to do what it was ordered."""
        lane = self._lane
        lane.movement.followed()
        if lane.answer.missing and lane.movement.commanded:
            lane.notices.happens(NoticeEvent.FOLLOWED)
            lane.answer.happens(AnswerEvent.FOLLOWED)
        turn.show()

    def leave_up(self, turn: Turn) -> None:
        """An OPEN went out: the arm has an answer time and a travel time."""
        lane = self._lane
        before = lane.arm.before
        lane.search.give_up()
        lane.grants.call_head(turn)
        lane.movement.begins_up(
            turn.now.mono_ns, whole=before is ArmState.CLOSED, turning_back=before is ArmState.LOWERING
        )
        lane.closing.wait(turn)
        turn.start(lane.wiring.timer("answer"), ANSWER_MS)
        turn.start(lane.wiring.timer("travel"), lane.travel.limit_ms("up"))

    def leave_down(self, turn: Turn) -> None:
        """A CLOSE went out: the arm has a travel time, and must turn back for a vehicle that comes under it."""
        lane = self._lane
        self._passages.presume(turn)
        lane.movement.begins_down(turn.now.mono_ns, whole=lane.arm.before is ArmState.OPEN)
        turn.cancel(lane.wiring.timer("answer"))
        turn.start(lane.wiring.timer("travel"), lane.travel.limit_ms("down"))
        if lane.detectors.safety_in_doubt:
            self._events.happens(turn, ArmEvent.SAFETY)
        elif len(lane.grants):
            self._events.happens(turn, ArmEvent.GRANTED)

    def follow_up_closed(self, turn: Turn) -> None:
        """A CLOSE went out to an arm that is down already: the command has its end all the same."""
        self._orders.end_travel(turn)
        presumed = UNSET if self._lane.limits.closed_fitted else True
        author = self._lane.movement.author
        self._lane.records.moved(turn, BarrierClosed, Cause.COMMANDED, author.by, presumed=presumed)

    def ask_open(self, turn: Turn) -> None:
        """The head grant opens the arm."""
        head = self._lane.grants.head
        if head is not None:
            self._orders.withdraw_close(turn)
            self._orders.ask(turn, "open", "grant", head.author, head, head.lane)

    def wait_for_output(self, turn: Turn) -> None:
        """The arm cannot have answered yet: its board tries still, or says soon that it failed."""
        turn.start(self._lane.wiring.timer("answer"), ANSWER_MS)

    def ask_open_again(self, turn: Turn) -> None:
        """One more pulse, recorded like the first."""
        self._orders.ask(turn, "open", "retry", GATEWAY, self._lane.grants.head)

    def ask_close(self, turn: Turn) -> None:
        """Every vehicle has passed: close."""
        self._orders.ask(turn, "close", "auto_close", GATEWAY, None)

    def ask_close_again(self, turn: Turn) -> None:
        """One more close, recorded like the first."""
        turn.start(self._lane.wiring.timer("travel"), self._lane.travel.limit_ms("down"))
        self._orders.ask(turn, "close", "retry", GATEWAY, None)

    def reopen(self, turn: Turn) -> None:
        """Up again at once; three times running a person has to look."""
        lane = self._lane
        self._orders.safety_withdraws_close(turn)
        in_doubt = lane.detectors.safety_in_doubt
        if in_doubt:
            lane.tally.aborted()
        if lane.tally.too_many_aborts:
            lane.interruption.happens(InterruptionEvent.CLOSE_ABORTED)
            lane.notices.happens(NoticeEvent.CLOSE_ABORTED)
            lane.records.incident(turn, BarrierObstructed, reason="close_aborted", interrupted=True)
            lane.alarms.raise_(turn, "obstructed", "travel", {"reason": "close_aborted"})
        self._orders.ask(turn, "open", "safety" if in_doubt else "grant", GATEWAY, lane.grants.head)

    def rest(self, turn: Turn) -> None:
        """Travel time of an abandoned movement expired; the measured position counts."""
        lane = self._lane
        self._orders.end_travel(turn)
        if lane.arm.closed:
            self._events.happens(turn, ArmEvent.GRANTED)
        elif not lane.arm.open:
            lane.grants.drop_all(turn, "not_followed")
        self._keeper.run(turn)

    def touch_down(self, turn: Turn) -> None:
        """The arm was so far down that it came to its lower limit before it turned back."""
        self._lane.movement.touched_down()
        self._struck.look(turn)

    def keep_up(self, turn: Turn) -> None:
        """A vehicle was granted while the arm is up: it stays up, and the grant's time runs."""
        self._orders.withdraw_close(turn)
        self._keeper.run(turn)

    def halt(self, turn: Turn) -> None:
        """STOP went out: nothing moves until a person acts, or for a moment where nothing moved."""
        lane = self._lane
        self._orders.end_travel(turn)
        lane.search.give_up()
        lane.records.set_by(turn, BarrierStopped, lane.movement.author, interrupted=lane.interruption.active)
