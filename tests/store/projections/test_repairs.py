"""Repair orders and what was done about them, until retention drops them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import gateway.store.projections.table as projections
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal
from tests.store.conftest import SOURCE, START_NS, row
from tests.store.projections.conftest import Gate

NOW = "2026-09-21T17:00:00.000Z"


def step(gate: Gate, what: str, state: str, repair: str = "r1", **more: Any) -> None:
    order = {
        "repair": repair, "kind": "device_lost", "urgency": "urgent", "state": state, "lane": None,
        "device": "reader-in", "alarm": "a1", "cause": "device:reader-in", "opened_at": "2026-09-21T14:13:21.000Z",
        "as_of": "2026-09-21T14:13:21.000Z", "on_site_by": "2026-09-21T16:13:21.000Z",
        "mend_by": "2026-09-23T04:13:21.000Z", "count": 1, "assigned_to": None, "arrived_at": None,
        "reported_by": None, "limits": [], "by": "Han",
    }  # fmt: skip
    gate.happens(f"repair.{what}", **{**order, **more})


def closed(gate: Gate, repair: str) -> None:
    step(gate, "opened", "open", repair)
    step(gate, "confirmed", "confirmed", repair)


def test_an_order_is_its_last_row_and_its_life_are_all_of_them(gate: Gate) -> None:
    step(gate, "opened", "open", by="gateway")
    step(gate, "assigned", "assigned", assigned_to="Han", by="Mei")
    step(gate, "reported", "reported", assigned_to="Han", reported_by="Han", note="plug cleaned")
    found = gate.state.repair("r1", NOW)
    assert found is not None
    order, life = found
    assert (order.state, order.assigned_to, order.reported_by) == ("reported", "Han", "Han")
    assert [(one["type"], one["by"], one.get("note")) for one in life] == [
        ("opened", "gateway", None), ("assigned", "Mei", None), ("reported", "Han", "plug cleaned"),
    ]  # fmt: skip
    assert gate.state.repair("r2", NOW) is None


def test_open_orders_come_as_they_were_opened_and_page_by_page(gate: Gate) -> None:
    for number in range(5):
        step(gate, "opened", "open", f"r{number}")
    step(gate, "confirmed", "confirmed", "r2")
    assert [one.repair for one in gate.state.repairs(NOW)] == ["r0", "r1", "r3", "r4"]
    assert [one.repair for one in gate.state.repairs(NOW, after="r1", limit=1)] == ["r3"]
    assert [one.repair for one in gate.state.repairs(NOW, open_only=False)] == ["r0", "r1", "r2", "r3", "r4"]
    assert [one.repair for one in gate.state.confirmed_repairs(NOW, 10)] == ["r2"]


@pytest.mark.parametrize(
    ("how_far", "now", "late"),
    [
        ("open", "2026-09-21T16:13:21.000Z", None),
        ("open", "2026-09-21T16:13:21.001Z", "on_site"),
        ("assigned", "2026-09-22T00:00:00.000Z", "on_site"),
        ("on_site", "2026-09-22T00:00:00.000Z", None),
        ("on_site", "2026-09-23T04:13:21.001Z", "mend"),
        ("open", "2026-09-23T04:13:21.001Z", "mend"),
        ("reported", "2026-09-30T00:00:00.000Z", None),
    ],
)
def test_what_is_late_follows_from_the_state_and_the_hour(gate: Gate, how_far: str, now: str, late: str | None) -> None:
    step(gate, "opened", how_far)
    assert gate.state.repairs(now)[0].overdue == late


def test_the_life_of_an_order_that_comes_again_and_again_is_bounded(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projections, "STEPS_MAX", 4)
    step(gate, "opened", "open")
    for count in range(2, 9):
        step(gate, "joined", "open", count=count)
    found = gate.state.repair("r1", NOW)
    assert found is not None
    assert [(one["type"], one["count"]) for one in found[1]] == [
        ("opened", 1), ("joined", 6), ("joined", 7), ("joined", 8),
    ]  # fmt: skip


def test_confirmed_orders_are_bounded_and_go_with_the_journals_rows(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projections, "REPAIRS_MAX", 2)
    for number in range(4):
        closed(gate, f"r{number}")
    projections.prune(gate.state._writing(), START_NS)
    assert [one.repair for one in gate.state.confirmed_repairs(NOW, 10)] == ["r3", "r2"]
    gate.state.forget(8)
    assert [one.repair for one in gate.state.confirmed_repairs(NOW, 10)] == ["r3"]


def test_an_alarm_whose_repair_is_confirmed_is_known_until_it_is_closed(gate: Gate) -> None:
    gate.alarm("raised", "unacknowledged")
    closed(gate, "r1")
    assert gate.state.memory()["mended"] == ["a1"]
    gate.alarm("closed", "closed")
    assert gate.state.memory()["mended"] == []


def test_open_orders_outlive_a_lost_journal(gate: Gate, tmp_path: Path) -> None:
    """The first row of the next journal has them, for projections that begin with it, and for those that go on."""
    step(gate, "opened", "open")
    kept = gate.state.standing()["repairs"]
    assert [one["repair"] for one in kept] == ["r1"]
    journal = Journal.create(tmp_path / "next.db", "nextjournal", SOURCE, "boot-2")
    journal.append([row(1, "storage.degraded", error="damaged", journal="elsewhere", repairs=kept)])
    gate.state.catch_up(JournalReader(tmp_path / "next.db"))
    assert [one["repair"] for one in gate.state.memory()["repairs"]] == ["r1"]
    journal.close()
