"""The cars inside: counted by kind, corrected by people, listed by age."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.core.settings.model import Site
from gateway.core.vocabulary.events import InsideFacts
from gateway.core.vocabulary.times import NS_PER_S
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal
from gateway.store.projections import visitors
from gateway.store.projections.state import State
from gateway.store.projections.visitors import Narrowed
from tests.store.conftest import START_NS, row
from tests.store.projections.conftest import Gate

HOUR_NS = 3600 * NS_PER_S
WHO = {"by": "Lin", "via": "guard", "station": "booth", "reason": "seen on the round"}
VISITOR = {
    "unit": "4-201", "purpose": "parcel", "people": 1, "plate": "粤B7", "card": None, "code": "c",
    "from": "2026-09-21T14:00:00Z", "until": "2026-09-21T16:00:00Z", "vehicle_class": "car",
}  # fmt: skip


def leaves_unseen(gate: Gate, visit: str, *, counted: bool = True) -> None:
    about = {"pass": None, "plate": None, "entered_at": "2026-09-21T14:13:21Z"}
    gate.happens("visit.left_unseen", visit=visit, counted=counted, **about, **WHO)


def came_unseen(gate: Gate, visit: str, plate: str | None = "粤B9", *, counted: bool = True, **more: Any) -> None:
    about = {"pass": None, "kind": None, "plate": plate, "entered_at": "2026-09-21T13:00:00Z", **more}
    gate.happens("visit.came_unseen", visit=visit, counted=counted, **about, **WHO)


def is_counted(gate: Gate, count: int, before: int = 0, correction: str = "n1") -> None:
    gate.happens("visits.counted", correction=correction, count=count, before=before, **WHO)


def exits(gate: Gate, visit: str, **more: Any) -> None:
    gate.happens("passage.exited", visit=visit, lane="out", **more)


def inside(gate: Gate) -> int:
    return gate.state.inside(None, "").count


def test_cars_are_counted_by_what_they_came_in_as(gate: Gate) -> None:
    for number, kind in enumerate(("monthly", "monthly", "staff", "temporary", "blocked", None)):
        gate.enters(f"v{number}", kind=kind, **{"pass": f"p{number}" if kind else None})
    gate.happens("visit.registered", visit="v9", **VISITOR, by="Lin", via="guard", station="booth")
    gate.enters("v9")
    gate.enters("fire", mark="emergency")
    found = gate.state.inside(10, "now")
    assert (found.monthly, found.temporary, found.staff, found.visitor, found.blocked, found.unknown) == (
        2, 1, 1, 1, 1, 1,
    )  # fmt: skip
    assert (found.count, found.visits, found.capacity, found.free, found.set) == (7, 7, 10, 3, None)


def test_a_car_park_that_is_fuller_than_it_holds_has_no_place(gate: Gate) -> None:
    is_counted(gate, 12)
    assert (gate.state.inside(10, "").free, gate.state.inside(None, "").free) == (0, None)


def test_a_visit_that_is_ended_by_hand_says_by_whom_and_why_and_keeps_no_exit_lane(gate: Gate) -> None:
    gate.enters("v1")
    leaves_unseen(gate, "v1")
    ended = gate.state.visit("v1")
    assert ended is not None
    assert (ended.state, ended.ended, ended.ended_by, ended.ended_reason, ended.exit_lane) == (
        "ended", "by_hand", "Lin", "seen on the round", None,
    )  # fmt: skip
    assert (inside(gate), gate.state.last_passage()) == (0, "visit.left_unseen:v1")
    leaves_unseen(gate, "v1", counted=False)
    assert inside(gate) == 0


def test_a_visitor_who_is_ended_by_hand_is_no_longer_expected(gate: Gate) -> None:
    gate.happens("visit.registered", visit="v9", **VISITOR, by="Lin", via="guard", station="booth")
    gate.enters("v9", plate="粤B7")
    assert [one.entered for one in gate.state.expected("plate", "粤B7")] == [True]
    leaves_unseen(gate, "v9")
    assert gate.state.expected("plate", "粤B7") == ()


def test_how_visits_end_is_told_apart(gate: Gate) -> None:
    card = {"kind": "card", "value": "42"}
    gate.enters("v1", credential=card)
    gate.enters("v2", credential=card)
    exits(gate, "v2")
    assert [one.ended for one in gate.state.visits("")] == ["again", "seen"]
    gate.happens("passage.reversed", visit="v2", way="read_again", voids="v2")
    (back,) = gate.state.visits()
    assert (back.visit, back.ended) == ("v2", None)


@pytest.mark.parametrize("by", ["gateway", "schedule"])
def test_a_car_that_no_person_let_in_names_none(gate: Gate, by: str) -> None:
    gate.enters("v1", by=by)
    gate.enters("v2", by="Lin")
    assert [one.let_in_by for one in gate.state.stays()] == [None, "Lin"]


def test_a_declared_car_is_inside_and_found_by_its_plate(gate: Gate) -> None:
    came_unseen(gate, "u1", "粤B12345", kind="monthly", **{"pass": "p1"})
    (found,) = gate.state.stays()
    assert (found.visit, found.method, found.certainty, found.lane) == ("u1", "hand", "declared", None)
    assert (found.kind, found.shown, found.let_in_by, found.stated) == ("monthly", "plate", "Lin", "seen on the round")
    assert found.entered_at == "2026-09-21T13:00:00.000Z"
    assert [one.visit for one in gate.state.open_visits("p1")] == ["u1"]
    assert [one.visit for one in gate.state.open_visits(None, "粤B12345")] == ["u1"]


# ---- the number


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_the_number_goes_on_from_what_a_person_has_counted(gate: Gate, count: int) -> None:
    gate.enters("v1")
    gate.enters("v2")
    is_counted(gate, count, before=2)
    assert (inside(gate), gate.state.cars_inside("", 100)) == (count, ("visits.counted:n1", count))
    gate.enters("v3")
    assert (inside(gate), gate.state.cars_inside("", 100)[1]) == (count + 1, count + 1)
    exits(gate, "v3")
    assert inside(gate) == count
    told = gate.state.inside(None, "").set
    assert told is not None
    assert (told.count, told.before, told.by, told.reason) == (count, 2, "Lin", "seen on the round")


def test_the_cars_of_a_decision_are_cut_off_behind_what_was_counted_out(gate: Gate) -> None:
    for number in range(6):
        gate.enters(f"v{number}")
    is_counted(gate, 1, before=6)
    assert gate.state.cars_inside("", 3)[1] == 1
    is_counted(gate, 9, before=1, correction="n2")
    assert gate.state.cars_inside("", 3)[1] >= 3


def test_a_visit_from_before_the_count_does_not_lower_it_twice(gate: Gate) -> None:
    gate.enters("v1")
    gate.enters("v2")
    is_counted(gate, 1, before=2)
    facts = gate.state.inside_facts("v1")
    assert (facts.earlier, facts.offset, facts.cars, facts.set_id) == (True, -1, 1, "n1")
    leaves_unseen(gate, "v1", counted=False)
    assert inside(gate) == 1
    exits(gate, "v2")
    assert inside(gate) == 0


def test_a_visit_that_began_after_the_count_is_counted_out(gate: Gate) -> None:
    gate.enters("v1")
    is_counted(gate, 0, before=1)
    gate.enters("v2")
    assert gate.state.inside_facts("v2").earlier is False
    leaves_unseen(gate, "v2")
    assert inside(gate) == 0


def test_a_car_that_came_again_unseen_before_the_count_does_not_lower_it(gate: Gate) -> None:
    card = {"kind": "card", "value": "42"}
    gate.enters("v1", credential=card)
    is_counted(gate, 0, before=1)
    gate.enters("v2", credential=card)
    assert inside(gate) == 1


def test_a_car_that_only_the_count_has_leaves(gate: Gate) -> None:
    is_counted(gate, 3)
    exits(gate, "v7")
    assert inside(gate) == 2
    gate.enters("v8")
    exits(gate, "v8")
    assert inside(gate) == 2


def test_a_car_that_leaves_without_a_visit_and_without_a_count_changes_nothing(gate: Gate) -> None:
    gate.enters("v1", **{"pass": "p1"}, credential={"kind": "card", "value": "1"})
    exits(gate, "v7", **{"pass": "p2"})
    assert inside(gate) == 1


def test_a_declared_car_that_the_count_had_already_does_not_raise_it(gate: Gate) -> None:
    is_counted(gate, 3)
    came_unseen(gate, "u1", counted=False)
    assert inside(gate) == 3
    came_unseen(gate, "u2", "粤B8")
    assert inside(gate) == 4


def test_fewer_than_no_car_cannot_be_inside(gate: Gate) -> None:
    for number in range(3):
        gate.enters(f"v{number}")
    is_counted(gate, 0, before=3)
    for number in range(3):
        exits(gate, f"v{number}")
    assert inside(gate) == 0
    gate.enters("v9")
    assert inside(gate) == 1


def test_what_is_known_of_a_visit_says_who_has_ended_it(gate: Gate) -> None:
    assert gate.state.inside_facts("v1") == InsideFacts()
    gate.enters("v1")
    leaves_unseen(gate, "v1")
    facts = gate.state.inside_facts("v1")
    assert (facts.known, facts.stay, facts.ended_by, facts.after) == (True, None, "Lin", "visit.left_unseen:v1")


# ---- the number is kept


def test_the_number_is_the_same_when_the_projections_are_made_anew(gate: Gate, tmp_path: Path) -> None:
    gate.enters("v1")
    is_counted(gate, 7, before=1)
    gate.enters("v2")
    leaves_unseen(gate, "v1")
    anew = State(tmp_path / "anew.db", writer=True)
    anew.catch_up(gate.reader)
    assert anew.inside(None, "") == gate.state.inside(None, "")
    anew.close()


def test_projections_made_anew_after_retention_take_the_number_from_the_list_of_a_night(
    gate: Gate, journal: Journal, reader: JournalReader, tmp_path: Path
) -> None:
    gate.enters("v1")
    is_counted(gate, 7, before=1)
    dropped = journal.last_sequence + 1
    gate.happens("visits.overstayed", day="2026-09-22", count=0, visits=[], inside=7, by="gateway")
    gate.enters("v2")
    journal.drop_some(dropped, wall_ns=START_NS, most=100)
    anew = State(tmp_path / "anew.db", writer=True)
    anew.catch_up(reader)
    assert (anew.inside(None, "").count, gate.state.inside(None, "").count) == (8, 8)
    gate.happens("visits.overstayed", day="2026-09-23", count=0, visits=[], inside=99, by="gateway")
    anew.catch_up(reader)
    assert anew.inside(None, "").count == 8
    anew.close()


def test_a_new_journal_keeps_the_number_and_the_order_of_visits_before_it(gate: Gate, tmp_path: Path) -> None:
    gate.enters("v1")
    is_counted(gate, 0, before=1)
    gate.enters("v2")
    next_ = Journal.create(tmp_path / "next.db", "nextjournal", "/sites/north-court/gateways/gw1", "boot-2")
    about = {"error": "lost", "part": "journal", "journal": gate.reader.journal_id}
    next_.append([row(1, "storage.degraded", **about)])
    reader = JournalReader(tmp_path / "next.db")
    gate.state.catch_up(reader)
    assert inside(gate) == 1
    assert (gate.state.inside_facts("v1").earlier, gate.state.inside_facts("v2").earlier) == (True, False)
    next_.close()


# ---- the list


def test_the_oldest_stand_first_and_are_narrowed_by_kind_and_age(gate: Gate) -> None:
    gate.enters("v3", kind="monthly", **{"pass": "p1"})
    gate.enters("v1")
    came_unseen(gate, "u1")
    assert [one.visit for one in gate.state.stays()] == ["u1", "v3", "v1"]
    assert [one.visit for one in gate.state.stays(limit=1)] == ["u1"]
    assert [one.visit for one in gate.state.stays(narrowed=Narrowed("monthly"))] == ["v3"]
    assert [one.visit for one in gate.state.stays(narrowed=Narrowed(since_ns=START_NS))] == ["u1"]


def test_holders_may_stay_longer_than_others(gate: Gate) -> None:
    gate.enters("v1", kind="monthly", **{"pass": "p1"})
    gate.enters("v2", kind="staff", **{"pass": "p2"})
    gate.enters("v3", kind="temporary", **{"pass": "p3"})
    gate.enters("v4")
    site = Site("north-court", stay_h=24, stay_days=2)
    day, two = START_NS + 25 * HOUR_NS, START_NS + 49 * HOUR_NS
    found = [[one.visit for one in gate.state.stays(narrowed=visitors.overstayed(site, at))] for at in (day, two)]
    assert found == [["v3", "v4"], ["v1", "v2", "v3", "v4"]]
    assert [gate.state.overstayed(site, at) for at in (START_NS, day, two)] == [0, 2, 4]


@pytest.mark.parametrize("query", ["b123", "粤B·12345", "4722", "P-RES", "4-2", "parcel"])
def test_a_car_is_found_by_any_part_of_what_is_known_of_it(gate: Gate, query: str) -> None:
    gate.happens("visit.registered", visit="v9", **VISITOR, by="Lin", via="guard", station="booth")
    told = {"pass": "p-resident"}
    gate.enters("v9", plate="粤B12345", credential={"kind": "card", "value": "472288"}, **told)
    gate.enters("v1", plate="粤C99999", credential={"kind": "card", "value": "1"})
    assert [one.visit for one in gate.state.stays(query)] == ["v9"]


def test_a_car_is_found_by_its_pass_that_another_register_has_found(gate: Gate) -> None:
    gate.enters("v1", **{"pass": "p1"})
    gate.enters("v2", **{"pass": "p2"})
    gate.enters("v3")
    assert [one.visit for one in gate.state.stays("zxm", narrowed=Narrowed(passes=("p2",)))] == ["v2"]
    assert list(gate.state.stays("zxm")) == []
