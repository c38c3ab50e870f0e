"""The alarm kinds, declared once: the desk, the lanes, the reference and the words of the screens follow this table."""

from __future__ import annotations

import msgspec

from gateway.core.settings.roles import Right


class Kind(msgspec.Struct, frozen=True):
    """An alarm kind: priority 1 (act now) to 4 (know of it), whether a person must close it, and its meaning.

    `incident`: after its cause is over, the next one is another alarm with its own id and time. `calls`: a person calls
    for help, so a tag on the lane does not silence it. `variants`: values of `detail.reason` that have words of their
    own. `seen_by`: the right without which no screen shows it; `desk_only`: nor does a screen at a lane, where an
    attacker or the driver may be looking. `moment`: about a car that was there; its cause is over at once and nothing
    is to be mended.
    """

    priority: int
    by_person: bool
    meaning: str
    incident: bool = False
    calls: bool = False
    variants: tuple[str, ...] = ()
    seen_by: Right = Right.LOOK
    desk_only: bool = False
    moment: bool = False


KINDS: dict[str, Kind] = {
    "crash": Kind(1, True, "the arm was struck or torn off; the lane locks until it is reset", incident=True),
    "struck_vehicle": Kind(1, True, "the arm came down on a vehicle", incident=True),
    "duress": Kind(1, True, "a person is threatened", incident=True, calls=True, seen_by=Right.WATCH, desk_only=True),
    "panic": Kind(1, True, "a panic button was pressed", incident=True, calls=True),
    "fire": Kind(1, True, "the fire contact", incident=True, calls=True),
    "storage_degraded": Kind(
        1,
        False,
        "records wait in memory, or the projections lag behind the journal (`detail.part` is `projections`)",
        variants=("projections", "set_aside", "passes"),
    ),
    "forced": Kind(2, True, "a movement that no other cause explains", incident=True),
    "intrusion": Kind(2, True, "infrared", incident=True),
    "tamper": Kind(2, True, "the cabinet of a barrier or the housing of a device is open"),
    "fault": Kind(
        2, True, "the gateway's own program failed, and the gate goes on: see [below](#faults-of-the-program)"
    ),
    "obstructed": Kind(2, False, "a movement that did not finish", incident=True),
    "water": Kind(2, False, "water level"),
    "power": Kind(2, False, "mains"),
    "device_lost": Kind(
        2,
        False,
        "a device does not answer, or a barrier's controller reports a fault",
        variants=("controller_fault",),
    ),
    "tailgating": Kind(3, True, "a second vehicle on one grant"),
    "stuck": Kind(3, False, "a loop or switch stays on or off", incident=True),
    "video_lost": Kind(3, False, "a camera"),
    "uplink_lost": Kind(3, False, "central cannot be reached"),
    "clock_unsure": Kind(3, False, "the clock is not set"),
    "refused": Kind(
        3,
        False,
        "a person turned a car away, or it is blocked or has a hazardous load; for the shift leader and the control"
        " room, ends when it is acknowledged",
        incident=True,
        seen_by=Right.HEAR,
        moment=True,
    ),
    "watched": Kind(
        3,
        False,
        "a [watched](#lists-of-vehicles) vehicle was read; for the control room alone, ends when it is acknowledged",
        incident=True,
        seen_by=Right.WATCH,
        desk_only=True,
        moment=True,
    ),
}
