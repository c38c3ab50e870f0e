"""The accounts of visits in the projections: entries once, debts, returns, takings, and what retention takes."""

from __future__ import annotations

from typing import Any

from tests.store.projections.conftest import Gate

MINUTE_NS = 60_000_000_000
CARD = {"kind": "card", "value": "77"}


def act(gate: Gate, type_: str, entry: str, visit: str = "v1", **more: Any) -> None:
    said = {"amount": 500, "currency": "CNY", "due": 0, "charge": 500, "paid": 500, "until": "2026-09-21T14:20:08.641Z"}
    gate.happens(type_, visit=visit, entry=entry, **{**said, "by": "Lin", "method": "cash", "reason": "said", **more})


def exits(gate: Gate, visit: str) -> None:
    gate.happens("passage.exited", visit=visit, lane="out", credential=CARD, plate=None, **{"pass": None})


def test_an_entry_counts_once(gate: Gate) -> None:
    gate.enters("v1", credential=CARD, lane="in")
    for _ in range(2):
        act(gate, "visit.paid", "y1")
    account = gate.state.account("v1")
    assert account is not None
    assert [(one.id, one.kind, one.amount) for one in account.entries] == [("y1", "paid", 500)]
    assert gate.state.takings(0, 2**62) == [
        {"by": "Lin", "method": "cash", "currency": "CNY", "amount": 500, "payments": 1}
    ]
    found = gate.state.entry("y1")
    assert found is not None and found.visit == "v1"
    assert gate.state.entry("y2") is None
    assert gate.state.account("nobody") is None


def test_a_debt_shrinks_with_each_payment_and_ends(gate: Gate) -> None:
    gate.enters("v1", credential=CARD, lane="in", plate="粤B12345")
    act(gate, "visit.owed", "o1", amount=700, due=700, plate="粤B12345", credential=CARD, lane="out")
    assert [view.id for view in gate.state.visits("owed")] == []
    exits(gate, "v1")
    assert [(view.id, view.owed) for view in gate.state.visits("owed")] == [("v1", 700)]
    assert [(one.visit, one.amount) for one in gate.state.debts(("粤B·12345",))] == [("v1", 700)]
    assert [one.amount for one in gate.state.debts(("77",))] == [700]
    assert gate.state.debts(("78",)) == ()
    act(gate, "visit.paid", "y1", amount=300, due=400)
    assert [one.amount for one in gate.state.debts(("77",))] == [400]
    act(gate, "visit.waived", "y2", amount=400, due=0)
    assert gate.state.debts(("77",)) == ()
    assert list(gate.state.visits("owed")) == []


def test_a_return_goes_on_with_the_stays_before_it(gate: Gate) -> None:
    for visit in ("v1", "v2", "v3"):
        gate.enters(visit, credential=CARD, lane="in")
        act(gate, "visit.paid", f"y-{visit}", visit)
        if visit != "v3":
            exits(gate, visit)
    account = gate.state.account("v3", reentry_ns=MINUTE_NS)
    assert account is not None
    assert [stay.visit for stay in account.earlier] == ["v2", "v1"]
    assert [[one.id for one in stay.entries] for stay in account.earlier] == [["y-v2"], ["y-v1"]]
    alone = gate.state.account("v3")
    assert alone is not None and alone.earlier == ()


def test_another_car_is_no_return(gate: Gate) -> None:
    gate.enters("v1", credential={"kind": "card", "value": "78"}, lane="in")
    exits(gate, "v1")
    gate.enters("v2", credential=CARD, lane="in")
    account = gate.state.account("v2", reentry_ns=MINUTE_NS)
    assert account is not None and account.earlier == ()


def test_an_exit_that_did_not_happen_is_not_charged(gate: Gate) -> None:
    gate.enters("v1", credential=CARD, lane="in")
    exits(gate, "v1")
    act(gate, "visit.charged", "charged:v1", lane="out")
    gate.happens("passage.reversed", lane="out", visit="v1", way="read_again", voids="v1", grant=None, **{"pass": None})
    account = gate.state.account("v1")
    assert account is not None
    assert (account.entries, account.exited_wall_ns) == ((), None)


def test_a_decision_before_a_payment_shows_what_is_due_behind_it(gate: Gate) -> None:
    gate.enters("v1", credential=CARD, lane="in")
    charge = {
        "visit": "v1", "amount": 700, "currency": "CNY", "due": 700, "until": "2026-09-21T14:20:08.641Z", "minutes": 61,
    }  # fmt: skip
    gate.happens(
        "access.referred",
        lane="out",
        reason="unpaid",
        credential=CARD,
        due=700,
        charge=charge,
        case="c1",
        direction="exit",
    )
    assert gate.state.memory()["latest"]["out"]["decision"]["charge"]["due"] == 700
    act(gate, "visit.paid", "y1", amount=500, due=200)
    assert gate.state.memory()["latest"]["out"]["decision"]["charge"]["due"] == 200
    act(gate, "visit.owed", "o1", amount=200, due=200, plate=None, credential=CARD, lane="out")
    assert gate.state.memory()["latest"]["out"]["decision"]["charge"]["due"] == 0


def test_retention_keeps_the_accounts_of_cars_inside(gate: Gate) -> None:
    for visit in ("v1", "v2"):
        gate.enters(visit, credential={"kind": "card", "value": visit}, lane="in")
        act(gate, "visit.paid", f"y-{visit}", visit)
    act(gate, "visit.owed", "o1", "v1", plate=None, credential=CARD, lane="out")
    exits(gate, "v1")
    gate.state.forget(100)
    assert gate.state.entry("y-v1") is None
    assert gate.state.entry("y-v2") is not None
    assert gate.state.debts(("77",)) == ()
