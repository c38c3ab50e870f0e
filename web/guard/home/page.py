"""The guard's screen, with its first state already in it."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from flask import Response, current_app, redirect

from gateway.core.access.pending import REFUSE_REASONS, RELEASE_REASONS
from gateway.core.identities.documents import KINDS
from gateway.core.settings.roles import Right, roles_with
from web.guard.home.live import live_view
from web.guard.scene import COMMAND_ROLES
from web.installer.frame.places import way_in
from web.people import auth, stations
from web.platform.pages import page
from web.platform.services import services
from web.words.texts import clock
from web.words.times import site_zone

CONFIRM_ROLES = roles_with(Right.CONFIRM)
# Of the reasons to turn a car away those that fit one which was seen to.
SEEN_REASONS = ("turned_back", "other")
# Who takes a part of a charge over.
VALIDATE_REASONS = ("resident", "shop", "office")
# Texts that the page's scripts put together themselves, each by its key or by what all of a kind begin with.
SCRIPT_WORDS = (
    "age.", "ago.", "since.", "left.", "stale.", "cmd.", "confirm.", "stop.", "lanes.", "hold.",
    "alarm.none", "alarm.older", "alarm.no_news",
    "answer.awake", "answer.sending", "answer.no_answer_yet", "answer.not_arrived", "answer.rest",
    "case.title", "case.over", "case.goes", "case.read", "case.no_plate", "case.plates", "case.unknown", "case.shown",
    "refused.choose_lane", "refused.stale", "refused.reason_needed", "refused.held_already", "refused.case_over",
    "why.stale", "glyphs.missing", "visitor.", "sign_in.erase", "keys.",
    "identity.title", "identity.title.", "identity.which_car", "identity.not_listed", "identity.hint.",
    "identity.go", "identity.none", "identity.more", "identity.goes_on",
    "place.aside", "place.car", "place.no_answer", "place.more.",
    "slip.none", "slip.next", "slip.other", "slip.choose", "slip.compare",
    "pay.leader", "pay.over", "pay.debt.", "pay.choose_first", "print.printing", "print.receipt.other",
    "answer.not_arrived.pay", "shift.",
    "inside.find", "inside.found", "inside.look", "inside.ask_", "inside.no_number", "inside.sending",
)  # fmt: skip
SHEETS = (
    "parts/base/base.css", "parts/fit/fit.css", "guard/top/top.css", "guard/lane/lane.css",
    "guard/actions/actions.css", "parts/press/press.css", "parts/stop/stop.css", "parts/sheet/sheet.css",
    "guard/compare/compare.css", "guard/pay/pay.css", "guard/duty/duty.css", "guard/hold/hold.css",
    "guard/alarms/alarms.css", "guard/confirm/confirm.css", "parts/keypad/keypad.css", "parts/keys/keys.css",
    "parts/pager/pager.css", "guard/places/places.css", "guard/inside/inside.css", "guard/shift/shift.css",
    "guard/identity/identity.css", "guard/slips/slips.css", "guard/visitor/visitor.css", "guard/home/sizes.css",
)  # fmt: skip


@auth.require_operator()
def home() -> Response:
    """The guard screen; an installer whose site has no lanes yet is led to what comes next."""
    operator = auth.signed_in()
    if Right.SET_UP in operator.role.rights and not services().site.document().get("lanes"):
        return current_app.make_response(redirect("/installer", 303))
    snapshot, age_ms = services().live.snapshot()
    made = page(
        "guard/home/page.html",
        script_words=SCRIPT_WORDS,
        sheets=SHEETS,
        view=msgspec.to_builtins(live_view()(snapshot, age_ms, operator)),
        operator=operator,
        way_in=way_in(operator),
        signed_in_at=_signed_in_at(),
        may_act=operator.role in COMMAND_ROLES,
        people=[one.name for one in services().site.operators().values() if one.role in COMMAND_ROLES],
        release_reasons=RELEASE_REASONS,
        refuse_reasons=REFUSE_REASONS,
        seen_reasons=SEEN_REASONS,
        identity_kinds=KINDS,
        identity_office=sorted(one.name for one in services().site.operators().values() if one.role in CONFIRM_ROLES),
        validate_reasons=VALIDATE_REASONS,
    )
    return stations.renew(current_app.make_response(made))


def _signed_in_at() -> str:
    """When this session began, as local time of day."""
    began = datetime.fromtimestamp(services().sessions.began_s(auth.session_token()), UTC)
    return clock(began.astimezone(site_zone(services().site.document())))
