"""The office's pages in Chromium: nothing cut, nothing too small for a finger, nothing that axe finds serious."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver

from tests.support.engine import Running
from tests.web_guard.conftest import open_chrome
from tests.web_installer.lanes.test_sizes import WRONG
from tests.web_installer.test_axe import Browser
from tests.web_office.conftest import OFFICE, desk
from tests.web_office.scene import filled

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


def test_no_page_is_cut_or_has_a_serious_finding(gate: Running, browser: Browser) -> None:
    addresses = filled(gate, desk(gate, OFFICE))
    wrong = []
    for theme in ("day", "night"):
        for size in SIZES:
            browser.look(theme, SIZES[size])
            for number, address in enumerate(addresses):
                where = (theme, size, address)
                wrong += [(*where, one) for one in browser.findings(address)]
                for fold in ("", UNFOLD):
                    browser.chrome.execute_script(fold)
                    told = [*browser.chrome.execute_script(WRONG), *browser.chrome.execute_script(UNTOLD)]
                    wrong += [(*where, one) for one in told]
                    picture(browser.chrome, f"{number}-{size}-{theme}{'-open' if fold else ''}")
    assert wrong == []
    assert [one for one in browser.chrome.get_log("browser") if one["level"] == "SEVERE"] == []


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
