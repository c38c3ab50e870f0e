"""The list of lanes and the page of one: its wiring is filled in and kept in the working draft. Nothing moves here."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from gateway.core.forms.posted import Fault, Posted
from gateway.core.people.texts import TEXT_MAX, wrong_text
from gateway.core.settings.model import Direction
from gateway.core.settings.roles import Right
from gateway.core.wiring.boards import Board
from gateway.core.wiring.copying import added, copied, joined, next_free, removed
from gateway.core.wiring.templates import Template, used
from gateway.core.wiring.wires import Document, lanes_of, rewired
from gateway.store.barriers.templates import templates
from web.installer.frame.door import door
from web.installer.frame.draft import Draft, working
from web.installer.frame.page import installer_page
from web.installer.lanes import habits
from web.installer.lanes.boards import Points, known, offered, points
from web.installer.lanes.drawing import drawing
from web.installer.lanes.lesson import ROUTES as LESSON
from web.installer.lanes.live import SCRIPT_WORDS, SHEETS, live
from web.installer.lanes.model import LaneModel, lane_model
from web.installer.lanes.posted import id_from, is_id, wires
from web.installer.lanes.trial import ROUTES as TRIAL
from web.installer.settings import spoken
from web.platform import look
from web.platform.problems import Problem

LANES_MAX = 64
PICKED = ("readers", "cameras", "displays", "printer")
"""What is picked among the devices that fit."""


def found(draft: Draft, lane: str, told: Points) -> LaneModel:
    """The lane of the draft; Problem 404 when there is none of that id."""
    model = lane_model(draft.site, draft.running, lane, told, look.said())
    if model is None:
        raise Problem(404, "not_found", f"There is no lane {lane}.")
    return model


# ---- the list


@door(Right.SET_UP)
def lanes() -> Response:
    """All lanes of the draft, and a form for one more."""
    return _list({}, {})


@door(Right.SET_UP)
def add() -> AnyResponse:
    """Add a lane: bare, as a template, as a copy of another one, or at the barrier of another one."""
    draft = working()
    form = {key: request.form.get(key, "").strip() for key in ("name", "id", "direction", "from")}
    site, wrong = _with_lane(draft, form)
    if wrong or site is None:
        return _list(form, wrong)
    draft.save(site)
    return redirect(f"/installer/lanes/{form['id']}", 303)


def _list(form: dict[str, str], wrong: dict[str, str]) -> Response:
    draft, told, said = working(), points(), look.said()
    ids = [str(one["id"]) for one in lanes_of(draft.site) if isinstance(one.get("id"), str)]
    models = [lane_model(draft.site, draft.running, one, told, said) for one in ids]
    return installer_page(
        "installer/lanes/page.html",
        place="lanes",
        sheets=SHEETS,
        status=422 if wrong else 200,
        lanes=[one for one in models if one is not None],
        gone=[str(one.get("id")) for one in lanes_of(draft.running) if one.get("id") not in ids],
        form=form,
        wrong=wrong,
        templates=list(templates().values()),
        devices=bool(draft.site.get("devices")),
        text_max=TEXT_MAX,
    )


def _with_lane(draft: Draft, form: dict[str, str]) -> tuple[Document | None, dict[str, str]]:
    """The site with the new lane, and what is wrong by field."""
    taken = {str(one.get("id")) for one in lanes_of(draft.site)}
    form["id"] = form["id"] or id_from(form["name"], taken)
    wrong = _mistakes(form, taken)
    if wrong:
        return None, wrong
    name, lane_id, direction = form["name"], form["id"], form["direction"]
    kind, _, of = form["from"].partition(":")
    try:
        if kind == "copy":
            shift = next_free(draft.site, of, _boards(draft.site))
            site = copied(draft.site, of, lane_id, shift, name)
            next(one for one in lanes_of(site) if one.get("id") == lane_id)["direction"] = direction
            return site, {}
        if kind == "share":
            return joined(draft.site, lane_id, direction, of, name), {}
        site = added(draft.site, lane_id, direction, name)
        return (_templated(site, lane_id, templates()[of], "") if kind == "template" else site), {}
    except KeyError:
        return None, {"from": "choice"}


def _mistakes(form: dict[str, str], taken: set[str]) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if not form["name"] or wrong_text(form["name"], TEXT_MAX):
        wrong["name"] = "text" if form["name"] else "name"
    if not is_id(form["id"]):
        wrong["id"] = "id"
    elif form["id"] in taken:
        wrong["id"] = "taken"
    if form["direction"] not in tuple(Direction):
        wrong["direction"] = "choice"
    if len(taken) >= LANES_MAX:
        wrong["name"] = "many"
    return wrong


# ---- one lane


@door(Right.SET_UP)
def lane(lane: str) -> Response:
    """The wiring of one lane."""
    return _lane(working().site, lane)


@door(Right.SET_UP)
def save(lane: str) -> AnyResponse:
    """Keep the wiring and the habits in the draft; what is no value at all is said at its field."""
    draft = working()
    found(draft, lane, Points({}, (), answered=False))
    posted: Posted = {name: request.form.getlist(name) for name in request.form}
    wired, wrong = wires(request.form)
    site, faults = habits.read(rewired(draft.site, lane, wired), lane, posted)
    if wrong or faults:
        return _lane(site, lane, posted, faults, wrong)
    draft.save(site)
    return redirect(f"/installer/lanes/{lane}?saved=1", 303)


def _lane(
    site: Document,
    lane: str,
    posted: Posted | None = None,
    faults: dict[str, Fault] | None = None,
    wrong: dict[str, str] | None = None,
) -> Response:
    draft, said = working(), look.said()
    model = lane_model(site, draft.running, lane, points(), said)
    if model is None:
        raise Problem(404, "not_found", f"There is no lane {lane}.")
    return installer_page(
        "installer/lanes/lane.html",
        place="lanes",
        sheets=SHEETS,
        script_words=SCRIPT_WORDS,
        status=422 if wrong or faults else 200,
        lane=model,
        drawing=drawing(model, said),
        spoken=spoken,
        habits=habits.shown(site, lane, model.paths, posted, faults or {}),
        wrong=wrong or {},
        posted=posted or {},
        faults=faults or {},
        picked={of: habits.picked(of, list(model.boards.values()), site) for of in PICKED},
        templates=list(templates().values()),
        boards=[board for board in model.boards.values() if board.outputs or board.inputs],
        others=[str(one.get("id")) for one in lanes_of(site) if one.get("id") != lane],
        saved="saved" in request.args,
        unplaced=[one for one in request.args.get("unplaced", "").split(",") if one],
    )


@door(Right.SET_UP)
def take_template(lane: str) -> AnyResponse:
    """Use a template: it sets the habits and proposes points; nothing that is wired is lost."""
    draft = working()
    found(draft, lane, Points({}, (), answered=False))
    template = templates().get(request.form.get("template", ""))
    if template is None:
        raise Problem(404, "not_found", "There is no such template.")
    boards = _boards(draft.site)
    device, optional = request.form.get("device", ""), request.form.get("optional") == "yes"
    proposal = used(draft.site, lane, template, boards, device, optional=optional)
    draft.save(proposal.document)
    more = f"&unplaced={','.join(proposal.unplaced)}" if proposal.unplaced else ""
    return redirect(f"/installer/lanes/{lane}?saved=1{more}", 303)


def _boards(site: Document) -> dict[str, Board]:
    return offered(site, known(site, points().boards))


def _templated(site: Document, lane: str, template: Template, device: str) -> Document:
    return used(site, lane, template, _boards(site), device).document


@door(Right.SET_UP)
def remove(lane: str) -> AnyResponse:
    """Take the lane out of the draft; it goes on until that is applied."""
    draft = working()
    found(draft, lane, Points({}, (), answered=False))
    draft.save(removed(draft.site, lane))
    return redirect("/installer/lanes", 303)


ROUTES: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/installer/lanes", lanes),
    ("POST", "/installer/lanes", add),
    ("GET", "/installer/lanes/<lane>", lane),
    ("POST", "/installer/lanes/<lane>", save),
    ("GET", "/installer/lanes/<lane>/live", live),
    ("POST", "/installer/lanes/<lane>/template", take_template),
    ("POST", "/installer/lanes/<lane>/remove", remove),
    *LESSON,
    *TRIAL,
)
