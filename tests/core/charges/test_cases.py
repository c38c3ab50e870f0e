"""Worked cases of what a stay costs, and the words for tariffs that cannot be meant."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from gateway.core.charges.calendar import Calendar
from gateway.core.charges.price import charge
from gateway.core.charges.tariff import Tariff, Validation, wrong_tariff

KNOWN = json.loads((Path(__file__).parent / "cases.json").read_text("utf-8"))
SHANGHAI = ZoneInfo("Asia/Shanghai")


def tariff(name: str, **changes: Any) -> Tariff:
    return msgspec.convert({"id": name, **KNOWN["tariffs"][name], **changes}, Tariff)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("case", KNOWN["cases"], ids=lambda case: f"{case['tariff']}-{case['amount']}")
def test_a_worked_case_costs_what_was_worked_out(case: dict[str, Any]) -> None:
    found = charge(
        tariff(case["tariff"]),
        instant(case["entered"]),
        instant(case["until"]),
        ZoneInfo(case["timezone"]),
        msgspec.convert(case["validations"], tuple[Validation, ...]),
    )
    assert found.amount == case["amount"]
    assert sum(line.amount for line in found.lines) == case["amount"]


def test_every_line_says_what_it_is_for() -> None:
    found = charge(
        tariff("daynight"), instant("2026-12-01T18:00:00+08:00"), instant("2026-12-02T09:00:00+08:00"), SHANGHAI
    )
    told = [(line.what, line.period, f"{line.start:%H:%M}", f"{line.until:%H:%M}", line.amount) for line in found.lines]
    assert told[:2] == [("block", None, "18:00", "19:00", 600), ("block", None, "19:00", "19:30", 200)]
    assert told[5:11] == [
        ("block", "night", "21:00", "23:00", 300),
        ("block", "night", "23:00", "01:00", 300),
        ("block", "night", "01:00", "03:00", 300),
        ("block", "night", "03:00", "05:00", 300),
        ("block", "night", "05:00", "07:00", 300),
        ("cap", "night", "21:00", "07:00", -600),
    ]


def test_a_holiday_counts_as_sunday_and_a_make_up_day_as_monday() -> None:
    thursday = (instant("2026-10-01T09:00:00+08:00"), instant("2026-10-01T10:00:00+08:00"), SHANGHAI)
    saturday = (instant("2026-10-10T09:00:00+08:00"), instant("2026-10-10T10:00:00+08:00"), SHANGHAI)
    days = Calendar(frozenset({thursday[0].date()}), frozenset({saturday[0].date()}))
    assert charge(tariff("weekend"), *thursday).amount == 300
    assert charge(tariff("weekend"), *thursday, calendar=days).amount == 150
    assert charge(tariff("weekend"), *saturday).amount == 150
    assert charge(tariff("weekend"), *saturday, calendar=days).amount == 300


def test_the_night_of_a_holiday_belongs_to_the_day_on_which_it_begins() -> None:
    stay = (instant("2026-10-02T01:00:00+08:00"), instant("2026-10-02T02:00:00+08:00"), SHANGHAI)
    party = tariff("weekend-night")
    assert charge(party, *stay).amount == 200
    fridays = msgspec.structs.replace(party, periods=(msgspec.structs.replace(party.periods[0], weekdays="sun"),))
    assert charge(fridays, *stay, calendar=Calendar(frozenset({instant("2026-10-01").date()}))).amount == 60


def test_a_clock_that_went_back_makes_a_stay_that_costs_nothing() -> None:
    found = charge(
        tariff("plain"), instant("2026-12-01T09:00:00+08:00"), instant("2026-12-01T08:00:00+08:00"), SHANGHAI
    )
    assert (found.amount, found.minutes) == (0, 0)


def test_percentages_are_taken_one_after_the_other_and_amounts_last() -> None:
    stay = (instant("2026-12-01T09:00:00+08:00"), instant("2026-12-01T13:30:00+08:00"), SHANGHAI)
    both = (Validation(amount=100), Validation(percent=50), Validation(percent=33))
    # 1300, less 650, less 214 (33 % of 650 rounded down), less 100.
    assert charge(tariff("plain"), *stay, both).amount == 336
    assert charge(tariff("plain"), *stay, (Validation(amount=5000),)).amount == 0


@pytest.mark.parametrize("given", [{}, {"minutes": 5, "percent": 10}])
def test_a_validation_is_one_of_its_three_kinds(given: dict[str, int]) -> None:
    with pytest.raises(msgspec.ValidationError, match="give one of minutes, percent and amount"):
        msgspec.convert(given, Validation)


NIGHT = {"id": "night", "from": "21:00", "until": "07:00", "blocks": [{"minutes": 60, "price": 1}]}


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"currency": "yuan"}, ".currency", "three letters"),
        ({"periods": [NIGHT, NIGHT]}, ".periods[1].id", "a name of its own"),
        ({"periods": [{**NIGHT, "id": ""}]}, ".periods[0].id", "a name of its own"),
        ({"periods": [{**NIGHT, "from": "9pm"}]}, ".periods[0].from", "write a time such as 21:00"),
        ({"periods": [{**NIGHT, "from": "24:00"}]}, ".periods[0].from", "write a time"),
        ({"periods": [{**NIGHT, "until": "24:30"}]}, ".periods[0].until", "at most 24:00"),
        ({"periods": [{**NIGHT, "weekdays": "weekend"}]}, ".periods[0].weekdays", "mon-fri or fri,sat"),
    ],
)
def test_what_cannot_be_meant_is_named(changes: dict[str, Any], path: str, words: str) -> None:
    ((where, told),) = wrong_tariff(tariff("plain", **changes))
    assert where == path
    assert words in told
