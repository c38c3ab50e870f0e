"""The guard's screen as words: a pure function from a snapshot to what is shown.

The snapshot holds facts and codes and nothing personal; here they become the guard's language, with holder and bay
looked up by pass id. The screen's script only puts these texts in place, so the first page and every update come from
the same code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from web.guard.alarms.devices import Devices
from web.guard.alarms.model import Alarm, Band, Calm, Notice, alarms, band, calm, notice
from web.guard.lane.model import LanePanel, lane_panel
from web.guard.scene import EXPIRY_WARNING_DAYS, Facts, Lookup, Scene
from web.guard.top.model import Uplink, uplink
from web.words.texts import clock, words
from web.words.times import is_night, ms_since, site_zone


class GuardView(msgspec.Struct, frozen=True):
    """What one screen shows; `now_ms` and `mono_ms` are the server's clocks, `age_ms` how old the snapshot is."""

    now_ms: int
    age_ms: int
    site: str
    clock: str
    night: bool
    uplink: Uplink
    notice: Notice | None
    alarms: list[Alarm]
    band: Band | None
    calm: Calm | None
    lanes: list[LanePanel]
    mono_ms: int = 0
    station: str = ""


def guard_view(
    snapshot: Facts,
    lookup: Lookup,
    locale: str,
    now: datetime,
    *,
    age_ms: int = 0,
    role: str = "guard",
    expiry_days: int = EXPIRY_WARNING_DAYS,
    stands_at: Callable[[str], bool] = lambda _lane: True,
    document: Facts | None = None,
) -> GuardView:
    """The view of a snapshot that is `age_ms` old, for an operator of this role; the other values as in `Scene`.

    `document` is the site file, which knows what a device is for; without it devices have the names of the snapshot.
    """
    said, site, lanes = words(locale), snapshot.get("site", {}), snapshot.get("lanes", [])
    place = site_zone(snapshot)
    scene = Scene(said, lookup, place, now, role, expiry_days, stands_at, lanes)
    found = alarms(scene, snapshot, Devices(said, document or {}, snapshot.get("devices", [])))
    of_box = notice(found)
    local = now.astimezone(place)
    return GuardView(
        now_ms=int(now.timestamp() * 1000),
        age_ms=age_of(snapshot, age_ms, now),
        site=site.get("name") or site.get("id", ""),
        clock=clock(local),
        night=is_night(local),
        uplink=uplink(scene, snapshot.get("uplink", {})),
        notice=of_box,
        alarms=found,
        band=band(said, found),
        calm=calm(said, [one for one in found if of_box is None or one.alarm != of_box.alarm]),
        lanes=[lane_panel(scene, lane) for lane in lanes],
    )


def age_of(snapshot: Facts, heard_ms: int, now: datetime) -> int:
    """How old a snapshot is in ms that was heard `heard_ms` ago; a hung engine sends old ones again."""
    return max(heard_ms, ms_since(snapshot.get("as_of"), now))


def blank_snapshot(document: Mapping[str, Any]) -> dict[str, Any]:
    """A snapshot that knows nothing but what is set up, for when the engine has never answered."""
    known = [lane for lane in document.get("lanes", []) if "id" in lane and "direction" in lane]
    lanes = [{"id": lane["id"], "name": lane.get("name"), "direction": lane["direction"]} for lane in known]
    return {"site": document.get("site", {}), "lanes": lanes, "alarms": []}
