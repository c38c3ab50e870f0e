"""The search for devices: started, followed and stopped; what is found is added to the draft."""

from __future__ import annotations

import re
from typing import Any

from flask import Response, redirect, render_template, request

from gateway.core.settings.roles import Right
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError
from web.installer.discover.heard import heard_words
from web.installer.discover.model import View, view_of, with_device
from web.installer.frame.door import door
from web.installer.frame.draft import working
from web.installer.frame.page import installer_page
from web.installer.frame.who import who
from web.platform import look
from web.platform.services import ask

PATH = "/installer/discover"
SHEETS = ("installer/discover/page.css",)
ANSWER_S = 5.0
_ADDRESS = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[^\s:/\[\]]+)):(?P<port>[0-9]{1,5})")
_UNITS = re.compile(r"\s*[0-9]{1,3}(\s*[, ]\s*[0-9]{1,3}){0,31}\s*")


@door(Right.SET_UP)
def discover() -> Response:
    """The search as it is, and the way to start one."""
    return _shown()


@door(Right.SET_UP)
def results() -> str:
    """The moving part of the page."""
    view = _view()
    return render_template("installer/discover/results.html", view=view, say=look.said(), heard_words=heard_words)


@door(Right.SET_UP)
def start() -> Any:
    """Search everything, or the one place that is named."""
    where, units = request.form.get("where", "").strip(), request.form.get("units", "").strip()
    wanted = _place(where)
    if where and not wanted:
        return _shown(wrong={"where": "where"}, status=422)
    if units and not _UNITS.fullmatch(units):
        return _shown(wrong={"units": "units"}, status=422)
    numbers = [int(one) for one in re.findall(r"[0-9]+", units)]
    if any(one > 255 for one in numbers):
        return _shown(wrong={"units": "units"}, status=422)
    if numbers:
        wanted["units"] = numbers
    try:
        ask("discover.start", timeout_s=ANSWER_S, **wanted, **who())
    except EngineUnreachableError:
        return _shown(status=503)
    except GatehouseError as error:
        if error.code != "busy":
            return _shown(refused=str(error), status=409)
    return redirect(PATH, 303)


@door(Right.SET_UP)
def stop() -> Any:
    """End the search."""
    try:
        ask("discover.stop", timeout_s=ANSWER_S, **who())
    except EngineUnreachableError:
        return _shown(status=503)
    return redirect(PATH, 303)


@door(Right.SET_UP)
def add() -> Any:
    """A device that was found joins the draft."""
    number, where = request.form.get("number", -1, type=int), request.form.get("where", "")
    try:
        found = ask("discover.state")["found"]
    except EngineUnreachableError:
        return _shown(status=503)
    if not 0 <= number < len(found) or found[number]["where"] != where:
        return _shown(gone=True, status=409)
    draft = working()
    draft.save(with_device(draft.site, found[number]["device"]))
    return redirect(f"{PATH}#found-{number}", 303)


def _place(text: str) -> dict[str, Any]:
    """The port or the address that a person typed; {} for none."""
    if text.startswith("/") and len(text) <= 200:
        return {"ports": [text]}
    found = _ADDRESS.fullmatch(text)
    if found is None or not 0 < int(found["port"]) <= 65_535 or len(text) > 200:
        return {}
    return {"addresses": [[found["v6"] or found["host"], int(found["port"])]]}


def _view() -> View:
    try:
        return view_of(ask("discover.state"), working().site)
    except EngineUnreachableError:
        return View("offline")


def _shown(
    *, wrong: dict[str, str] | None = None, refused: str = "", gone: bool = False, status: int = 200
) -> Response:
    return installer_page(
        "installer/discover/page.html",
        place="discover",
        sheets=SHEETS,
        status=status,
        view=_view(),
        wrong=wrong or {},
        form=request.form,
        refused=refused,
        gone=gone,
        heard_words=heard_words,
    )


ROUTES = (
    ("GET", PATH, discover),
    ("GET", f"{PATH}/results", results),
    ("POST", f"{PATH}/start", start),
    ("POST", f"{PATH}/stop", stop),
    ("POST", f"{PATH}/add", add),
)
