"""The crossing: what the loops tell of a vehicle in front of and under the arm, and which way it went.

Two loops give a direction only while one vehicle covers both; a lane with fewer says so by the certainty of its
passages: *measured* when the loops saw it go, *inferred* when something had to be assumed.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class CrossingState(StrEnum):
    """What stands where."""

    EMPTY = "empty"
    WAITING = "waiting"
    UNDER = "under"
    UNSURE = "unsure"


class CrossingEvent(StrEnum):
    """What the loops can say; `SAFETY_OFF` comes after the merge time, with the approach loop as it is then."""

    APPROACH_ON = "approach_on"
    APPROACH_OFF = "approach_off"
    SAFETY_ON = "safety_on"
    SAFETY_OFF = "safety_off"
    SAFETY_OFF_WAITING = "safety_off_waiting"
    UNKNOWN = "unknown"


_E, _W, _U, _X = CrossingState.EMPTY, CrossingState.WAITING, CrossingState.UNDER, CrossingState.UNSURE

TABLE: dict[CrossingState, dict[CrossingEvent, CrossingState]] = {
    _E: {
        CrossingEvent.APPROACH_ON: _W,
        CrossingEvent.APPROACH_OFF: _E,
        CrossingEvent.SAFETY_ON: _U,
        CrossingEvent.SAFETY_OFF: _E,
        CrossingEvent.SAFETY_OFF_WAITING: _W,
        CrossingEvent.UNKNOWN: _X,
    },
    _W: {
        CrossingEvent.APPROACH_ON: _W,
        CrossingEvent.APPROACH_OFF: _E,
        CrossingEvent.SAFETY_ON: _U,
        CrossingEvent.SAFETY_OFF: _W,
        CrossingEvent.SAFETY_OFF_WAITING: _W,
        CrossingEvent.UNKNOWN: _X,
    },
    _U: {
        CrossingEvent.APPROACH_ON: _U,
        CrossingEvent.APPROACH_OFF: _U,
        CrossingEvent.SAFETY_ON: _U,
        CrossingEvent.SAFETY_OFF: _E,
        CrossingEvent.SAFETY_OFF_WAITING: _W,
        CrossingEvent.UNKNOWN: _X,
    },
    _X: {
        CrossingEvent.APPROACH_ON: _X,
        CrossingEvent.APPROACH_OFF: _X,
        CrossingEvent.SAFETY_ON: _U,
        CrossingEvent.SAFETY_OFF: _E,
        CrossingEvent.SAFETY_OFF_WAITING: _W,
        CrossingEvent.UNKNOWN: _X,
    },
}


class Way(StrEnum):
    """Which way a vehicle went over the safety loop."""

    FORWARD = "forward"
    REVERSED = "reversed"
    WRONG_WAY = "wrong_way"


class Vehicle(msgspec.Struct):
    """A vehicle on the safety loop: how it came, and what the approach loop did meanwhile."""

    since_ns: int
    came_over_approach: bool
    approach_fell: bool = False
    approach_rose: bool = False
    came_from_beyond: bool = False
    beyond_was_taken: bool = False
    """It may have come by either side when it came: only what becomes free tells its way."""
    approach_was_free: bool = False
    """The loop in front was free again when it came."""
    beyond_fell: bool = False
    cleared_beyond: bool = False
    certain: bool = True
    arm_was_closed: bool = False
    ungranted: bool = False
    """It came under an arm that was not closed, and nobody had been let in on its side."""


class Crossed(msgspec.Struct, frozen=True):
    """The verdict once the safety loop is free: the way, whether the loops saw it, and who may follow behind."""

    way: Way
    measured: bool
    second_vehicle: bool = False


def from_beyond(vehicle: Vehicle) -> Vehicle:
    """The same vehicle as the lane beyond a shared barrier sees it: its approach loop is the one beyond."""
    return msgspec.structs.replace(
        vehicle,
        came_over_approach=vehicle.came_from_beyond,
        approach_fell=vehicle.beyond_fell,
        approach_rose=vehicle.cleared_beyond,
        came_from_beyond=vehicle.came_over_approach,
        beyond_fell=vehicle.approach_fell,
        cleared_beyond=vehicle.approach_rose,
    )


def judge(vehicle: Vehicle, approach: bool | None, approach_fitted: bool) -> Crossed:
    """Which way a vehicle went, from the order of the loops; `approach` is that loop after the merge time."""
    stays_in_front = vehicle.approach_was_free or not vehicle.approach_fell
    goes_over_front = vehicle.approach_rose and not vehicle.cleared_beyond
    left_beyond = vehicle.beyond_was_taken and vehicle.beyond_fell and (stays_in_front or goes_over_front)
    if left_beyond or (vehicle.came_from_beyond and (approach or vehicle.approach_rose)):
        return Crossed(Way.WRONG_WAY, measured=True)
    if not approach_fitted or approach is None or not vehicle.certain:
        return Crossed(Way.FORWARD, measured=False)
    if vehicle.cleared_beyond and not vehicle.came_from_beyond:
        return Crossed(Way.FORWARD, measured=True, second_vehicle=bool(approach))
    if vehicle.came_over_approach:
        if approach and not vehicle.approach_fell:
            return Crossed(Way.REVERSED, measured=True)
        return Crossed(Way.FORWARD, measured=vehicle.approach_fell, second_vehicle=bool(approach))
    if approach and vehicle.approach_rose:
        return Crossed(Way.WRONG_WAY, measured=True)
    return Crossed(Way.FORWARD, measured=False)
