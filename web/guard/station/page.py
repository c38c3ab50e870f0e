"""The page that says which booth's own screen this browser is, and takes a station's key."""

from __future__ import annotations

from typing import Any

import msgspec
from flask import Response, current_app, redirect, request

from web.guard.sign_in.page import SHEETS
from web.people import auth, stations
from web.platform.pages import mono_ms, page
from web.platform.services import services


def station_page() -> str:
    """Says which station this browser is, or takes a station's key."""
    return _page()


def give_key() -> Any:
    """Take the key that makes this browser a booth's own screen."""
    key = request.form.get("key", "")
    if stations.of_key(key) is None:
        return _page("proxied" if stations.is_proxied() else "wrong"), 403
    return stations.keep(current_app.make_response(redirect("/station", 303)), key)


def _page(mistake: str = "") -> str:
    station = stations.current_station()
    names = {lane["id"]: lane.get("name") or lane["id"] for lane in services().site.document().get("lanes", [])}
    shown = names if station is None or not station.lanes else station.lanes
    return page(
        "guard/station/page.html",
        sheets=SHEETS,
        here=station,
        lanes=[names.get(lane, lane) for lane in shown],
        keyed=bool(services().site.stations()),
        mistake=mistake,
        station=auth.known_station(),
    )


def time_of_day() -> Response:
    """CLOCK_MONOTONIC for pages that have no view to learn it from."""
    return Response(msgspec.json.encode({"mono_ms": mono_ms()}), content_type="application/json")
