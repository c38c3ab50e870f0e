"""A gateway on simulated hardware with the installer's pages in front of it, in real processes and on true wires."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from drivers.sim.site import SimSite
from gateway.demo.line import free_port
from gateway.physics.controller import ArmSpec
from tests.support.site_process import Gateway, gateway, site_document
from tests.web_guard.conftest import wait_until
from web.people.auth import COOKIE

TRAVEL_MS = 900
ANA = {"name": "Ana", "role": "installer", "pin": "7391"}
SIZES = ((1366, 768), (820, 1180), (390, 844))


class Site:
    """Simulated gates, a running engine, a web process, and an installer's browser."""

    def __init__(self, sim: SimSite, running: Gateway, port: int, chrome: webdriver.Chrome) -> None:
        self.sim, self.gateway, self.port, self.chrome = sim, running, port, chrome
        self.url = f"http://127.0.0.1:{port}"

    def start(self) -> None:
        """Start engine and web, and sign in."""
        self.gateway.start_engine()
        self.gateway.start("web")
        token = wait_until(self._signed_in, what="the web listens")
        self.chrome.execute_cdp_cmd("Network.enable", {})
        self.chrome.execute_cdp_cmd("Network.clearBrowserCookies", {})
        cookie = {"name": COOKIE, "value": token, "url": self.url, "httpOnly": True, "sameSite": "Strict"}
        self.chrome.execute_cdp_cmd("Network.setCookie", cookie)
        self.look("en", "day")

    def _signed_in(self) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", "/sign-in")
            answer = connection.getresponse()
            form = answer.read().decode()
            token = form.partition('name="csrf" content="')[2].partition('"')[0]
            first = (answer.getheader("Set-Cookie") or "").partition(";")[0]
            body = urlencode({"name": ANA["name"], "pin": ANA["pin"], "csrf": token})
            headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": first}
            connection.request("POST", "/sign-in", body, headers)
            cookies = connection.getresponse().msg.get_all("Set-Cookie") or []
        except OSError:
            return ""
        finally:
            connection.close()
        found = [one.partition(";")[0].partition("=") for one in cookies]
        return next((value for name, _, value in found if name == COOKIE and value), "")

    def look(self, locale: str, theme: str) -> None:
        """Language and brightness of the browser."""
        for name, value in (("gatehouse_lang", locale), ("gatehouse_theme", theme)):
            self.chrome.execute_cdp_cmd("Network.setCookie", {"name": name, "value": value, "url": self.url})

    def size(self, width: int, height: int) -> None:
        """The size of the browser in CSS pixels."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def open(self, path: str) -> None:
        """Open a page."""
        self.chrome.get(self.url + path)

    def one(self, css: str) -> WebElement:
        """The element."""
        return self.chrome.find_element(By.CSS_SELECTOR, css)

    def text(self, css: str = "main") -> str:
        """The text of an element, "" while a page that has it is on its way."""
        script = "const one = document.querySelector(arguments[0]); return one ? one.innerText : ''"
        return str(self.chrome.execute_script(script, css))

    def choose(self, name: str, value: str) -> None:
        """Choose an option of a select by its value."""
        self.chrome.execute_script(
            "const one = document.getElementById(arguments[0]); one.value = arguments[1];"
            "one.dispatchEvent(new Event('change', {bubbles: true}));", name, value,
        )  # fmt: skip

    def fill(self, name: str, value: str) -> None:
        """Type into a field."""
        field = self.chrome.find_element(By.ID, name)
        field.clear()
        field.send_keys(value)

    def press(self, css: str) -> None:
        """Click what may be below the fold."""
        self.chrome.execute_script("arguments[0].scrollIntoView({block: 'center'})", self.one(css))
        self.one(css).click()

    def hold(self, css: str, ms: int = 800) -> None:
        """Hold a button with the mouse."""
        self.chrome.execute_script("arguments[0].scrollIntoView({block: 'center'})", self.one(css))
        box = self.one(css).rect
        top = self.chrome.execute_script("return [scrollX, scrollY]")
        at = {"x": box["x"] + box["width"] / 2 - top[0], "y": box["y"] + box["height"] / 2 - top[1], "button": "left"}
        self.chrome.execute_cdp_cmd("Input.dispatchMouseEvent", {**at, "type": "mousePressed", "clickCount": 1})
        self.chrome.execute_async_script(f"setTimeout(arguments[0], {ms})")
        self.chrome.execute_cdp_cmd("Input.dispatchMouseEvent", {**at, "type": "mouseReleased", "clickCount": 1})


@contextmanager
def running_site(path: Path, chrome: webdriver.Chrome, lanes: bool = True, **barrier: Any) -> Iterator[Site]:
    """Everything, started; without `lanes` the boards and readers run and no lane is written."""
    with ExitStack() as stack:
        sim = stack.enter_context(SimSite(path, spec=ArmSpec(travel_ms=TRAVEL_MS)))
        port = free_port()
        document = site_document(
            sim.devices_document(),
            sim.lanes_document(**barrier) if lanes else [],
            http_port=port,
            site={"locale": "en"},
        )
        running = stack.enter_context(gateway(path / "data", {**document, "operators": [ANA]}))
        made = Site(sim, running, port, chrome)
        made.start()
        yield made
