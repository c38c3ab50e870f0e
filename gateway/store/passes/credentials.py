"""The normal form of a credential in the index, so that every way of writing finds the same card or plate.

A card is the decimal string of its data bits (leading zeros mean nothing) or, for UHF, its EPC in upper-case hex. A
plate is written as `gateway.core.plates.plates` does. How many bits of a card count is the site's `card_bits`, since
one card read by two kinds of reader may show more or fewer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Literal

from gateway.core.plates.plates import are_usual, normalise
from gateway.core.vocabulary.passes import Pass

CardBits = Literal[24, 32, "full"]

KINDS = {"card": 0, "plate": 1, "qr": 2, "pin": 3}
"""The numbers of the kinds of credential in the index; part of the schema."""
LOW_24 = 0xFF_FFFF
LOW_32 = 0xFFFF_FFFF

_DIGITS_MAX = 20
"""Decimal digits of any 64-bit number; a longer text, or one with letters, is an EPC."""
_PLAIN_CARD = re.compile(rf"[1-9][0-9]{{0,{_DIGITS_MAX - 1}}}").fullmatch
_HEX = re.compile(r"[0-9A-F]{1,64}")

Key = tuple[int, int, str]
Texts = tuple[str, ...]


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


def normal_cards(passes: Sequence[Pass]) -> list[Texts]:
    """The cards of each of many passes in normal form."""
    found = [one.cards for one in passes]
    if all(map(_PLAIN_CARD, chain.from_iterable(found))):
        return found
    return [tuple(map(normal_card, some)) for some in found]


def normal_plates(passes: Sequence[Pass]) -> list[Texts]:
    """The plates of each of many passes in normal form."""
    found = [one.plates for one in passes]
    if are_usual(chain.from_iterable(found)):
        return found
    return [tuple(map(normalise, some)) for some in found]


def card_numbers(cards: Sequence[str]) -> Iterable[int]:
    """The numbers that many normal forms stand for."""
    return map(int if all(map(_PLAIN_CARD, cards)) else card_number, cards)


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
    return [*(key_of("card", card) for card in pass_.cards), *(key_of("plate", plate) for plate in pass_.plates)]
