"""The live state of the points for the page of a lane, with what it says about the wiring."""

from __future__ import annotations

import msgspec
from flask import Response

from gateway.core.settings.roles import Right
from gateway.core.wiring.wires import lane_of
from web.installer.frame.door import door
from web.installer.frame.draft import working
from web.installer.lanes.boards import known, points
from web.installer.lanes.said import by_terminal, findings
from web.platform import look
from web.platform.problems import Problem

SHEETS = ("parts/press/press.css", "installer/lanes/page.css")
SCRIPT_WORDS = (
    "installer.lanes.state.", "installer.lanes.level.", "installer.lanes.lesson.", "installer.lanes.trial.",
    "installer.lanes.age", "installer.lanes.live",
)  # fmt: skip


def as_json(told: object) -> Response:
    """An answer for a script."""
    answer = Response(msgspec.json.encode(told), content_type="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer


@door(Right.SET_UP)
def live(lane: str) -> Response:
    """Every known point of the boards, and the findings of the lane by terminal."""
    draft, told = working(), points()
    if lane_of(draft.site, lane) is None:
        raise Problem(404, "not_found", f"There is no lane {lane}.")
    found = findings(draft.site, lane, known(draft.site, told.boards), look.said())
    return as_json(
        {
            "answered": told.answered,
            "points": told.levels,
            "boards": {board.id: board.state for board in told.boards.values()},
            "findings": by_terminal(found),
        }
    )
