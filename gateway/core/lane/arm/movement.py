"""The movement in progress: its order, its author, since when, and whether the order counts.

A sent order moves nothing yet: the arm follows it once a limit switch releases. A void order (mains, a tag, a stop)
leaves a moving arm that is watched until it rests.
"""

from __future__ import annotations

from enum import StrEnum

from gateway.core.lane.arm.causes import Cause
from gateway.core.lane.arm.terminals import Motion
from gateway.core.vocabulary.authors import NOBODY, Author
from gateway.core.vocabulary.turn import NS_PER_MS


class MovementState(StrEnum):
    """What the arm is known to do about the last order."""

    SETTLED = "settled"
    ORDERED = "ordered"
    VOID = "void"
    VOID_ORDERED = "void_ordered"


class MovementEvent(StrEnum):
    """What happens to an order."""

    SENT = "sent"
    FOLLOWED = "followed"
    DROPPED = "dropped"
    VOIDED = "voided"
    BEGUN = "begun"
    RESTS = "rests"
    ENDED = "ended"


_S, _O, _V, _VO = MovementState.SETTLED, MovementState.ORDERED, MovementState.VOID, MovementState.VOID_ORDERED
_E = MovementEvent

TABLE: dict[MovementState, dict[MovementEvent, MovementState]] = {
    _S: {_E.SENT: _O, _E.FOLLOWED: _S, _E.DROPPED: _S, _E.VOIDED: _V, _E.BEGUN: _S, _E.RESTS: _S, _E.ENDED: _S},
    _O: {_E.SENT: _O, _E.FOLLOWED: _S, _E.DROPPED: _S, _E.VOIDED: _VO, _E.BEGUN: _O, _E.RESTS: _O, _E.ENDED: _S},
    _V: {_E.SENT: _VO, _E.FOLLOWED: _V, _E.DROPPED: _V, _E.VOIDED: _V, _E.BEGUN: _S, _E.RESTS: _S, _E.ENDED: _S},
    _VO: {_E.SENT: _VO, _E.FOLLOWED: _V, _E.DROPPED: _V, _E.VOIDED: _VO, _E.BEGUN: _O, _E.RESTS: _O, _E.ENDED: _S},
}


class MovementUnderWay:
    """The last movement of one arm; `cause` and `author` are those of the last order, or of what was seen."""

    def __init__(self) -> None:
        self._state = _S
        self._order: Motion | None = None
        self._cause = Cause.COMMANDED
        self._author = NOBODY
        self._since_ns = 0
        self._whole_way = ""
        self._retries = 0
        self._turning_back = False
        self._opened_by = Cause.COMMANDED

    @property
    def order(self) -> Motion | None:
        """The order that was sent and that the arm is not seen to follow."""
        return self._order if self._state in (_O, _VO) else None

    @property
    def void(self) -> bool:
        """Whether the order in progress is void."""
        return self._state in (_V, _VO)

    @property
    def cause(self) -> Cause:
        """Why the arm moves."""
        return self._cause

    @property
    def commanded(self) -> bool:
        """Whether an order moves the arm."""
        return self._cause is Cause.COMMANDED

    @property
    def author(self) -> Author:
        """Who ordered it."""
        return self._author

    @property
    def since_ns(self) -> int:
        """When the arm left its last position, or was measured first."""
        return self._since_ns

    @property
    def retries(self) -> int:
        """How many pulses were repeated for this movement."""
        return self._retries

    @property
    def turning_back(self) -> bool:
        """OPEN was sent a moment ago to an arm that went down: it may touch down before it goes up."""
        return self._turning_back

    @property
    def for_safety(self) -> bool:
        """Whether the last order was to turn back for what may be under the arm."""
        return self._order is not None and self._order.cause == "safety"

    @property
    def opened_by(self) -> Cause:
        """What opened the arm last."""
        return self._opened_by

    def sent(self, motion: Motion) -> None:
        """An order went out; a repeated pulse is no other order, and a stop is none that the arm follows."""
        self._cause, self._author = Cause.COMMANDED, motion.author
        self._retries = self._retries + 1 if motion.cause == "retry" else 0
        if motion.direction != "stop" and motion.cause != "retry":
            self._order = motion
            self._happens(_E.SENT)

    def seen(self, cause: Cause) -> None:
        """The arm moves without an order."""
        self._cause, self._author = cause, NOBODY

    def explained(self, cause: Cause) -> None:
        """Why the arm moves is known better."""
        self._cause = cause

    def measured_first(self, now_ns: int) -> None:
        """The run begins: the arm is not known to have moved before."""
        self._since_ns = now_ns

    def begins_up(self, now_ns: int, *, whole: bool, turning_back: bool) -> None:
        """OPEN went out; `whole`: from the lower limit."""
        self._happens(_E.BEGUN)
        self._turning_back = turning_back
        self.leaves(now_ns, "up" if whole else "")

    def begins_down(self, now_ns: int, *, whole: bool) -> None:
        """CLOSE went out, or the arm left its upper limit; `whole`: from there."""
        self._happens(_E.BEGUN)
        self.leaves(now_ns, "down" if whole else "")

    def leaves(self, now_ns: int, whole_way: str) -> None:
        """The arm begins to move; with a way, from one end to the other."""
        self._since_ns, self._whole_way = now_ns, whole_way

    def took_ms(self, way: str, now_ns: int) -> int | None:
        """How long the arm took from one end to the other; None when that was not seen whole. Asked once."""
        whole, self._whole_way = self._whole_way == way, ""
        return (now_ns - self._since_ns) // NS_PER_MS if whole else None

    def followed(self) -> None:
        """The arm is seen to do what it was ordered."""
        self._happens(_E.FOLLOWED)

    def dropped(self) -> None:
        """The order will not be followed."""
        self._happens(_E.DROPPED)

    def rests(self) -> None:
        """The arm does not move."""
        self._happens(_E.RESTS)

    def touched_down(self) -> None:
        """The arm came to its lower limit before it turned back."""
        self._turning_back = False

    def ended(self) -> None:
        """The movement is over, one way or another."""
        self._happens(_E.ENDED)
        self._retries = 0

    def voided(self) -> None:
        """An arm that moves is only watched until it rests."""
        self._happens(_E.VOIDED)

    def opened(self, cause: Cause) -> None:
        """The arm is up."""
        self._opened_by = cause

    def closed(self) -> None:
        """The arm is down."""
        self._opened_by = Cause.COMMANDED

    def _happens(self, event: MovementEvent) -> None:
        self._state = TABLE[self._state][event]
