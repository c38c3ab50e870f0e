"""The guard screen in a real browser, in front of a real server."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest
from msgspec.structs import replace
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from gateway.core.alarms.kinds import KINDS
from gateway.core.lane.modes.notices import Notice
from gateway.core.settings.roles import Right
from gateway.core.vocabulary.reasons import Reason
from gateway.core.vocabulary.rows import Credential
from gateway.core.vocabulary.views import (
    DeviceView,
    GatewayView,
    Hold,
    LaneView,
    LastPassage,
    Requested,
    ServiceNotice,
    SiteView,
    Tag,
    UplinkView,
    WaitingGrant,
)
from tests.support.engine_stand_in import FREE
from tests.support.guard_scene import FULL, alarm, at, crashed, decision, judged, lane
from tests.variants import each_of
from tests.web_guard.conftest import Booth, wait_until
from web.guard.alarms.model import SILENT_KINDS
from web.guard.home import stream
from web.words.texts import words

pytestmark = pytest.mark.real

WAITING = {"approach": True, "crossing": "waiting"}
GRANTED = {"days_left": 6, "valid_until": "2026-11-27"}
SIZES = [(800, 480), (1024, 600), (1366, 768)]
# What must be hit with a glove, and what must be read at arm's length.
TARGETS = "button, a, .lane"
READ = (
    ".word, .reason, .title, .subtitle, .waits, .bay, .days, .line-text, .line-label, .lane-name, .arm-text, .age,"
    " .loop, .lane-mode, .since,"
    " .act-label, .act-hint, .stop b, .stop-words span, .clock, .uplink-words, .duty span, .band-title, .band-where,"
    " .band-ago, .band-others, .act-lane, .answer, .calm-text, .box-notice span"
)
SHEETS = ".sheet button, .sheet h2, .sheet h3, .sheet p, .sheet li, .sheet output, .sheet .small, .sheet .row-name"
DUE = ServiceNotice(what="cycles", limit=100_000, count=100_123, since="2026-11-19T02:00:00.000Z")
WHOLE = (
    ".title, .word, .act-label, .bay, .days, .lane-name, .lane-mode, .since, .band-title, .calm-text, .box-text, .who"
)
# What opens each sheet.
OPENERS = (".duty", "#band", ".act-keep", ".act-tag")
# What stands in the place *more* of the rail.
IN_MORE = (".act-keep", ".act-tag")
# Whether a sentence or a reason lost its end: a clamp that had to work, or a box too low for its lines.
TRIMMED = """
return [...document.querySelectorAll('.line, .line-text, .reason, .act-hint, .hatch-words')]
  .filter((el) => el.checkVisibility() && el.textContent.trim()
    && el.scrollHeight - el.clientHeight > parseFloat(getComputedStyle(el).fontSize) / 2)
  .map((el) => el.className + ': ' + el.textContent.trim());
"""
MEASURE_TARGETS = """
return [...document.querySelectorAll(arguments[0])].filter((el) => el.checkVisibility()).map((el) => {
  const box = el.getBoundingClientRect();
  return [el.className + '#' + el.id, Math.round(box.width), Math.round(box.height)];
}).filter(([_name, width, height]) => width < 64 || height < 64);
"""
OVERFLOW = """
const page = document.documentElement;
const out = [];
if (page.scrollWidth > innerWidth || page.scrollHeight > innerHeight) out.push('page');
for (const el of document.querySelectorAll('body *')) {
  if (!el.checkVisibility() || el.closest('.aside, .sprite')) continue;
  const box = el.getBoundingClientRect();
  if (box.right > innerWidth + 1 || box.bottom > innerHeight + 1 || box.left < -1 || box.top < -1)
    out.push(el.tagName + '.' + el.className);
  const style = getComputedStyle(el);
  if (/auto|scroll/.test(style.overflowX + style.overflowY)) out.push('scrolls: ' + el.className);
}
return out;
"""
# Whether the words that matter are whole: nothing cut off at the right or at the bottom.
CUT = """
return [...document.querySelectorAll(arguments[0])].filter((el) => el.checkVisibility() && el.textContent.trim())
  .filter((el) => el.scrollWidth > el.clientWidth + 1 && getComputedStyle(el).display !== 'inline')
  .map((el) => el.className + ': ' + el.textContent);
"""
# What reaches out of its button or its lane, where the rest of it is cut off.
OUTSIDE = """
return [...document.querySelectorAll('button *')].filter((el) => el.checkVisibility() && el.textContent.trim())
  .filter((el) => {
    if (el.closest('.aside, .sprite, svg')) return false;
    const box = el.getBoundingClientRect(), around = el.closest('button').getBoundingClientRect();
    return box.right > around.right + 1 || box.left < around.left - 1 || box.bottom > around.bottom + 1;
  }).map((el) => el.className + ': ' + el.textContent);
"""
CONTRAST = """
function rgb(text) { const n = text.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; }
function light([r, g, b]) {
  const [x, y, z] = [r, g, b].map((c) => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
}
function ground(el) {
  for (let one = el; one; one = one.parentElement) {
    const colour = rgb(getComputedStyle(one).backgroundColor);
    if (colour[3] === 1) return colour;
  }
  return [255, 255, 255, 1];
}
const all = [...document.querySelectorAll(arguments[0])];
return all.filter((el) => el.checkVisibility() && el.textContent.trim()).map((el) => {
  const a = light(rgb(getComputedStyle(el).color)), b = light(ground(el));
  return [el.className, Math.round((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) * 10) / 10];
});
"""


def look(booth: Booth, theme: str = "day", lang: str = "zh_CN") -> None:
    booth.chrome.add_cookie({"name": "gatehouse_theme", "value": theme})
    booth.chrome.add_cookie({"name": "gatehouse_lang", "value": lang})
    booth.open()
    wait_until(booth.ready)


def open_sheet(booth: Booth, opener: str) -> None:
    """Touch what opens a sheet until it is there: a button that has just become another one rests for a moment."""
    sheet = {".duty": "#sheet-duty", "#band": "#sheet-alarms", ".act-keep": "#sheet-hold"}.get(opener, "#sheet-confirm")
    if opener in IN_MORE:
        wait_until(lambda: booth.touch("#rail-more", "click") is not None and booth.all(opener), what=opener)

    def opened() -> bool:
        booth.touch(opener, "pointerdown", "pointerup", "click")
        return [one.get_attribute("id") for one in booth.all(".sheet")] == [sheet[1:]]

    wait_until(lambda: booth.all(opener) and opened(), what=opener)


def gone(element: WebElement) -> bool:
    """Whether the page that held an element has been left for one that is whole."""
    try:
        element.is_enabled()
    except StaleElementReferenceException:
        return True
    except WebDriverException as error:  # asked while the page was being left
        if "does not belong to the document" not in str(error):
            raise
        return True
    return False


def busy(booth: Booth) -> None:
    """Two lanes with all that can be on them at once."""
    booth.engine.show(
        lane(
            "in",
            state="passing",
            arm="open",
            safety=True,
            last_decision=decision("granted", "valid_pass", "p-wang", ago=3, **GRANTED),
        ),
        lane("out", mode="held", state="held", last_decision=decision("referred", "plate_mismatch", "p-li", **GRANTED)),
        alarms=[alarm(), alarm("device_lost", 2, ago=300, device="reader-in")],
    )


# ---- signing in


def test_a_guard_signs_in_with_fingers_alone(booth: Booth) -> None:
    booth.sign_in()
    assert booth.text(".duty") == "林小军"
    assert booth.complaints() == []


def wrong_pin(booth: Booth) -> tuple[str, bool]:
    """Type a PIN that is not right; what the next page says of it, and whether it takes no other for a while."""
    form = booth.one("#pin-form")
    booth.type_pin("#pad", "0000")
    wait_until(lambda: gone(form))
    code = """
        const mistake = document.getElementById('mistake');
        return [mistake.textContent, Number(mistake.dataset.wait)];
    """
    said, wait_s = booth.script(code)
    return said.strip(), wait_s > 0


@pytest.mark.long
def test_a_wrong_pin_is_answered_calmly_with_the_wait_that_it_causes_and_keeps_no_colleague_out(booth: Booth) -> None:
    booth.forget()
    booth.open()
    booth.tap_text(".name", "林小军")
    for _ in range(3):
        said, closed = wrong_pin(booth)
        assert re.fullmatch(r"密码不对,\d+ 秒后可以再试。", said) and closed
        wait_until(lambda: booth.one("#enter").is_enabled(), 40)
    wrong_pin(booth)
    booth.one('.pin-left .plain[href="/sign-in"]').click()
    booth.tap_text(".name", "陈班长")
    booth.type_pin("#pad", "1357")
    wait_until(booth.ready)
    booth.forget()
    booth.open("/sign-in?name=林小军")
    wait_until(lambda: held_of(booth).lockout.wait_s("林小军", "127.0.0.1", "booth") == 0)
    booth.type_pin("#pad", "2468")
    wait_until(booth.ready)


def held_of(booth: Booth) -> Any:
    return booth.server.app.extensions["gatehouse"]


def test_the_sign_in_page_speaks_both_languages(booth: Booth) -> None:
    booth.forget()
    booth.open()
    assert booth.text("h1") == "谁在值班?"
    booth.tap_text(".choice", "English")
    wait_until(lambda: booth.text("h1") == "Who is on duty?")


def test_signing_out_ends_the_session(booth: Booth) -> None:
    booth.enter()
    booth.one(".duty").click()
    booth.tap_text("#sheet-duty .choice", "退出登录")
    wait_until(lambda: "/sign-in" in booth.chrome.current_url)
    booth.open()
    wait_until(lambda: booth.chrome.current_url.split("?")[0].endswith("/sign-in"))


@pytest.mark.parametrize("opener", ["", ".duty", "#band", ".act-tag", ".act-keep"])
def test_a_session_that_ended_elsewhere_leads_back_to_the_sign_in_and_says_so(booth: Booth, opener: str) -> None:
    booth.engine.show(lane("in"), lane("out"), alarms=[alarm("power", 2)])
    booth.enter()
    if opener:
        open_sheet(booth, opener)
    booth.end_sessions()
    # The stream ends with the session; the screen then asks and is told.
    wait_until(lambda: "/sign-in" in booth.chrome.current_url)
    wait_until(lambda: booth.text(".mistake") == "您已退出,请重新登录。")
    assert booth.engine.commands() == []


# ---- opening


def test_one_tap_opens_while_a_vehicle_waits(booth: Booth) -> None:
    booth.engine.show(lane("in", **WAITING), lane("out"))
    booth.enter()
    wait_until(lambda: booth.one(".act-open").get_attribute("data-press") == "tap")
    booth.one(".act-open").click()
    wait_until(lambda: booth.engine.commands() == [("in", "open")])
    asked = booth.engine.asked[0]
    assert (asked["by"], asked["via"], asked["expires_at"]) == ("林小军", "guard", None)
    wait_until(lambda: booth.text("#answer") == "抬杆:已下令,请看道闸")


def test_a_double_tap_moves_the_arm_once(booth: Booth) -> None:
    booth.engine.show(lane("in", **WAITING), lane("out"))
    booth.enter()
    wait_until(lambda: booth.one(".act-open").get_attribute("data-press") == "tap")
    booth.script("const at = performance.now(); performance.now = () => at")
    booth.touch(".act-open", "pointerdown", "pointerup", "pointerdown", "pointerup")
    booth.script("delete performance.now")
    wait_until(lambda: "已下令" in booth.text("#answer"))
    assert booth.engine.commands() == [("in", "open")]


def test_with_no_vehicle_seen_a_tap_only_asks_to_keep_pressing(booth: Booth) -> None:
    booth.enter()
    booth.touch(".act-open", "pointerdown", "pointerup")
    assert booth.text("#answer") == "请按住,直到圆环填满。"
    assert booth.engine.commands() == []


def test_with_no_vehicle_seen_pressing_and_holding_opens(booth: Booth) -> None:
    booth.enter()
    assert "pressing" in booth.touch(".act-open", "pointerdown")
    wait_until(lambda: booth.engine.commands() == [("in", "open")])


def test_letting_go_before_the_ring_is_full_moves_nothing(booth: Booth) -> None:
    booth.enter()
    booth.touch(".act-keep", "pointerdown", "pointerup")
    for css in (".act-open", ".act-close", "#hold-go"):
        assert "pressing" not in booth.touch(css, "pointerdown", "pointerup")
    booth.press(".act-close", "pointerdown")
    wait_until(lambda: booth.engine.commands() == [("in", "close")])


# ---- holding open


def held(lane_id: str = "in", **end: Any) -> LaneView:
    hold = replace(Hold(by="林小军", since=at(60), scheduled=False), **end)
    allowed = {**FREE, "release": None, "hold": "held_already"}
    return lane(lane_id, mode="held", state="held", arm="open", hold=hold, allowed=allowed)


def ask_to_hold(booth: Booth, minutes: str, more: int) -> dict[str, Any]:
    """Choose an end on the sheet and press the button until its ring is full; what the engine is asked then."""
    open_sheet(booth, ".act-keep")
    booth.one(f'#hold-minutes [value="{minutes}"]').click()
    for _ in range(more):
        booth.one('#hold-count [value="more"]').click()
    booth.press("#hold-go", "pointerdown")
    wait_until(lambda: booth.engine.commands() == [("in", "hold")])
    wait_until(lambda: booth.all(".sheet") == [])
    found: dict[str, Any] = booth.engine.asked[0]["detail"]
    return found


@pytest.mark.parametrize(
    ("minutes", "more", "end"),
    [
        ("30", 0, {"minutes": 30}),
        ("", 0, {}),
        ("", 1, {"count": 5}),
        ("5", 3, {"minutes": 5, "count": 7}),
    ],
)
def test_a_hold_is_given_its_end_by_thumb(booth: Booth, minutes: str, more: int, end: dict[str, int]) -> None:
    booth.enter()
    assert ask_to_hold(booth, minutes, more) == end


def test_a_hold_ends_after_a_quarter_of_an_hour_unless_told_otherwise(booth: Booth) -> None:
    booth.enter()
    open_sheet(booth, ".act-keep")
    assert booth.text("#hold-minutes [aria-pressed='true']") == "15 分钟"
    assert booth.text("#hold-hint") == "15 分钟,请长按"
    assert booth.engine.commands() == []


def test_vehicles_are_counted_down_to_one_and_back_to_any(booth: Booth) -> None:
    booth.enter()
    open_sheet(booth, ".act-keep")
    for _ in range(7):
        booth.one('#hold-count [value="less"]').click()
    wait_until(lambda: booth.text("#hold-n") == "1")
    booth.one('#hold-count [value="any"]').click()
    wait_until(lambda: booth.text("#hold-hint") == "15 分钟,请长按")


def test_a_lane_that_somebody_else_holds_meanwhile_is_not_held_again(booth: Booth) -> None:
    booth.enter()
    open_sheet(booth, ".act-keep")
    booth.engine.show(held(), lane("out"))
    wait_until(lambda: booth.one(".act-keep").get_attribute("data-command") == "release")
    booth.press("#hold-go", "pointerdown")
    wait_until(lambda: booth.text("#answer") == "车道已在常开状态。")
    assert booth.engine.commands() == []


def test_the_running_end_of_a_hold_stands_on_its_lane(booth: Booth) -> None:
    booth.engine.show(held(until=at(-840), left=7), held("out", left=3))
    booth.enter()
    wait_until(lambda: re.fullmatch(r"常开剩 \d+ 分", booth.text('.lane[data-lane="in"] .lane-mode')))
    assert booth.text('.lane[data-lane="in"] .line-text').endswith("或再过 7 辆为止。")
    assert booth.text('.lane[data-lane="out"] .lane-mode') == "常开剩 3 辆"
    booth.engine.show(held(until=at(-840), left=6), held("out", left=2))
    wait_until(lambda: booth.text('.lane[data-lane="out"] .lane-mode') == "常开剩 2 辆")


def test_an_end_that_no_hold_has_is_refused(booth: Booth) -> None:
    booth.enter()
    code = """
        const csrf = document.querySelector("meta[name=csrf]").content, done = arguments[1];
        fetch("/guard/lanes/in/hold", { method: "POST", body: JSON.stringify({ minutes: arguments[0] }),
          headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": csrf } })
          .then((got) => done(got.status));
    """
    for wrong in (0, -5, 1.5, "15", 1441):
        assert booth.chrome.execute_async_script(code, wrong) == 422, wrong
    assert booth.engine.commands() == []


# ---- answers


def test_a_refusal_is_answered_with_its_reason(booth: Booth) -> None:
    booth.engine.refuse["open"] = "device_lost"
    booth.engine.show(lane("in", **WAITING), lane("out"))
    booth.enter()
    wait_until(lambda: booth.one(".act-open").get_attribute("data-press") == "tap")
    booth.one(".act-open").click()
    wait_until(lambda: booth.text("#answer").startswith("抬杆未执行。道闸设备没有应答"))
    assert booth.one("#answer").get_attribute("data-tone") == "refused"


def test_a_button_that_is_off_says_why_when_it_is_tapped(booth: Booth) -> None:
    booth.engine.show(lane("in", safety=True, allowed={**FREE, "close": "safety_occupied"}), lane("out"))
    booth.enter()
    wait_until(lambda: booth.text(".act-close .act-hint") == "杆下有车")
    booth.one(".act-close").click()
    wait_until(lambda: booth.text("#answer") == "杆下有车,请等车辆离开。")
    assert booth.engine.commands() == []


def test_commands_go_to_the_lane_that_was_chosen(booth: Booth) -> None:
    booth.engine.show(lane("in"), lane("out", **WAITING))
    booth.enter()
    booth.one('.lane[data-lane="out"]').click()
    wait_until(lambda: booth.text("#act-lane") == "北门出口")
    booth.one(".act-open").click()
    wait_until(lambda: booth.engine.commands() == [("out", "open")])


# ---- Stop


def test_stop_acts_when_it_is_touched_and_not_when_it_is_let_go(booth: Booth) -> None:
    booth.enter()
    booth.press("#stop", "pointerdown")
    wait_until(lambda: booth.engine.commands() == [("in", "stop")])


def test_stop_also_takes_an_arm_that_comes_down_in_another_lane(booth: Booth) -> None:
    booth.engine.show(lane("in"), lane("out", arm="lowering", state="closing"))
    booth.enter()
    wait_until(lambda: booth.text("#stop-span") == "北门入口和落杆车道")
    booth.press("#stop", "pointerdown")
    wait_until(lambda: booth.engine.commands() == [("in", "stop"), ("out", "stop")])


def test_stop_works_at_the_sign_in_of_a_station_where_somebody_has_worked(booth: Booth) -> None:
    booth.sign_in()
    booth.forget()
    booth.open()
    assert booth.all("#stop") != []
    booth.press("#stop", "pointerdown")
    wait_until(lambda: booth.engine.commands() == [("in", "stop"), ("out", "stop")])
    assert booth.engine.asked[0]["by"] == "booth"


def test_stop_is_never_covered_and_in_the_same_place_on_every_sheet(booth: Booth) -> None:
    busy(booth)
    booth.enter()
    covered = (
        "const b = document.getElementById('stop').getBoundingClientRect();"
        "const hit = document.elementFromPoint(b.x + b.width / 2, b.y + b.height / 2);"
        "return [hit.closest('#stop') !== null, ...[b.x, b.y, b.width, b.height,"
        " innerWidth - b.right, innerHeight - b.bottom].map(Math.round)]"
    )
    wait_until(lambda: booth.all("#band") != [])
    home = booth.script(covered)
    assert home[0] and home[4] >= 96 and home[5] <= 12 and home[6] <= 12
    for opener in OPENERS:
        open_sheet(booth, opener)
        assert booth.script(covered) == home


def test_the_edge_of_a_sheet_keeps_clear_of_the_buttons_beside_it(booth: Booth) -> None:
    busy(booth)
    booth.enter()
    gap = (
        "const edge = [...document.querySelectorAll('.sheet')].find((el) => el.checkVisibility());"
        "const beside = [...document.querySelectorAll('.actions button')].filter((el) => el.checkVisibility());"
        "return Math.min(...beside.map((el) => el.getBoundingClientRect().left)) - edge.getBoundingClientRect().right"
    )
    wait_until(lambda: booth.all("#band") != [])
    for opener in OPENERS:
        open_sheet(booth, opener)
        assert booth.script(gap) >= 5


# ---- honesty


def test_a_state_that_people_must_know_of_shows_how_old_it_is(booth: Booth) -> None:
    stopped = lane("in", state="stopped", arm="stopped", since=at(130))
    booth.engine.show(stopped, lane("out", notice="no_answer", notice_since=at(7300)))
    booth.enter()
    wait_until(lambda: re.fullmatch(r"已 \d+ 分", booth.text('.lane[data-lane="in"] .since')) is not None)
    assert booth.text('.lane[data-lane="out"] .since') == "已 2 小时"
    booth.engine.show(lane("in"), lane("out"))
    wait_until(lambda: booth.text('.lane[data-lane="in"] .since') == "")


def test_without_news_the_age_shows_then_the_panels_hatch_and_only_stop_stays(booth: Booth) -> None:
    booth.engine.show(lane("in", **WAITING), lane("out"))
    booth.enter()
    wait_until(lambda: booth.text('.lane[data-lane="in"] .age') == "实时")
    booth.engine.fall_silent()
    wait_until(lambda: "秒前" in booth.text('.lane[data-lane="in"] .age'))
    wait_until(lambda: booth.one(".lane").get_attribute("data-stale") == "old")
    assert "没有新数据" in booth.text('.lane[data-lane="in"] .hatch-words')
    wait_until(lambda: booth.text(".act-open .act-hint") == "无实时数据")
    booth.touch(".act-open", "pointerdown", "pointerup")
    assert booth.engine.commands() == []
    booth.press("#stop", "pointerdown")
    wait_until(lambda: ("in", "stop") in booth.engine.commands() and ("out", "stop") in booth.engine.commands())
    booth.engine.show(lane("in", **WAITING), lane("out"))
    wait_until(lambda: booth.one(".lane").get_attribute("data-stale") == "")


def test_a_measurement_that_is_old_in_itself_is_hatched_although_news_comes(booth: Booth) -> None:
    booth.engine.show(lane("in", age_ms=8000), lane("out"))
    booth.enter()
    wait_until(lambda: booth.one('.lane[data-lane="in"]').get_attribute("data-stale") == "old")
    assert booth.one('.lane[data-lane="out"]').get_attribute("data-stale") == ""


def test_with_the_network_gone_stop_says_that_it_did_not_arrive(booth: Booth) -> None:
    booth.enter()
    booth.offline(True)
    booth.press("#stop", "pointerdown")
    wait_until(lambda: booth.text("#answer") == "停止没有送到!请按道闸上的停止按钮。")
    assert booth.one("#answer").get_attribute("data-tone") == "failed"


def test_asked_for_moving_and_open_look_different(booth: Booth) -> None:
    shown = ".arm-up, .arm-ask-up, .arm-ghost, .arm-halt, .arm-query"

    def marks(**changes: Any) -> set[str]:
        booth.engine.show(lane("in", **changes), lane("out"))
        arm = changes.get("arm", "closed")
        asked = "up" if changes.get("requested") else ""
        css = f'.lane[data-lane="in"][data-arm="{arm}"][data-asked="{asked}"]'
        wait_until(lambda: booth.all(css) != [])
        found = booth.one(css).find_elements(By.CSS_SELECTOR, shown)
        return {str(one.get_attribute("class")) for one in found if one.value_of_css_property("display") != "none"}

    booth.enter()
    asked = {"command": "open", "by": "林小军", "since": "2026-11-21T00:00:00Z"}
    assert marks() == set()
    assert marks(requested=asked) == {"arm-ask-up"}
    assert marks(arm="rising", state="opening") == {"arm-up"}
    assert marks(arm="open", state="open") == set()
    assert marks(arm="stopped", state="stopped") == {"arm-halt"}
    assert marks(arm="between", state="fault") == {"arm-ghost", "arm-query"}
    assert marks(arm="unknown", state="unknown") == {"arm-ghost", "arm-query"}


def test_a_stream_that_ends_in_good_order_is_no_silence(booth: Booth, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "STREAM_MAX_S", 0.1)
    booth.enter()
    for n, waits in enumerate([True, False] * 3):
        booth.engine.show(lane("in", approach=waits), lane("out"))
        press = "tap" if waits else "hold"
        wait_until(lambda press=press: booth.one(".act-open").get_attribute("data-press") == press, what=n)
    assert booth.complaints() == []


def test_a_server_that_restarts_leaves_an_open_sheet_with_all_that_was_typed(booth: Booth) -> None:
    booth.engine.show(crashed(), lane("out"))
    booth.enter()
    wait_until(lambda: booth.text(".act-more .act-label") == "复位")
    open_sheet(booth, ".act-more")
    booth.tap_text("#confirm-list .choice", "道闸已修好")
    for digit in "246":
        booth.one(f'#confirm-pad [data-key="{digit}"]').click()
    port = booth.stop_web()
    wait_until(lambda: "没有新数据" in booth.text("#sheet-confirm .no-news"))
    booth.one('#confirm-pad [data-key="enter"]').click()
    wait_until(lambda: booth.text("#answer").startswith("没有实时数据"))
    booth.start_web(port)
    wait_until(lambda: booth.text("#sheet-confirm .no-news") == "")
    booth.one('#confirm-pad [data-key="8"]').click()
    booth.one('#confirm-pad [data-key="enter"]').click()
    wait_until(lambda: booth.engine.commands() == [("in", "reset")])
    assert (booth.engine.asked[0]["by"], booth.engine.asked[0]["reason"]) == ("林小军", "arm_mended")


def test_a_sheet_says_itself_that_there_is_no_news_and_sends_nothing(booth: Booth) -> None:
    booth.enter()
    open_sheet(booth, ".act-keep")
    booth.engine.fall_silent()
    wait_until(lambda: "没有新数据" in booth.text("#sheet-hold .no-news"))
    assert "pressing" not in booth.touch("#hold-go", "pointerdown")
    wait_until(lambda: booth.text("#answer").startswith("没有实时数据"))
    assert booth.engine.commands() == []


# ---- what is wrong with the box


def test_what_is_wrong_with_the_box_shows_its_age_and_leads_to_what_to_do(booth: Booth) -> None:
    seen = {"lane": None, "state": "acknowledged", "acknowledged_by": "林小军"}
    lost = DeviceView(id="cam", name="入口相机", state="lost", since=at(900))
    booth.engine.show(
        lane("in"),
        lane("out"),
        journal=FULL,
        devices=[lost],
        uplink=UplinkView(configured=True, up=False, since=at(1300), waiting=7),
        alarms=[alarm("storage_degraded", 2, ago=150, **seen)],
    )
    booth.enter()
    wait_until(lambda: booth.text("#notice .box-text") == "存储异常")
    assert booth.text("#notice [data-ago]").endswith("分钟前")
    assert booth.text(".uplink [data-ago]").endswith("分钟前")
    assert booth.text("#calm .calm-text") == "未结束:设备失联 · 入口相机"
    booth.one("#notice").click()
    wait_until(lambda: booth.text("#alarm-title") == "存储异常")
    assert "不要断电" in booth.text("#alarm-steps")
    booth.tap_text("#alarm-list .desk-row", "设备失联")
    wait_until(lambda: booth.text("#alarm-title") == "设备失联")
    assert booth.text("#alarm-facts").endswith("分钟前 · 目前如此")
    assert booth.all(".desk-verbs button") == []


@pytest.mark.parametrize("theme", ["day", "night"])
def test_the_link_is_told_by_shape_and_never_by_colour(booth: Booth, theme: str) -> None:
    booth.enter()
    look(booth, theme, "en")
    lamp = """
        const probe = document.body.appendChild(document.createElement('i'));
        const ink = ['--ink', '--ink-2'].map((one) => {
          probe.style.color = `var(${one})`;
          return getComputedStyle(probe).color;
        });
        probe.remove();
        const none = 'rgba(0, 0, 0, 0)', lamp = getComputedStyle(document.querySelector('.lamp'));
        const outline = lamp.outlineStyle === 'none' ? none : lamp.outlineColor;
        const colours = [lamp.backgroundColor, lamp.borderTopColor, outline];
        return [lamp.borderRadius, lamp.borderStyle, lamp.backgroundColor === none,
          colours.filter((one) => ![none, ...ink].includes(one))];
    """
    shapes = []
    for link in ({"up": True}, {"up": False, "since": at(90)}, {"up": None}, {"configured": False}):
        booth.engine.show(lane("in"), lane("out"), uplink={"configured": True, "waiting": 0, **link})
        state = {True: "up", False: "down", None: "unknown"}[link["up"]] if "up" in link else "none"
        wait_until(lambda state=state: booth.one(".uplink").get_attribute("data-state") == state)
        *shape, coloured = booth.script(lamp)
        assert coloured == [], state
        shapes.append(tuple(shape))
    assert len(set(shapes)) == 4


def test_a_clock_that_is_not_set_is_told_without_an_age_that_nobody_knows(booth: Booth) -> None:
    booth.engine.show(lane("in"), lane("out"), gateway=GatewayView(id="gw1", clock="unset"))
    booth.enter()
    wait_until(lambda: booth.text("#notice") == "时钟不准")


def test_service_that_is_due_stands_on_its_lane(booth: Booth) -> None:
    booth.engine.show(lane("in", service_due=[DUE]), lane("out"))
    booth.enter()
    wait_until(lambda: booth.text('.lane[data-lane="in"] .lane-mode') == "保养到期")
    assert "已抬杆 100123 次" in booth.text('.lane[data-lane="in"] .line-text')


def test_past_the_cap_of_streams_the_screen_polls(booth: Booth) -> None:
    services = booth.server.app.extensions["gatehouse"]
    taken = [services.streams.take() for _ in range(services.streams.limit)]
    booth.enter()
    booth.engine.show(lane("in", **WAITING), lane("out"))
    wait_until(lambda: booth.one(".act-open").get_attribute("data-press") == "tap")
    for give_back in taken:
        give_back()


def test_the_last_car_fades_to_earlier_and_stays(booth: Booth) -> None:
    granted = decision("granted", "valid_pass", "p-wang")
    booth.engine.show(lane("in", last_decision=granted), lane("out"))
    booth.enter()
    car = '.lane[data-lane="in"] .car'
    wait_until(lambda: "王建国" in booth.text(car))
    booth.engine.show(lane("in", last_decision=replace(granted, present=False)), lane("out"))
    wait_until(lambda: booth.one(car).get_attribute("data-earlier") == "yes")
    assert booth.text(f"{car} .title") == "粤B 12345"
    assert "王建国" not in booth.text(car)


# ---- alarms and the reset


def test_the_crash_band_stays_until_it_is_acknowledged(booth: Booth) -> None:
    booth.engine.show(crashed(), lane("out"), alarms=[alarm()])
    booth.enter()
    wait_until(lambda: booth.text("#band .band-title") == "道闸被撞")
    before = booth.one(".lane").rect
    booth.one("#band").click()
    wait_until(lambda: len(booth.all("#alarm-steps li")) == 3)
    booth.one("#sheet-alarms [data-close]").click()
    assert booth.all("#band") != []
    booth.one("#band").click()
    booth.one("#alarm-ack").click()
    wait_until(lambda: booth.all("#band") == [])
    assert booth.engine.acknowledged[0]["by"] == "林小军"
    wait_until(lambda: booth.text("#calm .calm-text") == "未结束:道闸被撞 · 北门入口")
    assert booth.text("#alarm-lasts") == "闸杆还没修好:先复位车道,再结束报警。" and not booth.all("#alarm-real")
    mended = alarm(state="acknowledged", acknowledged_by="林小军", active=False)
    booth.engine.show(lane("in"), lane("out"), alarms=[mended])
    wait_until(lambda: [one.click() for one in booth.all("#alarm-real")] == [] and booth.all("#calm") == [])
    assert (booth.engine.acknowledged[1]["verb"], booth.engine.acknowledged[1]["finding"]) == ("close", "real")
    booth.one("#sheet-alarms [data-close]").click()
    assert booth.one(".lane").rect == before


def test_the_band_leads_to_the_buttons_of_its_lane(booth: Booth) -> None:
    booth.engine.show(lane("in"), crashed("out"), alarms=[alarm(lane="out")])
    booth.enter()
    wait_until(lambda: booth.all("#band") != [])
    booth.one("#band").click()
    wait_until(lambda: (booth.text("#act-lane"), booth.text(".act-more .act-label")) == ("北门出口", "复位"))


def test_after_a_crash_the_reset_asks_for_reason_and_pin_of_a_named_person(booth: Booth) -> None:
    booth.engine.show(crashed(), lane("out"), alarms=[alarm()])
    booth.enter()
    wait_until(lambda: booth.text(".act-more .act-label") == "复位")
    open_sheet(booth, ".act-more")
    booth.type_pin("#confirm-pad", "1357")
    wait_until(lambda: booth.text("#answer") == "请先选择原因。")
    booth.tap_text("#confirm-list .choice", "道闸已修好")
    booth.one('#confirm-pad [data-key="enter"]').click()
    wait_until(lambda: "密码不对" in booth.text("#answer"))
    booth.one("#confirm-who").click()
    booth.tap_text("#confirm-list .choice", "陈班长")
    booth.type_pin("#confirm-pad", "1357")
    wait_until(lambda: booth.engine.commands() == [("in", "reset")])
    assert (booth.engine.asked[0]["by"], booth.engine.asked[0]["reason"]) == ("陈班长", "arm_mended")
    wait_until(lambda: booth.all(".sheet") == [])


# ---- looks


def test_language_and_brightness_are_kept_at_the_station(booth: Booth) -> None:
    busy(booth)
    booth.enter()
    booth.one(".duty").click()
    booth.tap_text("#sheet-duty .choice", "English")
    wait_until(lambda: booth.ready() and booth.text(".act-open .act-label") == "Open")
    wait_until(lambda: booth.text('.lane[data-lane="in"] .word') == "GO")
    booth.one(".duty").click()
    booth.tap_text("#sheet-duty .choice", "Night")
    wait_until(lambda: booth.ready() and booth.script("return document.documentElement.dataset.theme") == "night")
    assert booth.text("#band .band-title") == "Arm struck"


FOUR = ("in", "out", "south", "goods")
QUARTERS: list[list[LaneView]] = [
    [lane(one, notice=notice, **WAITING) for one, notice in zip(FOUR, get_args(Notice)[n : n + 4], strict=False)]
    + [lane(one) for one in FOUR[len(get_args(Notice)[n : n + 4]) :]]
    for n in range(0, len(get_args(Notice)), 4)
] + [
    [
        crashed("in", **WAITING, last_decision=decision("referred", "lane_locked", "p-wang")),
        held("out", until=at(-900), left=99),
        lane("south", mode="locked", state="locked", tag=Tag(by="陈班长", since=at(60), reason="maintenance")),
        lane("goods", mode="fire", state="fire", arm="open"),
    ],
    [
        lane("in", **WAITING, last_decision=decision("granted", "valid_pass", "p-wang", **GRANTED)),
        lane("out", **WAITING, last_decision=decision("referred", "expired", "p-li", valid_until="2026-11-10")),
        lane("south", **WAITING, last_decision=decision("denied", "unknown_credential")),
        lane("goods", **WAITING, last_decision=decision("denied", "outside_schedule", "p-li")),
    ],
]


@pytest.mark.parametrize("booth", [FOUR], indirect=True)
@pytest.mark.parametrize(("width", "height"), each_of(*SIZES))
def test_with_four_lanes_the_reason_of_an_old_car_is_whole_and_so_is_its_time(
    booth: Booth, width: int, height: int
) -> None:
    booth.size(width, height)
    booth.enter()
    for lang in ("zh_CN", "en"):
        look(booth, "day", lang)
        for n, reason in enumerate(Reason):
            passed = LastPassage(at=at(390), type="exited", visit="v", pass_="p-li", lane="in")
            cars = [
                lane(one, last_decision=decision("referred", reason, "p-li", ago=400, **GRANTED), last_passage=after)
                for one, after in zip(FOUR, (None, passed, None, passed), strict=True)
            ]
            booth.engine.show(*cars, site=SiteView(id="north", name=f"北苑{n}"))
            wait_until(lambda n=n: booth.text(".site") == f"北苑{n}")
            assert booth.script(TRIMMED) == [], (lang, reason)
            assert booth.script(CUT, f"{WHOLE}, .ago, .passed") == [], (lang, reason)
            assert booth.script(OVERFLOW) == [], (lang, reason)
            assert len([one for one in booth.all(".ago, .passed") if one.text]) == len(FOUR)


# Whether letters lose their feet: a box that hides what leaves it ends above the descenders of its last line, which
# stand about a seventh of the type above the end of the line's own box.
LOW = """
return [...document.querySelectorAll('.reason, .subtitle > *, .ago, .passed, .line')]
  .filter((el) => el.checkVisibility() && el.textContent.trim())
  .map((el) => {
    const range = document.createRange();
    range.selectNodeContents(el);
    const ink = Math.max(...[...range.getClientRects()].map((box) => box.bottom));
    let hides = el;
    while (getComputedStyle(hides).overflowY === 'visible') hides = hides.parentElement;
    const over = ink - hides.getBoundingClientRect().bottom;
    return [el.className + ': ' + el.textContent, over / parseFloat(getComputedStyle(el).fontSize)];
  }).filter(([_what, over]) => over > 0.14);
"""


@pytest.mark.parametrize("booth", [FOUR], indirect=True)
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_with_four_lanes_who_opened_and_a_long_tag_stay_in_their_quarter(booth: Booth, width: int, height: int) -> None:
    booth.size(width, height)
    booth.enter()
    tag = Credential("card", "E2000017221101441890ABCD")
    by_hand = decision("granted", "operator", by="林小军", credential=None)
    cars = [
        lane("in", **WAITING, last_decision=by_hand),
        lane("out", last_decision=replace(by_hand, at=at(400))),
        lane("south", last_decision=decision("denied", "unknown_credential", credential=tag)),
        lane("goods", last_decision=decision("granted", "valid_pass", "p-li", ago=400)),
    ]
    booth.engine.show(*cars)
    for lang in ("zh_CN", "en"):
        look(booth, "day", lang)
        wait_until(lambda: len(booth.all(".title")) == len(FOUR))
        assert booth.script(CUT, WHOLE) == [], lang
        assert booth.script(LOW) == [], lang
        assert booth.script(OVERFLOW) == [], lang
        edges = "return [...document.querySelectorAll('.verdict')].map((el) => el.getBoundingClientRect().right"
        over = booth.script(f"{edges} - el.closest('.lane').getBoundingClientRect().right)")
        assert max(over) < 0, lang


@pytest.mark.parametrize("booth", [FOUR], indirect=True)
@pytest.mark.parametrize("lang", ["zh_CN", "en"])
def test_with_four_lanes_every_deciding_word_is_whole_on_the_small_screen(booth: Booth, lang: str) -> None:
    booth.enter()
    look(booth, "day", lang)
    for n, scene in enumerate(QUARTERS):
        booth.engine.show(*scene, site=SiteView(id="north", name=f"北苑{n}"))
        wait_until(lambda n=n: booth.text(".site") == f"北苑{n}")
        assert booth.script(CUT, WHOLE) == [], n
        assert booth.script(TRIMMED) == [], n
        assert booth.script(OVERFLOW) == [], n


@pytest.mark.parametrize("theme", ["day", "night"])
@pytest.mark.parametrize("lang", ["zh_CN", "en"])
def test_what_is_read_at_arms_length_stands_out_seven_to_one(booth: Booth, theme: str, lang: str) -> None:
    busy(booth)
    booth.enter()
    look(booth, theme, lang)
    scenes: list[list[LaneView]] = [
        [crashed(**WAITING, last_decision=decision("denied", "unknown_credential")), lane("out", mode="locked")],
        [lane("in", service_due=[DUE]), held("out", left=7)],
        [lane("in", interrupted=True), lane("out", last_decision=decision("granted", "valid_pass", "p-li", ago=90))],
    ]
    weak = [one for one in booth.script(CONTRAST, READ) if one[1] < 7]
    for opener in OPENERS:
        open_sheet(booth, opener)
        weak += [one for one in booth.script(CONTRAST, SHEETS) if one[1] < 7]
    booth.one("#sheet-confirm [data-close]").click()
    asked = Requested(command="open", by="gateway", since=at(1))
    here = decision("granted", "valid_pass", "p-li", present=True, **GRANTED)
    waits = [WaitingGrant(id="g1", at=at(9), by="林小军", reason="operator", pass_="p-li")]
    scenes += [
        [lane("in", requested=asked, last_decision=here), lane("out", arm="rising", last_decision=here)],
        [
            lane("in", notice="no_answer", cannot_open="no_answer"),
            lane("out", mode="locked", cannot_open="lane_locked"),
        ],
        [lane("in", arm="open", last_decision=here), lane("out", waiting_grants=waits)],
    ]
    down = UplinkView(configured=True, up=False, since=at(90))
    for n, scene in enumerate(scenes):
        booth.engine.show(*scene, alarms=[alarm("stuck", 3)], uplink=down, site=SiteView(id="north", name=f"北苑{n}"))
        wait_until(lambda n=n: booth.text(".site") == f"北苑{n}")
        weak += [one for one in booth.script(CONTRAST, READ) if one[1] < 7]
    booth.engine.show(lane("in"), lane("out"), journal=FULL)
    wait_until(lambda: booth.all("#notice"))
    weak += [one for one in booth.script(CONTRAST, READ) if one[1] < 7]
    booth.engine.show(judged(), lane("out"))
    wait_until(lambda: booth.one(".act-open").get_attribute("data-command") == "compare" and booth.at_work())
    booth.press(".act-open", "pointerdown")
    wait_until(lambda: booth.all("#sheet-case"))
    weak += [one for one in booth.script(CONTRAST, f"{SHEETS}, .sheet dt, .sheet dd") if one[1] < 7]
    assert weak == []


@pytest.mark.parametrize(
    "booth", [("in",), ("in", "out"), ("in", "out", "south"), ("in", "out", "south", "goods")], indirect=True
)
def test_every_target_is_large_and_nothing_scrolls_or_leaves_the_screen(booth: Booth) -> None:
    lanes = [one["id"] for one in booth.directory.documents.load()["lanes"]]
    cars = [lane(one, **WAITING, last_decision=decision("granted", "valid_pass", "p-li", **GRANTED)) for one in lanes]
    booth.engine.show(*cars, alarms=[alarm(), alarm("power", 2)])
    booth.enter()
    for lang in ("zh_CN", "en"):
        look(booth, "day", lang)
        for width, height in SIZES:
            booth.size(width, height)
            assert booth.script(MEASURE_TARGETS, TARGETS) == [], (lang, width)
            assert booth.script(OVERFLOW) == [], (lang, width)
            assert booth.script(CUT, WHOLE) == [], (lang, width)
            assert booth.script(TRIMMED) == [], (lang, width)


def test_the_sheets_fit_the_small_screen_too(booth: Booth) -> None:
    busy(booth)
    booth.enter()
    for lang in ("zh_CN", "en"):
        look(booth, "day", lang)
        for opener in (*OPENERS, "#confirm-who"):
            if opener == "#confirm-who":
                booth.one(opener).click()
            else:
                open_sheet(booth, opener)
            assert len(booth.all(".sheet")) == 1
            assert booth.script(MEASURE_TARGETS, TARGETS) == [], (lang, opener)
            assert booth.script(OVERFLOW) == [], (lang, opener)
            assert booth.script(CUT, ".choice, .plain, .act-label, .act-hint, .key, .who-pin span") == [], (
                lang,
                opener,
            )


def test_the_sign_in_fits_the_small_screen(booth: Booth) -> None:
    booth.enter()
    booth.forget()
    for path in ("/sign-in", "/sign-in?name=林小军"):
        booth.open(path)
        assert booth.script(MEASURE_TARGETS, TARGETS) == [], path
        assert booth.script(OVERFLOW) == [], path


def test_panels_stay_where_they_are_whatever_happens(booth: Booth) -> None:
    booth.enter()
    rects = (
        "return [...document.querySelectorAll('.lane, .act, #stop, .lane-arm, .lane-loops')].map((el) => {"
        "const b = el.getBoundingClientRect(); return [b.x, b.y, b.width, b.height].map(Math.round); })"
    )
    quiet = booth.script(rects)
    busy(booth)
    wait_until(lambda: booth.all("#band") != [])
    assert booth.script(rects) == quiet


def test_the_screen_follows_a_waiting_vehicle_but_not_under_a_finger(booth: Booth) -> None:
    booth.enter()
    touch = """
        document.dispatchEvent(new PointerEvent('pointerdown'));
        return [document.querySelector('.lane[data-lane="out"] .word'), document.getElementById('act-lane')]
          .map((el) => el.textContent);
    """
    booth.script(touch)
    booth.engine.show(lane("in"), lane("out", **WAITING, last_decision=decision("denied", "unknown_credential")))
    seen = wait_until(lambda: [found for found in [booth.script(touch)] if found[0] == "拒绝"])
    assert seen[0][1] == "北门入口"
    wait_until(lambda: booth.text("#act-lane") == "北门出口")


@pytest.mark.parametrize("booth", [("in", "out", "south", "goods", "east")], indirect=True)
def test_more_than_four_lanes_are_paged(booth: Booth) -> None:
    booth.engine.show(*(lane(one) for one in ("in", "out", "south", "goods", "east")))
    booth.enter()
    assert len(booth.all(".lane")) == 3
    booth.one("#pager").click()
    wait_until(lambda: booth.text("#act-lane") == "货运出口")
    assert [one.get_attribute("data-lane") for one in booth.all(".lane")] == ["goods", "east"]


# ---- what the browser itself says


def test_no_page_breaks_the_content_security_policy(booth: Booth) -> None:
    busy(booth)
    booth.enter()
    look(booth, "night", "en")
    for opener in OPENERS:
        open_sheet(booth, opener)
    booth.press(".act-open", "pointerdown")
    wait_until(lambda: booth.engine.commands() == [("in", "open")])
    booth.open("/sign-in?name=林小军")
    assert booth.complaints() == []


def test_the_page_is_small_and_useful_before_its_script_runs(booth: Booth) -> None:
    busy(booth)
    booth.enter()
    look(booth)
    sizes = booth.script(
        "return performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))"
        ".map((one) => one.encodedBodySize)"
    )
    assert 0 < sum(sizes) <= 120_000
    booth.chrome.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    booth.chrome.get(booth.url)
    source = booth.chrome.page_source
    booth.chrome.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    for text in ("粤B 12345", "放行", "道闸被撞", "已抬杆", "王建国,您好,您回来了"):
        assert text in source


def test_every_step_after_an_alarm_can_be_read_whole(booth: Booth) -> None:
    booth.enter()
    for lang in ("zh_CN", "en"):
        look(booth, "day", lang)
        for kind in sorted(kind for kind in set(KINDS) - SILENT_KINDS if KINDS[kind].seen_by is Right.LOOK):
            title = words(lang)(f"alarm.{kind}")
            booth.engine.show(lane("in"), lane("out"), alarms=[alarm(kind, KINDS[kind].priority)])
            opener = wait_until(lambda title=title: [
                one for one in booth.all("#band, #calm, #notice") if title in one.text
            ])  # fmt: skip
            opener[0].click()
            wait_until(lambda title=title: booth.text("#alarm-title") == title)
            cut = "const list = document.getElementById('alarm-steps'); return list.scrollHeight - list.clientHeight"
            assert booth.script(cut) <= 4, (lang, kind)
            booth.one("#sheet-alarms [data-close]").click()
