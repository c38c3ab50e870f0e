"""Alarms: open from raised to closed, with the last value of each key."""

from __future__ import annotations

from tests.store.conftest import alarm_states
from tests.store.projections.conftest import Gate


def test_an_alarm_is_there_until_it_is_closed(gate: Gate) -> None:
    gate.alarm("raised", "unacknowledged", detail={"points": 1}, by="gateway")
    gate.alarm("acknowledged", "acknowledged", by="Lin", acknowledged_by="Lin")
    assert gate.state.alarm_documents() == [
        {
            "alarm": "a1", "kind": "crash", "priority": 1, "state": "acknowledged", "lane": "in", "device": None,
            "raised_at": "2026-09-21T14:13:21.000Z", "as_of": "2026-09-21T14:13:22.000Z", "acknowledged_by": "Lin",
            "detail": {"points": 1}, "by": "Lin",
        }
    ]  # fmt: skip
    gate.alarm("closed", "closed", by="Lin")
    assert gate.state.alarm_documents() == []
    assert alarm_states(gate.state) == {"a1": "closed"}


def test_open_alarms_are_known_oldest_first(gate: Gate) -> None:
    gate.alarm("raised", "unacknowledged", alarm="first", priority=3)
    gate.alarm("raised", "unacknowledged", alarm="second", priority=1)
    gate.alarm("acknowledged", "acknowledged", alarm="first", by="Lin")
    assert [one["alarm"] for one in gate.state.alarm_documents()] == ["first", "second"]
