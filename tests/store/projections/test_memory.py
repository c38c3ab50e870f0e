"""What the core must know of the last run."""

from __future__ import annotations

import msgspec

from gateway.core.acceptance.book import AcceptanceMemory
from gateway.core.access.access import AccessMemory
from gateway.core.alarms.alarms import AlarmsMemory
from gateway.core.health.records import RecordsMemory
from gateway.core.lanes.memory import LanesMemory
from gateway.core.repairs.repairs import RepairsMemory
from gateway.core.run.run import RunMemory
from gateway.core.subsystem import Memory
from gateway.core.vocabulary.clock import ClockMemory
from gateway.core.vocabulary.events import ClockState
from gateway.core.vocabulary.rows import LastGrant
from gateway.store.journal.writer import Row
from tests.store.conftest import START_NS
from tests.store.projections.conftest import SHANGHAI, Gate


def test_warnings_of_the_site_local_day_are_remembered(gate: Gate) -> None:
    gate.happens("pass.expiring", **{"pass": "p1"})  # 22:13 in Shanghai
    gate.number += 7200
    gate.happens("pass.expiring", **{"pass": "p2"})  # 00:13 on the next day there
    assert gate.state.warnings(SHANGHAI) == [("2026-09-21", "p1"), ("2026-09-22", "p2")]
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
    parts = (
        AlarmsMemory,
        LanesMemory,
        AccessMemory,
        ClockMemory,
        RunMemory,
        RepairsMemory,
        AcceptanceMemory,
        RecordsMemory,
    )
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


def test_the_last_grant_of_a_row_without_keys_fits_the_row_of_an_incident(gate: Gate) -> None:
    gate.happens("access.granted")
    grant = gate.state.memory()["latest"]["in"]["grant"]
    assert msgspec.convert(grant, LastGrant) == LastGrant("2026-09-21T14:13:21.000Z", None, None, "", None)


def test_rows_and_cycles_are_counted(gate: Gate) -> None:
    for _ in range(3):
        gate.happens("barrier.commanded", barrier="b", command="open")
        gate.happens("barrier.opened", barrier="b")
    assert gate.state.counters() == {"barrier.commanded": 3, "barrier.opened": 3}
    assert (gate.state.counted("cycles"), gate.state.counted("commands")) == ({"b": 3}, {"b": 3})
