"""The crossing: what stands in front of and under the arm, as the loops tell it."""

from __future__ import annotations

from enum import StrEnum

from gateway.core.lane.contacts.detectors import Detectors
from gateway.core.lane.traffic.vehicle import Crossed, Vehicle, Way, from_beyond, judge
from gateway.core.lane.wiring import Wiring
from gateway.core.settings.model import Lane
from gateway.core.vocabulary.turn import NS_PER_MS

CAME_OVER_APPROACH_MS = 3000
"""A loop that changed so long ago may have done so for the vehicle that comes under the arm now."""


class CrossingState(StrEnum):
    """Where vehicles are."""

    EMPTY = "empty"
    WAITING = "waiting"
    UNDER = "under"
    UNSURE = "unsure"


class CrossingEvent(StrEnum):
    """What the loops can say; `SAFETY_OFF` comes after the merge time, with the approach loop as it is then.

    `MEASURED_...`: the boards have come back and measure this.
    """

    APPROACH_ON = "approach_on"
    APPROACH_OFF = "approach_off"
    SAFETY_ON = "safety_on"
    SAFETY_OFF = "safety_off"
    SAFETY_OFF_WAITING = "safety_off_waiting"
    UNKNOWN = "unknown"
    MEASURED_EMPTY = "measured_empty"
    MEASURED_WAITING = "measured_waiting"
    MEASURED_UNDER = "measured_under"


_E, _W, _U, _X = CrossingState.EMPTY, CrossingState.WAITING, CrossingState.UNDER, CrossingState.UNSURE
_MEASURED = {
    CrossingEvent.MEASURED_EMPTY: _E,
    CrossingEvent.MEASURED_WAITING: _W,
    CrossingEvent.MEASURED_UNDER: _U,
}

TABLE: dict[CrossingState, dict[CrossingEvent, CrossingState]] = {
    _E: {
        CrossingEvent.APPROACH_ON: _W,
        CrossingEvent.APPROACH_OFF: _E,
        CrossingEvent.SAFETY_ON: _U,
        CrossingEvent.SAFETY_OFF: _E,
        CrossingEvent.SAFETY_OFF_WAITING: _W,
        CrossingEvent.UNKNOWN: _X,
        **_MEASURED,
    },
    _W: {
        CrossingEvent.APPROACH_ON: _W,
        CrossingEvent.APPROACH_OFF: _E,
        CrossingEvent.SAFETY_ON: _U,
        CrossingEvent.SAFETY_OFF: _W,
        CrossingEvent.SAFETY_OFF_WAITING: _W,
        CrossingEvent.UNKNOWN: _X,
        **_MEASURED,
    },
    _U: {
        CrossingEvent.APPROACH_ON: _U,
        CrossingEvent.APPROACH_OFF: _U,
        CrossingEvent.SAFETY_ON: _U,
        CrossingEvent.SAFETY_OFF: _E,
        CrossingEvent.SAFETY_OFF_WAITING: _W,
        CrossingEvent.UNKNOWN: _X,
        **_MEASURED,
    },
    _X: {
        CrossingEvent.APPROACH_ON: _X,
        CrossingEvent.APPROACH_OFF: _X,
        CrossingEvent.SAFETY_ON: _U,
        CrossingEvent.SAFETY_OFF: _E,
        CrossingEvent.SAFETY_OFF_WAITING: _W,
        CrossingEvent.UNKNOWN: _X,
        **_MEASURED,
    },
}


class Crossing:
    """The crossing of one barrier, and the vehicle on its safety loop."""

    def __init__(self, wiring: Wiring, detectors: Detectors) -> None:
        self._wiring = wiring
        self._detectors = detectors
        self._state = _X if wiring.barrier.safety else _E
        self._vehicle: Vehicle | None = None
        self._safety_rose_ns: int | None = None
        self._cleared_ns: int | None = None
        self._approach_seen_ns: int | None = None
        self._beyond_seen_ns: int | None = None
        self._leaves_over_approach = False

    # ---- what is known

    @property
    def state(self) -> CrossingState:
        """Where vehicles are."""
        return self._state

    @property
    def vehicle(self) -> Vehicle | None:
        """The vehicle on the safety loop; also while a merge time runs."""
        return self._vehicle

    @property
    def safety_rose_ns(self) -> int | None:
        """When a vehicle last came under the arm."""
        return self._safety_rose_ns

    @property
    def cleared_ns(self) -> int | None:
        """When the safety loop was last free."""
        return self._cleared_ns

    def side(self, vehicle: Vehicle) -> Lane | None:
        """The lane that a vehicle under a shared arm came by; None: the loops did not tell."""
        wiring = self._wiring
        if not wiring.shared:
            return wiring.home
        if vehicle.came_over_approach:
            return None if vehicle.beyond_was_taken else wiring.home
        return wiring.other if vehicle.came_from_beyond else None

    def left_its_loop(self, vehicle: Vehicle) -> bool:
        """Whether the loop that a vehicle came over was free since: what is read then is of a vehicle behind it."""
        return vehicle.beyond_fell if self._outward(vehicle) else vehicle.approach_fell

    def judge(self, vehicle: Vehicle) -> Crossed:
        """Which way a vehicle went, seen from the lane that it came by."""
        detectors, fitted = self._detectors, self._wiring.barrier.approach_loop is not None
        if self._outward(vehicle):
            return judge(from_beyond(vehicle), detectors.beyond, True)
        return judge(vehicle, detectors.approach, fitted)

    def _outward(self, vehicle: Vehicle) -> bool:
        """Whether a vehicle came by the second lane of a shared barrier: its approach loop is the one beyond."""
        return self._wiring.shared and self.side(vehicle) is self._wiring.other

    @property
    def _under(self) -> bool:
        """The safety input is not free: a loop that becomes free now was left by the vehicle under the arm."""
        return self._detectors.safety_last is not False

    # ---- what happens

    def approach_changed(self, now_ns: int, occupied: bool) -> None:
        """The loop in front has become occupied or free."""
        self._happens(CrossingEvent.APPROACH_ON if occupied else CrossingEvent.APPROACH_OFF)
        leaves, self._leaves_over_approach = self._leaves_over_approach and not occupied, False
        self._approach_seen_ns = None if leaves else now_ns
        if self._vehicle is not None:
            self._vehicle.approach_changed(occupied, self._under)

    def beyond_changed(self, now_ns: int, occupied: bool) -> None:
        """The loop beyond the arm has become occupied or free."""
        if occupied:
            self._beyond_seen_ns = now_ns
        if self._vehicle is not None:
            self._vehicle.beyond_changed(occupied, self._under)

    def comes_under(self, now_ns: int, *, arm_closed: bool) -> Vehicle | None:
        """A safety input is occupied; the vehicle, when it is a new one."""
        self._happens(CrossingEvent.SAFETY_ON)
        if self._vehicle is not None:
            return None
        self._safety_rose_ns = now_ns
        self._vehicle = self._new_vehicle(now_ns, arm_closed)
        return self._vehicle

    def _new_vehicle(self, now_ns: int, arm_closed: bool) -> Vehicle:
        approach = self._detectors.approach
        recent = self._lately(self._approach_seen_ns, now_ns)
        beyond_is_taken = self._detectors.beyond is True
        over_approach = approach is True or recent
        from_beyond = not over_approach and (beyond_is_taken or self._lately(self._beyond_seen_ns, now_ns))
        return Vehicle(
            now_ns,
            came_from_beyond=from_beyond,
            beyond_fell=from_beyond and not beyond_is_taken,
            beyond_was_taken=over_approach and beyond_is_taken,
            approach_was_free=approach is False,
            came_over_approach=over_approach,
            approach_fell=approach is False and recent,
            arm_was_closed=arm_closed,
        )

    def _lately(self, seen_ns: int | None, now_ns: int) -> bool:
        """Whether a loop changed a moment ago, and not for the vehicle that has left the safety loop since."""
        if seen_ns is None or now_ns - seen_ns > CAME_OVER_APPROACH_MS * NS_PER_MS:
            return False
        return self._cleared_ns is None or seen_ns > self._cleared_ns

    def frees(self, now_ns: int) -> None:
        """The safety input is free: the merge time begins."""
        self._cleared_ns = now_ns

    def goes(self) -> Vehicle | None:
        """The merge time is over, or there was no vehicle: nothing is under the arm."""
        waiting = bool(self._detectors.approach)
        self._happens(CrossingEvent.SAFETY_OFF_WAITING if waiting else CrossingEvent.SAFETY_OFF)
        vehicle, self._vehicle = self._vehicle, None
        return vehicle

    def forget_leaving(self, vehicle: Vehicle, crossed: Crossed, lane: Lane) -> None:
        """The loop that a vehicle leaves over tells nothing of where the next one comes from."""
        forward = crossed.way is Way.FORWARD
        outward = crossed.way is Way.WRONG_WAY or (forward and lane is not self._wiring.home)
        if outward and vehicle.approach_rose:
            self._approach_seen_ns, self._leaves_over_approach = None, self._detectors.approach is True
        elif not outward and forward and vehicle.cleared_beyond:
            self._beyond_seen_ns = None

    def measured(self, now_ns: int) -> Vehicle | None:
        """The safety loop can be read again; the vehicle that stood there before and is gone."""
        occupied = self._detectors.safety is True
        before = self._vehicle
        self._vehicle = (before or Vehicle(now_ns, False, certain=False)) if occupied else None
        event = CrossingEvent.MEASURED_UNDER if occupied else CrossingEvent.MEASURED_EMPTY
        self._happens(CrossingEvent.MEASURED_WAITING if self._detectors.approach and not occupied else event)
        return None if occupied else before

    def approach_measured(self, now_ns: int) -> None:
        """The boards have come back and the loop in front is occupied."""
        self._approach_seen_ns = now_ns

    def lost(self) -> None:
        """The safety loop cannot be read."""
        self._happens(CrossingEvent.UNKNOWN)
        if self._vehicle is not None:
            self._vehicle.doubt()

    def _happens(self, event: CrossingEvent) -> None:
        self._state = TABLE[self._state][event]
