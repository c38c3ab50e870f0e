"""`gatehouse tariff try`: what a stay would cost, from a site file alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import SITE, Gatehouse

VISITOR: dict[str, Any] = {
    "id": "visitor",
    "currency": "CNY",
    "free_minutes": 30,
    "blocks": [{"minutes": 60, "price": 500}, {"minutes": 60, "price": 200}],
    "day_cap": 3000,
    "periods": [
        {
            "id": "sunday",
            "from": "00:00",
            "until": "24:00",
            "weekdays": "sun",
            "blocks": [{"minutes": 60, "price": 100}],
        }
    ],
}
STAY = ("--from", "2026-12-01T09:00+08:00", "--until", "2026-12-01T13:30:59+08:00")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return written(tmp_path, tariffs=[VISITOR])


def written(folder: Path, **parts: Any) -> Path:
    path = folder / "site.json"
    # As an export has it: without PINs and secrets.
    path.write_text(json.dumps({**SITE, "operators": [{"name": "Lin", "role": "guard"}], **parts}))
    return path


def test_a_stay_is_told_line_by_line(gatehouse: Gatehouse, site: Path) -> None:
    told = gatehouse("tariff", "try", "--site", site, "--tariff", "visitor", *STAY)
    assert told.status == 0
    assert told.out.splitlines()[0].split() == ["2026-12-01", "09:00", "-", "2026-12-01", "10:00", "5.00"]
    assert told.out.splitlines()[-1] == "270 minutes cost 13.00 CNY by 'visitor'"


def test_programs_get_whole_minor_units(gatehouse: Gatehouse, site: Path) -> None:
    more = ("--validation", '{"percent": 50}', "--validation", '{"amount": 300}', "--json")
    found = gatehouse("tariff", "try", "--site", site, "--tariff", "visitor", *STAY, *more).data
    assert {key: found[key] for key in ("amount", "currency", "minutes", "tariff")} == {
        "amount": 350,
        "currency": "CNY",
        "minutes": 270,
        "tariff": "visitor",
    }
    assert sum(line["amount"] for line in found["lines"]) == 350
    assert found["lines"][0] == {
        "what": "block",
        "from": "2026-12-01T09:00:00+08:00",
        "until": "2026-12-01T10:00:00+08:00",
        "period": None,
        "amount": 500,
    }


@pytest.mark.parametrize(("day", "minutes"), [("2026-03-29", 300), ("2026-10-25", 420)])
def test_times_without_offset_count_what_has_elapsed_when_clocks_change(
    gatehouse: Gatehouse, tmp_path: Path, day: str, minutes: int
) -> None:
    site = written(tmp_path, site={**SITE["site"], "timezone": "Europe/Berlin"}, tariffs=[VISITOR])
    stay = ("--from", f"{day}T00:00", "--until", f"{day}T06:00")
    assert gatehouse("tariff", "try", "--site", site, "--tariff", "visitor", *stay, "--json").data["minutes"] == minutes


def test_an_exit_in_the_hour_that_comes_twice_is_after_its_entry(gatehouse: Gatehouse, tmp_path: Path) -> None:
    site = written(tmp_path, site={**SITE["site"], "timezone": "Europe/Berlin"}, tariffs=[VISITOR])
    stay = ("--from", "2026-10-25T02:58", "--until", "2026-10-25T02:01+01:00")
    assert gatehouse("tariff", "try", "--site", site, "--tariff", "visitor", *stay, "--json").data["minutes"] == 3


def test_a_time_without_offset_is_site_time(gatehouse: Gatehouse, site: Path) -> None:
    stay = ("--from", "2026-12-01T09:00", "--until", "2026-12-01T01:31Z", "--json")
    assert gatehouse("tariff", "try", "--site", site, "--tariff", "visitor", *stay).data["minutes"] == 31


@pytest.mark.parametrize(
    ("calendar", "amount"),
    [
        (None, 500),
        ({"country": "CN"}, 100),
        ({"country": "CN", "workdays": ["2026-10-01"]}, 500),
        ({"holidays": ["2026-10-01"]}, 100),
    ],
)
def test_public_holidays_are_those_of_the_country_corrected_by_the_office(
    gatehouse: Gatehouse, tmp_path: Path, calendar: Any, amount: int
) -> None:
    site = written(tmp_path, tariffs=[VISITOR], **({"calendar": calendar} if calendar else {}))
    stay = ("--from", "2026-10-01T09:00", "--until", "2026-10-01T10:00", "--json")
    assert gatehouse("tariff", "try", "--site", site, "--tariff", "visitor", *stay).data["amount"] == amount


def test_a_weekend_day_that_is_worked_for_a_holiday_counts_as_monday(gatehouse: Gatehouse, tmp_path: Path) -> None:
    site = written(tmp_path, tariffs=[VISITOR], calendar={"country": "CN"})
    stay = ("--from", "2026-09-20T09:00", "--until", "2026-09-20T10:00", "--json")  # a Sunday
    assert gatehouse("tariff", "try", "--site", site, "--tariff", "visitor", *stay).data["amount"] == 500


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--tariff", "night", *STAY), "there is no tariff 'night'"),
        (("--tariff", "visitor", "--from", STAY[1], "--until", "2026-11-30T09:00+08:00"), "is before --from"),
        (("--tariff", "visitor", "--from", "yesterday", "--until", STAY[3]), "'yesterday' is no time"),
        (("--tariff", "visitor", "--from", "1026-12-01", "--until", STAY[3]), "not of the years"),
        (("--tariff", "visitor", *STAY, "--validation", "120"), "Expected `object`, got `int`"),
        (("--tariff", "visitor", *STAY, "--validation", "{}"), "give one of minutes, percent and amount"),
    ],
)
def test_what_cannot_be_worked_out_is_said(
    gatehouse: Gatehouse, site: Path, arguments: tuple[str, ...], words: str
) -> None:
    told = gatehouse("tariff", "try", "--site", site, *arguments)
    assert told.status in (1, 2)
    assert words in told.err
    assert "Traceback" not in told.err


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"tariffs": [{**VISITOR, "currency": "yuan"}]}, "tariffs[0].currency: is 'yuan'"),
        ({"tariffs": [VISITOR], "calendar": {"country": "XX"}}, "calendar.country: is 'XX'"),
    ],
)
def test_a_wrong_tariff_or_country_is_named_by_its_path(
    gatehouse: Gatehouse, tmp_path: Path, parts: dict[str, Any], words: str
) -> None:
    told = gatehouse("tariff", "try", "--site", written(tmp_path, **parts), "--tariff", "visitor", *STAY)
    assert told.status == 2
    assert words in told.err
