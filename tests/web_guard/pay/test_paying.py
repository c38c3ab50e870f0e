"""A visitor pays at the exit: taps counted, once whatever fingers do, with a receipt, or released without money."""

from __future__ import annotations

import pytest

from tests.web_guard.conftest import wait_until
from tests.web_guard.pay.conftest import PayBooth

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]

POST = """
const csrf = document.querySelector("meta[name=csrf]").content, done = arguments[2];
fetch(arguments[0], { method: "POST", body: JSON.stringify(arguments[1]),
  headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": csrf } })
  .then((got) => got.json()).then((said) => done([said.status, said.code]));
"""


def test_a_visitor_is_out_with_cash_in_three_taps_and_has_a_receipt(till: PayBooth) -> None:
    till.car_waits()
    assert till.text(".act-open .act-hint") == "10.00 元"
    till.charge()  # tap 1
    assert till.text("#pay-sum") == "10.00 元"
    assert till.engine.opened() == 0
    till.one("#pay-cash").click()  # tap 2
    wait_until(lambda: till.engine.opened() == 1)
    wait_until(lambda: till.one("#pay").get_attribute("data-view") == "settled")
    assert till.text("#pay-paid").startswith("请在 ")
    assert till.text("#pay-sum") == "已付 10.00 元"
    till.one("#pay-print").click()  # tap 3
    wait_until(lambda: till.text("#pay-said") == "收据已打印。")
    (sheet,) = till.engine.far.printer.sheets
    assert sheet.large == ["停车收据", "应收 CNY   10.00"]
    assert "现金                       10.00" in sheet.lines
    (paid,) = till.visit_rows("visit.paid")
    assert (paid["amount"], paid["method"], paid["by"], paid["station"]) == (1000, "cash", "林小军", "booth")
    (printed,) = till.visit_rows("visit.printed")
    number = f"编号{printed['number']:>28}"
    assert number in sheet.lines
    assert till.complaints() == []


def test_a_double_tap_and_two_guards_at_once_pay_once(till: PayBooth) -> None:
    till.car_waits()
    till.charge()
    till.script("for (let n = 0; n < 4; n += 1) document.getElementById('pay-cash').click()")
    wait_until(lambda: till.one("#pay").get_attribute("data-view") == "settled")
    again = till.chrome.execute_async_script(POST, "/guard/visits/v1/pay", {"amount": 1000, "request": "second-guard"})
    assert again == ["refused", "nothing_due"]
    assert len(till.visit_rows("visit.paid")) == 1
    assert till.engine.opened() == 1


def test_a_payment_by_code_waits_for_central_and_opens_by_itself(till: PayBooth) -> None:
    till.car_waits()
    till.charge()
    till.one("#pay-code").click()
    assert till.text("#pay-said").startswith("中心没有连接"), "this site has no central"
    assert till.engine.opened() == 0
    till.engine.pays(1000, method="qr", by="central", via="mqtt", reference="wx-1")
    wait_until(lambda: till.engine.opened() == 1)
    wait_until(lambda: till.one("#pay").get_attribute("data-view") == "settled")
    assert till.text("#pay-sum") == "已付 10.00 元"


def test_a_resident_takes_a_part_over_and_less_is_due(till: PayBooth) -> None:
    till.car_waits()
    till.charge()
    till.one("#pay-validate").click()
    till.one('.pay-why[value="resident"]').click()
    wait_until(lambda: till.text("#answer") == "请先选减免多少。")
    till.one('[data-percent="50"]').click()
    till.one('.pay-why[value="resident"]').click()
    wait_until(lambda: till.text("#pay-sum") == "5.00 元")
    wait_until(lambda: till.text("#answer") == "已减免,应收 5.00 元。")
    (row,) = till.visit_rows("visit.validated")
    assert (row["percent"], row["reason"], row["by"]) == (50, "resident", "林小军")
    till.one("#pay-cash").click()
    wait_until(lambda: till.engine.opened() == 1)


def confirm(till: PayBooth, reason: str, name: str, pin: str) -> None:
    """Choose a reason and a person, and type the PIN."""
    wait_until(lambda: till.all("#sheet-confirm"))
    till.one(f'#confirm-list [value="{reason}"]').click()
    if name != "林小军":
        till.one("#confirm-who").click()
        till.one(f'#confirm-list [value="{name}"]').click()
    till.type_pin("#confirm-pad", pin)


def test_a_car_is_released_as_owed_by_name_pin_and_reason(till: PayBooth) -> None:
    till.car_waits()
    till.charge()
    till.one("#pay-owe").click()
    confirm(till, "no_money", "林小军", "1111")
    wait_until(lambda: "密码" in till.text("#answer"))
    assert till.engine.opened() == 0
    till.chrome.execute_async_script("setTimeout(arguments[0], 1500)")  # a wrong PIN makes the next try wait
    till.type_pin("#confirm-pad", "2468")
    wait_until(lambda: till.engine.opened() == 1)
    (row,) = till.visit_rows("visit.owed")
    assert (row["amount"], row["reason"], row["by"], row["leader"]) == (1000, "no_money", "林小军", None)
    wait_until(lambda: till.all("#sheet-pay") and till.text("#pay-sum") == "欠费 10.00 元")


@pytest.mark.parametrize("till", [601], indirect=True)
def test_above_the_limit_a_leader_agrees_to_what_is_owed(till: PayBooth) -> None:
    till.car_waits()
    till.charge()
    assert till.text("#pay-owe-hint") == "要领班密码"
    till.one("#pay-owe").click()
    confirm(till, "disputed", "林小军", "2468")
    wait_until(lambda: "领班" in till.text("#answer"))
    assert till.engine.opened() == 0
    confirm(till, "disputed", "陈班长", "1357")
    wait_until(lambda: till.engine.opened() == 1)
    (row,) = till.visit_rows("visit.owed")
    assert (row["by"], row["leader"]) == ("林小军", "陈班长")


def test_only_a_leader_waives(till: PayBooth) -> None:
    till.car_waits()
    till.charge()
    till.one("#pay-excuse").click()
    confirm(till, "office_said", "林小军", "2468")
    wait_until(lambda: "领班" in till.text("#answer"))
    assert till.visit_rows("visit.waived") == []
    confirm(till, "office_said", "陈班长", "1357")
    wait_until(lambda: till.engine.opened() == 1)
    (row,) = till.visit_rows("visit.waived")
    assert (row["amount"], row["reason"]) == (1000, "office_said")
    assert (row["by"], row["leader"]) == ("林小军", "陈班长")


def test_a_printer_without_paper_says_so_and_the_receipt_is_on_the_screen(till: PayBooth) -> None:
    till.engine.far.printer.faults.lines_left = 0
    till.car_waits()
    till.charge()
    till.one("#pay-cash").click()
    wait_until(lambda: till.one("#pay").get_attribute("data-view") == "settled")
    till.one("#pay-print").click()
    wait_until(lambda: till.text("#pay-said") == "打印机没纸了。请换纸,再打印一次。")
    assert till.engine.opened() == 1, "the car did not wait for paper"
    till.one("#pay-show").click()
    wait_until(lambda: till.all("#pay-receipt"))
    assert till.text("#pay-receipt").splitlines()[-1] == "已付 10.00 CNY"
    wait_until(lambda: till.script("return document.getElementById('pay-qr').naturalWidth") > 100)
    assert till.complaints() == []


def test_what_was_taken_is_in_the_place_of_the_shift(till: PayBooth) -> None:
    till.car_waits()
    till.charge()
    till.one("#pay-cash").click()
    wait_until(lambda: till.engine.opened() == 1)
    till.one("#rail-shift").click()
    wait_until(lambda: till.text("#shift-sums") == "现金 10.00 元(1 笔)")
    assert till.text("#shift-today") == "现金 10.00 元(1 笔)"
    assert till.text("#shift-payments").endswith("无牌现金10.00 元")


def test_a_plain_open_does_not_let_an_unpaid_car_out(till: PayBooth) -> None:
    till.car_waits()
    said = till.chrome.execute_async_script(POST, "/guard/lanes/out/open", {"request": "plain-open"})
    assert said == ["refused", "unpaid"]
    assert till.engine.opened() == 0
