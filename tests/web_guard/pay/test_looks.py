"""The sheets of money are whole in every size, language and light, and have their pictures."""

from __future__ import annotations

import pytest

from tests.variants import each_of, first_and
from tests.web_guard.conftest import wait_until
from tests.web_guard.pay.conftest import PayBooth
from tests.web_guard.test_browser import CUT, MEASURE_TARGETS, OUTSIDE, OVERFLOW, TARGETS, look
from tests.web_installer import axe

pytestmark = [pytest.mark.real, pytest.mark.timeout(120)]
MORE_THAN_A_DAY = 1_700


def whole(till: PayBooth, name: str, sheet: str) -> None:
    assert till.script(MEASURE_TARGETS, TARGETS) == []
    assert till.script(OVERFLOW) == []
    assert till.script(OUTSIDE) == []
    assert till.script(CUT, f"#{sheet} :is(h2, h3, p, button, span, td, li)") == []
    till.shoot(name)


@pytest.mark.parametrize("till", [MORE_THAN_A_DAY], indirect=True)
@pytest.mark.parametrize("size", first_and((800, 480), (1024, 600)))
@pytest.mark.parametrize(("lang", "theme"), each_of(("zh_CN", "day"), ("en", "night")))
def test_every_sheet_of_money_is_whole(till: PayBooth, lang: str, theme: str, size: tuple[int, int]) -> None:
    shot = f"{size[0]}-{lang}-{theme}"
    till.size(*size)
    look(till, theme, lang)
    till.car_waits()
    till.shoot(f"pay-home-{shot}")
    till.charge()
    assert len(till.all("#pay-lines tr")) > 3
    whole(till, f"pay-due-{shot}", "sheet-pay")
    assert axe.findings(till.chrome) == []
    till.one("#pay-code").click()
    whole(till, f"pay-code-{shot}", "sheet-pay")
    till.one("#pay-validate").click()
    whole(till, f"pay-validate-{shot}", "sheet-pay")
    till.one("[data-pay-back]").click()
    till.one("#pay-owe").click()
    wait_until(lambda: till.all("#sheet-confirm"))
    whole(till, f"pay-owe-{shot}", "sheet-confirm")
    till.one("#sheet-confirm [data-close]").click()
    till.charge()
    till.one("#pay-cash").click()
    wait_until(lambda: till.one("#pay").get_attribute("data-view") == "settled")
    whole(till, f"pay-settled-{shot}", "sheet-pay")
    till.one("#pay-show").click()
    wait_until(lambda: till.all("#pay-receipt"))
    whole(till, f"pay-receipt-{shot}", "sheet-pay")
    till.one("#rail-shift").click()
    wait_until(lambda: till.text("#shift-sums"))
    whole(till, f"pay-shift-{shot}", "sheet-shift")
    assert axe.findings(till.chrome) == []
    assert till.complaints() == []
