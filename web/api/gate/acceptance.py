"""The acceptance of lanes, from the projections and the settings, so it works without an engine."""

from __future__ import annotations

from flask import Response, request

from gateway.core.acceptance.sheet import sheets_of
from gateway.store.projections.book import acceptance_of
from web.api.answers import json_answer, now_text
from web.api.requests import only
from web.people.auth import require_scope
from web.platform.problems import Problem
from web.platform.services import services


@require_scope("state:read")
def acceptance() -> Response:
    """`GET /acceptance`: the sheet of every lane, or of one."""
    only("lane")
    settings = services().site.settings()
    found = sheets_of(settings, acceptance_of(services().readers.state())) if settings is not None else {}
    lane = request.args.get("lane")
    if lane is not None and lane not in found:
        raise Problem(404, "not_found", f"There is no lane {lane}.")
    shown = [sheet for sheet in found.values() if lane in (None, sheet.lane)]
    return json_answer({"items": shown, "as_of": now_text()})
