"""Places for cars: a household's, the car park's, the last one with two cars for it, and what the projections miss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.access.places import Places
from gateway.core.access.recent import KEPT_MAX, Recent
from gateway.core.vocabulary import rows
from gateway.core.vocabulary.events import CredentialRead
from gateway.core.vocabulary.passes import Pass, PassKind
from tests.core.estate import HOUSEHOLD, Estate, car
from tests.core.playbook import MONTHLY
from tests.support.kept_rows import example

TWO_PLACES: list[dict[str, Any]] = [{"id": "12-3", "places": 2}]
STRANGERS = tuple(car(number) for number in range(4))


def granted(pass_id: str) -> tuple[str, str, str]:
    return "access.granted", "valid_pass", pass_id


def referred(reason: str, pass_id: str) -> tuple[str, str, str]:
    return "access.referred", reason, pass_id


# ---- a household -----------------------------------------------------------------------------------------------------


def test_nose_to_tail_only_one_of_a_household_gets_the_last_place(tmp_path: Path) -> None:
    with Estate(tmp_path, HOUSEHOLD, groups=TWO_PLACES) as play:
        play.comes_in("car0")
        play.set(approach_loop=True)
        play.arrives("car1")
        play.arrives("car2")
        assert play.said() == referred("places_full", "car2")


def test_the_place_of_a_car_that_did_not_come_is_free_again(tmp_path: Path) -> None:
    with Estate(tmp_path, HOUSEHOLD, groups=TWO_PLACES) as play:
        play.comes_in("car0")
        play.arrives("car1")
        play.rise()
        play.advance(21_000)
        assert play.types("grant") == ["grant.unused"]
        play.arrives("car2")
        assert play.said() == granted("car2")


def test_a_car_whose_entry_is_not_in_the_projections_yet_has_its_place(tmp_path: Path) -> None:
    with Estate(tmp_path, HOUSEHOLD, groups=TWO_PLACES) as play:
        play.comes_in("car0")
        play.arrives("car1")
        before = play.seen("car2")
        play.drives_in()
        play.happens(before)
        assert play.said() == referred("places_full", "car2")


def test_a_place_that_was_left_while_a_read_waited_is_free(tmp_path: Path) -> None:
    with Estate(tmp_path, HOUSEHOLD, groups=TWO_PLACES) as play:
        play.comes_in("car0")
        play.comes_in("car1")
        waiting = play.seen("car2")
        play.goes_out("car0")
        play.happens(waiting)
        assert play.said() == granted("car2")


def test_who_left_and_came_back_while_a_read_waited_has_its_place_again(tmp_path: Path) -> None:
    with Estate(tmp_path, HOUSEHOLD, groups=TWO_PLACES) as play:
        play.comes_in("car0")
        play.comes_in("car1")
        waiting = play.seen("car2")
        play.goes_out("car0")
        play.comes_in("car0")
        play.happens(waiting)
        assert play.said() == referred("places_full", "car2")


def test_the_same_car_read_again_inside_takes_no_second_place(tmp_path: Path) -> None:
    with Estate(tmp_path, HOUSEHOLD, groups=TWO_PLACES) as play:
        play.comes_in("car0")
        play.advance(10_000)
        play.comes_in("car0")
        play.comes_in("car1")
        play.arrives("car2")
        assert play.said() == referred("places_full", "car2")


def test_who_left_unseen_and_comes_back_takes_one_place_and_leaves_it_whole(tmp_path: Path) -> None:
    with Estate(tmp_path, HOUSEHOLD, groups=TWO_PLACES) as play:
        play.comes_in("car0")
        play.comes_in("car1")
        play.comes_in("car0")
        play.goes_out("car0")
        play.arrives("car2")
        assert play.said() == granted("car2")


def test_the_way_out_asks_for_no_place(tmp_path: Path) -> None:
    with Estate(tmp_path, HOUSEHOLD, groups=TWO_PLACES) as play:
        play.comes_in("car0")
        play.comes_in("car1")
        play.arrives("car2", "reader-out")
        assert play.said() == granted("car2")


@pytest.mark.parametrize("group", ["", "no such group"])
def test_a_pass_of_no_group_with_places_is_not_counted(tmp_path: Path, group: str) -> None:
    cars = tuple(car(number, group=group) for number in range(3))
    with Estate(tmp_path, cars, groups=TWO_PLACES) as play:
        for one in cars:
            play.comes_in(one.id)


def test_a_household_is_counted_after_a_restart(tmp_path: Path) -> None:
    with Estate(tmp_path, HOUSEHOLD, groups=TWO_PLACES) as play:
        play.comes_in("car0")
        play.comes_in("car1")
        later = play.restarted()
        later.happens(play.seen("car2"))
        assert later.data("access.referred")["reason"] == "places_full"


def test_the_guard_and_the_lanes_display_are_told_why(tmp_path: Path) -> None:
    for locale, words in (("en", "Your places are taken"), ("zh_CN", "您的车位已满")):
        folder = tmp_path / locale
        folder.mkdir()
        with Estate(folder, HOUSEHOLD, {"locale": locale}, groups=[{"id": "12-3", "places": 1}]) as play:
            play.comes_in("car0")
            play.set(approach_loop=True)
            play.arrives("car1")
            decision = play.lane()["last_decision"]
            assert (decision["verdict"], decision["reason"]) == ("referred", "places_full")
            assert play.shown[-1][1]["words"] == words


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from(["in", "in", "out", "away"]), st.booleans(), st.booleans()),
        max_size=12,
    )
)
def test_whoever_comes_and_goes_a_household_has_its_places_and_no_more(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str, bool, bool]]
) -> None:
    """Also while the projections are late, and by reads that have waited for the passage before them."""
    inside: set[str] = set()
    nexts = [*(number for number, *_ in steps[1:]), 0][: len(steps)]
    with Estate(tmp_path_factory.mktemp("estate"), HOUSEHOLD, groups=TWO_PLACES) as play:
        waiting: CredentialRead | None = None
        for (number, what, late, waits), following in zip(steps, nexts, strict=True):
            name, play.late = f"car{number}", late
            read, waiting = waiting or play.seen(name), play.seen(f"car{following}") if waits else None
            if what == "out":
                play.follow()
                if name in inside:
                    play.goes_out(name)
                    inside.remove(name)
                continue
            play.happens(read)
            if len(inside - {name}) >= 2:
                assert play.said() == referred("places_full", name)
            elif what == "in":
                assert play.said() == granted(name)
                play.drives_in()
                inside.add(name)
            else:
                assert play.said() == granted(name)
                play.stays_away()


# ---- the car park ----------------------------------------------------------------------------------------------------


def test_a_full_car_park_is_the_guards_decision_until_somebody_leaves(tmp_path: Path) -> None:
    with Estate(tmp_path, STRANGERS, {"capacity": 2}) as play:
        play.comes_in("car0")
        play.comes_in("car1")
        play.arrives("car2")
        assert play.said() == referred("car_park_full", "car2")
        play.goes_out("car0")
        play.comes_in("car2")


def test_nose_to_tail_only_one_gets_the_last_place_of_the_car_park(tmp_path: Path) -> None:
    with Estate(tmp_path, STRANGERS, {"capacity": 1}) as play:
        play.set(approach_loop=True)
        play.arrives("car0")
        play.arrives("car1")
        assert play.said() == referred("car_park_full", "car1")


def test_a_car_behind_the_last_place_is_counted_once_whether_the_projections_know_it_or_not(tmp_path: Path) -> None:
    with Estate(tmp_path, STRANGERS, {"capacity": 2}) as play:
        play.arrives("car0")
        early = play.seen("car1")
        play.drives_in()
        play.happens(early)
        assert play.said() == granted("car1")
        early = play.seen("car2")
        play.drives_in()
        for read in (early, play.seen("car3")):
            play.happens(read)
            assert play.said()[:2] == ("access.referred", "car_park_full")


def test_a_car_that_is_read_again_inside_is_not_in_its_own_way(tmp_path: Path) -> None:
    with Estate(tmp_path, STRANGERS, {"capacity": 1}) as play:
        play.arrives("car0")
        early = play.seen("car0")
        play.drives_in()
        play.advance(10_000)
        for read in (early, play.seen("car0")):
            play.happens(read)
            assert play.said() == granted("car0")
            play.drives_in()


def test_whoever_a_person_lets_in_counts_and_whoever_a_person_lets_out_frees_a_place(tmp_path: Path) -> None:
    with Estate(tmp_path, STRANGERS, {"capacity": 1}) as play:
        play.person("open")
        play.drives_in()
        play.arrives("car0")
        assert play.said() == referred("car_park_full", "car0")
        play.person("open", lane="out")
        play.drives_out()
        play.comes_in("car0")


def test_an_emergency_vehicle_takes_no_place(tmp_path: Path) -> None:
    with Estate(tmp_path, STRANGERS, {"capacity": 1}) as play:
        play.person("emergency")
        play.drives_in()
        play.arrives("car0")
        assert play.said() == granted("car0")


@pytest.mark.parametrize(
    ("own", "verdict"),
    [
        (car(1, bay="B2-17"), "access.granted"),
        (car(1, bay="B2-17", kind=PassKind.STAFF), "access.granted"),
        (car(1, group="12-3"), "access.granted"),
        (car(1, bay="B2-17", kind=PassKind.TEMPORARY), "access.referred"),
        (car(1, group="another"), "access.referred"),
        (car(1, kind=PassKind.STAFF), "access.referred"),
    ],
)
def test_whoever_has_a_place_of_their_own_gets_into_a_full_car_park(tmp_path: Path, own: Pass, verdict: str) -> None:
    with Estate(tmp_path, (STRANGERS[0], own), {"capacity": 1}, groups=TWO_PLACES) as play:
        play.comes_in("car0")
        play.arrives("car1")
        assert play.said()[0] == verdict


def test_a_passage_that_was_voided_takes_no_place(tmp_path: Path) -> None:
    play = Estate(tmp_path, STRANGERS, {"capacity": 5})
    recent = Recent()
    places = Places(play.settings, recent)
    (occupancy,) = play.seen("car1").occupancy
    play.comes_in("car0")
    for row in play.structs:
        recent.note(row, play.wall_ns)
    full = msgspec.structs.replace(occupancy, cars=4)
    assert places.space(STRANGERS[1], full, "101", []).value == "car_park_full"
    entered = play.data("passage.entered")
    recent.note(example(rows.PassageReversed, voids=entered["visit"]), play.wall_ns)
    assert places.space(STRANGERS[1], full, "101", []).value == "free"
    play.__exit__(None, None, None)


def test_projections_that_stay_behind_make_nobody_count_without_end(tmp_path: Path) -> None:
    play = Estate(tmp_path, STRANGERS, {"capacity": 20_000})
    recent = Recent()
    places = Places(play.settings, recent)
    play.comes_in("car0")
    entered = next(row for row in play.structs if isinstance(row, rows.PassageEntered))
    for number in range(KEPT_MAX + 64):
        recent.note(msgspec.structs.replace(entered, visit=f"v{number}"), play.wall_ns)
    (occupancy,) = play.seen("car1").occupancy
    behind = msgspec.structs.replace(occupancy, after="passage.entered:old")
    for cars, space in ((19_999 - KEPT_MAX, "free"), (20_000 - KEPT_MAX, "car_park_full")):
        stale = msgspec.structs.replace(behind, cars=cars)
        assert places.space(STRANGERS[1], stale, "101", []).value == space
    play.__exit__(None, None, None)


def test_without_groups_and_capacity_nothing_of_it_applies(tmp_path: Path) -> None:
    with Estate(tmp_path, HOUSEHOLD) as play:
        for one in HOUSEHOLD:
            assert play.seen(one.id).occupancy == ()
            play.comes_in(one.id)
        assert play.site.handle(CredentialRead("reader-in", "card", "9", 32, (MONTHLY,)), play.now())
