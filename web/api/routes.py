"""The table of routes; `openapi.json` describes each, and a test compares both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint

from web.api import docs
from web.api.box import health, metrics
from web.api.gate import acceptance, commands, hooks, inside, listed, money, passes, slips, state, visits
from web.api.journal import exports, feed, history, media
from web.api.site import site

BLUEPRINT = Blueprint("api", __name__)
BASE = "/api/v1"
_VERBS = ",".join(commands.ALARM_VERBS)

ROUTES: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("GET", "/healthz", health.healthz),
    ("GET", "/metrics", metrics.metrics),
    ("GET", "/api/docs", docs.page),
    ("GET", "/api/docs.css", docs.style),
    ("GET", f"{BASE}/openapi.json", docs.openapi),
    ("GET", f"{BASE}/asyncapi.json", docs.asyncapi),
    ("GET", f"{BASE}/events", feed.events),
    ("GET", f"{BASE}/events.csv", exports.events_csv),
    ("GET", f"{BASE}/events.xlsx", exports.events_xlsx),
    ("GET", f"{BASE}/events/<event>/pictures", media.event_pictures),
    ("GET", f"{BASE}/media/<media>", media.picture),
    ("GET", f"{BASE}/passes", passes.list_passes),
    ("POST", f"{BASE}/passes/batch", passes.put_batch),
    ("GET", f"{BASE}/passes/<pass_id>", passes.get_pass),
    ("PUT", f"{BASE}/passes/<pass_id>", passes.put_pass),
    ("DELETE", f"{BASE}/passes/<pass_id>", passes.delete_pass),
    ("POST", f"{BASE}/passes/<pass_id>/codes", passes.make_code),
    ("GET", f"{BASE}/visits", visits.visits),
    ("POST", f"{BASE}/visits", visits.add_visit),
    ("GET", f"{BASE}/visits/<visit>", visits.get_visit),
    ("PATCH", f"{BASE}/visits/<visit>", visits.correct_visit),
    ("DELETE", f"{BASE}/visits/<visit>", visits.cancel_visit),
    ("POST", f"{BASE}/visits/<visit>/end", inside.end_visit),
    ("GET", f"{BASE}/inside", inside.inside),
    ("POST", f"{BASE}/inside/cars", inside.declare_car),
    ("POST", f"{BASE}/inside/count", inside.set_count),
    ("GET", f"{BASE}/slips", slips.slips),
    ("POST", f"{BASE}/slips", slips.add_slip),
    ("GET", f"{BASE}/slips/<slip>", slips.get_slip),
    ("POST", f"{BASE}/slips/<slip>/confirm", slips.confirm_slip),
    ("POST", f"{BASE}/slips/<slip>/cancel", slips.cancel_slip),
    ("GET", f"{BASE}/listed", listed.listed),
    ("POST", f"{BASE}/listed", listed.add_listed),
    ("DELETE", f"{BASE}/listed/<entry>", listed.remove_listed),
    ("GET", f"{BASE}/visits/<visit>/charge", money.charge),
    ("POST", f"{BASE}/visits/<visit>/payments", money.pay),
    ("POST", f"{BASE}/visits/<visit>/validations", money.validate),
    ("GET", f"{BASE}/lanes", state.lanes),
    ("GET", f"{BASE}/alarms", state.alarms),
    ("GET", f"{BASE}/devices", state.devices),
    ("GET", f"{BASE}/repairs", state.repairs),
    ("GET", f"{BASE}/acceptance", acceptance.acceptance),
    ("GET", f"{BASE}/lanes/<lane>/history", history.lane_history),
    ("POST", f"{BASE}/lanes/<lane>/commands", commands.lane_command),
    ("POST", f"{BASE}/alarms/<alarm>/<any({_VERBS}):verb>", commands.alarm_command),
    ("POST", "/hooks/plates/<device>", hooks.push_plate),
    ("GET", f"{BASE}/site", site.get_site),
    ("GET", f"{BASE}/site/versions", site.site_versions),
    ("POST", f"{BASE}/site/drafts", site.make_draft),
    ("POST", f"{BASE}/site/drafts/<draft>/apply", site.apply_draft),
    ("POST", f"{BASE}/site/drafts/<draft>/confirm", site.confirm_draft),
    ("POST", f"{BASE}/site/drafts/<draft>/discard", site.discard_draft),
)

# An address of its own, though it looks like that of a pass; so it takes no other method, and names none.
BLUEPRINT.add_url_rule(
    f"{BASE}/passes/batch", endpoint="batch_only", view_func=passes.batch_only,
    methods=["GET", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"], provide_automatic_options=False,
)  # fmt: skip
# The usual address.
BLUEPRINT.add_url_rule("/openapi.json", endpoint="openapi_at_the_root", view_func=docs.openapi)
BLUEPRINT.add_url_rule("/asyncapi.json", endpoint="asyncapi_at_the_root", view_func=docs.asyncapi)
for _method, _rule, _view in ROUTES:
    BLUEPRINT.add_url_rule(_rule, endpoint=_view.__name__, view_func=_view, methods=[_method])
