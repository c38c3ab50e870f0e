"""A lane without loops: each granted opening is one passage, inferred; the barrier or a guard closes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.playbook import Playbook, site_document


def blind(**barrier: Any) -> Playbook:
    """A lane with limit switches and nothing else."""
    habits = {"close_by": "barrier", "external_open": "expected", **barrier}
    return Playbook(site_document(safety_loop=None, approach_loop=None, **habits))


def test_a_granted_opening_is_one_inferred_passage_when_the_controller_has_closed() -> None:
    book = blind()
    book.read()
    book.rise()
    assert book.types("passage.") == []
    book.lower()
    assert book.types("passage.") == ["passage.entered"]
    assert (book.data("passage.entered")["certainty"], book.data("passage.entered")["pass"]) == ("inferred", "p1")
    assert book.types("grant.unused") == []


def test_the_arm_stays_down_behind_the_car_that_its_grant_was_for() -> None:
    book = blind()
    book.read()
    book.rise()
    book.lower()
    book.advance(30_000)
    assert book.pulses() == ["open"]
    assert book.lane()["state"] == "ready"
    assert book.alarms() == []


def test_a_second_granted_car_gets_an_opening_of_its_own() -> None:
    book = blind()
    book.read()
    book.rise()
    book.read("472289")
    book.lower()
    assert book.types("passage.") == ["passage.entered"]
    assert book.pulses() == ["open", "open"]


@pytest.mark.parametrize("way", ["a guard closes", "the time of the grant is over"])
def test_an_opening_that_ends_otherwise_is_a_passage_too(way: str) -> None:
    book = blind(close_by="guard")
    book.read()
    book.rise()
    if way == "a guard closes":
        book.person("close")
        book.lower()
    else:
        book.advance(20_100)
    assert book.types("passage.") == ["passage.entered"]
    assert book.types("grant.unused") == []


def test_an_opening_that_nobody_was_granted_is_no_passage() -> None:
    book = blind()
    book.rise()
    book.lower()
    assert book.types("passage.") == []


def test_an_arm_that_never_came_up_let_nobody_through() -> None:
    book = blind()
    book.read()
    book.advance(20_000)
    assert book.types("passage.") == []
    assert "grant.unused" in book.types()


def test_limits_that_change_between_two_polls_are_a_movement_and_no_fault() -> None:
    book = Playbook()
    book.set(approach_loop=True)
    book.read()
    book.advance(100)
    book.set(at_closed=False, at_open=True)
    assert book.types("barrier.") == ["barrier.commanded", "barrier.opened"]
    assert book.lane()["arm"] == "open"
    book.drive_through()
    book.advance(900)
    book.set(at_closed=True, at_open=False)
    assert book.types("barrier.")[-1] == "barrier.closed"
    assert book.lane()["state"] == "ready"
    assert book.alarms() == []


def test_limits_that_both_stay_on_are_a_fault_still() -> None:
    book = Playbook()
    book.set(at_open=True)
    assert "barrier.stuck" in book.types()
