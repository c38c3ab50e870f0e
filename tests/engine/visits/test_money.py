"""Payments on a whole engine: looked up, booked once, durable, over restarts; the car at the exit is let out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.core.vocabulary.errors import GatehouseError
from gateway.store.times import rfc3339
from tests.engine.conftest import until
from tests.engine.visits.paying import MINUTE_NS, PayingGate, paying_site

Made = Callable[..., PayingGate]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    gates: list[PayingGate] = []

    def make(*given: Any, **more: Any) -> PayingGate:
        gates.append(PayingGate(tmp_path / f"data{len(gates)}", *given, **more))
        return gates[-1]

    yield make
    for gate in gates:
        gate.stop()


def data(gate: PayingGate, type_: str) -> dict[str, Any]:
    """Of the last row of a type; the journal may have it a moment after the screens."""
    until(lambda: gate.rows(type_))
    return [msgspec.json.decode(row.text)["data"] for row in gate.rows(type_)][-1]


def refused(call: Callable[[], Any]) -> str:
    with pytest.raises(GatehouseError) as error:
        call()
    return error.value.code


def test_a_visitor_pays_at_the_exit_and_leaves(made: Made) -> None:
    gate = made()
    gate.leaves()
    until(lambda: gate.lane("out")["case"])
    assert data(gate, "access.referred")["due"] == 1000
    assert gate.lane("out")["case"]["charge"]["due"] == 1000
    paid = gate.pays(1000)
    assert (paid["paid"], paid["due"], paid["currency"]) == (1000, 0, "CNY")
    until(gate.opened)
    assert gate.opened() == 1
    assert gate.pays(1000) == paid
    assert len(gate.rows("visit.paid")) == 1
    assert refused(lambda: gate.pays(900)) == "idempotency_conflict"
    assert refused(lambda: gate.pays(1, "k2")) == "nothing_due"
    assert refused(lambda: gate.pays(1, "k3", visit="nobody")) == "not_found"


def test_a_charge_can_be_asked_for(made: Made) -> None:
    gate = made(45)
    found = gate.client.call("visits.charge", visit="v1")
    assert (found["amount"], found["due"], found["minutes"], found["leave_by"]) == (500, 500, 45, None)
    assert sum(line["amount"] for line in found["lines"]) == 500
    later = gate.client.call("visits.charge", visit="v1", at=rfc3339(time.time_ns() + 300 * 24 * 60 * MINUTE_NS))
    assert later["due"] == later["amount"] == sum(line["amount"] for line in later["lines"]) == 500 * (300 * 24 + 1)
    assert len(later["lines"]) == 1
    assert refused(lambda: gate.client.call("visits.charge", visit="v1", at="2999-01-01T00:00:00Z")) == "visit_invalid"
    gate.client.call("visits.waive", request="w1", visit="v1", amount=200, by="Chen", via="guard", reason="complaint")
    gate.client.call("visits.validate", request="w2", visit="v1", amount=100, by="shop", via="http", reason="bought")
    found = gate.client.call("visits.charge", visit="v1")
    assert (found["amount"], found["waived"], found["due"]) == (400, 200, 200)
    assert refused(lambda: gate.client.call("visits.charge", visit="nobody")) == "not_found"


def test_a_payment_is_known_after_a_restart(made: Made) -> None:
    gate = made()
    paid = gate.pays(1000)
    gate.stop()
    gate.start()
    gate.bus.restore()
    assert gate.pays(1000) == paid
    assert len(gate.rows("visit.paid")) == 1
    gate.leaves()
    until(gate.opened)
    assert data(gate, "access.granted")["charge"]["due"] == 0


def test_what_is_owed_is_listed_and_recalled(made: Made) -> None:
    gate = made()
    gate.leaves()
    until(lambda: gate.lane("out")["case"])
    order = {"lane": "out", "by": "Lin", "via": "guard"}
    answer = gate.client.call("lane.command", request="o1", command="open", **order)
    assert (answer["status"], answer["reason"]) == ("refused", "unpaid")
    answer = gate.client.call("lane.command", request="o2", command="owe", reason="no money with him", **order)
    assert answer["status"] == "done"
    until(gate.opened)
    assert data(gate, "visit.owed")["amount"] == 1000
    until(lambda: gate.engine._stores.state.debts(("77",)))
    assert [one.amount for one in gate.engine._stores.state.debts(("77",))] == [1000]


def test_what_is_owed_of_a_stay_that_is_over_is_paid_without_its_car(made: Made) -> None:
    gate = made()
    gate.leaves()
    until(lambda: gate.lane("out")["case"])
    order = {"lane": "out", "by": "Lin", "via": "guard", "command": "owe", "reason": "no money with him"}
    assert gate.client.call("lane.command", request="o1", **order)["status"] == "done"
    until(gate.opened)
    gate.drives_out()
    state = gate.engine._stores.state
    until(lambda: state.visits("owed"))
    assert [(one.visit, one.amount, one.currency) for one in state.debts_of(["v1", "v2"])] == [("v1", 1000, "CNY")]
    found = gate.client.call("visits.charge", visit="v1")
    assert (found["due"], found["amount"], found["leave_by"]) == (1000, 1000, None)
    opened = gate.opened()
    paid = gate.pays(400)
    assert (paid["paid"], paid["due"], paid["leave_by"]) == (400, 600, None)
    until(lambda: state.debts_of(["v1"])[0].amount == 600)
    assert gate.pays(600, "k2", by="Wu")["due"] == 0
    assert refused(lambda: gate.pays(1, "k3")) == "nothing_due"
    until(lambda: not state.visits("owed"))
    assert gate.opened() == opened, "no arm moves for a debt"
    until(lambda: len(state.takings(0, 2**62)) == 2)
    assert [(one["by"], one["amount"]) for one in state.takings(0, 2**62)] == [("Lin", 400), ("Wu", 600)]
    text = gate.client.call("receipt.show", visit="v1", locale="en")["text"]
    assert text.endswith("Paid 10.00 CNY")
    gate.stop()
    gate.start()
    gate.bus.restore()
    assert gate.pays(600, "k2", by="Wu") == gate.pays(600, "k2", by="Wu")
    assert len(gate.rows("visit.paid")) == 2


def test_above_the_limit_a_leader_agrees(made: Made) -> None:
    gate = made(site=paying_site(owed_limit=999))
    gate.leaves()
    until(lambda: gate.lane("out")["case"])
    order = {"lane": "out", "by": "Lin", "via": "guard", "command": "owe", "reason": "no money with him"}
    assert gate.client.call("lane.command", request="o1", **order)["reason"] == "leader_needed"
    assert gate.client.call("lane.command", request="o2", detail={"leader": "Chen"}, **order)["status"] == "done"
    until(lambda: gate.rows("visit.owed"))
    assert data(gate, "visit.owed")["leader"] == "Chen"


def test_takings_are_kept_by_person_and_method(made: Made) -> None:
    gate = made()
    gate.pays(300)
    gate.pays(200, "k2", method="qr")
    gate.pays(400, "k3", by="Wu")
    state = gate.engine._stores.state
    until(lambda: len(state.takings(0, 2**62)) == 3)
    assert state.takings(0, 2**62) == [
        {"by": "Lin", "method": "cash", "currency": "CNY", "amount": 300, "payments": 1},
        {"by": "Lin", "method": "qr", "currency": "CNY", "amount": 200, "payments": 1},
        {"by": "Wu", "method": "cash", "currency": "CNY", "amount": 400, "payments": 1},
    ]
