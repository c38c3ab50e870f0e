"""An installer wires a lane in the browser: template, lessons at the gate, applied, tried; on true wires.

The boards and the reader run already and no lane is written. Everything that the lane knows afterwards was chosen on
the page or learned from cars, fob and crank of the simulated gate.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.web_guard.conftest import open_chrome, wait_until
from tests.web_installer.lanes.bench import TRAVEL_MS, Site, running_site

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.timeout(180)]
LANE = "/installer/lanes/north-in"


@pytest.fixture(scope="module")
def chrome() -> Iterator[webdriver.Chrome]:
    """A browser."""
    driver = open_chrome()
    yield driver
    driver.quit()


@pytest.fixture
def bare(tmp_path: Path, chrome: webdriver.Chrome) -> Iterator[Site]:
    """Boards and readers, and no lane."""
    with running_site(tmp_path, chrome, lanes=False) as site:
        site.size(1366, 768)
        yield site
        chrome.get("about:blank")


@pytest.fixture
def wired(tmp_path: Path, chrome: webdriver.Chrome) -> Iterator[Site]:
    """Two lanes that run."""
    with running_site(tmp_path, chrome, close_by="gateway", pulse_ms=100) as site:
        site.size(1366, 768)
        yield site
        chrome.get("about:blank")


def learn(site: Site, terminal: str, act: str, *more: str) -> str:
    """A lesson: begin, let something happen at the gate, take what is proposed; what the page has said."""
    site.open(f"{LANE}/learn/{terminal}")
    site.press("#lesson form button")
    wait_until(lambda: site.text("#found"), what="the beginning")
    getattr(site.sim.world, act)("in", *more)
    wait_until(lambda: site.text("#takes") and "left" not in site.text("#left"), what="something learned")
    said = site.text("#found")
    site.press("#takes .is-main")
    wait_until(lambda: site.chrome.current_url.startswith(f"{site.url}{LANE}?saved"), what="the lane again")
    return said


def chosen(site: Site, terminal: str) -> str:
    """The point that the form shows for a terminal."""
    return str(site.one(f'[name="wire.{terminal}"]').get_attribute("value"))


def test_a_lane_is_wired_learned_applied_and_tried(bare: Site) -> None:
    world = bare.sim.world
    bare.open("/installer/lanes")
    bare.fill("name", "North in")
    bare.choose("from", "template:buttons-loops")
    bare.press("form.ln-add .is-main")
    wait_until(lambda: bare.chrome.current_url == f"{bare.url}{LANE}", what="the new lane")
    # What the template could not know: this board has CLOSE on its second relay, and loops where they are learned.
    bare.choose("wire.barrier.close", "io-in.output.1")
    bare.choose("wire.barrier.stop", "io-in.output.2")
    bare.choose("wire.barrier.at_open", "")
    bare.choose("wire.barrier.approach_loop", "")
    bare.choose("wire.barrier.safety_loop", "")
    bare.press('[name="lane.readers=reader-in"]')
    bare.press(".ln-save button")
    wait_until(lambda: "Kept in the draft" in bare.text(), what="the draft")
    assert "nothing watches under the arm" in bare.text()
    assert learn(bare, "barrier.approach_loop", "car") == "Found: io-in input 3 (no. 4)."
    world.crank("in", True)
    wait_until(lambda: world.empty("in") and world.contacts("in").at_open, what="an open arm and no car")
    assert learn(bare, "barrier.safety_loop", "car") == "Found: io-in input 2 (no. 3)."
    assert chosen(bare, "barrier.safety_loop") == "io-in.input.2"
    world.crank("in", False)
    wait_until(lambda: world.contacts("in").at_closed, what="the arm down")
    assert learn(bare, "barrier.at_open", "fob") == "Found: io-in input 0 (no. 1)."
    world.crank("in", False)
    assert world.pulses("in") == [], "nothing was pulsed so far"
    apply(bare)
    world.crank("in", False)
    wait_until(lambda: bare.gateway.lane("north-in")["arm"] == "closed", what="the lane at rest")
    tried(bare)
    site = bare.gateway.directory.documents.load()
    assert site["lanes"][0]["readers"] == ["reader-in"]
    opened = [one["data"] for one in bare.gateway.events("barrier.commanded") if one["data"]["command"] == "open"]
    assert opened[-1]["by"] == "Ana"


def apply(site: Site) -> None:
    """Check, apply and confirm the draft."""
    site.open("/installer/changes")
    site.press(".changes-apply button")
    wait_until(lambda: site.text(".changes-wait"), what="the confirmation")
    site.press(".changes-wait .is-main")
    wait_until(lambda: site.gateway.state()["lanes"], what="the lane runs")


def tried(site: Site) -> None:
    """A trial cycle: open by a hold, a car, close by a hold; the measured times and the proposal."""
    site.open(f"{LANE}/trial")
    assert "This moves the arm of North in." in site.text(".tr-warn")
    site.press('[data-order="open"]')
    assert site.sim.world.contacts("in").at_closed, "a tap moves nothing"
    site.hold('[data-order="open"]')
    wait_until(lambda: "hold to close" in site.text("#asks"), what="the arm up")
    site.hold('[data-order="close"]')
    wait_until(lambda: "The cycle is complete." in site.text("#asks"), what="the arm down")
    assert "3.0 s" in site.text("#figures")
    wait_until(lambda: "Travel time: 3.0 s is set" in site.text("#proposed"), what="a proposal")
    site.press("#proposed button")
    wait_until(lambda: "saved" in site.chrome.current_url, what="the draft")
    travel = int(str(site.one('[name="habit.travel_time_ms"]').get_attribute("value")))
    assert TRAVEL_MS * 0.9 < travel < TRAVEL_MS * 1.8


def test_the_trial_can_be_walked_by_the_keyboard_alone(wired: Site) -> None:
    wired.open("/installer/lanes/in/trial")
    world, keys = wired.sim.world, ActionChains(wired.chrome)
    wait_until(lambda: wired.text("#age") == "Live", what="the page's script")
    to_focus(wired, '[data-order="open"]')
    keys.key_down(Keys.SPACE).pause(0.2).key_up(Keys.SPACE).perform()
    assert world.contacts("in").at_closed, "a short press moves nothing"
    assert "Hold the button" in wired.text("#said")
    keys = ActionChains(wired.chrome)
    keys.key_down(Keys.SPACE).pause(0.9).key_up(Keys.SPACE).perform()
    wait_until(lambda: world.contacts("in").at_open, what="the arm up")
    to_focus(wired, '[data-order="close"]')
    ActionChains(wired.chrome).key_down(Keys.ENTER).pause(0.9).key_up(Keys.ENTER).perform()
    wait_until(lambda: world.contacts("in").at_closed, what="the arm down")
    wait_until(lambda: "The cycle is complete." in wired.text("#asks"), what="the measured cycle")
    commands = [one["data"] for one in wired.gateway.events("barrier.commanded")]
    assert [(one["command"], one["by"]) for one in commands] == [("open", "Ana"), ("close", "Ana")]


def to_focus(site: Site, css: str, keys_max: int = 80) -> None:
    """Press Tab until the element has the focus."""
    for _ in range(keys_max):
        if site.chrome.execute_script("return document.activeElement.matches(arguments[0])", css):
            return
        ActionChains(site.chrome).send_keys(Keys.TAB).perform()
    raise AssertionError(f"Tab does not come to {css}")


def test_a_lesson_can_be_walked_by_the_keyboard_alone(wired: Site) -> None:
    wired.open("/installer/lanes/out")
    to_focus(wired, 'a[href$="/learn/barrier.approach_loop"]', 120)
    ActionChains(wired.chrome).send_keys(Keys.ENTER).perform()
    wait_until(lambda: "/learn/" in wired.chrome.current_url, what="the lesson")
    to_focus(wired, "#lesson form button")
    ActionChains(wired.chrome).send_keys(Keys.ENTER).perform()
    wait_until(lambda: "began=" in wired.chrome.current_url, what="the beginning")
    wired.sim.world.car("out")
    wait_until(lambda: wired.text("#takes"), what="an input")
    to_focus(wired, "#takes .is-main")
    ActionChains(wired.chrome).send_keys(Keys.ENTER).perform()
    wait_until(lambda: "saved=1" in wired.chrome.current_url, what="the lane")
    assert chosen(wired, "barrier.approach_loop") == "io-out.input.3"
