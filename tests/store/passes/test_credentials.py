"""The normal form of cards and plates, and their keys in the index."""

from __future__ import annotations

import pytest

from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.store.passes.credentials import KINDS, card_number, key_of, keys_of, normal_card


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("1", "1"), ("0", "0"), ("000", "0"), ("0012", "12"), ("120", "120"), (" 12 ", "12"), ("\t0012\n", "12"),
        ("9" * 20, "9" * 20), ("0" * 19 + "7", "7"), ("0" * 20 + "7", "0" * 20 + "7"), ("1" * 21, "1" * 21),
        ("e2001", "E2001"), ("E2001", "E2001"), ("00ab", "00AB"), (" ab ", "AB"), ("F" * 64, "F" * 64),
    ],
)  # fmt: skip
def test_a_card_has_one_normal_form(written: str, normal: str) -> None:
    assert normal_card(written) == normal


@pytest.mark.parametrize("written", ["", " ", "12 34", "xyz", "-1", "1.5", "F" * 65, "1" * 65, "١٢", "0x12", "G"])
def test_what_is_no_card_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        normal_card(written)


@pytest.mark.parametrize(
    ("normal", "number"), [("12", 12), ("9" * 20, 10**20 - 1), ("1" * 21, int("1" * 21, 16)), ("1A", 26), ("0", 0)]
)
def test_a_card_stands_for_a_number(normal: str, number: int) -> None:
    assert card_number(normal) == number


@pytest.mark.parametrize(
    ("kind", "value", "key"),
    [
        ("card", "0012", (0, 12, "12")),
        ("card", str(0xFFFFFF), (0, 0xFFFFFF, "16777215")),
        ("card", str(0x1000000), (0, 0, "16777216")),
        ("card", str(0x1000001), (0, 1, "16777217")),
        ("card", "e2abcdef", (0, 0xABCDEF, "E2ABCDEF")),
        ("plate", "粤B·123o5", (1, 0, "粤B12305")),
        ("qr", "abc", (2, 0, "abc")),
        ("pin", "0012", (3, 0, "0012")),
    ],
)
def test_a_credential_has_its_key(kind: str, value: str, key: tuple[int, int, str]) -> None:
    assert key_of(kind, value) == key


@pytest.mark.parametrize("kind", ["", "Card", "face"])
def test_an_impossible_kind_has_no_key(kind: str) -> None:
    with pytest.raises(ValueError):
        key_of(kind, "12")


def test_the_numbers_of_the_kinds_are_those_of_the_schema() -> None:
    assert KINDS == {"card": 0, "plate": 1, "qr": 2, "pin": 3}


@pytest.mark.parametrize(
    ("cards", "plates", "keys"),
    [
        ((), (), []),
        (("07",), (), [(0, 7, "7")]),
        ((), ("粤b12345",), [(1, 0, "粤B12345")]),
        (("7", "07"), ("AB1", "AB2"), [(0, 7, "7"), (0, 7, "7"), (1, 0, "AB1"), (1, 0, "AB2")]),
    ],
)
def test_a_pass_has_the_keys_of_its_cards_and_then_its_plates(
    cards: tuple[str, ...], plates: tuple[str, ...], keys: list[tuple[int, int, str]]
) -> None:
    assert keys_of(Pass("a", PassKind.STAFF, cards=cards, plates=plates)) == keys
