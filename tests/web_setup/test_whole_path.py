"""`gatehouse init`, `gatehouse run`, a browser: the whole path of the first hour on a real gateway."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from gateway.demo.line import free_port
from gateway.store.directory import DataDirectory
from tests.web_guard.conftest import open_chrome, wait_until
from tests.web_guard.test_longest import CUT

pytestmark = pytest.mark.real
SIZES = [(800, 480), (1366, 768), (390, 844)]


class Gateway:
    """A gateway as `init` made it, running."""

    def __init__(self, path: Path) -> None:
        self.path = path
        made = self._gatehouse("init", "--json")
        self.code, self.gateway = made["setup_code"], made["gateway"]
        self.port = free_port()
        documents = DataDirectory(path).documents
        site = documents.load()
        documents.save({**site, "gateway": {**site["gateway"], "http": {"port": self.port}, "clock": "trusted"}})
        argv = [sys.executable, "-m", "gateway", "run", "--data", str(path)]
        self._process = subprocess.Popen(argv, stderr=subprocess.DEVNULL)
        self.pid = self._process.pid
        wait_until(self.healthy, what="a healthy gateway")

    def _gatehouse(self, *argv: str) -> dict[str, str]:
        line = [sys.executable, "-m", "gateway", *argv, "--data", str(self.path)]
        found: dict[str, str] = json.loads(subprocess.run(line, capture_output=True, text=True, check=True).stdout)
        return found

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def healthy(self) -> bool:
        try:
            with urllib.request.urlopen(self.url("/healthz"), timeout=2) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def rows(self) -> list[str]:
        line = [sys.executable, "-m", "gateway", "events", "--format", "json", "--data", str(self.path)]
        text = subprocess.run(line, capture_output=True, text=True, check=True).stdout
        return [json.loads(row)["type"].removeprefix("gatehouse.") for row in text.splitlines()]

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(20)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    found = Gateway(tmp_path / "data")
    yield found
    found.stop()


@pytest.fixture
def chrome() -> Iterator[webdriver.Chrome]:
    driver = open_chrome()
    yield driver
    driver.quit()


def fill(chrome: webdriver.Chrome, **fields: str) -> None:
    for field, value in fields.items():
        box = chrome.find_element(By.ID, field)
        box.clear()
        box.send_keys(value)
    chrome.find_element(By.CSS_SELECTOR, ".go").click()


def size(chrome: webdriver.Chrome, width: int, height: int) -> None:
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def test_a_new_gateway_is_set_up_in_a_browser(gateway: Gateway, chrome: webdriver.Chrome) -> None:
    chrome.get(gateway.url("/"))
    assert chrome.current_url == gateway.url("/setup")
    for locale in ("zh_CN", "en"):
        chrome.add_cookie({"name": "gatehouse_lang", "value": locale})
        for width, height in SIZES:
            size(chrome, width, height)
            chrome.get(gateway.url("/setup"))
            assert chrome.execute_script(CUT, ".setup-main") == [], (locale, width)
    ana = {"site_name": "North Court", "name": "Ana", "pin": "7391", "pin_again": "7391"}
    fill(chrome, code="AAAA-AAAA-AAAA", **ana)
    wait_until(lambda: "The code is wrong" in chrome.page_source, what="the mistake")
    fill(chrome, code=gateway.code.lower(), **ana)
    wait_until(lambda: chrome.current_url == gateway.url("/installer"), what="the page after it")
    assert "Find what is connected" in chrome.page_source
    for width, height in SIZES:
        size(chrome, width, height)
        chrome.get(gateway.url("/"))
        assert chrome.execute_script(CUT, ".in-main") == [], width
    chrome.get(gateway.url("/setup"))
    assert "over" in chrome.page_source
    wait_until(lambda: gateway.rows().count("gateway.started") == 2 and gateway.healthy(), what="the engine anew")
    told = [row for row in gateway.rows() if row.split(".")[0] in ("settings", "operator")]
    assert told == ["settings.changed", "settings.changed", "operator.added", "operator.signed_in"]
    site = DataDirectory(gateway.path).documents.load()
    assert (site["site"]["id"], site["site"]["name"]) == ("north-court", "North Court")
    assert site["gateway"]["id"] == gateway.gateway
    assert (gateway.path / "set-up").exists()
