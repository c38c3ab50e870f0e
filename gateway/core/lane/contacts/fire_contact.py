"""The fire contact: it opens every lane of the site, and the arms stay up until a person ends that."""

from __future__ import annotations

from gateway.core.lane.modes.modes import Mode, ModeEvent
from gateway.core.lane.motion.orders import ArmOrders
from gateway.core.lane.parts import LaneParts
from gateway.core.vocabulary.authors import Author
from gateway.core.vocabulary.turn import Turn

FIRE_CONTACT = Author("fire contact")


class FireContact:
    """What follows when there is fire, at this lane or another."""

    def __init__(self, lane: LaneParts, orders: ArmOrders) -> None:
        self._lane = lane
        self._orders = orders

    def changed(self, turn: Turn, on: bool) -> None:
        """The contact of this barrier is on or off; `Site` tells the other lanes."""
        barrier = self._lane.wiring.barrier.id
        if not on:
            self._lane.fires.ends(barrier)
            self._lane.alarms.end(turn, "fire")
            return
        self._lane.alarms.raise_(turn, "fire", "fire")
        self._lane.fires.begins(barrier)
        self.open(turn)

    def tell_standing(self, turn: Turn) -> None:
        """Take in what the contact says; one that is off now ends the alarm that a restart has kept."""
        on = self._lane.inputs.value("fire")
        if on is not None:
            self.changed(turn, on)
        if self._lane.fires:
            self.open(turn)

    def open(self, turn: Turn) -> None:
        """There is fire somewhere: open once, as soon as the board answers."""
        lane = self._lane
        if Mode.FIRE in lane.modes or lane.boards.is_away(lane.terminals.device("open")):
            return
        lane.modes.happens(ModeEvent.FIRE)
        lane.pause.end(turn)
        lane.closing.wait(turn)
        self._orders.call_off(turn, "close", "open")
        if not lane.arm.open:
            self._orders.ask(turn, "open", "fire", FIRE_CONTACT, None)
