"""Acceptance at a running engine: over the socket, in the journal, over kills and changes of the settings."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.errors import RequestError
from gateway.store.directory import source_of
from gateway.store.journal.writer import Journal, Row
from gateway.store.projections.book import acceptance_of
from gateway.store.projections.state import State
from tests.engine.conftest import until
from tests.support.engine import SITE, Running

AT_OPEN = "barriers.in.at_open"
ENDS = {"installer": "Zhou", "control_room": "Wu"}


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path / "data")
    running.bus.restore()
    yield running
    running.stop()


def act(gate: Running, what: str, end: str, point: str = "", **more: Any) -> dict[str, Any]:
    request = f"{what}-{end}-{point}-{len(gate.rows())}"
    given = {"lane": "in", "by": ENDS[end], "via": "browser", **more}
    found: dict[str, Any] = gate.client.call(
        "acceptance.act", request=request, what=what, end=end, point=point, **given
    )
    return found


def look(gate: Running) -> dict[str, Any]:
    found: dict[str, Any] = gate.client.call("acceptance.look", request="look", lane="in")
    return found


def kept(gate: Running) -> list[str]:
    """The points that the projections know an end to have ticked."""
    state = State(gate.directory.state)
    try:
        return sorted(acceptance_of(state).ticked)
    finally:
        state.close()


def test_a_tick_over_the_socket_is_in_the_journal_with_what_the_board_reported(gate: Running) -> None:
    gate.bus.set(at_open=True)
    gate.bus.set(at_open=False)
    answer = act(gate, "tick", "installer", AT_OPEN)
    assert (answer["status"], answer["sheet"]["state"]) == ("done", "ticking")
    until(lambda: gate.rows("acceptance.ticked"))
    row = gate.rows("acceptance.ticked")[0]
    assert row.subject == "lanes/in"
    assert (row.data()["by"], row.data()["value"]["on"]) == ("Zhou", False)
    assert row.data()["value"]["on_at"] <= row.data()["value"]["off_at"]


def test_a_repeated_tick_has_its_first_answer(gate: Running) -> None:
    given: dict[str, Any] = {
        "request": "tap-1",
        "lane": "in",
        "what": "tick",
        "end": "installer",
        "point": AT_OPEN,
        "by": "Zhou",
    }
    first = gate.client.call("acceptance.act", via="browser", **given)
    assert gate.client.call("acceptance.act", via="browser", **given) == first
    until(lambda: gate.rows("acceptance.ticked"))
    assert len(gate.rows("acceptance.ticked")) == 1


def test_a_look_shows_what_is_measured_now(gate: Running) -> None:
    gate.bus.set(safety=True)
    found = {point["id"]: point for point in look(gate)["sheet"]["points"]}
    until(lambda: {p["id"]: p for p in look(gate)["sheet"]["points"]}["barriers.in.safety_loop"]["value"]["on"] is True)
    assert found["barriers.in.pulse_ms"]["value"] == {"how": "set", "set": "500"}


def test_a_lane_that_does_not_exist_is_refused_and_a_wrong_request_says_what_is_wrong(gate: Running) -> None:
    assert act(gate, "tick", "installer", AT_OPEN, lane="west")["reason"] == "unknown_lane"
    with pytest.raises(RequestError, match="guard"):
        gate.client.call(
            "acceptance.act", request="r", lane="in", what="tick", end="guard", point=AT_OPEN, by="Lin", via="browser"
        )


def test_ticks_outlive_the_engine_and_settings_that_were_applied_meanwhile_take_them(gate: Running) -> None:
    for end in ENDS:
        act(gate, "tick", end, AT_OPEN)
        act(gate, "tick", end, "barriers.in.at_closed")
    until(lambda: len(gate.rows("acceptance.ticked")) == 4)
    gate.stop()
    assert kept(gate) == ["barriers.in.at_closed", AT_OPEN]
    site = copy.deepcopy(SITE)
    site["lanes"][0]["barrier"]["at_open"] = {"point": "io.input.0", "normally": "closed"}
    gate.directory.save_site(site)
    gate.start()
    until(lambda: gate.rows("acceptance.lost"))
    lost = gate.rows("acceptance.lost")[0].data()
    assert (lost["point"], lost["reason"], lost["ends"]) == (AT_OPEN, "polarity", ["installer", "control_room"])
    until(lambda: kept(gate) == ["barriers.in.at_closed"])


def test_an_apply_names_its_author_in_what_it_takes_away(gate: Running) -> None:
    for end in ENDS:
        act(gate, "tick", end, "barriers.in.pulse_ms")
    site = copy.deepcopy(SITE)
    site["lanes"][0]["barrier"]["pulse_ms"] = 300
    gate.client.call("site.apply", document=site, by="Han", via="cli", confirm_s=0, timeout_s=30)
    until(lambda: gate.rows("acceptance.lost"))
    lost = gate.rows("acceptance.lost")[0].data()
    assert (lost["reason"], lost["by"], lost["via"]) == ("limit", "Han", "cli")


def test_a_rollback_takes_the_ticks_of_the_version_that_it_ends(gate: Running) -> None:
    site = copy.deepcopy(SITE)
    site["lanes"][0]["barrier"]["pulse_ms"] = 300
    gate.client.call("site.apply", document=site, by="Han", via="cli", confirm_s=600, timeout_s=30)
    act(gate, "tick", "installer", "barriers.in.pulse_ms")
    gate.client.call("site.rollback", by="Wu", via="browser", timeout_s=30)
    until(lambda: gate.rows("acceptance.lost"))
    lost = gate.rows("acceptance.lost")[0].data()
    assert (lost["reason"], lost["by"]) == ("limit", "Wu")


def test_a_tick_of_an_unreadable_kind_harms_neither_the_projections_nor_the_start(gate: Running) -> None:
    gate.stop()
    journal = Journal(gate.directory.journal, source_of(parse_settings(SITE)), "another boot")
    bad = {"lane": "in", "point": AT_OPEN, "end": 7, "value": "seen", "basis": None, "by": "Zhou"}
    journal.append([Row("acceptance.ticked", "lanes/in", bad, 1, 1)])
    journal.close()
    gate.start()
    gate.bus.restore()
    assert look(gate)["status"] == "done"
    assert kept(gate) == []


def test_a_pulse_from_the_bench_is_what_a_control_was_tested_by(tmp_path: Path) -> None:
    site = copy.deepcopy(SITE)
    site["lanes"][0]["siren"] = "io.output.3"
    gate = Running(tmp_path / "data", site)
    gate.bus.restore()
    try:
        assert measured(gate, "lanes.in.siren") == {"how": "seen"}
        gate.client.call("bench.pulse", device="io", output=3, duration_ms=100, by="Zhou", via="browser")
        until(lambda: "at" in measured(gate, "lanes.in.siren"))
    finally:
        gate.stop()


def measured(gate: Running, point: str) -> dict[str, Any]:
    found: dict[str, Any] = {one["id"]: one for one in look(gate)["sheet"]["points"]}[point]["value"]
    return found
