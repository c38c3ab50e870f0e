"""A real browser in front of a real waitress, with an engine that plays scenes on a real control socket."""

from __future__ import annotations

import functools
import http.client
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from gateway.demo.line import free_port
from tests.support import waiting
from tests.support.guard_scene import OPERATORS, PlayedEngine, make_site
from tests.support.waiting import PATIENCE_S
from web.front.server import Server
from web.people.auth import COOKIE

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-dev-shm-usage",
    "--window-size=1400,1000",
)
SHOTS = Path(__file__).parents[2] / "artefacts" / "screens"
# Each look goes through driver and browser and costs them more than what is waited for.
wait_until = functools.partial(waiting.wait_until, every_s=0.05)
CHROMIUM, CHROMEDRIVER = Path("/usr/bin/chromium"), Path("/usr/bin/chromedriver")


class TidyChrome(webdriver.Chrome):
    """A Chromium whose temporary files go with it; by itself it leaves some 20 MB each time."""

    def __init__(self, options: Options) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        env = {**os.environ, "TMPDIR": self._scratch.name}
        super().__init__(options=options, service=Service(str(CHROMEDRIVER), env=env))

    def quit(self) -> None:
        """End the browser and remove what it wrote."""
        super().quit()
        self._scratch.cleanup()


def open_chrome(*flags: str) -> webdriver.Chrome:
    """A headless Chromium of its own, with more flags; skips the test where there is none."""
    if not (CHROMIUM.exists() and CHROMEDRIVER.exists()):
        pytest.skip("needs chromium and chromium-driver")
    options = Options()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, *flags):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = TidyChrome(options)
    driver.set_script_timeout(15)
    return driver


@pytest.fixture(scope="session")
def chrome() -> Iterator[webdriver.Chrome]:
    """One headless Chromium for all tests."""
    driver = open_chrome()
    yield driver
    driver.quit()


class Booth:
    """A guard's booth: the site's server, its played engine, and a browser in front of it."""

    def __init__(self, chrome: webdriver.Chrome, path: Path, lanes: tuple[str, ...]) -> None:
        self.directory = make_site(path, lanes)
        self.engine = PlayedEngine(self.directory.socket)
        self.port = 0
        self.start_web()
        self.url = f"http://127.0.0.1:{self.port}"
        self.chrome = chrome
        self.size(800, 480)

    def start_web(self, port: int = 0) -> None:
        """Start the web server; on a given port as after a restart."""
        self.server = Server(self.directory.path, "127.0.0.1", port)
        self.port = self.server.port
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.server.run, args=(self._stop,), daemon=True)
        self._thread.start()

    def stop_web(self) -> int:
        """End the web server and give its port."""
        self._stop.set()
        self._thread.join(PATIENCE_S)
        return self.server.port

    def close(self) -> None:
        """Leave the page, then end server and engine."""
        self.chrome.get("about:blank")
        self.chrome.execute_cdp_cmd("Network.emulateNetworkConditions", _network(offline=False))
        self.stop_web()
        self.engine.stop()

    def size(self, width: int, height: int) -> None:
        """The screen's size in CSS pixels."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def open(self, path: str = "/") -> None:
        """Open a page."""
        self.chrome.get(self.url + path)

    def enter(self, name: str = "林小军") -> None:
        """Be at work, as somebody who has signed in."""
        self.forget()
        held = self.server.app.extensions["gatehouse"]
        token = held.sessions.create(held.site.operators()[name])
        cookie = {"name": COOKIE, "value": token, "url": self.url, "httpOnly": True, "sameSite": "Strict"}
        self.chrome.execute_cdp_cmd("Network.setCookie", cookie)
        self.open()
        wait_until(self.at_work)

    def sign_in(self, name: str = "林小军", pin: str = "2468") -> None:
        """Sign in by finger."""
        self.forget()
        self.open()
        self.tap_text(".name", name)
        self.type_pin("#pad", pin)
        wait_until(self.at_work)

    def forget(self) -> None:
        """Lose all cookies, as a browser that was never here."""
        self.chrome.execute_cdp_cmd("Network.clearBrowserCookies", {})

    def end_sessions(self) -> None:
        """End this browser's session at the server, as when the shift is over."""
        token = self.chrome.get_cookie(COOKIE)["value"]
        self.server.app.extensions["gatehouse"].sessions.end(token)

    def type_pin(self, pad: str, pin: str) -> None:
        """Tap a PIN and its last key."""
        wait_until(lambda: self.all(f"{pad} .key") and self.loaded())
        for digit in pin:
            self.one(f'{pad} [data-key="{digit}"]').click()
        self.one(f'{pad} [data-key="enter"]').click()

    def loaded(self) -> bool:
        """Whether the page is whole and its script has run."""
        return bool(self.script("return document.readyState === 'complete'"))

    def ready(self) -> bool:
        """Whether the guard screen's script runs."""
        return bool(self.chrome.execute_script("return document.body && document.body.dataset.ready === 'yes'"))

    def at_work(self) -> bool:
        """Whether the screen has news and its buttons take a touch: the first page may come before any, and a button
        that has just become another one rests for a moment."""
        code = """
            return document.querySelector('.lane[data-stale=""]') !== null
              && [...document.querySelectorAll('.act')].every((el) => performance.now() >= (el.dataset.rest ?? 0));
        """
        return self.ready() and bool(self.script(code))

    def one(self, css: str) -> WebElement:
        """The first element, which may come with a page that is still on its way."""
        wait_until(lambda: self.chrome.find_elements(By.CSS_SELECTOR, css), what=css)
        return self.chrome.find_element(By.CSS_SELECTOR, css)

    def all(self, css: str) -> list[WebElement]:
        """All elements that can be seen."""
        return [one for one in self.chrome.find_elements(By.CSS_SELECTOR, css) if one.is_displayed()]

    def text(self, css: str) -> str:
        """What an element says, "" while it is not there."""
        return str(self.script("return document.querySelector(arguments[0])?.textContent.trim() ?? ''", css))

    def tap_text(self, css: str, text: str) -> None:
        """Tap the element that holds this text."""
        wait_until(lambda: [one for one in self.all(css) if text in one.text], what=text)[0].click()

    def script(self, code: str, *values: Any) -> Any:
        """Run a script in the page."""
        return self.chrome.execute_script(code, *values)

    def press(self, css: str, kind: str) -> None:
        """Send one pointer event, as a finger that goes down or up."""
        self.touch(css, kind)

    def touch(self, css: str, *kinds: str) -> str:
        """Pointer events one after the other in one breath of the page; the element's classes after them.

        A finger that is only just lifted in time, or twice as quick as a machine that stalls between two commands of
        the driver, can be told in no other way.
        """
        code = """
            const [css, ...kinds] = arguments, el = document.querySelector(css);
            for (const kind of kinds) el.dispatchEvent(
              new PointerEvent(kind, { bubbles: true, cancelable: true, button: 0 }));
            return el.className;
        """
        return str(self.script(code, css, *kinds))

    def offline(self, offline: bool) -> None:
        """Cut or mend the browser's network."""
        self.chrome.execute_cdp_cmd("Network.enable", {})
        self.chrome.execute_cdp_cmd("Network.emulateNetworkConditions", _network(offline))

    def complaints(self) -> list[str]:
        """What the browser has complained of since the last time: CSP violations, script errors."""
        return [entry["message"] for entry in self.chrome.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def shoot(self, name: str) -> Path:
        """A screenshot for people to look at."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        path = SHOTS / f"{name}.png"
        self.chrome.save_screenshot(str(path))
        return path


class ApartBooth(Booth):
    """A booth whose web server is a process of its own, so that it can hang."""

    def start_web(self, port: int = 0) -> None:
        """Start the web process."""
        self.port = port or free_port()
        documents = self.directory.documents
        document = documents.load()
        documents.save({**document, "gateway": {**document["gateway"], "http": {"port": self.port}}})
        self.web = subprocess.Popen(
            [sys.executable, "-m", "gateway", "web", "--data", str(self.directory.path)],
            stdin=subprocess.DEVNULL,
            cwd=SHOTS.parents[1],
        )
        wait_until(lambda: self._signed_in(), what="the web process listens")

    def stop_web(self) -> int:
        """End the web process."""
        self.web.send_signal(signal.SIGCONT)
        self.web.terminate()
        self.web.wait(PATIENCE_S)
        return self.port

    def enter(self, name: str = "林小军") -> None:
        """Be at work, as somebody who has signed in."""
        self.forget()
        token = wait_until(lambda: self._signed_in(name))
        cookie = {"name": COOKIE, "value": token, "url": self.url, "httpOnly": True, "sameSite": "Strict"}
        self.chrome.execute_cdp_cmd("Network.setCookie", cookie)
        self.open()
        wait_until(self.at_work)

    @contextmanager
    def web_hangs(self) -> Iterator[None]:
        """The web process stands still for the length of the block."""
        self.web.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.web.send_signal(signal.SIGCONT)

    def _signed_in(self, name: str = "林小军") -> str:
        """A new session's token, "" while nobody listens."""
        pin = next(one["pin"] for one in OPERATORS if one["name"] == name)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        form = urlencode({"name": name, "pin": pin})
        try:
            connection.request("POST", "/sign-in", form, {"Content-Type": "application/x-www-form-urlencoded"})
            cookies = connection.getresponse().headers.get_all("Set-Cookie") or []
        except OSError:
            return ""
        finally:
            connection.close()
        return next((one.split(";")[0].split("=", 1)[1] for one in cookies if one.startswith(f"{COOKIE}=")), "")


def _network(offline: bool) -> dict[str, Any]:
    return {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}


@pytest.fixture
def booth(chrome: webdriver.Chrome, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Booth]:
    """A booth with two lanes, or those that the test names by parametrize(indirect)."""
    lanes: tuple[str, ...] = getattr(request, "param", ("in", "out"))
    made = Booth(chrome, tmp_path / "data", lanes)
    made.complaints()
    yield made
    made.close()


@pytest.fixture
def apart(chrome: webdriver.Chrome, tmp_path: Path) -> Iterator[ApartBooth]:
    """A booth with two lanes whose web server can hang."""
    made = ApartBooth(chrome, tmp_path / "data", ("in", "out"))
    made.complaints()
    yield made
    made.close()
