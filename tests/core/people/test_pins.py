"""PINs: their form, and those that a stranger tries first."""

from __future__ import annotations

import pytest

from gateway.core.people.pins import is_hash, weakness, well_formed, wrong_pin
from gateway.store.settings.secrets import hash_pin


@pytest.mark.parametrize("pin", ["2468", "1357", "97531", "8642", "7391", "4067", "135790246813", "1123"])
def test_a_pin_that_is_not_guessed_first_is_taken(pin: str) -> None:
    assert wrong_pin(pin) == ""


@pytest.mark.parametrize(
    ("pin", "why"),
    [
        ("0000", "one digit"),
        ("999999999999", "one digit"),
        ("1234", "digits in a row"),
        ("4321", "digits in a row"),
        ("7890", "digits in a row"),
        ("0987", "digits in a row"),
        ("123456789012", "digits in a row"),
        ("1212", "a group of digits, repeated"),
        ("123123", "a group of digits, repeated"),
        ("584584584", "a group of digits, repeated"),
        ("2580", "a column of the keypad"),
    ],
)
def test_a_pin_that_is_guessed_first_is_refused_without_being_repeated(pin: str, why: str) -> None:
    assert weakness(pin) == why
    assert why in wrong_pin(pin)
    assert pin not in wrong_pin(pin)


@pytest.mark.parametrize("pin", ["", "123", "1234567890123", "12a4", " 2468", "2468\n", "２４６８", "²468"])
def test_a_pin_of_another_form_is_none(pin: str) -> None:
    assert not well_formed(pin)
    assert wrong_pin(pin) == "the PIN is not 4 to 12 digits"


def test_only_the_hash_of_a_pin_is_one() -> None:
    assert is_hash(hash_pin("2468"))
    assert not any(is_hash(text) for text in ("2468", "", "scrypt$1$2$3$x$y", hash_pin("2468") + "\n"))
