"""A booth in front of a real engine, whose arms a test plays by hand, with cars inside."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

from gateway.core.vocabulary.passes import Pass, PassKind
from tests.support.engine import SITE, Running
from tests.web_guard.conftest import Booth, wait_until

OPERATORS = [
    {"name": "林小军", "role": "guard", "pin": "2468"},
    {"name": "陈班长", "role": "leader", "pin": "1357"},
    {"name": "方敏", "role": "office", "pin": "5791"},
]
PASSES = (
    Pass("p-wang", PassKind.MONTHLY, "王建国", "13900000001", "3栋1201", ("粤B12345",), ("472288",)),
    Pass("p-li", PassKind.MONTHLY, "李美华", "13900000002", "1栋302", ("粤BD12345",), ("100200",)),
)
PLATES = ("粤B12345", "粤BD12345", "沪A77777", "京C00001", "苏E55555")
NUMBER = "11010519491231002X"


def site() -> dict[str, Any]:
    """An entry and an exit, with people."""
    document = copy.deepcopy(SITE)
    document["site"] |= {"name": "北苑", "locale": "zh_CN"}
    document["operators"] = OPERATORS
    for lane, name in zip(document["lanes"], ("北门入口", "北门出口"), strict=True):
        lane["name"] = name
    entry = document["lanes"][0]["barrier"]
    entry["approach_loop"] = entry.pop("arm_detached")
    return document


class RealBooth(Booth):
    """A guard's booth whose engine is a real one."""

    def __init__(self, chrome: webdriver.Chrome, path: Path) -> None:
        self.gate = Running(path, site())
        self.gate.bus.restore()
        self.directory = self.gate.directory
        for one in PASSES:
            document = {"id": one.id, "kind": "monthly", "holder": one.holder, "unit": one.unit,
                        "plates": list(one.plates), "cards": list(one.cards)}  # fmt: skip
            self.gate.client.call("passes.put", **{"pass": document}, by="Ben", via="cli")
        self.chrome = chrome
        self.port = 0
        self.start_web()
        self.url = f"http://127.0.0.1:{self.port}"
        self.size(800, 480)

    def close(self) -> None:
        """Leave the page, then end server and engine."""
        self.chrome.get("about:blank")
        self.stop_web()
        self.gate.stop()

    def cars_come_in(self, *plates: str) -> None:
        """Cars are read at the entry and waved through by hand."""
        for count, plate in enumerate(plates, len(self.told("passage.entered")) + 1):
            self.comes(plate)
            wait_until(lambda plate=plate: plate in str(self.gate.lane()["last_decision"]), what=plate)
            self.gate.client.call(
                "lane.command", request=f"in-{plate}", lane="in", command="passed", by="林小军", via="cli"
            )
            wait_until(lambda count=count: len(self.told("passage.entered")) == count, what=f"{plate} is inside")
            self.gate.bus.set(detached=False)

    def comes(self, plate: str) -> None:
        """A car comes to the loop of the entry and is read."""
        self.gate.bus.set(detached=True)
        wait_until(lambda: self.gate.lane()["approach"], what="a car on the loop")
        self.gate.client.call("credential", device="reader-in", kind="plate", value=plate)

    def told(self, *types: str) -> list[dict[str, Any]]:
        """The data of the rows of these types."""
        return [row.data() for row in self.gate.rows(*types)]

    def opened(self) -> int:
        """How often the exit was opened."""
        return sum(order[:3] == ("pulse", "io", 4) for order in self.gate.bus.orders)

    def step(self) -> str:
        """The step that the sheet shows."""
        return str(self.script("return document.getElementById('id-steps').dataset.step"))

    def begin(self) -> None:
        """From the home screen to the sheet."""
        self.one("#rail-more").click()
        wait_until(lambda: self.all('[data-sheet="identity"]'))[0].click()
        wait_until(lambda: self.all("#sheet-identity") and self.step() == "car")

    def type(self, text: str) -> None:
        """Tap a text on the keypad."""
        for letter in text:
            keys = f'#id-pad [data-key="{letter}"]'
            for _ in range(4):
                if self.all(keys):
                    break
                self.one('#id-pad [data-key="layer"]').click()
            self.all(keys)[0].click()

    def find(self, text: str, title: str) -> None:
        """Find a car and choose it."""
        self.type(text)
        self.pick(title)
        wait_until(lambda: self.step() == "number")

    def pick(self, title: str) -> None:
        """Choose a car of the list, which is made anew with each letter."""
        code = (
            "const el = [...document.querySelectorAll('#id-cars .choice')].find((one) =>"
            " one.textContent.includes(arguments[0])); if (el) el.click(); return Boolean(el);"
        )
        wait_until(lambda: self.script(code, title), what=title)

    def take(self, number: str = NUMBER) -> None:
        """Type the number of an identity document and take it."""
        self.type(number)
        self.one("#id-go").click()
        wait_until(lambda: self.step() == "office", what=self.text("#answer"))

    def draw(self) -> None:
        """Draw with a finger."""
        box = self.script(
            "const b = document.getElementById('id-canvas').getBoundingClientRect();"
            "return [b.left, b.top, b.width, b.height]"
        )
        points = [(0.2, 0.4), (0.4, 0.7), (0.6, 0.3), (0.8, 0.6)]
        spots = [{"x": box[0] + box[2] * x, "y": box[1] + box[3] * y} for x, y in points]
        self.chrome.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": spots[:1]})
        for spot in spots[1:]:
            self.chrome.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [spot]})
        self.chrome.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def confirm(self) -> None:
        """The office confirms by telephone."""
        self.one('[data-answer="yes"]').click()
        wait_until(lambda: self.step() == "sign", what="the office has confirmed")

    def sign(self) -> None:
        """Draw a signature and send it."""
        self.draw()
        wait_until(lambda: self.one("#id-signed").is_enabled())
        self.one("#id-signed").click()
        wait_until(lambda: self.step() == "decide", what="the signature is kept")


@pytest.fixture
def real(chrome: webdriver.Chrome, tmp_path: Path) -> Iterator[RealBooth]:
    """A booth in front of a real engine, with five cars inside, and the guard at work."""
    made = RealBooth(chrome, tmp_path / "data")
    try:
        made.cars_come_in(*PLATES)
        made.complaints()
        made.enter()
        yield made
    finally:
        made.close()
