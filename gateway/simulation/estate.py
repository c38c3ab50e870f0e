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
SURE = ("right", "shared")
"""Whoever has one of these is let in whatever has happened."""
_ENDS = {"expired": "2020-01-01"}
_BEGINS = {"future": "2099-01-01"}
_BARRIER_KEYS = ("control", "external_open", "close_by")


def settings_of(story: Story) -> Settings:
    """The site file of a story's shape."""
    lanes = [_lane(number, barrier_of(story, number), shape) for number, shape in enumerate(story.lanes)]
    homes = {barrier_of(story, number) for number in range(len(story.lanes))}
    readers = [f"{kind}{number}" for kind in ("reader", "camera") for number in range(len(story.lanes))]
    doors = [f"barrier{number}" for number in sorted(homes) if story.lanes[number].get("sally_port")]
    interlocks = [{"type": "sally_port", "barriers": doors}] if len(doors) > 1 else []
    return parse_settings(
        {
            "site": {"id": "simulated"},
            "gateway": {"id": "sim"},
            "devices": [
                {"id": name, "driver": "noop"} for name in (*(f"io{home}" for home in sorted(homes)), *readers)
            ],
            "barriers": [_barrier(number, story.lanes[number]) for number in sorted(homes)],
            "lanes": lanes,
            "interlocks": interlocks,
        }
    )


def barrier_of(story: Story, number: int) -> int:
    """The number of the lane whose barrier a lane leads past: its own, or that of the lane before it."""
    return number - 1 if number and story.lanes[number].get("shares") else number


def _barrier(number: int, shape: dict[str, Any]) -> dict[str, Any]:
    """One barrier of the site file."""
    without = (*shape.get("without", ()), *(() if shape.get("shared") else ("clear_loop",)), *LANE_INPUTS)
    wired: dict[str, Any] = {name: _input(number, name) for name in INPUTS if name not in without}
    outputs = OUTPUTS[:3] if shape.get("control", "pulse") == "pulse" else OUTPUTS[:1]
    wired |= {name: f"io{number}.output.{n}" for n, name in enumerate(outputs)}
    wired |= {key: shape[key] for key in _BARRIER_KEYS if key in shape}
    return {"id": f"barrier{number}", "travel_time_ms": max(300, int(shape["travel_ms"])), **wired}


def _lane(number: int, home: int, shape: dict[str, Any]) -> dict[str, Any]:
    """One lane of the site file; `home` is the number of its barrier."""
    fitted: tuple[str, ...] = ("exit_button",) if shape.get("button_only") else ()
    if shape.get("fire"):
        fitted += ("fire",)
    lane = {
        "id": f"lane{number}",
        "direction": shape["direction"],
        "readers": [] if shape.get("button_only") else [f"reader{number}"],
        "barrier": f"barrier{home}",
        **{name: _input(home, name) for name in fitted},
    }
    if number == home:
        lane["siren"] = f"io{number}.output.3"
    if shape.get("two_factor"):
        lane |= {"two_factor": True, "cameras": [f"camera{number}"]}
    return lane


def _input(number: int, name: str) -> str:
    return f"io{number}.input.{INPUTS.index(name)}"


def card_number(family: str, who: int) -> str:
    """The card number of somebody; nobody in the registry has an unknown one."""
    return str(1_000 * (1 + FAMILIES.index(family)) + who)


def plate_number(family: str, who: int) -> str:
    """The plate of somebody's car."""
    return plate_of(card_number(family, who))


def plate_of(card: str) -> str:
    """The plate of the car that a card belongs to."""
    return f"沪A{card:>05}"


def pass_of(family: str, who: int, lost: bool = False) -> Pass:
    """The pass of somebody; a card that was lost is taken off it."""
    kind = PassKind.BLOCKED if family == "blocked" else PassKind.MONTHLY
    cards = () if lost else (card_number(family, who),)
    plates = (plate_number(family, who),)
    begins, ends = _BEGINS.get(family, ""), _ENDS.get(family, "")
    return Pass(f"{family}-{who}", kind, cards=cards, plates=plates, valid_from=begins, valid_until=ends)


def passes() -> list[Pass]:
    """Every pass of the registry; nobody in it has an unknown card."""
    return [pass_of(family, who) for family in FAMILIES if family != "unknown" for who in range(WHO)]


def family_of(card: str) -> str:
    """The family of a card by its number."""
    return FAMILIES[int(card) // 1_000 - 1]
