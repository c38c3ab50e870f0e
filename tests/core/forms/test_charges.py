"""Tariffs, rules and holidays in a form: sums with the digits of their currency, days, weekdays, rows within rows."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.core.charges.charging import Charging, SiteDays
from gateway.core.charges.tariff import Tariff
from gateway.core.forms.entries import Entry, Shower
from gateway.core.forms.fields import Kind, fields_of
from gateway.core.forms.posted import RANGE_DAYS_MAX, Fault, Reader
from tests.core.forms.browser import sent

NIGHT = {"id": "night", "from": "21:00", "until": "07:00", "blocks": [{"minutes": 120, "price": 300}], "cap": 900}
TARIFF: dict[str, Any] = {
    "id": "visitor",
    "currency": "CNY",
    "blocks": [{"minutes": 60, "price": 500}, {"minutes": 60, "price": 250}],
    "periods": [NIGHT, {**NIGHT, "id": "rush", "weekdays": "fri,mon-wed"}],
}
RULES = {"rules": [{"tariff": None, "pass_kind": "staff"}, {"tariff": None}, {"tariff": "visitor"}]}
KINDS: dict[type[msgspec.Struct], dict[str, Any]] = {
    Tariff: TARIFF,
    Charging: RULES,
    SiteDays: {"country": "CN", "holidays": ["2027-02-08", "2026-01-01"], "workdays": ["2027-02-14"]},
}


def read(kind: type[msgspec.Struct], posted: dict[str, str], before: Any = None) -> tuple[dict[str, Any], Any]:
    """The value and the faults of a posted form."""
    reader = Reader({name: [text] for name, text in posted.items()})
    return reader.object(fields_of(kind), before or {}), reader.faults


def shown(kind: type[msgspec.Struct], value: dict[str, Any]) -> dict[str, Entry]:
    """The entries of a form by their names, with those of rows."""
    found: dict[str, Entry] = {}

    def walk(entries: tuple[Entry, ...]) -> None:
        for one in entries:
            found[one.name] = one
            for row in one.rows:
                walk(row)

    walk(Shower("").entries(fields_of(kind), value))
    return found


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("empty", [False, True])
def test_a_form_that_is_saved_unchanged_changes_nothing(kind: type[msgspec.Struct], *, empty: bool) -> None:
    document: dict[str, Any] = {} if empty and kind is not Tariff else KINDS[kind]
    reader = Reader(sent(Shower("").entries(fields_of(kind), document)))
    assert reader.object(fields_of(kind), document) == document
    assert reader.faults == {}


# ---- sums


@pytest.mark.parametrize(("currency", "text"), [("CNY", "5.00"), ("JPY", "500"), ("KWD", "0.500")])
def test_a_price_is_shown_and_read_with_the_digits_of_its_currency(currency: str, text: str) -> None:
    document = {**TARIFF, "currency": currency}
    assert shown(Tariff, document)["blocks[0].price"].text == text
    posted = {"id": "a", "currency": currency, "blocks[0].minutes": "60", "blocks[0].price": text}
    assert read(Tariff, posted)[0]["blocks"] == [{"minutes": 60, "price": 500}]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("much", Fault("money", {"example": "5.00"})),
        ("1.005", Fault("money", {"example": "5.00"})),
        ("2000000", Fault("bounds", {"low": "0.00", "high": "1000000.00"})),
    ],
)
def test_a_sum_that_is_none_is_said_at_its_field(text: str, fault: Fault) -> None:
    assert read(Tariff, {"currency": "CNY", "day_cap": text})[1]["day_cap"] == fault


def test_another_currency_takes_the_sums_as_they_are_typed() -> None:
    posted = {**_posted(Tariff, TARIFF), "currency": "JPY", "blocks[1].price": "2", "blocks[0].price": "5"}
    for name in ("periods[0].blocks[0].price", "periods[1].blocks[0].price", "periods[0].cap", "periods[1].cap"):
        posted[name] = "3"
    value, faults = read(Tariff, posted, TARIFF)
    assert (faults, value["blocks"][0]["price"], value["periods"][0]["cap"]) == ({}, 5, 3)


def _posted(kind: type[msgspec.Struct], document: dict[str, Any]) -> dict[str, str]:
    return {name: texts[0] for name, texts in sent(Shower("").entries(fields_of(kind), document)).items()}


@pytest.mark.parametrize(("currency", "text"), [("CNY", "50.00"), ("JPY", "5000")])
def test_a_sum_in_a_form_that_names_no_currency_has_the_one_that_is_given(currency: str, text: str) -> None:
    (limit,) = [
        one for one in Shower("", currency=currency).entries(fields_of(Charging), {"owed_limit": 5000})
        if one.name == "owed_limit"
    ]  # fmt: skip
    assert limit.text == text
    assert Reader({"owed_limit": [text]}, currency).object(fields_of(Charging), {})["owed_limit"] == 5000


# ---- rows


def test_blocks_within_periods_are_rows_of_their_own() -> None:
    posted = {**_posted(Tariff, TARIFF), "periods[0].blocks[1].minutes": "60", "periods[0].blocks[1].price": "1"}
    value, faults = read(Tariff, posted, TARIFF)
    assert faults == {}
    assert value["periods"][0]["blocks"] == [{"minutes": 120, "price": 300}, {"minutes": 60, "price": 100}]
    assert value["periods"][1] == TARIFF["periods"][1]


def test_a_row_goes_with_its_tick() -> None:
    value, faults = read(Tariff, {**_posted(Tariff, TARIFF), "periods[0]!drop": "yes", "blocks[0]!drop": "yes"}, TARIFF)
    assert faults == {}
    assert [one["id"] for one in value["periods"]] == ["rush"]
    assert value["blocks"] == [{"minutes": 60, "price": 250}]


def test_a_tick_at_a_row_stays_when_the_form_is_shown_again() -> None:
    posted = {name: [text] for name, text in _posted(Tariff, TARIFF).items()} | {"blocks[1]!drop": ["yes"]}
    (blocks,) = [one for one in Shower("", posted).entries(fields_of(Tariff), {}) if one.name == "blocks"]
    assert blocks.dropped == (1,)


def test_a_tariff_without_a_block_is_refused_at_its_blocks() -> None:
    posted = {**_posted(Tariff, TARIFF), "blocks[0]!drop": "yes", "blocks[1]!drop": "yes"}
    assert read(Tariff, posted, TARIFF)[1] == {"blocks": Fault("few", {"low": 1})}


def test_a_period_that_has_only_a_block_is_not_left_out() -> None:
    posted = {"id": "a", "currency": "CNY", "periods[0].blocks[0].minutes": "60"}
    assert {"periods[0].id", "periods[0].blocks[0].price"} <= set(read(Tariff, posted)[1])


# ---- rules


def test_a_new_rule_counts_from_its_first_choice_on() -> None:
    posted = {"rules[0].tariff": "", "rules[0].pass_kind": "staff", "rules[0].vehicle_class": ""}
    more = {"rules[1].tariff": "visitor", "rules[1].pass_kind": "", "rules[1].vehicle_class": ""}
    none = {"rules[2].tariff": "", "rules[2].pass_kind": "", "rules[2].vehicle_class": ""}
    ways = {f"methods={way}": "yes" for way in ("cash", "qr", "external")}
    value, faults = read(Charging, {**posted, **more, **none, **ways})
    assert faults == {}
    assert value == {"rules": [{"tariff": None, "pass_kind": "staff"}, {"tariff": "visitor"}]}


def test_a_rule_goes_with_its_tick_alone() -> None:
    value, _ = read(Charging, {**_posted(Charging, RULES), "rules[1]!drop": "yes"}, RULES)
    assert value["rules"] == [RULES["rules"][0], RULES["rules"][2]]


def test_ways_to_pay_are_picked_in_their_order() -> None:
    (methods,) = [field for field in fields_of(Charging) if field.name == "methods"]
    assert (methods.kind, methods.words) == (Kind.PICKED, ("cash", "qr", "external"))
    assert read(Charging, {"methods=cash": "yes", "methods=external": "yes"})[0] == {"methods": ["cash", "external"]}


# ---- days


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2027-02-08\r\n\r\n 2027/2/9 \r\n2027年2月10日", ["2027-02-08", "2027-02-09", "2027-02-10"]),
        ("2027-02-27..2027-03-01", ["2027-02-27", "2027-02-28", "2027-03-01"]),
        ("2027年10月1日至2027年10月2日\n2027-10-02", ["2027-10-01", "2027-10-02"]),
    ],
)
def test_days_are_read_as_people_write_them(text: str, days: list[str]) -> None:
    assert read(SiteDays, {"holidays": text}) == ({"holidays": days}, {})


@pytest.mark.parametrize("text", ["soon", "2027-02-30", "2027-02", "2027-02-09..2027-02-08", "2027-01-01..2029-01-01"])
def test_what_is_no_day_is_said_with_its_line(text: str) -> None:
    assert read(SiteDays, {"holidays": f"2027-02-08\n{text}"})[1] == {"holidays": Fault("day", {"text": text})}


def test_a_line_holds_a_year_at_most() -> None:
    assert len(read(SiteDays, {"holidays": "2028-01-01..2028-12-31"})[0]["holidays"]) == RANGE_DAYS_MAX


def test_a_thousand_days_are_too_many_at_most() -> None:
    lines = "\n".join(f"{year}-01-01..{year}-12-31" for year in (2025, 2026, 2027))
    assert read(SiteDays, {"holidays": lines})[1] == {"holidays": Fault("many", {"high": 1000})}


@pytest.mark.parametrize(
    ("ticks", "text"),
    [
        (["mon", "tue", "wed", "thu", "fri"], "mon-fri"),
        (["sat", "sun"], "sat-sun"),
        (["mon", "wed", "sun"], "mon,wed,sun"),
        (["mon", "tue", "wed", "fri"], "fri,mon-wed"),
    ],
)
def test_ticked_days_become_a_text_and_the_same_days_keep_theirs(ticks: list[str], text: str) -> None:
    posted = {name: one for name, one in _posted(Tariff, TARIFF).items() if not name.startswith("periods[1].weekdays=")}
    posted |= {f"periods[1].weekdays={day}": "yes" for day in ticks}
    assert read(Tariff, posted, TARIFF)[0]["periods"][1]["weekdays"] == text


def test_a_period_on_no_day_is_refused() -> None:
    posted = {name: one for name, one in _posted(Tariff, TARIFF).items() if not name.startswith("periods[0].weekdays=")}
    assert read(Tariff, posted, TARIFF)[1] == {"periods[0].weekdays": Fault("choice")}
