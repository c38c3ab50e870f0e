"""The office takes payments, takes parts over, waives with a leader's word, and sees what is owed; each booked once."""

from __future__ import annotations

import re

import pytest

from tests.engine.visits.paying import PayingGate
from tests.support.waiting import wait_until
from tests.web_installer.conftest import Desk
from tests.web_office.conftest import GUARD, LEADER, OFFICE, desk, told
from tests.web_office.scene import owes

VISIT = "/office/visits/v1"
OWED = "/office/owed"
PAID = {"amount": "10.00", "method": "cash", "request": "a-pay"}
WAIVED = {"amount": "4", "reason": "道闸故障", "leader": LEADER, "pin": "1357", "request": "a-waive"}


@pytest.fixture
def gate(till: PayingGate) -> PayingGate:
    return till


@pytest.fixture
def office(gate: PayingGate) -> Desk:
    return desk(gate, OFFICE)


def test_the_page_of_a_visit_has_its_charge_and_how_it_comes_about(office: Desk) -> None:
    page = office.text(VISIT)
    assert "10.00" in page
    assert "收款" in page


def test_a_payment_is_booked_once_under_the_name_of_the_office(gate: PayingGate, office: Desk) -> None:
    for _ in range(2):
        assert office.post(f"{VISIT}/pay", **{**PAID, "amount": "6", "reference": "wx-42"}).status_code == 303
    [row] = told(gate, "visit.paid")
    assert (row["by"], row["amount"], row["due"]) == (OFFICE, 600, 400)
    assert (row["method"], row["reference"]) == ("cash", "wx-42")
    again = office.post(f"{VISIT}/pay", **PAID)
    assert again.status_code == 409
    assert len(told(gate, "visit.paid")) == 1
    assert office.post(f"{VISIT}/pay", **{**PAID, "amount": "4.00", "request": "b-pay"}).status_code == 303
    wait_until(lambda: "登记收款" not in office.text(VISIT), what="nothing is due")
    page = office.text(VISIT)
    assert "现金 6.00" in page
    assert OFFICE in page


@pytest.mark.parametrize(
    "wrong",
    [{"amount": one} for one in ("", "abc", "0", "-1", "1.234", "9999999999999")]
    + [{"method": one} for one in ("", "gold", "cheque")]
    + [{"reference": "a b"}, {"reference": "电话"}],
)
def test_a_payment_that_cannot_be_read_books_nothing(gate: PayingGate, office: Desk, wrong: dict[str, str]) -> None:
    answer = office.post(f"{VISIT}/pay", **{**PAID, **wrong})
    assert answer.status_code == 422
    assert told(gate, "visit.paid") == []
    assert 'value="a-pay"' in answer.get_data(as_text=True)


def test_more_than_is_due_is_refused(gate: PayingGate, office: Desk) -> None:
    answer = office.post(f"{VISIT}/pay", **{**PAID, "amount": "10.01"})
    assert answer.status_code == 409
    assert "待付金额没有这么多" in answer.get_data(as_text=True)
    assert told(gate, "visit.paid") == []


@pytest.mark.parametrize(
    ("given", "field", "value"),
    [
        ({"kind": "minutes", "value": "31"}, "minutes", 31),
        ({"kind": "percent", "value": "50"}, "percent", 50),
        ({"kind": "amount", "value": "2.50"}, "amount", 250),
    ],
)
def test_a_part_is_taken_over(gate: PayingGate, office: Desk, given: dict[str, str], field: str, value: int) -> None:
    form = {**given, "reason": "商户代付", "request": "a-validate"}
    for _ in range(2):
        assert office.post(f"{VISIT}/validate", **form).status_code == 303
    [row] = told(gate, "visit.validated")
    assert (row["by"], row[field], row["reason"]) == (OFFICE, value, "商户代付")
    assert row["due"] < 1000


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "all"}, {"value": "0"}, {"value": "1.5"}, {"value": "many"}, {"kind": "percent", "value": "101"},
        {"kind": "amount", "value": "x"}, {"reason": ""}, {"reason": "电话 13800138000"},
    ],
)  # fmt: skip
def test_a_part_that_cannot_be_read_takes_nothing_over(gate: PayingGate, office: Desk, wrong: dict[str, str]) -> None:
    form = {"kind": "minutes", "value": "30", "reason": "商户代付", **wrong}
    assert office.post(f"{VISIT}/validate", **form).status_code == 422
    assert told(gate, "visit.validated") == []


def test_a_leader_waives_by_pin_and_both_names_are_recorded(gate: PayingGate, office: Desk) -> None:
    for _ in range(2):
        assert office.post(f"{VISIT}/waive", **WAIVED).status_code == 303
    [row] = told(gate, "visit.waived")
    assert (row["by"], row["leader"], row["amount"], row["reason"]) == (OFFICE, LEADER, 400, "道闸故障")


@pytest.mark.parametrize(
    "wrong",
    [{"pin": "0000"}, {"pin": ""}, {"leader": OFFICE, "pin": "5791"}, {"leader": GUARD, "pin": "2468"}, {"leader": ""},
     {"reason": ""}, {"amount": "0"}],
)  # fmt: skip
def test_without_a_leaders_word_and_a_reason_nothing_is_waived(
    gate: PayingGate, office: Desk, wrong: dict[str, str]
) -> None:
    answer = office.post(f"{VISIT}/waive", **{**WAIVED, **wrong})
    assert answer.status_code == 422
    assert told(gate, "visit.waived") == []
    assert 'name="pin" type="password"' in answer.get_data(as_text=True)
    assert "1357" not in re.sub(r'name="[a-z]+" value="[^"]*"', "", answer.get_data(as_text=True))


def test_what_is_owed_is_listed_and_paid_at_the_office(gate: PayingGate, office: Desk) -> None:
    owes(gate)
    page = office.text(OWED)
    assert "一次来访共欠 10.00" in page
    assert "3-1201" in office.text(f"{OWED}?q=3-12")
    assert "3-1201" not in office.text(f"{OWED}?q=9-99")
    assert office.post(f"{VISIT}/pay", **PAID).status_code == 303
    wait_until(lambda: "没有欠费" in office.text(OWED), what="nothing is owed")
    receipt = office.text(f"{VISIT}/receipt")
    assert "10.00" in receipt


@pytest.mark.parametrize("name", [GUARD, LEADER])
def test_guards_and_leaders_do_it_at_the_booth_and_not_here(gate: PayingGate, name: str) -> None:
    other = desk(gate, name)
    assert other.get(OWED).status_code == 403
    for verb, form in (("pay", PAID), ("waive", WAIVED), ("validate", {})):
        assert other.post(f"{VISIT}/{verb}", **form).status_code == 403
    assert told(gate, "visit.paid") == told(gate, "visit.waived") == []


def test_while_the_engine_is_away_the_page_warns_of_taking_money_twice(gate: PayingGate, office: Desk) -> None:
    gate.engine._server.stop()
    answer = office.post(f"{VISIT}/pay", **PAID)
    assert answer.status_code == 503
    assert "再次收款前" in answer.get_data(as_text=True)
    assert "引擎没有应答" in office.text(VISIT)
