"""A sum is written with the digits of its currency, and read back as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.money.sums import DIGITS, digits, minor_units, money


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1250, "CNY", "12.50"),
        (5, "EUR", "0.05"),
        (-300, "CNY", "-3.00"),
        (500, "JPY", "500"),
        (-7, "KRW", "-7"),
        (1250, "KWD", "1.250"),
        (1, "CLF", "0.0001"),
        (1234, "XYZ", "12.34"),
    ],
)
def test_a_sum_has_the_digits_of_its_currency(amount: int, currency: str, text: str) -> None:
    assert money(amount, currency) == text


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [("12.5", "CNY", 1250), ("12,50", "EUR", 1250), (" 12 ", "CNY", 1200), ("500", "JPY", 500), ("0.005", "KWD", 5),
     ("5.00", "JPY", 5), ("１２.５", "CNY", 1250)],
)  # fmt: skip
def test_what_a_person_writes_is_taken(text: str, currency: str, amount: int) -> None:
    assert minor_units(text, currency) == amount


@pytest.mark.parametrize(
    ("text", "currency"),
    [("", "CNY"), ("free", "CNY"), ("-1", "CNY"), ("1.005", "CNY"), ("1.5", "JPY"), ("1.2.3", "CNY"), ("1e3", "CNY")],
)
def test_what_is_no_sum_of_the_currency_is_refused(text: str, currency: str) -> None:
    with pytest.raises(ValueError):
        minor_units(text, currency)


@given(st.integers(0, 10**10), st.sampled_from(["CNY", *DIGITS]))
def test_a_sum_that_was_written_is_read_as_the_same(amount: int, currency: str) -> None:
    assert minor_units(money(amount, currency), currency) == amount


def test_most_currencies_have_two_digits() -> None:
    assert {one: digits(one) for one in ("CNY", "EUR", "USD", "GBP", "HKD")} == dict.fromkeys(
        ("CNY", "EUR", "USD", "GBP", "HKD"), 2
    )
