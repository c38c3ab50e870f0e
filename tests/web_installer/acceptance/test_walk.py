"""The page of a lane in a browser: live on both ends, a drawn signature, every size and language, and the paper."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.engine.settings.conftest import Box
from tests.web_guard.conftest import open_chrome, wait_until
from tests.web_installer.acceptance.test_pages import LANE, act, live, tick_all
from tests.web_installer.conftest import Desk
from tests.web_installer.lanes.test_sizes import UNTOLD, WRONG
from tests.web_installer.test_axe import Browser

pytestmark = [pytest.mark.long, pytest.mark.timeout(180)]
AT_OPEN = "barriers.in.at_open"
SIZES = ((1366, 768), (820, 1180), (390, 844))
WHOLE = {"arm_detached": "io.input.4", "fault": "io.input.5", "mains": "io.input.6", "stop": "io.output.2"}


@pytest.fixture(scope="module")
def chrome() -> Iterator[webdriver.Chrome]:
    driver = open_chrome()
    yield driver
    driver.quit()


class Page(Browser):
    """The installer's browser on the page of the entry."""

    def open(self, address: str = LANE) -> None:
        self.chrome.get(self.url + address)

    def text(self, css: str) -> str:
        return str(self.chrome.execute_script(f"return document.querySelector({css!r})?.innerText ?? ''"))

    def one(self, css: str) -> Any:
        return self.chrome.find_element(By.CSS_SELECTOR, css)

    def cell(self, end: str, point: str = AT_OPEN) -> str:
        return self.text(f'[data-point="{point}"] [data-end="{end}"]')

    def press(self, css: str) -> None:
        self.chrome.execute_script("arguments[0].scrollIntoView({block: 'center'})", self.one(css))
        self.one(css).click()

    def draw(self) -> None:
        """Draw with the mouse."""
        self.chrome.execute_script("arguments[0].scrollIntoView({block: 'center'})", self.one("#ac-canvas"))
        box = self.chrome.execute_script(
            "const b = document.getElementById('ac-canvas').getBoundingClientRect();"
            "return [b.left, b.top, b.width, b.height]"
        )
        for kind, x in (("mousePressed", 0.2), ("mouseMoved", 0.5), ("mouseMoved", 0.8), ("mouseReleased", 0.8)):
            at = {"x": box[0] + box[2] * x, "y": box[1] + box[3] * (0.3 + x / 2), "button": "left", "buttons": 1}
            self.chrome.execute_cdp_cmd("Input.dispatchMouseEvent", {**at, "type": kind, "clickCount": 1})

    def inks(self, theme: str) -> list[str]:
        """Ink and paper of the printed sheet."""
        self.chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        found: list[str] = self.chrome.execute_script(
            "document.documentElement.dataset.theme = arguments[0];"
            "const style = getComputedStyle(document.querySelector('.ac-paper'));"
            "return [style.color, style.backgroundColor];",
            theme,
        )
        self.chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
        return found

    def printed(self) -> bytes:
        return base64.b64decode(self.chrome.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"])


@pytest.fixture
def page(chrome: webdriver.Chrome, box: Box) -> Iterator[Page]:
    found = Page(chrome, box)
    found.enter("Ana")
    found.look("day", SIZES[0])
    yield found
    found.close()


@pytest.fixture
def mei(client: Any) -> Desk:
    return Desk(client, "Mei")


def test_what_is_measured_and_ticked_is_seen_on_both_ends_without_a_reload(page: Page, mei: Desk, box: Box) -> None:
    page.open()
    first = page.text("#ac-next-name")
    assert first == "Limit: open"
    box.set(at_open=True, at_closed=False)
    box.set(at_open=False, at_closed=True)
    wait_until(lambda: "on " in page.text("#ac-next-value"), what="the contact is seen to switch")
    page.press("#ac-next [data-act]")
    wait_until(lambda: "Ana" in page.cell("installer"), what="the tick is shown")
    assert page.text("#ac-next-name") != first
    act(mei, "tick", AT_OPEN)
    wait_until(lambda: "Mei" in page.cell("control_room"), what="the other end's tick arrives")
    wait_until(lambda: page.text("#ac-count").startswith("1 of"), what="the point counts")
    page.press(f'[data-point="{AT_OPEN}"] [data-end="installer"] button')
    wait_until(lambda: "Ana" not in page.cell("installer"), what="the tick is taken back")
    assert "Taken back by Ana" in page.text(f'[data-point="{AT_OPEN}"]')


def test_a_point_that_is_left_for_later_comes_again(page: Page) -> None:
    page.open()
    wait_until(lambda: page.one("#ac-skip").is_displayed(), what="the page's script has news")
    first = page.text("#ac-next-name")
    page.press("#ac-skip")
    assert page.text("#ac-next-name") != first


def test_settings_that_take_a_tick_away_show_so(page: Page, ana: Desk, mei: Desk, box: Box) -> None:
    tick_all(ana, mei)
    page.open()
    document = box.call("site.get")["site"]
    document["lanes"][0]["barrier"]["at_open"] = {"point": "io.input.0", "normally": "closed"}
    box.apply(document, by="Ben", confirm_s=0)
    wait_until(lambda: "Polarity changed by Ben" in page.text(f'[data-point="{AT_OPEN}"]'), what="the loss is shown")
    assert "Ana" not in page.cell("installer")


def test_a_drawn_signature_hands_the_lane_over_and_prints(page: Page, ana: Desk, mei: Desk) -> None:
    tick_all(ana, mei)
    act(mei, "sign")
    page.open()
    wait_until(lambda: page.one("#ac-canvas").is_displayed(), what="the field to sign in is there")
    page.draw()
    page.press("#ac-sign-go")
    wait_until(lambda: page.text("#ac-state") == "Handed over", what="the lane is handed over")
    assert page.one("[data-signed=installer] img").get_property("naturalWidth") == 600
    page.open(f"{LANE}/sheet")
    assert page.printed().count(b"/Type /Page\n") == 1
    assert page.inks("night") == page.inks("day") == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]


def test_everything_can_be_done_by_the_keyboard_alone(page: Page, ana: Desk, mei: Desk) -> None:
    tick_all(mei)
    for point in live(ana)["rows"][1:]:
        act(ana, "tick", point["id"])
    page.open()
    page.chrome.execute_script("document.querySelector('#ac-next [data-act]').focus()")
    page.chrome.switch_to.active_element.send_keys(Keys.ENTER)
    wait_until(lambda: page.one("#ac-sign-go").is_displayed(), what="the sheet can be signed")
    page.chrome.execute_script("document.getElementById('ac-sign-go').focus()")
    page.chrome.switch_to.active_element.send_keys(Keys.ENTER)
    wait_until(lambda: "Ana" in page.text("[data-signed=installer]"), what="it is signed without a drawing")


@pytest.mark.parametrize("theme", ["day", "night"])
@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_cut_or_too_small_for_a_finger(
    page: Page, ana: Desk, mei: Desk, box: Box, theme: str, size: tuple[int, int]
) -> None:
    box.apply({**box.call("site.get")["site"]}, by="Ben", confirm_s=0)
    act(ana, "tick", AT_OPEN)
    act(mei, "tick", AT_OPEN)
    act(ana, "tick", "barriers.in.at_closed")
    act(ana, "withdraw", "barriers.in.at_closed")
    page.look(theme, size)
    wrong = []
    for address in ("/installer/acceptance", LANE, f"{LANE}/sheet"):
        page.open(address)
        wrong += [f"{address} {one}" for one in page.chrome.execute_script(WRONG) if "ac-paper" not in one]
        wrong += [f"{address} {one}" for one in page.chrome.execute_script(UNTOLD)]
    assert wrong == []


def test_a_whole_lane_fits_on_one_page_of_paper(chrome: webdriver.Chrome, tmp_path: Path, quick: None) -> None:
    from tests.engine.settings.conftest import SITE, lane
    from tests.web_installer.conftest import PEOPLE

    whole = lane("in", "io", clear_loop="io.input.7", **WHOLE)
    whole |= {
        "siren": "io.output.3", "lights": {"red": "io.output.4", "green": "io.output.5"},
        "signals": {"granted": "io.output.6", "denied": "io.output.7"}, "fire": "io2.input.4", "panic": "io2.input.5",
    }  # fmt: skip
    whole["barrier"] |= {
        "safety_loop": ["io.input.2", "io2.input.6"], "max_cycles_per_h": 60,
        "service_limits": {"cycles": 500_000, "relay_operations": 900_000, "crashes_per_month": 2, "travel_ms": 4000},
    }  # fmt: skip
    box = Box(tmp_path / "data", {**SITE, "lanes": [whole, SITE["lanes"][1]], "operators": PEOPLE})
    page = Page(chrome, box)
    try:
        desks = [Desk(page.server.app.test_client(), name) for name in ("Ana", "Mei")]
        tick_all(*desks)
        page.enter("Ana")
        page.look("night", SIZES[0])
        page.open(f"{LANE}/sheet")
        assert len(page.chrome.find_elements(By.CSS_SELECTOR, ".ac-sheet td.in-code")) >= 43
        paper = page.printed()
        assert paper.count(b"/Type /Page\n") == 1
    finally:
        page.close()
        box.stop()
