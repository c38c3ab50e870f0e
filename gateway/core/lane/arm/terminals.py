"""The barrier's terminals: record before you move, never two directions at once, and each kind of control.

`ask` writes `barrier.commanded`; only when that row is durable, or has waited long enough, does the lane look at its
guards again and `send`. OPEN and CLOSE are never active together and keep 300 ms apart (controllers that see both may
stop or reverse): the opposite pulse is ended and the new one waits for the gap.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from gateway.core.settings.model import Barrier, Point
from gateway.core.vocabulary import views
from gateway.core.vocabulary.authors import Author
from gateway.core.vocabulary.commands import PulseOutput, SetOutput
from gateway.core.vocabulary.rows import UNSET, BarrierCommanded
from gateway.core.vocabulary.timers import Timer
from gateway.core.vocabulary.turn import NS_PER_MS, Turn

GAP_MS = 300


class OrderState(StrEnum):
    """How far an order is on its way to the arm."""

    ASKED = "asked"
    IN_GAP = "in_gap"
    SENT = "sent"
    TAKEN_BACK = "taken_back"
    OVER = "over"


class OrderEvent(StrEnum):
    """What happens to an order."""

    WAITS = "waits"
    GOES_OUT = "goes_out"
    WITHDRAWN = "withdrawn"
    RECALLED = "recalled"
    ANSWERED = "answered"


_ASKED, _IN_GAP, _SENT = OrderState.ASKED, OrderState.IN_GAP, OrderState.SENT
_BACK, _OVER = OrderState.TAKEN_BACK, OrderState.OVER
_E = OrderEvent

TABLE: dict[OrderState, dict[OrderEvent, OrderState]] = {
    _ASKED: {_E.WAITS: _IN_GAP, _E.GOES_OUT: _SENT, _E.WITHDRAWN: _OVER},
    _IN_GAP: {_E.WAITS: _IN_GAP, _E.GOES_OUT: _SENT, _E.WITHDRAWN: _OVER},
    _SENT: {_E.RECALLED: _BACK, _E.ANSWERED: _OVER},
    _BACK: {_E.RECALLED: _BACK, _E.ANSWERED: _OVER},
    _OVER: {},
}


class Motion(msgspec.Struct):
    """A movement that was asked for; `command` is open, close, stop or hold as the journal says it."""

    command: str
    cause: str
    author: Author
    grant: str | None
    asked_at: str
    interrupted: bool = False
    """Of a stop: the lane waits for a person; else the arm rested, and only pauses."""
    state: OrderState = OrderState.ASKED

    def view(self) -> views.Requested:
        """The movement as screens show it while it is only requested."""
        return views.Requested(command=self.command, by=self.author.by, since=self.asked_at)

    @property
    def direction(self) -> str:
        """The terminal that it needs: open, close or stop."""
        return "open" if self.command == "hold" else self.command

    def happens(self, event: OrderEvent) -> None:
        """Go on to the table's next state."""
        self.state = TABLE[self.state][event]


class Terminals:
    """The outputs of one barrier."""

    def __init__(self, barrier: Barrier) -> None:
        self._barrier = barrier
        self._waiting: dict[int, Motion] = {}
        self._sent: dict[int, Motion] = {}
        self._gap: Motion | None = None
        self._busy_until_ns = {"open": 0, "close": 0}

    @property
    def requested(self) -> Motion | None:
        """The movement that is asked for and not sent yet, if any."""
        return next(reversed(self._waiting.values()), self._gap)

    def asked(self, direction: str) -> bool:
        """Whether such a movement waits to be sent."""
        if self._gap is not None and self._gap.direction == direction:
            return True
        return any(motion.direction == direction for motion in self._waiting.values())

    @property
    def holds(self) -> bool:
        """Whether the arm is up for as long as OPEN is held; letting go of it is the close, whatever else is wired."""
        return self._barrier.control == "hold"

    def can(self, direction: str) -> bool:
        """Whether the barrier has a terminal for that direction.

        The one button of a step controller is none for closing: pressed while the arm is up it cannot be taken back
        when a vehicle comes under it.
        """
        if direction == "close":
            return self._barrier.close is not None or self.holds
        return direction == "open" or self._barrier.stop is not None or self._barrier.control == "hold"

    def device(self, direction: str) -> str:
        """The device that a movement in that direction needs."""
        return self._point(direction).device

    def _point(self, direction: str) -> Point:
        chosen: Point | None = getattr(self._barrier, direction)
        return self._barrier.open if chosen is None or (self.holds and direction == "close") else chosen

    def ask(self, turn: Turn, lane: str, motion: Motion) -> None:
        """Record the command; `committed` hands it back when it may be sent."""
        token = turn.token()
        self._waiting[token] = motion
        row = BarrierCommanded(
            lane=lane,
            barrier=self._barrier.id,
            command=motion.command,
            cause=motion.cause,
            **motion.author.document(),
            grant=motion.grant,
            interrupted=motion.interrupted if motion.command == "stop" else UNSET,
        )
        turn.append(row, token)
        turn.show()

    def committed(self, token: int) -> Motion | None:
        """The movement whose row is durable (or has waited long enough)."""
        return self._waiting.pop(token, None)

    def withdraw(self, direction: str, cause: str = "") -> list[Motion]:
        """Forget what was asked in a direction (for that cause alone) and not sent; the motions, to be recorded."""

        def is_meant(motion: Motion) -> bool:
            return motion.direction == direction and cause in ("", motion.cause)

        gone = [token for token, motion in self._waiting.items() if is_meant(motion)]
        found = [self._waiting.pop(token) for token in gone]
        if self._gap is not None and is_meant(self._gap):
            found.append(self._gap)
            self._gap = None
        for motion in found:
            motion.happens(OrderEvent.WITHDRAWN)
        return found

    def send(self, turn: Turn, motion: Motion) -> bool:
        """Move: True when the pulse went out now, False when it waits for the gap to the opposite one."""
        direction = motion.direction
        if self._gap is not None:
            self._gap.happens(OrderEvent.WITHDRAWN)
        wait_ms = self._end_opposite(turn, direction) if direction != "stop" else 0
        if wait_ms > 0:
            self._gap = motion
            motion.happens(OrderEvent.WAITS)
            turn.start(self._gap_timer(), wait_ms)
            return False
        self._gap = None
        motion.happens(OrderEvent.GOES_OUT)
        if direction == "stop":
            self._stop(turn, motion)
        else:
            self._pulse(turn, direction, motion)
        return True

    def gap_over(self) -> Motion | None:
        """The gap to the opposite pulse is over: the movement that waited, to be checked and sent again."""
        motion, self._gap = self._gap, None
        return motion

    def failed(self, token: int) -> Motion | None:
        """An output command was not carried out: the movement it was for."""
        motion = self._sent.pop(token, None)
        if motion is not None:
            motion.happens(OrderEvent.ANSWERED)
        return motion

    def done(self, token: int) -> None:
        """An output command was carried out."""
        self.failed(token)

    def underway(self, direction: str) -> bool:
        """Whether such a movement was sent, not taken back, and its device has not said yet what became of it."""
        return bool(self._underway(direction))

    def _underway(self, direction: str) -> list[Motion]:
        return [one for one in self._sent.values() if one.direction == direction and one.state is OrderState.SENT]

    def take_back(self, turn: Turn, direction: str) -> None:
        """What was sent and not carried out yet must not fire later: letting go ends what still waits for its wire.

        A held contact is no pulse that could come late: letting go of it is a movement, which is asked for.
        """
        underway = self._underway(direction)
        if underway and not self.holds:
            self._recall(turn, direction, underway)

    def _recall(self, turn: Turn, direction: str, underway: list[Motion]) -> None:
        for motion in underway:
            motion.happens(OrderEvent.RECALLED)
        self._off(turn, direction)

    def forget(self, direction: str) -> None:
        """The outcome of the sent movements is already reported."""
        for token in [token for token, motion in self._sent.items() if motion.direction == direction]:
            self.done(token)

    def release_all(self, turn: Turn) -> None:
        """Take OPEN and CLOSE off, whatever they do."""
        for direction in ("open", "close"):
            self._off(turn, direction)

    def let_go(self, turn: Turn, device: str, outputs: tuple[bool, ...]) -> None:
        """End the pulses that a board still gives from before; a held contact stays as it is, so that no arm drops."""
        for direction, point in self._barrier.outputs().items():
            if point.left_on(device, outputs) and not (self.holds and direction == "open"):
                self._off(turn, direction)

    def _gap_timer(self) -> Timer:
        return Timer("lane", self._barrier.id, "gap")

    def _end_opposite(self, turn: Turn, direction: str) -> int:
        """End the other direction's pulse; milliseconds still to wait before this one may start."""
        if self.holds or self._barrier.close is None:
            return 0
        other = "close" if direction == "open" else "open"
        now = turn.now.mono_ns
        if now < self._busy_until_ns[other] or self.underway(other):
            self._recall(turn, other, self._underway(other))
            self._busy_until_ns[other] = now
        over_ns = self._busy_until_ns[other] + GAP_MS * NS_PER_MS - now
        return -(-over_ns // NS_PER_MS) if self._busy_until_ns[other] and over_ns > 0 else 0

    def _pulse(self, turn: Turn, direction: str, motion: Motion) -> None:
        token = turn.token()
        self._sent[token] = motion
        while len(self._sent) > 16:
            self.done(next(iter(self._sent)))
        if self.holds and direction in ("open", "close"):
            point = self._barrier.open
            turn.emit(SetOutput(point.device, point.index, point.means(direction == "open"), token))
            return
        point = self._point(direction)
        duration = self._barrier.pulse_ms
        turn.emit(PulseOutput(point.device, point.index, duration, token, point.means(True)))
        if direction in self._busy_until_ns:
            self._busy_until_ns[direction] = turn.now.mono_ns + duration * NS_PER_MS

    def _stop(self, turn: Turn, motion: Motion) -> None:
        if self._barrier.control == "pulse":
            self.release_all(turn)
        if self._barrier.stop is not None:
            self._pulse(turn, "stop", motion)

    def _off(self, turn: Turn, direction: str) -> None:
        point: Point | None = getattr(self._barrier, direction)
        if point is not None:
            turn.emit(SetOutput(point.device, point.index, point.means(False)))
