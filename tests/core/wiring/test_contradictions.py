"""What stands against a lane's wiring: each finding with a lane that has it, and one just beside that has not."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.errors import SettingsError
from gateway.core.wiring.contradictions import WORDS, Contradiction, contradictions
from tests.core.wiring.site import REST, boards, site, with_lane


def codes(document: dict[str, Any], lane: str = "in", now: tuple[bool, ...] = REST, **more: Any) -> list[str]:
    return [one.code for one in contradictions(document, lane, boards(now, **more))]


def first(document: dict[str, Any], code: str, now: tuple[bool, ...] = REST) -> Contradiction:
    return next(one for one in contradictions(document, "in", boards(now)) if one.code == code)


def test_a_lane_that_is_well_wired_has_no_finding() -> None:
    assert codes(site()) == []


def test_a_lane_that_does_not_exist_has_no_finding() -> None:
    assert codes(site(), "nowhere") == []


NO_LOOPS: dict[str, Any] = {"safety_loop": None, "approach_loop": None}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"open": None}, "no_open"),
    ({"open": "io"}, "not_a_point"),
    ({"at_open": {"point": 4}}, "not_a_point"),
    ({"at_open": "other.input.0"}, "no_device"),
    ({"at_open": "io.input.8"}, "no_point"),
    ({"close": "io.output.8"}, "no_point"),
    ({"at_open": "io.output.4"}, "wrong_side"),
    ({"open": "io.input.4"}, "wrong_side"),
    ({"close": "io.output.0"}, "one_output"),
    ({"stop": "io.output.0"}, "one_output"),
    ({"at_open": "io.input.1"}, "one_input"),
    ({"arm_detached": "io.input.2"}, "one_input"),
    ({"safety_loop": ["io.input.2", "io.input.2"]}, "one_input"),
    ({"safety_loop": None}, "close_without_safety"),
    ({"control": "step"}, "step_closes"),
]


@pytest.mark.parametrize(("barrier", "code"), WRONG)
def test_what_cannot_work_is_wrong(barrier: dict[str, Any], code: str) -> None:
    found = [one for one in contradictions(site(**barrier), "in", boards(REST)) if one.level == "wrong"]
    assert code in [one.code for one in found]


LOOK: list[tuple[dict[str, Any], str]] = [
    ({"close": None}, "no_close"),
    ({"control": "hold"}, "close_unused"),
    ({"approach_loop": "io.input.2"}, "input_of_two"),
    ({"arm_detached": {"point": "io.input.5", "debounce_ms": 100}}, "slow"),
]


@pytest.mark.parametrize(("barrier", "code"), LOOK)
def test_what_a_person_must_look_at_is_said(barrier: dict[str, Any], code: str) -> None:
    assert first(site(**barrier), code).level == "look"


FINE: list[dict[str, Any]] = [
    {"close": None, "close_by": "barrier"},
    {"safety_loop": None, "close_by": "guard"},
    {"safety_loop": None, "safety": "controller"},
    {"control": "step", "close": None, "close_by": "barrier"},
    {"at_open": {"point": "io.input.1", "normally": "closed"}},
]


@pytest.mark.parametrize("barrier", FINE)
def test_what_is_meant_so_is_no_finding(barrier: dict[str, Any]) -> None:
    assert codes(site(**barrier)) == []


def test_what_the_site_file_refuses_at_one_lane_is_found_here_too() -> None:
    for barrier in ({"close": "io.output.0"}, {"at_open": "io.input.1"}, {"at_open": "gone.input.1"}):
        document = site(**barrier)
        with pytest.raises(SettingsError):
            parse_settings(document)
        assert "wrong" in [one.level for one in contradictions(document, "in", boards())]


def test_both_limits_active_is_wrong_and_neither_is_looked_at() -> None:
    assert codes(site(), now=(True, True, *REST[2:])) == ["both_limits"]
    assert codes(site(), now=(False, False, *REST[2:])) == ["no_limit"]


def test_a_loop_that_is_active_at_rest_is_looked_at() -> None:
    active = first(site(), "active_now", (False, True, True, *REST[3:]))
    assert (active.terminals, active.level) == (("barrier.safety_loop",), "look")
    assert "normally open" in active.words


def test_a_loop_that_is_normally_closed_and_reads_no_current_is_active() -> None:
    document = site(safety_loop={"point": "io.input.2", "normally": "closed"})
    assert codes(document) == ["active_now"]
    assert codes(document, now=(False, True, True, *REST[3:])) == []


def test_mains_that_reads_off_is_looked_at() -> None:
    assert codes(site(mains="io.input.5")) == ["mains_off"]


def test_a_board_that_does_not_answer_is_named_and_its_inputs_are_not_judged() -> None:
    assert set(codes(site(), now=(True,) * 8, state="lost")) == {"silent"}


def test_the_points_of_a_board_that_nobody_knows_are_not_judged() -> None:
    assert codes(site(at_open="io.input.99"), now=(), count=100) == []
    found = contradictions(site(at_open="io.input.99"), "in", {})
    assert [one.code for one in found] == []


def test_an_output_of_another_lane_is_taken() -> None:
    document = with_lane(site(), open="io.output.2")
    assert first(document, "one_output").terminals == ("barrier.close", "out: barrier.open")


def test_one_siren_may_serve_two_lanes() -> None:
    document = with_lane(site(), open="io2.output.0", close_by="barrier")
    document["lanes"][0]["siren"] = document["lanes"][1]["siren"] = "io.output.7"
    assert codes(document) == []
    assert codes(document, "out") == []


def test_a_loop_that_two_lanes_use_differently_is_looked_at() -> None:
    document = with_lane(site(), open="io2.output.0", close_by="barrier", clear_loop="io.input.3")
    assert first(document, "input_of_two").detail["others"] == "out: barrier.clear_loop"


def test_one_fire_contact_may_serve_two_lanes() -> None:
    document = with_lane(site(), open="io2.output.0", close_by="barrier")
    document["lanes"][0]["fire"] = document["lanes"][1]["fire"] = "io.input.7"
    assert codes(document) == []


def test_the_wires_of_a_shared_barrier_are_not_two() -> None:
    document = with_lane(site())
    document["barriers"] = [{"id": "north", **document["lanes"][0]["barrier"]}]
    document["lanes"][0]["barrier"] = document["lanes"][1]["barrier"] = "north"
    assert codes(document) == codes(document, "out") == []


def test_a_barrier_that_does_not_exist_is_the_only_finding() -> None:
    document = site()
    document["lanes"][0]["barrier"] = "gone"
    assert codes(document) == ["no_barrier"]


def test_a_lane_without_a_reader_is_looked_at() -> None:
    document = site()
    document["lanes"][0]["readers"] = []
    assert codes(document) == ["no_reader"]
    document["lanes"][0]["cameras"] = ["cam"]
    assert codes(document) == []


def test_a_board_among_the_readers_is_wrong_and_a_shared_reader_is_said() -> None:
    document = with_lane(site(), open="io2.output.0", close_by="barrier")
    document["lanes"][0]["readers"] = ["io", "r2"]
    assert codes(document) == ["not_a_reader", "reader_elsewhere"]


def test_what_is_wrong_comes_first() -> None:
    found = contradictions(site(close="io.output.0", approach_loop="io.input.2"), "in", boards(REST))
    assert [one.level for one in found] == ["wrong", "look"]


EVERY = [document for document, _ in [(site(**barrier), code) for barrier, code in (*WRONG, *LOOK)]]


@pytest.mark.parametrize("document", EVERY)
def test_the_words_of_a_finding_are_whole(document: dict[str, Any]) -> None:
    for one in contradictions(document, "in", boards(REST)):
        assert "{" not in one.words
        assert one.code in WORDS
