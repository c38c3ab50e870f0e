"""Refuses a query parameter or form field that comes twice: one reader would take the first, another the last."""

from __future__ import annotations

from flask import request

from web.platform.problems import Problem

_LISTS = frozenset({"type"})
"""Query parameters that may repeat."""
_NOT_FORMS = ("/hooks/", "/guard/stop")
"""Cameras send forms of their own shape, and a Stop is never refused for its form."""


def refuse_repeats() -> None:
    """Problem 400 for a repeated parameter or field."""
    for name, values in request.args.lists():
        if len(values) > 1 and name not in _LISTS:
            raise Problem(400, "request_invalid", f"{name[:40]!r} is given {len(values)} times; give it once.")
    if request.path.startswith(_NOT_FORMS) or request.mimetype != "application/x-www-form-urlencoded":
        return
    for name, values in request.form.lists():
        if len(values) > 1:
            raise Problem(400, "request_invalid", f"{name[:40]!r} is given {len(values)} times; send it once.")
