"""A driver without a card at the exit, from the first tap to the open arm, by finger in a real browser."""

from __future__ import annotations

import time

import pytest

from tests.store.identities.conftest import traces
from tests.variants import each_of, first_and
from tests.web_guard.conftest import wait_until
from tests.web_guard.identity.conftest import NUMBER, RealBooth
from tests.web_guard.test_browser import CUT, MEASURE_TARGETS, OUTSIDE, OVERFLOW, TARGETS, look
from tests.web_installer.axe import findings

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]
WORDS = "#sheet-identity :is(h2, p, button, span, b)"


def test_the_car_that_was_found_is_released_and_its_visit_ends(real: RealBooth) -> None:
    real.begin()
    assert "名单上没有" in real.text("#id-go")
    real.find("1201", "粤B 12345")
    assert "3栋1201" in real.text("#id-facts")
    real.type(NUMBER[:10])
    assert real.text("#id-typed") == "******1949"
    for _ in range(10):
        real.one('#id-pad [data-key="erase"]').click()
    real.take()
    facts = real.text("#id-facts")
    assert "**************002X" in facts
    assert NUMBER[:14] not in real.chrome.page_source
    real.tap_text("#id-names .choice", "方敏")
    real.confirm()
    real.sign()
    real.one("[data-release]").click()
    wait_until(lambda: real.opened() == 1, what="the exit opens")
    visit = real.told("passage.entered")[0]["visit"]
    granted = real.told("access.granted")[-1]
    assert (granted["visit"], granted["decided_by"], granted["pass"]) == (visit, "林小军", "p-wang")
    confirmed = real.told("identity.confirmed")[0]
    assert (confirmed["said_by"], confirmed["how"], confirmed["visit"]) == ("方敏", "phone", visit)
    assert traces(real.directory.path, [NUMBER.encode()]) == []
    assert real.complaints() == []


def test_a_wrong_number_says_what_to_do_and_loses_nothing(real: RealBooth) -> None:
    real.begin()
    real.find("A7", "沪A 77777")
    real.type(NUMBER[:-1] + "1")
    real.one("#id-go").click()
    wait_until(lambda: "校验位" in real.text("#answer"))
    assert (real.step(), len(real.text("#id-typed"))) == ("number", 18)
    assert real.told("identity.checked") == []


def test_a_refusal_goes_to_the_leader_and_the_control_room_and_the_arm_stays(real: RealBooth) -> None:
    real.begin()
    real.one("#id-go").click()
    wait_until(lambda: real.step() == "number")
    real.tap_text("#id-kinds .choice", "护照")
    real.take("E12345678")
    real.one('[data-answer="no"]').click()
    wait_until(lambda: "管理处不确认" in real.text("#id-facts"))
    assert real.step() == "refuse"
    real.one("#id-back").click()
    assert real.step() == "office"
    real.tap_text("#id-names .choice", "陈班长")
    real.one('[data-answer="no"]').click()
    wait_until(lambda: real.step() == "refuse")
    real.tap_text("#id-reasons .choice", "管理处不同意")
    wait_until(lambda: real.told("case.refused"))
    assert real.told("case.refused")[0]["to"] == "leader"
    wait_until(lambda: real.told("case.reported"), what="it is reported")
    assert real.told("case.reported")[0]["to"] == "control_room"
    wait_until(lambda: real.all("#sheet-identity") == [])
    assert real.opened() == 0


def test_a_car_that_comes_in_the_middle_loses_nothing(real: RealBooth) -> None:
    real.begin()
    real.find("A7", "沪A 77777")
    real.type("110105")
    real.comes("赣A00009")
    wait_until(lambda: real.all("#sheet-identity") == [], what="the car has the screen")
    real.one("#rail-more").click()
    wait_until(lambda: real.all("#sheet-identity"))
    assert (real.step(), real.text("#id-typed")) == ("number", "**0105")
    assert "沪A 77777" in real.text("#id-facts")


def test_a_reload_goes_on_where_it_was_and_two_screens_release_once(real: RealBooth) -> None:
    real.begin()
    real.find("A7", "沪A 77777")
    real.take()
    real.open()
    wait_until(real.at_work)
    real.begin()
    real.pick("沪A 77777 · **")
    wait_until(lambda: real.step() == "office")
    person = real.told("identity.checked")[0]["person"]
    real.gate.client.call(
        "identities.answer", person=person, confirmed=True, how="page", said_by="方敏", by="方敏", via="browser"
    )
    wait_until(lambda: real.step() == "sign", what="what the office says on its page is seen")
    real.sign()
    real.script("const go = document.querySelector('[data-release]'); go.click(); go.click();")
    wait_until(lambda: real.opened() >= 1)
    time.sleep(0.5)
    assert real.opened() == 1
    assert [row["lane"] for row in real.told("case.released")].count("out") == 1


def test_stop_acts_in_every_step(real: RealBooth) -> None:
    real.begin()
    real.find("A7", "沪A 77777")
    real.take()
    real.press("#stop", "pointerdown")
    wait_until(lambda: real.gate.lane("out")["pause"], what="the lane pauses")


def inked(real: RealBooth) -> list[bool]:
    """Whether there is ink where the line begins, where it turns, and in the corner."""
    code = """
        const pen = document.getElementById('id-canvas').getContext('2d');
        const spots = [[120, 80], [240, 140], [20, 190]];
        return spots.map(([x, y]) => pen.getImageData(x - 6, y - 6, 12, 12).data.some((part) => part < 100));
    """
    return list(real.script(code))


@pytest.mark.long
@pytest.mark.parametrize(("lang", "theme"), each_of(("zh_CN", "day"), ("en", "night")))
def test_the_offices_page_is_whole_and_has_its_picture(real: RealBooth, lang: str, theme: str) -> None:
    real.gate.client.call(
        "identities.take", request="tap", lane="out", kind="resident_id", number=NUMBER, by="林小军", via="guard"
    )
    real.enter("方敏")
    look(real, theme, lang)
    real.size(1366, 768)
    real.open("/installer/identities")
    real.gate.client.call(
        "identities.take", request="tap 2", lane="out", kind="passport", number="E12345678", by="林小军", via="guard"
    )
    wait_until(lambda: len(real.all(".ids-one")) == 2, what="a new driver is seen without a touch")
    real.all(".in-summary")[0].click()
    assert findings(real.chrome) == []
    real.shoot(f"identity-office-page-1366-{lang}-{theme}")
    real.size(390, 844)
    assert real.script("return document.documentElement.scrollWidth <= innerWidth")
    real.shoot(f"identity-office-page-390-{lang}-{theme}")
    assert real.complaints() == []


@pytest.mark.parametrize("size", first_and((800, 480), (1024, 600)))
@pytest.mark.parametrize(("lang", "theme"), each_of(("zh_CN", "day"), ("en", "night")))
def test_every_step_is_whole_and_has_its_picture(real: RealBooth, lang: str, theme: str, size: tuple[int, int]) -> None:
    real.size(*size)
    look(real, theme, lang)
    wait_until(real.at_work)

    def whole(name: str) -> None:
        real.shoot(f"identity-{name}-{size[0]}-{lang}-{theme}")
        assert real.script(MEASURE_TARGETS, TARGETS) == [], name
        assert real.script(OVERFLOW) == [], name
        assert real.script(OUTSIDE) == [], name
        assert real.script(CUT, WORDS) == [], name
        assert findings(real.chrome) == [], name

    real.begin()
    wait_until(lambda: real.all("#id-cars .choice"))
    whole("car")
    real.find("A7", "沪A 77777")
    real.type(NUMBER)
    whole("number")
    real.one('#id-pad [data-key="layer"]').click()
    whole("letters")
    real.one("#id-go").click()
    wait_until(lambda: real.step() == "office")
    whole("office")
    real.confirm()
    real.draw()
    assert real.complaints() == []
    assert inked(real) == [True, True, False], "the line is where the finger was"
    real.complaints()  # of the look at the ink
    whole("sign")
    wait_until(lambda: real.one("#id-signed").is_enabled())
    real.one("#id-signed").click()
    wait_until(lambda: real.step() == "decide")
    whole("decide")
    real.script("document.querySelector('#sheet-identity [data-of=decide] [data-refuse]').click()")
    whole("refuse")
    assert real.complaints() == []
