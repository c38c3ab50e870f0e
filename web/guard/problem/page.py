"""The page for a person whose request failed: what happened and what to do, in the language of this browser.

It is made like every page. If that fails too (the cause may be the very disk or settings that a page needs), a plain
page in both languages takes its place.
"""

from __future__ import annotations

import logging

from flask import Response

from web.front.refusals import HTML, plain_page
from web.people import auth
from web.platform import look
from web.platform.pages import page
from web.platform.problems import Problem

_log = logging.getLogger(__name__)

SHEETS = (
    "parts/base/base.css", "parts/fit/fit.css", "guard/top/top.css", "guard/actions/actions.css", "parts/stop/stop.css",
    "parts/sheet/sheet.css", "guard/sign_in/page.css", "guard/problem/page.css", "guard/home/sizes.css",
)  # fmt: skip


def problem_page(problem: Problem) -> Response:
    """The problem as a page of the house, else as a plain one."""
    try:
        said = look.said()
        keys = f"problem.{problem.code}", f"problem.{problem.status}", "problem.any"
        todo = said.first(*(f"{key}.do" for key in keys))
        text = page(
            "guard/problem/page.html",
            sheets=SHEETS,
            heading=said.first(*keys),
            todo=todo,
            # Details are for those who build and set up, so they are in English only.
            detail=problem.detail if said.locale == "en" and problem.detail != todo else "",
            problem=problem,
            station=auth.known_station(),
        )
    except Exception:
        _log.exception("the page of problem %s cannot be made", problem.code)
        text = plain_page(problem.status, problem.code)
    return Response(text, problem.status, headers=problem.headers, content_type=HTML)
