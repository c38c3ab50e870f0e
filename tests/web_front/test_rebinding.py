"""A page of another site whose name was made to lead here: its scripts read and press nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.guard_scene import lane
from tests.web_guard.conftest import Booth, open_chrome, wait_until

pytestmark = pytest.mark.real

PRESS = """
const done = arguments[arguments.length - 1];
const body = JSON.stringify({ request: "evil-1", lane: null, pressed_ms: null });
const headers = { "Content-Type": "application/json", "Accept": "application/json" };
Promise.all([
  fetch("/guard/stop", { method: "POST", body, headers, credentials: "include" }),
  fetch("/live/state", { headers, credentials: "include" }),
  fetch("/sign-in", { headers }),
]).then((all) => done(all.map((one) => one.status)), (error) => done([String(error)]));
"""


def test_a_rebound_name_can_press_no_stop(tmp_path: Path) -> None:
    chrome = open_chrome("--host-resolver-rules=MAP evil.example 127.0.0.1")
    try:
        booth = Booth(chrome, tmp_path / "data", ("in", "out"))
        booth.engine.show(lane("in"), lane("out"))
        booth.sign_in()
        orders = len(booth.engine.asked)
        chrome.get(f"http://evil.example:{booth.port}/")
        assert "421" in chrome.title
        assert chrome.execute_async_script(PRESS) == [421, 421, 421]
        assert len(booth.engine.asked) == orders
        # By its own address the same button stops.
        booth.open()
        wait_until(booth.at_work)
        booth.press("#stop", "pointerdown")
        wait_until(lambda: len(booth.engine.asked) > orders)
        booth.close()
    finally:
        chrome.quit()
