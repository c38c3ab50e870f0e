"""Actions of the arm's table: the arm has come to a limit, or is presumed there."""

from __future__ import annotations

from typing import Any

from gateway.core.lane.arm.answer import AnswerEvent
from gateway.core.lane.arm.causes import Cause
from gateway.core.lane.arm.table import ArmEvent
from gateway.core.lane.grants.keeper import GrantKeeper
from gateway.core.lane.modes.modes import Mode
from gateway.core.lane.modes.notices import NoticeEvent
from gateway.core.lane.motion.events import Actions, ArmEvents
from gateway.core.lane.motion.orders import ArmOrders
from gateway.core.lane.motion.struck import StruckVehicles
from gateway.core.lane.motion.why import WhyItMoved
from gateway.core.lane.parts import LaneParts
from gateway.core.lane.traffic.opening import OpeningEvent
from gateway.core.lane.traffic.recorder import PassageRecorder
from gateway.core.vocabulary.rows import UNSET, BarrierClosed, BarrierOpened, UnsetType
from gateway.core.vocabulary.turn import Turn


class ArmArrivals:
    """What follows when the arm is up, or down."""

    def __init__(
        self,
        lane: LaneParts,
        keeper: GrantKeeper,
        orders: ArmOrders,
        passages: PassageRecorder,
        struck: StruckVehicles,
        why: WhyItMoved,
        events: ArmEvents,
    ) -> None:
        self._lane = lane
        self._keeper = keeper
        self._orders = orders
        self._passages = passages
        self._struck = struck
        self._why = why
        self._events = events

    def actions(self) -> Actions:
        """The actions by their names in the table."""
        return {
            "arrive_open": self.arrive_open,
            "settle_open": self.settle_open,
            "presume_open": self.presume_open,
            "find_open": self.find_open,
            "see_own_reversal": self.see_own_reversal,
            "conclude_open": self.conclude_open,
            "arrive_closed": self.arrive_closed,
            "settle_closed": self.settle_closed,
            "presume_closed": self.presume_closed,
            "fall_back": self.fall_back,
            "flicker": self.flicker,
        }

    # ---- up

    def arrive_open(self, turn: Turn) -> None:
        """The arm is measured up."""
        lane = self._lane
        lane.tally.open_seen()
        lane.alarms.end(turn, "open_limit")
        took_ms = self._learn(turn, "up")
        self._is_up(turn, self._why.arrived(turn), travel_ms=took_ms)

    def settle_open(self, turn: Turn) -> None:
        """The arm came to its upper limit from somewhere between."""
        self._is_up(turn, Cause.UNKNOWN)

    def presume_open(self, turn: Turn) -> None:
        """No switch tells that the arm is up; after its travel time it is presumed."""
        self._is_up(turn, Cause.COMMANDED, presumed=True)

    def find_open(self, turn: Turn) -> None:
        """Without a closed switch the arm was only presumed down; it is whole and was crossed, so it is up."""
        self._lane.movement.opened(Cause.UNKNOWN)
        self._lane.records.moved(turn, BarrierOpened, Cause.UNKNOWN, presumed=True)

    def see_own_reversal(self, turn: Turn) -> None:
        """The arm turned back by itself; with a vehicle under it, it may have struck it."""
        if self._lane.movement.commanded:
            self._struck.look(turn)
        self._is_up(turn, Cause.OWN)

    def conclude_open(self, turn: Turn) -> None:
        """Without an open switch an unordered movement is presumed complete after the travel time."""
        expected = self._lane.wiring.barrier.external_open == "expected"
        cause = self._why.conclude(turn, self._why.seen(turn), Cause.EXTERNAL if expected else None)
        self._is_up(turn, cause, presumed=True)

    def _is_up(self, turn: Turn, cause: Cause, **seen: Any) -> None:
        lane = self._lane
        self._orders.end_travel(turn)
        lane.movement.opened(cause)
        lane.records.moved(turn, BarrierOpened, cause, self._by(cause), **seen)
        lane.opening.happens(OpeningEvent.IS_UP)
        lane.notices.happens(NoticeEvent.IS_OPEN)
        lane.answer.happens(AnswerEvent.IS_OPEN)
        lane.alarms.end(turn, "travel")
        if len(lane.grants):
            self._keeper.run(turn)
        elif lane.crossing.vehicle is None and cause is Cause.COMMANDED:
            lane.closing.start(turn)

    # ---- down

    def arrive_closed(self, turn: Turn) -> None:
        """The arm is measured down."""
        self._struck.look(turn)
        took_ms = self._learn(turn, "down")
        cause = self._lane.movement.cause
        self._came_down(turn, Cause.OWN if cause is Cause.UNKNOWN else cause, travel_ms=took_ms)

    def settle_closed(self, turn: Turn) -> None:
        """The arm came to its lower limit from somewhere between."""
        self._came_down(turn, Cause.UNKNOWN)

    def presume_closed(self, turn: Turn) -> None:
        """No switch tells that the arm is down; after its travel time it is presumed."""
        self._came_down(turn, Cause.COMMANDED, presumed=True)

    def _came_down(self, turn: Turn, cause: Cause, **seen: Any) -> None:
        self._orders.end_travel(turn)
        self._lane.closing.closed()
        self._lane.records.moved(turn, BarrierClosed, cause, self._by(cause), **seen)
        self._is_down(turn)

    def fall_back(self, turn: Turn) -> None:
        """A rising arm is down again before it was up."""
        self._orders.end_travel(turn)
        self._lane.records.moved(turn, BarrierClosed, Cause.UNKNOWN)
        self._lane.grants.drop_all(turn, "not_followed")
        self._lane.notices.happens(NoticeEvent.NOT_FOLLOWED)
        self._lane.answer.happens(AnswerEvent.NOT_FOLLOWED)
        self._orders.let_go_of_open(turn)

    def flicker(self, turn: Turn) -> None:
        """*Closed* is back without an order having moved the arm."""
        lane = self._lane
        lane.search.flickered(turn.now.mono_ns)
        self._orders.end_travel(turn)
        cause = self._why.conclude(turn, self._why.seen(turn, back=True))
        lane.records.moved(turn, BarrierClosed, cause)
        lane.alarms.end(turn, "motion")
        self._is_down(turn)

    def _is_down(self, turn: Turn) -> None:
        lane = self._lane
        self._passages.presume(turn)
        lane.opening.happens(OpeningEvent.IS_DOWN)
        lane.tally.closed()
        lane.movement.closed()
        lane.notices.happens(NoticeEvent.IS_CLOSED)
        lane.alarms.end(turn, "travel")
        if Mode.CRASHED not in lane.modes:
            lane.alarms.end(turn, "motion")
        if len(lane.grants):
            self._events.happens(turn, ArmEvent.GRANTED)
            self._keeper.run(turn)

    # ---- both

    def _by(self, cause: Cause) -> str:
        return self._lane.movement.author.by if cause is Cause.COMMANDED else ""

    def _learn(self, turn: Turn, way: str) -> int | UnsetType:
        """The travel time of the movement that ends here, remembered if it was ordered; UNSET: not measured."""
        lane = self._lane
        took_ms = lane.movement.took_ms(way, turn.now.mono_ns)
        if took_ms is None or took_ms >= lane.travel.limit_ms(way):
            return UNSET
        if lane.movement.commanded:
            lane.travel.learn(way, took_ms)
        return took_ms
