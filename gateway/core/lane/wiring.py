"""One barrier and the lanes that lead past it, as the site file has them: what never changes while a lane runs."""

from __future__ import annotations

from gateway.core.settings.model import Barrier, Lane
from gateway.core.vocabulary.timers import Timer


class Wiring:
    """A barrier with its lanes; `home` is the first one, `other` the second one of a shared barrier, else `home`."""

    __slots__ = ("barrier", "home", "lanes", "other")

    def __init__(self, barrier: Barrier, lanes: tuple[Lane, ...]) -> None:
        self.barrier = barrier
        self.lanes = lanes
        self.home = lanes[0]
        self.other = next((lane for lane in lanes if lane is not self.home), self.home)

    @property
    def shared(self) -> bool:
        """Whether two lanes share the barrier."""
        return len(self.lanes) > 1

    @property
    def without_limits(self) -> bool:
        """Whether no limit switch is fitted at all."""
        return self.barrier.at_open is None and self.barrier.at_closed is None

    def timer(self, name: str, of: str = "") -> Timer:
        """One of this barrier's timers; `of`: the contact, loop or lane that it is for."""
        return Timer("lane", self.barrier.id, name, of)

    def lane(self, lane_id: str) -> Lane:
        """The lane of that id; the home lane for one that is not here."""
        return next((lane for lane in self.lanes if lane.id == lane_id), self.home)

    def lane_of(self, contact: str) -> Lane:
        """The lane that a contact belongs to; a contact of the barrier belongs to its home lane."""
        name, _, suffix = contact.partition(".")
        if suffix:
            return self.lane(suffix)
        return next((lane for lane in self.lanes if name in lane.inputs()), self.home)
