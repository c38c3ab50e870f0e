"""A lesson: a person makes one thing happen at the gate, and the page says which input it was.

The state is in the address alone (when the lesson began): the engine keeps the edges, so that a page that is loaded
again, or a telephone that slept, goes on where it was.
"""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from gateway.core.settings.roles import Right
from gateway.core.wiring.learning import ASKS, LESSON_MS, Finding, Moved, Verdict, finding
from gateway.core.wiring.terminals import Terminal, terminal_of
from gateway.core.wiring.wires import Wire, lanes_of, place_of, rewired, wires_of
from web.installer.frame.door import door
from web.installer.frame.draft import working
from web.installer.frame.page import installer_page
from web.installer.lanes.boards import Points, points
from web.installer.lanes.live import SCRIPT_WORDS, SHEETS, as_json
from web.installer.lanes.said import point_words, terminal_label
from web.platform import look
from web.platform.pages import mono_ms
from web.platform.problems import Problem
from web.words.texts import Words

TONES = {
    Verdict.LEARNED: "ok",
    Verdict.STUCK: "warn",
    Verdict.BOUNCED: "warn",
    Verdict.SEVERAL: "warn",
    Verdict.ACTIVE_BEFORE: "warn",
    Verdict.NOTHING: "bad",
    Verdict.SILENT: "bad",
}
"""How a verdict looks."""


@door(Right.SET_UP)
def lesson(lane: str, terminal: str) -> Response:
    """What to do now, what has moved so far, and what is proposed."""
    wire, kind = _wire(lane, terminal)
    told, said = points(), look.said()
    began = _began()
    view = _view(kind, terminal, wire, told, began, said) if began else None
    return installer_page(
        "installer/lanes/lesson.html",
        place="lanes",
        sheets=SHEETS,
        script_words=SCRIPT_WORDS,
        lane=lane,
        lane_name=_lane_name(lane),
        terminal=terminal,
        label=terminal_label(terminal, said),
        asks=ASKS[kind.key],
        wire=wire,
        wire_words=point_words(wire.point, said) if wire and wire.point else "",
        began=began,
        view=view,
        inputs=_inputs(told, said),
        answered=told.answered,
        now=mono_ms(),
    )


@door(Right.SET_UP)
def begin(lane: str, terminal: str) -> AnyResponse:
    """Begin a lesson: what the inputs say now is rest."""
    _wire(lane, terminal)
    return redirect(f"/installer/lanes/{lane}/learn/{terminal}?began={mono_ms()}", 303)


@door(Right.SET_UP)
def lesson_state(lane: str, terminal: str) -> Response:
    """The lesson as it is, for the page's script."""
    wire, kind = _wire(lane, terminal)
    told, said = points(), look.said()
    view = _view(kind, terminal, wire, told, _began() or mono_ms(), said)
    return as_json({**view, "points": told.levels, "answered": told.answered})


@door(Right.SET_UP)
def learn(lane: str, terminal: str) -> AnyResponse:
    """Put the learned input into the draft, with its polarity."""
    draft = working()
    wire, _ = _wire(lane, terminal)
    point = request.form.get("point", "")
    place = place_of(point)
    if place is None or place.side != "input":
        raise Problem(422, "request_invalid", f"{point[:40]!r} is no input.")
    normally: Any = "closed" if request.form.get("normally") == "closed" else "open"
    debounce = wire.debounce_ms if wire is not None else None
    learned = Wire(terminal, point, normally) if debounce is None else Wire(terminal, point, normally, debounce)
    kept = [one for one in wires_of(draft.site, lane) if one.terminal != terminal]
    draft.save(rewired(draft.site, lane, [*kept, learned]))
    return redirect(f"/installer/lanes/{lane}?saved=1#row-{terminal}", 303)


def _wire(lane: str, terminal: str) -> tuple[Wire | None, Terminal]:
    """The wire of a terminal in the draft, and the terminal; Problem 404 for what cannot be learned."""
    draft = working()
    try:
        kind = terminal_of(terminal)
    except KeyError:
        kind = None
    known = any(one.get("id") == lane for one in draft.site.get("lanes") or [] if isinstance(one, dict))
    if kind is None or kind.side != "input" or not known:
        raise Problem(404, "not_found", "There is no such input terminal.")
    return next((one for one in wires_of(draft.site, lane) if one.terminal == terminal), None), kind


def _lane_name(lane: str) -> str:
    lanes = working().site.get("lanes") or []
    return next(
        (str(one.get("name") or lane) for one in lanes if isinstance(one, dict) and one.get("id") == lane), lane
    )


def _began() -> int:
    """When the lesson began; 0 for none, and for a moment that cannot be."""
    text = request.args.get("began", "")
    began = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0
    now = mono_ms()
    return began if now - 10 * LESSON_MS <= began <= now else 0


def _view(kind: Terminal, terminal: str, wire: Wire | None, told: Points, began: int, said: Words) -> dict[str, Any]:
    taken = _taken(terminal)
    found = finding(terminal, told.rest(began), told.edges, began, mono_ms(), wire, taken)
    return {
        "verdict": str(found.verdict),
        "tone": TONES.get(found.verdict, "info"),
        "done": found.done,
        "left_s": -(-found.left_ms // 1000),
        "words": _words(found, kind, said),
        "chosen": _moved(found.chosen, said) if found.chosen else None,
        "others": [_moved(one, said) for one in found.others],
        "known": _known(found, taken, said),
    }


def _taken(terminal: str) -> dict[str, str]:
    """The points of the other terminals of the draft, with the name of the terminal."""
    site = working().site
    wires = [wire for one in lanes_of(site) for wire in wires_of(site, str(one.get("id")))]
    return {wire.point: wire.terminal for wire in wires if wire.terminal != terminal}


def _known(found: Finding, taken: dict[str, str], said: Words) -> str:
    """Which known terminals moved besides; empty for none."""
    names = said.listed([terminal_label(taken[one.point], said) for one in found.known])
    return said("installer.lanes.lesson.known", terminals=names) if names else ""


def _words(found: Finding, kind: Terminal, said: Words) -> str:
    """What the lesson has found, in one sentence."""
    if found.verdict == "waiting" and found.chosen is not None:
        return said("installer.lanes.lesson.away", input=point_words(found.chosen.point, said))
    values = {"input": point_words(found.chosen.point, said), "n": found.chosen.bounces} if found.chosen else {}
    key = f"installer.lanes.lesson.{found.verdict}"
    return said.first(f"{key}.{ASKS[kind.key]}", key, **values)


def _moved(one: Moved, said: Words) -> dict[str, Any]:
    held, times = f"{one.held_ms / 1000:.1f}", "one" if one.times == 1 else "many"
    return {
        "point": one.point,
        "normally": one.normally,
        "words": point_words(one.point, said),
        "how": said(f"installer.lanes.normally.{one.normally}"),
        "told": said(f"installer.lanes.lesson.moved.{times}", n=one.times, s=held, first=f"{one.first_ms / 1000:.1f}"),
    }


def _inputs(told: Points, said: Words) -> list[tuple[str, str, bool]]:
    return [(point, point_words(point, said), on) for point, on in told.levels.items()]


ROUTES = (
    ("GET", "/installer/lanes/<lane>/learn/<terminal>", lesson),
    ("POST", "/installer/lanes/<lane>/learn/<terminal>", begin),
    ("GET", "/installer/lanes/<lane>/learn/<terminal>/state", lesson_state),
    ("POST", "/installer/lanes/<lane>/learn/<terminal>/take", learn),
)
