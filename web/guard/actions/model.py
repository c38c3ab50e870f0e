"""What can be done at a lane: what each button asks for, how it is pressed, and why it is off."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from gateway.core.vocabulary.views import LaneView
from web.guard.lane.states import LOOK_NOTICES
from web.guard.lane.waits import Waits
from web.guard.orders.may import exits_opened, needs_waiver, opening, why_not
from web.guard.pay.model import charge_of, in_words
from web.guard.scene import Scene, refusal, width

# Exits whose names fit on the button that opens them too; of more it says how many.
EXITS_WIDTH = 14
_ON_THE_SPOT_OR_NOW = (None, "on_the_spot_only")


class Action(msgspec.Struct, frozen=True, omit_defaults=True):
    """`press` is tap, hold, or the sheet that asks for more; `why` it is off, "" while it is on.

    `waives`: the sheet asks for a leader's word, since touched points are not ticked again.
    """

    command: str
    label: str
    press: str
    on: bool
    hint: str
    why: str
    long: bool = False
    waives: bool = False
    spoken: str = ""


class Actions(msgspec.Struct, frozen=True):
    """Each button by its name: `more` is the rarer action that fits the moment; the place *more* has all of them."""

    open: Action
    close: Action
    more: Action
    keep: Action
    tag: Action
    urgent: Action
    reset: Action


def actions(scene: Scene, lane: LaneView, waiting: Waits | None) -> Actions:
    """What can be done at a lane; `waiting` are the vehicles that were let in and have not passed."""
    held, tagged = lane.mode == "held", lane.tag is not None or lane.mode == "locked"
    rarer = {
        "keep": _action(scene, lane, "release", "tap") if held else _action(scene, lane, "hold", "sheet"),
        "tag": _action(scene, lane, "unlock" if tagged else "lock", "pin"),
        "urgent": _emergency(scene, lane),
        "reset": _reset(scene, lane),
    }
    return Actions(
        open=_open(scene, lane, waiting),
        close=_action(scene, lane, "close", "hold"),
        more=_more(scene, lane, rarer),
        **rarer,
    )


def _open(scene: Scene, lane: LaneView, waiting: Waits | None) -> Action:
    """Open, or the comparison with a car that waits for a person's word; where the arm is out of use, noting a
    vehicle that was waved through.
    """
    if lane.case is not None:
        return _pay(scene, lane) if "payment" in lane.case.missing else _compare(scene, lane)
    command, refused = opening(scene, lane), _was_refused(lane)
    tap = lane.approach is True and not refused
    action = _action(scene, lane, command, "tap" if tap else "hold")
    if not action.on:
        return action
    if refused:
        return msgspec.structs.replace(action, hint=scene.said("cmd.open.refused"))
    if waiting is not None and command == "open":
        return msgspec.structs.replace(action, hint=waiting.text, long=True)
    return msgspec.structs.replace(action, hint=scene.said(f"cmd.{command}.tap" if tap else "cmd.open.hold"))


def _was_refused(lane: LaneView) -> bool:
    """Whether the car that is there was turned away by a person: it is not let in by a tap that comes too late."""
    decision = lane.last_decision
    if decision is None or decision.handled is UNSET:
        return False
    return decision.present and decision.handled.what == "refused"


def _pay(scene: Scene, lane: LaneView) -> Action:
    """The sheet on which a car that must pay is charged."""
    code = "role" if not scene.may_act else None if lane.allowed else "stale"
    charge = charge_of(lane.case)
    due = in_words(scene.said, charge.due, charge.currency) if charge is not None else ""
    hint = due if code is None else scene.said(f"why.{code}")
    return Action(
        "pay", scene.said("cmd.pay"), "pay", code is None, hint, "" if code is None else refusal(scene.said, code)
    )


def _compare(scene: Scene, lane: LaneView) -> Action:
    """The sheet on which a car that waits for a person's word is released or refused."""
    code = "role" if not scene.may_act else None if lane.allowed else "stale"
    hint = scene.said("cmd.compare.hint") if code is None else scene.said(f"why.{code}")
    why = "" if code is None else refusal(scene.said, code)
    return Action("compare", scene.said("cmd.compare"), "case", code is None, hint, why)


def _more(scene: Scene, lane: LaneView, known: dict[str, Action]) -> Action:
    """The rarer action that fits the moment: what ends a trouble, a tag or a hold, else an emergency vehicle."""
    reset = known["reset"]
    if reset.on or reset.command == "look":
        return reset
    ends = [one for one in (known["tag"], known["keep"]) if one.command in ("unlock", "release") and one.on]
    if ends:
        return ends[0]
    urgent = lane.mode not in ("locked", "crashed") and why_not(scene, lane, "emergency") in _ON_THE_SPOT_OR_NOW
    return known["urgent"] if urgent else reset


def _reset(scene: Scene, lane: LaneView) -> Action:
    """Reset, or saying that one has looked where a detector or the arm is in doubt."""
    doubted = lane.notice in LOOK_NOTICES or lane.allowed.get("close") == "safety_unknown"
    if why_not(scene, lane, "reset") is not None and doubted and why_not(scene, lane, "look") in _ON_THE_SPOT_OR_NOW:
        return _action(scene, lane, "look", "hold")
    return _action(scene, lane, "reset", "pin")


def _emergency(scene: Scene, lane: LaneView) -> Action:
    """Open for an emergency vehicle; on an entry it says which exits it opens too."""
    action = _action(scene, lane, "emergency", "tap" if lane.approach is True else "hold")
    exits = exits_opened(lane, scene.lanes)
    if not action.on or not exits:
        return action
    names = scene.said.listed(exits)
    keys = ["cmd.emergency.exits"] if width(names) <= EXITS_WIDTH else []
    hint = scene.said.first(
        *keys, f"cmd.emergency.exits_{len(exits)}", "cmd.emergency.exits_n", exits=names, n=len(exits)
    )
    return msgspec.structs.replace(action, hint=hint, spoken=scene.said("cmd.emergency.spoken", exits=names))


def _action(scene: Scene, lane: LaneView, command: str, press: str) -> Action:
    said, code = scene.said, why_not(scene, lane, command)
    waives = needs_waiver(lane, command)
    hint = "" if press == "tap" else said("why.points_unticked" if waives else f"cmd.press.{press}")
    return Action(
        command=command,
        label=said(f"cmd.{command}"),
        press=press,
        on=code is None,
        hint=hint if code is None else said.first(f"why.{code}", "why.other", code=code),
        why="" if code is None else refusal(said, code),
        waives=waives,
    )
