"""Commands to a lane from the terminal beside it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.cli.lanes import COUNTS_S
from gateway.core.lane.modes.hold_end import COUNT_MAX, MINUTES_MAX
from gateway.core.lane.people.refusals import COMMANDS
from tests.cli.conftest import Gatehouse
from tests.support.engine_stand_in import EngineStandIn, engine_stand_in, lane, snapshot


@pytest.fixture
def engine(made: Path) -> Iterator[EngineStandIn]:
    with engine_stand_in(made / "run" / "engine.sock") as standing:
        standing.answers["lane.command"] = lambda asked: {
            "id": asked["request"], "status": "done", "reason": "", "detail": "",
        }  # fmt: skip
        yield standing


def test_an_order_names_lane_person_and_reason(gatehouse: Gatehouse, engine: EngineStandIn) -> None:
    told = gatehouse("lane", "in", "open", "--by", "Lin", "--reason", "parcel")
    assert (told.status, told.out) == (0, "in: open done\n")
    asked = engine.calls("lane.command")[0]
    assert {key: asked[key] for key in ("lane", "command", "by", "via", "reason", "detail")} == {
        "lane": "in", "command": "open", "by": "Lin", "via": "cli", "reason": "parcel", "detail": {},
    }  # fmt: skip


def test_each_order_has_a_key_of_its_own(gatehouse: Gatehouse, engine: EngineStandIn) -> None:
    for _ in range(2):
        gatehouse("lane", "in", "open", "--reason", "parcel")
    first, second = engine.calls("lane.command")
    assert first["request"] != second["request"]
    assert first["by"] != ""


def test_a_hold_takes_its_end_along(gatehouse: Gatehouse, engine: EngineStandIn) -> None:
    gatehouse("lane", "in", "hold", "--reason", "house move", "--minutes", 30, "--count", 4)
    assert engine.calls("lane.command")[0]["detail"] == {"minutes": 30, "count": 4}


def test_a_tag_is_taken_off_with_the_word_that_waives_its_touched_points(
    gatehouse: Gatehouse, engine: EngineStandIn
) -> None:
    gatehouse("lane", "in", "unlock", "--reason", "no control room tonight", "--waive", "leader")
    assert engine.calls("lane.command")[0]["detail"] == {"waive": "leader"}


def test_an_order_that_a_hung_engine_finds_later_has_ended(gatehouse: Gatehouse, engine: EngineStandIn) -> None:
    before_ns = time.monotonic_ns()
    gatehouse("lane", "in", "open", "--reason", "parcel")
    left_s = (engine.calls("lane.command")[0]["expires_mono_ns"] - before_ns) / 1e9
    assert COUNTS_S <= left_s < COUNTS_S + 60


def test_an_emergency_at_an_entry_says_which_exits_open_too(gatehouse: Gatehouse, engine: EngineStandIn) -> None:
    entry, tagged = lane("in", direction="entry"), {"emergency": "lane_locked"}
    out, back = lane("out", name="North out", direction="exit"), lane("back", direction="exit", allowed=tagged)
    engine.answers["state"] = lambda _: snapshot(entry, out, back)
    told = gatehouse("lane", "in", "emergency", "--reason", "ambulance")
    assert told.out == "in: emergency done, opened too: North out\n"
    assert gatehouse("lane", "out", "emergency", "--reason", "ambulance").out == "out: emergency done\n"
    assert gatehouse("lane", "in", "emergency", "--reason", "ambulance", "--json").data["exits"] == ["North out"]


def test_an_emergency_does_not_wait_for_a_state_that_can_be_read(gatehouse: Gatehouse, engine: EngineStandIn) -> None:
    engine.answers["state"] = lambda _: {"lanes": [{"id": "in"}]}
    assert gatehouse("lane", "in", "emergency", "--reason", "ambulance").out == "in: emergency done\n"


def test_a_refusal_is_said_and_exits_with_1(gatehouse: Gatehouse, engine: EngineStandIn) -> None:
    engine.answers["lane.command"] = lambda asked: {
        "id": asked["request"], "status": "refused", "reason": "safety_occupied", "detail": "",
    }  # fmt: skip
    told = gatehouse("lane", "in", "close", "--reason", "night", "--json")
    assert (told.status, told.data["reason"]) == (1, "safety_occupied")


@pytest.mark.parametrize(
    "line",
    [
        ("in", "explode", "--reason", "x"),
        ("in", "open"),
        ("in", "open", "--reason", "x", "--minutes", "5"),
        ("in", "hold", "--reason", "x", "--minutes", "0"),
        ("in", "open", "--reason", "x", "--waive", "leader"),
        ("in", "unlock", "--reason", "x", "--waive", "nobody"),
        ("in", "hold", "--reason", "x", "--count", "1001"),
    ],
)
def test_a_line_that_is_not_whole_asks_nothing(
    gatehouse: Gatehouse, engine: EngineStandIn, line: tuple[str, ...]
) -> None:
    assert gatehouse("lane", *line).status == 2
    assert engine.calls("lane.command") == []


def test_without_an_engine_nothing_can_move(gatehouse: Gatehouse, made: Path) -> None:
    assert gatehouse("lane", "in", "open", "--reason", "parcel").status == 4


def test_the_help_names_every_order(gatehouse: Gatehouse) -> None:
    told = gatehouse("lane", "--help").out
    assert [order for order in COMMANDS if order not in told] == []
    assert f"1 to {MINUTES_MAX}" in told and f"1 to {COUNT_MAX}" in told
