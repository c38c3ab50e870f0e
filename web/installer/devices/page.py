"""The table of devices, and the page of each."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from gateway.core.settings.roles import Right
from gateway.core.vocabulary.errors import EngineUnreachableError
from web.installer.devices import model, trials
from web.installer.devices.news import News, Place, news, stream
from web.installer.frame.door import door
from web.installer.frame.page import installer_page
from web.live.cameras import answer_with
from web.platform import look
from web.platform.problems import Problem
from web.platform.services import ask, services
from web.words.times import site_zone

PATH = "/installer/devices"
SHEETS = ("parts/press/press.css", "installer/devices/page.css")
SCRIPT_WORDS = ("installer.devices.script.",)
TOLD = ("pulsed", "commanded", "shown", "restarted", "asked", "refused", "offline")
CARD_S = 2.0
FIRST_S = 1.5
"""How long the first page of a process waits for the first news of the engine."""


@door(Right.SET_UP)
def devices() -> Response:
    """All devices with their state; the faulty ones first."""
    services().live.wait(0, FIRST_S)
    snapshot, age_ms = services().live.snapshot()
    return installer_page(
        "installer/devices/page.html",
        place="devices",
        sheets=SHEETS,
        script_words=SCRIPT_WORDS,
        rows=model.rows(snapshot, age_ms, look.said()),
        known=snapshot is not None,
    )


@door(Right.SET_UP)
def state() -> dict[str, Any]:
    """The rows of the table, for its script."""
    snapshot, age_ms = services().live.snapshot()
    return {"rows": model.rows(snapshot, age_ms, look.said()), "known": snapshot is not None}


@door(Right.SET_UP)
def device(device: str) -> Response:
    """One device: trials on top, its settings at the left, its frames at the right."""
    document = _document(device)
    told = request.args.get("told", "")
    return installer_page(
        "installer/devices/device.html",
        place="devices",
        sheets=SHEETS,
        script_words=SCRIPT_WORDS,
        device=document,
        options=model.options_of(document, look.said()),
        bench=_bench(device),
        news=_first(device),
        verdicts=model.VERDICTS,
        camera=document.get("driver") in model.CAMERAS,
        told=told if told in TOLD else "",
        why=request.args.get("why", "")[: trials.WHY_MAX] if told == "refused" else "",
    )


@door(Right.SET_UP)
def card(device: str) -> dict[str, Any]:
    """A frame with a card, in every format that fits."""
    frame = request.args.get("frame", 0, int)
    return model.cards(ask("bench.decode", timeout_s=CARD_S, device=device, frame=frame), look.said())


@door(Right.SET_UP)
def picture(device: str) -> Response:
    """A camera's last picture."""
    found = services().cameras.picture(device)
    if found is None:
        return answer_with(model.last_kept(services().pictures, device))
    return Response(found[0], content_type=found[1])


def _document(device: str) -> dict[str, Any]:
    found = next((one for one in services().site.document().get("devices", []) if one.get("id") == device), None)
    if found is None:
        raise Problem(404, "not_found", "There is no such device.")
    return dict(found)


def _bench(device: str) -> dict[str, Any] | None:
    """What the device can do; None while the engine is away."""
    try:
        found: dict[str, Any] = ask("bench.points", device=device)["devices"][0]
    except EngineUnreachableError:
        return None
    return found


def _first(device: str) -> dict[str, Any]:
    """What the page shows before its script goes on."""
    held = services()
    held.live.wait(0, FIRST_S)
    return News(held, device, look.said(), site_zone(held.site.document()), Place()).look()


ROUTES = (
    ("GET", PATH, devices),
    ("GET", f"{PATH}.json", state),
    ("GET", f"{PATH}/<device>", device),
    ("GET", f"{PATH}/<device>/news", news),
    ("GET", f"{PATH}/<device>/live", stream),
    ("GET", f"{PATH}/<device>/card", card),
    ("GET", f"{PATH}/<device>/picture", picture),
    ("POST", f"{PATH}/<device>/pulse", trials.pulse),
    ("POST", f"{PATH}/<device>/show", trials.show),
    ("POST", f"{PATH}/<device>/restart", trials.restart),
    ("POST", f"{PATH}/<device>/picture", trials.take_picture),
)
