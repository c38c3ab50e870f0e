"""The overview."""

from __future__ import annotations

from flask import Response

from gateway.core.settings.roles import Right
from web.installer.frame.door import door
from web.installer.frame.page import installer_page


@door(Right.SET_UP)
def overview() -> Response:
    """What is left to do, in order."""
    return installer_page("installer/overview/page.html", place="overview")


ROUTES = (("GET", "/installer", overview),)
