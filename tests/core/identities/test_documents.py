"""Numbers of identity documents: which are taken, what is wrong with the others, and how they are masked."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.core.identities.check import OPEN, TABLE, CheckState, CheckStep, after
from gateway.core.identities.documents import KIND_IDS, check_character, masked_number, normal_number, wrong_number

TODAY = date(2026, 12, 1)
RESIDENT = "11010519491231002X"
"""The example of GB 11643."""


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("resident_id", RESIDENT),
        ("resident_id", "44052419800101001" + check_character("44052419800101001")),
        ("driving_licence", RESIDENT),
        ("driving_licence", "D1234567"),
        ("passport", "E12345678"),
        ("passport", "C01X00T47"),
        ("travel_permit", "H1234567800"),
        ("travel_permit", "12345678"),
    ],
)
def test_a_number_of_its_kind_is_taken(kind: str, typed: str) -> None:
    assert wrong_number(kind, normal_number(typed), TODAY) == ""


@pytest.mark.parametrize(
    ("kind", "typed", "wrong"),
    [
        ("resident_id", "", "empty"),
        ("resident_id", "110105194912310021", "check_digit"),
        ("resident_id", "11010519491231002", "form"),
        ("resident_id", "X1010519491231002X", "form"),
        ("resident_id", "11010519490230002X", "birth_date"),
        ("resident_id", "11010520270101002X", "birth_date"),
        ("resident_id", "11010518991231002X", "birth_date"),
        ("driving_licence", "110105194912310021", "check_digit"),
        ("driving_licence", "ABCDEF", "form"),
        ("passport", "E1234567890", "form"),
        ("passport", "ABCDEFG", "form"),
        ("travel_permit", "Z12345678", "form"),
        ("resident_id", "21010519491231002X", "check_digit"),
        ("resident_id", "١١٠١٠٥١٩٤٩١٢٣١٠٠٢٧", "form"),
        ("library_card", "123456", "unknown_kind"),
    ],
)
def test_a_wrong_number_is_refused_by_its_reason(kind: str, typed: str, wrong: str) -> None:
    assert wrong_number(kind, normal_number(typed), TODAY) == wrong


@pytest.mark.parametrize("typed", ["110105 19491231 002x", "11010519491231002Ｘ", "１１０１０５19491231-002X"])
def test_a_number_is_taken_however_it_is_written(typed: str) -> None:
    assert normal_number(typed) == RESIDENT


def test_one_wrong_or_swapped_digit_never_passes() -> None:
    """MOD 11-2 finds every single wrong digit and every swap of neighbours."""
    for place in range(17):
        for digit in "0123456789":
            changed = RESIDENT[:place] + digit + RESIDENT[place + 1 :]
            assert (check_character(changed[:17]) == changed[17]) is (changed == RESIDENT)
        swapped = RESIDENT[:place] + RESIDENT[place + 1] + RESIDENT[place] + RESIDENT[place + 2 :]
        if place < 16 and swapped != RESIDENT:
            assert check_character(swapped[:17]) != swapped[17]


@pytest.mark.parametrize(
    ("number", "shown"),
    [(RESIDENT, "**************002X"), ("E12345678", "******678"), ("H12345", "****45"), ("12", "**"), ("", "")],
)
def test_a_masked_number_shows_its_last_characters_and_at_most_a_third(number: str, shown: str) -> None:
    assert masked_number(number) == shown


def test_every_kind_is_known_by_one_name() -> None:
    assert len(set(KIND_IDS)) == len(KIND_IDS)


def test_no_car_is_released_before_the_office_has_confirmed_and_the_driver_has_signed() -> None:
    """Walks every way through the table."""
    ways: list[tuple[CheckState, tuple[CheckStep, ...]]] = [(CheckState.ASKED, ())]
    for _ in range(5):
        ways += [(to, (*steps, step)) for state, steps in ways for step, to in TABLE[state].items()]
    released = [steps for state, steps in ways if state is CheckState.RELEASED]
    assert released
    for steps in released:
        assert steps[-3:] == (CheckStep.CONFIRM, CheckStep.SIGN, CheckStep.RELEASE)


def test_a_check_may_be_refused_until_it_is_over_and_then_takes_no_step() -> None:
    assert all(after(state, CheckStep.REFUSE) is CheckState.REFUSED for state in OPEN)
    over = [state for state in CheckState if state not in OPEN]
    assert over == [CheckState.RELEASED, CheckState.REFUSED]
    assert all(after(state, step) is None for state in over for step in CheckStep)
