"""The place *inside*: who is inside, one car with its line, and the corrections of both."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from flask import Response, request

from gateway.core.settings.model import Site
from gateway.core.settings.roles import Right
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError, NotFoundError
from gateway.core.vocabulary.views import VisitView
from gateway.store.projections.visitors import Narrowed, overstayed
from web.api.answers import now_text
from web.guard.inside import model
from web.guard.orders.answers import answer, body_of, reason_of, request_id
from web.guard.orders.send import way
from web.guard.passbook import passbook
from web.guard.scene import Scene, refusal
from web.people import auth, stations
from web.platform import look
from web.platform.problems import Problem
from web.platform.services import services
from web.visits.correct import correct
from web.visits.found import passes_with
from web.visits.purposes import purposes
from web.words.times import site_zone

ROWS_MAX = 60
"""Cars of one answer; more are found by a longer text."""
AWAY_MAX = 6
"""Known cars that are not inside, of one search."""
OWED_MAX = 12
"""Debts of one search."""
QUERY_MAX = 40
VERBS = ("left", "came", "count")
REASONS = {
    "left": ("not_found", "other_way", "twice", "other"),
    "came": ("seen_inside", "arm_open", "other"),
    "count": ("counted", "loop_fault", "other"),
}
"""What a person may choose as the reason of a correction."""


@auth.require_operator(Right.COMMAND)
def inside() -> Response:
    """The counts and the cars, the oldest first; `q` finds, `kind` narrows (`long`: those that stay too long)."""
    query, kind = request.args.get("q", "").strip()[:QUERY_MAX], request.args.get("kind", "")
    held, scene = services(), _scene()
    settings = held.site.settings()
    site = settings.site if settings else Site("")
    state, now_ns = held.readers.state(), time.time_ns()
    passes = passes_with(query)
    narrowed = msgspec.structs.replace(_narrowed(kind, site, now_ns), passes=passes)
    stays = state.stays(query, ROWS_MAX + 1, narrowed=narrowed)
    others = [*_owing(scene, query, passes), *_outside(scene, query, passes, stays)] if query and not kind else []
    shown = model.shown(
        scene,
        state.inside(site.capacity, now_text()),
        state.overstayed(site, now_ns),
        stays[:ROWS_MAX],
        others,
        site,
        more=len(stays) > ROWS_MAX,
    )
    return _json(shown)


@auth.require_operator(Right.COMMAND)
def one_inside(visit: str) -> Response:
    """One car with its line."""
    found = services().readers.state().visit(visit)
    if found is None:
        raise NotFoundError(f"there is no visit {visit!r}")
    return _json(model.line(_scene(), found, services().site.settings()))


@auth.require_operator(Right.COMMAND)
def correct_inside(verb: str) -> Response:
    """A correction, with one of its reasons."""
    if verb not in VERBS:
        raise Problem(404, "not_found", f"There is no correction {verb}.")
    said, body = look.said(), body_of()
    reason = reason_of(body)
    if reason not in REASONS[verb]:
        raise Problem(422, "reason_needed", said("refused.reason_needed"))
    asked = {key: str(body.get(key) or "") for key in ("visit", "plate")}
    number = body.get("count", 0)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= 1_000_000:
        raise Problem(422, "count_invalid", refusal(said, "count_invalid"))
    try:
        got = correct(
            verb,
            request=f"guard-{request_id(body)}",
            by=auth.signed_in().name,
            reason=reason,
            count=number,
            seen=body.get("seen") if verb == "count" else None,
            **asked,
            **way(stations.current_station()),
        )
    except EngineUnreachableError as error:
        return answer("failed", said("inside.not_done", why=refusal(said, error.code)), 503, error.code)
    except GatehouseError as error:
        return answer("refused", said("inside.not_done", why=refusal(said, error.code)), 409, error.code)
    if got["status"] != "done":
        code = str(got["reason"])
        why = said.first(f"inside.refused.{code}", f"refused.{code}", "refused.other", code=code)
        return answer("refused", said("inside.not_done", why=why), 409, code)
    return answer("done", said(f"inside.done.{verb}", n=number))


def _narrowed(kind: str, site: Site, now_ns: int) -> Narrowed:
    if kind == "long":
        return overstayed(site, now_ns)
    return Narrowed(kind if kind in model.KINDS else "")


def _owing(scene: Scene, query: str, passes: Sequence[str]) -> list[model.Row]:
    """What is owed of earlier stays of cars with this text, the latest first."""
    state = services().readers.state()
    owed = {one.id: one for one in state.visits("owed", query, "", OWED_MAX, narrowed=Narrowed(passes=tuple(passes)))}
    debts = sorted(state.debts_of(owed), key=lambda one: one.since_ns, reverse=True)
    return [model.owing(scene, one, owed[one.visit]) for one in debts]


def _outside(scene: Scene, query: str, passes: Sequence[str], stays: Sequence[VisitView]) -> list[model.Row]:
    """Known cars with this text that are not inside: they may be declared."""
    there = {one.plate for one in stays}
    state = services().readers.state()
    found = [model.expected(scene, one) for one in state.visits("expected", query, "", AWAY_MAX)]
    for pass_id in passes[:AWAY_MAX]:
        one = scene.pass_of(pass_id)
        if one is not None and one.kind != "blocked":
            found += [model.away(scene, one, plate) for plate in one.plates if plate not in there]
    return found[:AWAY_MAX]


def _scene() -> Scene:
    held, operator = services(), auth.signed_in()
    zone = site_zone(held.site.document())
    now = datetime.now(UTC)
    return Scene(look.said(), passbook(held), zone, now, operator.role, purposes=purposes())


def _json(shown: model.Shown | model.Line) -> Response:
    return Response(msgspec.json.encode(shown), content_type="application/json")
