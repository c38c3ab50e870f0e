"""Whose word waives a charge, or releases a large sum as owed: a leader of the settings, whichever program asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.core.vocabulary.errors import GatehouseError
from tests.engine.settings.conftest import until
from tests.engine.visits.paying import PayingGate, paying_site

PEOPLE = [
    {"name": "Lin", "role": "guard", "pin": "2468"},
    {"name": "Chen", "role": "leader", "pin": "1357"},
    {"name": "Fang", "role": "office", "pin": "5791"},
]
WAIVER = {"visit": "v1", "amount": 200, "by": "Lin", "via": "guard", "reason": "complaint"}
OWED = {"lane": "out", "by": "Lin", "via": "guard", "command": "owe", "reason": "no money with him"}


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[PayingGate]:
    """A visitor who has to pay, at a site with a guard, a leader and the office."""
    found = PayingGate(tmp_path / "data", site={**paying_site(owed_limit=100), "operators": PEOPLE})
    yield found
    found.stop()


def waive(gate: PayingGate, request: str, **more: str) -> Any:
    return gate.client.call("visits.waive", request=request, **{**WAIVER, **more})


def test_the_row_names_the_guard_and_the_leader(gate: PayingGate) -> None:
    waive(gate, "w1", leader="Chen")
    [row] = [one.data() for one in gate.rows("visit.waived")]
    assert (row["by"], row["leader"]) == ("Lin", "Chen")


@pytest.mark.parametrize("leader", ["", "Lin", "Fang", "Nobody"])
def test_a_person_who_is_no_leader_waives_nothing(gate: PayingGate, leader: str) -> None:
    with pytest.raises(GatehouseError, match="no leader") as refused:
        waive(gate, "w2", leader=leader)
    assert refused.value.code == "leader_needed"
    assert gate.rows("visit.waived") == []


@pytest.mark.parametrize("via", ["http", "mqtt", "cli"])
def test_no_program_waives(gate: PayingGate, via: str) -> None:
    with pytest.raises(GatehouseError, match="via"):
        waive(gate, "w3", leader="Chen", via=via)
    assert gate.rows("visit.waived") == []


def test_a_leader_who_lost_the_role_agrees_to_nothing_from_then_on(gate: PayingGate) -> None:
    gate.client.call("operator.set_role", name="Chen", role="guard", by="Ana", via="cli")
    gate.client.call("operator.set_role", name="Fang", role="leader", by="Ana", via="cli")
    with pytest.raises(GatehouseError, match="no leader"):
        waive(gate, "w4", leader="Chen")
    waive(gate, "w5", leader="Fang")
    assert len(gate.rows("visit.waived")) == 1


def test_a_large_sum_is_owed_by_the_word_of_a_leader_alone(gate: PayingGate) -> None:
    gate.leaves()
    until(lambda: gate.lane("out")["case"])
    for number, leader in enumerate(("Lin", "Fang", "Nobody")):
        with pytest.raises(GatehouseError) as refused:
            gate.client.call("lane.command", request=f"o{number}", detail={"leader": leader}, **OWED)
        assert refused.value.code == "leader_needed"
    assert gate.client.call("lane.command", request="o9", detail={"leader": "Chen"}, **OWED)["status"] == "done"
    until(lambda: gate.rows("visit.owed"))
    [row] = [one.data() for one in gate.rows("visit.owed")]
    assert (row["by"], row["leader"]) == ("Lin", "Chen")


def test_a_number_is_revealed_by_the_word_of_a_leader_alone(gate: PayingGate) -> None:
    taken = gate.client.call(
        "identities.take",
        request="t",
        lane="out",
        kind="resident_id",
        number="11010519491231002X",
        by="Lin",
        via="guard",
    )
    asked = {"person": taken["person"], "reason": "the police ask", "by": "Fang", "via": "browser"}
    with pytest.raises(GatehouseError) as refused:
        gate.client.call("identities.reveal", agreed_by="Fang", **asked)
    assert refused.value.code == "leader_needed"
    assert gate.client.call("identities.reveal", agreed_by="Chen", **asked)["number"] == "11010519491231002X"
