"""Orders to the arm: asked for, called off, and void when what they were for is over."""

from __future__ import annotations

from gateway.core.lane.arm.terminals import Motion
from gateway.core.lane.grants.grant import Grant
from gateway.core.lane.parts import LaneParts
from gateway.core.settings.model import Lane
from gateway.core.vocabulary.authors import GATEWAY, Author
from gateway.core.vocabulary.rows import BarrierCommanded
from gateway.core.vocabulary.turn import Turn


class ArmOrders:
    """Asks for movements, and takes them back."""

    def __init__(self, lane: LaneParts) -> None:
        self._lane = lane

    def ask(
        self, turn: Turn, command: str, cause: str, author: Author, grant: Grant | None, at: Lane | None = None
    ) -> None:
        """Record that the arm shall move; it is sent when that row is durable."""
        lane = self._lane
        motion = Motion(command, cause, author, grant.id if grant else None, turn.at, lane.interruption.active)
        lane.terminals.ask(turn, (at or lane.wiring.home).id, motion)
        lane.service.happened(turn, BarrierCommanded.type)

    def call_off(self, turn: Turn, *directions: str) -> None:
        """Take back what was asked for in these directions and has not reached the barrier yet."""
        for direction in directions:
            self._lane.terminals.take_back(turn, direction)
            for motion in self._lane.terminals.withdraw(direction):
                self._lane.records.not_followed(turn, motion, "no_longer_wanted")

    def withdraw_close(self, turn: Turn) -> None:
        """A vehicle is to come through: do not close now."""
        self._lane.closing.wait(turn)
        self.call_off(turn, "close")

    def safety_withdraws_close(self, turn: Turn) -> None:
        """A vehicle is under the arm: a close that was asked for is not sent."""
        for motion in self._lane.terminals.withdraw("close"):
            self._lane.records.not_followed(turn, motion, "safety_occupied")

    def end_travel(self, turn: Turn) -> None:
        """The movement under way is over, one way or another."""
        for timer in ("answer", "travel"):
            turn.cancel(self._lane.wiring.timer(timer))
        self._lane.movement.ended()

    def void(self, turn: Turn) -> None:
        """Void all orders; a moving arm is watched until it rests."""
        lane = self._lane
        lane.closing.void()
        self.end_travel(turn)
        lane.closing.wait(turn)
        self.call_off(turn, "open", "close")
        if lane.arm.moving:
            lane.movement.voided()
            turn.start(lane.wiring.timer("travel"), lane.travel.limit_ms("up"))

    def take_open_back(self, turn: Turn) -> None:
        """Give the arm up: no pulse comes late, and late answers of the board change nothing."""
        terminals = self._lane.terminals
        for motion in terminals.withdraw("open", cause="retry"):
            self._lane.records.not_followed(turn, motion, "no_answer")
        terminals.take_back(turn, "open")
        terminals.forget("open")

    def let_go_of_open(self, turn: Turn) -> None:
        """Release a held OPEN that the arm did not follow: it would lift the arm later, unexpectedly."""
        if self._lane.terminals.holds:
            self.ask(turn, "close", "not_followed", GATEWAY, None)
