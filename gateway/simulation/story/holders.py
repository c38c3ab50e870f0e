"""Who has which card, plate and QR code.

Cards come in families: those that let their owners in, and those that must not. A card's number tells its family, so
that the rules can judge a decision without asking the product.
"""

from __future__ import annotations

import random
from pathlib import Path

from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.simulation.story.happenings import WHO
from gateway.simulation.world.clock import START_WALL_NS
from gateway.store.passes.codes import PassCode, PassCodes, write_code

FAMILIES = ("right", "shared", "expired", "blocked", "future", "unknown", "cloned", "lost", "visitor", "guest")
"""Visitors have no card but a QR code; the number of a card that they might have had names their plate.

Guests have a card from the pile, which is in no pass, and are announced.
"""
NO_PASS = ("unknown", "guest")
ADMITTED = ("right", "shared", "cloned", "lost", "visitor")
SURE = ("right", "shared")
"""Families that are let in whatever has happened."""
CODES = 100
"""QR codes of a story; a visitor shows one of them, for the first time or not."""
_CODES_KEY = bytes(range(32))
_CODES_END_S = START_WALL_NS // 1_000_000_000 + 92 * 86_400
_ENDS = {"expired": "2020-01-01"}
_BEGINS = {"future": "2099-01-01"}


def card_number(family: str, who: int) -> str:
    """The card number of a person; an unknown one is in no pass."""
    return str(1_000 * (1 + FAMILIES.index(family)) + who)


def plate_number(family: str, who: int) -> str:
    """The plate of a person's car."""
    return plate_of(card_number(family, who))


def plate_of(card: str) -> str:
    """The plate of the car that a card belongs to."""
    return f"沪A{card:>05}"


def misread(plate: str, chance: random.Random) -> str:
    """What a camera makes of a plate that it cannot read well: one digit is another one."""
    at = chance.randrange(2, len(plate))
    return f"{plate[:at]}{(int(plate[at]) + chance.randint(1, 9)) % 10}{plate[at + 1 :]}"


def pass_of(family: str, who: int, lost: bool = False) -> Pass:
    """The pass of a person, without a lost card."""
    kind = {"blocked": PassKind.BLOCKED, "visitor": PassKind.TEMPORARY}.get(family, PassKind.MONTHLY)
    cards = () if lost or family == "visitor" else (card_number(family, who),)
    plates = (plate_number(family, who),)
    begins, ends = _BEGINS.get(family, ""), _ENDS.get(family, "")
    return Pass(f"{family}-{who}", kind, cards=cards, plates=plates, valid_from=begins, valid_until=ends)


def passes() -> list[Pass]:
    """Every pass of the registry; none has an unknown card, nor a guest's."""
    return [pass_of(family, who) for family in FAMILIES if family not in NO_PASS for who in range(WHO)]


def family_of(card: str) -> str:
    """The family of a card by its number."""
    thousand, who = divmod(int(card), 1_000)
    return FAMILIES[thousand - 1] if 0 < thousand <= len(FAMILIES) and who < WHO else "unknown"


def pass_id_of(kind: str, value: str) -> str | None:
    """The pass that a card, a plate or the name of a QR code belongs to; None for an unknown one."""
    if kind == "qr":
        return None if value.startswith("foreign") else f"visitor-{int(value, 16) % WHO}"
    number = value.removeprefix("沪A")
    family = family_of(number)
    return None if family in NO_PASS or (kind == "card" and family == "visitor") else f"{family}-{int(number) % 1_000}"


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
