"""Movements, counters and limits of a barrier."""

from __future__ import annotations

import msgspec
import pytest

import gateway.store.projections.state as state_module
import gateway.store.projections.table as projections
from gateway.core.lane.service import ServiceMemory
from tests.store.conftest import START_NS
from tests.store.projections.conftest import SHANGHAI, Gate


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
