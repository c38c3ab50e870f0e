"""Overview, discover, changes and versions on a laptop, a tablet and a telephone, by finger and by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.engine.settings.conftest import Box, until
from tests.support.waiting import wait_until
from tests.web_guard.conftest import open_chrome
from tests.web_installer.conftest import Desk
from tests.web_installer.discover.test_discover import LINES, over, play
from tests.web_installer.lanes.bench import SIZES
from tests.web_installer.lanes.test_sizes import UNTOLD, WRONG
from tests.web_installer.test_axe import Browser
from web.platform.app import create_app

pytestmark = pytest.mark.long
LONG = "Nordhof am Wasserturm, Tiefgarage Haus 7 bis 19, Einfahrt Lieferanten"


@pytest.fixture(scope="module")
def chrome() -> Iterator[webdriver.Chrome]:
    driver = open_chrome()
    yield driver
    driver.quit()


@pytest.fixture
def browser(chrome: webdriver.Chrome, box: Box) -> Iterator[Browser]:
    found = Browser(chrome, box)
    found.enter("Ana")
    yield found
    found.close()


def wrong(browser: Browser, *paths: str) -> list[tuple[object, ...]]:
    """What is cut, too small for a finger, or has no words, in every size and language."""
    found: list[tuple[object, ...]] = []
    for theme in ("day", "night"):
        for size in SIZES:
            browser.look(theme, size)
            for path in paths:
                browser.chrome.get(browser.url + path)
                browser.chrome.execute_script("document.querySelectorAll('main details').forEach((d) => d.open = true)")
                told = [*browser.chrome.execute_script(WRONG), *browser.chrome.execute_script(UNTOLD)]
                found += [(theme, size[0], path, one) for one in told]
    return found


def test_nothing_is_cut_or_too_small_for_a_finger(box: Box, browser: Browser) -> None:
    desk = Desk(create_app(box.directory.path).test_client(), "Ana")
    play(box, LINES)
    desk.post("/installer/discover/start")
    over(box)
    box.set(approach=True)
    box.card("472288")
    until(lambda: box.lane()["last_decision"])
    lanes = desk.draft().site["lanes"]
    lanes[0]["barrier"]["pulse_ms"] = 900
    desk.edit(site={**desk.draft().site["site"], "name": LONG}, lanes=lanes)
    pages = ("/installer", "/installer/discover", "/installer/changes", "/installer/versions")
    assert wrong(browser, *pages) == []
    lanes[0]["barrier"]["pulse_ms"] = 7
    desk.edit(lanes=lanes)
    assert wrong(browser, "/installer/changes") == []
    desk.post("/installer/changes/undo", path="lanes.in.barrier.pulse_ms")
    desk.post("/installer/changes/apply", base=1, confirm_s=600)
    assert wrong(browser, "/installer/changes", "/installer/versions", "/installer") == []
    desk.post("/installer/changes/confirm")
    assert wrong(browser, "/installer/versions/1") == []


def tab_to(browser: Browser, css: str) -> None:
    """Press Tab until the element has the focus."""
    for _ in range(60):
        if browser.chrome.execute_script("return document.activeElement.matches(arguments[0])", css):
            return
        ActionChains(browser.chrome).send_keys(Keys.TAB).perform()
    raise AssertionError(f"Tab does not come to {css}")


def press(browser: Browser, css: str) -> None:
    """Come to an element by Tab, and press Enter."""
    tab_to(browser, css)
    ActionChains(browser.chrome).send_keys(Keys.ENTER).perform()


def test_changes_are_applied_and_confirmed_by_the_keyboard_alone(box: Box, browser: Browser) -> None:
    desk = Desk(create_app(box.directory.path).test_client(), "Ana")
    desk.edit(site={**desk.draft().site["site"], "name": "South Court"})
    browser.look("day", (1366, 768))
    browser.chrome.get(browser.url + "/installer")
    press(browser, ".in-bar .is-main")
    wait_until(lambda: browser.chrome.current_url.endswith("/installer/changes"), what="the changes")
    press(browser, ".changes-apply button")
    wait_until(lambda: box.history()[-1] == (2, "pending"), what="applied")
    wait_until(lambda: browser.chrome.find_elements("css selector", ".changes-wait"), what="the time to confirm")
    press(browser, ".changes-wait .is-main")
    wait_until(lambda: box.history()[-1] == (2, "confirmed"), what="confirmed")


def test_the_time_runs_down_and_the_page_tells_when_it_is_over(box: Box, browser: Browser) -> None:
    desk = Desk(create_app(box.directory.path).test_client(), "Ana")
    desk.edit(site={**desk.draft().site["site"], "name": "South Court"})
    browser.look("day", (1366, 768))
    desk.post("/installer/changes/apply", base=1, confirm_s=6)
    browser.chrome.get(browser.url + "/installer/changes")
    said = "return document.querySelector('main')?.innerText ?? ''"
    assert "0:0" in browser.chrome.execute_script(said)
    wait_until(lambda: "was not confirmed in time" in browser.chrome.execute_script(said), what="gone back")
    assert browser.chrome.get_log("browser") == []
