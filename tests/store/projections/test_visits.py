"""Visits: inside from entry to exit, found by pass, plate, card and code."""

from __future__ import annotations

import apsw
import pytest

import gateway.store.projections.table as projections
from gateway.store.projections.look import CARS_INSIDE, STAYS_OF_CREDENTIAL, STAYS_OF_PASS
from tests.store.conftest import START_NS
from tests.store.projections.conftest import Gate


def test_a_visit_lasts_from_entry_to_exit(gate: Gate) -> None:
    gate.enters("v1", **{"pass": "p1"}, plate="粤B1")
    (inside,) = gate.state.visits()
    assert (inside.visit, inside.lane, inside.entered_at) == ("v1", "in", "2026-09-21T14:13:21.000Z")
    gate.happens("passage.exited", visit="v1", **{"pass": "p1"})
    assert gate.state.visits() == []
    (ended,) = gate.state.visits("")
    assert (ended.exited_at, ended.exit_lane) == ("2026-09-21T14:13:22.000Z", "in")


def test_a_credential_that_a_later_version_describes_further_is_stored(gate: Gate) -> None:
    gate.enters("v1", credential={"kind": "qr", "value": "c0de", "bits": 34})
    assert [one.visit for one in gate.state.open_visits(None, "c0de")] == ["v1"]
    assert gate.state.code_used("c0de")


def test_an_emergency_vehicle_is_not_counted_among_those_inside(gate: Gate) -> None:
    gate.enters("v1", mark="emergency")
    gate.enters("v2", mark="free_flow")
    assert [visit.visit for visit in gate.state.visits()] == ["v2"]


def test_open_visits_of_a_pass_come_newest_first(gate: Gate) -> None:
    for visit in ("v1", "v2", "v3"):
        gate.enters(visit, **{"pass": "p1"})
    gate.enters("v4", **{"pass": "p2"})
    gate.happens("passage.exited", visit="v2")
    assert [one.visit for one in gate.state.open_visits("p1")] == ["v3", "v1"]


def test_a_car_without_a_pass_is_found_by_plate_or_card(gate: Gate) -> None:
    gate.enters("v1", plate="粤B12345")
    gate.enters("v2", credential={"kind": "card", "value": "42"})
    assert [one.visit for one in gate.state.open_visits(None, "粤B·12345")] == ["v1"]
    assert [one.visit for one in gate.state.open_visits(None, "42")] == ["v2"]
    assert gate.state.open_visits(None, None) == ()
    assert len(gate.state.visits()) == 2


def test_a_passage_that_is_voided_did_not_happen(gate: Gate) -> None:
    gate.enters("v1")
    gate.happens("passage.reversed", visit="v1", way="read_again", voids="v1")
    assert len(gate.state.visits()) == 0
    gate.enters("v2")
    gate.happens("passage.exited", visit="v2", lane="out")
    gate.happens("passage.reversed", visit="v2", way="read_again", voids="v2")
    assert [visit.visit for visit in gate.state.visits()] == ["v2"]
    gate.happens("passage.reversed", visit=None, way="backed_off")
    assert len(gate.state.visits()) == 1


def test_who_comes_in_again_by_the_same_card_has_left_unseen(gate: Gate) -> None:
    card = {"kind": "card", "value": "42"}
    gate.enters("v1", **{"pass": "p1"}, credential=card)
    gate.enters("v2", **{"pass": "p1"}, credential={"kind": "card", "value": "43"})
    gate.enters("v3", **{"pass": "p1"}, credential=card)
    assert [one.visit for one in gate.state.visits()] == ["v2", "v3"]
    unseen = gate.state.visits("")[0]
    assert (unseen.visit, unseen.exit_lane, unseen.exited_at) == ("v1", None, "2026-09-21T14:13:23.000Z")


def test_a_car_that_came_in_by_its_card_and_comes_in_again_by_its_plate_has_left_unseen(gate: Gate) -> None:
    card, plate = {"kind": "card", "value": "42"}, {"kind": "plate", "value": "粤B12345"}
    gate.enters("v1", **{"pass": "p1"}, plate="粤B12345", credential=card)
    gate.enters("v2", **{"pass": "p1"}, plate="粤B12345", credential=plate)
    gate.enters("v3", **{"pass": "p1"}, plate="粤B99999", credential={"kind": "plate", "value": "粤B99999"})
    assert [one.visit for one in gate.state.visits()] == ["v2", "v3"]
    gate.enters("v4", **{"pass": "p2"}, plate="粤B99999", credential={"kind": "card", "value": "7"})
    assert [one.visit for one in gate.state.visits()] == ["v2", "v3", "v4"]


def test_a_car_that_goes_out_by_its_card_is_not_inside_by_an_older_visit(gate: Gate) -> None:
    card = {"kind": "card", "value": "42"}
    gate.enters("v1", **{"pass": "p1"}, plate="粤B12345", credential=card)
    gate.enters("v2", **{"pass": "p1"}, credential={"kind": "plate", "value": "粤B12345"})
    gate.happens("passage.exited", visit="v2", lane="out", **{"pass": "p1"}, plate="粤B12345", credential=card)
    assert gate.state.open_visits("p1") == ()
    gate.enters("v3", **{"pass": "p2"}, credential={"kind": "card", "value": "7"})
    gate.happens("passage.exited", visit="v4", lane="out", **{"pass": "p3"}, plate=None, credential=card)
    assert [one.visit for one in gate.state.visits()] == ["v3"]


def test_the_stay_of_a_code_is_not_ended_by_the_plate_of_its_pass(gate: Gate) -> None:
    gate.enters("v1", **{"pass": "t1"}, plate="粤B12345", credential={"kind": "qr", "value": "c0de"})
    gate.enters("v2", **{"pass": "t1"}, plate="粤B12345", credential={"kind": "plate", "value": "粤B12345"})
    gate.enters("v3", **{"pass": "t1"}, plate="粤B12345", credential={"kind": "qr", "value": "c0df"})
    assert [one.visit for one in gate.state.visits()] == ["v1", "v2", "v3"]


def test_who_leaves_and_is_not_known_to_be_inside_ends_the_oldest_stay_of_nobody(gate: Gate) -> None:
    gate.enters("v1", **{"pass": "p1"})
    gate.enters("v2")
    gate.enters("v3")
    gate.happens("passage.exited", visit="v4", lane="out", **{"pass": "p9"})
    assert [one.visit for one in gate.state.visits()] == ["v1", "v3"]
    gate.happens("passage.exited", visit="v5", lane="out", mark="emergency")
    assert len(gate.state.visits()) == 2
    for visit in ("v6", "v7"):
        gate.happens("passage.exited", visit=visit, lane="out")
    assert [one.visit for one in gate.state.visits()] == ["v1"]


def test_a_group_is_counted_by_its_passes_and_the_car_park_by_its_cars(gate: Gate) -> None:
    assert gate.state.group_inside(("p1", "p2")) == ("", ())
    assert gate.state.cars_inside("42", 10) == ("", 0)
    gate.enters("v1", **{"pass": "p1"}, credential={"kind": "card", "value": "42"})
    gate.enters("v2", **{"pass": "p1"}, credential={"kind": "plate", "value": "粤B1"})
    gate.enters("v3", **{"pass": "p3"})
    gate.enters("v4")
    assert gate.state.group_inside(("p1", "p2")) == ("passage.entered:v4", ("p1",))
    assert gate.state.cars_inside("42", 10) == ("passage.entered:v4", 3)
    assert gate.state.cars_inside("nobody's", 10) == ("passage.entered:v4", 4)
    assert gate.state.cars_inside("nobody's", 2) == ("passage.entered:v4", 2)
    gate.happens("passage.exited", visit="v1", lane="out")
    gate.happens("passage.exited", visit="v2", lane="out")
    assert gate.state.group_inside(("p1", "p2")) == ("passage.exited:v2", ())
    assert gate.state.cars_inside("42", 10) == ("passage.exited:v2", 2)


@pytest.mark.parametrize("question", [STAYS_OF_PASS, STAYS_OF_CREDENTIAL])
def test_stays_are_found_without_a_look_at_all_cars_inside(gate: Gate, question: str) -> None:
    with apsw.Connection(str(gate.state._path)) as db:
        plan = db.execute(f"EXPLAIN QUERY PLAN {question}", ("a", "b")[: question.count("?")]).fetchall()
    assert [str(step[3]) for step in plan if "SCAN" in str(step[3])] == []


def test_cars_are_counted_by_an_index_alone(gate: Gate) -> None:
    with apsw.Connection(str(gate.state._path)) as db:
        plan = db.execute(f"EXPLAIN QUERY PLAN {CARS_INSIDE}", ("passage", "42", 9)).fetchall()
    assert any("USING COVERING INDEX visits_of_credential" in str(step[3]) for step in plan), plan


def test_a_code_that_has_let_somebody_in_is_known_until_no_code_can_be_good(gate: Gate) -> None:
    gate.enters("v1", credential={"kind": "qr", "value": "0a1b"})
    gate.enters("v2", credential={"kind": "card", "value": "472288"})
    gate.happens("passage.exited", visit="v1", lane="out")
    assert [gate.state.code_used(name) for name in ("0a1b", "472288", "ffff")] == [True, False, False]
    gate.happens("passage.reversed", visit="v1", voids="v1")
    assert gate.state.code_used("0a1b")
    with apsw.Connection(str(gate.state._path)) as db:
        projections.prune(db, START_NS + projections.CODES_KEPT_NS)
    assert gate.state.code_used("0a1b")
    with apsw.Connection(str(gate.state._path)) as db:
        projections.prune(db, START_NS + projections.CODES_KEPT_NS + 86_400 * 1_000_000_000)
    assert not gate.state.code_used("0a1b")


def test_visits_go_on_behind_the_last_one(gate: Gate) -> None:
    for n in range(5):
        gate.enters(f"v{n}")
    assert [one.visit for one in gate.state.visits(limit=2)] == ["v0", "v1"]
    assert [one.visit for one in gate.state.visits(after="v1")] == ["v2", "v3", "v4"]
