"""Whom a point belongs to, and why an arm's output is not pulsed now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from gateway.core.settings.model import OUTPUTS, Barrier, Lane, Point, Settings
from gateway.core.vocabulary.reasons import Refusal
from gateway.core.vocabulary.views import LaneView

InputOf = Callable[[Point], bool | None]
"""The level of an input as its board last sent it; None while it is not known."""
HELD_OUTPUT = "held_output"
"""The output is on: it holds the arm up."""
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


def objection(
    settings: Settings, arm: Owner, lanes: Sequence[LaneView], level: bool | None, input_of: InputOf
) -> str | None:
    """The code of why the output of a tagged arm is not pulsed past its lane; None when it may be.

    The safety inputs are looked at as the board told them last, and as the lane takes them.
    """
    barrier = settings.barrier(arm.barrier)
    if level is not None and not arm.rests(level):
        return HELD_OUTPUT
    views = [view for view in lanes if view.barrier == arm.barrier]
    if _may_lower(barrier, arm.key) and (refusal := _not_free(barrier, views, input_of)) is not None:
        return refusal
    if arm.key == "open":
        apart = _interlocked(settings, arm.barrier)
        if any(view.barrier in apart and view.arm != "closed" for view in lanes):
            return Refusal.OTHER_BARRIER_OPEN
    return None


def _may_lower(barrier: Barrier, key: str) -> bool:
    """A held contact lowers the arm when its pulse ends; one button for everything may lower it at once."""
    return key == "close" or (key == "open" and barrier.control != "pulse")


def _not_free(barrier: Barrier, views: Sequence[LaneView], input_of: InputOf) -> Refusal | None:
    if not barrier.safety:
        return None
    told = [None if (level := input_of(point)) is None else point.means(level) for point in barrier.safety]
    if True in told or any(view.safety is True for view in views):
        return Refusal.SAFETY_OCCUPIED
    known = None not in told and all(view.safety is False and _is_fresh(view) for view in views)
    return None if known else Refusal.SAFETY_UNKNOWN


def _is_fresh(view: LaneView) -> bool:
    return view.age_ms is not None and view.age_ms <= FRESH_MS


def _interlocked(settings: Settings, barrier: str) -> set[str]:
    groups = [interlock.barriers for interlock in settings.interlocks if barrier in interlock.barriers]
    return {other for group in groups for other in group} - {barrier}


def _all(settings: Settings) -> Iterator[tuple[Point, Owner]]:
    for lane in settings.lanes:
        barrier = settings.barrier(lane.barrier)
        for key, point in (*barrier.outputs().items(), *barrier.inputs().items()):
            yield point, _owner(lane, key, point, arm=key in OUTPUTS)
        for key, point in (*lane.outputs().items(), *lane.inputs().items()):
            yield point, _owner(lane, key, point, arm=False)


def _owner(lane: Lane, key: str, point: Point, *, arm: bool) -> Owner:
    return Owner(lane.id, lane.name, key, lane.barrier, arm, point.normally)
