"""The line under the car: what to do at once, else what to say to a fresh car, else what to do."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from web.guard.lane.car import Car
from web.guard.lane.states import CLOSED_BY, NOTICES, TONES, cannot_open, exception, key_of
from web.guard.orders.may import ways
from web.guard.scene import Facts, Scene, briefly, named

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


def line(scene: Scene, lane: Facts, car: Car | None) -> Line:
    """What keeps cards from opening, or must be done at once, before what to say."""
    code, key = cannot_open(lane), exception(lane)
    if code is not None and (key is None or (key != "locked" and TONES[key] == "note")):
        key = key_of(code)
    fresh = car is not None and bool(car.say) and not car.earlier
    # The car of a lane that is out of use is waved through, so it is spoken to.
    first = code is not None and not (code in CLOSED_BY and car is not None and car.verdict != "granted")
    if key is not None and (key in NOTICES or not fresh or first or _overtaken(lane)):
        return _line(scene, "do", todo(scene, key, lane), todo(scene, key, lane, brief=True), TONES[key])
    if car is None:
        return _line(scene, "say", "", "", "calm")
    label = "do" if lane["last_decision"]["reason"] in _DRIVER_ELSEWHERE else "say"
    return _line(scene, label, car.say, car.say_brief, "calm")


def _line(scene: Scene, label: str, text: str, brief: str, tone: str) -> Line:
    some, most = LONG_LINE[scene.said.locale]
    long = "" if len(text) <= some else "long" if len(text) <= most else "longer"
    return Line(scene.said(f"{label}.label") if text else "", text, brief, tone, long)


def _overtaken(lane: Facts) -> bool:
    """Whether the arm was struck, or fire was reported, after the last decision, which is then over."""
    since, decision = lane.get("since"), lane.get("last_decision")
    if lane.get("mode") not in ("crashed", "fire") or not since or decision is None:
        return False
    return str(since) > str(decision["at"])


def todo(scene: Scene, key: str, lane: Facts, *, brief: bool = False) -> str:
    """What a mode or state asks the guard to do."""
    said = scene.said
    if key == "held" and lane.get("hold"):
        return _held(scene, lane["hold"], brief=brief)
    if key == "service_due":
        return _due(scene, lane["service_due"], brief=brief)
    if key == "paused":
        pause = lane.get("pause") or {}
        until = scene.time(pause.get("until"))
        act = ways(scene, lane)
        return said.first(*briefly(["do.paused"], brief), by=named(pause.get("by")), until=until, act=act)
    tag = lane.get("tag") or {}
    by, since, code = named(tag.get("by")), scene.time(tag.get("since")), str(tag.get("reason") or "")
    reason = said.first(f"confirm.lock.{code}", "mode.locked.reason")
    if code and f"confirm.lock.{code}" not in said:
        reason = code
    return said.first(*briefly([f"do.{key}"], brief), reason=reason, by=by, time=since, act=ways(scene, lane))


def _held(scene: Scene, hold: Facts, *, brief: bool) -> str:
    """Who holds the lane open, since when, and how it ends."""
    ends = [name for name in ("until", "left") if hold.get(name)]
    by = named(hold.get("by"))
    return scene.said.first(
        *briefly(["do.held." + ("_".join(ends) or "open")], brief),
        by=scene.said.first(f"held_by.{by}", "held_by.name", by=by),
        since=scene.time(hold.get("since")),
        until=scene.time(hold.get("until")),
        n=hold.get("left"),
    )


def _due(scene: Scene, dues: Sequence[Facts], *, brief: bool) -> str:
    """The first service limit that was passed, and how many more there are."""
    due = dues[0]
    scale, digits = (1000, 1) if due["what"] == "travel_ms" else (1, 0)
    count, limit = (f"{due[name] / scale:.{digits}f}" for name in ("count", "limit"))
    what = scene.said.first(f"due.{due['what']}", "due.other", count=count, limit=limit)
    more = f" (+{len(dues) - 1})" if len(dues) > 1 else ""
    since = scene.day(scene.last_day(due.get("since")))
    return scene.said.first(*briefly(["do.service_due"], brief), what=what + more, date=since)
