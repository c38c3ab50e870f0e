"""A board falls silent, its engine is killed, and the repair goes through two people's browsers; on true wires."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from drivers.sim.site import SimSite
from gateway.demo.line import free_port
from gateway.physics.controller import ArmSpec
from tests.support.site_process import Gateway, gateway, site_document
from tests.web_guard.conftest import SHOTS, open_chrome, wait_until
from tests.web_installer.axe import findings
from tests.web_installer.health.past import write_past
from web.people.auth import COOKIE

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.timeout(240)]
PINS = {"Ana": "7391", "Lin": "2468"}
PEOPLE = [
    {"name": "Ana", "role": "installer", "pin": PINS["Ana"]},
    {"name": "Lin", "role": "guard", "pin": PINS["Lin"]},
]
SIZES = ((1366, 768), (820, 1180), (390, 844))
LOOKS = (("en", "day"), ("zh_CN", "night"))
# What a finger or an eye would miss: a page that is wider than its screen, and what is too low to be hit.
MISSED = """
    const wide = document.documentElement.scrollWidth > innerWidth ? ["the page is wider than its screen"] : [];
    const low = [...document.querySelectorAll("main :is(button, a, select, input, summary)")].filter((one) => {
      const box = one.getBoundingClientRect();
      return one.type !== "hidden" && one.type !== "radio" && box.height > 0 && box.height < 47.5;
    });
    return [...wide, ...low.map((one) => one.outerHTML.slice(0, 120))];
"""


class Site:
    """Simulated gates, a running engine, a web process, and the browser of one person after the other."""

    def __init__(self, sim: SimSite, running: Gateway, port: int, chrome: webdriver.Chrome) -> None:
        self.sim, self.gateway, self.port, self.chrome = sim, running, port, chrome
        self.url = f"http://127.0.0.1:{port}"

    def enter(self, name: str) -> None:
        """Another person signs in."""
        token = wait_until(lambda: self._signed_in(name), what="the web listens")
        self.chrome.execute_cdp_cmd("Network.enable", {})
        self.chrome.execute_cdp_cmd("Network.clearBrowserCookies", {})
        cookie = {"name": COOKIE, "value": token, "url": self.url, "httpOnly": True, "sameSite": "Strict"}
        self.chrome.execute_cdp_cmd("Network.setCookie", cookie)
        self.look("en", "day", (1366, 768))

    def _signed_in(self, name: str) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", "/sign-in")
            answer = connection.getresponse()
            csrf = answer.read().decode().partition('name="csrf" content="')[2].partition('"')[0]
            first = (answer.getheader("Set-Cookie") or "").partition(";")[0]
            body = urlencode({"name": name, "pin": PINS[name], "csrf": csrf})
            headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": first}
            connection.request("POST", "/sign-in", body, headers)
            cookies = connection.getresponse().msg.get_all("Set-Cookie") or []
        except OSError:
            return ""
        finally:
            connection.close()
        found = [one.partition(";")[0].partition("=") for one in cookies]
        return next((value for key, _, value in found if key == COOKIE and value), "")

    def look(self, locale: str, theme: str, size: tuple[int, int]) -> None:
        """Language, brightness and size of the browser."""
        for name, value in (("gatehouse_lang", locale), ("gatehouse_theme", theme)):
            self.chrome.execute_cdp_cmd("Network.setCookie", {"name": name, "value": value, "url": self.url})
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False}
        self.chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def open(self, path: str) -> None:
        """Open a page."""
        self.chrome.get(self.url + path)

    def says(self) -> str:
        """What the page says."""
        return str(self.chrome.execute_script("return document.querySelector('main')?.innerText ?? ''"))

    def press(self, text: str) -> None:
        """Press the button of that text by keyboard alone."""
        button = next(one for one in self.chrome.find_elements(By.CSS_SELECTOR, "main button") if one.text == text)
        self.chrome.execute_script("document.getElementById('main').focus()")
        for _ in range(40):
            self.chrome.switch_to.active_element.send_keys(Keys.TAB)
            if self.chrome.switch_to.active_element == button:
                break
        self.chrome.switch_to.active_element.send_keys(Keys.ENTER)

    def fill(self, name: str, text: str) -> None:
        """Type into a field."""
        self.chrome.find_element(By.NAME, name).send_keys(text)

    def missed(self, path: str, name: str) -> list[str]:
        """What is wrong with a page in any size, language and brightness; leaves a picture of each."""
        wrong = []
        SHOTS.mkdir(parents=True, exist_ok=True)
        for locale, theme in LOOKS:
            for size in SIZES:
                self.look(locale, theme, size)
                self.open(path)
                wrong += self.chrome.execute_script(MISSED) + findings(self.chrome)
                self.chrome.save_screenshot(str(SHOTS / f"installer-{name}-{locale}-{size[0]}.png"))
        self.look("en", "day", (1366, 768))
        return wrong

    def rows(self, prefix: str) -> list[str]:
        """The rows of the journal of that family."""
        types = [str(event["type"]).removeprefix("gatehouse.") for event in self.gateway.events()]
        return [one for one in types if one.startswith(prefix)]


@contextmanager
def running(path: Path, chrome: webdriver.Chrome) -> Iterator[Site]:
    """Everything, started."""
    with ExitStack() as stack:
        sim = stack.enter_context(SimSite(path, spec=ArmSpec(travel_ms=900)))
        port = free_port()
        document = site_document(sim.devices_document(), sim.lanes_document(), http_port=port, site={"locale": "en"})
        process = stack.enter_context(gateway(path / "data", {**document, "operators": PEOPLE}))
        process.start_engine()
        process.start("web")
        yield Site(sim, process, port, chrome)
        chrome.get("about:blank")


@pytest.fixture
def chrome() -> Iterator[webdriver.Chrome]:
    driver = open_chrome()
    yield driver
    driver.quit()


def test_a_silent_board_is_one_order_through_a_kill_until_two_people_have_mended_it(
    tmp_path: Path, chrome: webdriver.Chrome
) -> None:
    with running(tmp_path, chrome) as site:
        site.enter("Ana")
        site.open("/installer/repairs")
        assert "No repair order is open." in site.says()
        site.sim.boards["in"].faults.silent = True
        wait_until(lambda: site.rows("repair."), what="an order")
        site.gateway.kill()
        site.gateway.start_engine()
        wait_until(lambda: site.rows("gateway.started")[1:], what="another run")
        site.open("/installer/repairs")
        assert "1 repair order is open." in site.says()
        assert "Device does not answer" in site.says()
        wait_until(lambda: site.gateway.device("io-in")["state"] == "lost", what="the board is lost in this run too")
        assert site.missed("/installer/repairs", "repairs") == []
        site.open("/installer/repairs")
        chrome.find_element(By.CSS_SELECTOR, ".repairs-line").click()
        order = chrome.current_url.removeprefix(site.url)
        assert site.missed(order, "repair") == []
        site.open(order)
        assert site.gateway.device("io-in")["last_error"] in site.says()
        site.press("I take it")
        wait_until(lambda: "Assigned to Ana by Ana" in site.says(), what="the order is hers")
        site.press("I am on site")
        wait_until(lambda: "Noted: on site." in site.says(), what="on site")
        site.fill("note", "plug cleaned")
        site.press("Report mended")
        wait_until(lambda: "Another person must confirm it." in site.says(), what="reported")
        assert not [one for one in chrome.find_elements(By.CSS_SELECTOR, "button") if one.text == "It works: confirm"]
        site.enter("Lin")
        site.open(order)
        site.press("It works: confirm")
        wait_until(lambda: "The fault is still measured." in site.says(), what="the refusal")
        site.sim.boards["in"].faults.silent = False
        wait_until(lambda: site.rows("device.restored"), what="the board is back")
        site.open(order)
        site.press("It works: confirm")
        wait_until(lambda: "Confirmed. The order is closed." in site.says(), what="confirmed")
        assert site.rows("repair.") == [
            "repair.opened", "repair.assigned", "repair.arrived", "repair.reported", "repair.confirmed",
        ]  # fmt: skip


def test_health_can_be_read_and_touched_in_every_size_and_language(tmp_path: Path, chrome: webdriver.Chrome) -> None:
    with running(tmp_path, chrome) as site:
        write_past(site.gateway.directory.measurements, devices=("io-in", "io-out", "reader-in", "reader-out"))
        site.enter("Ana")
        site.open("/installer/health")
        assert "the arm opens slower" in site.says()
        assert site.missed("/installer/health", "health") == []
        assert site.missed("/installer/health?of=years", "health-years") == []
        assert site.missed("/installer/health/devices/io-in", "health-device") == []
