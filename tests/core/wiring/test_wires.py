"""The wires of a lane, read from a document that may be half written, and written back."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from gateway.core.settings.contacts import CONTACTS
from gateway.core.settings.site_file import parse_settings
from gateway.core.wiring.learning import ASKS
from gateway.core.wiring.terminals import TERMINALS, terminal_of
from gateway.core.wiring.wires import Wire, paths_of, place_of, rewired, sharing, wires_of
from tests.core.wiring.site import site, with_lane


def test_every_contact_of_the_site_file_is_a_terminal() -> None:
    assert {one.key for one in TERMINALS.values() if one.side == "input"} == set(CONTACTS)


def test_every_contact_can_be_learned() -> None:
    assert set(ASKS) == set(CONTACTS)


def test_only_the_outputs_of_the_barrier_move_an_arm() -> None:
    assert [one.name for one in TERMINALS.values() if one.moves] == ["barrier.open", "barrier.stop", "barrier.close"]


def test_the_wires_of_a_lane_come_in_the_order_of_the_terminals() -> None:
    wires = wires_of(site(), "in")
    assert [one.terminal for one in wires] == [
        "barrier.open", "barrier.stop", "barrier.close", "barrier.at_open", "barrier.at_closed",
        "barrier.approach_loop", "barrier.safety_loop",
    ]  # fmt: skip
    assert wires[0].point == "io.output.0"


def test_a_list_of_points_is_a_terminal_with_numbers() -> None:
    written = ["io.input.2", {"point": "io.input.4", "normally": "closed", "debounce_ms": 90}]
    found = wires_of(site(safety_loop=written), "in")[-2:]
    assert found == (
        Wire("barrier.safety_loop", "io.input.2"),
        Wire("barrier.safety_loop.1", "io.input.4", "closed", 90),
    )


@pytest.mark.parametrize("rubbish", [7, True, {"point": 3}, {"normally": "closed"}, "", "io.input", ["x", 4]])
def test_what_is_no_point_is_read_as_a_wire_without_one(rubbish: Any) -> None:
    found = wires_of(site(at_open=rubbish), "in")
    assert all(one.place is None for one in found if terminal_of(one.terminal).key == "at_open")


@pytest.mark.parametrize("document", [{}, {"lanes": 3}, {"lanes": [None, {"id": "in", "barrier": 7}]}])
def test_a_document_without_the_lane_has_no_wires(document: dict[str, Any]) -> None:
    assert wires_of(document, "in") == ()


def test_a_lane_written_back_as_it_was_read_is_the_same() -> None:
    document = site(safety_loop=["io.input.2", {"point": "io.input.4", "normally": "closed"}])
    document["lanes"][0] |= {"siren": "io.output.5", "lights": {"red": "io.output.6"}, "fire": "io.input.7"}
    assert rewired(document, "in", wires_of(document, "in")) == document


def test_a_wire_that_is_taken_away_leaves_no_empty_key() -> None:
    document = site()
    document["lanes"][0]["lights"] = {"red": "io.output.6"}
    kept = [one for one in wires_of(document, "in") if one.terminal not in ("lights.red", "barrier.stop")]
    lane = rewired(document, "in", kept)["lanes"][0]
    assert "lights" not in lane
    assert "stop" not in lane["barrier"]


def test_the_pulse_of_the_signals_outlives_their_wires() -> None:
    document = site()
    document["lanes"][0]["signals"] = {"granted": "io.output.6", "pulse_ms": 500}
    kept = [one for one in wires_of(document, "in") if one.terminal != "signals.granted"]
    assert rewired(document, "in", kept)["lanes"][0]["signals"] == {"pulse_ms": 500}


def test_rewiring_leaves_the_document_that_was_given_alone() -> None:
    document = site()
    before = copy.deepcopy(document)
    rewired(document, "in", [Wire("barrier.open", "io2.output.3")])
    assert document == before


def test_what_is_rewired_is_taken_by_the_checks_of_the_site_file() -> None:
    wires = [
        Wire("barrier.open", "io.output.0"),
        Wire("barrier.safety_loop", "io.input.2", "closed"),
        Wire("barrier.safety_loop.1", "io.input.5"),
        Wire("lights.green", "io.output.7"),
        Wire("panic", "io.input.6", debounce_ms=0),
    ]
    lane = parse_settings(rewired(site(), "in", wires)).lanes[0]
    assert lane.lights.green is not None
    assert lane.contacts["panic"][0].debounce_ms == 0


def test_a_shared_barrier_is_rewired_where_it_stands() -> None:
    document = with_lane(site())
    document["barriers"] = [{"id": "north", **document["lanes"][0]["barrier"]}]
    document["lanes"][0]["barrier"] = document["lanes"][1]["barrier"] = "north"
    changed = rewired(document, "out", [Wire("barrier.open", "io2.output.0")])
    assert changed["barriers"] == [{"id": "north", "open": "io2.output.0"}]
    assert sharing(changed, changed["lanes"][0]) == ["out"]
    assert paths_of(changed, "out") == {"lane": "lanes[1]", "barrier": "barriers[0]"}


def test_an_inline_barrier_is_named_by_its_lane() -> None:
    assert paths_of(site(), "in") == {"lane": "lanes[0]", "barrier": "lanes[0].barrier"}
    assert paths_of(site(), "nowhere") == {}


def test_an_unknown_lane_is_not_rewired() -> None:
    with pytest.raises(KeyError):
        rewired(site(), "nowhere", [])


@pytest.mark.parametrize("text", ["io", "io.input.", "io.input.1234", "io.relay.1", "a b.input.1", "io.input.-1"])
def test_a_text_that_is_no_point_has_no_place(text: str) -> None:
    assert place_of(text) is None
