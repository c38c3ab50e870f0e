"""The pages of lanes on a laptop, a tablet and a telephone, in both languages, by day and by night."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from selenium import webdriver

from tests.web_guard.conftest import open_chrome, wait_until
from tests.web_installer.lanes.bench import SIZES, Site, running_site

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.timeout(180)]
LOOKS = (("en", "night"), ("zh_CN", "day"))
LANE = "/installer/lanes/in"
PAGES = ("/installer/lanes", LANE, f"{LANE}/learn/barrier.safety_loop", f"{LANE}/trial")
# Texts that are cut, things that are too small for a finger, and what reaches beyond the screen.
WRONG = """
const found = [], main = document.querySelector('main');
const label = (el) => (el.textContent || el.name || '').trim().slice(0, 40) || el.outerHTML.slice(0, 60);
if (document.documentElement.scrollWidth > innerWidth + 1) found.push('the page is wider than the screen');
for (const el of main.querySelectorAll('button, select, summary, a.in-button, input:not([type=hidden])')) {
  if (!el.checkVisibility()) continue;
  const target = el.matches('[type=checkbox]') ? el.closest('label') : el, box = target.getBoundingClientRect();
  if (box.height < 47.5) found.push('low ' + box.height + ': ' + label(el));
  if (box.left < -1 || box.right > innerWidth + 1) found.push('outside: ' + label(el));
}
for (const el of main.querySelectorAll('*')) {
  if (!el.checkVisibility() || el.closest('svg, .in-scroll, .ln-hidden, select, input')) continue;
  if (el.clientWidth > 4 && el.scrollWidth > el.clientWidth + 1) found.push('cut: ' + label(el));
}
for (const el of main.querySelectorAll('.tr-buttons .in-button')) {
  if (el.getBoundingClientRect().height < 64) found.push('what moves the arm is small: ' + label(el));
}
return found;
"""
# Words that were never filled in, and keys that have no words.
UNTOLD = r"return (document.body.innerText.match(/installer\.[a-z_.]+|\{[a-z_]+\}/g) || [])"


@pytest.fixture(scope="module")
def chrome() -> Iterator[webdriver.Chrome]:
    """A browser."""
    driver = open_chrome()
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def site(chrome: webdriver.Chrome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Two lanes, of which one has findings, a lack and a second safety input."""
    keys: dict[str, Any] = {
        "stop": None,
        "safety_loop": [{"point": "io-in.input.2", "normally": "closed"}, "io-in.input.5"],
    }
    with running_site(tmp_path_factory.mktemp("lanes"), chrome, **keys) as running:
        yield running
        chrome.get("about:blank")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize(("locale", "theme"), LOOKS)
def test_nothing_is_cut_or_too_small_for_a_finger(site: Site, path: str, locale: str, theme: str) -> None:
    site.look(locale, theme)
    wrong = []
    for width, height in SIZES:
        site.size(width, height)
        site.open(path)
        for fold in ("document.querySelectorAll('main details').forEach((one) => one.open = true)", ""):
            site.chrome.execute_script(fold)
            wrong += [(width, fault) for fault in site.chrome.execute_script(WRONG)]
            wrong += [(width, word) for word in site.chrome.execute_script(UNTOLD)]
    assert wrong == []


def test_the_look_finds_what_is_planted(site: Site) -> None:
    site.size(390, 844)
    site.open(LANE)
    plant = "Object.assign(document.querySelector(arguments[0]).style, arguments[1])"
    site.chrome.execute_script(plant, ".ln-save button", {"minHeight": "20px", "height": "20px"})
    site.chrome.execute_script(plant, "h1", {"minWidth": "900px"})
    found = site.chrome.execute_script(WRONG)
    assert any(one.startswith("low 20") for one in found)
    assert "the page is wider than the screen" in found


def test_the_browser_has_nothing_to_complain_of(site: Site) -> None:
    for path in PAGES:
        site.open(path)
        wait_until(lambda: site.chrome.execute_script("return document.readyState") == "complete")
    told = site.chrome.get_log("browser")  # type: ignore[no-untyped-call]
    assert [one for one in told if one["level"] == "SEVERE"] == []


def test_a_lost_engine_is_shown_by_the_age_of_the_state(site: Site) -> None:
    site.look("en", "day")
    site.open("/installer/lanes/in")
    wait_until(lambda: site.text("#age") == "Live", what="the live state")
    site.gateway.kill()
    wait_until(lambda: "old" in site.text("#age"), what="the age without an engine")
    site.gateway.start_engine()
    wait_until(lambda: site.text("#age") == "Live", what="the live state of the new engine")
    with site.gateway.frozen("web"):
        wait_until(lambda: "old" in site.text("#age"), what="the age")
        wait_until(lambda: site.chrome.execute_script("return document.body.matches('.is-stale')"), what="stale marks")
    wait_until(lambda: site.text("#age") == "Live", what="the live state again")
