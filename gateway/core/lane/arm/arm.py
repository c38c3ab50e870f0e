"""The arm: its state, which its table alone changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gateway.core.lane.arm.limits import Limits
from gateway.core.lane.arm.table import TABLE, ArmEvent, ArmState, Row, Where

Guards = Mapping[str, Callable[[], bool]]


class Arm:
    """Where the arm is, as far as it is known, and where it was before."""

    __slots__ = ("_before", "_limits", "_state")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._state = ArmState.UNKNOWN
        self._before = ArmState.UNKNOWN

    @property
    def state(self) -> ArmState:
        """Where the arm is."""
        return self._state

    @property
    def before(self) -> ArmState:
        """The state before this one."""
        return self._before

    @property
    def closed(self) -> bool:
        """Whether the arm is down."""
        return self._state is ArmState.CLOSED

    @property
    def open(self) -> bool:
        """Whether the arm is up."""
        return self._state is ArmState.OPEN

    @property
    def moving(self) -> bool:
        """Whether the arm was ordered, or seen, to move."""
        return self._state in (ArmState.RISING, ArmState.LOWERING)

    @property
    def seen(self) -> ArmState:
        """Where people see the arm: one that was ordered to move has not moved while its switch says yes."""
        return self._limits.seen(self._state)

    @property
    def rests_at(self) -> ArmState:
        """The arm as orders take it: one that was ordered to move counts as moving, a stopped one as measured."""
        return self._state if self.moving else self.seen

    def happens(self, event: ArmEvent, guards: Guards) -> tuple[Row, bool]:
        """The first row whose guard holds, and whether it has changed the state."""
        before = self._state
        for row in TABLE[before][event]:
            if not row.guard or guards[row.guard]():
                break
        self._state = self._following(row)
        if self._state is before:
            return row, False
        self._before = before
        return row, True

    def _following(self, row: Row) -> ArmState:
        if isinstance(row.next, ArmState):
            return row.next
        return self._limits.standing(self._state) if row.next is Where.STANDING else self._limits.measured()
