"""The page of health: what is unusual, what is due, and the curves."""

from __future__ import annotations

import time
from datetime import UTC, date
from pathlib import Path
from typing import Any

from flask import Response, request

from gateway.core.settings.roles import Right
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError
from gateway.core.vocabulary.turn import rfc3339
from gateway.core.vocabulary.views import RepairsView, Snapshot
from gateway.store.measurements.store import MeasurementReader
from web.api import engine
from web.front.tls import own_certificate
from web.installer.frame.door import door
from web.installer.frame.page import installer_page
from web.installer.health.due import Diary, Due
from web.installer.health.model import Book
from web.platform import look
from web.platform.problems import Problem
from web.platform.services import services
from web.words.times import site_zone

PATH = "/installer/health"
SHEETS = ("installer/health/page.css",)
_HOUR_S = 3600
_REPAIRS_MAX = 500


@door(Right.LOOK)
def health() -> Response:
    """Curves of two weeks, or with `?of=years` of two years."""
    book, day, long = _book()
    state = _state()
    return installer_page(
        "installer/health/page.html",
        place="health",
        sheets=SHEETS,
        unusual=book.unusual(),
        due=_due(Diary(look.said(), look.aware_now().astimezone(UTC)), services().site.document(), state),
        lanes=book.lanes(),
        box=book.box(),
        devices=book.devices(state.devices if state is not None else ()),
        axis=book.axis(day),
        long=long,
        offline=state is None,
        here=PATH,
        fresh=book.fresh,
    )


@door(Right.LOOK)
def device_health(device: str) -> Response:
    """Curves of one device's link."""
    book, day, long = _book()
    if not book.knows(device):
        raise Problem(404, "not_found", f"There is no device {device[:64]!r}.")
    return installer_page(
        "installer/health/device.html",
        place="health",
        sheets=SHEETS,
        card=book.link(device),
        here=f"{PATH}/devices/{device}",
        axis=book.axis(day),
        long=long,
    )


def _book() -> tuple[Book, date, bool]:
    """All measurements, today at the site, and whether two years are asked for."""
    document = services().site.document()
    long = request.args.get("of") == "years"
    day = look.aware_now().astimezone(site_zone(document)).date()
    reader = MeasurementReader(services().data / "measurements")
    hour, today = int(time.time()) // _HOUR_S, (day - date(1970, 1, 1)).days
    hours = {} if long else reader.hours(hour)
    return Book(look.said(), document, hours, reader.days(today), hour, today, long=long), day, long


def _state() -> Snapshot | None:
    """The engine's present state; None while it does not run."""
    try:
        return engine.state()
    except EngineUnreachableError:
        return None


def _due(diary: Diary, document: dict[str, Any], state: Snapshot | None) -> list[Due]:
    """Everything that has a date or a limit, the worst first."""
    found: list[Due] = []
    try:
        store = services().readers.state()
        for name, barrier, limits in _limits(document):
            found += diary.services(name, limits, store.service_counters(barrier))
        late = sum(1 for one in store.repairs(rfc3339(time.time_ns()), limit=_REPAIRS_MAX) if one.overdue)
    except GatehouseError:
        late = 0
    found.append(diary.repairs(state.repairs if state is not None else RepairsView(), late))
    found.append(_certificate(diary, document))
    found.append(diary.backup(services().data / "backed-up"))
    found.append(diary.clock(state.gateway.clock if state is not None else None))
    rank = {"bad": 0, "warn": 1, "ok": 2}
    return sorted(found, key=lambda one: rank[one.tone])


def _limits(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Name, barrier and service limits of each barrier that has some."""
    shared = {one["id"]: one for one in document.get("barriers", [])}
    found = {}
    for lane in document.get("lanes", []):
        barrier = lane.get("barrier")
        inline = barrier if isinstance(barrier, dict) else shared.get(str(barrier), {})
        name = str(inline.get("id") or lane["id"])
        limits = inline.get("service_limits") or {}
        if limits and name not in found:
            found[name] = (lane.get("name") or lane["id"], name, limits)
    return list(found.values())


def _certificate(diary: Diary, document: dict[str, Any]) -> Due:
    tls = document.get("gateway", {}).get("http", {}).get("tls")
    if tls == "self":
        return diary.certificate(own_folder() / own_certificate.CERTIFICATE, own=True)
    return diary.certificate(Path(tls["cert"]) if tls else None, own=False)


def own_folder() -> Path:
    """Where the gateway's own certificate is."""
    return services().data / "web" / "tls"


ROUTES = (
    ("GET", PATH, health),
    ("GET", f"{PATH}/devices/<device>", device_health),
)
