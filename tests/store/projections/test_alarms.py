"""Alarms as they are looked up."""

from __future__ import annotations

import pytest

from gateway.core.vocabulary.errors import NotFoundError
from gateway.store.projections.state import State
from tests.store.projections.conftest import Gate


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
