"""The state of a lane that people must know of, how loud it is, and why no card opens a lane."""

from __future__ import annotations

import math

import msgspec

from gateway.core.vocabulary.views import LaneView
from web.guard.scene import Scene
from web.words.times import instant

# How loud a mode or state is: act (red), decide (amber), note (no colour, but marked).
TONES = {
    "crashed": "act",
    "fire": "act",
    "interrupted": "decide",
    "paused": "decide",
    "stopped": "decide",
    "device_lost": "decide",
    "fault": "decide",
    "unknown": "decide",
    "held": "note",
    "locked": "note",
    "arm_whole": "act",
    "no_answer": "decide",
    "close_aborted": "decide",
    "vehicle_under": "decide",
    "approach_stuck": "decide",
    "second_factor": "decide",
    "controller_fault": "decide",
    "crossed_closed": "decide",
    "cycles_high": "note",
    "service_due": "note",
}
# What the lane asks of the guard at once, whatever car is there.
NOTICES = frozenset(
    {
        "arm_whole", "no_answer", "close_aborted", "vehicle_under", "approach_stuck", "second_factor",
        "controller_fault", "crossed_closed",
    }
)  # fmt: skip
LOOK_NOTICES = frozenset({"vehicle_under", "approach_stuck"})
# Their line says since when, and their mark what is left.
_SAY_SINCE = frozenset({"held", "service_due"})
# Why no card opens a lane, by the mode or state that says so on it.
CLOSED_BY = {"lane_locked": "locked", "lane_crashed": "crashed"}
_ASKED = {"open": "up", "hold": "up", "close": "down", "release": "down"}
_SEEN_AS = {"up": ("rising", "open"), "down": ("lowering", "closed")}


class Mode(msgspec.Struct, frozen=True):
    """The mark on a lane's panel; `at_ms` is since when."""

    key: str
    text: str
    tone: str
    at_ms: int | None


def mode(scene: Scene, lane: LaneView) -> Mode | None:
    """The marked mode or state of a lane; None while it simply works."""
    key = exception(lane)
    if key is None:
        return None
    text = _held_chip(scene, lane) if key == "held" else ""
    text = text or scene.said.first(f"notice.{key}", f"mode.{key}", f"state.{key}")
    since = None if key in _SAY_SINCE else lane.notice_since if lane.notice == key else lane.since
    return Mode(key, text, TONES[key], scene.epoch_ms(since) if since and key != "paused" else None)


def _held_chip(scene: Scene, lane: LaneView) -> str:
    """What is left of a hold, its time before its vehicles; "" for one that only a person ends."""
    hold = lane.hold
    if hold is None:
        return ""
    until, left = instant(hold.until), hold.left
    if until:
        return scene.said("mode.held.minutes", n=max(0, math.ceil((until - scene.now).total_seconds() / 60)))
    return scene.said.first(f"mode.held.count.{left}", "mode.held.count", n=left) if left else ""


def exception(lane: LaneView) -> str | None:
    """The mode or state of a lane that people must know of; modes are stronger than states."""
    if lane.mode in ("locked", "crashed", "fire"):
        return lane.mode
    if lane.notice in NOTICES:
        return lane.notice
    if lane.mode in TONES:
        return lane.mode
    if lane.interrupted:
        return "interrupted"
    if lane.cannot_open in ("paused", "device_lost"):
        return lane.cannot_open
    if lane.state in TONES:
        return lane.state
    if lane.notice in TONES:
        return lane.notice
    return "service_due" if lane.service_due else None


def key_of(code: str) -> str:
    """The mode or state that goes with the reason why no card opens a lane."""
    return CLOSED_BY.get(code, code)


def asked(lane: LaneView) -> str:
    """Which way the arm was asked to go and does not go yet: up, down, or "" for neither."""
    return "" if follows(lane) else _way(lane)


def follows(lane: LaneView) -> bool:
    """Whether the arm is seen to do what was asked."""
    return lane.arm in _SEEN_AS.get(_way(lane), ())


def _way(lane: LaneView) -> str:
    return _ASKED.get(lane.requested.command, "") if lane.requested else ""
