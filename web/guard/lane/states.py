"""The state of a lane that people must know of, how loud it is, and why no card opens a lane."""

from __future__ import annotations

import math

import msgspec

from web.guard.scene import Facts, Scene
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


def mode(scene: Scene, lane: Facts) -> Mode | None:
    """The marked mode or state of a lane; None while it simply works."""
    key = exception(lane)
    if key is None:
        return None
    text = _held_chip(scene, lane) if key == "held" else ""
    text = text or scene.said.first(f"notice.{key}", f"mode.{key}", f"state.{key}")
    since = None if key in _SAY_SINCE else lane.get("notice_since" if lane.get("notice") == key else "since")
    return Mode(key, text, TONES[key], scene.epoch_ms(since) if since and key != "paused" else None)


def _held_chip(scene: Scene, lane: Facts) -> str:
    """What is left of a hold, its time before its vehicles; "" for one that only a person ends."""
    hold = lane.get("hold") or {}
    until, left = instant(hold.get("until")), hold.get("left")
    if until:
        return scene.said("mode.held.minutes", n=max(0, math.ceil((until - scene.now).total_seconds() / 60)))
    return scene.said.first(f"mode.held.count.{left}", "mode.held.count", n=left) if left else ""


def exception(lane: Facts) -> str | None:
    """The mode or state of a lane that people must know of; modes are stronger than states."""
    lane_mode, state, notice = lane.get("mode"), lane.get("state"), lane.get("notice")
    if lane_mode in ("locked", "crashed", "fire"):
        return str(lane_mode)
    if notice in NOTICES:
        return str(notice)
    if lane_mode in TONES:
        return str(lane_mode)
    if lane.get("interrupted"):
        return "interrupted"
    if lane.get("pause") and cannot_open(lane) == "paused":
        return "paused"
    if lane.get("cannot_open") == "device_lost":
        return "device_lost"
    if state in TONES:
        return str(state)
    if notice in TONES:
        return str(notice)
    if state is None:
        return "unknown"
    return "service_due" if lane.get("service_due") else None


def cannot_open(lane: Facts) -> str | None:
    """Why no card opens a lane now, as a code; None when cards open it."""
    if "cannot_open" in lane:
        code: str | None = lane["cannot_open"]
        return code
    lane_mode, state = lane.get("mode"), lane.get("state")
    for seen, code in (
        (lane_mode == "locked", "lane_locked"),
        (lane_mode == "crashed", "lane_crashed"),
        (lane.get("interrupted"), "interrupted"),
        (state == "stopped", "stopped"),
        (lane.get("pause"), "paused"),
        (lane.get("notice") == "no_answer", "no_answer"),
        (state == "fault", "fault"),
    ):
        if seen:
            return code
    return None


def key_of(code: str) -> str:
    """The mode or state that goes with the reason why no card opens a lane."""
    return CLOSED_BY.get(code, code)


def asked(lane: Facts) -> str:
    """Which way the arm was asked to go and does not go yet: up, down, or "" for neither."""
    command = (lane.get("requested") or {}).get("command", "")
    return "" if follows(lane) else _ASKED.get(command, "")


def follows(lane: Facts) -> bool:
    """Whether the arm is seen to do what was asked."""
    way = _ASKED.get((lane.get("requested") or {}).get("command", ""))
    return lane.get("arm") in _SEEN_AS.get(way or "", ())
