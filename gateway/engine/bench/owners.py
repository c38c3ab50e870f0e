"""Whom a point belongs to, and why an arm's output is not pulsed now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from gateway.core.settings.model import OUTPUTS, Barrier, Lane, Point, Settings
from gateway.core.vocabulary.views import LaneView

FRESH_MS = 5_000
"""A measurement of the safety loop that is older says nothing."""


class Owner(msgspec.Struct, frozen=True):
    """A lane that a point serves as `key` of the site file; `arm`: it is an output that moves the lane's arm."""

    lane: str
    name: str
    key: str
    barrier: str
    arm: bool = False
    normally: str = "open"

    def rests(self, level: bool) -> bool:
        """Whether an electrical level is the one at rest."""
        return level == (self.normally == "closed")


def owners(settings: Settings, device: str) -> dict[tuple[str, int], tuple[Owner, ...]]:
    """The lanes of each point of a device, by side and index."""
    found: dict[tuple[str, int], list[Owner]] = {}
    for point, owner in _all(settings):
        if point.device == device:
            found.setdefault((point.side, point.index), []).append(owner)
    return {point: tuple(lanes) for point, lanes in found.items()}


def arm_of(settings: Settings, device: str, output: int) -> tuple[Owner, ...]:
    """The lanes whose arm an output moves; empty for any other output."""
    return tuple(owner for owner in owners(settings, device).get(("output", output), ()) if owner.arm)


def objection(settings: Settings, arm: Owner, lanes: Sequence[LaneView], level: bool | None) -> str:
    """Why the output of a tagged arm is not pulsed past the lane; empty when it may be."""
    barrier = settings.barrier(arm.barrier)
    if level is not None and not arm.rests(level):
        return f"the output is on: it holds the arm of {_named(arm)}; let it go by the lane's own command first"
    views = [view for view in lanes if view.barrier == arm.barrier]
    if _may_lower(barrier, arm.key) and barrier.safety and not all(_free(view) for view in views):
        return f"the safety loop of {_named(arm)} is occupied or not known; the arm is not lowered"
    if arm.key == "open":
        apart = [view for view in lanes if view.barrier in _interlocked(settings, arm.barrier) and view.arm != "closed"]
        if apart:
            return f"{apart[0].name or apart[0].id} is not closed, and both must never be open together"
    return ""


def _may_lower(barrier: Barrier, key: str) -> bool:
    """A held contact lowers the arm when its pulse ends; one button for everything may lower it at once."""
    return key == "close" or (key == "open" and barrier.control != "pulse")


def _free(view: LaneView) -> bool:
    return view.safety is False and view.age_ms is not None and view.age_ms <= FRESH_MS


def _interlocked(settings: Settings, barrier: str) -> set[str]:
    groups = [interlock.barriers for interlock in settings.interlocks if barrier in interlock.barriers]
    return {other for group in groups for other in group} - {barrier}


def _named(owner: Owner) -> str:
    return owner.lane if owner.name == owner.lane else f"{owner.name} ({owner.lane})"


def _all(settings: Settings) -> Iterator[tuple[Point, Owner]]:
    for lane in settings.lanes:
        barrier = settings.barrier(lane.barrier)
        for key, point in (*barrier.outputs().items(), *barrier.inputs().items()):
            yield point, _owner(lane, key, point, arm=key in OUTPUTS)
        for key, point in (*lane.outputs().items(), *lane.inputs().items()):
            yield point, _owner(lane, key, point, arm=False)


def _owner(lane: Lane, key: str, point: Point, *, arm: bool) -> Owner:
    return Owner(lane.id, lane.name, key, lane.barrier, arm, point.normally)
