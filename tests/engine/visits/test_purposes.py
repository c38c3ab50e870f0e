"""What the site says of a purpose holds for who is registered or announced with it, where nothing else is said."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.core.vocabulary.errors import VisitError
from gateway.store.times import parse_wall_ns, rfc3339
from tests.engine.conftest import until
from tests.engine.visits.paying import MINUTE_NS, PayingGate, paying_site

PURPOSES = [
    {"id": "taxi", "stay_minutes": 15, "where": "no", "goods": "no"},
    {"id": "delivery", "stay_minutes": 60, "where": "needed", "goods": "yes"},
    {"id": "guest"},
]
RULES = [{"tariff": None, "purpose": "taxi"}, {"pass_kind": "temporary", "tariff": "visitor"}]


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[PayingGate]:
    made = PayingGate(tmp_path / "data", site={**paying_site(), "purposes": PURPOSES, "charging": {"rules": RULES}})
    yield made
    made.stop()


def add(gate: PayingGate, **visitor: Any) -> dict[str, Any]:
    """The row of a visitor who is registered."""
    answer = gate.client.call("visits.add", visitor=visitor, by="Lin", via="guard")
    rows = [row.data() for row in gate.rows("visit.registered")]
    found: dict[str, Any] = next(one for one in rows if one["visit"] == answer["id"])
    return found


def minutes(row: dict[str, Any]) -> float:
    return (parse_wall_ns(row["until"]) - parse_wall_ns(row["from"])) / MINUTE_NS


def test_a_taxi_needs_no_unit_and_stays_for_its_minutes(gate: PayingGate) -> None:
    row = add(gate, purpose="taxi", plate="粤B12345", goods=True)
    assert (row["unit"], row["goods"], minutes(row)) == ("", False, 15)
    later = rfc3339(time.time_ns() + 120 * MINUTE_NS)
    assert minutes(add(gate, purpose="taxi", **{"from": later})) == 15, "from when it is expected"
    until_then = rfc3339(time.time_ns() + 200 * MINUTE_NS)
    assert 199 < minutes(add(gate, purpose="taxi", until=until_then)) < 201, "what is said comes first"


def test_a_delivery_needs_a_unit_and_brings_goods(gate: PayingGate) -> None:
    with pytest.raises(VisitError, match="unit is missing; visitors with purpose 'delivery' need one"):
        add(gate, purpose="delivery")
    row = add(gate, purpose="delivery", unit="3-1201")
    assert (row["goods"], minutes(row)) == (True, 60)


def test_for_other_purposes_nothing_special_holds(gate: PayingGate) -> None:
    for purpose in ("guest", "inspection of lifts"):
        row = add(gate, purpose=purpose)
        assert "goods" not in row
        assert row["until"].endswith("T16:00:00.000Z"), "the site's midnight"


def test_a_taxi_is_charged_by_its_own_rule(gate: PayingGate) -> None:
    assert gate.client.call("visits.charge", visit="v1")["due"] == 1000
    gate.client.call("visits.correct", visit="v1", visitor={"purpose": "taxi"}, by="Lin", via="guard")
    assert gate.client.call("visits.charge", visit="v1")["due"] == 0
    gate.leaves()
    until(gate.opened)
    assert gate.rows("access.referred") == []
