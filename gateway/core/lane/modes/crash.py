"""A crash: the arm was struck."""

from __future__ import annotations

from gateway.core.lane.arm.causes import Cause
from gateway.core.lane.modes.modes import Mode, ModeEvent
from gateway.core.lane.modes.siren import SirenEvent
from gateway.core.lane.motion.orders import ArmOrders
from gateway.core.lane.parts import LaneParts
from gateway.core.vocabulary.rows import BarrierCrashed
from gateway.core.vocabulary.turn import Turn


class Crashes:
    """Locks the lane, sounds the siren and tells the control room."""

    def __init__(self, lane: LaneParts, orders: ArmOrders) -> None:
        self._lane = lane
        self._orders = orders

    def crash(self, turn: Turn, sign: str) -> None:
        """It is one crash until a person resets it.

        Under a tag people work at the arm: it is recorded, and the lane is locked once the tag comes off, but nothing
        sounds.
        """
        lane = self._lane
        judged = lane.search.give_up()
        lane.question.crashed()
        turn.cancel(lane.wiring.timer("cause"))
        again = Mode.CRASHED in lane.modes
        lane.modes.happens(ModeEvent.CRASH)
        detail = {"sign": sign, "arm": lane.arm.state.value}
        lane.alarms.raise_(turn, "crash", "motion", detail, of=None if again else judged)
        if not again:
            lane.records.incident(turn, BarrierCrashed, cause=Cause.FORCED.value, sign=sign)
            lane.grants.drop_all(turn, "crashed")
            lane.siren.happens(turn, SirenEvent.SILENCED if lane.tag.on else SirenEvent.CRASHED)
        self._orders.void(turn)
        home = lane.wiring.home.id
        turn.log("error", f"{home}: crash ({sign}); the lane is locked until a named person resets it")
