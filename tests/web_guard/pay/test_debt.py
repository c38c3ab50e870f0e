"""What is owed of an earlier stay is paid at the booth without its car: found by its plate, once, with a receipt."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from drivers.printers.escpos.sim import PrinterOnTcp
from gateway.core.vocabulary.events import CredentialRead
from tests.variants import each_of, first_and
from tests.web_guard.conftest import wait_until
from tests.web_guard.pay.conftest import PayBooth
from tests.web_guard.pay.test_looks import whole
from tests.web_guard.pay.test_paying import POST, confirm
from tests.web_guard.test_browser import look
from tests.web_installer import axe

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]
PLATE = "粤B12345"


class Debtor(PayBooth):
    """A visitor has left an hour's stay unpaid, released as owed."""

    def leaves_owing(self) -> None:
        client, gate = self.engine.client, self.engine
        client.call("visits.correct", visit="v1", visitor={"plate": PLATE}, by="Lin", via="guard")
        gate.leaves()
        wait_until(lambda: gate.lane("out")["case"])
        order = {"lane": "out", "by": "Lin", "via": "guard", "command": "owe", "reason": "no_money"}
        assert client.call("lane.command", request="o1", **order)["status"] == "done"
        wait_until(gate.opened)
        gate.drives_out()
        wait_until(lambda: gate.engine._stores.state.visits("owed"))

    def find(self, *keys: str) -> None:
        """From the rail to what is found by these keys."""
        self.one("#rail-inside").click()
        wait_until(lambda: self.all(".inside-tile"))
        if self.one("#inside-find").get_attribute("aria-pressed") != "true":
            self.one("#inside-find").click()
            for key in keys:
                self.tap_text("#inside-keys .choice", key)
            self.one("#inside-keys .key-next").click()
        wait_until(lambda: self.all(".inside-row"))

    def debt(self) -> None:
        """The sheet of the debt, once the touch that opened it is over."""
        self.one('.inside-row[data-owes="yes"]').click()
        wait_until(lambda: self.text("#debt-sum") == "10.00 元")
        self.chrome.execute_async_script("setTimeout(arguments[0], 700)")


@pytest.fixture
def debtor(chrome: webdriver.Chrome, tmp_path: Path, far: PrinterOnTcp) -> Iterator[Debtor]:
    made = Debtor(chrome, tmp_path / "data", far, 61)
    made.leaves_owing()
    made.complaints()
    made.enter()
    yield made
    made.close()


def test_a_debt_is_found_by_its_plate_and_paid_with_a_receipt(debtor: Debtor) -> None:
    opened = debtor.engine.opened()
    debtor.find("3", "4", "5")
    assert "欠 10.00 元" in debtor.text(".inside-row .what") and debtor.text(".inside-row .ago") == "欠费"
    debtor.debt()
    assert debtor.text("#debt-title") == "补交欠费 · 粤B 12345"
    assert "月" in debtor.text("#debt-stay"), "the day is told"
    assert len(debtor.all("#debt-lines tr")) == 1
    debtor.one("#debt-cash").click()
    wait_until(lambda: debtor.text("#debt-sum") == "已付 10.00 元")
    assert debtor.text("#answer") == "已收现金 10.00 元,这次停车的欠费已结清。"
    debtor.one("#debt-print").click()
    wait_until(lambda: debtor.text("#debt-said") == "收据已打印。")
    (sheet,) = debtor.engine.far.printer.sheets
    assert "现金                       10.00" in sheet.lines
    assert not [line for line in sheet.lines if line.startswith("欠费")], "nothing is owed any more"
    debtor.one("#debt-show").click()
    wait_until(lambda: debtor.all("#debt-receipt"))
    assert debtor.text("#debt-receipt").splitlines()[-1] == "已付 10.00 CNY"
    (paid,) = debtor.visit_rows("visit.paid")
    assert (paid["visit"], paid["amount"], paid["method"], paid["by"], paid["station"], paid["due"]) == (
        "v1", 1000, "cash", "林小军", "booth", 0,
    )  # fmt: skip
    assert debtor.engine.opened() == opened, "no arm moves for a debt"
    debtor.one("#rail-shift").click()
    wait_until(lambda: debtor.text("#shift-sums") == "现金 10.00 元(1 笔)")
    debtor.one("#rail-inside").click()
    wait_until(lambda: debtor.all("#inside-find"))
    wait_until(lambda: not debtor.all('.inside-row[data-owes="yes"]'))
    assert debtor.complaints() == []


def test_a_double_tap_and_another_booth_pay_a_debt_once(debtor: Debtor) -> None:
    debtor.find("3", "4", "5")
    debtor.debt()
    said: list[object] = []
    other = threading.Thread(target=lambda: said.append(_pays(debtor)))
    other.start()
    debtor.script("for (let n = 0; n < 4; n += 1) document.getElementById('debt-cash').click()")
    other.join()
    wait_until(lambda: debtor.text("#debt-sum") == "已付 10.00 元")
    again = debtor.chrome.execute_async_script(POST, "/guard/visits/v1/pay", {"amount": 1000, "request": "third-guard"})
    assert again == ["refused", "nothing_due"]
    assert len(debtor.visit_rows("visit.paid")) == 1


def _pays(debtor: Debtor) -> object:
    try:
        return debtor.engine.pays(1000, key="the-other-booth", by="陈班长")
    except Exception as error:
        return error


def test_a_debt_that_central_confirms_shows_as_paid(debtor: Debtor) -> None:
    debtor.find("3", "4", "5")
    debtor.debt()
    debtor.one("#debt-code").click()
    assert debtor.text("#debt-said").startswith("中心没有连接"), "this site has no central"
    debtor.engine.pays(1000, method="qr", by="central", via="mqtt", reference="wx-1")
    wait_until(lambda: debtor.text("#debt-sum") == "已付 10.00 元")


def test_only_a_leader_waives_a_debt(debtor: Debtor) -> None:
    debtor.find("3", "4", "5")
    debtor.debt()
    debtor.one("#debt-excuse").click()
    wait_until(lambda: debtor.all("#sheet-confirm"))
    assert "粤B 12345" in debtor.text("#confirm-title")
    confirm(debtor, "office_said", "林小军", "2468")
    wait_until(lambda: "领班" in debtor.text("#answer"))
    confirm(debtor, "office_said", "陈班长", "1357")
    wait_until(lambda: debtor.text("#debt-sum") == "免收 10.00 元")
    (row,) = debtor.visit_rows("visit.waived")
    assert (row["visit"], row["amount"], row["by"], row["leader"]) == ("v1", 1000, "林小军", "陈班长")


def test_a_car_that_comes_meanwhile_is_one_tap_away_and_the_debt_is_back_with_another(debtor: Debtor) -> None:
    debtor.find("3", "4", "5")
    debtor.debt()
    debtor.engine.bus.report(CredentialRead("reader-in", "card", "4711", 32))
    wait_until(lambda: debtor.all("#sheet-debt [data-came]"), what="it is named on the sheet")
    debtor.one("#sheet-debt [data-came]").click()
    wait_until(lambda: not debtor.all("#sheet-debt"))
    debtor.one("#rail-inside").click()
    wait_until(lambda: debtor.all("#sheet-debt") and debtor.text("#debt-sum") == "10.00 元")


@pytest.mark.parametrize("size", first_and((800, 480), (1024, 600)))
@pytest.mark.parametrize(("lang", "theme"), each_of(("zh_CN", "day"), ("en", "night")))
def test_the_sheet_of_a_debt_is_whole(debtor: Debtor, lang: str, theme: str, size: tuple[int, int]) -> None:
    shot = f"{size[0]}-{lang}-{theme}"
    debtor.size(*size)
    look(debtor, theme, lang)
    debtor.find("3", "4", "5")
    whole(debtor, f"debt-found-{shot}", "sheet-inside")
    debtor.one('.inside-row[data-owes="yes"]').click()
    wait_until(lambda: debtor.text("#debt-sum").startswith("10.00"))
    debtor.chrome.execute_async_script("setTimeout(arguments[0], 700)")
    whole(debtor, f"debt-due-{shot}", "sheet-debt")
    assert axe.findings(debtor.chrome) == []
    debtor.one("#debt-code").click()
    whole(debtor, f"debt-code-{shot}", "sheet-debt")
    debtor.one("#debt-cash").click()
    wait_until(lambda: debtor.one("#debt").get_attribute("data-view") == "settled")
    whole(debtor, f"debt-settled-{shot}", "sheet-debt")
    debtor.one("#debt-show").click()
    wait_until(lambda: debtor.all("#debt-receipt"))
    whole(debtor, f"debt-receipt-{shot}", "sheet-debt")
    assert debtor.complaints() == []
