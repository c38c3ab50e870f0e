"""The history of the settings, the difference to an earlier version and the way back to it, export and import."""

from __future__ import annotations

from typing import Any

import msgspec
from flask import Response, redirect, request

from gateway.control.outside import read_strictly
from gateway.core.settings.roles import Right
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError, NotFoundError, RequestError
from gateway.store.settings.planning import exported
from web.installer.changes.model import PLAN_S, lines_of
from web.installer.changes.page import APPLY_S, SHEETS
from web.installer.frame.door import door
from web.installer.frame.draft import SITE_BYTES, working
from web.installer.frame.page import installer_page
from web.installer.frame.who import who
from web.installer.settings.spoken import checked
from web.installer.versions.model import history, is_site_file, with_people
from web.platform import look
from web.platform.problems import Problem
from web.platform.services import ask, services
from web.words.times import site_zone

PATH = "/installer/versions"


@door(Right.SET_UP)
def versions() -> Response:
    """All versions that are kept, the newest first."""
    return _listed()


@door(Right.SET_UP)
def version(number: int) -> Response:
    """What going back to a version would change."""
    return _one(number)


@door(Right.SET_UP)
def restore(number: int) -> Any:
    """Go back to a version: that is a version too, and holds at once."""
    try:
        ask("site.rollback", timeout_s=APPLY_S, version=number, **who())
    except NotFoundError as error:
        raise Problem(404, "not_found", str(error)) from None
    except GatehouseError as error:
        return _one(number, refused=str(error))
    return redirect(f"{PATH}?told=restored", 303)


@door(Right.SET_UP)
def file() -> Response:
    """The settings that hold as a site file, without PINs and secrets."""
    held = services().site
    document = exported(held.document())
    name = f"{document.get('site', {}).get('id', 'site')}-{held.version()}.json"
    body = msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, content_type="application/json", headers=headers)


@door(Right.SET_UP)
def take() -> Any:
    """Take a site file into the changes, where it is checked; nothing is applied."""
    sent = request.files.get("file")
    body = sent.read(SITE_BYTES + 1) if sent is not None else b""
    if len(body) > SITE_BYTES:
        return _listed("too_large", status=413)
    try:
        found = read_strictly(body) if body else None
    except RequestError as error:
        return _listed("unread", str(error), 422)
    if found is None or not is_site_file(found):
        return _listed("unread" if body else "no_file", status=422)
    draft = working()
    draft.save(with_people(found, draft.running))
    return redirect("/installer/changes", 303)


def _listed(wrong: str = "", detail: str = "", status: int = 200) -> Response:
    held = services().site
    return installer_page(
        "installer/versions/page.html",
        place="versions",
        sheets=SHEETS,
        status=status,
        versions=history(held.versions(), held.version(), site_zone(held.document()), look.said()),
        wrong=wrong,
        detail=detail,
        told="restored" if request.args.get("told") == "restored" else "",
    )


def _one(number: int, refused: str = "") -> Response:
    try:
        plan = ask("site.plan", timeout_s=PLAN_S, version=number)
    except NotFoundError as error:
        raise Problem(404, "not_found", str(error)) from None
    except EngineUnreachableError:
        raise
    except GatehouseError as error:
        refused, plan = refused or str(error), {"changes": [], "lanes": []}
    running = services().site.document()
    return installer_page(
        "installer/versions/one.html",
        place="versions",
        sheets=SHEETS,
        status=409 if refused else 200,
        number=number,
        lines=lines_of(plan["changes"], running, running),
        lanes=plan["lanes"],
        refused=checked(refused, look.said()),
    )


ROUTES = (
    ("GET", PATH, versions),
    ("GET", f"{PATH}/<int:number>", version),
    ("POST", f"{PATH}/<int:number>/restore", restore),
    ("GET", f"{PATH}/file", file),
    ("POST", f"{PATH}/file", take),
)
