"""A visitor is registered with a finger: five taps, nothing lost when a car comes, its car let in by the last tap."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.vocabulary.errors import RefusedError, StorageError, VisitConflictError
from gateway.core.vocabulary.rows import Credential
from gateway.core.vocabulary.views import LaneView, PileCard
from tests.support.guard_scene import alarm, decision, lane
from tests.variants import each_of, first_and
from tests.web_guard.conftest import Booth, wait_until
from tests.web_guard.places.test_rail import WHERE, sheets
from tests.web_guard.test_browser import CUT, MEASURE_TARGETS, OUTSIDE, OVERFLOW, TARGETS, look
from tests.web_installer.axe import findings

pytestmark = pytest.mark.real

WAITING = {"approach": True, "crossing": "waiting"}
UNITS = [f"{floor}0{flat}" for floor in range(1, 20) for flat in (1, 2)]
BUILDINGS: list[dict[str, Any]] = [
    {
        "id": "b3",
        "name": "3栋",
        "units": ["1201", "1202", "1203"],
        "directions": {
            "zh_CN": "直行到底左转,3栋在右手边",
            "en": "Straight on, then left; building 3 is on your right",
        },
        "goods_directions": {"zh_CN": "从东侧卸货区走货梯"},
        "display": "3栋 直行左转",
    },
    {"id": "b5", "name": "5栋", "units": UNITS},
    *({"id": f"t{n}", "name": f"Tower {n} North"} for n in range(1, 20)),
]
TARIFF = {
    "tariffs": [
        {
            "id": "visitor",
            "currency": "CNY",
            "free_minutes": 30,
            "blocks": [{"minutes": 60, "price": 500}, {"minutes": 60, "price": 250}],
            "day_cap": 3000,
        }
    ],
    "charging": {"rules": [{"pass_kind": "temporary", "vehicle_class": "car", "tariff": "visitor"}]},
}
CODE = "GH1" + "ABCDEFGHJKMNPQRSTVWXYZ23" * 4


def ready(booth: Booth, *lanes: LaneView, **more: Any) -> None:
    """A booth of a site with buildings and a tariff, at work."""
    document = booth.directory.documents.load()
    booth.directory.documents.save({**document, "buildings": BUILDINGS, **TARIFF})
    booth.engine.answers["visits.add"] = {"id": "v-1", "state": "expected", "code": CODE}
    booth.engine.show(*(lanes or (lane("in"), lane("out"))), **more)
    booth.chrome.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    booth.enter()


def stranger(lane_id: str = "in", **more: Any) -> LaneView:
    """A car that nobody knows, with the plate that the camera read."""
    seen = decision("denied", "unknown_credential", credential=Credential("plate", "粤B12345"), present=True)
    return lane(lane_id, **WAITING, last_decision=seen, **more)


class Finger:
    """Taps on the screen by touch, and counts them."""

    def __init__(self, booth: Booth) -> None:
        self.booth = booth
        self.taps = 0

    def tap(self, css: str, text: str = "") -> None:
        """One tap on what can be seen there, with this text."""
        find = """
            const [css, text] = arguments;
            const el = [...document.querySelectorAll(css)].find((one) =>
              one.checkVisibility() && !one.disabled && (!text || one.textContent.trim() === text));
            if (!el) return null;
            const b = el.getBoundingClientRect();
            return [b.x + b.width / 2, b.y + b.height / 2];
        """
        x, y = wait_until(lambda: self.booth.script(find, css, text), what=f"{css} {text}")
        for kind, points in (("touchStart", [{"x": x, "y": y}]), ("touchEnd", [])):
            self.booth.chrome.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        self.taps += 1

    def key(self, text: str) -> None:
        self.tap("#visitor-keys .choice", text)


@pytest.fixture
def finger(booth: Booth) -> Finger:
    return Finger(booth)


def to_the_end(booth: Booth, finger: Finger) -> None:
    """Up to the last step, by the plate of the camera."""
    finger.tap("#rail-visitor")
    for text in ("3栋", "1201", "访客"):
        finger.key(text)
    wait_until(lambda: booth.all("#visitor-go"))
    booth.chrome.execute_async_script("setTimeout(arguments[0], 600)")


def added(booth: Booth) -> dict[str, Any]:
    wait_until(lambda: booth.engine.calls("visits.add"))
    (asked,) = booth.engine.calls("visits.add")
    return asked


def test_five_taps_register_a_visitor_and_let_its_car_in(booth: Booth, finger: Finger) -> None:
    ready(booth, stranger(), lane("out"))
    to_the_end(booth, finger)
    assert booth.text("#visitor-charge") == "先告知收费:30 分钟内免费,头 60 分钟 ¥5,之后每 60 分钟 ¥2.50,每天最多 ¥30。"
    assert booth.text("#visitor-go") == "登记并抬杆"
    finger.tap("#visitor-go")
    asked = added(booth)
    assert finger.taps == 5
    visitor = asked["visitor"]
    assert (visitor["plate"], visitor["unit"], visitor["building"]) == ("粤B12345", "3栋1201", "b3")
    assert (visitor["purpose"], visitor["people"], visitor["goods"]) == ("guest", 1, False)
    assert (asked["by"], asked["via"], asked["station"]) == ("林小军", "guard", "booth")
    wait_until(lambda: booth.engine.commands() == [("in", "open")])
    order = booth.engine.asked[0]
    assert order["detail"] == {"visitor": {"visit": "v-1", "plate": "粤B12345", "shown": "3栋 直行左转"}}
    wait_until(lambda: booth.text("#visitor-told") == "已登记,已下令抬杆,请看道闸。")
    ways = [one.text for one in booth.all("#visitor-ways p")]
    assert ways == [BUILDINGS[0]["directions"]["zh_CN"], BUILDINGS[0]["directions"]["en"]]
    assert booth.all("#visitor-code")
    assert booth.complaints() == []


RULED = {
    "purposes": [
        {"id": "taxi", "called": {"zh_CN": "出租车", "en": "Taxi"}, "stay_minutes": 15, "where": "no", "goods": "no"},
        {"id": "delivery", "called": {"zh_CN": "送货", "en": "Delivery"}, "where": "needed", "goods": "yes"},
        {"id": "survey", "called": {"zh_CN": "查表"}},
    ],
    "charging": {"rules": [{"tariff": None, "purpose": "taxi"}, {"tariff": "visitor"}]},
}


def ruled(booth: Booth, *lanes: LaneView, **more: Any) -> None:
    """A site that has set what holds for taxis and deliveries."""
    ready(booth, *lanes)
    booth.directory.documents.save({**booth.directory.documents.load(), **RULED, **more})
    booth.enter()


def test_a_taxi_is_in_with_three_taps(booth: Booth, finger: Finger) -> None:
    ruled(booth, stranger(), lane("out"))
    finger.tap("#rail-visitor")
    finger.key("出租车")
    wait_until(lambda: booth.all("#visitor-go"))
    booth.chrome.execute_async_script("setTimeout(arguments[0], 600)")
    assert booth.text("#visitor-charge") == "最多停 15 分钟。", "it costs nothing"
    assert not booth.one("#visitor-goods").is_enabled()
    finger.tap("#visitor-go")
    visitor = added(booth)["visitor"]
    assert finger.taps == 3
    assert (visitor["purpose"], visitor["unit"], visitor["building"], visitor["goods"]) == ("taxi", "", None, False)
    wait_until(lambda: booth.engine.commands() == [("in", "open")])
    assert booth.complaints() == []


def test_a_taxi_is_one_tap_too_where_no_building_is_set_up(booth: Booth, finger: Finger) -> None:
    ruled(booth, stranger(), lane("out"), buildings=[])
    finger.tap("#rail-visitor")
    finger.key("出租车")
    wait_until(lambda: booth.all("#visitor-go"))


def test_a_delivery_is_asked_for_its_unit(booth: Booth, finger: Finger) -> None:
    ruled(booth, stranger(), lane("out"), buildings=[])
    finger.tap("#rail-visitor")
    finger.key("不填房号")
    offered = booth.script("return [...document.querySelectorAll('#visitor-keys .choice')].map((el) => el.textContent)")
    assert offered == ["出租车", "送货", "查表"], "what the site has set, and nothing else"
    finger.key("送货")
    wait_until(lambda: booth.text("#answer") == "这个事由要填楼栋或房号。")
    assert not booth.one("#visitor-keys .key-next").is_enabled()
    for digit in "907":
        finger.key(digit)
    finger.tap("#visitor-keys .key-next")
    wait_until(lambda: booth.all("#visitor-go"))
    booth.chrome.execute_async_script("setTimeout(arguments[0], 600)")
    finger.tap("#visitor-go")
    visitor = added(booth)["visitor"]
    assert (visitor["unit"], visitor["goods"]) == ("907", True)


@pytest.mark.parametrize("size", first_and((800, 480), (1024, 600)))
@pytest.mark.parametrize(("lang", "theme"), [("zh_CN", "day"), ("en", "night")])
def test_the_steps_of_a_taxi_are_whole(
    booth: Booth, finger: Finger, lang: str, theme: str, size: tuple[int, int]
) -> None:
    booth.size(*size)
    ruled(booth, stranger(), lane("out"))
    look(booth, theme, lang)
    finger.tap("#rail-visitor")
    wait_until(lambda: booth.all("#visitor-keys .key-quick"))
    for step in ("where", "last"):
        assert booth.script(MEASURE_TARGETS, TARGETS) == [], step
        assert booth.script(OVERFLOW) == [], step
        assert booth.script(OUTSIDE) == [], step
        assert booth.script(CUT, "#sheet-visitor :is(p, button, output, h2)") == [], step
        assert findings(booth.chrome) == [], step
        booth.shoot(f"taxi-{step}-{size[0]}-{lang}-{theme}")
        if step == "where":
            finger.tap("#visitor-keys .key-quick")
            booth.chrome.execute_async_script("setTimeout(arguments[0], 800)")
    assert booth.complaints() == []


def test_a_double_tap_registers_one_visitor(booth: Booth, finger: Finger) -> None:
    ready(booth, stranger(), lane("out"))
    to_the_end(booth, finger)
    booth.script("const go = document.getElementById('visitor-go'); go.click(); go.click();")
    wait_until(lambda: booth.all("#visitor-code"))
    assert len(booth.engine.calls("visits.add")) == 1
    assert booth.engine.commands() == [("in", "open")]


def test_a_plate_is_typed_with_the_keys_of_the_last_cars_first(booth: Booth, finger: Finger) -> None:
    ready(booth)
    finger.tap("#rail-visitor")
    for letter in "粤":
        finger.key("换一组") if not booth.script(KEY, letter) else None
        finger.key(letter)
    for letter in "B12A45":
        finger.key(letter)
    assert booth.text('.crumb[data-step="plate"]') == "粤B12A45"
    finger.key("⌫")
    finger.key("7")
    finger.key("下一步")
    finger.key("3栋")
    finger.key("1202")
    finger.key("快递外卖")
    booth.chrome.execute_async_script("setTimeout(arguments[0], 600)")
    assert booth.text("#visitor-go") == "登记"
    finger.tap("#visitor-goods")
    finger.tap("#visitor-classes .choice", "货车")
    finger.tap("#visitor-more")
    finger.tap("#visitor-go")
    visitor = added(booth)["visitor"]
    assert (visitor["plate"], visitor["people"], visitor["goods"]) == ("粤B12A47", 2, True)
    assert visitor["vehicle_class"] == "truck"
    wait_until(lambda: [one.text for one in booth.all("#visitor-ways p")][:1] == ["从东侧卸货区走货梯"])
    assert booth.engine.commands() == []


KEY = """
return [...document.querySelectorAll('#visitor-keys .choice')].some((el) => el.textContent === arguments[0]);
"""


def test_a_unit_of_a_long_list_is_found_by_its_first_digits(booth: Booth, finger: Finger) -> None:
    ready(booth, stranger(), lane("out"))
    finger.tap("#rail-visitor")
    finger.key("5栋")
    finger.key("1")
    finger.key("9")
    finger.key("1902")
    finger.key("访客")
    booth.chrome.execute_async_script("setTimeout(arguments[0], 600)")
    finger.tap("#visitor-go")
    assert added(booth)["visitor"]["unit"] == "5栋1902"


def test_the_card_from_the_pile_is_bound_to_the_visitor(booth: Booth, finger: Finger) -> None:
    ready(booth, stranger(), lane("out"))
    finger.tap("#rail-visitor")
    wait_until(
        lambda: booth.engine.calls("lane.await_card")[-1:] == [{"station": "booth", "lane": "in", "by": "林小军"}]
    )
    for text in ("3栋", "1201", "访客"):
        finger.key(text)
    wrong = PileCard(station="booth", by="林小军", wrong="out")
    booth.engine.show(stranger(pile=wrong), lane("out"))
    wait_until(lambda: booth.text("#visitor-card") == "这张卡在别的访客手里,请换一张。")
    read = PileCard(station="booth", by="林小军", card="0004711")
    booth.engine.show(stranger(pile=read), lane("out"))
    wait_until(lambda: booth.text("#visitor-card") == "临时卡 …004711")
    booth.chrome.execute_async_script("setTimeout(arguments[0], 600)")
    finger.tap("#visitor-go")
    assert added(booth)["visitor"]["card"] == "0004711"
    wait_until(lambda: booth.engine.calls("lane.await_card")[-1]["lane"] == "")


def test_a_vehicle_without_plates_gets_a_code(booth: Booth, finger: Finger) -> None:
    ready(booth)
    finger.tap("#rail-visitor")
    for text in ("无牌车", "3栋", "1203", "维修"):
        finger.key(text)
    booth.chrome.execute_async_script("setTimeout(arguments[0], 600)")
    finger.tap("#visitor-go")
    assert added(booth)["visitor"]["plate"] is None
    side = "return document.getElementById('visitor-code').getBoundingClientRect().height"
    wait_until(lambda: booth.all("#visitor-code") and booth.script(side) > 200)
    assert booth.text("#visitor-told") == "已登记。车牌、卡或此码可以进门。"


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (RefusedError("no printer", code="no_printer"), "这个岗亭没有设打印机。车牌、卡或拍下的码也能进门。"),
        ({"printer": "slip", "outcome": "silent"}, "打印机没有应答,请看是否开机。车牌、卡或拍下的码也能进门。"),
        ({"printer": "slip", "outcome": "cover_open"}, "打印机盖子开着。请合上,再打印一次。"),
        ({"printer": "slip", "outcome": "sent"}, "已送到打印机,请看是否打出。"),
        (StorageError("full"), "现在打不了凭条,请稍后再试。"),
    ],
)
def test_what_became_of_a_ticket_is_said_in_words(booth: Booth, finger: Finger, found: Any, said: str) -> None:
    ready(booth)
    booth.engine.answers["print.ticket"] = found
    finger.tap("#rail-visitor")
    for text in ("无牌车", "3栋", "1203", "维修"):
        finger.key(text)
    booth.chrome.execute_async_script("setTimeout(arguments[0], 600)")
    finger.tap("#visitor-go")
    finger.tap("#visitor-ticket")
    wait_until(lambda: booth.text("#visitor-printed") == said)
    (asked,) = booth.engine.calls("print.ticket")
    assert (asked["visit"], asked["lane"], asked["by"], asked["station"]) == ("v-1", "in", "林小军", "booth")
    finger.tap("#visitor-next")
    assert booth.all("#visitor-keys"), "the next visitor is not kept waiting"


def test_a_car_that_comes_in_the_middle_of_typing_loses_nothing(booth: Booth, finger: Finger) -> None:
    ready(booth)
    finger.tap("#rail-visitor")
    finger.key("无牌车")
    finger.key("3栋")
    refused = decision("denied", "unknown_credential", present=True)
    booth.engine.show(lane("in"), lane("out", **WAITING, last_decision=refused))
    wait_until(lambda: sheets(booth) == [] and booth.text("#act-lane") == "北门出口")
    assert booth.one("#rail-visitor").get_attribute("data-kept") == "yes"
    finger.tap("#rail-visitor")
    assert booth.text('.crumb[data-step="plate"]') == "无牌车"
    for text in ("1201", "访客"):
        finger.key(text)
    booth.chrome.execute_async_script("setTimeout(arguments[0], 600)")
    finger.tap("#visitor-go")
    assert added(booth)["visitor"]["unit"] == "3栋1201"


def test_a_visitor_who_is_inside_already_is_not_registered_again_and_nothing_is_lost(
    booth: Booth, finger: Finger
) -> None:
    ready(booth, stranger(), lane("out"))
    booth.engine.answers["visits.add"] = VisitConflictError("visit 'v-0' is inside with plate 粤B12345")
    to_the_end(booth, finger)
    finger.tap("#visitor-go")
    wait_until(lambda: booth.text("#answer").startswith("没有登记:这个车牌或卡的访客还在场内"))
    assert booth.all("#visitor-go") and booth.engine.commands() == []
    assert booth.text('.crumb[data-step="where"]') == "3栋 1201"


def test_a_gate_that_does_not_open_is_said_and_the_visitor_is_registered(booth: Booth, finger: Finger) -> None:
    ready(booth, stranger(), lane("out"))
    booth.engine.refuse["open"] = "device_lost"
    to_the_end(booth, finger)
    finger.tap("#visitor-go")
    wait_until(lambda: booth.text("#visitor-told").startswith("已登记,但没有抬杆:道闸设备没有应答"))
    assert booth.one("#visitor-told").get_attribute("data-tone") == "refused"


def test_stop_acts_at_every_step(booth: Booth, finger: Finger) -> None:
    ready(booth, stranger(), lane("out"), alarms=[alarm()])
    wait_until(lambda: booth.all("#band"))
    home = booth.script(WHERE)
    finger.tap("#rail-visitor")
    for count, text in enumerate(("3栋", "1201", "访客"), 1):
        assert booth.script(WHERE) == home
        finger.tap("#stop")
        wait_until(lambda count=count: len(booth.engine.commands()) == count)
        finger.key(text)
    finger.tap("#stop")
    wait_until(lambda: booth.engine.commands() == [("in", "stop")] * 4)


ADDRESSES = "return performance.getEntriesByType('resource').map((one) => new URL(one.name).host)"


@pytest.mark.parametrize("size", first_and((800, 480), (1024, 600)))
@pytest.mark.parametrize(("lang", "theme"), each_of(("zh_CN", "day"), ("en", "night")))
def test_every_step_is_whole_and_has_its_picture(
    booth: Booth, finger: Finger, lang: str, theme: str, size: tuple[int, int]
) -> None:
    booth.size(*size)
    ready(booth, stranger(), lane("out"))
    look(booth, theme, lang)

    def whole(step: str) -> None:
        assert booth.script(MEASURE_TARGETS, TARGETS) == [], step
        assert booth.script(OVERFLOW) == [], step
        assert booth.script(OUTSIDE) == [], step
        assert booth.script(CUT, "#sheet-visitor :is(p, button, output, h2)") == [], step
        assert booth.complaints() == [], step
        booth.shoot(f"visitor-{step}-{size[0]}-{lang}-{theme}")

    finger.tap("#rail-visitor")
    wait_until(lambda: booth.all("#visitor-keys .choice"))
    whole("building")
    finger.tap('.crumb[data-step="plate"]')
    whole("plate")
    finger.tap("#visitor-keys .key-next")
    finger.key("5栋")
    finger.key("1")
    whole("unit")
    finger.key("1001")
    whole("purpose")
    finger.key({"zh_CN": "访客", "en": "Visit"}[lang])
    booth.engine.show(stranger(pile=PileCard(station="booth", by="林小军", card="0004711")), lane("out"))
    booth.chrome.execute_async_script("setTimeout(arguments[0], 800)")
    whole("last")
    assert findings(booth.chrome) == []
    finger.tap('.crumb[data-step="where"]')
    finger.key("3栋")
    finger.key("1201")
    booth.chrome.execute_async_script("setTimeout(arguments[0], 600)")
    finger.tap("#visitor-go")
    wait_until(lambda: booth.all("#visitor-code"))
    whole("after")
    assert findings(booth.chrome) == []
    assert set(booth.script(ADDRESSES)) == {f"127.0.0.1:{booth.port}"}
