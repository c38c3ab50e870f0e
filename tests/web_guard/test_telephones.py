"""Telephones, upright and lying: words stay whole, an alarm stays in sight over a sheet, no room is wasted."""

from __future__ import annotations

import pytest

from tests.support.guard_scene import alarm, crashed, decision, judged, lane
from tests.variants import each_of, first_and
from tests.web_guard.conftest import Booth, wait_until
from tests.web_guard.test_browser import WAITING, held, look
from tests.web_guard.test_gallery import SCENES
from tests.web_guard.test_longest import OPENED, OPERATOR, furnish, settle, show

pytestmark = pytest.mark.real

UPRIGHT, LYING, BOOTH = (390, 844), (844, 390), (800, 480)

# The words of some elements that are broken over two lines; of a Chinese text the whole text.
BROKEN = """
const found = [];
for (const el of document.querySelectorAll(arguments[0])) {
  if (!el.checkVisibility()) continue;
  const walker = document.createTreeWalker(el, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) for (const word of node.data.matchAll(/\\S+/g)) {
    const range = document.createRange();
    range.setStart(node, word.index);
    range.setEnd(node, word.index + word[0].length);
    if (new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1) found.push(word[0]);
  }
}
return found;
"""
BAND_IN_SIGHT = """
const box = document.getElementById('band').getBoundingClientRect();
const sheet = [...document.querySelectorAll('.sheet')].find((el) => el.checkVisibility()).getBoundingClientRect();
const at = (x, y) => Boolean(document.elementFromPoint(x, y)?.closest('#band'));
return box.height >= 64 && sheet.top >= box.bottom - 1
  && at(box.left + 4, box.top + 4) && at(box.right - 4, box.bottom - 4);
"""
BAND_IS_WHOLE = """
const band = document.getElementById('band').getBoundingClientRect();
return [...document.querySelectorAll('#band *')].filter((el) => el.getClientRects().length).every((el) => {
  const box = el.getBoundingClientRect();
  return box.left >= band.left && box.right <= band.right + 1
    && box.top >= band.top - 2 && box.bottom <= band.bottom + 2;
});
"""


@pytest.mark.parametrize("lang", first_and("zh_CN", "en"))
@pytest.mark.parametrize("size", [UPRIGHT, LYING, BOOTH])
def test_the_words_of_buttons_and_of_the_band_are_not_broken(booth: Booth, lang: str, size: tuple[int, int]) -> None:
    booth.enter()
    look(booth, "night", lang)
    booth.size(*size)
    for first, label in ((crashed(), "passed"), (held(), "release"), (judged(), "compare")):
        booth.engine.show(first, lane("out"), alarms=[alarm(), alarm("device_lost", 2, lane="out")])
        wait_until(lambda label=label: booth.all(f'.act[data-command="{label}"]') and booth.all("#band"), what=label)
        settle(booth)
        assert booth.script(BROKEN, ".band-title, .act-label") == []
        assert booth.script(BAND_IS_WHOLE)
    booth.script(OPENED, "#band", "#sheet-alarms")
    wait_until(lambda: booth.all("#alarm-ack"))
    assert booth.script(BROKEN, "#alarm-ack") == []


@pytest.mark.parametrize("lang", first_and("zh_CN", "en"))
def test_an_alarm_stays_in_sight_over_a_sheet_with_the_longest_of_everything(booth: Booth, lang: str) -> None:
    furnish(booth)
    booth.enter(OPERATOR)
    look(booth, "day", lang)
    show(booth, "compared", 2, lang)
    wait_until(lambda: booth.one(".act-open").get_attribute("data-command") == "compare" and booth.at_work())
    for sheet, opener in {"#sheet-hold": ".act-keep", "#sheet-case": ".act-open", "#sheet-alarms": "#band"}.items():
        booth.size(*BOOTH)
        wait_until(lambda opener=opener, sheet=sheet: booth.script(OPENED, opener, sheet), what=sheet)
        for size in (UPRIGHT, LYING, (640, 900), (533, 320)):
            booth.size(*size)
            settle(booth)
            assert booth.script(BAND_IN_SIGHT), (sheet, size)
            assert booth.script(BAND_IS_WHOLE), (sheet, size)
        booth.script("document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))")


def test_a_role_without_buttons_sees_the_lanes_down_to_the_edge(booth: Booth) -> None:
    booth.enter("Auditor")
    booth.size(*UPRIGHT)
    booth.engine.show(*SCENES["crash"][0], alarms=[alarm()])
    wait_until(lambda: booth.all("#band"))
    below = "return document.elementFromPoint(195, 800).closest('.lane, .actions') !== null"
    assert booth.script(below)


@pytest.mark.parametrize("lang", first_and("zh_CN", "en"))
def test_the_choices_of_language_and_brightness_stay_in_their_rows(booth: Booth, lang: str) -> None:
    booth.enter()
    look(booth, "day", lang)
    booth.size(*UPRIGHT)
    booth.engine.show(crashed(), lane("out"), alarms=[alarm()])
    wait_until(lambda: booth.all("#band"))
    booth.script(OPENED, ".duty", "#sheet-duty")
    rows = """
        return [...document.querySelectorAll('#sheet-duty .row')].map((row) =>
          new Set([...row.querySelectorAll('.choice')].map((el) => el.getBoundingClientRect().top)).size);
    """
    found = booth.script(rows)
    assert len(found) >= 3
    assert set(found) == {1}, found


@pytest.mark.parametrize(("size", "below"), each_of((UPRIGHT, 724), (LYING, 390)))
def test_the_lane_that_the_screen_follows_comes_into_sight(booth: Booth, size: tuple[int, int], below: int) -> None:
    booth.enter()
    booth.size(*size)
    late = lane("out", **WAITING, last_decision=decision("denied", "unknown_credential", present=True))
    booth.engine.show(lane("in", last_decision=decision("denied", "expired", "p-wang", ago=90)), late)
    wait_until(lambda: booth.text("#act-lane") == "北门出口")
    settle(booth)
    box = booth.script("return document.querySelector('.lane[data-lane=out]').getBoundingClientRect()")
    assert box["top"] >= 64
    assert box["bottom"] <= below
