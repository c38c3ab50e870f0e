"""Tariffs, rules and holidays on their pages, and the try-out that works a stay out before anything is kept."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.web_installer.settings.conftest import SITE, Desk
from tests.web_installer.settings.test_forms import inputs, wrong_at
from web.installer.settings import tryout

TARIFF = "/installer/settings/tariffs/0"
VISITOR = SITE["tariffs"][0]


def typed(desk: Desk, path: str = TARIFF, **more: str) -> dict[str, Any]:
    """What the form of a page holds, with some fields typed otherwise."""
    return {**inputs(desk.get(path)), **{name.replace("__", "."): text for name, text in more.items()}}


def tried(desk: Desk, begins: str, ends: str, status: int = 200, **more: str) -> str:
    """The words of the try-out for a stay."""
    fields = {**typed(desk, **more), "try.from": begins, "try.until": ends, "was": "visitor", "act": "try"}
    answer = desk.send(TARIFF, fields)
    assert answer.status_code == status
    page = answer.get_data(as_text=True)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.partition('id="tryout"')[2].partition("</section>")[0]))


# ---- forms


def test_a_price_is_typed_as_a_sum_and_kept_in_minor_units(desk: Desk) -> None:
    fields = typed(desk, **{"blocks[1].price": "2.50", "day_cap": "40", "was": "visitor", "act": "keep"})
    assert desk.send(TARIFF, fields).status_code == 303
    kept = desk.draft.site["tariffs"][0]
    assert kept == {**VISITOR, "day_cap": 4000, "blocks": [VISITOR["blocks"][0], {"minutes": 60, "price": 250}]}
    assert desk.draft.changes == ("tariffs.visitor.blocks", "tariffs.visitor.day_cap")


def test_what_only_the_checks_know_of_a_period_is_at_its_field_in_chinese(desk: Desk) -> None:
    desk.client.set_cookie("gatehouse_lang", "zh_CN")
    bad = {"currency": "cny", "periods[0].from": "9 o'clock", "periods[1].id": "night", "was": "visitor"}
    page = desk.send(TARIFF, {**typed(desk), **bad, "act": "keep"}).get_data(as_text=True)
    fields = {"currency", "periods[0].from", "periods[1].id"}
    assert wrong_at(page) == {f"tariffs[0].{field}" for field in fields}
    alerts = re.findall(r'<b role="alert">(.*?)</b>', page)
    assert len(alerts) == len(fields)
    assert [alert for alert in alerts if not re.search(r"[\u4e00-\u9fff]", alert)] == []


def test_rules_follow_a_tariff_that_gets_another_id(desk: Desk) -> None:
    assert desk.send(TARIFF, {**typed(desk), "id": "guest", "was": "visitor", "act": "keep"}).status_code == 303
    assert [rule["tariff"] for rule in desk.draft.site["charging"]["rules"]] == [None, "guest"]


def test_a_rule_picks_a_tariff_or_nothing(desk: Desk) -> None:
    page = desk.get("/installer/settings/charging")
    assert re.search(r'<select name="rules\[1\].tariff".*?<option value="">Nothing: free</option>', page, re.S)
    assert '<option value="visitor" selected>visitor</option>' in page
    fields = {**inputs(page), "rules[1].tariff": "", "rules[2].pass_kind": "temporary", "rules[2].tariff": "visitor"}
    assert desk.send("/installer/settings/charging", {**fields, "act": "keep"}).status_code == 303
    assert desk.draft.site["charging"]["rules"] == [
        {"pass_kind": "staff", "tariff": None},
        {"vehicle_class": "car", "tariff": None},
        {"tariff": "visitor", "pass_kind": "temporary"},
    ]


def test_a_rule_without_its_tariff_is_refused_at_its_field(desk: Desk) -> None:
    fields = {**typed(desk, "/installer/settings/charging"), "rules[1].tariff": "none", "act": "keep"}
    answer = desk.send("/installer/settings/charging", fields)
    assert wrong_at(answer.get_data(as_text=True)) == {"charging.rules[1].tariff"}


def test_holidays_are_typed_one_a_line(desk: Desk) -> None:
    fields = {**typed(desk, "/installer/settings/calendar"), "holidays": "2027-02-06..2027-02-08", "act": "keep"}
    assert desk.send("/installer/settings/calendar", fields).status_code == 303
    assert desk.draft.site["calendar"]["holidays"] == ["2027-02-06", "2027-02-07", "2027-02-08"]


def test_a_table_says_a_tariff_in_words(desk: Desk) -> None:
    page = re.sub(r"<[^>]*>", " ", desk.get("/installer/settings/tariffs"))
    assert "Length 60 min, Price 5.00; Length 60 min, Price 2.00" in page
    assert "30.00" in page


# ---- the try-out


def test_a_stay_is_worked_out_line_by_line_as_it_is_typed_and_nothing_is_kept(desk: Desk) -> None:
    words = tried(desk, "2026-12-02T10:00", "2026-12-02T13:30", **{"blocks[1].price": "2.50"})
    assert "210 minutes cost 12.50 CNY" in words
    assert "2026-12-02 11:00 – 12:00 Block 2.50" in words
    assert not desk.draft.changed


def test_caps_periods_and_what_is_taken_over_have_their_lines(desk: Desk) -> None:
    more = {"try.kind": "percent", "try.value": "50"}
    words = tried(desk, "2026-12-02T20:00", "2026-12-03T07:00", **more)
    assert "night Block 3.00" in words
    assert "night At most in the period -6.00" in words
    assert "Percentage off -7.00" in words
    assert "In all 7.00 CNY" in words


def test_holidays_of_the_draft_count(desk: Desk) -> None:
    """The second of October 2026, a Friday, is a holiday in China and so no day of the period on Mondays to Fridays."""
    assert "rush Block 4.00" in tried(desk, "2026-10-16T07:00", "2026-10-16T08:00")
    assert "rush" not in tried(desk, "2026-10-02T07:00", "2026-10-02T08:00")


def test_a_currency_without_minor_units_has_whole_sums(desk: Desk) -> None:
    whole = {"currency": "JPY", "blocks[0].price": "500", "blocks[1].price": "200", "day_cap": "3000"}
    whole |= {"periods[0].blocks[0].price": "300", "periods[0].cap": "900", "periods[1].blocks[0].price": "400"}
    assert "210 minutes cost 1100 JPY" in tried(desk, "2026-12-02T10:00", "2026-12-02T13:30", **whole)


def test_free_minutes_cost_nothing(desk: Desk) -> None:
    assert "30 minutes cost nothing" in tried(desk, "2026-12-02T10:00", "2026-12-02T10:30")


@pytest.mark.parametrize(
    ("begins", "ends", "more", "words"),
    [
        ("", "2026-12-02T10:00", {}, "Please give a day and a time"),
        ("2026-12-02T10:00", "2026-12-02T09:00", {}, "The exit is before the entry"),
        ("2026-12-02T10:00", "2027-02-02T09:00", {}, "Please try at most 31 days"),
        ("0001-01-01T00:00", "0001-01-01T00:01", {}, "Please give a day and a time"),
        ("2026-12-02T10:00", "2026-12-02T11:00", {"try.kind": "percent", "try.value": "200"}, "from 0 to 100"),
        ("2026-12-02T10:00", "2026-12-02T11:00", {"try.kind": "minutes", "try.value": "x"}, "whole minutes"),
        ("2026-12-02T10:00", "2026-12-02T11:00", {"try.kind": "amount", "try.value": "1.234"}, "a sum such as 5.00"),
    ],
)
def test_a_stay_that_is_none_is_said_at_its_field(
    desk: Desk, begins: str, ends: str, more: dict[str, str], words: str
) -> None:
    assert words in tried(desk, begins, ends, **more)


def test_a_tariff_that_is_wrong_is_not_tried_and_says_where(desk: Desk) -> None:
    fields = {**typed(desk), "try.from": "2026-12-02T10:00", "try.until": "2026-12-02T11:00", "was": "visitor"}
    answer = desk.send(TARIFF, {**fields, "blocks[0].price": "much", "act": "try"})
    page = answer.get_data(as_text=True)
    assert wrong_at(page) == {"tariffs[0].blocks[0].price"}
    assert 'value="2026-12-02T10:00"' in page
    assert "cost" not in page.partition('id="tryout"')[2].partition('role="status"')[2]


def test_a_country_without_holidays_is_named(desk: Desk) -> None:
    fields = {**typed(desk, "/installer/settings/calendar"), "country": "ZZ", "act": "keep"}
    assert desk.send("/installer/settings/calendar", fields).status_code == 303
    assert "holidays of ZZ are not known" in tried(desk, "2026-12-02T10:00", "2026-12-02T11:00")


def test_a_long_stay_shows_its_first_lines_and_the_sum_of_all(desk: Desk) -> None:
    short = {"blocks[1].minutes": "1", "blocks[1].price": "0.01", "day_cap": ""}
    words = tried(desk, "2026-12-02T10:00", "2026-12-02T20:00", **short)
    assert f"{541 - tryout.LINES_MAX} more lines" in words
    assert "600 minutes cost 10.40 CNY" in words
