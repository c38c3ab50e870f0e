"""The check of a pass: each bound of each field, and the words with their remedy."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.store.passes.checks import FIELDS, PassFieldError, check_pass, checked


def document(**fields: Any) -> dict[str, Any]:
    return {"id": "a", "kind": "monthly", **fields}


def refused(**fields: Any) -> PassFieldError:
    with pytest.raises(PassFieldError) as caught:
        check_pass(document(**fields))
    return caught.value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "x" * 64), ("id", "-"), ("id", "Ab_9-z"), ("holder", "x" * 200), ("unit", "x" * 200),
        ("note", "x" * 2000), ("note", "a\tb\nc"), ("plates", ["粤B12345"] * 50), ("plates", ["AB"]),
        ("plates", ["AB12" * 4]), ("cards", ["1"] * 50), ("cards", ["E2001"]), ("lanes", ["x"] * 50), ("revision", 0),
        ("revision", 7), ("valid_from", "9998-12-31"), ("valid_from", "0001-01-01"), ("valid_until", "9999-12-31"),
        ("valid_until", "0002-01-01"), ("schedule", "mon-fri 08:00-18:00"),
    ],
)  # fmt: skip
def test_what_lies_within_the_bounds_is_taken_as_it_is(field: str, value: object) -> None:
    found = getattr(check_pass(document(**{field: value})), field)
    assert found == (tuple(value) if isinstance(value, list) else value)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("id", "x" * 65, "use 1 to 64 letters, digits, '-' or '_'"),
        ("id", "é", "use 1 to 64 letters, digits, '-' or '_'"),
        ("id", "a\n", "use 1 to 64 letters, digits, '-' or '_'"),
        ("kind", "weekly", "give one of monthly, temporary, staff, blocked"),
        ("holder", "x" * 201, "it is longer than 200 characters; shorten it"),
        ("group", "x" * 201, "it is longer than 200 characters; shorten it"),
        ("phone", "x" * 201, "it is longer than 200 characters; shorten it"),
        ("bay", "x" * 201, "it is longer than 200 characters; shorten it"),
        ("note", "x" * 2001, "it is longer than 2000 characters; shorten it"),
        ("unit", "a\rb", "it holds control characters; take them out"),
        ("note", "a\x7f", "it holds control characters; take them out"),
        ("note", "\x0b", "it holds control characters; take them out"),
        ("note", "\uffff", "it holds control characters; take them out"),
        ("bay", "\x08", "it holds control characters; take them out"),
        ("holder", "Wang\u202egnaF", "it holds control characters; take them out"),
        ("holder", "Wang\nFang", "it holds control characters; take them out"),
        ("unit", "3\t12", "it holds control characters; take them out"),
        ("note", "a\u2028b", "it holds control characters; take them out"),
        ("plates", ["A?B"], "give 2 to 16 letters, digits or characters"),
        ("plates", ["AB12" * 4 + "X"], "give 2 to 16 letters, digits or characters"),
        ("plates", ["กข1234" * 4 + "5"], "give 2 to 16 letters, digits or characters"),
        ("plates", ["粤B12345🚗"], "give 2 to 16 letters, digits or characters"),
        ("plates", ["张三"], "give 2 to 16 letters, digits or characters"),
        ("plates", ["粤B12345\u202e"], "give 2 to 16 letters, digits or characters"),
        ("plates", ["AB12", "?!"], "that says that there is no plate"),
        ("plates", "AB12", "give a list of texts"),
        ("plates", ["AB12"] * 51, "give at most 50"),
        ("cards", ["1", "xyz"], "give the card's number in decimal, or an EPC in hex"),
        ("cards", ["1"] * 51, "give at most 50"),
        ("lanes", ["in", "o ut"], "give ids of lanes, such as in; empty means all"),
        ("lanes", ["x"] * 51, "give at most 50"),
        ("lanes", "in", "give a list of texts"),
        ("revision", -1, "give 0 or more"),
        ("revision", "1", "give a whole number"),
        ("holder", 7, "give a text"),
        ("valid_from", "9999-01-01", "such a pass would never begin; give a day in the years 1 to 9998"),
        ("valid_until", "0001-12-31", "such a pass would never be valid; give a day in the years 2 to 9998, or leave"),
        ("valid_from", "x", "write a day such as 2026-11-30"),
        ("valid_until", "x", "write a day such as 2026-11-30"),
    ],
)
def test_what_lies_beyond_is_told_by_field_with_the_remedy(field: str, value: object, says: str) -> None:
    error = refused(**{field: value})
    assert error.field == field
    assert error.reason.startswith(says)


@pytest.mark.parametrize("field", ["id", "kind"])
@pytest.mark.parametrize("value", ["", None])
def test_id_and_kind_are_required(field: str, value: object) -> None:
    assert str(refused(**{field: value})) == f"{field} is missing; it is required"


def test_an_unknown_field_is_told_with_all_that_are_known() -> None:
    error = refused(colour="red")
    assert (error.field, error.value) == ("colour", "red")
    assert error.reason == f"there is no such field; known: {', '.join(FIELDS)}"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("x" * 78 + "!", repr("x" * 78 + "!")[:77] + "..."),
        ("x" * 77 + "!", repr("x" * 77 + "!")),
        ("x" * 76 + "!", repr("x" * 76 + "!")),
        (0, "0"),
        ((), "()"),
        (None, "missing"),
        ("", "missing"),
    ],
)
def test_a_value_is_shown_in_at_most_eighty_characters(value: object, shown: str) -> None:
    assert str(PassFieldError("f", value, "r")) == f"f is {shown}; r"


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-11-30", "2026-11-30"),
        ("2026-11-29", "2026-11-30"),
        ("2026-11-30T08:00:00Z", "2026-11-30T08:00:00Z"),
        ("2026-11-30T08:00:00Z", "2026-11-30T17:00:00+08:00"),
        ("2026-11-30", "2026-11-29T18:00:00Z"),
        ("2026-11-30T08:00:00Z", "2026-11-29"),
        ("", "2026-11-29"),
        ("2026-11-30", ""),
        ("2026-11-30", "9999-12-31"),
    ],
)
def test_a_range_that_may_hold_a_moment_is_taken(first: str, last: str) -> None:
    assert check_pass(document(valid_from=first, valid_until=last)).valid_until == last


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-11-30", "2026-11-29"),
        ("2026-11-30T08:00:00Z", "2026-11-30T07:59:59Z"),
        ("2026-11-30T08:00:00Z", "2026-11-30T15:59:59+08:00"),
    ],
)
def test_a_range_that_ends_before_it_begins_is_refused(first: str, last: str) -> None:
    error = refused(valid_from=first, valid_until=last)
    assert (error.field, error.value, error.reason) == ("valid_until", last, f"it lies before valid_from {first}")


def test_a_pass_of_many_long_texts_is_looked_at_text_by_text() -> None:
    pass_ = Pass("a", PassKind.STAFF, holder="x" * 150, unit="y" * 150, note="z" * 1500)
    assert checked(pass_) is pass_


def test_the_first_of_two_faults_is_told() -> None:
    assert refused(holder="x" * 201, revision=-1).field == "holder"
    assert refused(lanes=["a b"], cards=["x y"]).field == "cards"


@pytest.mark.parametrize(
    ("field", "says"),
    [("valid_from", "a day in year 1 means no beginning"), ("valid_until", "a day in the year 9999 means no end")],
)
def test_the_years_that_mean_no_bound_are_told(field: str, says: str) -> None:
    assert refused(**{field: "x"}).reason.endswith(f", in the years 1 to 9998; {says}")
