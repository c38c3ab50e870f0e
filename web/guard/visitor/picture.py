"""The picture of a visitor's vehicle without plates, asked for when it was registered.

It is part of what the guard decides by, as the car in front of the window is, so it is no look into the evidence; once
the visit is over there is none here. No row names it: it is found by the time and the lane at which it was asked for.
"""

from __future__ import annotations

from flask import Response

from gateway.core.settings.roles import Right
from gateway.core.vocabulary.times import NS_PER_S, wall_ns_of
from gateway.core.vocabulary.views import VisitView
from gateway.store.media.pictures import Picture
from web.live.cameras import answer_with
from web.people.auth import require_operator
from web.platform.problems import Problem
from web.platform.services import services
from web.words.times import instant

BEFORE_S = 1
"""A camera may have seen the vehicle so long before it was asked."""
WITHIN_S = 15
"""A camera that was asked answers within this time or not."""
WORD_MAX = 100


@require_operator(Right.COMMAND)
def visit_picture(visit: str) -> Response:
    """`GET /guard/visits/<visit>/picture`; 204 while there is none, or none was asked for."""
    found = services().readers.state().visit(visit[:WORD_MAX])
    if found is None or found.state in ("ended", "cancelled"):
        raise Problem(404, "not_found", "There is no picture of this visit.")
    shown = _of(found)
    return Response(status=204) if shown is None else answer_with(shown)


def _of(visit: VisitView) -> Picture | None:
    """The first picture from when it was asked for; None while it has not come, and once it is deleted."""
    asked = instant(visit.pictured_at)
    if asked is None:
        return None
    held = services()
    lanes = held.site.document().get("lanes", [])
    cameras = {camera for one in lanes if one.get("id") == visit.pictured_lane for camera in one.get("cameras", ())}
    asked_ns = wall_ns_of(asked)
    near = held.pictures.around(asked_ns, WITHIN_S, cameras)
    return next((one for one in near if one.wall_ns >= asked_ns - BEFORE_S * NS_PER_S), None)
