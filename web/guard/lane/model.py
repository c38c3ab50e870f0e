"""One lane's panel.

What was measured, what was asked for and what is old never look alike; what keeps a lane from opening for cards comes
before everything else; every refusal says why.
"""

from __future__ import annotations

import msgspec

from gateway.core.vocabulary.views import LaneView
from web.guard.actions.model import Actions, actions
from web.guard.compare.model import Case, case
from web.guard.lane.car import Car, last_car
from web.guard.lane.line import Line, line
from web.guard.lane.states import TONES, Mode, asked, follows, key_of, mode
from web.guard.lane.waits import Waits, waits
from web.guard.pay.model import Pay, pay
from web.guard.scene import Scene, named

# With more lanes each has a quarter of the screen, and the short form of every sentence.
BRIEF_FROM = 2
_LOOPS = {True: "on", False: "off", None: "unknown"}


class Loop(msgspec.Struct, frozen=True):
    """One loop mark: on, off or unknown."""

    state: str
    name: str
    text: str


class Bar(msgspec.Struct, frozen=True):
    """The largest words of a lane; `step` is how far a granted car's opening is."""

    verdict: str
    word: str
    reason: str
    step: str = ""
    tone: str = ""


class Pile(msgspec.Struct, frozen=True):
    """A booth's screen waits here for a card from the pile; `wrong`: why the last one is none, "" for nothing."""

    station: str
    card: str
    wrong: str


class LanePanel(msgspec.Struct, frozen=True):
    """Everything that is shown of one lane, and what can be done there."""

    id: str
    name: str
    brief: bool
    direction: str
    direction_text: str
    arm: str
    arm_text: str
    mode: Mode | None
    pause_ends_ms: int | None
    requested: str
    asked: str
    age_ms: int | None
    approach: Loop
    safety: Loop
    car: Car | None
    bar: Bar
    waits: Waits | None
    case: Case | None
    pay: Pay | None
    line: Line
    actions: Actions
    present: bool
    needs_you: bool
    pile: Pile | None


def lane_panel(scene: Scene, lane: LaneView) -> LanePanel:
    """One lane's panel and its actions."""
    said = scene.said
    pass_ = scene.pass_of(lane.last_decision.pass_) if lane.last_decision else None
    car = last_car(scene, lane, pass_)
    waiting = waits(scene, lane, car)
    return LanePanel(
        id=lane.id,
        name=lane.name or lane.id,
        brief=len(scene.lanes) > BRIEF_FROM,
        direction=lane.direction,
        direction_text=said(f"direction.{lane.direction}"),
        arm=lane.arm,
        arm_text=said.first(f"arm.{lane.arm}", "arm.unknown"),
        mode=mode(scene, lane),
        pause_ends_ms=scene.epoch_ms(lane.pause.until) if lane.pause else None,
        requested=_requested(scene, lane),
        asked=asked(lane),
        age_ms=lane.age_ms,
        approach=_loop(scene, "approach", lane.approach),
        safety=_loop(scene, "safety", lane.safety),
        car=car,
        bar=_bar(scene, lane, car),
        waits=waiting,
        case=case(scene, lane),
        pay=pay(scene, lane),
        line=line(scene, lane, car, pass_),
        actions=actions(scene, lane, waiting),
        present=scene.stands_at(lane.id),
        needs_you=_needs_you(lane, car),
        pile=_pile(scene, lane),
    )


def _pile(scene: Scene, lane: LaneView) -> Pile | None:
    pile = lane.pile
    if pile is None:
        return None
    wrong = scene.said.first(f"visitor.card.{pile.wrong}", "visitor.card.out") if pile.wrong else ""
    return Pile(pile.station, pile.card or "", wrong)


def _requested(scene: Scene, lane: LaneView) -> str:
    """What was asked for and cannot be seen yet; once the arm does it, the arm says so."""
    order = lane.requested
    if order is None or follows(lane):
        return ""
    text = scene.said.first(f"requested.{order.command}", "requested.open")
    return f"{text} · {named(order.by)}" if order.by not in ("", "gateway") else text


def _loop(scene: Scene, which: str, occupied: bool | None) -> Loop:
    state = _LOOPS[occupied]
    return Loop(state, scene.said(f"loop.{which}"), scene.said(f"loop.{state}"))


def _bar(scene: Scene, lane: LaneView, car: Car | None) -> Bar:
    """The largest words of a lane: that no card opens it, else the last car's verdict."""
    said, code = scene.said, lane.cannot_open
    if code is not None:
        reason = said.first(f"blocked.{code}", "blocked.other")
        word = said.first(f"verdict.blocked.{code}", "verdict.blocked")
        return Bar("blocked", word, reason, tone=TONES.get(key_of(code), "decide"))
    if car is None:
        return Bar("", said("verdict.none"), "")
    step = _step(lane, car)
    return Bar(car.verdict, said("verdict.asked") if step == "asked" else car.word, car.reason, step)


def _step(lane: LaneView, car: Car) -> str:
    """How far a granted car's opening is: asked, moving or done; passed behind it, "" for another verdict."""
    if car.verdict != "granted" or car.earlier:
        return ""
    if lane.arm == "open":
        return "done"
    if lane.arm == "rising":
        return "moving"
    return "passed" if car.passed else "asked"


def _needs_you(lane: LaneView, car: Car | None) -> bool:
    """A vehicle waits there and nothing will open by itself."""
    if lane.approach is None and lane.case is not None and "payment" in lane.case.missing:
        return lane.arm == "closed"  # no loop tells of the car, but its read does
    if lane.approach is not True or lane.arm != "closed":
        return False
    return lane.case is not None or car is None or car.earlier or car.verdict != "granted"
