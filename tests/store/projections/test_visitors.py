"""Visitors in the projections: expected by plate, card and id; what became of them; found by text."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.store.projections import visitors
from tests.store.conftest import START_NS
from tests.store.projections.conftest import Gate

HOUR_NS = 3_600 * 1_000_000_000


def announced(gate: Gate, visit: str, type: str = "visit.announced", **more: Any) -> None:
    told = {
        "unit": "4-201", "purpose": "parcel", "people": 1, "plate": None, "card": None, "code": None,
        "from": "2026-09-21T14:00:00Z", "until": "2026-09-21T16:00:00Z", "vehicle_class": "car",
        "by": "central", "via": "http", "station": None,
    }  # fmt: skip
    gate.happens(type, visit=visit, **{**told, **more})


def test_a_visitor_is_expected_by_plate_card_and_id_until_it_left(gate: Gate) -> None:
    announced(gate, "a", plate="粤B12345", card="00472288")
    (found,) = gate.state.expected("plate", "粤B·12345")
    assert (found.visit, found.plate, found.entered, found.until_ns - found.from_ns) == (
        "a",
        "粤B12345",
        False,
        2 * HOUR_NS,
    )
    assert gate.state.expected("card", "472288") == gate.state.expected("visit", "a") == (found,)
    assert gate.state.expected("card", "472289") == gate.state.expected("pin", "a") == ()
    gate.enters("a", plate="粤B12345")
    (inside,) = gate.state.expected("card", "472288")
    assert inside.entered
    assert [one.visit for one in gate.state.stay("a")] == ["a"]
    gate.happens("passage.exited", visit="a")
    assert gate.state.expected("plate", "粤B12345") == gate.state.stay("a") == ()


@pytest.mark.parametrize(
    ("bits", "other", "found"), [(24, "17249504", 1), (32, "17249504", 0), ("full", "17249504", 0)]
)
def test_cards_are_compared_on_as_many_bits_as_the_site_says(gate: Gate, bits: Any, other: str, found: int) -> None:
    assert int(other) & 0xFFFFFF == 472288
    announced(gate, "a", card="472288")
    assert len(gate.state.expected("card", other, bits)) == found


def test_a_correction_takes_the_place_of_what_was_said(gate: Gate) -> None:
    announced(gate, "a", plate="粤B12345")
    announced(gate, "a", "visit.corrected", plate="粤C99999", people=3)
    assert gate.state.expected("plate", "粤B12345") == ()
    (view,) = gate.state.visits("expected")
    assert (view.plate, view.people, view.state) == ("粤C99999", 3, "expected")


def test_a_cancelled_visitor_is_expected_no_more(gate: Gate) -> None:
    announced(gate, "a", plate="粤B12345")
    gate.happens("visit.cancelled", visit="a", by="Lin", via="guard", station=None)
    assert gate.state.expected("plate", "粤B12345") == ()
    assert [one.state for one in gate.state.visits("cancelled")] == ["cancelled"]
    view = gate.state.visit("a")
    assert view is not None and view.state == "cancelled"


def test_an_exit_that_did_not_happen_brings_the_visitor_back(gate: Gate) -> None:
    announced(gate, "a", plate="粤B12345")
    gate.enters("a", plate="粤B12345")
    gate.happens("passage.exited", visit="a")
    gate.happens("passage.reversed", visit="a", way="read_again", voids="a")
    assert [one.entered for one in gate.state.expected("plate", "粤B12345")] == [True]


def test_a_visitor_whose_exit_was_missed_is_over_when_the_car_comes_again(gate: Gate) -> None:
    plate = {"plate": "粤B12345", "credential": {"kind": "plate", "value": "粤B12345"}}
    announced(gate, "a", plate="粤B12345")
    gate.enters("a", **plate)
    gate.enters("b", **plate)
    assert gate.state.expected("plate", "粤B12345") == ()
    view = gate.state.visit("a")
    assert view is not None and view.state == "ended"


def test_visits_are_found_by_state_and_by_text(gate: Gate) -> None:
    announced(gate, "a", plate="粤B12345", unit="4-201")
    announced(gate, "b", plate="粤C77777", unit="7-302", purpose="Repair of the lift")
    announced(gate, "c", card="472288")
    gate.enters("b", plate="粤C77777")
    gate.enters("d", plate="粤D1")

    def found(state: str, query: str = "") -> list[str]:
        return [one.visit for one in gate.state.visits(state, query)]

    assert found("expected") == ["a", "c"]
    assert found("inside") == ["b", "d"]
    assert found("") == ["b", "d"]
    assert found("expected", "b123") == found("expected", "B·1234") == ["a"]
    assert found("inside", "LIFT") == ["b"]
    assert found("expected", "7228") == ["c"]
    assert found("expected", "4-2") == ["a", "c"]
    assert [one.visit for one in gate.state.visits("expected", after="a", limit=1)] == ["c"]


def test_they_are_forgotten_with_the_rows_and_when_they_never_came(gate: Gate) -> None:
    announced(gate, "gone", plate="粤B1")
    gate.happens("visit.cancelled", visit="gone", by="Lin", via=None, station=None)
    announced(gate, "never", plate="粤B2")
    gate.state.forget(3)
    assert gate.state.visit("gone") is None
    assert gate.state.visit("never") is not None
    db = gate.state._writing()
    visitors.prune(db, START_NS + visitors.KEPT_NS)
    assert gate.state.visit("never") is not None
    visitors.prune(db, START_NS + visitors.KEPT_NS + 3 * HOUR_NS)
    assert gate.state.visit("never") is None


def test_a_row_that_cannot_be_read_leaves_the_others_alone(gate: Gate) -> None:
    announced(gate, "a", **{"from": "soon"})
    announced(gate, "b", card="not a card!")
    assert [one.visit for one in gate.state.visits("expected")] == ["b"]
