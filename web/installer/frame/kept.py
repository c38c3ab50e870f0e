"""The form that arrived after its session had ended: its person sends it again with one tap, or leaves it."""

from __future__ import annotations

from typing import Any

from flask import redirect, request

from gateway.core.settings.roles import Right
from web.installer.frame.door import door
from web.installer.frame.page import installer_page
from web.people import auth
from web.platform.services import services

PATH = "/installer/kept"


@door(Right.SET_UP)
def kept() -> Any:
    """What was kept for this person and this browser."""
    parked = services().parking.find(request.cookies.get(auth.FORM_COOKIE, ""), auth.signed_in().name)
    if parked is None:
        return redirect("/installer", 303)
    return installer_page("installer/frame/kept.html", place="settings", parked=parked)


@door(Right.SET_UP)
def leave() -> Any:
    """Forget it."""
    services().parking.drop(request.cookies.get(auth.FORM_COOKIE, ""))
    return redirect("/installer", 303)


ROUTES = (("GET", PATH, kept), ("POST", PATH, leave))
