"""The overview: the guide of the first hour, and later what needs a look."""

from __future__ import annotations

import contextlib
from typing import Any

from flask import Response, redirect, render_template, request

from gateway.core.acceptance.sheet import sheets_of
from gateway.core.settings.roles import Right
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError, NotFoundError
from gateway.store.projections.book import acceptance_of
from web.installer.frame.door import door
from web.installer.frame.draft import working
from web.installer.frame.page import installer_page
from web.installer.frame.who import who
from web.installer.overview.model import (
    TRIAL_CARDS_MAX,
    TRIAL_PASS,
    Known,
    View,
    free_trial_pass,
    unknown_cards,
    view_of,
)
from web.platform import look
from web.platform.services import ask, services
from web.words.times import site_zone

PATH = "/installer"
SHEETS = ("installer/overview/page.css",)
ANSWER_S = 5.0


@door(Right.SET_UP)
def overview() -> Response:
    """What is left to do, in order."""
    told = request.args.get("told", "")
    return installer_page(
        "installer/overview/page.html",
        place="overview",
        sheets=SHEETS,
        view=_view(),
        told=told if told in ("gone", "enough", "offline", "refused") else "",
    )


@door(Right.SET_UP)
def steps() -> str:
    """The moving part of the page."""
    return render_template("installer/overview/steps.html", view=_view(), say=look.said())


@door(Right.SET_UP)
def register() -> Any:
    """A card that was just shown becomes a test card until tonight."""
    shown = {(one.lane, one.card) for one in unknown_cards(services().live.snapshot()[0])}
    lane, card = request.form.get("lane", ""), request.form.get("card", "")
    if (lane, card) not in shown:
        return redirect(f"{PATH}?told=gone#card", 303)
    name = free_trial_pass([one for one, _ in _trial_cards()])
    if not name:
        return redirect(f"{PATH}?told=enough#card", 303)
    today = look.aware_now().astimezone(site_zone(services().site.document())).date().isoformat()
    wanted = {"id": name, "kind": "staff", "cards": [card], "valid_from": today, "valid_until": today}
    return _told("passes.put", **{"pass": wanted})


@door(Right.SET_UP)
def forget() -> Any:
    """A test card lets in no more."""
    name = request.form.get("pass", "")
    if not name.startswith(f"{TRIAL_PASS}-"):
        return redirect(f"{PATH}?told=gone#card", 303)
    return _told("passes.delete", pass_id=name)


def _told(op: str, **params: Any) -> Any:
    try:
        ask(op, timeout_s=ANSWER_S, **params, **who())
    except EngineUnreachableError:
        return redirect(f"{PATH}?told=offline#card", 303)
    except NotFoundError:
        return redirect(f"{PATH}?told=gone#card", 303)
    except GatehouseError:
        return redirect(f"{PATH}?told=refused#card", 303)
    return redirect(f"{PATH}#card", 303)


def _view() -> View:
    draft = working()
    snapshot, _age_ms = services().live.snapshot()
    return view_of(Known(draft.site, draft.running, draft.count, snapshot, _passes(), _trial_cards(), _handed_over()))


def _handed_over() -> tuple[int, int]:
    """Lanes that both ends have signed, and all lanes."""
    settings = services().site.settings()
    if settings is None:
        return 0, 0
    with contextlib.suppress(GatehouseError):
        states = [sheet.state for sheet in sheets_of(settings, acceptance_of(services().readers.state())).values()]
        return states.count("handed_over"), len(states)
    return 0, len(settings.lanes)


def _passes() -> int:
    with contextlib.suppress(GatehouseError):
        return services().readers.registry().count()
    return 0


def _trial_cards() -> tuple[tuple[str, str], ...]:
    """The test cards: pass and card."""
    found = []
    for number in range(1, TRIAL_CARDS_MAX + 1):
        with contextlib.suppress(GatehouseError):
            one = services().readers.registry().get(f"{TRIAL_PASS}-{number}")
            found.append((one.id, one.cards[0] if one.cards else ""))
    return tuple(found)


ROUTES = (
    ("GET", PATH, overview),
    ("GET", f"{PATH}/steps", steps),
    ("POST", f"{PATH}/card", register),
    ("POST", f"{PATH}/card/forget", forget),
)
