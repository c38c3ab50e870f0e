"""Which alarms and incidents open a repair order, and which of them have one cause."""

from __future__ import annotations

from typing import Any, NamedTuple

from gateway.core.alarms.kinds import KINDS
from gateway.core.repairs.kinds import RepairKind

OF_ALARMS: dict[str, RepairKind] = {
    "device_lost": RepairKind.DEVICE_LOST,
    "video_lost": RepairKind.VIDEO_LOST,
    "stuck": RepairKind.STUCK,
    "obstructed": RepairKind.OBSTRUCTED,
    "crash": RepairKind.CRASH,
    "struck_vehicle": RepairKind.STRUCK_VEHICLE,
}
"""Alarms that open a repair order at once: what they tell does not mend itself."""
ON_FINDING: dict[str, RepairKind] = {"forced": RepairKind.FORCED}
"""Alarms that open one when a person finds them real: a hand, a fob or the wind may have moved the arm."""
NOT_FOLLOWED = ("no_answer", "output_failed")
"""Reasons of `barrier.not_followed` that are faults; for the others something came between."""
MEASURED_LIMITS = ("cycles", "relay_operations", "travel_ms")
"""Service limits that must be over before the repair is confirmed: a month or an hour ends by itself."""
_ARM = ("motion", "travel", "struck")
_CHATTER = "chatter:"


class Fault(NamedTuple):
    """What an order is opened by, or joined by; `what` names a contact, a service limit or an alarm kind."""

    kind: RepairKind
    cause: str
    lane: str | None = None
    device: str | None = None
    alarm: str | None = None
    what: str | None = None


def kind_of(alarm: str, detail: dict[str, Any], finding: str) -> RepairKind | None:
    """The kind of order that an alarm opens; None for none."""
    if KINDS[alarm].moment:
        return None
    if finding == "false":
        return RepairKind.FALSE_ALARM
    if alarm == "device_lost" and detail.get("reason") == "controller_fault":
        return RepairKind.CONTROLLER_FAULT
    return OF_ALARMS.get(alarm) or (ON_FINDING.get(alarm) if finding == "real" else None)


def cause_of(key: str) -> str:
    """The cause of an alarm by its key.

    All that is wrong with one arm is one cause, since one person mends it. Each contact is one of its own.
    """
    if not key.startswith("lane:"):
        return key
    _, lane, about = key.split(":", 2)
    return arm_of(lane) if about in _ARM else f"lane:{lane}:{about}"


def arm_of(home: str) -> str:
    """The cause of faults of an arm; `home` is the first lane of its barrier."""
    return f"lane:{home}:arm"


def contact_of(key: str) -> str | None:
    """The contact that an alarm is about, None for none."""
    about = key.split(":", 2)[-1]
    return about.removeprefix(_CHATTER) if about.startswith(_CHATTER) else None
