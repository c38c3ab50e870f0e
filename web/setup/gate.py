"""While no operator was ever made every page leads to the first set-up; afterwards there is none, for good."""

from __future__ import annotations

from typing import Any

from flask import redirect, request

from web.platform.problems import wants_json
from web.platform.services import services

PATH = "/setup"
# The form's own parts: styles and pictures, and the choice of language; and what a browser needs to trust the page.
OPEN = (PATH, "/guard/look", "/authority.crt")
OPEN_BELOW = ("/static/",)


def lead_there() -> Any:
    """Before each request: a page of a gateway without operators becomes a redirect; API and health go on."""
    path = request.path
    if wants_json() or path in OPEN or path.startswith(OPEN_BELOW) or services().set_up:
        return None
    return redirect(PATH, 303)
