"""Orders from the screen in a real browser: it says within a second that one has not arrived, and none comes late."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gateway.core.vocabulary.views import Pause
from tests.support.guard_scene import at, decision, judged, lane
from tests.variants import first_and
from tests.web_guard.conftest import ApartBooth, Booth, wait_until
from web.live.presses import COUNTS_MS

pytestmark = pytest.mark.real

WAITING = {"approach": True, "crossing": "waiting"}
NOT_YET, NOT_ARRIVED = "停止还没有送到!请准备按道闸上的停止按钮。", "停止没有送到!请按道闸上的停止按钮。"
# Notes each text of the answer with its moment, counted from a touch that it makes itself.
WATCH = """
const el = document.getElementById('answer');
window.told = [];
new MutationObserver(() => window.told.push([performance.now() - window.touched, el.textContent, el.dataset.tone]))
  .observe(el, { childList: true, characterData: true, subtree: true });
window.touched = performance.now();
document.querySelector(arguments[0]).dispatchEvent(
  new PointerEvent('pointerdown', { bubbles: true, cancelable: true, button: 0 }));
"""


def touch(booth: Booth, css: str) -> None:
    booth.script(WATCH, css)


def told(booth: Booth) -> list[tuple[float, str, str]]:
    """What the answer has said since the touch: (ms, words, tone)."""
    return [(ms, text, tone) for ms, text, tone in booth.script("return window.told")]


def tap(booth: Booth, css: str) -> None:
    """Tap what may be gone already."""
    booth.script("document.querySelector(arguments[0])?.click()", css)


def said_at(booth: Booth, text: str) -> float:
    """How many ms after the touch the answer said this."""
    wait_until(lambda: any(words == text for _, words, _ in told(booth)), what=text)
    return next(ms for ms, words, _ in told(booth) if words == text)


def ready_to_open(booth: Booth) -> None:
    booth.engine.show(lane("in", **WAITING), lane("out"))
    booth.enter()
    wait_until(lambda: booth.one(".act-open").get_attribute("data-press") == "tap")


@contextmanager
def web_hangs(booth: ApartBooth) -> Iterator[None]:
    with booth.web_hangs():
        yield


@contextmanager
def engine_hangs(booth: Booth) -> Iterator[None]:
    booth.engine.hang()
    try:
        yield
    finally:
        booth.engine.wake()


@pytest.mark.parametrize("hangs", first_and(engine_hangs, web_hangs))
def test_a_stop_that_does_not_arrive_is_told_within_a_second_and_never_done_late(apart: ApartBooth, hangs: Any) -> None:
    apart.enter()
    with hangs(apart):
        touch(apart, "#stop")
        assert said_at(apart, NOT_YET) < 1000
        assert said_at(apart, NOT_ARRIVED) < 2500
        wait_until(lambda: apart.script("return performance.now() - window.touched") > 2 * COUNTS_MS)
    later = time.monotonic() + 2
    wait_until(lambda: time.monotonic() > later)
    assert apart.engine.commands() == []
    assert all(words for _, words, _ in told(apart))
    assert apart.one("#answer").get_attribute("data-tone") == "failed"
    touch(apart, "#stop")
    wait_until(lambda: apart.engine.commands() == [("in", "stop")])
    wait_until(lambda: apart.text("#answer") == "已发停止:北门入口")


@pytest.mark.parametrize("hangs", first_and(engine_hangs, web_hangs))
def test_an_open_that_does_not_arrive_opens_nothing_afterwards(apart: ApartBooth, hangs: Any) -> None:
    ready_to_open(apart)
    with hangs(apart):
        touch(apart, ".act-open")
        assert said_at(apart, "抬杆:还没有应答,请看道闸") < 1000
        assert said_at(apart, "抬杆没有送到,也不会迟到执行。请用道闸上的按钮。") < 2500
    wait_until(lambda: apart.one(".lane").get_attribute("data-stale") == "")
    later = time.monotonic() + 2
    wait_until(lambda: time.monotonic() > later)
    assert apart.engine.commands() == []
    assert apart.one("#answer").get_attribute("data-tone") == "failed"


def test_a_short_stall_only_delays_an_order(apart: ApartBooth) -> None:
    ready_to_open(apart)
    with apart.web_hangs():
        touch(apart, ".act-open")
        said_at(apart, "抬杆:还没有应答,请看道闸")
    wait_until(lambda: apart.engine.commands() == [("in", "open")])
    wait_until(lambda: apart.text("#answer") == "抬杆:已下令,请看道闸")


def test_the_page_tells_when_it_was_touched_by_the_clock_of_the_engine(booth: Booth) -> None:
    ready_to_open(booth)
    before = time.monotonic_ns()
    touch(booth, ".act-open")
    wait_until(lambda: booth.engine.asked)
    pressed_ns = booth.engine.asked[0]["expires_mono_ns"] - COUNTS_MS * 1_000_000
    assert before - 500_000_000 < pressed_ns <= time.monotonic_ns()


def test_a_failed_stop_is_not_wiped_away_by_a_car_that_comes(booth: Booth) -> None:
    booth.enter()
    booth.offline(True)
    touch(booth, "#stop")
    said_at(booth, NOT_ARRIVED)
    booth.offline(False)
    booth.engine.show(lane("in"), lane("out", **WAITING, last_decision=decision("denied", "unknown_credential")))
    wait_until(lambda: booth.text("#act-lane") == "北门出口")
    assert booth.text("#answer") == NOT_ARRIVED


def test_stop_at_the_sign_in_says_too_that_it_did_not_arrive(booth: Booth) -> None:
    booth.sign_in()
    booth.forget()
    booth.open()
    wait_until(lambda: booth.all("#stop") and booth.loaded())
    booth.offline(True)
    touch(booth, "#stop")
    assert said_at(booth, NOT_YET) < 1000
    assert said_at(booth, NOT_ARRIVED) < 2500
    assert booth.engine.commands() == []


# ---- answers


def test_an_answer_that_is_only_asked_for_is_not_green_and_goes_with_its_car(booth: Booth) -> None:
    ready_to_open(booth)
    booth.one(".act-open").click()
    wait_until(lambda: booth.text("#answer") == "抬杆:已下令,请看道闸")
    assert booth.one("#answer").get_attribute("data-tone") == "asked"
    done = booth.script("return getComputedStyle(document.documentElement).getPropertyValue('--done')")
    assert done != booth.script("return getComputedStyle(document.getElementById('answer')).backgroundColor")
    booth.engine.show(lane("in"), lane("out"))
    wait_until(lambda: booth.text("#answer") == "")


def test_an_answer_does_not_stay_over_the_next_car(booth: Booth) -> None:
    ready_to_open(booth)
    booth.one(".act-open").click()
    wait_until(lambda: booth.text("#answer") == "抬杆:已下令,请看道闸")
    opened = decision("granted", "operator", by="林小军", credential=None, ago=-1, present=True)
    booth.engine.show(lane("in", **WAITING, last_decision=opened), lane("out"))
    wait_until(lambda: booth.text('.lane[data-lane="in"] .title') == "林小军 放行")
    assert booth.text("#answer") == "抬杆:已下令,请看道闸"
    denied = decision("denied", "unknown_credential", ago=-1, present=True)
    booth.engine.show(lane("in", **WAITING, last_decision=denied), lane("out"))
    wait_until(lambda: booth.text("#answer") == "")


# ---- the car that waits for a word


def test_a_car_is_released_in_two_taps_and_by_its_name(booth: Booth) -> None:
    booth.engine.show(judged(), lane("out"))
    booth.enter()
    wait_until(lambda: booth.text(".act-open .act-label") == "核对")
    touch(booth, ".act-open")
    wait_until(lambda: booth.all("#sheet-case"))
    assert booth.text("#case-facts .plate") == "粤A 99999"
    release = '[data-deed="release"] [value="camera_misread"]'

    wait_until(lambda: tap(booth, release) or booth.engine.commands())
    asked = booth.engine.asked[0]
    assert (asked["command"], asked["case"], asked["reason"]) == ("open", "c1", "camera_misread")
    assert (asked["via"], asked["station"], asked["present"]) == ("guard", "booth", True)
    wait_until(lambda: booth.all(".sheet") == [])


@pytest.mark.parametrize(
    ("chip", "command", "reason"),
    [
        ('[data-deed="refuse"] [value="papers_missing"]', "refuse", "papers_missing"),
        ('[data-deed="seen_to"] [value="turned_back"]', "seen_to", "turned_back"),
    ],
)
def test_a_car_is_refused_or_seen_to_on_the_same_sheet(booth: Booth, chip: str, command: str, reason: str) -> None:
    booth.engine.show(judged(), lane("out"))
    booth.enter()
    wait_until(lambda: booth.text(".act-open .act-label") == "核对")
    touch(booth, ".act-open")
    wait_until(lambda: booth.all("#sheet-case"))
    wait_until(lambda: tap(booth, chip) or booth.engine.commands())
    assert (booth.engine.asked[0]["command"], booth.engine.asked[0]["reason"]) == (command, reason)


def test_the_touch_that_opens_the_comparison_decides_nothing(booth: Booth) -> None:
    booth.engine.show(judged(), lane("out"))
    booth.enter()
    wait_until(lambda: booth.text(".act-open .act-label") == "核对")
    booth.script("const at = performance.now(); performance.now = () => at")
    booth.touch(".act-open", "pointerdown", "pointerup", "click")
    booth.one('[data-deed="refuse"] .choice').click()
    booth.script("delete performance.now")
    assert booth.all("#sheet-case") and booth.engine.commands() == []


def test_a_release_never_goes_to_the_next_car(booth: Booth) -> None:
    booth.engine.show(judged(), lane("out"))
    booth.enter()
    wait_until(lambda: booth.text(".act-open .act-label") == "核对")
    touch(booth, ".act-open")
    wait_until(lambda: booth.all("#sheet-case"))
    booth.engine.show(judged(case_id="c2"), lane("out"))
    wait_until(lambda: booth.text("#case-verdict") == "这辆车已离开,或已有人决定,不再操作。")
    chip = '[data-deed="release"] .choice'
    wait_until(lambda: tap(booth, chip) or booth.text("#answer").startswith("那辆车已离开"))
    assert booth.engine.commands() == []


# ---- the chosen lane


def test_a_booths_screen_tells_which_lane_it_shows_as_chosen(booth: Booth) -> None:
    booth.enter()
    wait_until(lambda: booth.engine.chosen)
    booth.one('.lane[data-lane="out"]').click()
    wait_until(lambda: booth.engine.chosen[-1]["lane"] == "out")
    assert booth.engine.chosen[-1]["station"] == "booth"


def test_a_pause_is_counted_down_on_the_lane(booth: Booth) -> None:
    pause = Pause(by="林小军", since=at(0), until=at(-10))
    booth.engine.show(lane("in", pause=pause, cannot_open="paused"), lane("out"))
    booth.enter()
    since = '.lane[data-lane="in"] .since'
    first = wait_until(lambda: booth.text(since))
    assert first.startswith("剩 ")
    wait_until(lambda: booth.text(since) not in ("", first))
