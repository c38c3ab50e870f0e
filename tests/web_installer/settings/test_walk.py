"""The forms in a browser: every size, language and brightness, by keyboard alone, a mistake gets the focus."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from drivers.catalogue import catalogue
from gateway.store.directory import DataDirectory
from tests.support.engine_stand_in import engine_stand_in
from tests.web_guard.conftest import SHOTS, open_chrome, wait_until
from tests.web_installer.axe import findings
from tests.web_installer.settings.conftest import SITE, planned
from web.front.server import Server
from web.installer.frame.draft import Draft
from web.people.auth import COOKIE

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]
SIZES = ((1366, 768), (820, 1180), (390, 844))
LOOKS = (("en", "day"), ("zh_CN", "night"))
HOME = "/installer/settings"
PAGES = (
    "", "/site", "/network", "/clock", "/retention", "/pictures", "/repairs", "/broker", "/remote_open", "/groups",
    "/groups/0", "/stations", "/stations/0", "/interlocks/new", "/devices", "/devices/new", "/devices/new?driver=gpio",
    "/devices/new?driver=serial-display", "/devices/io", "/people", "/people/one?name=Lin", "/tokens", "/keys",
    "/backups", "/support", "/certificates", "/tariffs", "/tariffs/0", "/tariffs/new", "/charging", "/calendar",
)  # fmt: skip
# A page that is wider than its screen, what is too low for a finger, what is cut.
MISSED = """
const found = [], main = document.querySelector("main");
const say = (what, el) => found.push(what + el.outerHTML.slice(0, 80));
const targets = 'button, select, summary, textarea, a.in-button, a.st-link, input:not([type=hidden])';
if (document.documentElement.scrollWidth > innerWidth + 1) found.push('the page is wider than the screen');
for (const el of main.querySelectorAll(targets)) {
  if (!el.checkVisibility()) continue;
  const ticked = el.matches('[type=checkbox], [type=radio]');
  const box = (ticked ? el.closest('label') : el).getBoundingClientRect();
  if (box.height < 47.5) say('low ' + box.height + ': ', el);
  if (box.left < -1 || (box.right > innerWidth + 1 && !el.closest('.in-scroll'))) say('outside: ', el);
}
for (const el of main.querySelectorAll('*')) {
  if (!el.checkVisibility() || el.closest('svg, .in-scroll, select, input, textarea')) continue;
  if (el.clientWidth > 4 && el.scrollWidth > el.clientWidth + 1) say('cut: ', el);
}
return found;
"""


class Site:
    """The pages on a real server, with a browser in front of them."""

    def __init__(self, chrome: webdriver.Chrome, directory: DataDirectory) -> None:
        self.chrome = chrome
        self.server = Server(directory.path, "127.0.0.1", 0)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.server.run, args=(self._stop,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self.server.port}"
        self.held = self.server.app.extensions["gatehouse"]
        self.cookie(COOKIE, self.held.sessions.create(self.held.site.operators()["Ana"]))

    def close(self) -> None:
        """End the server."""
        self.chrome.get("about:blank")
        self._stop.set()
        self._thread.join(10)

    def cookie(self, name: str, value: str) -> None:
        """Set a cookie."""
        self.chrome.execute_cdp_cmd("Network.setCookie", {"name": name, "value": value, "url": self.url})

    def look(self, locale: str, theme: str, size: tuple[int, int]) -> None:
        """Language, brightness and size."""
        self.cookie("gatehouse_lang", locale)
        self.cookie("gatehouse_theme", theme)
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": False}
        self.chrome.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def open(self, path: str) -> None:
        """Open a page."""
        self.chrome.get(self.url + HOME + path)

    def tab_to(self, wanted: str) -> None:
        """Press Tab until the element that fits the selector has the focus."""
        for _ in range(80):
            if self.chrome.switch_to.active_element.get_attribute("outerHTML") and self.chrome.execute_script(
                "return document.activeElement.matches(arguments[0])", wanted
            ):
                return
            self.chrome.switch_to.active_element.send_keys(Keys.TAB)
        raise AssertionError(f"Tab never comes to {wanted}")

    def press(self, *keys: str) -> None:
        """Press keys at what has the focus."""
        self.chrome.switch_to.active_element.send_keys(*keys)

    def says(self, text: str) -> None:
        """Wait until the page says something."""
        wait_until(lambda: text in self.chrome.find_element(By.TAG_NAME, "main").text, what=text)

    def draft(self) -> Draft:
        """The working draft of Ana."""
        return Draft("Ana", self.held.site, self.held.database)


@pytest.fixture(scope="module")
def chrome() -> Iterator[webdriver.Chrome]:
    """A browser."""
    driver = open_chrome()
    yield driver
    driver.quit()


@pytest.fixture
def site(chrome: webdriver.Chrome, tmp_path: Path) -> Iterator[Site]:
    """A site with an engine that knows its drivers and checks its settings."""
    directory = DataDirectory(tmp_path / "data")
    directory.create(SITE)
    with engine_stand_in(directory.socket) as engine:
        engine.answers = {
            "driver.list": lambda _: msgspec.to_builtins(catalogue(tmp_path)),
            "site.plan": lambda asked: planned(directory, asked["document"]),
            "token.list": lambda _: [],
        }
        found = Site(chrome, directory)
        found.look("en", "day", SIZES[0])
        yield found
        found.close()


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_nothing_is_cut_too_small_or_without_a_name(site: Site, size: tuple[int, int]) -> None:
    wrong = {}
    SHOTS.mkdir(parents=True, exist_ok=True)
    for locale, theme in LOOKS:
        site.look(locale, theme, size)
        for path in PAGES:
            site.open(path)
            found = site.chrome.execute_script(MISSED) + findings(site.chrome)
            if found:
                wrong[locale, path] = found
            name = path.strip("/").replace("/", "-").replace("?", "-").replace("=", "-") or "index"
            site.chrome.save_screenshot(str(SHOTS / f"installer-settings-{name}-{locale}-{size[0]}.png"))
    assert wrong == {}


def test_a_section_is_changed_by_keyboard_alone(site: Site) -> None:
    site.open("")
    site.tab_to('a[href="/installer/settings/site"]')
    site.press(Keys.ENTER)
    site.says("What the estate is called")
    site.tab_to('[name="capacity"]')
    site.press("120")
    site.tab_to('[value="keep"]')
    site.press(Keys.ENTER)
    site.says("Kept in your draft")
    assert site.draft().site["site"]["capacity"] == 120


def test_a_mistake_is_said_at_its_field_and_has_the_focus(site: Site) -> None:
    site.open("/retention")
    site.tab_to('[name="days"]')
    site.press(Keys.CONTROL, "a")
    site.press("0")
    site.press(Keys.ENTER)
    site.says("from 1 to 3650")
    assert site.chrome.switch_to.active_element.get_attribute("name") == "days"
    assert not site.draft().changed


def test_a_fault_of_the_draft_leads_to_its_field(site: Site) -> None:
    site.open("/devices/io#devices[2].unit")
    wait_until(lambda: site.chrome.switch_to.active_element.get_attribute("name") == "unit", what="the focus")


def test_a_device_is_added_by_keyboard_with_rows_of_its_own(site: Site) -> None:
    site.open("/devices/new?driver=gpio")
    site.tab_to('[name="id"]')
    site.press("pins")
    for number, pin in enumerate(("17", "27")):
        site.tab_to(f'[name="outputs[{number}].pin"]')
        site.press(pin)
        if number == 0:
            site.tab_to('[data-add="outputs"]')
            site.press(Keys.ENTER)
    site.tab_to('[value="keep"]')
    site.press(Keys.ENTER)
    site.says("Kept in your draft")
    assert site.draft().site["devices"][-1]["outputs"] == [{"pin": 17}, {"pin": 27}]


def test_a_period_is_added_with_blocks_of_its_own_and_tried_before_it_is_kept(site: Site) -> None:
    site.open("/tariffs/0")
    site.chrome.find_element(By.CSS_SELECTOR, '[data-add="periods"]').click()
    site.tab_to('[name="periods[3].id"]')
    site.press("noon")
    for name, text in (("from", "11:00"), ("until", "13:00"), ("blocks[0].minutes", "60"), ("blocks[0].price", "1.5")):
        site.tab_to(f'[name="periods[3].{name}"]')
        site.press(text)
    site.chrome.find_element(By.CSS_SELECTOR, '[data-add="periods[3].blocks"]').click()
    assert site.chrome.switch_to.active_element.get_attribute("name") == "periods[3].blocks[1].minutes"
    site.press("30")
    site.tab_to('[name="periods[3].blocks[1].price"]')
    site.press("1")
    for name, text in (("from", "2026-12-02T10:30"), ("until", "2026-12-02T13:00")):
        field = site.chrome.find_element(By.NAME, f"try.{name}")
        site.chrome.execute_script("arguments[0].value = arguments[1]", field, text)
    site.tab_to('[value="try"]')
    site.press(Keys.ENTER)
    site.says("150 minutes cost 8.50 CNY")
    assert site.chrome.switch_to.active_element.get_attribute("name") == "try.from"
    assert not site.draft().changed
    site.chrome.find_element(By.CSS_SELECTOR, '[value="keep"]').click()
    site.says("Kept in your draft")
    noon = site.draft().site["tariffs"][0]["periods"][-1]
    assert noon == {
        "id": "noon",
        "from": "11:00",
        "until": "13:00",
        "blocks": [{"minutes": 60, "price": 150}, {"minutes": 30, "price": 100}],
    }


def test_the_fields_of_a_connection_follow_its_kind(site: Site) -> None:
    site.open("/devices/io")
    port = site.chrome.find_element(By.NAME, "link:serial.port")
    assert not port.is_displayed()
    site.chrome.find_element(By.CSS_SELECTOR, '[name="link"][value="serial"]').click()
    assert port.is_displayed()
    assert not site.chrome.find_element(By.NAME, "link:tcp.host").is_displayed()
