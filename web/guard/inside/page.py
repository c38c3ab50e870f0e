"""How many cars are inside, for the guard's screen."""

from __future__ import annotations

from typing import Any

import msgspec
from flask import Response

from web.people import auth
from web.platform import look
from web.platform.services import services

COUNT_MAX = 100_000


@auth.require_operator()
def inside() -> Response:
    """The count in words, and the free places where the site has a bound."""
    held, said = services(), look.said()
    _, count = held.readers.state().cars_inside("", COUNT_MAX)
    site: dict[str, Any] = held.site.document().get("site", {})
    capacity = site.get("capacity")
    free = said("inside.free", n=max(0, int(capacity) - count)) if capacity else ""
    body = {"count": said("inside.count", n=count), "free": free}
    return Response(msgspec.json.encode(body), content_type="application/json")
