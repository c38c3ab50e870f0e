"""Marks of lanes: crashed, tagged, half done, left to a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import apsw
import msgspec
import pytest

from gateway.core.lane.grants.grant import Left
from gateway.core.vocabulary.rows.base import Credential
from tests.store.conftest import START_NS
from tests.store.projections.conftest import SHANGHAI, Gate


def test_a_crash_lasts_until_a_person_resets_the_lane(gate: Gate) -> None:
    gate.happens("barrier.crashed", barrier="b", cause="detached")
    gate.happens("barrier.opened", barrier="b", cause="hand")
    assert gate.state.lanes()["in"]["mode"] == "crashed"
    gate.happens("barrier.reset", barrier="b", by="Lin")
    assert gate.state.lanes() == {}


def test_a_tag_on_a_crashed_lane_hides_the_crash_and_does_not_end_it(gate: Gate) -> None:
    gate.happens("barrier.crashed", barrier="b")
    gate.happens("barrier.locked", barrier="b", by="Lin", reason="welding")
    lane = gate.state.memory()["lanes"]["in"]
    assert (lane["mode"], lane["crashed"], lane["by"], lane["reason"]) == ("locked", True, "Lin", "welding")
    gate.happens("barrier.unlocked", barrier="b", by="Lin")
    assert gate.state.memory()["lanes"]["in"]["mode"] == "crashed"


def test_the_first_of_two_crashes_gives_the_time(gate: Gate) -> None:
    gate.happens("barrier.crashed", barrier="b")
    gate.happens("barrier.crashed", barrier="b")
    assert gate.state.lanes()["in"]["since"] == "2026-09-21T14:13:21.000Z"
    assert gate.state.counted("crashes") == {"b": 2}


@pytest.mark.parametrize(
    "end", ["opened", "closed", "stopped", "obstructed", "not_followed", "stuck", "crashed", "released"]
)  # fmt: skip
def test_a_movement_is_half_done_until_its_end_was_measured(gate: Gate, end: str) -> None:
    gate.happens("barrier.commanded", barrier="b", command="open", cause="grant", by="gateway")
    assert gate.state.memory()["interrupted"] == {"b": "2026-09-21T14:13:21.000Z"}
    gate.happens(f"barrier.{end}", barrier="b")
    assert gate.state.memory()["interrupted"] == {}


def test_a_movement_for_the_second_lane_of_a_shared_barrier_ends_with_the_arm(gate: Gate) -> None:
    gate.happens("barrier.commanded", lane="out", barrier="b", command="open", cause="grant", by="gateway")
    gate.happens("barrier.opened", lane="in", barrier="b")
    assert gate.state.memory()["interrupted"] == {}


@pytest.mark.parametrize("end", ["crashed", "reset", "locked"])
def test_a_question_is_open_until_it_is_answered_or_the_lane_is_out_of_use(gate: Gate, end: str) -> None:
    gate.happens("barrier.stuck", barrier="b", reason="crossed_closed", asked="arm_whole")
    gate.happens("barrier.commanded", barrier="b", command="open", cause="operator", by="Lin")
    assert gate.state.memory()["asked"] == {"b": "2026-09-21T14:13:21.000Z"}
    gate.happens(f"barrier.{end}", barrier="b")
    assert gate.state.memory()["asked"] == {}


def test_a_switch_that_is_stuck_asks_nothing(gate: Gate) -> None:
    gate.happens("barrier.stuck", barrier="b", reason="both_limits")
    assert gate.state.memory()["asked"] == {}


STOP = {"command": "stop", "cause": "operator", "by": "Lin"}
CLOSE = {**STOP, "command": "close"}
OPEN = {"reason": "operator", "decided_by": "Lin", "barrier": "b"}


@pytest.mark.parametrize(
    ("type_", "data"),
    [("commanded", STOP), ("stuck", {"interrupted": True}), ("obstructed", {"interrupted": True}),
     ("unlocked", {"interrupted": True}), ("reset", {"interrupted": True})],
)  # fmt: skip
def test_what_is_left_to_a_person_waits_until_they_decide(gate: Gate, type_: str, data: dict[str, Any]) -> None:
    gate.happens(f"barrier.{type_}", barrier="b", **data)
    gate.happens("barrier.stopped", barrier="b")
    gate.happens("barrier.opened", barrier="b", cause="external")
    gate.happens("barrier.released", barrier="b", by="gateway")
    gate.happens("gateway.started")
    assert gate.state.memory()["interrupted"] == {"b": "2026-09-21T14:13:21.000Z"}
    gate.happens("access.granted", lane="in2", **OPEN)
    assert gate.state.memory()["interrupted"] == {}


@pytest.mark.parametrize(
    ("type_", "data"),
    [("access.granted", OPEN), ("barrier.held", {}), ("barrier.released", {"by": "Lin"}), ("barrier.locked", {}),
     ("barrier.crashed", {}), ("barrier.reset", {"interrupted": False}), ("barrier.unlocked", {"interrupted": False})],
)  # fmt: skip
def test_what_a_person_decides_ends_the_wait(gate: Gate, type_: str, data: dict[str, Any]) -> None:
    gate.happens("barrier.stuck", barrier="b", interrupted=True)
    gate.happens(type_, **{"lane": "in", "barrier": "b", **data})
    gate.happens("barrier.released", barrier="b", by="gateway")
    assert gate.state.memory()["interrupted"] == {}


def test_a_persons_close_ends_the_wait_and_is_half_done_itself_until_the_arm_is_down(gate: Gate) -> None:
    gate.happens("barrier.held", barrier="b", by="Lin")
    gate.happens("barrier.commanded", barrier="b", **CLOSE)
    assert gate.state.memory()["interrupted"] == {"b": "2026-09-21T14:13:22.000Z"}
    gate.happens("barrier.closed", barrier="b")
    assert gate.state.memory()["interrupted"] == {}


def test_what_one_run_left_half_done_waits_in_every_run_until_a_person_decides(gate: Gate) -> None:
    gate.happens("barrier.commanded", barrier="b", command="open", cause="grant", by="gateway")
    gate.happens("gateway.started")
    gate.happens("barrier.opened", barrier="b", cause="external")
    assert gate.state.memory()["interrupted"] == {"b": "2026-09-21T14:13:21.000Z"}
    gate.happens("access.granted", **OPEN)
    assert gate.state.memory()["interrupted"] == {}


@pytest.mark.parametrize("end", ["passage.entered", "passage.exited", "grant.unused"])
def test_a_grant_is_open_until_its_end_is_told_whatever_run_tells_it(gate: Gate, end: str) -> None:
    gate.enters("v9", **{"pass": "p2", "plate": "京A12345"})
    card = {"kind": "card", "value": "7"}
    for number in (1, 2):
        more = {"pass": f"p{number}", "credential": card, "kind": "monthly", "reason": "valid_pass"}
        gate.happens("access.granted", grant=f"g{number}", decided_by="gateway", **more)
    gate.happens("passage.reversed", grant="g2")
    gate.happens("gateway.started")
    first, second = (msgspec.convert(one, Left) for one in gate.state.memory()["grants"])
    assert (first.grant, first.lane, first.pass_id, first.visit) == ("g1", "in", "p1", None)
    assert first.credential == Credential("card", "7")
    assert (first.kind, first.reason, first.by) == ("monthly", "valid_pass", "gateway")
    assert first.given_wall_ns == START_NS + 2 * 10**9
    assert second.visit is not None and (second.visit.visit, second.visit.plate) == ("v9", "京A12345")
    gate.happens(end, grant="g1", visit="v1")
    assert [one["grant"] for one in gate.state.memory()["grants"]] == ["g2"]


def test_a_grant_that_an_older_version_noted_is_known_by_its_name(gate: Gate, tmp_path: Path) -> None:
    db = apsw.Connection(str(tmp_path / "state.db"))
    db.execute("INSERT INTO marks VALUES('in', 'grant:g1', 7, 'p1', '')")
    db.close()
    (left,) = (msgspec.convert(one, Left) for one in gate.state.memory()["grants"])
    assert left == Left("g1", "in", 7, "p1")


def test_a_read_decides_nothing(gate: Gate) -> None:
    gate.happens("barrier.commanded", barrier="b", **STOP)
    gate.happens("access.granted", reason="valid_pass", decided_by="gateway")
    assert gate.state.memory()["interrupted"] == {"b": "2026-09-21T14:13:21.000Z"}


def test_a_device_that_comes_or_goes_leaves_its_barriers_to_a_person(gate: Gate) -> None:
    gate.happens("device.lost", device="io", interrupted=["b", "c"])
    gate.happens("device.restored", device="io", interrupted=["d"])
    assert sorted(gate.state.memory()["interrupted"]) == ["b", "c", "d"]


@pytest.mark.parametrize("end", ["device.restored", "alarm.returned", "alarm.closed"])
def test_a_lost_device_is_known_since_its_first_loss_until_it_answers(gate: Gate, end: str) -> None:
    for _ in range(2):
        gate.happens("device.lost", device="io")
        gate.happens("gateway.started")
    assert gate.state.memory()["lost"] == {"io": "2026-09-21T14:13:21.000Z"}
    gate.happens(end, device="io", alarm="a1", kind="device_lost")
    assert gate.state.memory()["lost"] == {}


def test_a_lane_held_open_is_remembered_until_released(gate: Gate) -> None:
    gate.happens("barrier.held", barrier="b", by="Lin")
    assert gate.state.memory()["interrupted"] == {"b": "2026-09-21T14:13:21.000Z"}
    assert gate.state.memory()["lanes"] == {}
    gate.happens("barrier.released", barrier="b", by="Lin")
    assert gate.state.memory()["interrupted"] == {}


A, B = {"lane": "a", "barrier": "b"}, {"lane": "b", "barrier": "a"}
"""Each barrier is called like the other one's lane."""


@pytest.mark.parametrize(
    ("put_on", "taken_off", "what"),
    [
        (("barrier.commanded", {"command": "open"}), ("barrier.opened", {}), "interrupted"),
        (("barrier.held", {"via": "guard"}), ("barrier.released", {"via": "guard"}), "interrupted"),
        (("barrier.commanded", {"command": "stop"}), ("barrier.reset", {"interrupted": False}), "interrupted"),
        (("barrier.stuck", {"asked": "arm_whole"}), ("barrier.reset", {"interrupted": False}), "asked"),
        (("barrier.crashed", {}), ("barrier.reset", {"interrupted": False}), "lanes"),
        (("barrier.locked", {}), ("barrier.unlocked", {"interrupted": False}), "lanes"),
    ],
)
def test_what_ends_at_one_barrier_ends_nothing_at_another_that_is_called_like_its_lane(
    gate: Gate, put_on: tuple[str, dict[str, Any]], taken_off: tuple[str, dict[str, Any]], what: str
) -> None:
    gate.happens(put_on[0], **A, **put_on[1])
    gate.happens(put_on[0], **B, **put_on[1])
    gate.happens(taken_off[0], **A, **taken_off[1])
    assert list(gate.state.memory(SHANGHAI)[what]) == (["a"] if what != "lanes" else ["b"])
    gate.happens(taken_off[0], **B, **taken_off[1])
    assert not gate.state.memory(SHANGHAI)[what]


@pytest.mark.parametrize(
    ("row", "decides"),
    [
        ({"by": "Lin", "via": "guard"}, True),
        ({"by": "gateway", "via": "guard"}, True),
        ({"by": "schedule", "via": "mqtt"}, True),
        ({"by": "gateway", "via": None}, False),
        ({"by": "schedule", "via": None}, False),
        ({"by": "Lin"}, True),
        ({"by": "gateway"}, False),
    ],
)
def test_a_persons_release_decides_whatever_their_name_is(gate: Gate, row: dict[str, Any], decides: bool) -> None:
    gate.happens("barrier.obstructed", barrier="in", interrupted=True)
    gate.happens("barrier.released", barrier="in", **row)
    assert (gate.state.memory()["interrupted"] == {}) is decides


@pytest.mark.parametrize(
    ("more", "waits"), [({"interrupted": False}, False), ({"interrupted": True}, True), ({}, True)]
)
def test_a_stop_leaves_a_barrier_to_a_person_unless_its_arm_rested(
    gate: Gate, more: dict[str, Any], waits: bool
) -> None:
    gate.happens("barrier.commanded", barrier="in", command="stop", cause="operator", by="Lin", **more)
    gate.happens("barrier.stopped", barrier="in", cause="commanded", by="Lin", **more)
    gate.happens("gateway.started")
    assert list(gate.state.memory()["interrupted"]) == (["in"] if waits else [])


def test_an_arm_that_had_set_off_when_its_stop_went_out_waits_for_a_person(gate: Gate) -> None:
    gate.happens("barrier.commanded", barrier="in", command="stop", cause="operator", by="Lin", interrupted=False)
    gate.happens("barrier.stopped", barrier="in", cause="commanded", by="Lin", interrupted=True)
    assert list(gate.state.memory()["interrupted"]) == ["in"]
