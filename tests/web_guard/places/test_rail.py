"""The rail: four places, each reached and left by one tap, and a car that comes has the screen first."""

from __future__ import annotations

import pytest

from tests.support.guard_scene import alarm, decision, judged, lane
from tests.variants import each_of, first_and
from tests.web_guard.conftest import Booth, wait_until
from tests.web_guard.test_browser import CUT, MEASURE_TARGETS, OUTSIDE, OVERFLOW, TARGETS, look

pytestmark = pytest.mark.real

PLACES = ("inside", "shift", "more")
WAITING = {"approach": True, "crossing": "waiting"}
WHERE = """
const box = (css) => {
  const b = document.querySelector(css).getBoundingClientRect();
  const hit = document.elementFromPoint(b.x + b.width / 2, b.y + b.height / 2);
  return [hit.closest(css) !== null, ...[b.x, b.y, b.width, b.height].map(Math.round)];
};
return [box('#stop'), box('#band'), box('#rail'), box('.act-open')];
"""


def sheets(booth: Booth) -> list[str]:
    """The sheets that can be seen."""
    return [str(one.get_attribute("id")) for one in booth.all(".sheet")]


def go(booth: Booth, place: str) -> None:
    """One tap on the rail."""
    booth.one(f"#rail-{place}").click()


def test_every_place_is_reached_and_left_by_one_tap_and_stop_and_alarm_stay(booth: Booth) -> None:
    booth.engine.show(lane("in"), lane("out"), alarms=[alarm()])
    booth.enter()
    wait_until(lambda: booth.all("#band"))
    home = booth.script(WHERE)
    assert all(one[0] for one in home)
    for place in PLACES:
        go(booth, place)
        assert sheets(booth) == [f"sheet-{place}"]
        assert booth.script(WHERE) == home
        assert booth.one(f"#rail-{place}").get_attribute("aria-pressed") == "true"
        go(booth, place)
        assert sheets(booth) == []
        assert booth.script(WHERE) == home
    for place in PLACES:
        go(booth, place)
        assert sheets(booth) == [f"sheet-{place}"]


EDGES = """
const edges = (css) => { const b = document.querySelector(css).getBoundingClientRect(); return [b.left, b.right]; };
const first = edges('.place:first-child'), last = edges('.place:last-child');
return [edges('#stop'), [first[0], last[1]]].map((one) => one.map(Math.round));
"""


@pytest.mark.parametrize("size", [(800, 480), (1024, 600)])
def test_the_rail_is_as_wide_as_stop(booth: Booth, size: tuple[int, int]) -> None:
    booth.size(*size)
    booth.enter()
    stop, rail = booth.script(EDGES)
    assert rail == stop


def test_stop_acts_in_every_place(booth: Booth) -> None:
    booth.enter()
    for count, place in enumerate(PLACES, 1):
        go(booth, place)
        booth.press("#stop", "pointerdown")
        wait_until(lambda count=count: booth.engine.commands() == [("in", "stop")] * count)


def test_a_car_that_needs_the_guard_comes_to_the_front_and_one_tap_leads_back(booth: Booth) -> None:
    booth.enter()
    go(booth, "inside")
    refused = lane("out", **WAITING, last_decision=decision("denied", "unknown_credential", present=True))
    booth.engine.show(lane("in"), refused)
    wait_until(lambda: sheets(booth) == [])
    wait_until(lambda: booth.text("#act-lane") == "北门出口")
    assert booth.text("#answer") == "来车了。“场内”里填的都还在。"
    go(booth, "inside")
    assert sheets(booth) == ["sheet-inside"]
    booth.engine.show(lane("in", **WAITING), refused)
    wait_until(lambda: booth.text("#act-lane") == "北门入口")
    assert sheets(booth) == []


def test_a_car_that_was_there_before_does_not_take_the_place_away(booth: Booth) -> None:
    booth.engine.show(lane("in", **WAITING), lane("out"))
    booth.enter()
    go(booth, "inside")
    booth.engine.show(judged(), lane("out"))
    wait_until(lambda: booth.one(".act-open").get_attribute("data-command") == "compare")
    booth.chrome.execute_async_script("setTimeout(arguments[0], 1500)")
    assert sheets(booth) == ["sheet-inside"]


def test_a_car_that_goes_by_itself_is_told_and_leaves_the_place_open(booth: Booth) -> None:
    booth.enter()
    go(booth, "more")
    goes = decision("granted", "valid_pass", "p-wang", ago=0, present=True)
    booth.engine.show(lane("in"), lane("out", **WAITING, arm="open", state="open", last_decision=goes))
    came = "#sheet-more .came"
    wait_until(lambda: booth.text(came) == "北门出口 · 放行 · 粤B 12345" and booth.all(came))
    booth.chrome.execute_async_script("setTimeout(arguments[0], 1500)")
    assert sheets(booth) == ["sheet-more"]
    booth.one(came).click()
    wait_until(lambda: sheets(booth) == [] and booth.text("#act-lane") == "北门出口")


def test_while_a_finger_is_at_work_the_place_stays_and_the_car_is_named(booth: Booth) -> None:
    booth.enter()
    go(booth, "more")
    booth.script("window.tapping = setInterval(() => document.dispatchEvent(new PointerEvent('pointerdown')), 100)")
    booth.engine.show(lane("in"), lane("out", **WAITING))
    wait_until(lambda: booth.text("#sheet-more .came") == "北门出口 · 来车了")
    booth.chrome.execute_async_script("setTimeout(arguments[0], 1500)")
    assert sheets(booth) == ["sheet-more"]
    booth.script("clearInterval(window.tapping)")
    wait_until(lambda: sheets(booth) == [])


@pytest.mark.parametrize("size", first_and((800, 480), (1024, 600), (1366, 768)))
@pytest.mark.parametrize(("lang", "theme"), each_of(("zh_CN", "day"), ("en", "night")))
def test_every_place_is_whole_and_has_its_picture(booth: Booth, lang: str, theme: str, size: tuple[int, int]) -> None:
    booth.size(*size)
    booth.enter()
    look(booth, theme, lang)
    for place in PLACES:
        go(booth, place)
        wait_until(lambda place=place: sheets(booth) == [f"sheet-{place}"])
        assert booth.script(MEASURE_TARGETS, TARGETS) == []
        assert booth.script(OVERFLOW) == []
        assert booth.script(OUTSIDE) == []
        assert booth.script(CUT, f"#sheet-{place} :is(h2, p, button, span), .place span") == []
        assert booth.complaints() == []
        booth.shoot(f"place-{place}-{size[0]}-{lang}-{theme}")


def test_who_may_only_look_has_no_rail(booth: Booth) -> None:
    booth.enter("Auditor")
    assert booth.all("#rail") == []
    assert booth.complaints() == []
