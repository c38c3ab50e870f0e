"""The line under the car: what to do at once, else what to say to a fresh car, else what to do."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from gateway.core.vocabulary.passes import Pass
from gateway.core.vocabulary.views import Hold, LaneView, ServiceNotice, Tag
from web.guard.lane.car import Car
from web.guard.lane.greeting import sentence
from web.guard.lane.states import CLOSED_BY, NOTICES, TONES, exception, key_of
from web.guard.orders.may import ways
from web.guard.scene import Scene, briefly, named

# Characters that fit two lines of large, and two lines of normal type on the smallest screen.
LONG_LINE = {"en": (60, 80), "zh_CN": (30, 42)}
# The driver is not spoken to: the line says what to do.
_DRIVER_ELSEWHERE = frozenset({"seen_elsewhere"})


class Line(msgspec.Struct, frozen=True):
    """`label` says whether it is to be said or done; `brief` fits a quarter of the screen."""

    label: str
    text: str
    brief: str
    tone: str
    long: str


def line(scene: Scene, lane: LaneView, car: Car | None, pass_: Pass | None) -> Line:
    """What keeps cards from opening, or must be done at once, before what to say; `pass_` is that of the car."""
    code, key, decision = lane.cannot_open, exception(lane), lane.last_decision
    if code is not None and (key is None or (key != "locked" and TONES[key] == "note")):
        key = key_of(code)
    fresh = car is not None and not car.earlier
    # The car of a lane that is out of use is waved through, so it is spoken to.
    first = code is not None and not (code in CLOSED_BY and car is not None and car.verdict != "granted")
    if key is not None and (key in NOTICES or not fresh or first or _overtaken(lane)):
        return _line(scene, "do", todo(scene, key, lane), todo(scene, key, lane, brief=True), TONES[key])
    if car is None or decision is None:
        return _line(scene, "say", "", "", "calm")
    label = "do" if decision.reason in _DRIVER_ELSEWHERE else "say"
    text, brief = (sentence(scene, decision, pass_, lane, car.earlier, brief=one) for one in (False, True))
    return _line(scene, label, text, brief, "calm")


def _line(scene: Scene, label: str, text: str, brief: str, tone: str) -> Line:
    some, most = LONG_LINE[scene.said.locale]
    long = "" if len(text) <= some else "long" if len(text) <= most else "longer"
    return Line(scene.said(f"{label}.label") if text else "", text, brief, tone, long)


def _overtaken(lane: LaneView) -> bool:
    """Whether the arm was struck, or fire was reported, after the last decision, which is then over."""
    if lane.mode not in ("crashed", "fire") or not lane.since or lane.last_decision is None:
        return False
    return lane.since > lane.last_decision.at


def todo(scene: Scene, key: str, lane: LaneView, *, brief: bool = False) -> str:
    """What a mode or state asks the guard to do."""
    said = scene.said
    if key == "held" and lane.hold:
        return _held(scene, lane.hold, brief=brief)
    if key == "service_due":
        return _due(scene, lane.service_due, brief=brief)
    if key == "paused":
        by, until = (lane.pause.by, lane.pause.until) if lane.pause else ("", None)
        act = ways(scene, lane)
        return said.first(*briefly(["do.paused"], brief), by=named(by), until=scene.time(until), act=act)
    tag = lane.tag or Tag()
    by, since, code = named(tag.by), scene.time(tag.since), tag.reason or ""
    reason = said.first(f"confirm.lock.{code}", "mode.locked.reason")
    if code and f"confirm.lock.{code}" not in said:
        reason = code
    return said.first(*briefly([f"do.{key}"], brief), reason=reason, by=by, time=since, act=ways(scene, lane))


def _held(scene: Scene, hold: Hold, *, brief: bool) -> str:
    """Who holds the lane open, since when, and how it ends."""
    ends = [name for name, end in (("until", hold.until), ("left", hold.left)) if end]
    by = named(hold.by)
    return scene.said.first(
        *briefly(["do.held." + ("_".join(ends) or "open")], brief),
        by=scene.said.first(f"held_by.{by}", "held_by.name", by=by),
        since=scene.time(hold.since),
        until=scene.time(hold.until),
        n=hold.left,
    )


def _due(scene: Scene, dues: Sequence[ServiceNotice], *, brief: bool) -> str:
    """The first service limit that was passed, and how many more there are."""
    due = dues[0]
    scale, digits = (1000, 1) if due.what == "travel_ms" else (1, 0)
    count, limit = (f"{value / scale:.{digits}f}" for value in (due.count, due.limit))
    what = scene.said.first(f"due.{due.what}", "due.other", count=count, limit=limit)
    more = f" (+{len(dues) - 1})" if len(dues) > 1 else ""
    since = scene.day(scene.last_day(due.since))
    return scene.said.first(*briefly(["do.service_due"], brief), what=what + more, date=since)
