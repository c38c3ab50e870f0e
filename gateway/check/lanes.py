"""What does each lane do without, and what stands against its wiring? In one sentence each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from gateway.core.settings.model import Barrier, Direction, Lane, Settings
from gateway.core.wiring.boards import Boards
from gateway.core.wiring.contradictions import contradictions
from gateway.core.wiring.without import lacks

_SAID = frozenset({"no_reader", "reader_elsewhere", "no_close"})
"""Findings that the check says in its own words already."""


class LaneFound(msgspec.Struct, frozen=True):
    """A lane, in words what it does without, and what stands against its wiring."""

    id: str
    name: str
    without: tuple[str, ...]
    against: tuple[str, ...] = ()


def without(lane: Lane, barrier: Barrier) -> tuple[str, ...]:
    """What the lane cannot do because a contact is missing, one sentence each."""
    return tuple(lack.words for lack in lacks(lane, barrier))


def against(document: Any, lane: str, boards: Boards) -> tuple[str, ...]:
    """What stands against the wiring of a lane, one sentence each."""
    return tuple(found.words for found in contradictions(document, lane, boards) if found.code not in _SAID)


def shared(settings: Settings) -> tuple[str, ...]:
    """For each reader or camera of several lanes: which lane gets its reads, in one or two sentences."""
    found = []
    for device in settings.devices:
        lanes = [lane for lane in settings.lanes if device.id in (*lane.readers, *lane.cameras)]
        if len(lanes) > 1:
            kind = "camera" if any(device.id in lane.cameras for lane in lanes) else "reader"
            names = _listed([lane.id for lane in lanes])
            found.append(f"{kind} {device.id} of lanes {names}: {_belongs(settings, lanes)}")
    return tuple(found)


def _belongs(settings: Settings, lanes: Sequence[Lane]) -> str:
    without = [lane.id for lane in lanes if settings.barrier(lane.barrier).approach_loop is None]
    if len(without) == len(lanes):
        return (
            "what it reads belongs to the lane that is chosen on the booth's screen, else the guard decides"
            " (lane_unclear); none of these lanes has an approach loop that tells where a car waits"
        )
    words = (
        "what it reads belongs to the lane where a car waits on its approach loop, else to the lane that is chosen on"
        " the booth's screen, else the guard decides (lane_unclear)"
    )
    if not without:
        return words
    which = f"{without[0]} has" if len(without) == 1 else f"{_listed(without)} have"
    return f"{words}; {which} no approach loop, so there a car is only known by the screen"


def _listed(names: Sequence[str]) -> str:
    """`a, b and c`."""
    return f"{', '.join(names[:-1])} and {names[-1]}"


def uncounted(settings: Settings) -> tuple[str, ...]:
    """Why cars at a site with places are not counted correctly, one sentence each."""
    if not settings.groups and settings.site.capacity is None:
        return ()
    directions = {lane.direction for lane in settings.lanes}
    if Direction.EXIT not in directions:
        return ("no exit lane: no car is seen to leave, and taken places stay taken",)
    return ()
