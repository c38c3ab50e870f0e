"""`row_to_screen`: from a journal row to its sentence on the guard's screen, three screens open, all rows waiting.

Cards are refused one after the other at a running gateway, in turns for one of two reasons, so that the sentence
changes with each. A row's time and the browser's clock are those of one machine, in milliseconds. No broker is
there, so all rows wait for the line.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime

from drivers.sim.site import SimSite
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.demo.line import free_port
from tests.bench.figures import Figure, Plan, percentile
from tests.bench.measures.screen.page import browser
from tests.bench.targets import TARGETS
from tests.support.guard_scene import OPERATORS
from tests.support.site_process import gateway, site_document
from tests.support.waiting import wait_until
from tests.web_guard.test_with_the_running_engine import Screen, Site

SCREENS = 3
SAMPLES = 300
FIRST_CARD = 700_000
NOTE_CHANGES = """
const sentence = document.querySelector('.lane[data-lane="in"] .reason');
let text = sentence.textContent;
window.changes = [];
new MutationObserver(() => {
  if (sentence.textContent === text) return;
  text = sentence.textContent;
  window.changes.push(Date.now());
}).observe(sentence, { childList: true, characterData: true, subtree: true });
"""


def measure(plan: Plan) -> Figure:
    """The p99 of each round."""
    count = plan.share(SAMPLES, 4)
    blocked = [Pass(f"b{n}", PassKind.BLOCKED, cards=(str(FIRST_CARD + n),)) for n in range(0, count, 2)]
    folder = plan.folder("screen")
    with ExitStack() as stack:
        sim = stack.enter_context(SimSite(folder))
        port = free_port()
        document = site_document(sim.devices_document(), sim.lanes_document(), http_port=port)
        running = stack.enter_context(gateway(folder / "data", {**document, "operators": OPERATORS}, blocked))
        site = Site(sim, running, port)
        screens = []
        for _ in range(SCREENS):
            chrome = browser()
            stack.callback(chrome.quit)
            screens.append(site.screen(chrome))
        site.car()
        rounds = [_round(site, screens[0], count) for _ in range(plan.size(plan.rounds, 1))]
    note = f"p99; {count} refused cards a round, {SCREENS} screens open, all rows wait for the line"
    return Figure.of("row_to_screen", rounds, TARGETS["row_to_screen"], unit="ms", note=note)


def _round(site: Site, screen: Screen, count: int) -> float:
    """The p99 in ms."""
    before = len(site.gateway.events("access.denied"))
    screen.script(NOTE_CHANGES)
    for number in range(count):
        site.sim.readers["in"].present(str(FIRST_CARD + number), 1)
        wait_until(lambda seen=number + 1: len(screen.script("return window.changes")) == seen, what=f"card {number}")
    changed: list[float] = screen.script("return window.changes")
    rows = site.gateway.events("access.denied")[before:]
    told_ms = [datetime.fromisoformat(row["time"]).timestamp() * 1000 for row in rows]
    return percentile([at - told for at, told in zip(changed, told_ms, strict=True)], 99)
