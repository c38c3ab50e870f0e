"""The normal form of a credential in the index, so that every way of writing finds the same card or plate.

A card is the decimal string of its data bits (leading zeros mean nothing) or, for UHF, its EPC in upper-case hex. A
plate is written as `gateway.core.plates.plates` does. How many bits of a card count is the site's `card_bits`, since
one card read by two kinds of reader may show more or fewer.
"""

from __future__ import annotations

import re
from typing import Literal

from gateway.core.plates.plates import normalise
from gateway.core.vocabulary.passes import Pass

CardBits = Literal[24, 32, "full"]

KINDS = {"card": 0, "plate": 1, "qr": 2, "pin": 3}
"""The numbers of the kinds of credential in the index; part of the schema."""
LOW_24 = 0xFF_FFFF
LOW_32 = 0xFFFF_FFFF

_DIGITS_MAX = 20
"""Decimal digits of any 64-bit number; a longer text, or one with letters, is an EPC."""
_HEX = re.compile(r"[0-9A-F]{1,64}")

Key = tuple[int, int, str]


def normal_card(text: str) -> str:
    """A card number in normal form; ValueError if it is neither decimal nor an EPC in hex."""
    if is_decimal(text):
        return text if text[0] != "0" else text.lstrip("0") or "0"
    upper = text.strip().upper()
    if upper != text:
        return normal_card(upper)
    if not _HEX.fullmatch(upper):
        raise ValueError(text)
    return upper


def normal_plate(text: str) -> str:
    """A plate in normal form, as for reads of cameras."""
    return normalise(text)


def card_number(normal: str) -> int:
    """The number that a card's normal form stands for."""
    return int(normal) if is_decimal(normal) else int(normal, 16)


def key_of(kind: str, value: str) -> Key:
    """The key of a credential in the index; ValueError for an impossible kind or card number."""
    if kind == "card":
        normal = normal_card(value)
        return 0, card_number(normal) & LOW_24, normal
    if kind == "plate":
        return 1, 0, normal_plate(value)
    if kind not in KINDS:
        raise ValueError(kind)
    return KINDS[kind], 0, value


def is_decimal(text: str) -> bool:
    """Whether a card number is written in decimal."""
    return text.isdigit() and len(text) <= _DIGITS_MAX and text.isascii()


def keys_of(pass_: Pass) -> list[Key]:
    """All credentials of a pass; duplicates may remain."""
    found: list[Key] = []
    for card in pass_.cards:
        if card.isdigit() and card[0] != "0" and len(card) <= _DIGITS_MAX and card.isascii():  # the usual one
            found.append((0, int(card) & LOW_24, card))
        else:
            found.append(key_of("card", card))
    found += [(1, 0, normalise(plate)) for plate in pass_.plates]
    return found
