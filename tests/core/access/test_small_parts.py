"""The chosen lane, the passages of this run, places and expiry warnings, each by itself."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.access import recent as recent_module
from gateway.core.access.booth.chosen import CHOSEN_S, STATIONS_MAX, ChosenLanes
from gateway.core.access.expiry import ExpiryWarnings, Warned
from gateway.core.access.places import Expected, Places, has_bay
from gateway.core.access.recent import Passage, Recent, passage_name
from gateway.core.access.rules import Decision, Space
from gateway.core.settings.model import Direction, Gateway, Group, Lane, Settings, Site
from gateway.core.vocabulary.events import Occupancy, OpenVisit
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.core.vocabulary.reasons import Reason, Verdict
from gateway.core.vocabulary.rows import Credential, PassageEntered, PassageExited, PassageReversed
from gateway.core.vocabulary.times import NS_PER_S, S_PER_DAY

T = 1_790_000_000 * NS_PER_S
NORTH = Lane("north", "north", Direction.ENTRY, "north")
SOUTH = Lane("south", "south", Direction.ENTRY, "south")
CARD = Credential("card", "100")


def visit_fields(visit: str, pass_: str | None, plate: str | None, credential: Credential | None) -> dict[str, Any]:
    return {
        "lane": "in", "visit": visit, "pass_": pass_, "plate": plate, "credential": credential, "method": "automatic",
        "certainty": "measured", "kind": None, "grant": None, "by": None,
    }  # fmt: skip


def entered(
    visit: str,
    pass_: str | None = "p1",
    plate: str | None = None,
    credential: Credential | None = CARD,
    mark: str | None = None,
) -> PassageEntered:
    return PassageEntered(mark=mark, **visit_fields(visit, pass_, plate, credential))


def exited(
    visit: str, pass_: str | None = "p1", plate: str | None = None, credential: Credential | None = CARD
) -> PassageExited:
    fields = visit_fields(visit, pass_, plate, credential)
    return PassageExited(mark=None, entered_at=None, duration_s=None, charge=None, **fields)


def voided(visit: str) -> PassageReversed:
    return PassageReversed(lane="in", visit=None, pass_=None, grant=None, way="read_again", voids=visit)


def noted(*rows: Any) -> Recent:
    recent = Recent()
    for row in rows:
        recent.note(row, T)
    return recent


# ---- the chosen lane


@pytest.mark.parametrize(("after_s", "found"), [(0, NORTH), (CHOSEN_S, NORTH)])
def test_a_choice_counts_for_a_minute(after_s: int, found: Lane) -> None:
    chosen = ChosenLanes()
    chosen.choose("booth", "north", T)
    assert chosen.among([NORTH, SOUTH], T + after_s * NS_PER_S) is found
    assert chosen.among([NORTH, SOUTH], T + 60 * NS_PER_S + 1) is None


def test_a_choice_of_a_lane_that_is_not_asked_about_is_none() -> None:
    chosen = ChosenLanes()
    chosen.choose("booth", "west", T)
    assert chosen.among([NORTH, SOUTH], T) is None


@pytest.mark.parametrize(("second", "found"), [("north", NORTH), ("south", None), ("", NORTH)])
def test_two_screens_must_not_show_different_lanes(second: str, found: Lane | None) -> None:
    chosen = ChosenLanes()
    chosen.choose("one", "north", T)
    chosen.choose("two", second, T)
    assert chosen.among([NORTH, SOUTH], T) is found


@pytest.mark.parametrize(("lane", "found"), [("south", SOUTH), ("", None)])
def test_the_last_word_of_a_screen_counts(lane: str, found: Lane | None) -> None:
    chosen = ChosenLanes()
    chosen.choose("booth", "north", T)
    chosen.choose("booth", lane, T)
    assert chosen.among([NORTH, SOUTH], T) is found


@pytest.mark.parametrize(("others", "found"), [(STATIONS_MAX - 1, NORTH), (STATIONS_MAX, None)])
def test_so_many_screens_and_no_more_are_remembered(others: int, found: Lane | None) -> None:
    chosen = ChosenLanes()
    chosen.choose("first", "north", T)
    for number in range(others):
        chosen.choose(str(number), "west", T)
    assert chosen.among([NORTH], T) is found


# ---- passages of this run


def test_a_passage_has_its_name_change_and_facts() -> None:
    (one, other) = noted(entered("v1", plate="A1"), exited("v2")).behind("")
    assert one == Passage("passage.entered:v1", "v1", "p1", CARD, "A1", T, 1)
    assert (other.name, other.change) == (passage_name("passage.exited", "v2"), -1)
    assert one.stay() == OpenVisit("v1", "p1", "A1", T, "100")


@pytest.mark.parametrize(("mark", "change"), [(None, 1), ("free_flow", 1), ("emergency", 0)])
def test_only_an_emergency_vehicle_does_not_count(mark: str | None, change: int) -> None:
    assert [one.change for one in noted(entered("v1", mark=mark)).behind("")] == [change]


def test_no_row_and_a_row_that_voids_nothing_are_no_passages() -> None:
    recent = noted(entered("v1"), None, PassageReversed(lane="in", visit="v1", pass_=None, grant=None, way="reversed"))
    assert [one.change for one in recent.behind("")] == [1]


def test_a_voided_passage_no_longer_changes_anything_and_no_other_is_touched() -> None:
    recent = noted(entered("v1"), entered("v2"), voided("v1"))
    assert [(one.visit, one.change) for one in recent.behind("")] == [("v1", 0), ("v2", 1)]


@pytest.mark.parametrize(
    ("after", "visits"),
    [
        ("", ["v1", "v2", "v3"]),
        ("passage.entered:v1", ["v2", "v3"]),
        ("passage.exited:v1", ["v1", "v2", "v3"]),
        ("passage.entered:v3", []),
    ],
)
def test_passages_behind_the_last_applied_one_are_told_in_order(after: str, visits: list[str]) -> None:
    recent = noted(entered("v1"), entered("v2"), entered("v3"))
    assert [one.visit for one in recent.behind(after)] == visits


def test_the_oldest_passage_is_deleted_beyond_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_module, "KEPT_MAX", 2)
    assert [one.visit for one in noted(entered("v1"), entered("v2"), entered("v3")).behind("")] == ["v2", "v3"]


@pytest.mark.parametrize(
    ("passes", "value", "by"),
    [
        (frozenset({"p1", "p9"}), "", True),
        (frozenset({"p9"}), "100", False),
        (frozenset(), "100", True),
        (frozenset(), "A1", True),
        (frozenset(), "B2", False),
    ],
)
def test_a_passage_is_by_its_pass_or_else_by_what_was_shown(passes: frozenset[str], value: str, by: bool) -> None:
    assert Passage("n", "v", "p1", CARD, "A1", T, 1).is_by(passes, value) is by


QR = Credential("qr", "code1")


@pytest.mark.parametrize(
    ("credential", "pass_id", "stay", "same"),
    [
        (CARD, "p1", OpenVisit("v", "p1", None, T, "100"), True),
        (CARD, "p1", OpenVisit("v", "p2", None, T, "100"), False),
        (CARD, "p1", OpenVisit("v", "p1", "A1", T, "999"), True),
        (CARD, "p1", OpenVisit("v", "p1", "B2", T, "999"), False),
        (CARD, "p1", OpenVisit("v", "p1", None, T, "999"), False),
        (QR, "p1", OpenVisit("v", "p1", "A1", T, "999"), False),
        (QR, "p1", OpenVisit("v", "p1", None, T, "code1"), True),
        (None, "p1", OpenVisit("v", "p1", "A1", T, None), False),
    ],
)
def test_a_visit_is_of_the_car_that_showed_the_same(
    credential: Credential | None, pass_id: str, stay: OpenVisit, same: bool
) -> None:
    assert Passage("n", "w", pass_id, credential, "A1", T, 1).is_of_car(stay) is same


def test_no_plate_is_not_the_same_plate() -> None:
    stay = OpenVisit("v", "p1", None, T, "999")
    assert Passage("n", "w", "p1", CARD, None, T, 1).is_of_car(stay) is False


OLD = OpenVisit("v0", "p1", None, T - 1, "999")


@pytest.mark.parametrize(
    ("rows", "after", "visits"),
    [
        ((), "", ["v0"]),
        ((entered("v1"),), "", ["v1", "v0"]),
        ((entered("v1"),), "passage.entered:v1", ["v0"]),
        ((entered("v1", pass_="p2"),), "", ["v0"]),
        ((entered("v1", credential=Credential("card", "999")),), "", ["v1"]),
        ((exited("v0"),), "", []),
        ((exited("v8", credential=Credential("card", "999")),), "", []),
        ((exited("v8"),), "", ["v0"]),
        ((entered("v1"), exited("v1")), "", ["v0"]),
        ((entered("v1"), voided("v1")), "", ["v0"]),
        ((entered("v1", mark="emergency"),), "", ["v0"]),
    ],
)
def test_open_visits_are_corrected_by_the_passages_of_this_run(
    rows: tuple[Any, ...], after: str, visits: list[str]
) -> None:
    found = noted(*rows).visits((OLD,), after, frozenset({"p1"}), "100")
    assert [one.visit for one in found] == visits


def test_known_visits_stay_newest_first() -> None:
    known = (OpenVisit("v2", "p1", None, T, "2"), OpenVisit("v1", "p1", None, T, "1"))
    assert Recent().visits(known, "", frozenset({"p1"}), "") == known


@pytest.mark.parametrize(
    ("rows", "after", "used"),
    [
        ((entered("v1", credential=QR),), "", True),
        ((entered("v1", credential=QR),), "passage.entered:v1", False),
        ((entered("v1", credential=QR), voided("v1")), "", True),
        ((entered("v1", credential=Credential("card", "code1")),), "", False),
        ((entered("v1", credential=Credential("qr", "code2")),), "", False),
        ((entered("v1", credential=None),), "", False),
        ((exited("v1", credential=QR),), "", False),
    ],
)
def test_a_code_is_used_by_its_entry(rows: tuple[Any, ...], after: str, used: bool) -> None:
    assert noted(*rows).used("code1", after) is used


# ---- places


def settings(**more: Any) -> Settings:
    groups = (Group("home", 2),)
    return Settings(Site("site", **more), Gateway("gw"), groups=groups)


def coming(pass_id: str | None = None, value: str | None = None, *, counts: bool = True) -> Expected:
    return Expected("in", pass_id, (), value, counts)


@pytest.mark.parametrize(
    ("kind", "bay", "own"),
    [
        (PassKind.MONTHLY, "B1", True),
        (PassKind.STAFF, "B1", True),
        (PassKind.TEMPORARY, "B1", False),
        (PassKind.BLOCKED, "B1", False),
        (PassKind.MONTHLY, "", False),
    ],
)
def test_a_bay_is_reserved_for_residents_and_staff(kind: PassKind, bay: str, own: bool) -> None:
    assert has_bay(Pass("p", kind, bay=bay)) is own


@pytest.mark.parametrize(
    ("inside", "rows", "expected", "full"),
    [
        ((), (), (), False),
        (("a",), (), (), False),
        (("a", "b"), (), (), True),
        (("a", "x"), (), (), False),
        (("a",), (entered("v", "b"),), (), True),
        (("a",), (entered("v", "a"),), (), False),
        (("a", "b"), (exited("v", "b"),), (), False),
        (("a", "b"), (exited("v", "x"),), (), True),
        (("a",), (entered("v", "b"), voided("v")), (), False),
        (("a",), (), (coming("b"),), True),
        (("a",), (), (coming("a"),), False),
        (("a",), (), (coming(None),), False),
    ],
)
def test_a_household_is_full_by_its_other_passes(
    inside: tuple[str, ...], rows: tuple[Any, ...], expected: tuple[Expected, ...], full: bool
) -> None:
    places = Places(settings(capacity=1), noted(*rows))
    found = places.space(Pass("me", PassKind.MONTHLY, group="home"), Occupancy("me", ("a", "b"), inside), "1", expected)
    assert found is (Space.HOUSEHOLD_FULL if full else Space.FREE)


@pytest.mark.parametrize(
    ("cars", "rows", "expected", "full"),
    [
        (1, (), (), False),
        (2, (), (), True),
        (3, (), (), True),
        (1, (entered("v"),), (), True),
        (1, (entered("v", credential=Credential("card", "me")),), (), False),
        (2, (exited("v"),), (), False),
        (0, (exited("v"),), (coming(), coming()), True),
        (0, (exited("v"),), (coming(),), False),
        (1, (), (coming(value="2"),), True),
        (1, (), (coming(value="me"),), False),
        (1, (), (coming(value="2", counts=False),), False),
    ],
)
def test_the_car_park_is_full_by_the_other_cars(
    cars: int, rows: tuple[Any, ...], expected: tuple[Expected, ...], full: bool
) -> None:
    places = Places(settings(capacity=2), noted(*rows))
    found = places.space(Pass("p", PassKind.MONTHLY, group="none"), Occupancy("p", cars=cars), "me", expected)
    assert found is (Space.CAR_PARK_FULL if full else Space.FREE)


@pytest.mark.parametrize(("capacity", "bay"), [(None, ""), (1, "B1")])
def test_without_a_capacity_or_with_a_bay_there_is_a_place(capacity: int | None, bay: str) -> None:
    places = Places(settings(capacity=capacity), Recent())
    found = places.space(Pass("p", PassKind.STAFF, bay=bay), Occupancy("p", cars=99), "me", ())
    assert found is Space.FREE


# ---- expiry warnings

ENDING = Pass("p1", PassKind.MONTHLY)


def decided(left: int | None = 3, verdict: Verdict = Verdict.GRANTED, found: Pass | None = ENDING) -> Decision:
    return Decision(verdict, Reason.VALID_PASS, "rule", found, left)


@pytest.mark.parametrize(
    ("decision", "warns"),
    [
        (decided(0), True),
        (decided(10), True),
        (decided(11), False),
        (decided(-1), False),
        (decided(None), False),
        (decided(3, Verdict.DENIED), False),
        (decided(3, Verdict.REFERRED), False),
        (decided(3, found=None), False),
        (decided(3, found=Pass("p1", PassKind.STAFF)), False),
        (decided(3, found=Pass("p1", PassKind.TEMPORARY)), False),
    ],
)
def test_a_granted_monthly_pass_that_ends_soon_is_warned_of(decision: Decision, warns: bool) -> None:
    due = ExpiryWarnings(settings(), Warned()).due(decision, T)
    assert due == ("2026-09-21" if warns else None)


def test_a_pass_is_warned_of_once_a_day() -> None:
    warnings = ExpiryWarnings(settings(), Warned())
    assert warnings.due(decided(), T) == "2026-09-21"
    assert warnings.due(decided(), T) is None
    assert warnings.due(decided(found=Pass("p2", PassKind.MONTHLY)), T) == "2026-09-21"
    assert warnings.due(decided(), T + S_PER_DAY * NS_PER_S) == "2026-09-22"


@pytest.mark.parametrize(("day", "due"), [("2026-09-21", None), ("2026-09-20", "2026-09-21")])
def test_a_warning_before_a_restart_counts_on_its_own_day(day: str, due: str | None) -> None:
    assert ExpiryWarnings(settings(), Warned(day, ["p1"])).due(decided(), T) == due


@pytest.mark.parametrize(("days", "left", "warns"), [(0, 0, True), (0, 1, False), (2, 2, True), (2, 3, False)])
def test_the_site_says_how_early_it_warns(days: int, left: int, warns: bool) -> None:
    due = ExpiryWarnings(settings(expiry_warning_days=days), Warned()).due(decided(left), T)
    assert (due is not None) is warns
