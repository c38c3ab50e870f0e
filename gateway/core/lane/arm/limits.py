"""The limit switches: where they say that the arm is."""

from __future__ import annotations

from gateway.core.lane.arm.table import ArmState, measured
from gateway.core.lane.contacts.inputs import Inputs
from gateway.core.lane.wiring import Wiring


class Limits:
    """The limit switches of one barrier, as they were last read."""

    __slots__ = ("_closed_fitted", "_inputs", "_open_fitted")

    def __init__(self, wiring: Wiring, inputs: Inputs) -> None:
        self._inputs = inputs
        self._open_fitted = wiring.barrier.at_open is not None
        self._closed_fitted = wiring.barrier.at_closed is not None

    @property
    def open_fitted(self) -> bool:
        """Whether a switch tells that the arm is up."""
        return self._open_fitted

    @property
    def closed_fitted(self) -> bool:
        """Whether a switch tells that the arm is down."""
        return self._closed_fitted

    @property
    def at_open(self) -> bool:
        """The open switch says yes."""
        return self._inputs.last("at_open") is True

    @property
    def at_closed(self) -> bool:
        """The closed switch says yes."""
        return self._inputs.last("at_closed") is True

    @property
    def contradict(self) -> bool:
        """Both switches say yes."""
        return self.at_open and self.at_closed

    def measured(self) -> ArmState:
        """Where the switches say that the arm is; without any of them a closed arm is presumed."""
        at_open, at_closed = self._inputs.last("at_open"), self._inputs.last("at_closed")
        return measured(at_open, at_closed, self._open_fitted, self._closed_fitted)

    def standing(self, arm: ArmState) -> ArmState:
        """Where an arm is that is not expected to move; without a switch that tells, the position is unknown."""
        if self._closed_fitted or self.at_open:
            return self.measured()
        return ArmState.CLOSED if arm is ArmState.CLOSED else ArmState.UNKNOWN

    def seen(self, arm: ArmState) -> ArmState:
        """Where the arm is for people: an arm that was ordered to move has not moved while its switch says yes."""
        if arm is ArmState.UNKNOWN or self.at_open == self.at_closed:
            return arm
        return ArmState.OPEN if self.at_open else ArmState.CLOSED
