"""The office's pages in Chromium: nothing cut, nothing too small for a finger, nothing that axe finds serious."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from tests.engine.visits.paying import PayingGate
from tests.support.engine import Running
from tests.support.waiting import wait_until
from tests.web_guard.conftest import open_chrome
from tests.web_installer.lanes.test_sizes import WRONG
from tests.web_installer.test_axe import Browser
from tests.web_office.conftest import OFFICE, desk
from tests.web_office.scene import filled, owes

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.timeout(180)]
SIZES = {"laptop": (1280, 800), "telephone": (390, 844)}
UNTOLD = r"return (document.body.innerText.match(/(installer|office)\.[a-z_.]+|\{[a-z_]+\}/g) || [])"
UNFOLD = "document.querySelectorAll('main details').forEach((one) => one.open = true)"
PICTURES = os.environ.get("GATEHOUSE_PICTURES", "")


@pytest.fixture(scope="module")
def chrome() -> Iterator[webdriver.Chrome]:
    driver = open_chrome()
    yield driver
    driver.quit()


@pytest.fixture
def browser(chrome: webdriver.Chrome, gate: Running) -> Iterator[Browser]:
    found = Browser(chrome, gate)
    found.enter(OFFICE)
    yield found
    found.close()


def wrong_on(browser: Browser, *addresses: str, name: str) -> list[tuple[str, ...]]:
    """What is wrong on these pages, in both languages and sizes, by day and by night, folded and unfolded."""
    wrong: list[tuple[str, ...]] = []
    for theme in ("day", "night"):
        for size in SIZES:
            browser.look(theme, SIZES[size])
            for number, address in enumerate(addresses):
                where = (theme, size, address)
                wrong += [(*where, one) for one in browser.findings(address)]
                for fold in ("", UNFOLD):
                    browser.chrome.execute_script(fold)
                    wrong += [(*where, one) for one in faults(browser)]
                    picture(browser.chrome, f"{name}{number}-{size}-{theme}{'-open' if fold else ''}")
    return [*wrong, *(("log", str(one)) for one in browser.chrome.get_log("browser") if one["level"] == "SEVERE")]


def faults(browser: Browser) -> list[str]:
    return [*browser.chrome.execute_script(WRONG), *browser.chrome.execute_script(UNTOLD)]


def test_no_page_is_cut_or_has_a_serious_finding(gate: Running, browser: Browser) -> None:
    assert wrong_on(browser, *filled(gate, desk(gate, OFFICE)), name="") == []


def test_the_pages_about_money_neither(chrome: webdriver.Chrome, till: PayingGate) -> None:
    owes(till)
    browser = Browser(chrome, till)
    browser.enter(OFFICE)
    try:
        pages = ("/office/owed", "/office/visits/v1", "/office/visits/v1/receipt")
        assert wrong_on(browser, *pages, name="money") == []
    finally:
        browser.close()


def test_a_visitor_is_announced_in_a_browser_and_its_code_is_shown(gate: Running, browser: Browser) -> None:
    for number, size in enumerate(SIZES):
        browser.look("day", SIZES[size])
        browser.chrome.get(f"{browser.url}/office/visitors")
        browser.chrome.execute_script(UNFOLD)
        browser.chrome.find_element("id", "plate").send_keys(f"粤B1234{number}")
        browser.chrome.find_element("id", "room").send_keys("3-1201")
        browser.chrome.find_element("css selector", ".of-form .is-main").click()
        wait_until(lambda: browser.chrome.find_elements("css selector", ".of-qr path"), what="the code")
        assert faults(browser) == []
        picture(browser.chrome, f"announced-{size}")
    assert len(gate.rows("visit.announced")) == len(SIZES)


def test_the_paper_is_one_sheet_of_a4(gate: Running, browser: Browser) -> None:
    paper = next(one for one in filled(gate, desk(gate, OFFICE)) if one.endswith("/paper"))
    browser.look("night", SIZES["laptop"])
    browser.chrome.get(browser.url + paper)
    asked = {"preferCSSPageSize": True, "printBackground": False}
    printed = base64.b64decode(browser.chrome.execute_cdp_cmd("Page.printToPDF", asked)["data"])
    if PICTURES:
        Path(PICTURES, "paper.pdf").write_bytes(printed)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    [(width, height)] = set(re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", printed))
    assert (round(float(width)), round(float(height))) == (595, 842)


def picture(chrome: webdriver.Chrome, name: str) -> None:
    """For whoever looks at the pages: a picture of the whole page, where a folder for them is named."""
    if PICTURES:
        chrome.save_screenshot(str(Path(PICTURES) / f"{name}.png"))
