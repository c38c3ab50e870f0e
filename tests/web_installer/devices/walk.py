"""A gateway with devices on true wires, and a browser in front of it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from drivers.sim.site import SimSite
from drivers.sim.text_device import SimTextDevice
from gateway.demo.line import free_port
from gateway.store.directory import DataDirectory
from gateway.store.journal.reader import JournalReader
from tests.support.site_process import Gateway, wait_for
from web.people.auth import COOKIE
from web.platform.services import Services

PEOPLE = [{"name": "Ana", "role": "installer", "pin": "7391"}, {"name": "Lin", "role": "guard", "pin": "2468"}]
CARD = "472288"


class Bench:
    """The site, its processes, and what a person does."""

    def __init__(self, chrome: webdriver.Chrome, path: Path, locale: str = "en") -> None:
        self.chrome = chrome
        self._ends = contextlib.ExitStack()
        path.mkdir(parents=True, exist_ok=True)
        self.site = self._ends.enter_context(SimSite(path, {"in": "entry"}))
        self.display = SimTextDevice(path / "display")
        self.keypad = SimTextDevice(path / "keypad")
        self._ends.callback(self.display.close)
        self._ends.callback(self.keypad.close)
        self.port = free_port()
        self.directory = DataDirectory(path / "data")
        self.directory.create(self._document(locale))
        self.gateway = Gateway(path / "data")
        self.gateway.start("run")
        self._ends.callback(self.gateway.stop, "run")
        wait_for(self._answers, "the engine")
        self.token = self._enter()

    def _document(self, locale: str) -> dict[str, Any]:
        lanes = self.site.lanes_document()
        lanes[0] |= {"name": "North in", "displays": ["display-in"]}
        return {
            "site": {"id": "north-court", "name": "North Court", "locale": locale},
            "gateway": {"id": "gw1", "clock": "trusted", "http": {"port": self.port}},
            "devices": [
                *self.site.devices_document(),
                {"id": "display-in", "driver": "serial-display", "port": self.display.path},
                {"id": "keypad", "driver": "serial-text", "port": self.keypad.path, "kind": "pin", "name": "Keypad in"},
                {"id": "camera-in", "driver": "plate-http", "plate": "car.plate"},
                {"id": "old-reader", "driver": "rdm6300", "port": "/dev/serial/by-path/pulled-out"},
            ],
            "lanes": lanes,
            "operators": PEOPLE,
        }

    def _answers(self) -> bool:
        with contextlib.suppress(Exception):
            return bool(self.gateway.client.call("ping")["ready"])
        return False

    def _enter(self) -> str:
        held = Services(self.directory.path)
        try:
            return held.sessions.create(held.site.operators()["Ana"])
        finally:
            held.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def open(self, path: str, width: int = 1366, height: int = 768) -> None:
        """Open a page as Ana, on a screen of that size."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        cookie = {"name": COOKIE, "value": self.token, "url": self.url, "httpOnly": True, "sameSite": "Strict"}
        self.chrome.execute_cdp_cmd("Network.setCookie", cookie)
        self.chrome.get(self.url + path)

    def look(self, lang: str, theme: str) -> None:
        """Choose language and brightness."""
        for name, value in (("gatehouse_lang", lang), ("gatehouse_theme", theme)):
            self.chrome.execute_cdp_cmd("Network.setCookie", {"name": name, "value": value, "url": self.url})

    def one(self, selector: str) -> WebElement:
        """An element."""
        return self.chrome.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        """What an element says; empty without it."""
        found = self.chrome.find_elements(By.CSS_SELECTOR, selector)
        return found[0].text if found else ""

    def rows(self, *types: str) -> list[dict[str, Any]]:
        """The journal's rows of these types."""
        reader = JournalReader(self.directory.journal)
        try:
            return [row.data() for row in reader.page(0, 1000, types)]
        finally:
            reader.close()

    def push(self, document: dict[str, Any]) -> int:
        """The camera pushes; the status of the answer."""
        made = self.gateway.client.call(
            "token.create",
            name=f"camera-{time.monotonic_ns() % 1_000_000}",
            scopes=["plates:push"],
            expires_at="",
            by="Ana",
            via="cli",
        )
        body = json.dumps(document).encode()
        asked = urllib.request.Request(f"{self.url}/hooks/plates/camera-in?token={made['token']}", body, method="POST")
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return int(answer.status)

    def engine_pid(self) -> int:
        """The process of the engine, 0 while none answers."""
        with contextlib.suppress(Exception):
            return int(self.gateway.client.call("ping")["pid"])
        return 0

    def kill_engine(self) -> None:
        """The engine is killed; its supervisor starts another."""
        os.kill(self.engine_pid(), signal.SIGKILL)

    def close(self) -> None:
        """Leave the page and end everything."""
        self.chrome.get("about:blank")
        self._ends.close()


@contextmanager
def bench_at(chrome: webdriver.Chrome, path: Path, locale: str = "en") -> Iterator[Bench]:
    """A bench for a while."""
    found = Bench(chrome, path, locale)
    try:
        yield found
    finally:
        found.close()
