"""Projections: what follows from the journal, once, in order, and again after a crash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import apsw
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gateway.store.projections.state as state_module
import gateway.store.projections.table as projections
from gateway.core.access.access import AccessMemory
from gateway.core.alarms.alarms import AlarmsMemory
from gateway.core.lane.grants.grant import Left
from gateway.core.lane.service import ServiceMemory
from gateway.core.lanes.memory import LanesMemory
from gateway.core.run.run import RunMemory
from gateway.core.subsystem import Memory
from gateway.core.vocabulary.clock import ClockMemory
from gateway.core.vocabulary.errors import NotFoundError, StorageError
from gateway.core.vocabulary.events import ClockState
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal, Row
from gateway.store.projections import answers
from gateway.store.projections.answers import Answer, Conflict, Pending
from gateway.store.projections.look import CARS_INSIDE, STAYS_OF_CREDENTIAL, STAYS_OF_PASS
from gateway.store.projections.state import State
from tests.store.conftest import SOURCE, START_NS, row

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    made = State(tmp_path / "state.db", writer=True)
    yield made
    made.close()


class Gate:
    """Appends rows and lets the projections follow."""

    def __init__(self, journal: Journal, reader: JournalReader, state: State) -> None:
        self.journal, self.reader, self.state = journal, reader, state
        self.number = 0

    def happens(self, type: str, **data: object) -> None:
        self.number += 1
        self.journal.append([row(self.number, type, **data)])
        self.state.catch_up(self.reader)

    def enters(self, visit: str, **data: object) -> None:
        data = {"pass": None, "plate": None, "method": "automatic", "certainty": "measured", **data}
        self.happens("passage.entered", visit=visit, **data)

    def alarm(self, verb: str, state: str, alarm: str = "a1", **data: object) -> None:
        about = {"kind": "crash", "priority": 1, "raised_at": "2026-09-21T14:13:21.000Z", "device": None}
        self.happens(f"alarm.{verb}", alarm=alarm, state=state, **{**about, **data})


@pytest.fixture
def gate(journal: Journal, reader: JournalReader, state: State) -> Gate:
    return Gate(journal, reader, state)


# ---- from one journal to the next --------------------------------------------------------------------------------


def succeed(gate: Gate, tmp_path: Path, **data: object) -> None:
    """Another journal takes the place of the gate's, and its first row says of which."""
    before = gate.journal.journal_id
    gate.journal.close()
    gate.reader.close()
    for file in tmp_path.glob("journal.db*"):
        file.unlink()
    gate.journal = Journal.create(tmp_path / "journal.db", None, SOURCE, "boot-1")
    gate.reader = JournalReader(tmp_path / "journal.db")
    gate.happens("storage.degraded", **{"journal": before, **data})


def test_what_is_known_carries_over_to_the_journal_that_succeeds(gate: Gate, tmp_path: Path) -> None:
    gate.enters("v1", **{"pass": "p1"})
    gate.enters("v2", **{"pass": "p1"})
    gate.alarm("raised", "unacknowledged")
    gate.happens("barrier.locked", lane="in", by="Lin", reason="works")
    gate.happens("barrier.opened", lane="in", barrier="in", travel_ms=900)
    gate.happens("pass.expiring", **{"pass": "p1"}, day="2026-09-21")
    for _ in range(2):
        succeed(gate, tmp_path)
        gate.enters("v3", **{"pass": "p1"})
        state = gate.state
        assert [visit.visit for visit in state.open_visits("p1")] == ["v3", "v2", "v1"]
        assert [alarm["alarm"] for alarm in state.alarms()] == ["a1"]
        assert state.lanes()["in"]["mode"] == "locked"
        assert [one["travel_ms"] for one in state.movements("in", None, None)] == [900]
        assert state.warned("2026-09-21") == {"p1"}
        assert state.counted("cycles") == {"in": 1}
        assert state.sequence == 2


def test_a_journal_that_succeeds_another_one_finds_nothing_of_ours(gate: Gate, tmp_path: Path) -> None:
    gate.enters("v1")
    succeed(gate, tmp_path, journal="elsewhere")
    assert gate.state.visits() == []


def test_what_the_first_row_tells_counts_where_nothing_is_known(gate: Gate, tmp_path: Path) -> None:
    gate.happens("barrier.locked", lane="in", by="Lin", reason="works")
    gate.alarm("raised", "unacknowledged")
    told = gate.state.standing()
    succeed(gate, tmp_path, journal="elsewhere", **told, interrupted=["out"])
    assert gate.state.lanes()["in"]["by"] == "Lin"
    assert [alarm["alarm"] for alarm in gate.state.alarms()] == ["a1"]
    assert set(gate.state.memory()["interrupted"]) == {"out"}


def test_whether_people_may_be_at_an_arm_waits_for_the_disk(gate: Gate) -> None:
    def waits() -> bool:
        assert gate.state._writer is not None
        return bool(gate.state._writer.pragma("synchronous") == 2)

    gate.happens("barrier.locked", lane="in")
    assert waits()
    gate.happens("access.denied", lane="in")
    assert not waits()


# ---- visits ------------------------------------------------------------------------------------------------------


def test_a_visit_lasts_from_entry_to_exit(gate: Gate) -> None:
    gate.enters("v1", **{"pass": "p1"}, plate="粤B1")
    (inside,) = gate.state.visits()
    assert (inside["visit"], inside["lane"], inside["entered_at"]) == ("v1", "in", "2026-09-21T14:13:21.000Z")
    gate.happens("passage.exited", visit="v1", **{"pass": "p1"})
    assert gate.state.visits() == []
    (ended,) = gate.state.visits(inside=False)
    assert (ended["exited_at"], ended["exit_lane"]) == ("2026-09-21T14:13:22.000Z", "in")


def test_an_emergency_vehicle_is_not_counted_among_those_inside(gate: Gate) -> None:
    gate.enters("v1", mark="emergency")
    gate.enters("v2", mark="free_flow")
    assert [visit["visit"] for visit in gate.state.visits()] == ["v2"]
    assert gate.state.inside() == 1


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
    assert gate.state.inside() == 2


def test_a_passage_that_is_voided_did_not_happen(gate: Gate) -> None:
    gate.enters("v1")
    gate.happens("passage.reversed", visit="v1", way="read_again", voids="v1")
    assert gate.state.inside() == 0
    gate.enters("v2")
    gate.happens("passage.exited", visit="v2", lane="out")
    gate.happens("passage.reversed", visit="v2", way="read_again", voids="v2")
    assert [visit["visit"] for visit in gate.state.visits()] == ["v2"]
    gate.happens("passage.reversed", visit=None, way="backed_off")
    assert gate.state.inside() == 1


def test_who_comes_in_again_by_the_same_card_has_left_unseen(gate: Gate) -> None:
    card = {"kind": "card", "value": "42"}
    gate.enters("v1", **{"pass": "p1"}, credential=card)
    gate.enters("v2", **{"pass": "p1"}, credential={"kind": "card", "value": "43"})
    gate.enters("v3", **{"pass": "p1"}, credential=card)
    assert [one["visit"] for one in gate.state.visits()] == ["v2", "v3"]
    unseen = gate.state.visits(inside=False)[0]
    assert (unseen["visit"], unseen["exit_lane"], unseen["exited_at"]) == ("v1", None, "2026-09-21T14:13:23.000Z")


def test_a_car_that_came_in_by_its_card_and_comes_in_again_by_its_plate_has_left_unseen(gate: Gate) -> None:
    card, plate = {"kind": "card", "value": "42"}, {"kind": "plate", "value": "粤B12345"}
    gate.enters("v1", **{"pass": "p1"}, plate="粤B12345", credential=card)
    gate.enters("v2", **{"pass": "p1"}, plate="粤B12345", credential=plate)
    gate.enters("v3", **{"pass": "p1"}, plate="粤B99999", credential={"kind": "plate", "value": "粤B99999"})
    assert [one["visit"] for one in gate.state.visits()] == ["v2", "v3"]
    gate.enters("v4", **{"pass": "p2"}, plate="粤B99999", credential={"kind": "card", "value": "7"})
    assert [one["visit"] for one in gate.state.visits()] == ["v2", "v3", "v4"]


def test_a_car_that_goes_out_by_its_card_is_not_inside_by_an_older_visit(gate: Gate) -> None:
    card = {"kind": "card", "value": "42"}
    gate.enters("v1", **{"pass": "p1"}, plate="粤B12345", credential=card)
    gate.enters("v2", **{"pass": "p1"}, credential={"kind": "plate", "value": "粤B12345"})
    gate.happens("passage.exited", visit="v2", lane="out", **{"pass": "p1"}, plate="粤B12345", credential=card)
    assert gate.state.open_visits("p1") == ()
    gate.enters("v3", **{"pass": "p2"}, credential={"kind": "card", "value": "7"})
    gate.happens("passage.exited", visit="v4", lane="out", **{"pass": "p3"}, plate=None, credential=card)
    assert [one["visit"] for one in gate.state.visits()] == ["v3"]


def test_the_stay_of_a_code_is_not_ended_by_the_plate_of_its_pass(gate: Gate) -> None:
    gate.enters("v1", **{"pass": "t1"}, plate="粤B12345", credential={"kind": "qr", "value": "c0de"})
    gate.enters("v2", **{"pass": "t1"}, plate="粤B12345", credential={"kind": "plate", "value": "粤B12345"})
    gate.enters("v3", **{"pass": "t1"}, plate="粤B12345", credential={"kind": "qr", "value": "c0df"})
    assert [one["visit"] for one in gate.state.visits()] == ["v1", "v2", "v3"]


def test_who_leaves_and_is_not_known_to_be_inside_ends_the_oldest_stay_of_nobody(gate: Gate) -> None:
    gate.enters("v1", **{"pass": "p1"})
    gate.enters("v2")
    gate.enters("v3")
    gate.happens("passage.exited", visit="v4", lane="out", **{"pass": "p9"})
    assert [one["visit"] for one in gate.state.visits()] == ["v1", "v3"]
    gate.happens("passage.exited", visit="v5", lane="out", mark="emergency")
    assert gate.state.inside() == 2
    for visit in ("v6", "v7"):
        gate.happens("passage.exited", visit=visit, lane="out")
    assert [one["visit"] for one in gate.state.visits()] == ["v1"]


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
    assert [one["visit"] for one in gate.state.visits(limit=2)] == ["v0", "v1"]
    assert [one["visit"] for one in gate.state.visits(after="v1")] == ["v2", "v3", "v4"]


# ---- alarms ------------------------------------------------------------------------------------------------------


def test_an_alarm_is_there_until_it_is_closed(gate: Gate) -> None:
    gate.alarm("raised", "unacknowledged", detail={"points": 1}, by="gateway")
    gate.alarm("acknowledged", "acknowledged", by="Lin", acknowledged_by="Lin")
    assert gate.state.alarms() == [
        {
            "alarm": "a1", "kind": "crash", "priority": 1, "state": "acknowledged", "lane": "in", "device": None,
            "raised_at": "2026-09-21T14:13:21.000Z", "as_of": "2026-09-21T14:13:22.000Z", "acknowledged_by": "Lin",
            "detail": {"points": 1},
        }
    ]  # fmt: skip
    gate.alarm("closed", "closed", by="Lin")
    assert gate.state.alarms() == []
    assert gate.state.alarm("a1")["state"] == "closed"


def test_alarms_stand_most_urgent_first(gate: Gate) -> None:
    gate.alarm("raised", "unacknowledged", alarm="late", raised_at="2")
    gate.alarm("raised", "unacknowledged", alarm="mild", priority=3, raised_at="0")
    gate.alarm("raised", "unacknowledged", alarm="early", raised_at="1")
    assert [one["alarm"] for one in gate.state.alarms()] == ["early", "late", "mild"]


def test_an_alarm_nobody_knows_is_not_found(state: State) -> None:
    with pytest.raises(NotFoundError):
        state.alarm("a1")


# ---- lanes -------------------------------------------------------------------------------------------------------


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
    assert (first.credential, first.kind, first.reason, first.by) == (card, "monthly", "valid_pass", "gateway")
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


# ---- the rest of the memory --------------------------------------------------------------------------------------


def test_warnings_of_the_site_local_day_are_remembered(gate: Gate) -> None:
    gate.happens("pass.expiring", **{"pass": "p1"})  # 22:13 in Shanghai
    gate.number += 7200
    gate.happens("pass.expiring", **{"pass": "p2"})  # 00:13 on the next day there
    assert gate.state.warned("2026-09-21", SHANGHAI) == {"p1"}
    assert gate.state.warned("2026-09-22", SHANGHAI) == {"p2"}
    assert gate.state.memory(SHANGHAI)["warned"] == {"day": "2026-09-22", "passes": ["p2"]}


def test_a_warning_that_names_its_day_is_taken_at_its_word(gate: Gate) -> None:
    gate.happens("pass.expiring", **{"pass": "p1"}, day="2026-10-01")
    assert gate.state.memory(SHANGHAI)["warned"] == {"day": "2026-10-01", "passes": ["p1"]}


def test_a_run_that_ended_well_is_told_from_one_that_did_not(gate: Gate) -> None:
    assert gate.state.memory()["previous_clean"] is True
    gate.happens("gateway.started")
    gate.happens("access.denied")
    assert gate.state.memory()["previous_clean"] is False
    gate.happens("gateway.stopped")
    assert gate.state.memory()["previous_clean"] is True


def test_the_last_sure_time_is_that_of_the_last_row_with_a_sure_clock(gate: Gate) -> None:
    gate.happens("access.denied")
    sure = gate.state.memory()["last_sure_wall_ns"]
    unsure = Row("access.denied", "lanes/in", {}, START_NS * 2, 1, ClockState.UNSET)
    gate.journal.append([unsure])
    gate.state.catch_up(gate.reader)
    assert gate.state.memory()["last_sure_wall_ns"] == sure == START_NS + 10**9


def test_the_memory_is_what_the_core_takes(gate: Gate) -> None:
    gate.alarm("raised", "unacknowledged")
    told = gate.state.memory(SHANGHAI)
    parts = (AlarmsMemory, LanesMemory, AccessMemory, ClockMemory, RunMemory)
    assert sorted(told) == sorted(field for part in parts for field in part.__struct_fields__)
    assert all(Memory(**told).part(part) for part in parts)


def test_what_each_lane_decided_last_is_known_and_goes_with_the_journals_rows(gate: Gate) -> None:
    gate.happens("access.denied", reason="expired", credential={"kind": "plate", "value": "粤B12345"})
    gate.happens("access.granted", reason="valid_pass", grant="g1", decided_by="gateway", **{"pass": "p1"})
    gate.happens("access.referred", lane="out", reason="unpaid", grant=None)
    gate.enters("v1")
    latest = gate.state.memory()["latest"]
    assert {lane: sorted(latest[lane]) for lane in latest} == {
        "in": ["decision", "grant", "passage"],
        "out": ["decision"],
    }
    assert (latest["in"]["decision"]["verdict"], latest["out"]["decision"]["verdict"]) == ("granted", "referred")
    assert latest["in"]["grant"]["at"] == "2026-09-21T14:13:22.000Z"
    gate.state.forget(4)
    assert {lane: sorted(one) for lane, one in gate.state.memory()["latest"].items()} == {"in": ["passage"]}


def test_rows_and_cycles_are_counted(gate: Gate) -> None:
    for _ in range(3):
        gate.happens("barrier.commanded", barrier="b", command="open")
        gate.happens("barrier.opened", barrier="b")
    assert gate.state.counters() == {"barrier.commanded": 3, "barrier.opened": 3}
    assert (gate.state.counted("cycles"), gate.state.counted("commands")) == ({"b": 3}, {"b": 3})


# ---- following the journal ---------------------------------------------------------------------------------------


def _everything(state: State) -> object:
    return (state.memory(), state.visits(inside=False), state.counters(), state.counted("cycles"), state.sequence)


_types = st.sampled_from(
    ["passage.entered", "passage.exited", "access.granted", "access.denied", "barrier.crashed", "barrier.reset",
     "barrier.commanded", "barrier.opened", "alarm.raised", "alarm.closed", "pass.expiring", "gateway.started",
     "gateway.stopped", "unheard.of"]
)  # fmt: skip
_rows = st.lists(
    st.builds(
        lambda t, n: row(n, t, visit=f"v{n % 3}", alarm=f"a{n % 2}", barrier="b", **{"pass": f"p{n % 2}"}),
        _types, st.integers(0, 50),
    ),
    max_size=25,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(rows=_rows, cuts=st.lists(st.integers(0, 25), max_size=4))
def test_rows_applied_in_pieces_twice_or_from_the_start_come_to_the_same(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], cuts: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("state")
    journal = Journal.create(folder / "journal.db", source=SOURCE)
    journal.append(rows)
    reader = JournalReader(folder / "journal.db")
    whole, pieces = State(folder / "a.db", writer=True), State(folder / "b.db", writer=True)
    whole.catch_up(reader)
    pieces.catch_up(reader, stop=lambda: True)  # it is told which journal it follows
    for cut in cuts:
        pieces.apply(reader.page(0, cut) if cut else [])
    pieces.catch_up(reader)
    assert _everything(pieces) == _everything(whole)
    for store in (journal, reader, whole, pieces):
        store.close()


def test_projections_of_another_journal_begin_anew(gate: Gate, tmp_path: Path) -> None:
    gate.enters("v1")
    other = Journal.create(tmp_path / "other.db")
    other.append([row(1, "barrier.crashed", barrier="b")])
    assert gate.state.catch_up(JournalReader(tmp_path / "other.db")) == 1
    assert gate.state.visits() == []
    assert gate.state.lanes()["in"]["mode"] == "crashed"
    other.close()


def test_a_reader_sees_what_the_writer_applied(gate: Gate, tmp_path: Path) -> None:
    other = State(tmp_path / "state.db")
    gate.enters("v1")
    assert [one["visit"] for one in other.visits()] == ["v1"]
    with pytest.raises(StorageError, match="for reading"):
        other.apply([])
    other.close()


def test_visits_whose_exit_nobody_saw_are_forgotten_past_a_bound(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projections, "INSIDE_MAX", 2)
    monkeypatch.setattr(state_module, "PRUNE_ROWS", 1)
    gate.enters("gone")
    gate.happens("passage.exited", visit="gone")
    for name in ("z", "y", "x"):
        gate.enters(name)
    assert {one["visit"] for one in gate.state.visits(inside=False)} == {"gone", "y", "x"}


def test_what_has_ended_is_forgotten_past_a_bound(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projections, "VISITS_MAX", 2)
    monkeypatch.setattr(projections, "ALARMS_MAX", 1)
    monkeypatch.setattr(state_module, "PRUNE_ROWS", 1)
    for n in range(4):
        gate.enters(f"v{n}")
        gate.alarm("raised", "unacknowledged", alarm=f"a{n}")
    for n in range(3):
        gate.happens("passage.exited", visit=f"v{n}")
        gate.alarm("closed", "closed", alarm=f"a{n}")
    assert [one["visit"] for one in gate.state.visits(inside=False)] == ["v1", "v2", "v3"]
    with pytest.raises(NotFoundError):
        gate.state.alarm("a1")
    assert gate.state.alarm("a2")["state"] == "closed"
    assert gate.state.alarm("a3")["state"] == "unacknowledged"


# ---- answers to requests -----------------------------------------------------------------------------------------


def test_a_request_is_new_once(state: State) -> None:
    assert state.begin("k", "body", 1) is None
    assert state.begin("k", "body", 2) == Pending()
    state.finish("k", {"status": "done"})
    assert state.begin("k", "body", 3) == Answer({"status": "done"})
    assert state.begin("k", "other body", 3) == Conflict()
    assert state.answer("k") == Answer({"status": "done"})
    assert state.answer("never") is None


def test_a_request_begun_before_a_crash_is_known_after_it(state: State, tmp_path: Path) -> None:
    state.begin("k", "body", 1)
    copies = [tmp_path / "state.db", tmp_path / "state.db-wal"]
    after = tmp_path / "after"
    after.mkdir()
    for file in copies:
        (after / file.name).write_bytes(file.read_bytes())
    again = State(after / "state.db", writer=True)
    assert again.begin("k", "body", 2) == Pending()
    again.close()


def test_beginning_waits_for_the_disk_and_nothing_else_does(state: State) -> None:
    db = state._writing()
    seen: list[int] = []
    db.set_commit_hook(lambda: seen.append(int(db.pragma("synchronous"))) or False)
    state.begin("k", "body", 1)
    state.finish("k", {})
    full, normal = 2, 1
    assert seen == [full, normal]


def test_answers_are_forgotten_after_a_week_or_past_a_bound(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(5):
        state.begin(f"k{n}", "body", n)
    state.begin("later", "body", answers.ANSWER_KEPT_NS + 2)
    assert [state.answer(f"k{n}") is None for n in range(5)] == [True, True, False, False, False]
    monkeypatch.setattr(answers, "ANSWERS_MAX", 2)
    state.begin("last", "body", answers.ANSWER_KEPT_NS + 2)
    assert [state.answer(key) is None for key in ("k4", "later", "last")] == [True, False, False]


def test_answers_outlive_projections_that_begin_anew(gate: Gate, tmp_path: Path) -> None:
    gate.state.begin("k", "body", 1)
    Journal.create(tmp_path / "other.db").close()
    gate.state.catch_up(JournalReader(tmp_path / "other.db"))
    assert gate.state.begin("k", "body", 2) == Pending()


# ---- service -----------------------------------------------------------------------------------------------------


def moved(gate: Gate, what: str, **data: object) -> None:
    gate.happens(f"barrier.{what}", **{"barrier": "in", "cause": "commanded", **data})


def test_measured_movements_and_crashes_are_kept_for_curves(gate: Gate) -> None:
    moved(gate, "opened", travel_ms=2000)
    moved(gate, "closed")
    moved(gate, "crashed", cause="forced")
    moved(gate, "opened", barrier="out", travel_ms=900)
    assert [(one["what"], one["travel_ms"], one["cause"]) for one in gate.state.movements("in", None, None)] == [
        ("opened", 2000, "commanded"),
        ("crashed", None, "forced"),
    ]


def test_movements_are_told_of_a_stretch_of_time_and_page_by_page(gate: Gate) -> None:
    for travel_ms in range(1000, 1006):
        moved(gate, "opened", travel_ms=travel_ms)
    since_ns, until_ns = START_NS + 2_000_000_000, START_NS + 5_000_000_000
    first = gate.state.movements("in", since_ns, until_ns, limit=2)
    rest = gate.state.movements("in", since_ns, until_ns, after=first[-1]["sequence"])
    assert [one["travel_ms"] for one in [*first, *rest]] == [1001, 1002, 1003]


def test_what_is_due_is_known_until_it_is_over(gate: Gate) -> None:
    gate.happens("service.due", barrier="in", what="cycles", limit=10, count=11)
    assert gate.state.service_due("in") == [
        {"what": "cycles", "limit": 10, "count": 11, "since": "2026-09-21T14:13:21.000Z"}
    ]
    gate.happens("service.over", barrier="in", what="cycles", limit=10, count=11)
    assert gate.state.service_due("in") == []


def test_the_core_is_told_what_a_barrier_has_done(gate: Gate) -> None:
    moved(gate, "commanded", command="open")
    moved(gate, "opened", travel_ms=2000)
    moved(gate, "crashed")
    gate.happens("service.due", barrier="in", what="cycles", limit=0, count=1)
    kept = gate.state.memory(SHANGHAI)["service"]["in"]
    assert (kept["cycles"], kept["relay_operations"], kept["crashes"]) == (1, 1, [START_NS + 3_000_000_000])
    assert msgspec.convert(kept, ServiceMemory).due[0].what == "cycles"
    assert gate.state.service_counters("in") == {"cycles": 1, "relay_operations": 1, "crashes": 1}


def test_old_movements_are_forgotten_by_age_and_number(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_module, "PRUNE_ROWS", 1)
    monkeypatch.setattr(projections, "MOVEMENTS_MAX", 3)
    for travel_ms in range(1000, 1006):
        moved(gate, "opened", travel_ms=travel_ms)
    assert [one["travel_ms"] for one in gate.state.movements("in", None, None)] == [1003, 1004, 1005]
    monkeypatch.setattr(projections, "MOVEMENTS_KEPT_NS", 2_000_000_000)
    moved(gate, "closed")
    assert [one["travel_ms"] for one in gate.state.movements("in", None, None)] == [1004, 1005]


# ---- ids that lanes and barriers share, names that people and the gateway share ----------------------------------


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
