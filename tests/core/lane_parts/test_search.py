"""The search for the cause of an uncommanded movement: its signs, its windows and its verdicts."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.lane.arm.causes import BENIGN, Cause, Seen, verdict
from gateway.core.lane.arm.search import CauseSearch, Contacts
from tests.core.lane_parts.bench import MS

NOTHING = Contacts(vehicle=False, by_hand=False, mains_off=False)


def begun(at_ms: int = 10_000) -> CauseSearch:
    search = CauseSearch()
    search.begin(at_ms * MS)
    return search


def seen(search: CauseSearch, at_ms: int, safety_ms: int | None = None, **more: bool) -> Seen:
    ends = {"opened": False, "back": False, **more}
    return search.seen(at_ms * MS, NOTHING, 3000, None if safety_ms is None else safety_ms * MS, **ends)


def test_a_search_begins_without_an_alarm_and_is_active_until_it_is_given_up() -> None:
    search = CauseSearch()
    assert not search.active
    search.begin(0)
    assert search.active
    assert search.alarm == ""
    assert search.give_up() == ""
    assert not search.active


def test_an_alarm_waits_for_the_verdict_only_while_a_cause_is_looked_for() -> None:
    search = begun()
    search.alarmed("a1")
    assert search.alarm == "a1"
    assert search.give_up() == "a1"
    assert search.alarm == ""
    assert search.give_up() == ""


def test_a_search_that_begins_again_has_a_new_time_and_no_alarm() -> None:
    search = begun()
    search.alarmed("a1")
    search.begin(12_000 * MS)
    assert search.active
    assert search.alarm == ""
    assert search.age_ms(12_500 * MS) == 500


@pytest.mark.parametrize(("known", "cause"), [(None, Cause.FORCED), (Cause.EXTERNAL, Cause.EXTERNAL)])
def test_a_conclusion_names_the_cause_and_the_alarm_and_ends_the_search(known: Cause | None, cause: Cause) -> None:
    search = begun()
    search.alarmed("a1")
    assert search.conclude(Seen(), known) == (cause, "a1")
    assert not search.active
    assert search.conclude(Seen(by_hand=True), None) == (Cause.HAND, "")


def test_the_age_of_a_search_is_in_whole_milliseconds_and_nothing_without_one() -> None:
    assert CauseSearch().age_ms(5000 * MS) == 0
    assert begun().age_ms(10_250 * MS + MS - 1) == 250


@pytest.mark.parametrize(
    ("rose_ns", "struck"),
    [
        (9000 * MS, True),
        (9000 * MS - 1, False),
        (10_000 * MS, True),
        (11_000 * MS, True),
        (11_000 * MS + 1, False),
        (None, False),
    ],
)
def test_a_vehicle_struck_the_arm_within_a_second_either_way(rose_ns: int | None, struck: bool) -> None:
    search = begun()
    assert search.struck(rose_ns) is struck
    search.give_up()
    assert search.struck(rose_ns) is False


@pytest.mark.parametrize(
    ("opened", "safety_ms", "impact"), [(False, 10_500, True), (True, 10_500, False), (False, 20_000, False)]
)
def test_an_arm_that_came_up_shows_no_impact(opened: bool, safety_ms: int, impact: bool) -> None:
    assert seen(begun(), 12_000, safety_ms, opened=opened).impact is impact


@pytest.mark.parametrize(("after_ms", "inside"), [(0, True), (59_999, True), (60_000, False), (90_000, False)])
def test_mains_explain_a_movement_for_a_minute(after_ms: int, inside: bool) -> None:
    search = begun()
    assert not seen(search, 10_000).power_window
    search.power_changed(10_000 * MS)
    assert seen(search, 10_000 + after_ms).power_window is inside


@pytest.mark.parametrize(
    ("opened", "back", "expected"),
    [(False, False, (None, None)), (True, False, (1500, None)), (False, True, (None, 1500))],
)
def test_the_time_that_counts_is_that_of_the_end_that_came(
    opened: bool, back: bool, expected: tuple[int | None, int | None]
) -> None:
    found = seen(begun(), 11_500, opened=opened, back=back)
    assert (found.opened_after_ms, found.back_after_ms) == expected


@pytest.mark.parametrize("name", ["vehicle", "by_hand", "mains_off"])
def test_each_contact_is_seen_as_itself(name: str) -> None:
    said = {"vehicle": False, "by_hand": False, "mains_off": False, name: True}
    found = begun().seen(0, Contacts(**said), 2700, None, opened=False, back=False)
    assert {one: getattr(found, one) for one in said} == said
    assert found.travel_ms == 2700


@pytest.mark.parametrize(("gap_ms", "flickers"), [(59_999, 2), (60_000, 1), (70_000, 1)])
def test_a_flicker_counts_for_a_minute(gap_ms: int, flickers: int) -> None:
    search = begun()
    search.flickered(20_000 * MS)
    search.flickered((20_000 + gap_ms) * MS)
    assert seen(search, 90_000).flickers == flickers


def test_no_more_than_twenty_flickers_before_this_one_are_kept() -> None:
    search = begun()
    for number in range(40):
        search.flickered((20_000 + number) * MS)
    assert seen(search, 21_000).flickers == 21


@pytest.mark.parametrize(("gap_ms", "alarm"), [(1000, "a7"), (60_000, "")])
def test_the_alarm_of_the_flickers_is_theirs_while_they_go_on(gap_ms: int, alarm: str) -> None:
    search = CauseSearch()
    assert search.flicker_alarm == ""
    search.flickered(20_000 * MS)
    search.told_by("a7")
    search.flickered((20_000 + gap_ms) * MS)
    assert search.flicker_alarm == alarm


VERDICTS: list[tuple[dict[str, Any], Cause]] = [
    ({}, Cause.FORCED),
    ({"impact": True, "power_window": True}, Cause.CRASH),
    ({"power_window": True, "opened_after_ms": 3000}, Cause.OWN),
    ({"opened_after_ms": 1499}, Cause.FORCED),
    ({"opened_after_ms": 1500}, Cause.EXTERNAL),
    ({"opened_after_ms": 6000}, Cause.EXTERNAL),
    ({"opened_after_ms": 6001}, Cause.HAND),
    ({"opened_after_ms": 6001, "vehicle": True}, Cause.FORCED),
    ({"opened_after_ms": 6000, "vehicle": True}, Cause.EXTERNAL),
    ({"opened_after_ms": 3000, "mains_off": True}, Cause.HAND),
    ({"opened_after_ms": 3000, "mains_off": True, "vehicle": True}, Cause.FORCED),
    ({"opened_after_ms": 3000, "by_hand": True}, Cause.EXTERNAL),
    ({"by_hand": True}, Cause.HAND),
    ({"mains_off": True}, Cause.HAND),
    ({"by_hand": True, "vehicle": True}, Cause.FORCED),
    ({"back_after_ms": 999, "flickers": 3}, Cause.WIND),
    ({"back_after_ms": 999, "flickers": 2}, Cause.UNKNOWN),
    ({"back_after_ms": 1000, "flickers": 3}, Cause.FORCED),
    ({"back_after_ms": 999, "flickers": 3, "vehicle": True}, Cause.FORCED),
    ({"flickers": 9}, Cause.FORCED),
    ({"opened_after_ms": 1000, "travel_ms": 2001}, Cause.EXTERNAL),
    ({"opened_after_ms": 4001, "travel_ms": 2000}, Cause.HAND),
]


@pytest.mark.parametrize(("signs", "cause"), VERDICTS, ids=str)
def test_the_first_verdict_that_fits_names_the_cause(signs: dict[str, Any], cause: Cause) -> None:
    assert verdict(Seen(**signs)).cause is cause


@pytest.mark.parametrize(
    ("cause", "benign"),
    [
        (Cause.EXTERNAL, True),
        (Cause.OWN, True),
        (Cause.HAND, True),
        (Cause.WIND, True),
        (Cause.COMMANDED, False),
        (Cause.FORCED, False),
        (Cause.UNKNOWN, False),
        (Cause.CRASH, False),
    ],
)
def test_a_benign_cause_is_one_of_everyday(cause: Cause, benign: bool) -> None:
    assert (cause in BENIGN) is benign
