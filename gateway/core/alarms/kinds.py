"""The alarm kinds, declared once."""

from __future__ import annotations

import msgspec


class Kind(msgspec.Struct, frozen=True):
    """An alarm kind: priority 1 (act now) to 4 (know of it), and whether a person must close it.

    `incident`: after its cause is over, the next one is another alarm with its own id and time.
    """

    priority: int
    by_person: bool
    incident: bool = False


KINDS: dict[str, Kind] = {
    "crash": Kind(1, True, incident=True),
    "struck_vehicle": Kind(1, True, incident=True),
    "duress": Kind(1, True, incident=True),
    "panic": Kind(1, True, incident=True),
    "fire": Kind(1, True, incident=True),
    "forced": Kind(2, True, incident=True),
    "intrusion": Kind(2, True, incident=True),
    "tamper": Kind(2, True),
    "fault": Kind(2, True),
    "tailgating": Kind(3, True),
    "obstructed": Kind(2, False, incident=True),
    "stuck": Kind(3, False, incident=True),
    "water": Kind(2, False),
    "power": Kind(2, False),
    "video_lost": Kind(3, False),
    "device_lost": Kind(2, False),
    "uplink_lost": Kind(3, False),
    "clock_unsure": Kind(3, False),
    "storage_degraded": Kind(1, False),
}
