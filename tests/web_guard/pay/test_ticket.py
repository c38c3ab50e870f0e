"""A visitor's ticket is printed at the booth, also once more; its code opens once in and once out."""

from __future__ import annotations

import time

import pytest

from gateway.core.vocabulary.events import CredentialRead
from tests.variants import each_of, first_and
from tests.web_guard.conftest import wait_until
from tests.web_guard.pay.conftest import PayBooth
from tests.web_guard.pay.test_looks import whole
from tests.web_guard.test_browser import look
from tests.web_installer import axe

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]


def register(
    till: PayBooth,
    none: str = "无牌车",
    room: str = "1201",
    purpose: str = "访客",
    plate: str = "",
    goods: bool = False,
) -> None:
    """A vehicle without plates (or with one), by keys alone; no car waits at a lane."""
    till.one("#rail-visitor").click()
    for letter in plate:
        till.tap_text("#visitor-keys .choice", letter)
    if plate:
        till.one("#visitor-keys .key-next").click()
    else:
        till.tap_text("#visitor-keys .choice", none)
    for digit in room:
        till.tap_text("#visitor-keys .choice", digit)
    till.one("#visitor-keys .key-next").click()
    till.tap_text("#visitor-keys .choice", purpose)
    wait_until(lambda: till.all("#visitor-go"))
    if goods:
        till.one("#visitor-goods").click()
    till.chrome.execute_async_script("setTimeout(arguments[0], 600)")
    till.one("#visitor-go").click()
    wait_until(lambda: till.all("#visitor-ticket"))


def prints(till: PayBooth, said: str) -> None:
    till.one("#visitor-ticket").click()
    wait_until(lambda: till.text("#visitor-printed") == said)


def test_a_ticket_and_its_copy_open_once_in_and_once_out(till: PayBooth) -> None:
    register(till)
    prints(till, "凭条已打印,请交给司机。")
    sheets = till.engine.far.printer.sheets
    wait_until(lambda: len(sheets) == 1)
    prints(till, "凭条已打印,请交给司机。")
    wait_until(lambda: len(sheets) == 2)
    assert sheets[0].lines[:2] == ["North Court", "访客凭条"]
    plate, unit, until = (
        next(line for line in sheets[0].lines if line.startswith(name)) for name in ("车牌", "前往", "至")
    )
    assert (plate.endswith("无牌车"), unit.endswith("1201"), until.endswith(":00")) == (True, True, True)
    (first,), (copy,) = sheets[0].codes, sheets[1].codes
    printed = till.visit_rows("visit.printed")
    assert [(one["what"], one["by"], one["station"]) for one in printed] == [("ticket", "林小军", "booth")] * 2
    gate = till.engine
    gate.bus.report(CredentialRead("reader-in", "qr", first))
    wait_until(lambda: gate.opened_at("in") == 1)
    gate.drives_in()
    (visit,) = {one["visit"] for one in printed}
    wait_until(lambda: [one for one in till.visit_rows("passage.entered") if one["visit"] == visit])
    gate.bus.report(CredentialRead("reader-in", "qr", copy))
    wait_until(lambda: till.visit_rows("access.denied", "access.referred"))
    assert till.visit_rows("access.denied", "access.referred")[-1]["reason"] == "already_inside"
    gate.bus.report(CredentialRead("reader-out", "qr", copy))
    wait_until(lambda: gate.opened() == 1)
    gate.drives_out()
    wait_until(lambda: [one for one in till.visit_rows("passage.exited") if one["visit"] == visit])
    gate.bus.report(CredentialRead("reader-in", "qr", first))
    wait_until(lambda: len(till.visit_rows("access.denied", "access.referred")) == 2)
    assert gate.opened_at("in") == 1
    assert till.complaints() == []


def test_a_double_tap_prints_one_ticket(till: PayBooth) -> None:
    register(till)
    till.script("for (let n = 0; n < 4; n += 1) document.getElementById('visitor-ticket').click()")
    wait_until(lambda: till.text("#visitor-printed") == "凭条已打印,请交给司机。")
    assert len(till.engine.far.printer.sheets) == 1


def test_a_printer_without_paper_says_so_and_the_next_try_prints(till: PayBooth) -> None:
    till.engine.far.printer.faults.lines_left = 0
    register(till)
    prints(till, "打印机没纸了。请换纸,再打印一次。")
    assert till.one("#visitor-printed").get_attribute("data-tone") == "refused"
    assert till.all("#visitor-code"), "the code can still be photographed"
    till.engine.far.printer.faults.lines_left = None
    prints(till, "凭条已打印,请交给司机。")


def tap(till: PayBooth, css: str) -> None:
    wait_until(lambda: till.all(css), what=css)[0].click()


def test_a_ticket_is_printed_again_from_the_place_inside(till: PayBooth) -> None:
    register(till, room="907")
    tap(till, "#rail-inside")
    tap(till, "#inside-find")
    for key in "907":
        till.tap_text("#inside-keys .choice", key)
    tap(till, "#inside-keys .key-next")
    wait_until(lambda: till.text(".inside-row b") == "无牌")
    tap(till, ".inside-row")
    tap(till, "#stay-ticket")
    wait_until(lambda: till.text("#stay-printed") == "凭条已打印,请交给司机。")
    (sheet,) = till.engine.far.printer.sheets
    assert len(sheet.codes) == 1
    time.sleep(1.2)
    tap(till, '.inside-why[data-verb="came"] [value="arm_open"]')
    wait_until(lambda: till.visit_rows("visit.came_unseen"))
    (came,) = till.visit_rows("visit.came_unseen")
    assert came["plate"] is None and came["visit"] == till.visit_rows("visit.registered")[-1]["visit"]


@pytest.mark.parametrize("size", first_and((800, 480), (1024, 600)))
@pytest.mark.parametrize(("lang", "theme"), each_of(("zh_CN", "day"), ("en", "night")))
def test_the_sheet_with_a_ticket_is_whole(till: PayBooth, lang: str, theme: str, size: tuple[int, int]) -> None:
    shot = f"{size[0]}-{lang}-{theme}"
    till.size(*size)
    look(till, theme, lang)
    words = {"zh_CN": {}, "en": {"none": "no plate", "purpose": "Visit"}}[lang]
    register(till, **words)
    till.one("#visitor-ticket").click()
    wait_until(lambda: till.engine.far.printer.sheets and "..." not in till.text("#visitor-printed"))
    whole(till, f"ticket-printed-{shot}", "sheet-visitor")
    till.engine.far.printer.faults.lines_left = 0
    till.one("#visitor-ticket").click()
    wait_until(lambda: till.one("#visitor-printed").get_attribute("data-tone") == "refused")
    whole(till, f"ticket-no-paper-{shot}", "sheet-visitor")
    assert axe.findings(till.chrome) == []
    assert till.complaints() == []
