"""Why a command may not be given now from this screen by this person, as the core's codes."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.core.vocabulary.reasons import Refusal
from gateway.core.vocabulary.views import LaneView
from web.guard.scene import Scene

# What the core takes only from a screen at the lane, and what a tagged lane takes from nowhere else.
ON_THE_SPOT = frozenset({"emergency", "look"})
TAG_KEEPS_AFAR = frozenset({"stop", "release", "unlock"})


def why_not(scene: Scene, lane: LaneView, command: str) -> str | None:
    """The code of the reason; None when the command may be given."""
    if not scene.may_act:
        return "role"
    if not lane.allowed:
        return "stale"
    code = lane.allowed.get(command, "other")
    if needs_waiver(lane, command):
        code = None  # the sheet asks for the leader's word
    if not scene.stands_at(lane.id) and (afar := _why_not_from_afar(lane, command)):
        return afar
    if not code and command == "open" and scene.identity_required and not scene.stands_at(lane.id):
        return "identity_needed"
    return code or None


def needs_waiver(lane: LaneView, command: str) -> bool:
    """Whether the tag comes off only by a leader's word or in an emergency: touched points are not ticked again."""
    return command == "unlock" and lane.allowed.get("unlock") == Refusal.POINTS_UNTICKED


def by_hand(scene: Scene, lane: LaneView) -> bool:
    """Whether vehicles are waved through here, past an arm that is out of use."""
    return lane.mode in ("locked", "crashed") and why_not(scene, lane, "passed") is None


def opening(scene: Scene, lane: LaneView) -> str:
    """The command in the place of Open: the comparison while a car waits for a person's word."""
    if lane.case is not None:
        return "pay" if "payment" in lane.case.missing else "compare"
    return "passed" if by_hand(scene, lane) else "open"


def ways(scene: Scene, lane: LaneView | None) -> str:
    """What can be done at the arm now, in the words of the buttons that are on; else the barrier's own button."""
    if lane is None:
        return scene.said("act.none")
    said, command = scene.said, opening(scene, lane)
    opens = scene.may_act and (command in ("compare", "pay") or why_not(scene, lane, command) is None)
    closes = why_not(scene, lane, "close") is None
    key = "open_close" if opens and closes else "open" if opens else "close" if closes else "none"
    return said(f"act.{key}", open=said(f"cmd.{command}"))


def exits_opened(lane: LaneView, lanes: Sequence[LaneView]) -> list[str]:
    """The exits that an emergency at this lane opens too, by name: at an entry every one that can open."""
    if lane.direction == "exit":
        return []
    return [one.name or one.id for one in lanes if one.direction == "exit" and one.allowed.get("emergency") is None]


def _why_not_from_afar(lane: LaneView, command: str) -> str | None:
    tagged = lane.tag is not None or lane.mode == "locked"
    if command in ON_THE_SPOT or (tagged and command in TAG_KEEPS_AFAR):
        return "on_the_spot_only"
    unguarded = command == "close" and lane.safety is None
    return "safety_unknown" if unguarded and not lane.allowed.get(command) else None
