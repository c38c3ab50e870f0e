"""The place *inside*, in front of a real engine: who is inside, found, ended by hand, declared, counted."""

from __future__ import annotations

import copy
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

from gateway.core.plates.plates import REGIONS
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.core.vocabulary.views import VisitView
from gateway.store.times import rfc3339
from tests.engine.settings.conftest import SITE, Box
from tests.engine.settings.conftest import lane as wired
from tests.support.guard_scene import OPERATORS
from tests.support.waiting import PATIENCE_S
from tests.variants import long_unless
from tests.web_guard.conftest import Booth, wait_until
from tests.web_guard.test_browser import CUT, MEASURE_TARGETS, OUTSIDE, OVERFLOW, TARGETS, look
from tests.web_installer.axe import findings
from web.front.server import Server
from web.guard.inside.model import expected, line
from web.guard.scene import Scene
from web.words.texts import words

pytestmark = pytest.mark.real

HOUR_S = 3600
PASSES = (
    Pass("p-wang", PassKind.MONTHLY, "王建国", unit="3栋1201", plates=("粤B12345",), cards=("472288",), bay="B2-117"),
    Pass("p-li", PassKind.STAFF, "Maximiliane Wolkenstein", unit="Office 12", plates=("粤BD99999",)),
)
WORDS = "#sheet-{0} :is(h2, h3, p, b, button, output, label, .what, .ago)"


class Estate(Booth):
    """A booth in front of a real engine with two boards."""

    def __init__(self, chrome: webdriver.Chrome, path: Path) -> None:
        document = copy.deepcopy(SITE)
        document["site"] |= {"locale": "zh_CN", "capacity": 12}
        document["lanes"] = [
            {**wired("in", "io"), "name": "北门入口"},
            {**wired("out", "io2", "exit"), "name": "北门出口"},
        ]
        document["operators"] = copy.deepcopy(OPERATORS)
        self.box = Box(path, document)
        self.directory = self.box.directory
        self.number = 0
        for one in PASSES:
            document = {"id": one.id, "kind": one.kind.value, "holder": one.holder, "unit": one.unit, "bay": one.bay}
            self.box.call("passes.put", by="office", via="http", **{"pass": {**document, "plates": list(one.plates)}})
        self.server = Server(path, "127.0.0.1", 0)
        self.port = self.server.port
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.server.run, args=(self._stop,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self.port}"
        self.chrome = chrome
        self.size(800, 480)

    def close(self) -> None:
        self.chrome.get("about:blank")
        self._stop.set()
        self._thread.join(PATIENCE_S)
        self.box.stop()

    def comes(self, plate: str, hours: float = 0, by: str = "林小军") -> str:
        """A car is inside since so many hours; its visit."""
        self.number += 1
        entered = rfc3339(int((time.time() - hours * HOUR_S) * 1e9))
        asked = {"request": f"c{self.number}", "plate": plate, "entered_at": entered, "reason": "seen_inside"}
        answer = self.box.call("visit.command", verb="came", by=by, via="guard", **asked)
        assert answer["status"] == "done", answer
        visit: str = answer["visit"]
        wait_until(lambda: self.box.engine._stores.state.visit(visit))
        return visit

    def rows(self, type: str) -> list[dict[str, Any]]:
        return [json.loads(one.text)["data"] for one in self.box.rows(type)]

    def go(self) -> None:
        """One tap on the rail, until the place has its numbers."""
        self.one("#rail-inside").click()
        wait_until(lambda: self.all(".inside-tile"))

    def titles(self) -> list[str]:
        return self.texts(".inside-row b")

    def texts(self, css: str) -> list[str]:
        code = "return [...document.querySelectorAll(arguments[0])].map((el) => el.textContent)"
        return list(self.script(code, css))

    def tap(self, css: str) -> None:
        wait_until(lambda: self.all(css), what=css)[0].click()

    def chip(self, verb: str, reason: str) -> None:
        """A reason, once the touch that opened its sheet has settled."""
        time.sleep(1.2)
        self.tap(f'.inside-why[data-verb="{verb}"] [value="{reason}"]')


@pytest.fixture
def estate(chrome: webdriver.Chrome, tmp_path: Path) -> Iterator[Estate]:
    made = Estate(chrome, tmp_path / "data")
    made.complaints()
    yield made
    made.close()


def test_a_car_that_has_left_unseen_is_ended_in_three_taps_with_a_reason(estate: Estate) -> None:
    old, new = estate.comes("粤B55555", hours=30), estate.comes("粤B12345", hours=2)
    estate.enter()
    estate.go()
    assert estate.titles() == ["粤B 55555", "粤B 12345"], "the oldest first"
    assert [one.get_attribute("data-long") for one in estate.all(".inside-row")] == ["yes", ""]
    assert (estate.text("#inside-title"), estate.text("#inside-free")) == ("场内 2 辆", "空位 10 个")
    estate.all(".inside-row")[0].click()
    wait_until(lambda: "林小军 登记" in estate.text("#stay-lines"))
    assert "未见入场" in estate.text("#stay-lines")
    estate.chip("left", "not_found")
    wait_until(lambda: estate.titles() == ["粤B 12345"])
    assert estate.text("#inside-title") == "场内 1 辆"
    (left,) = estate.rows("visit.left_unseen")
    assert (left["visit"], left["by"], left["reason"], left["via"]) == (old, "林小军", "not_found", "guard")
    assert new
    assert estate.complaints() == []


def test_a_visitors_purpose_is_in_words() -> None:
    scene = Scene(words("zh_CN"), lambda _id: None, UTC, datetime(2026, 12, 1, 9, tzinfo=UTC))
    assert expected(scene, visitor("delivery")).what == "5栋 502 · 送货"
    assert line(scene, visitor("delivery"), None).lines[0] == "访客 · 5栋 502 · 送货"
    assert expected(scene, visitor("kindergarten")).what == "5栋 502 · kindergarten", "a program may name any"


def visitor(purpose: str) -> VisitView:
    known = {"visit": "v1", "plate": "粤B12345", "unit": "5栋 502", "kind": "visitor", "purpose": purpose}
    return VisitView(**{**dict.fromkeys(VisitView.__struct_fields__), **known})


def test_the_second_of_two_guards_is_told_that_the_visit_was_ended(estate: Estate) -> None:
    visit = estate.comes("粤B55555")
    estate.enter()
    estate.go()
    estate.all(".inside-row")[0].click()
    wait_until(lambda: estate.all('.inside-why[data-verb="left"]'))
    asked = {"request": "other", "visit": visit, "reason": "twice"}
    assert estate.box.call("visit.command", verb="left", by="陈班长", via="guard", **asked)["status"] == "done"
    estate.chip("left", "not_found")
    wait_until(lambda: "已有人结束" in estate.text("#answer"))
    assert [one["by"] for one in estate.rows("visit.left_unseen")] == ["陈班长"]


def test_a_double_tap_corrects_once(estate: Estate) -> None:
    estate.comes("粤B55555")
    estate.enter()
    estate.go()
    estate.all(".inside-row")[0].click()
    wait_until(lambda: estate.all('.inside-why[data-verb="left"]'))
    time.sleep(1.2)
    estate.touch('.inside-why[data-verb="left"] [value="other"]', "click", "click")
    wait_until(lambda: "已记录" in estate.text("#answer"))
    assert len(estate.rows("visit.left_unseen")) == 1


def test_a_known_car_is_found_by_digits_and_declared(estate: Estate) -> None:
    estate.enter()
    estate.go()
    estate.tap("#inside-find")
    for _ in range(3):
        estate.tap_text("#inside-keys .choice", "9")
    estate.one("#inside-keys .key-next").click()
    wait_until(lambda: estate.titles() == ["粤B D99999"])
    assert "不在场内" in estate.text(".inside-row")
    estate.all(".inside-row")[0].click()
    estate.chip("came", "arm_open")
    wait_until(lambda: estate.rows("visit.came_unseen"))
    (came,) = estate.rows("visit.came_unseen")
    assert (came["pass"], came["kind"], came["plate"], came["reason"]) == ("p-li", "staff", "粤BD99999", "arm_open")
    wait_until(lambda: estate.text("#inside-title") == "场内 1 辆")


def test_a_whole_plate_is_typed_without_a_keyboard_with_the_keys_of_the_last_cars_first(estate: Estate) -> None:
    estate.comes("粤B55555")
    estate.comes("沪C12345")
    estate.enter()
    estate.go()
    estate.tap("#inside-find")
    assert estate.texts("#inside-keys .choice")[:10] == list("0123456789"), "most look for digits"
    estate.tap_text("#inside-keys .choice", "换一组")
    regions = estate.texts("#inside-keys .choice")[:18]
    assert sorted(regions[:2]) == ["沪", "粤"], "the last cars' come first"
    for letter in "粤B5":
        wait_until(
            lambda letter=letter: letter in estate.texts("#inside-keys .choice"), what="its page comes by itself"
        )
        estate.tap_text("#inside-keys .choice", letter)
    assert estate.script("return document.getElementById('inside-q').value") == "粤B5"
    estate.tap("#inside-keys .key-next")
    wait_until(lambda: estate.titles() == ["粤B 55555"])
    estate.tap("#inside-find")
    wait_until(lambda: len(estate.titles()) == 2)
    estate.tap("#inside-find")
    seen = set(estate.texts("#inside-keys .choice"))
    for _ in range(4):
        estate.tap_text("#inside-keys .choice", "换一组")
        seen |= set(estate.texts("#inside-keys .choice"))
    assert set(REGIONS) | set("ABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789") <= seen, "initials and units too"
    assert estate.complaints() == []


@pytest.mark.parametrize("query", ["王建", "wjg", "3栋", "p-wang"])
def test_a_car_is_found_by_what_its_pass_says(estate: Estate, query: str) -> None:
    estate.comes("粤B12345")
    estate.comes("粤B55555")
    estate.enter()
    estate.go()
    estate.tap("#inside-find")
    estate.one("#inside-q").send_keys(query)
    estate.one("#inside-keys .key-next").click()
    wait_until(lambda: estate.titles() == ["粤B 12345"])
    estate.tap("#inside-find")
    wait_until(lambda: len(estate.titles()) == 2)


def test_the_number_is_set_with_a_reason_and_what_was_typed_survives_a_car(estate: Estate) -> None:
    estate.enter()
    estate.go()
    estate.tap("#inside-set")
    estate.chip("count", "counted")
    wait_until(lambda: "请先输入" in estate.text("#answer"))
    for digit in ("1", "2"):
        estate.one(f'#count-pad [data-key="{digit}"]').click()
    time.sleep(1.2)
    estate.box.set(approach=True)
    estate.box.card("9999")
    wait_until(lambda: not estate.all("#sheet-count"))
    estate.one("#rail-inside").click()
    assert estate.text("#count-number") == "12"
    estate.chip("count", "counted")
    wait_until(lambda: estate.text("#inside-free") == "车位已满")
    (counted,) = estate.rows("visits.counted")
    assert (counted["count"], counted["by"], counted["reason"]) == (12, "林小军", "counted")


def test_the_numbers_narrow_the_list(estate: Estate) -> None:
    estate.comes("粤B12345", hours=40)
    estate.comes("粤B55555", hours=40)
    estate.enter()
    estate.go()
    assert estate.texts(".inside-tile b") == ["1", "0", "0", "0", "1", "1"]
    estate.all(".inside-tile")[0].click()
    wait_until(lambda: estate.titles() == ["粤B 12345"])
    estate.all(".inside-tile")[5].click()
    wait_until(lambda: estate.titles() == ["粤B 55555"], what="a resident may stay for a month")
    estate.all(".inside-tile")[5].click()
    wait_until(lambda: len(estate.titles()) == 2)


@pytest.mark.parametrize(
    ("size", "lang", "theme"),
    [
        long_unless(one == ((800, 480), "zh_CN", "day"), one)
        for one in [
            ((800, 480), "zh_CN", "day"),
            ((800, 480), "en", "night"),
            ((1024, 600), "zh_CN", "night"),
            ((1024, 600), "en", "day"),
        ]
    ],
)
def test_each_sheet_is_whole_and_has_its_picture(estate: Estate, size: tuple[int, int], lang: str, theme: str) -> None:
    estate.size(*size)
    for number in range(9):
        estate.comes(f"粤B5555{number}", hours=30 - 3 * number)
    estate.comes("粤B12345", hours=1)
    estate.comes("粤BD99999")
    estate.enter()
    look(estate, theme, lang)
    estate.go()
    whole(estate, "inside", size, lang, theme)
    estate.tap("#inside-find")
    whole(estate, "find", size, lang, theme)
    estate.one("#inside-keys .key-next").click()
    wait_until(lambda: estate.all(".inside-row"))
    estate.all(".inside-row")[0].click()
    wait_until(lambda: len(estate.texts("#stay-lines p")) > 1)
    whole(estate, "stay", size, lang, theme)
    estate.one("#rail-inside").click()
    estate.go()
    estate.tap("#inside-set")
    whole(estate, "count", size, lang, theme)


def whole(estate: Estate, sheet: str, size: tuple[int, int], lang: str, theme: str) -> None:
    """Nothing is cut, too small to hit, or outside the screen; Stop acts."""
    estate.shoot(f"inside-{sheet}-{size[0]}-{lang}-{theme}")
    assert estate.script(MEASURE_TARGETS, TARGETS) == []
    assert estate.script(OVERFLOW) == []
    assert estate.script(OUTSIDE) == []
    assert estate.script(CUT, WORDS.format(sheet)) == []
    assert findings(estate.chrome) == []
    assert estate.complaints() == []
    count = len([row for row in estate.rows("barrier.commanded") if row["command"] == "stop"])
    estate.press("#stop", "pointerdown")
    wait_until(lambda: len([r for r in estate.rows("barrier.commanded") if r["command"] == "stop"]) > count)
