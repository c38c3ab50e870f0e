"""The simulated estate: the site file of a story's lanes, and who has which card.

Cards come in families: those that let their owners in, and those that must not. A card's number tells its family, so
that the rules can judge a decision without asking the product.
"""

from __future__ import annotations

from typing import Any

from gateway.core.passes import Pass, PassKind
from gateway.core.settings import Settings
from gateway.core.site_file import parse_settings
from gateway.simulation.gate import INPUTS, LANE_INPUTS, OUTPUTS
from gateway.simulation.story import WHO, Story

FAMILIES = ("right", "shared", "expired", "blocked", "future", "unknown", "cloned", "lost")
ADMITTED = ("right", "shared", "cloned", "lost")
_ENDS = {"expired": "2020-01-01"}
_BEGINS = {"future": "2099-01-01"}
_BARRIER_KEYS = ("control", "external_open", "close_by")


def settings_of(story: Story) -> Settings:
    """The site file of a story's shape."""
    lanes = [_lane(number, shape) for number, shape in enumerate(story.lanes)]
    kinds = ("io", "reader")
    devices = [{"id": f"{kind}{n}", "driver": "noop"} for kind in kinds for n in range(len(story.lanes))]
    doors = [f"lane{number}" for number, shape in enumerate(story.lanes) if shape.get("sally_port")]
    interlocks = [{"type": "sally_port", "barriers": doors}] if len(doors) > 1 else []
    return parse_settings(
        {
            "site": {"id": "simulated"},
            "gateway": {"id": "sim"},
            "devices": devices,
            "lanes": lanes,
            "interlocks": interlocks,
        }
    )


def _lane(number: int, shape: dict[str, Any]) -> dict[str, Any]:
    """One lane of the site file."""
    without = shape.get("without", ())
    points = {name: f"io{number}.input.{n}" for n, name in enumerate(INPUTS) if name not in without}
    lane_points = {name: points.pop(name) for name in LANE_INPUTS}
    fitted: tuple[str, ...] = ("exit_button",) if shape.get("button_only") else ()
    if shape.get("fire"):
        fitted += ("fire",)
    outputs = OUTPUTS[:3] if shape.get("control", "pulse") == "pulse" else OUTPUTS[:1]
    wired: dict[str, Any] = points | {name: f"io{number}.output.{n}" for n, name in enumerate(outputs)}
    wired |= {key: shape[key] for key in _BARRIER_KEYS if key in shape}
    wired["travel_time_ms"] = max(300, int(shape["travel_ms"]))
    return {
        "id": f"lane{number}",
        "direction": shape["direction"],
        "readers": [] if shape.get("button_only") else [f"reader{number}"],
        "siren": f"io{number}.output.3",
        "barrier": wired,
        **{name: lane_points[name] for name in fitted},
    }


def card_number(family: str, who: int) -> str:
    """The card number of somebody; nobody in the registry has an unknown one."""
    return str(1_000 * (1 + FAMILIES.index(family)) + who)


def pass_of(family: str, who: int, lost: bool = False) -> Pass:
    """The pass of somebody; a card that was lost is taken off it."""
    kind = PassKind.BLOCKED if family == "blocked" else PassKind.MONTHLY
    cards = () if lost else (card_number(family, who),)
    begins, ends = _BEGINS.get(family, ""), _ENDS.get(family, "")
    return Pass(f"{family}-{who}", kind, cards=cards, valid_from=begins, valid_until=ends)


def passes() -> list[Pass]:
    """Every pass of the registry; nobody in it has an unknown card."""
    return [pass_of(family, who) for family in FAMILIES if family != "unknown" for who in range(WHO)]


def family_of(card: str) -> str:
    """The family of a card by its number."""
    return FAMILIES[int(card) // 1_000 - 1]
