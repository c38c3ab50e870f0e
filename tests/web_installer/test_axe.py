"""No page of the installer has a serious finding of axe-core, by day and by night, on a laptop and a telephone."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from selenium import webdriver

from tests.engine.settings.conftest import Box, until
from tests.support.engine import Running
from tests.web_guard.conftest import open_chrome
from tests.web_installer.axe import findings
from tests.web_installer.conftest import Desk
from web.front.server import Server
from web.people.auth import COOKIE
from web.platform.app import create_app

SIZES = {"laptop": (1366, 768), "telephone": (390, 844)}


@pytest.fixture(scope="module")
def chrome() -> Iterator[webdriver.Chrome]:
    driver = open_chrome()
    yield driver
    driver.quit()


class Browser:
    """A browser of the installer in front of a web server beside the engine."""

    def __init__(self, chrome: webdriver.Chrome, box: Box | Running) -> None:
        self.chrome = chrome
        self.server = Server(box.directory.path, "127.0.0.1", 0)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.server.run, args=(self._stop,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self.server.port}"
        self.held = self.server.app.extensions["gatehouse"]

    def close(self) -> None:
        self.chrome.get("about:blank")
        self._stop.set()
        self._thread.join(10)

    def enter(self, name: str) -> None:
        token = self.held.sessions.create(self.held.site.operators()[name])
        self._cookie(COOKIE, token)

    def look(self, theme: str, size: tuple[int, int]) -> None:
        self._cookie("gatehouse_theme", theme)
        self._cookie("gatehouse_lang", "zh_CN" if theme == "night" else "en")
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False}
        self.chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def findings(self, address: str) -> list[str]:
        """The serious findings of a page; none for a part of a page, and for a file."""
        self.chrome.get(self.url + address)
        whole = self.chrome.execute_script("return document.contentType === 'text/html' && document.title !== ''")
        return findings(self.chrome) if whole else []

    def _cookie(self, name: str, value: str) -> None:
        self.chrome.execute_cdp_cmd("Network.setCookie", {"name": name, "value": value, "url": self.url})


@pytest.fixture
def browser(chrome: webdriver.Chrome, box: Box) -> Iterator[Browser]:
    found = Browser(chrome, box)
    found.enter("Ana")
    yield found
    found.close()


def addresses(desk: Desk) -> list[str]:
    """Every page of the installer that is opened by an address, with things of this site in place of names."""
    ids = {"lane": "in", "device": "io", "number": 1, "section": "site", "terminal": "panic"}
    app = desk.client.application
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("installer.") and "GET" in (rule.methods or ()) and rule.arguments <= ids.keys():
            values = {name: ids[name] for name in rule.arguments}
            found.append(str(app.url_map.bind("").build(rule.endpoint, values)))
    return sorted(one for one in found if desk.is_page(one))


@pytest.mark.long
@pytest.mark.parametrize("theme", ["day", "night"])
@pytest.mark.parametrize("size", SIZES)
def test_no_page_has_a_serious_finding(box: Box, browser: Browser, theme: str, size: str) -> None:
    desk = Desk(create_app(box.directory.path).test_client(), "Ana")
    box.set(approach=True)
    box.card("472288")
    until(lambda: box.lane()["last_decision"])
    desk.edit(site={**desk.draft().site["site"], "name": "South Court"})
    browser.look(theme, SIZES[size])
    assert len(addresses(desk)) > 12
    wrong = {address: told for address in addresses(desk) if (told := browser.findings(address))}
    assert wrong == {}


def test_a_field_without_a_name_is_found(chrome: webdriver.Chrome) -> None:
    chrome.get("data:text/html,<html lang=en><title>x</title><main><h1>x</h1><input></main></html>")
    assert [one.partition(":")[0] for one in findings(chrome)] == ["label"]
