"""The screen in front of a running engine and simulated gates: what it says of arm, car and order is true just then."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

from drivers.sim.site import SimSite
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.demo.line import free_port
from gateway.physics.cars import Behaviour
from gateway.physics.controller import ArmSpec
from tests.support.guard_scene import OPERATORS
from tests.support.site_process import Gateway, gateway, site_document
from tests.variants import first_and
from tests.web_guard.conftest import ApartBooth, open_chrome, wait_until

pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]

TRAVEL_MS = 700
BARRIER = {"pulse_ms": 100, "auto_close_ms": 200, "grant_ms": 60_000}
RESIDENT = Pass("p-wang", PassKind.MONTHLY, "王建国", unit="3栋1201", plates=("粤B12345",), cards=("472288",))
# Notes every look of a lane: (arm as drawn, step of the verdict, word), from now on.
WATCH = """
const lane = document.querySelector('.lane[data-lane="in"]'), car = lane.querySelector('.car');
window.looks = [];
const note = () => window.looks.push([lane.dataset.arm, car.dataset.step, car.dataset.verdict]);
new MutationObserver(note).observe(lane, { attributes: true, subtree: true });
note();
"""


class Site:
    """Simulated gates, a running engine, a web process, and screens in front of it."""

    def __init__(self, sim: SimSite, running: Gateway, port: int) -> None:
        self.sim, self.gateway, self.port = sim, running, port
        running.start_engine()
        self.web: subprocess.Popen[bytes] = running.start("web")

    def screen(self, chrome: webdriver.Chrome) -> Screen:
        """A booth's own screen, at work."""
        made = Screen(chrome, self)
        made.enter()
        wait_until(lambda: made.look("arm") == "closed")
        return made

    def car(self, card: str | None = None, behaviour: Behaviour = "through") -> None:
        """A car turns into the entry, and stands at its line."""
        self.sim.world.car("in", card, behaviour)
        wait_until(lambda: self.gateway.lane("in")["approach"])

    def rows(self, *types: str) -> list[dict[str, Any]]:
        """What the journal says, by data."""
        return [event["data"] for event in self.gateway.events(*types)]

    def orders(self, command: str) -> list[dict[str, Any]]:
        """The orders to the arm of the entry."""
        return [row for row in self.rows("barrier.commanded") if row["command"] == command and row["lane"] == "in"]


class Screen(ApartBooth):
    """One browser of its own."""

    def __init__(self, chrome: webdriver.Chrome, site: Site) -> None:
        self.chrome, self.site, self.web, self.port = chrome, site, site.web, site.port
        self.url = f"http://127.0.0.1:{site.port}"
        self.size(800, 480)

    def look(self, mark: str) -> str:
        """A mark of the entry's panel."""
        return str(self.one('.lane[data-lane="in"]').get_attribute(f"data-{mark}"))

    def car_look(self, mark: str) -> str:
        """A mark of the entry's last car."""
        return str(self.one('.lane[data-lane="in"] .car').get_attribute(f"data-{mark}"))

    def tap(self, css: str) -> None:
        """Touch what may be gone already."""
        self.touch(css, "pointerdown", "pointerup", "click")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        sim = stack.enter_context(SimSite(tmp_path, spec=ArmSpec(travel_ms=TRAVEL_MS)))
        port = free_port()
        document = site_document(sim.devices_document(), sim.lanes_document(**BARRIER), http_port=port)
        running = stack.enter_context(gateway(tmp_path / "data", {**document, "operators": OPERATORS}, [RESIDENT]))
        yield Site(sim, running, port)


@pytest.fixture(scope="module")
def second_chrome() -> Iterator[webdriver.Chrome]:
    """A second screen."""
    driver = open_chrome()
    yield driver
    driver.quit()


@contextmanager
def stopped(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """A process hangs for the length of the block."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def test_two_screens_that_open_at_once_let_one_car_in(
    site: Site, chrome: webdriver.Chrome, second_chrome: webdriver.Chrome
) -> None:
    screens = [site.screen(chrome), site.screen(second_chrome)]
    site.car(behaviour="chat")
    for screen in screens:
        wait_until(lambda screen=screen: screen.one(".act-open").get_attribute("data-press") == "tap")
    both = [threading.Thread(target=screen.tap, args=(".act-open",)) for screen in screens]
    for one in both:
        one.start()
    for one in both:
        one.join()
    wait_until(lambda: site.gateway.lane("in")["arm"] == "open")
    granted = site.rows("access.granted")
    assert [(row["reason"], row["via"], row["station"]) for row in granted] == [("operator", "guard", "booth")]
    assert len(site.orders("open")) == 1
    for screen in screens:
        wait_until(lambda screen=screen: screen.car_look("step") == "done")


@pytest.mark.parametrize("part", first_and("engine", "web"))
def test_what_a_hung_process_was_told_is_not_done_when_it_wakes(
    site: Site, chrome: webdriver.Chrome, part: str
) -> None:
    screen = site.screen(chrome)
    site.car()
    wait_until(lambda: screen.one(".act-open").get_attribute("data-press") == "tap")
    with stopped(site.gateway.process(part)):
        screen.tap(".act-open")
        wait_until(lambda: screen.text("#answer").startswith("抬杆没有送到"))
        screen.press("#stop", "pointerdown")
        wait_until(lambda: screen.text("#answer").startswith("停止还没有送到"))
        wait_until(lambda: screen.text("#answer").startswith("停止没有送到"))
    wait_until(lambda: screen.look("stale") == "")
    later = time.monotonic() + 3
    wait_until(lambda: time.monotonic() > later)
    assert site.orders("open") == site.orders("stop") == []
    assert site.rows("access.granted") == []


def test_with_the_mains_off_an_arm_is_never_said_to_rise_nor_a_car_to_go(site: Site, chrome: webdriver.Chrome) -> None:
    screen = site.screen(chrome)
    site.sim.world.mains("in", False)
    screen.script(WATCH)
    site.car("472288")
    wait_until(lambda: screen.car_look("verdict") == "blocked")
    looks = screen.script("return window.looks")
    assert {arm for arm, _step, _verdict in looks} == {"closed"}
    assert not {"moving", "done"} & {step for _arm, step, _verdict in looks}
    assert screen.text('.lane[data-lane="in"] .line-label') == "做"


def test_green_comes_with_the_measured_arm_and_goes_with_the_car(site: Site, chrome: webdriver.Chrome) -> None:
    screen = site.screen(chrome)
    screen.script(WATCH)
    site.car("472288")
    wait_until(lambda: site.rows("passage.entered"))
    wait_until(lambda: screen.car_look("earlier") == "yes")
    looks = [tuple(one) for one in screen.script("return window.looks")]
    steps = [step for _arm, step, _verdict in looks if step]
    assert steps and {"moving", "done"} <= set(steps)
    assert all(arm == "open" for arm, step, _verdict in looks if step == "done")
    assert all(arm == "rising" for arm, step, _verdict in looks if step == "moving")


def test_a_car_that_comes_behind_another_stands_under_no_verdict_of_it(site: Site, chrome: webdriver.Chrome) -> None:
    screen = site.screen(chrome)
    site.car("472288")
    wait_until(lambda: site.rows("passage.entered") and site.gateway.lane("in")["arm"] == "closed")
    site.sim.world.car("in", None)
    wait_until(lambda: site.gateway.lane("in")["approach"])
    wait_until(lambda: screen.one('.lane[data-lane="in"] .loop').get_attribute("data-on") == "on")
    assert (screen.car_look("earlier"), screen.car_look("step")) == ("yes", "")
    assert "回来" not in screen.text('.lane[data-lane="in"] .line-text') or screen.car_look("earlier") == "yes"


def test_a_car_that_was_not_known_is_released_for_a_reason_and_is_then_on_its_line(
    site: Site, chrome: webdriver.Chrome
) -> None:
    screen = site.screen(chrome)
    site.car("999")
    wait_until(lambda: screen.one(".act-open").get_attribute("data-command") == "compare" and screen.at_work())
    screen.press(".act-open", "pointerdown")
    wait_until(lambda: screen.all("#sheet-case"))
    chip = '[data-deed="release"] [value="resident_known"]'
    wait_until(lambda: screen.script("document.querySelector(arguments[0]).click()", chip) or not screen.all(".sheet"))
    wait_until(lambda: site.rows("case.released"))
    (released,), (granted,) = site.rows("case.released"), site.rows("access.granted")
    assert (released["reason"], released["by"], released["station"]) == ("resident_known", "林小军", "booth")
    assert granted["credential"] == released["credential"] == {"kind": "card", "value": "999"}
    wait_until(lambda: screen.text('.lane[data-lane="in"] .reason') == "林小军 放行:认识的住户")


@pytest.mark.long
def test_a_stop_at_rest_counts_down_and_is_over_by_itself(site: Site, chrome: webdriver.Chrome) -> None:
    screen = site.screen(chrome)
    screen.press("#stop", "pointerdown")
    wait_until(lambda: screen.look("mode") == "paused")
    assert screen.text('.lane[data-lane="in"] .since').startswith("剩 ")
    assert screen.car_look("verdict") == "blocked"
    wait_until(lambda: screen.look("mode") == "")
    site.car("472288")
    wait_until(lambda: site.rows("passage.entered"))


def test_a_browser_that_is_no_station_takes_no_tag_off(site: Site, chrome: webdriver.Chrome) -> None:
    document = site.gateway.directory.documents.load()
    site.gateway.directory.documents.save({**document, "stations": [{"id": "north", "lanes": ["in"]}]})
    assert site.gateway.command("in", "lock")["status"] == "done"
    screen = site.screen(chrome)
    wait_until(lambda: screen.text(".act-tag .act-hint") == "只能现场操作")
    code = """
        const csrf = document.querySelector("meta[name=csrf]").content, done = arguments[1];
        fetch(arguments[0], { method: "POST", body: JSON.stringify({ reason: "work_done", pin: "2468" }),
          headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": csrf } })
          .then((got) => got.json()).then((said) => done(said.code));
    """
    assert chrome.execute_async_script(code, "/guard/lanes/in/unlock") == "lane_locked"
    assert chrome.execute_async_script(code, "/guard/lanes/in/look") == "on_the_spot_only"
    assert site.gateway.lane("in")["tag"] is not None
