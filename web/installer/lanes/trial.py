"""A trial cycle on the page: a person opens and closes the arm by holding a button, and its times are measured.

The orders are those of any guard: the lane keeps all its guards, and the journal has the author. What is measured is
the lane that runs, not the draft.
"""

from __future__ import annotations

from typing import Any

import msgspec
from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from gateway.core.settings.model import Barrier
from gateway.core.settings.roles import Right
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError
from gateway.core.wiring.trial import TRIAL_MS, Given, Trial, trial
from gateway.core.wiring.wires import barrier_of, duplicate, lane_of
from web.guard.orders.answers import answer, body_of, press
from web.guard.orders.send import Order, send
from web.guard.scene import refusal
from web.installer.frame.door import door
from web.installer.frame.draft import working
from web.installer.frame.page import installer_page
from web.installer.lanes.boards import points
from web.installer.lanes.live import SCRIPT_WORDS, SHEETS, as_json
from web.installer.lanes.model import is_same
from web.people import auth
from web.platform import look
from web.platform.pages import mono_ms
from web.platform.problems import Problem
from web.platform.services import services
from web.words.texts import Words

ORDERS = ("open", "close", "stop")
REASON = "trial"
SAID = ("up", "down")
"""What a person says where no switch tells it."""
MOMENTS_MAX = 12


@door(Right.SET_UP)
def trial_page(lane: str) -> Response:
    """The buttons, the warning that names the lane, and what was measured so far."""
    barrier, name = _barrier(lane)
    draft, said = working(), look.said()
    return installer_page(
        "installer/lanes/trial.html",
        place="lanes",
        sheets=SHEETS,
        script_words=SCRIPT_WORDS,
        lane=lane,
        lane_name=name,
        shares=_shares(lane),
        barrier=barrier,
        same=is_same(draft.site, draft.running, lane),
        view=_view(barrier, trial(barrier, [], [], mono_ms()), 0, said),
    )


@door(Right.SET_UP)
def trial_state(lane: str) -> Response:
    """The trial as it is. `orders`: what was given and said, as `open@ms,up@ms`, on this machine's CLOCK_MONOTONIC."""
    barrier, _ = _barrier(lane)
    given, said_at = _moments()
    told = points()
    found = trial(barrier, told.edges, given, mono_ms(), up_ms=said_at.get("up", 0), down_ms=said_at.get("down", 0))
    began = next((one.at_ms for one in given if one.order == "open"), 0)
    levels = {point: told.levels.get(wire.point) for point, wire in barrier.inputs().items()}
    means = {
        name: None if levels[name] is None else wire.means(bool(levels[name]))
        for name, wire in barrier.inputs().items()
    }
    return as_json({**_view(barrier, found, began, look.said()), "answered": told.answered, "contacts": means})


@door(Right.SET_UP)
def order(lane: str, order: str) -> Response:
    """Open, close or stop the arm; the answer has the moment at which the order was given."""
    if order not in ORDERS:
        raise Problem(404, "not_found", f"There is no order {order}.")
    _barrier(lane)
    said, body = look.said(), body_of()
    pressed = press(body)
    if pressed is None:
        return answer("refused", refusal(said, "command_expired"), 409, "command_expired")
    at = mono_ms()
    try:
        got = send(Order(lane, order, auth.signed_in().name, *pressed, REASON))
    except GatehouseError as error:
        status = 503 if isinstance(error, EngineUnreachableError) else 409
        return answer("failed", refusal(said, error.code), status, error.code)
    if got.get("status") != "done":
        code = str(got.get("reason") or "other")
        return answer("refused", refusal(said, code), 409, code)
    return as_json(
        {"status": "done", "text": said(f"installer.lanes.trial.given.{order}"), "order": order, "at_ms": at}
    )


@door(Right.SET_UP)
def moment(lane: str) -> Response:
    """The moment at which a person says that the arm is up or down."""
    _barrier(lane)
    what = str(body_of().get("what") or "")
    if what not in SAID:
        raise Problem(422, "request_invalid", "what: up or down")
    return as_json(
        {"status": "done", "text": look.said()(f"installer.lanes.trial.said.{what}"), "order": what, "at_ms": mono_ms()}
    )


@door(Right.SET_UP)
def take_time(lane: str) -> AnyResponse:
    """Put a proposed value into the draft."""
    draft = working()
    site = duplicate(draft.site)
    here = lane_of(site, lane)
    barrier = barrier_of(site, here) if here is not None else None
    if barrier is None:
        raise Problem(404, "not_found", f"There is no lane {lane}.")
    key, value = request.form.get("key", ""), request.form.get("value", "")
    if key == "travel_time_ms" and value.isascii() and value.isdigit() and 300 <= int(value) <= 60_000:
        barrier[key] = int(value)
    elif key == "close_by" and value == "barrier":
        barrier[key] = value
    else:
        raise Problem(422, "request_invalid", "That is no value that a trial proposes.")
    draft.save(site)
    return redirect(f"/installer/lanes/{lane}?saved=1", 303)


def _barrier(lane: str) -> tuple[Barrier, str]:
    """The barrier of a lane that runs, and the lane's name; Problem 404 when it does not run."""
    settings = services().site.settings()
    found = settings.lane(lane) if settings is not None else None
    if settings is None or found is None:
        raise Problem(404, "lane_not_running", f"Lane {lane} does not run yet. Apply the changes first.")
    return settings.barrier(found.barrier), found.name


def _shares(lane: str) -> list[str]:
    settings = services().site.settings()
    found = settings.lane(lane) if settings is not None else None
    if settings is None or found is None:
        return []
    return [one.name for one in settings.lanes if one.barrier == found.barrier and one.id != lane]


def _moments() -> tuple[list[Given], dict[str, int]]:
    """The orders and the words of the person, from the address."""
    given: list[Given] = []
    said: dict[str, int] = {}
    now = mono_ms()
    for text in request.args.get("orders", "").split(",")[:MOMENTS_MAX]:
        what, _, at = text.partition("@")
        if not (at.isascii() and at.isdigit() and len(at) <= 18):
            continue
        at_ms = int(at)
        if not now - 2 * TRIAL_MS <= at_ms <= now:
            continue
        if what in ORDERS:
            given.append(Given(what, at_ms))  # type: ignore[arg-type]
        elif what in SAID:
            said[what] = at_ms
    return given, said


def _view(barrier: Barrier, found: Trial, began_ms: int, said: Words) -> dict[str, Any]:
    return {
        "next": found.next,
        "done": found.done,
        "asks": said.first(f"installer.lanes.trial.next.{found.next}", "installer.lanes.trial.next.open"),
        "steps": [
            {
                "code": one.code,
                "words": said(f"installer.lanes.trial.step.{one.code}"),
                "at": _seconds(one.at_ms - began_ms),
                "took": "" if one.took_ms is None else _seconds(one.took_ms),
            }
            for one in found.steps
        ],
        "findings": [said(f"installer.lanes.trial.finding.{code}") for code in found.findings],
        "figures": _figures(barrier, found, said),
        "proposed": [_proposed(msgspec.to_builtins(one), said) for one in found.proposed],
    }


def _figures(barrier: Barrier, found: Trial, said: Words) -> list[dict[str, str]]:
    """What was measured, against what is set."""
    none = said("installer.lanes.trial.not_measured")
    set_s = _seconds(barrier.travel_time_ms)
    car = "yes" if found.car else "no"
    return [
        {"name": said("installer.lanes.trial.answer"), "value": _or(found.answer_ms, none), "set": ""},
        {"name": said("installer.lanes.trial.up"), "value": _or(found.opened_ms, none), "set": set_s},
        {"name": said("installer.lanes.trial.down"), "value": _or(found.closed_ms, none), "set": set_s},
        {"name": said("installer.lanes.trial.car"), "value": said(f"installer.lanes.trial.car.{car}"), "set": ""},
    ]


def _or(ms: int | None, none: str) -> str:
    return none if ms is None else _seconds(ms)


def _seconds(ms: int) -> str:
    return f"{ms / 1000:.1f} s" if ms >= 1000 else f"{ms} ms"


def _proposed(one: dict[str, Any], said: Words) -> dict[str, str]:
    shown = {
        name: f"{int(one[name]) / 1000:.1f} s"
        if one["key"].endswith("_ms")
        else said(f"installer.lanes.choice.close_by.{one[name]}")
        for name in ("now", "value")
    }
    label = said(f"installer.lanes.habit.{one['key']}")
    return {
        "key": one["key"],
        "value": str(one["value"]),
        "shown": shown["value"],
        "words": said("installer.lanes.trial.propose", what=label, now=shown["now"], value=shown["value"]),
    }


ROUTES = (
    ("GET", "/installer/lanes/<lane>/trial", trial_page),
    ("GET", "/installer/lanes/<lane>/trial/state", trial_state),
    ("POST", "/installer/lanes/<lane>/trial/moment", moment),
    ("POST", "/installer/lanes/<lane>/trial/take", take_time),
    ("POST", "/installer/lanes/<lane>/trial/<order>", order),
)
