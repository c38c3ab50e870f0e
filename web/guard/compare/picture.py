"""The picture of the car that waits at a lane: the newest of the lane's cameras since it came, for as long as it waits.

It is part of what the guard decides by, as the car in front of the window is, so it is no look into the evidence.
Without a case there is no picture here.
"""

from __future__ import annotations

import time

from flask import Response, request

from gateway.core.settings.roles import Right
from gateway.core.vocabulary.times import NS_PER_S, wall_ns_of
from web.live.cameras import answer_with
from web.people.auth import require_operator
from web.platform.problems import Problem
from web.platform.services import services
from web.words.times import instant

BEFORE_S = 1
"""A camera may have seen the car so long before it was read; a longer time would show the car ahead of it."""


@require_operator(Right.COMMAND)
def case_picture(lane: str) -> Response:
    """`GET /guard/lanes/<lane>/picture?case=`; 204 while there is none."""
    held = services()
    snapshot, _ = held.live.snapshot()
    found = next((one for one in snapshot.lanes if one.id == lane), None) if snapshot is not None else None
    case = found.case if found is not None else None
    came = instant(case.at) if case is not None and case.id == request.args.get("case") else None
    if came is None:
        raise Problem(404, "not_found", "This car no longer waits.")
    lanes = held.site.document().get("lanes", [])
    cameras = {camera for one in lanes if one.get("id") == lane for camera in one.get("cameras", ())}
    since_ns = wall_ns_of(came) - BEFORE_S * NS_PER_S
    newest = held.pictures.newest(cameras, since_ns, time.time_ns())
    return Response(status=204) if newest is None else answer_with(newest)
