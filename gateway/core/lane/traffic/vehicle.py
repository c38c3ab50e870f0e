"""A vehicle on the safety loop, and which way it went.

Two loops give a direction only while one vehicle covers both; a lane with fewer says so by the certainty of its
passages: *measured* when the loops saw it go, *inferred* when something had to be assumed.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Way(StrEnum):
    """Which way a vehicle went over the safety loop."""

    FORWARD = "forward"
    REVERSED = "reversed"
    WRONG_WAY = "wrong_way"


class Vehicle(msgspec.Struct):
    """A vehicle on the safety loop: how it came, and what the loops in front and beyond did meanwhile.

    `beyond_was_taken`: it may have come by either side; only what becomes free tells its way. `approach_was_free`: the
    loop in front was free again when it came. `ungranted`: it came under an arm that was not closed, and no grant was
    waiting on its side.
    """

    since_ns: int
    came_over_approach: bool
    approach_fell: bool = False
    approach_rose: bool = False
    came_from_beyond: bool = False
    beyond_was_taken: bool = False
    approach_was_free: bool = False
    beyond_fell: bool = False
    cleared_beyond: bool = False
    certain: bool = True
    arm_was_closed: bool = False
    ungranted: bool = False

    def approach_changed(self, occupied: bool, under: bool) -> None:
        """The loop in front has changed; `under`: the vehicle has not left the safety loop."""
        if occupied:
            self.approach_rose = True
        elif under:
            self.approach_fell = True

    def beyond_changed(self, occupied: bool, under: bool) -> None:
        """The loop beyond has changed."""
        self.cleared_beyond = self.cleared_beyond or occupied
        self.beyond_fell = self.beyond_fell or (not occupied and under)

    def has_no_grant(self) -> None:
        """No grant was waiting on its side when it came."""
        self.ungranted = True

    def doubt(self) -> None:
        """The loops could not be read for a while."""
        self.certain = False


class Crossed(msgspec.Struct, frozen=True):
    """The verdict once the safety loop is free: the way, and whether the loops saw it."""

    way: Way
    measured: bool


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
        return Crossed(Way.FORWARD, measured=True)
    if vehicle.came_over_approach:
        if approach and not vehicle.approach_fell:
            return Crossed(Way.REVERSED, measured=True)
        return Crossed(Way.FORWARD, measured=vehicle.approach_fell)
    if approach and vehicle.approach_rose:
        return Crossed(Way.WRONG_WAY, measured=True)
    return Crossed(Way.FORWARD, measured=False)
