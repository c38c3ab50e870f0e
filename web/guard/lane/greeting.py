"""The sentence to say to the driver of a car."""

from __future__ import annotations

from gateway.core.vocabulary.passes import Pass
from gateway.core.vocabulary.views import LaneView, LastDecision
from web.guard.pay.model import charge_of, in_words
from web.guard.scene import Scene, briefly, width

# Three and more lanes have two short lines for the sentence; a longer name would push the point of it out.
BRIEF_HOLDER_WIDTH = 12


def sentence(
    scene: Scene, decision: LastDecision, pass_: Pass | None, lane: LaneView, earlier: bool, *, brief: bool = False
) -> str:
    """What to say, with a warning when the pass is about to end; `brief` fits a quarter of the screen."""
    said = scene.said
    verdict, reason = decision.verdict, decision.reason
    holder = pass_.holder if pass_ and reason != "blocked" and not earlier else ""
    if brief and width(holder) > BRIEF_HOLDER_WIDTH:
        holder = ""
    hello = said("hello.name", holder=holder) if holder else said("hello")
    day = scene.day(scene.last_day(decision.valid_until or (pass_.valid_until if pass_ else None)))
    unit = pass_.unit if pass_ else ""
    charge = charge_of(decision)
    due = in_words(said, charge.due, charge.currency) if charge is not None else ""
    keys = briefly(_keys(decision, lane, bool(unit)), brief)
    text = said.first(*keys, hello=hello, unit=unit, date=day, sum=due)
    days = days_to_warn_of(scene, decision)
    if verdict != "granted" or days is None:
        return text
    warning = said.first(*briefly([f"say.expiring.{days}", "say.expiring.n"], brief), n=days, date=day)
    return f"{text}{warning}" if said.locale == "zh_CN" else f"{text} {warning}"


def days_to_warn_of(scene: Scene, decision: LastDecision) -> int | None:
    """The days left of a pass that is about to end and can be renewed, None for all others."""
    days = None if decision.kind == "temporary" else decision.days_left
    return days if days is not None and 0 <= days <= scene.expiry_days else None


def _keys(decision: LastDecision, lane: LaneView, to_unit: bool) -> list[str]:
    """The texts that fit a decision, the closest first."""
    base = f"say.{decision.verdict}.{decision.reason}"
    keys = [
        f"{base}.{decision.kind}.{lane.direction}",
        f"{base}.{lane.direction}",
        base,
        f"say.{decision.verdict}",
    ]
    return [f"{keys[0]}.unit", *keys] if to_unit else keys
