"""What happens under a finger or the keyboard when the screen changes at that moment."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys

from gateway.core.vocabulary.rows import Credential
from tests.support.engine_stand_in import FREE
from tests.support.guard_scene import alarm, at, crashed, decision, judged, lane
from tests.web_guard.conftest import Booth, wait_until
from tests.web_guard.test_browser import open_sheet

pytestmark = pytest.mark.real

WAITING = {"approach": True, "crossing": "waiting"}


def focus(booth: Booth) -> str:
    """Where the keyboard is: the id, else the class."""
    return str(booth.script("const el = document.activeElement; return el.id || el.className"))


def keys(booth: Booth, *pressed: str) -> None:
    booth.chrome.switch_to.active_element.send_keys(*pressed)


# ---- the keyboard


@pytest.mark.long
def test_the_keyboard_stays_in_an_open_sheet_and_on_stop(booth: Booth) -> None:
    booth.enter()
    for opener in (".act-tag", ".act-keep", ".duty"):
        open_sheet(booth, opener)
        inside = """
            const el = document.activeElement;
            return el.id === 'stop' || el.closest('.sheet') !== null;
        """
        seen = set()
        for _ in range(30):
            keys(booth, Keys.TAB)
            assert booth.script(inside), focus(booth)
            seen.add(focus(booth))
        assert "stop" in seen and len(seen) > 2
        keys(booth, Keys.ESCAPE)
        wait_until(lambda: booth.all(".sheet") == [])


def test_pin_and_reason_are_typed_and_enter_does_what_the_button_does(booth: Booth) -> None:
    booth.engine.show(crashed(), lane("out"))
    booth.enter()
    wait_until(lambda: booth.text(".act-more .act-label") == "复位")
    open_sheet(booth, ".act-more")
    assert focus(booth) == "confirm-dots"
    booth.tap_text("#confirm-list .choice", "道闸已修好")
    booth.one("#confirm-dots").send_keys("2468", Keys.ENTER)
    wait_until(lambda: booth.engine.commands() == [("in", "reset")])
    assert booth.engine.asked[0]["reason"] == "arm_mended"


# ---- fingers


def test_a_tap_while_a_button_rests_is_answered(booth: Booth) -> None:
    booth.enter()
    booth.script("document.querySelector('.act-open').dataset.rest = String(performance.now() + 60000)")
    booth.touch(".act-open", "pointerdown", "pointerup")
    wait_until(lambda: booth.text("#answer") == "这里刚变过,看清后再点一次。")
    assert booth.engine.commands() == []


def test_a_second_tap_on_acknowledge_closes_nothing(booth: Booth) -> None:
    over = alarm("tailgating", 3, active=False)
    booth.engine.show(lane("in"), lane("out"), alarms=[over])
    booth.enter()
    wait_until(lambda: booth.all("#band"))
    booth.one("#band").click()
    where = "const b = document.getElementById(arguments[0]).getBoundingClientRect(); return [b.x, b.y].map(Math.round)"
    ack = booth.script(where, "alarm-ack")
    booth.one("#alarm-ack").click()
    wait_until(lambda: booth.all("#alarm-real"))
    booth.script("document.getElementById('alarm-real').click()")
    assert booth.script(where, "alarm-real")[0] > ack[0]
    assert [one["verb"] for one in booth.engine.acknowledged] == ["acknowledge"]
    assert booth.text("#alarm-answer") == "这里刚变过,看清后再点一次。"


def test_rows_stay_where_they_are_while_the_list_is_touched(booth: Booth) -> None:
    first = [alarm("tailgating", 3), alarm("power", 2)]
    booth.engine.show(lane("in"), lane("out"), alarms=first)
    booth.enter()
    wait_until(lambda: booth.all("#band"))
    booth.one("#band").click()
    rows = "return [...document.querySelectorAll('.desk-row b')].map((el) => el.textContent)"
    before = booth.script(rows)
    booth.press("#alarm-list", "pointerdown")
    booth.engine.show(lane("in"), lane("out"), alarms=[alarm("panic", 1, ago=0), *first])
    wait_until(lambda: len(booth.script(rows)) == 3)
    assert booth.script(rows)[:2] == before


def test_an_answer_leaves_the_name_of_its_lane_in_sight(booth: Booth) -> None:
    booth.engine.show(lane("in", safety=True, allowed={**FREE, "close": "safety_occupied"}), lane("out"))
    booth.enter()
    wait_until(lambda: booth.text(".act-close .act-hint") == "杆下有车")
    booth.one(".act-close").click()
    wait_until(lambda: booth.text("#answer"))
    covered = """
        const name = document.getElementById('act-lane').getBoundingClientRect();
        const answer = document.getElementById('answer').getBoundingClientRect();
        return answer.top < name.bottom - 2 && answer.bottom > name.top + 2;
    """
    assert not booth.script(covered)
    booth.one("#answer").click()
    wait_until(lambda: booth.text("#answer") == "")


def test_a_car_behind_the_one_that_was_compared_is_named_and_comes_next(booth: Booth) -> None:
    booth.engine.show(judged(), lane("out"))
    booth.enter()
    wait_until(lambda: booth.one(".act-open").get_attribute("data-command") == "compare" and booth.at_work())
    booth.press(".act-open", "pointerdown")
    wait_until(lambda: booth.all("#sheet-case"))
    booth.engine.show(judged(case_id="c2"), lane("out"))
    wait_until(lambda: "又来一辆" in booth.text("#case-goes"))
    booth.one("#case-next").click()
    wait_until(lambda: booth.all('#sheet-case [data-deed="release"] .choice'))
    assert booth.engine.commands() == []


# ---- lanes that are not shown


@pytest.mark.parametrize("booth", [("in", "out", "south", "goods", "east")], indirect=True)
def test_the_tile_of_hidden_lanes_is_alive_and_a_crash_comes_to_the_front(booth: Booth) -> None:
    five = ("in", "out", "south", "goods", "east")
    booth.engine.show(*(lane(one) for one in five))
    booth.enter()
    held = {"mode": "held", "state": "held", "arm": "open"}
    booth.engine.show(*(lane(one, **(held if one == "east" else {})) for one in five))
    wait_until(lambda: booth.text("#page-state") == "东门入口: 常开")
    booth.engine.show(*(crashed(one) if one == "goods" else lane(one) for one in five))
    wait_until(lambda: [one.get_attribute("data-lane") for one in booth.all(".lane")] == ["goods", "east"])
    assert booth.text("#act-lane") == "货运出口"


# ---- who may only look


def test_who_may_only_look_is_offered_nothing_that_is_always_refused(booth: Booth) -> None:
    booth.engine.show(judged(), crashed("out"), alarms=[alarm()])
    booth.enter("Auditor")
    assert booth.all(".act, #stop") == []
    assert booth.text(".look-on").startswith("您可以查看")
    booth.one("#band").click()
    wait_until(lambda: booth.all("#alarm-steps li"))
    assert booth.all(".desk-verbs button") == []
    assert booth.complaints() == []


# ---- names from right to left, and letters without a font


def test_a_name_from_right_to_left_begins_where_it_is_read(booth: Booth) -> None:
    arabic = Credential("plate", "عبد الرحمن 123")
    car = decision("denied", "unknown_credential", credential=arabic)
    booth.engine.show(lane("in", last_decision=car), lane("out"))
    booth.enter()
    wait_until(lambda: booth.text('.lane[data-lane="in"] .title') == "عبد الرحمن 123")
    direction = "return getComputedStyle(document.querySelector('.lane[data-lane=\"in\"] .title')).direction"
    assert booth.script(direction) == "rtl"


def test_letters_that_no_font_has_are_said_and_not_drawn_as_boxes(booth: Booth) -> None:
    nowhere = Credential("plate", "\U0001fbf7\ua9c1")
    by_hand = decision("denied", "unknown_credential", credential=nowhere)
    booth.engine.show(lane("in", last_decision=by_hand), lane("out", since=at(9)))
    booth.enter()
    wait_until(lambda: booth.text('.lane[data-lane="in"] .title') == "(本屏无法显示的文字)")


# ---- the touch that wakes the screen

DARK_AFTER = "document.documentElement.dataset.darkAfter = arguments[0]"
TOUCH = """
const el = document.querySelector(arguments[0]), how = { bubbles: true, cancelable: true, button: 0 };
for (const kind of ['pointerdown', 'pointerup'])
  el.dispatchEvent(new PointerEvent(kind, { ...how, pointerType: 'touch' }));
el.dispatchEvent(new MouseEvent('click', how));
"""


def idle(booth: Booth, *, keeps_lit: bool) -> None:
    """Be at work on a screen that may have gone dark since the last touch."""
    lock = "{ request: async () => ({ addEventListener: () => {} }) }" if keeps_lit else "undefined"
    source = f"Object.defineProperty(Navigator.prototype, 'wakeLock', {{ get: () => ({lock}) }});"
    added = booth.chrome.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": source})
    booth.engine.show(lane(**WAITING), lane("out"))
    booth.enter()
    booth.chrome.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)
    booth.script(DARK_AFTER, "1")


def test_the_touch_that_wakes_a_dark_screen_does_nothing_else(booth: Booth) -> None:
    idle(booth, keeps_lit=False)
    booth.script(TOUCH, ".act-open")
    assert "屏幕刚唤醒" in booth.text("#answer")
    assert booth.engine.commands() == []
    booth.script(DARK_AFTER, "60000")
    booth.script(TOUCH, ".act-open")
    wait_until(lambda: booth.engine.commands() == [("in", "open")])


def test_stop_counts_also_on_a_dark_screen(booth: Booth) -> None:
    idle(booth, keeps_lit=False)
    booth.script(TOUCH, "#stop")
    wait_until(lambda: ("in", "stop") in booth.engine.commands())


def test_a_screen_that_is_kept_lit_takes_the_first_touch(booth: Booth) -> None:
    idle(booth, keeps_lit=True)
    booth.script(TOUCH, ".act-open")
    wait_until(lambda: booth.engine.commands() == [("in", "open")])
