"""The simulated estate: the site file of a story's lanes, and who has which card.

Cards come in families: those that let their owners in, and those that must not. A card's number tells its family, so
that the rules can judge a decision without asking the product.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from gateway.core.settings.model import Settings
from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.simulation.board import OUTPUTS
from gateway.simulation.gate import INPUTS, LANE_INPUTS
from gateway.simulation.story import WHO, Story
from gateway.simulation.world import START_WALL_NS
from gateway.store.passes.codes import PassCode, PassCodes, write_code

FAMILIES = ("right", "shared", "expired", "blocked", "future", "unknown", "cloned", "lost", "visitor")
"""Visitors have no card but a QR code; the number of a card that they might have had names their plate."""
ADMITTED = ("right", "shared", "cloned", "lost", "visitor")
SURE = ("right", "shared")
"""Whoever has one of these is let in whatever has happened."""
DESK = "desk"
"""The reader in the booth that two lanes share."""
CODES = 100
"""QR codes of a story; whoever comes shows one of them, for the first time or not."""
_CODES_KEY = bytes(range(32))
_CODES_END_S = START_WALL_NS // 1_000_000_000 + 92 * 86_400
_ENDS = {"expired": "2020-01-01"}
_BEGINS = {"future": "2099-01-01"}
_BARRIER_KEYS = ("control", "external_open", "close_by")


def settings_of(story: Story) -> Settings:
    """The site file of a story's shape."""
    lanes = [_lane(number, barrier_of(story, number), shape) for number, shape in enumerate(story.lanes)]
    homes = {barrier_of(story, number) for number in range(len(story.lanes))}
    readers = [f"{kind}{number}" for kind in ("reader", "camera") for number in range(len(story.lanes))] + [DESK]
    doors = [f"barrier{number}" for number in sorted(homes) if story.lanes[number].get("sally_port")]
    interlocks = [{"type": "sally_port", "barriers": doors}] if len(doors) > 1 else []
    return parse_settings(
        {
            "site": {"id": "simulated", **story.site},
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
        "readers": readers_of(number, shape),
        "barrier": f"barrier{home}",
        **{name: _input(home, name) for name in fitted},
    }
    if number == home:
        lane["siren"] = f"io{number}.output.3"
    if shape.get("two_factor"):
        lane |= {"two_factor": True}
    if shape.get("two_factor") or shape.get("camera"):
        lane |= {"cameras": [f"camera{number}"]}
    return lane


def readers_of(number: int, shape: dict[str, Any]) -> list[str]:
    """The readers of a lane: its own, and perhaps the one on the desk."""
    own = [] if shape.get("button_only") else [f"reader{number}"]
    return [*own, DESK] if shape.get("desk") else own


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


def misread(plate: str, chance: random.Random) -> str:
    """What a camera makes of a plate that it cannot read well: one digit is another one."""
    at = chance.randrange(2, len(plate))
    return f"{plate[:at]}{(int(plate[at]) + chance.randint(1, 9)) % 10}{plate[at + 1 :]}"


def pass_of(family: str, who: int, lost: bool = False) -> Pass:
    """The pass of somebody; a card that was lost is taken off it."""
    kind = {"blocked": PassKind.BLOCKED, "visitor": PassKind.TEMPORARY}.get(family, PassKind.MONTHLY)
    cards = () if lost or family == "visitor" else (card_number(family, who),)
    plates = (plate_number(family, who),)
    begins, ends = _BEGINS.get(family, ""), _ENDS.get(family, "")
    return Pass(f"{family}-{who}", kind, cards=cards, plates=plates, valid_from=begins, valid_until=ends)


def passes() -> list[Pass]:
    """Every pass of the registry; nobody in it has an unknown card."""
    return [pass_of(family, who) for family in FAMILIES if family != "unknown" for who in range(WHO)]


def family_of(card: str) -> str:
    """The family of a card by its number."""
    thousand, who = divmod(int(card), 1_000)
    return FAMILIES[thousand - 1] if 0 < thousand <= len(FAMILIES) and who < WHO else "unknown"


def pass_id_of(kind: str, value: str) -> str | None:
    """The pass that a card, a plate or the name of a QR code belongs to; None when it is nobody's."""
    if kind == "qr":
        return None if value.startswith("foreign") else f"visitor-{int(value, 16) % WHO}"
    number = value.removeprefix("沪A")
    family = family_of(number)
    return (
        None if family == "unknown" or (kind == "card" and family == "visitor") else f"{family}-{int(number) % 1_000}"
    )


def codes(folder: Path) -> PassCodes:
    """The gateway's own QR codes, with a key that every story has."""
    key = folder / "pass-codes.key"
    key.write_bytes(_CODES_KEY)
    return PassCodes(key)


def code_name(number: int) -> str:
    """The name by which the journal knows a QR code."""
    return f"{number:012x}"


def code_text(number: int) -> str:
    """What a QR code says."""
    return write_code(_CODES_KEY, PassCode(f"visitor-{number % WHO}", _CODES_END_S, code_name(number)))
