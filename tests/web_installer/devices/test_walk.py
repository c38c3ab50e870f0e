"""An electrician at the bench: real processes, devices on true wires, a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.support.site_process import wait_for
from tests.web_guard.conftest import SHOTS, open_chrome
from tests.web_installer.axe import findings
from tests.web_installer.devices.walk import CARD, Bench, bench_at

pytestmark = pytest.mark.real
SIZES = ((1366, 768), (820, 1180), (390, 844))
PAGES = ("", "/io-in", "/reader-in", "/display-in", "/camera-in", "/old-reader")
HOLD_S = 0.9
# What is wider than the screen, and what a thumb misses.
WIDE = "return document.documentElement.scrollWidth - innerWidth"
SMALL = """
return [...document.querySelectorAll('main button, main a[href], main input:not([type=hidden]), main summary')]
  .filter((el) => el.checkVisibility() && el.getBoundingClientRect().height < 47.5)
  .map((el) => el.outerHTML.slice(0, 90));
"""


@pytest.fixture(scope="module")
def chrome() -> Iterator[webdriver.Chrome]:
    driver = open_chrome()
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def bench(chrome: webdriver.Chrome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench_at(chrome, Path(tmp_path_factory.mktemp("bench"))) as found:
        yield found


@pytest.fixture(autouse=True)
def english(bench: Bench) -> None:
    bench.look("en", "day")


def goes_live(bench: Bench) -> None:
    """The page follows its device."""
    wait_for(lambda: bench.one("#device").get_attribute("data-live") == "yes", "the first news", 10)


def hold(bench: Bench, seconds: float = HOLD_S) -> None:
    """Press the button of the arm for so long."""
    button = bench.one("#arm-hold")
    ActionChains(bench.chrome).click_and_hold(button).pause(seconds).release().perform()


def picture(bench: Bench) -> str:
    """A picture in base64, as cameras send one along: what is on the screen now."""
    return bench.chrome.get_screenshot_as_base64()


def presented(bench: Bench, card: str) -> bool:
    """Hold a card to the reader; whether the page shows it."""
    bench.site.readers["in"].present(card)
    return f"Card {card}, 32 bits" in bench.text("#frames")


def test_the_table_shows_what_is_lost_first_and_why(bench: Bench) -> None:
    bench.open("/installer/devices")
    first = wait_for(lambda: bench.text("tbody tr:first-child"), "the table")
    assert "Lost" in first
    assert "old-reader" in first
    assert "plug the adapter in" in first


@pytest.mark.long
def test_a_loop_that_is_driven_over_shows_with_its_time(bench: Bench) -> None:
    bench.open("/installer/devices/io-in")
    goes_live(bench)
    bench.site.boards["in"].set_input(7, True)
    wait_for(lambda: "Input 7 on" in bench.text("#edges li"), "the edge")
    bench.site.boards["in"].set_input(7, False)
    wait_for(lambda: "Input 7 off" in bench.text("#edges li"), "the other edge")
    assert bench.one('[data-input="7"] .devices-lamp').get_attribute("data-level") == "off"


@pytest.mark.long
def test_polls_are_counted_with_their_meaning_and_bytes(bench: Bench) -> None:
    bench.open("/installer/devices/io-in")
    wait_for(lambda: "reads 8 inputs from 0" in bench.text("#frames"), "the poll")
    wait_for(lambda: "times, last at" in bench.text("#frames"), "its count")
    assert len(bench.chrome.find_elements(By.CSS_SELECTOR, "#frames li")) < 20


def test_a_card_is_decoded_and_the_one_that_the_pass_list_knows_is_marked(bench: Bench) -> None:
    swapped = str(int.from_bytes(int(CARD).to_bytes(4, "big")[::-1], "big"))
    card: dict[str, Any] = {"pass": {"id": "A-1-101", "kind": "monthly", "cards": [swapped]}, "by": "Lin"}
    bench.gateway.client.call("passes.put", **card)
    bench.open("/installer/devices/reader-in")
    goes_live(bench)
    bench.site.readers["in"].present(CARD)
    wait_for(lambda: "another format" in bench.text("#card-words"), "the verdict")
    assert bench.text("tr.is-known") == f"{swapped} lower four bytes swapped A-1-101 (Monthly pass)"
    assert f"Card {CARD}, 32 bits" in bench.text("#frames")


def test_a_pin_is_never_on_the_page(bench: Bench) -> None:
    bench.open("/installer/devices/keypad")
    goes_live(bench)
    bench.keypad.scan("73915")
    wait_for(lambda: "hidden" in bench.text("#frames"), "the keys")
    source = bench.chrome.page_source
    assert "73915" not in source
    assert "37 33 39 31 35" not in source


@pytest.mark.long
def test_a_pause_holds_the_frames_still_and_loses_none(bench: Bench) -> None:
    bench.open("/installer/devices/reader-in")
    goes_live(bench)
    bench.one("#pause").click()
    bench.site.readers["in"].present("11")
    wait_for(lambda: "11" in bench.text("#readings"), "the card")
    assert "Card 11" not in bench.text("#frames")
    bench.one("#pause").click()
    assert "Card 11, 32 bits" in bench.text("#frames")


@pytest.mark.long
@pytest.mark.parametrize("secure", [True, False], ids=["with a clipboard", "without one"])
def test_a_frame_is_copied_with_a_tap(bench: Bench, secure: bool) -> None:
    bench.open("/installer/devices/display-in")
    goes_live(bench)
    if not secure:
        bench.chrome.execute_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    else:
        bench.chrome.execute_cdp_cmd(
            "Browser.grantPermissions",
            {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"], "origin": bench.url},
        )
    bench.one('button[value="denied"]').click()
    wait_for(lambda: bench.text("#frames li"), "the frame")
    bench.one("#frames li button").click()
    wait_for(lambda: "copied" in bench.text(".devices-copied"), "the copy")
    words = bench.one("#words")
    words.clear()
    words.send_keys(Keys.CONTROL, "v")
    pasted = wait_for(lambda: words.get_attribute("value") or "", "the paste")
    assert re.match(r"\d\d:\d\d:\d\d\.\d{3}  >  0C ", pasted)


@pytest.mark.long
def test_a_camera_shows_its_last_message_and_picture_also_when_it_counts_for_nothing(bench: Bench) -> None:
    bench.open("/installer/devices/camera-in")
    goes_live(bench)
    assert "/hooks/plates/" in bench.text("#message-none")
    assert bench.push({"vehicle": {"plate": "粤B12345"}, "password": "s3cret", "image": picture(bench)}) == 200
    wait_for(lambda: "粤B12345" in bench.text("#message"), "the message")
    assert "s3cret" not in bench.chrome.page_source
    width = "const one = document.getElementById('picture'); return one.hidden ? 0 : one.naturalWidth"
    wait_for(lambda: bench.chrome.execute_script(width) > 10, "the picture")


@pytest.mark.long
def test_a_display_shows_the_words_that_were_typed(bench: Bench) -> None:
    bench.open("/installer/devices/display-in")
    goes_live(bench)
    words = bench.one("#words")
    words.clear()
    words.send_keys("HELLO")
    bench.display.shown()
    bench.one('button[value="granted"]').click()
    wait_for(lambda: bench.text("#said") == "Shown.", "the answer")
    assert b"HELLO" in wait_for(lambda: bench.display.shown(1.0), "the bytes")
    wait_for(lambda: "HELLO" in bench.text("#frames"), "the frame")


@pytest.mark.long
def test_a_free_output_is_pulsed_by_a_tap(bench: Bench) -> None:
    bench.open("/installer/devices/io-in")
    goes_live(bench)
    bench.one('[data-output="7"] .devices-go').click()
    wait_for(lambda: bench.text("#said") == "Pulsed.", "the answer")
    assert bench.rows("device.tested")[-1]["output"] == 7


def test_an_arm_needs_a_hold_under_a_warning_that_names_its_lane(bench: Bench) -> None:
    bench.open("/installer/devices/io-in")
    goes_live(bench)
    bench.one('[data-output="0"] .devices-go').click()
    wait_for(lambda: "the arm of North in" in bench.text("#arm-warning"), "the warning")
    before = len(bench.rows("device.tested"))
    hold(bench, 0.2)
    assert len(bench.rows("device.tested")) == before
    hold(bench)
    wait_for(lambda: "Asked for" in bench.text("#said"), "the answer")
    wait_for(lambda: bench.text('[data-input="0"] .devices-level') == "on", "the arm to be up")
    assert bench.rows("barrier.commanded")[0]["by"] == "Ana"


def test_a_tag_is_warned_of_before_the_arm_moves(bench: Bench) -> None:
    who: dict[str, Any] = {"lane": "in", "by": "Lin", "via": "guard"}
    bench.gateway.client.call("lane.command", request="t1", command="lock", reason="new arm", **who)
    bench.open("/installer/devices/io-in")
    goes_live(bench)
    bench.one('[data-output="2"] .devices-go').click()
    wait_for(lambda: "tag of Lin: new arm" in bench.text("#arm-tag"), "the tag")
    hold(bench)
    wait_for(lambda: bench.text("#said") == "Pulsed.", "the answer")
    row = bench.rows("device.tested")[-1]
    assert (row["lane"], row["under_tag"], row["by"]) == ("in", True, "Ana")
    bench.gateway.client.call("lane.command", request="t2", command="unlock", **who)


@pytest.mark.long
def test_everything_is_reached_by_the_keyboard_alone(bench: Bench) -> None:
    bench.open("/installer/devices/io-in")
    goes_live(bench)
    bench.one('[data-output="1"] .devices-go').send_keys(Keys.ENTER)
    wait_for(lambda: "the arm of North in" in bench.text("#arm-warning"), "the warning")
    keys = ActionChains(bench.chrome)
    keys.send_keys(Keys.ESCAPE).perform()
    wait_for(lambda: not bench.one("#arm").is_displayed(), "the warning gone")
    stops = [bench.chrome.switch_to.active_element]
    for _ in range(40):
        ActionChains(bench.chrome).send_keys(Keys.TAB).perform()
        stops.append(bench.chrome.switch_to.active_element)
    names = {stop.get_attribute("id") or stop.tag_name for stop in stops}
    assert {"pause", "copy", "frames"} <= names


@pytest.mark.long
def test_a_device_that_is_restarted_comes_back(bench: Bench) -> None:
    bench.open("/installer/devices/reader-in")
    goes_live(bench)
    bench.one('form[data-trial="restart"] button').click()
    wait_for(lambda: "begins anew" in bench.text("#said"), "the answer")
    wait_for(lambda: presented(bench, "7"), "a card", every_s=0.5)
    assert bench.text("#state") == "Online"


@pytest.mark.long
def test_news_go_on_when_the_engine_was_away(bench: Bench) -> None:
    bench.open("/installer/devices/io-in")
    goes_live(bench)
    engine = bench.engine_pid()
    bench.kill_engine()
    wait_for(lambda: bench.one("#lost").is_displayed(), "that the engine is away", 20)
    wait_for(lambda: bench.engine_pid() not in (0, engine), "another engine", 30)
    wait_for(lambda: not bench.one("#lost").is_displayed(), "that it is back", 30)
    bench.site.boards["in"].set_input(6, True)
    wait_for(lambda: "Input 6 on" in bench.text("#edges li"), "an edge", 20)


@pytest.mark.long
def test_the_browser_complains_of_nothing(bench: Bench) -> None:
    bench.chrome.get_log("browser")  # type: ignore[no-untyped-call]
    for page in PAGES:
        bench.open("/installer/devices" + page)
        wait_for(lambda: bench.chrome.execute_script("return document.readyState") == "complete", "the page")
    logged = bench.chrome.get_log("browser")  # type: ignore[no-untyped-call]
    assert [one for one in logged if one["level"] == "SEVERE"] == []


@pytest.mark.long
@pytest.mark.parametrize(("lang", "theme", "size"), [("en", "day", SIZES[0]), ("zh_CN", "night", SIZES[2])])
@pytest.mark.parametrize("page", PAGES)
def test_axe_has_no_serious_finding(bench: Bench, page: str, lang: str, theme: str, size: tuple[int, int]) -> None:
    bench.look(lang, theme)
    bench.open("/installer/devices" + page, *size)
    if page == "/reader-in":
        goes_live(bench)
        bench.site.readers["in"].present(CARD)
        wait_for(lambda: bench.text("#readings"), "the card")
    if page == "/io-in":
        goes_live(bench)
        bench.one('[data-output="0"] .devices-go').click()
        wait_for(lambda: bench.one("#arm").is_displayed(), "the warning")
    assert findings(bench.chrome) == []


@pytest.mark.long
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize(("lang", "theme"), [("en", "day"), ("zh_CN", "night"), ("zh_CN", "day"), ("en", "night")])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_fits_every_screen_and_thumb(
    bench: Bench, page: str, lang: str, theme: str, size: tuple[int, int]
) -> None:
    bench.look(lang, theme)
    bench.open("/installer/devices" + page, *size)
    wait_for(lambda: bench.text("main h1"), "the page")
    assert bench.chrome.execute_script(WIDE) <= 0
    assert bench.chrome.execute_script(SMALL) == []
    SHOTS.mkdir(parents=True, exist_ok=True)
    name = f"installer-devices{page.replace('/', '-')}-{lang}-{theme}-{size[0]}.png"
    bench.chrome.save_screenshot(str(SHOTS / name))
