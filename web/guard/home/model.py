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

from gateway.core.vocabulary.views import GatewayView, JournalView, LaneView, SiteView, Snapshot
from web.guard.alarms.devices import Devices
from web.guard.alarms.model import Alarm, Band, Calm, Notice, alarms, band, calm, notice
from web.guard.lane.model import LanePanel, lane_panel
from web.guard.scene import EXPIRY_WARNING_DAYS, METHODS, Lookup, Scene
from web.guard.top.model import Uplink, uplink
from web.words.texts import words
from web.words.times import is_night, ms_since, zone


class GuardView(msgspec.Struct, frozen=True):
    """What one screen shows; `now_ms` and `mono_ms` are the server's clocks, `age_ms` how old the snapshot is."""

    now_ms: int
    age_ms: int
    site: str
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
    snapshot: Snapshot,
    lookup: Lookup,
    locale: str,
    now: datetime,
    *,
    age_ms: int = 0,
    role: str = "guard",
    expiry_days: int = EXPIRY_WARNING_DAYS,
    stands_at: Callable[[str], bool] = lambda _lane: True,
    document: Mapping[str, Any] | None = None,
) -> GuardView:
    """The view of a snapshot that is `age_ms` old, for an operator of this role; the other values as in `Scene`.

    `document` is the site file, which knows what a device is for; without it devices have the names of the snapshot.
    """
    said, place = words(locale), zone(snapshot.site.timezone)
    required = ((document or {}).get("remote_open") or {}).get("identity") == "required"
    charging = (document or {}).get("charging") or {}
    scene = Scene(
        said,
        lookup,
        place,
        now,
        role,
        expiry_days,
        stands_at,
        snapshot.lanes,
        required,
        methods=charging.get("methods", METHODS),
        owed_limit=charging.get("owed_limit"),
        central=snapshot.uplink.up is True,
    )
    found = alarms(scene, snapshot, Devices(said, document or {}, snapshot.devices))
    of_box = notice(found)
    return GuardView(
        now_ms=int(now.timestamp() * 1000),
        age_ms=age_of(snapshot, age_ms, now),
        site=snapshot.site.name or snapshot.site.id,
        night=is_night(now.astimezone(place)),
        uplink=uplink(scene, snapshot.uplink),
        notice=of_box,
        alarms=found,
        band=band(said, found),
        calm=calm(said, [one for one in found if of_box is None or one.alarm != of_box.alarm]),
        lanes=[lane_panel(scene, lane) for lane in snapshot.lanes],
    )


def age_of(snapshot: Snapshot, heard_ms: int, now: datetime) -> int:
    """How old a snapshot is in ms that was heard `heard_ms` ago; a hung engine sends old ones again."""
    return max(heard_ms, ms_since(snapshot.as_of, now))


def blank_snapshot(document: Mapping[str, Any]) -> Snapshot:
    """A snapshot that knows nothing but what is set up, for when the engine has never answered."""
    site, gateway = document.get("site", {}), document.get("gateway", {})
    known = [lane for lane in document.get("lanes", []) if "id" in lane and "direction" in lane]
    return Snapshot(
        site=SiteView(id=site.get("id", ""), name=site.get("name", ""), timezone=site.get("timezone", "")),
        gateway=GatewayView(id=gateway.get("id", "")),
        journal=JournalView(id=""),
        lanes=tuple([_blank_lane(lane["id"], lane.get("name", ""), lane["direction"]) for lane in known]),
    )


def _blank_lane(lane_id: str, name: str, direction: str) -> LaneView:
    return LaneView(id=lane_id, name=name, direction=direction, state="unknown", arm="unknown", mode="auto")
