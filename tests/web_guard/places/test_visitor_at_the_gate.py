"""A visitor in front of a running engine: the last tap opens, the passage begins the visit, the card is bound."""

from __future__ import annotations

import time

import pytest
from selenium import webdriver

from tests.web_guard.conftest import wait_until
from tests.web_guard.places.test_visitor import Finger
from tests.web_guard.test_with_the_running_engine import Screen, Site, site

__all__ = ["site"]
REST_S = 0.6
"""A tap on words that changed half a second ago does nothing."""
pytestmark = [pytest.mark.real, pytest.mark.timeout(180)]


def fill_in(screen: Screen, finger: Finger) -> None:
    """No plate, unit 12, a visit: up to the last step."""
    finger.tap("#rail-visitor")
    for text in ("无牌车", "1", "2", "12 · 下一步", "访客"):
        finger.key(text)
    wait_until(lambda: screen.text("#visitor-go") == "登记并抬杆")


def test_the_car_that_waits_goes_in_with_its_visit_and_the_card_that_was_read(
    site: Site, chrome: webdriver.Chrome
) -> None:
    chrome.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    screen = site.screen(chrome)
    site.car(behaviour="chat")
    wait_until(lambda: "有车等候" in screen.text("body"))  # one that comes later has the screen, and not the sheet
    finger = Finger(screen)
    fill_in(screen, finger)
    wait_until(lambda: site.gateway.lane("in")["pile"])
    site.sim.readers["in"].present("4711")
    wait_until(lambda: screen.text("#visitor-card") == "临时卡 …4711")
    assert site.rows("access.denied") == []
    time.sleep(REST_S)
    finger.tap("#visitor-go")
    wait_until(lambda: site.rows("visit.registered"))
    (told,) = site.rows("visit.registered")
    assert (told["unit"], told["purpose"], told["card"], told["by"]) == ("12", "guest", "4711", "林小军")
    wait_until(lambda: site.rows("access.granted"))
    (granted,) = site.rows("access.granted")
    assert (granted["visit"], granted["reason"]) == (told["visit"], "operator")
    wait_until(lambda: site.rows("passage.entered"))
    assert site.rows("passage.entered")[0]["visit"] == told["visit"]
    assert len(site.orders("open")) == 1
