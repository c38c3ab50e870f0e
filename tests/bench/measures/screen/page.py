"""`page_ready`, `page_kb`, `page_kb_more`: the guard's screen with a processor six times slower and an empty cache.

Ready is the moment in which the page's script takes touches, from the start of the navigation and by the browser's own
clock. The web process is this one, which is not slowed; its engine plays a busy scene. Bytes are those of the bodies on
the wire; `page_kb_more` is the largest page that a guard comes to next.
"""

from __future__ import annotations

from typing import Any

from selenium import webdriver

from tests.bench.figures import Figure, Plan
from tests.bench.targets import TARGETS
from tests.support.guard_scene import alarm, lane
from tests.support.waiting import wait_until
from tests.web_guard.conftest import CHROMEDRIVER, CHROMIUM, Booth, open_chrome

SLOWED = 6
SIZE = (800, 480)
FURTHER = ("/sign-in", "/sign-in?name=林小军")
KB = 1_000
NOTE_READY = """
new MutationObserver((_changes, watch) => {
  if (!document.body || document.body.dataset.ready !== "yes") return;
  window.readyMs = performance.now();
  watch.disconnect();
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-ready"] });
"""
BYTES = """
const all = ["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind));
return all.filter((one) => one.transferSize > 0).reduce((sum, one) => sum + one.encodedBodySize, 0);
"""


def measure(plan: Plan) -> list[Figure]:
    """Every round begins with an empty cache."""
    chrome = browser()
    booth = Booth(chrome, plan.folder("page") / "data", ("in", "out"))
    try:
        booth.size(*SIZE)
        booth.engine.show(lane("in"), lane("out"), alarms=[alarm()])
        booth.enter()
        chrome.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": NOTE_READY})
        cold = [_cold(booth) for _ in range(plan.size(plan.rounds, 1))]
        more = [_further(booth, path) for path in FURTHER]
    finally:
        chrome.execute_cdp_cmd("Emulation.setCPUThrottlingRate", {"rate": 1})
        booth.close()
        chrome.quit()
    slow = f"guard's screen in Chromium, processor {SLOWED} x slower, empty cache"
    found = {
        "page_ready": ([ms / 1000 for ms, _ in cold], "s", slow),
        "page_kb": ([size / KB for _, size in cold], "kB", "the same page on the wire"),
        "page_kb_more": ([max(more) / KB], "kB", "the largest further page"),
    }
    return [Figure.of(name, got, TARGETS[name], unit=unit, note=said) for name, (got, unit, said) in found.items()]


def browser() -> webdriver.Chrome:
    """A Chromium; FileNotFoundError says what to install."""
    if not (CHROMIUM.exists() and CHROMEDRIVER.exists()):
        raise FileNotFoundError("there is no Chromium; install the packages chromium and chromium-driver")
    return open_chrome()


def _cold(booth: Booth) -> tuple[float, int]:
    """Ms until the page is ready, and its bytes."""
    booth.chrome.execute_cdp_cmd("Network.clearBrowserCache", {})
    booth.chrome.execute_cdp_cmd("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
    booth.open()
    wait_until(booth.ready)
    found: tuple[Any, Any] = booth.script("return window.readyMs"), booth.script(BYTES)
    booth.chrome.execute_cdp_cmd("Emulation.setCPUThrottlingRate", {"rate": 1})
    return float(found[0]), int(found[1])


def _further(booth: Booth, path: str) -> int:
    """The bytes of a page whose common parts are in the cache."""
    booth.open(path)
    wait_until(booth.loaded)
    return int(booth.script(BYTES))
