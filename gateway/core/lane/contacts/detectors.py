"""What the loops and photocells say now: safety under the arm, and the loop in front of each lane."""

from __future__ import annotations

from gateway.core.lane.contacts.inputs import Inputs
from gateway.core.lane.wiring import Wiring
from gateway.core.settings.model import Lane


class Detectors:
    """The detectors of one barrier, read from its contacts."""

    __slots__ = ("_inputs", "_safety_fitted", "_wiring")

    def __init__(self, wiring: Wiring, inputs: Inputs) -> None:
        self._wiring = wiring
        self._inputs = inputs
        self._safety_fitted = bool(wiring.barrier.safety)

    @property
    def safety_fitted(self) -> bool:
        """Whether any safety input is wired."""
        return self._safety_fitted

    @property
    def safety(self) -> bool | None:
        """True occupied, False known to be free, None unknown or not fitted."""
        return self._inputs.value("safety_loop")

    @property
    def safety_in_doubt(self) -> bool:
        """A safety input is fitted and not known to be free."""
        return self._safety_fitted and self.safety is not False

    @property
    def safe(self) -> bool:
        """A safety input is fitted and every one is known to be free."""
        return self._safety_fitted and self.safety is False

    @property
    def safety_last(self) -> bool | None:
        """As `safety`, but an unanswered poll or a doubted detector does not make it unknown."""
        return self._inputs.last("safety_loop")

    @property
    def occupied(self) -> bool:
        """A vehicle was last seen under the arm."""
        return self._inputs.last("safety_loop") is True

    @property
    def approach(self) -> bool | None:
        """The home lane's loop: True occupied, False free, None unknown or not fitted."""
        return self._inputs.value("approach_loop")

    @property
    def beyond(self) -> bool | None:
        """The loop beyond the arm: True occupied, False free, None unknown or not fitted."""
        return self._inputs.value("clear_loop")

    def approach_of(self, lane: Lane) -> bool | None:
        """The loop in front of a lane: for the second lane of a shared barrier the one beyond the arm."""
        return self.approach if lane is self._wiring.home else self.beyond

    def approach_fitted(self, lane: Lane) -> bool:
        """Whether a lane has a loop in front of the arm."""
        return self._inputs.fitted("approach_loop" if lane is self._wiring.home else "clear_loop")

    def loop_of(self, lane: Lane) -> bool | None:
        """Whether the loop in front of a lane is occupied; None where there is none, or it cannot be read."""
        return self.approach_of(lane) if self.approach_fitted(lane) else None
