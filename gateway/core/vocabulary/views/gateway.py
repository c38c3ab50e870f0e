"""What people see of a gateway: its lanes, alarms and devices, its journal, its link to central."""

from __future__ import annotations

from typing import Annotated

from gateway.core.vocabulary.rows.base import one_of, says
from gateway.core.vocabulary.views.alarm import AlarmState, AlarmView
from gateway.core.vocabulary.views.base import View
from gateway.core.vocabulary.views.lane import LaneState, LaneView
from gateway.core.vocabulary.views.repair import RepairsView


class CentralView(View, frozen=True, kw_only=True, gc=False):
    """What central sees of a snapshot: decoding one leaves out all that only screens see."""

    lanes: tuple[LaneState, ...] = ()
    alarms: tuple[AlarmState, ...] = ()


class CoreView(View, frozen=True, kw_only=True, gc=False):
    """What the core knows of them."""

    lanes: tuple[LaneView, ...] = ()
    alarms: tuple[AlarmView, ...] = ()
    repairs: RepairsView = RepairsView()


class SiteView(View, frozen=True, kw_only=True, gc=False):
    """The site, as the settings name it."""

    id: Annotated[str, says("id of the site")]
    name: Annotated[str, says("its name")] = ""
    timezone: Annotated[str, says("where its days begin")] = ""
    locale: Annotated[str, says("language of a new screen")] = ""


class GatewayView(View, frozen=True, kw_only=True, gc=False):
    """This box."""

    id: Annotated[str, says("id of the gateway")]
    version: Annotated[str, says("version of Gatehouse")] = ""
    started_at: Annotated[str, says("since when the engine runs")] = ""
    clock: Annotated[str, one_of("how far the clock is trusted", "synced", "holdover", "unset")] = "synced"


class JournalView(View, frozen=True, kw_only=True, gc=False):
    """The journal."""

    id: Annotated[str, says("id of the journal")]
    sequence: Annotated[int, says("its last row")] = 0
    degraded: Annotated[str | None, says("why it takes no rows, null when it does")] = None


class DeviceView(View, frozen=True, kw_only=True, gc=False):
    """A device."""

    id: Annotated[str, says("id of the device")]
    driver: Annotated[str, says("its driver")] = ""
    name: Annotated[str, says("its name")] = ""
    state: Annotated[str, one_of("how it answers", "starting", "online", "stale", "lost")]
    since: Annotated[str, says("since when")] = ""
    last_ok_at: Annotated[str | None, says("when it answered last, null for never")] = None
    age_ms: Annotated[int | None, says("how long ago that is")] = None
    last_error: Annotated[str, says("its last error in words, empty for none")] = ""
    frames: Annotated[int, says("messages that it sent")] = 0
    errors: Annotated[int, says("messages that were wrong, and time-outs")] = 0


class UplinkView(View, frozen=True, kw_only=True, gc=False):
    """The link to central."""

    configured: Annotated[bool, says("whether the settings name a central")] = False
    up: Annotated[bool | None, says("whether central can be reached; null before the first report")] = None
    since: Annotated[str | None, says("since when")] = None
    waiting: Annotated[int, says("rows that wait to be sent")] = 0
    reason: Annotated[str, says("why it cannot be reached")] = ""


class Snapshot(View, frozen=True, kw_only=True, gc=False):
    """All that the engine publishes of the present, about once a second."""

    as_of: Annotated[str, says("when it was made, empty for never")] = ""
    site: SiteView
    gateway: GatewayView
    journal: JournalView
    lanes: tuple[LaneView, ...] = ()
    alarms: tuple[AlarmView, ...] = ()
    repairs: RepairsView = RepairsView()
    devices: tuple[DeviceView, ...] = ()
    uplink: UplinkView = UplinkView()
