"""What the person who is signed in has taken: since the sign-in and today, by method, and payment by payment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any

import msgspec
from flask import Response, request

from gateway.core.settings.roles import Right
from gateway.core.vocabulary.times import NS_PER_S, local_time, wall_ns_of
from gateway.store.visits.money import Settlement
from web.guard.pay.model import in_words
from web.people import auth
from web.platform import look
from web.platform.services import services
from web.words.texts import Words, clock, plate_as_written
from web.words.times import site_zone

SHOWN = 4
"""Payments on one page of the list."""
PAGE_MAX = 10_000


@auth.require_operator(Right.COMMAND)
def takings() -> Response:
    """The sums in words, and a page of the list of payments."""
    held, said, by = services(), look.said(), auth.signed_in().name
    place = site_zone(held.site.document())
    now = look.aware_now()
    began_ns = int(held.sessions.began_s(auth.session_token())) * NS_PER_S
    today_ns = wall_ns_of(now.astimezone(place).replace(hour=0, minute=0, second=0, microsecond=0))
    page = min(max(0, request.args.get("page", 0, int)), PAGE_MAX)
    state = held.readers.state()
    listed = state.payments_by(by, min(began_ns, today_ns), SHOWN + 1, page * SHOWN)
    until_ns = wall_ns_of(now) + NS_PER_S
    body: dict[str, Any] = {
        "shift": _sums(said, (one for one in state.takings(began_ns, until_ns) if one["by"] == by)),
        "today": _sums(said, (one for one in state.takings(today_ns, until_ns) if one["by"] == by)),
        "payments": [_payment(said, one, place, now) for one in listed[:SHOWN]],
        "more": len(listed) > SHOWN,
    }
    return Response(msgspec.json.encode(body), content_type="application/json")


def _sums(said: Words, found: Iterable[dict[str, Any]]) -> list[str]:
    """One text for each method, cash first; what was taken in no method is no cash."""
    sums: defaultdict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for one in found:
        total = sums[one["method"], one["currency"]]
        total[0] += one["amount"]
        total[1] += one["payments"]
    rows = [
        said("shift.sum", how=said(f"shift.{how}"), sum=in_words(said, amount, currency), n=count)
        for (how, currency), (amount, count) in sorted(sums.items())
    ]
    return rows or [said("shift.nothing")]


def _payment(said: Words, one: Settlement, place: tzinfo, now: datetime) -> dict[str, str]:
    local = local_time(one.wall_ns, place)
    day = "" if local.date() == now.astimezone(place).date() else f"{local:%m-%d} "
    return {
        "at": day + clock(local),
        "plate": plate_as_written(one.plate) if one.plate else said("shift.no_plate"),
        "how": said(f"shift.{one.how}"),
        "sum": in_words(said, one.amount, one.currency),
        "number": said("shift.number", n=one.sequence),
    }
