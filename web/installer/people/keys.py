"""The keys of stations, given on the spot: shown once to be typed there, or kept by this very screen."""

from __future__ import annotations

from typing import Any

from flask import current_app, redirect, request

from gateway.core.settings.roles import Right
from web.installer.frame.door import door
from web.installer.frame.page import installer_page
from web.installer.people.acting import Refusal, act
from web.installer.people.page import SHEETS
from web.people import stations
from web.platform.problems import Problem
from web.platform.services import services

HOME = "/installer/settings/keys"


@door(Right.SET_UP)
def keys_page() -> Any:
    """The stations that are set up, and which of them this screen is."""
    return _page()


@door(Right.SET_UP)
def give() -> Any:
    """Make a key for a station: `here` keeps it in this browser, else it is shown."""
    station = services().site.stations().get(request.form.get("station", ""))
    if station is None:
        raise Problem(404, "not_found", "There is no such station; apply it first.")
    here = request.form.get("act") == "here"
    if here and stations.is_proxied():
        return _page(wrong="proxied", status=409)
    try:
        key = act("station.key", station=station.id)["key"]
    except Refusal as refusal:
        return _page(wrong=refusal.code, status=refusal.status)
    if here:
        return stations.keep(current_app.make_response(redirect(f"{HOME}?told=here", 303)), key)
    return _page(made=(station, key))


def _page(*, made: Any = None, wrong: str = "", status: int = 200) -> Any:
    return installer_page(
        "installer/people/keys.html",
        place="settings",
        sheets=SHEETS,
        status=status,
        stations=list(services().site.stations().values()),
        names={lane["id"]: lane.get("name") or lane["id"] for lane in services().site.document().get("lanes", [])},
        here=stations.current_station(),
        made=made,
        wrong=wrong,
        told=request.args.get("told") == "here",
        up="/installer/settings/stations",
    )
