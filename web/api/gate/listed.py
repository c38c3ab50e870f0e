"""Lists of watched and hazardous vehicles over HTTP: read from the projections, changed through the engine."""

from __future__ import annotations

import time
from typing import Any

from flask import Response, request

from web.api.answers import json_answer, now_text
from web.api.requests import body, identifier, number, one_of, only
from web.people.auth import current_token, require_scope
from web.platform.services import ask, services

LISTS = ("watch", "hazardous")
LIMIT = 100
LIMIT_MAX = 1000


@require_scope("listed:read")
def listed() -> Response:
    """`GET /listed`: the entries that have not ended, of one list or of all."""
    only("list", "after", "limit")
    limit = number("limit", LIMIT, 1, LIMIT_MAX)
    state = services().readers.state()
    found = state.listed(one_of("list", LISTS) or "", time.time_ns(), request.args.get("after", ""), limit)
    following = found[-1].entry if len(found) == limit else None
    return json_answer({"items": list(found), "next": following, "as_of": now_text()})


@require_scope("listed:write")
def add_listed() -> Response:
    """`POST /listed`: a vehicle is put on a list, until its end."""
    only()
    [entry] = ask("listed.add", entries=[body(dict[str, Any])], **_who())["entries"]
    return json_answer(services().readers.state().listed_entry(entry) or {"entry": entry}, 201)


@require_scope("listed:write")
def remove_listed(entry: str) -> Response:
    """`DELETE /listed/{entry}`."""
    only()
    identifier(entry, "entry")
    ask("listed.remove", entry=entry, **_who())
    return Response(status=204)


def _who() -> dict[str, Any]:
    return {"by": current_token().name, "via": "http"}
