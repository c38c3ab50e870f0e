"""What does each lane do without, for want of a contact, a reader or an output? In one sentence each."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from gateway.core.settings.contacts import CONTACTS
from gateway.core.settings.model import Barrier, Direction, Lane, Settings


class LaneFound(msgspec.Struct, frozen=True):
    """A lane, and in words what it does without."""

    id: str
    name: str
    without: tuple[str, ...]


def without(lane: Lane, barrier: Barrier) -> tuple[str, ...]:
    """What the lane cannot do because a contact is missing, one sentence each."""
    found = [*_closing(barrier), *_measuring(barrier), *_contacts(barrier), *_seeing(barrier)]
    if not lane.readers:
        found.append("no reader: opens by the guard and by remote command only")
    if barrier.stop is None and barrier.control != "hold":
        found.append("no stop output: stop the arm at the barrier itself")
    if lane.siren is None:
        found.append("no siren: a crash sounds at the control room and on the screen only")
    return tuple(found)


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


def _closing(barrier: Barrier) -> list[str]:
    if barrier.close_by != "gateway":
        return [f"close_by is {barrier.close_by}: the gateway never closes by itself"]
    if barrier.safety_by == "gateway" and not barrier.safety:
        return ["no safety loop: never closes by itself; the barrier or the guard closes"]
    if barrier.close is None and barrier.control == "pulse":
        return ["no close output: the barrier or the guard closes"]
    return []


def _measuring(barrier: Barrier) -> list[str]:
    found = []
    if barrier.at_open is None and barrier.at_closed is None:
        found.append("no limit switches: the arm's position is presumed; 'forced' and 'obstructed' are not seen")
    elif barrier.at_open is None:
        found.append("no open limit: open is presumed after the travel time")
    elif barrier.at_closed is None:
        found.append("no closed limit: closed is presumed after the travel time; 'forced' is not seen")
    return found


def _contacts(barrier: Barrier) -> list[str]:
    wired = barrier.contacts
    return [contact.without for name, contact in CONTACTS.items() if contact.without and name not in wired]


def _seeing(barrier: Barrier) -> list[str]:
    if barrier.safety and barrier.approach_loop is not None:
        return []
    if barrier.safety:
        return ["no approach loop: a car that reads and backs off is recorded late; passages are inferred"]
    if barrier.approach_loop is not None:
        return ["approach loop only: a passage is inferred when it clears while the arm is open"]
    return ["no loop: a passage is inferred from each granted opening"]
