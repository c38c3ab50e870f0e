"""Pictures of cameras: those about the time of an event, and one by its id. Each look is on record, with a reason.

The list comes from the files and is no look yet. A picture is handed out only once the engine has journaled who looks
at it, so without an engine there is none.
"""

from __future__ import annotations

from typing import Any

from flask import Response, request

from gateway.core.people.texts import wrong_text
from gateway.core.vocabulary.errors import CursorError
from gateway.store.media.pictures import Picture
from gateway.store.times import rfc3339
from web.api.answers import json_answer, now_text
from web.api.requests import number, only, refuse
from web.live.cameras import answer_with
from web.people.auth import current_token, require_scope
from web.platform.services import ask, services

SCOPE = "media:read"
WITHIN_S, WITHIN_MAX_S = 10, 600


@require_scope(SCOPE)
def event_pictures(event: str) -> Response:
    """`GET /events/{id}/pictures`."""
    only("within")
    within_s = number("within", WITHIN_S, 0, WITHIN_MAX_S)
    reader = services().readers.journal()
    try:
        row = next(iter(reader.page(reader.cursor(event).sequence - 1, 1)), None)
    except CursorError:
        row = None
    if row is None or row.event()["id"] != event:
        raise refuse(f"There is no event {event[:80]!r}.", "not_found", 404)
    cameras = _cameras(str(row.data().get("lane")))
    found = services().pictures.around(row.wall_ns, within_s, cameras)
    return json_answer({"items": [_item(one) for one in found], "as_of": now_text()})


@require_scope(SCOPE)
def picture(media: str) -> Response:
    """`GET /media/{id}`."""
    only("reason")
    reason = request.args.get("reason", "")
    if not reason.strip():
        raise refuse("Say why you look at it: reason=...")
    if wrong := wrong_text(reason):
        raise refuse(f"reason {wrong}.", status=422)
    ask("media.view", media=media[:100], reason=reason, by=current_token().name, via="http")
    return answer_with(services().pictures.find(media))


def _cameras(lane: str) -> set[str]:
    lanes = services().site.document().get("lanes", [])
    return {camera for one in lanes if one.get("id") == lane for camera in one.get("cameras", ())}


def _item(one: Picture) -> dict[str, Any]:
    return {"media": one.media, "device": one.device, "at": rfc3339(one.wall_ns), "type": one.kind}
