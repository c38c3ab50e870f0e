"""Lanes that carry a tag, a lock after a crash or a hold, and new settings in which their arm would lose it.

A mark is remembered under the ids of lane and barrier, but it protects people at one arm. So a marked lane is not
removed or renamed, and its `open` output does not move to another barrier, until a person has taken the mark off.
Only a way back that comes by itself does not wait for that: it takes the mark along as a tag (`carried`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import msgspec

from gateway.core.settings.model import Barrier, Settings
from gateway.core.vocabulary.authors import GATEWAY
from gateway.core.vocabulary.rows import BarrierLocked


class Mark(msgspec.Struct, frozen=True):
    """What keeps the arm of a lane as it is: the `mode` of its view, by whom and why (empty: not known)."""

    lane: str
    mode: str
    by: str = ""
    reason: str = ""

    @property
    def words(self) -> str:
        """What it is and what takes it off, for people."""
        what, order = _MARKS[self.mode]
        who = (f" by {self.by}" if self.by else "") + (f" ({self.reason})" if self.reason else "")
        return f"lane {self.lane} {what}{who}; first {order}: gatehouse lane {self.lane} {_COMMANDS[self.mode]}"


_MARKS = {
    "locked": ("is tagged", "take the tag off"),
    "crashed": ("is locked after a crash", "reset it"),
    "held": ("is held open", "release it"),
}
_COMMANDS = {"locked": "unlock", "crashed": "reset", "held": "release"}


def losing(old: Settings, new: Settings) -> frozenset[str]:
    """The lanes whose marks these settings would lose: lane or barrier has gone, or its arm is another barrier's."""
    after = {barrier.id: {lane.id for lane in new.lanes if lane.barrier == barrier.id} for barrier in new.barriers}
    arms = {_arm(new, barrier): barrier.id for barrier in new.barriers if after[barrier.id]}
    found: set[str] = set()
    for barrier in old.barriers:
        lanes = {lane.id for lane in old.lanes if lane.barrier == barrier.id}
        if not lanes <= after.get(barrier.id, set()) or arms.get(_arm(old, barrier), barrier.id) != barrier.id:
            found |= lanes
    return frozenset(found)


def marks_of(lanes: Iterable[Any], named: Collection[str]) -> tuple[Mark, ...]:
    """The marks of the named lanes, from their views."""
    return tuple(
        Mark(lane.id, lane.mode, *_of_tag(lane.tag)) for lane in lanes if lane.id in named and lane.mode in _MARKS
    )


def _of_tag(tag: Any) -> tuple[str, str]:
    return ((tag.by or ""), (tag.reason or "")) if tag is not None else ("", "")


def carried(old: Settings, new: Settings, marks: Iterable[Mark]) -> list[BarrierLocked]:
    """The rows that tag the arms of these marks under the ids that they have in the new settings.

    A tag keeps its author and its words. A lock after a crash and a hold become a tag by the gateway: a person decides.
    """
    heirs = {_arm(new, barrier): barrier.id for barrier in new.barriers}
    lanes = {lane.barrier: lane.id for lane in reversed(new.lanes)}
    arms = {lane.id: _arm(old, old.barrier(lane.barrier)) for lane in old.lanes}
    found: dict[str, BarrierLocked] = {}
    for mark in marks:
        barrier = heirs.get(arms[mark.lane]) if mark.lane in arms else None
        if barrier in lanes and barrier not in found:
            tag = mark.mode == "locked"
            found[barrier] = BarrierLocked(
                lane=lanes[barrier],
                barrier=barrier,
                by=(mark.by if tag else "") or GATEWAY.by,
                via=None,
                station=None,
                reason=mark.reason if tag else f"{mark.mode} as lane {mark.lane}",
            )
    return list(found.values())


def refusal(marks: Iterable[Mark]) -> str:
    """Why the settings are not taken, for people."""
    return (
        f"{'; '.join(one.words for one in marks)}. Such a lane is not removed or renamed, and its output for opening"
        " does not move to another barrier; nothing was changed"
    )


def _arm(settings: Settings, barrier: Barrier) -> tuple[Any, ...]:
    """The relay that opens an arm, whatever its device is called."""
    point = barrier.open
    device = next((one for one in settings.devices if one.id == point.device), None)
    wire = (device.driver, repr(device.options)) if device is not None and device.driver != "noop" else point.device
    return wire, point.index
