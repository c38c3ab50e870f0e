"""The longest of everything: whatever a site is called and whoever comes, nothing is cut at any size in any language.

Long values shrink, wrap or give way by rule (`web/parts/fit`). On small screens and when a page is enlarged it scrolls
under a Stop that stays.
"""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.core.vocabulary.rows import Credential
from gateway.core.vocabulary.views import (
    Handled,
    Hold,
    LaneView,
    LastDecision,
    LastPassage,
    Pause,
    Requested,
    SiteView,
    Tag,
    UplinkView,
    WaitingGrant,
)
from gateway.store.passes.registry import PassRegistry
from tests.support.engine_stand_in import FREE
from tests.support.guard_scene import alarm, at, case, decision, lane
from tests.variants import first_and
from tests.web_guard.conftest import Booth, wait_until
from tests.web_guard.test_browser import look

pytestmark = pytest.mark.real

OPERATOR = "Wolfeschlegelsteinhausenbergerdorff Maximiliana Alexandra"[:56]
LANE = "Northern gate, residents' entry beside the school"
BAY = "Level B2, zone Orchid, bay 117-118"
SITE = "The Gardens at Riverside North, Phase III"
HOLDERS = {
    "latin": "Bartholomäus-Konstantin Featherstonehaugh-Cholmondeley I",
    "chinese": "欧阳娜娜·阿卜杜热合曼·买买提依明江·古丽巴哈尔",
    "arabic": "عبد الرحمن بن عبد العزيز بن محمد آل الشيخ الأنصاري الحسني",
    "thai": "กรุงเทพมหานคร อมรรัตนโกสินทร์ มหินทรายุธยา",
}
PLATES = {"latin": "KA05MH123456", "chinese": "粤BD12345", "arabic": "粤Z1234港", "thai": "品川300あ1234"}
LANES = ("in", "out", "south", "goods")
# Screens of booths, offices, telephones upright and lying, and a booth's screen at 150 %.
SIZES = [(800, 480), (1024, 600), (1366, 768), (390, 844), (844, 390), (533, 320)]
WIDE = SIZES[:3]

# What of a page is cut: a box that is smaller than its text, a text outside of its box or of the screen, two texts over
# each other. A list that scrolls is no cut.
CUT = """
const found = [], scrolls = (el) => /auto|scroll/.test(getComputedStyle(el).overflowY);
const root = document.querySelector(arguments[0] || 'body');
const short = (el) => el.textContent.trim().slice(0, 40);
const outOfSight = (el) => el.closest('.aside, .sprite, svg, [hidden]') || !el.checkVisibility();
const own = (el) => [...el.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
const sheet = [...document.querySelectorAll('.sheet')].find((el) => el.checkVisibility());
const texts = [];
for (const el of root.querySelectorAll('*')) {
  if (outOfSight(el)) continue;
  const style = getComputedStyle(el), size = parseFloat(style.fontSize), name = el.className + '#' + el.id;
  if (el.clientWidth && el.tagName !== 'INPUT') {
    if (el.scrollWidth > el.clientWidth + 1 && el.clientWidth > 4) found.push('wide ' + name + ': ' + short(el));
    if (!scrolls(el) && el.scrollHeight > el.clientHeight + Math.max(1, 0.3 * size))
      found.push('high ' + name + ': ' + short(el));
  }
  if (!own(el)) continue;
  const range = document.createRange();
  range.selectNodeContents(el);
  const box = range.getBoundingClientRect();
  if (!box.width) continue;
  if (box.left < -1 || box.right > innerWidth + 1) found.push('outside ' + name + ': ' + el.textContent.trim());
  let clips = el;
  while (clips && !/hidden|clip/.test(getComputedStyle(clips).overflowY)) clips = clips.parentElement;
  // The content box of a text is about a seventh of its size higher than its letters at either end.
  if (clips && clips !== document.body && clips !== document.documentElement) {
    const around = clips.getBoundingClientRect();
    if (box.bottom - 0.16 * size > around.bottom + 1) found.push('feet ' + name + ': ' + el.textContent.trim());
  }
  texts.push([el, name, [...range.getClientRects()], size]);
}
const layer = (el) => (sheet && sheet.contains(el) ? 'sheet' : el.closest('.band') ? 'band'
  : el.closest('.top') ? 'top' : el.closest('.lane') ? 'lane' : el.closest('.actions') ? 'actions' : 'page');
const fixed = (el) => {
  for (let one = el; one; one = one.parentElement) if (/fixed|sticky/.test(getComputedStyle(one).position)) return true;
  return false;
};
for (let a = 0; a < texts.length; a += 1) for (let b = a + 1; b < texts.length; b += 1) {
  const [one, nameOne, boxOne, sizeOne] = texts[a], [two, nameTwo, boxTwo, sizeTwo] = texts[b];
  if (one.contains(two) || two.contains(one) || layer(one) !== layer(two) || fixed(one) !== fixed(two)) continue;
  if (one.closest('.answer, .hatch') || two.closest('.answer, .hatch')) continue;
  const over = boxOne.some((x) => boxTwo.some((y) => Math.min(x.right, y.right) - Math.max(x.left, y.left) > 2
    && Math.min(x.bottom - 0.25 * sizeOne, y.bottom - 0.25 * sizeTwo)
      - Math.max(x.top + 0.25 * sizeOne, y.top + 0.25 * sizeTwo) > 2));
  if (over) found.push(['over', nameOne, short(one), '/', nameTwo, short(two)].join(' '));
}
if (document.documentElement.scrollWidth > innerWidth) found.push('page');
return found;
"""
STOP_IN_SIGHT = """
const stop = document.getElementById('stop'), box = stop.getBoundingClientRect();
const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
return hit && hit.closest('#stop') !== null && box.right <= innerWidth && box.bottom <= innerHeight && box.height >= 96;
"""


def passes() -> list[Pass]:
    """A pass for each way of writing, with the longest of everything."""
    return [
        Pass(
            f"p-{one}", PassKind.MONTHLY, HOLDERS[one], "13900000009", "Tower 12, unit 3204-B", (PLATES[one],), (), BAY
        )
        for one in HOLDERS
    ]


def scenes() -> dict[str, list[LaneView]]:
    """Lanes in which everything that can be long is long."""
    ends = {"days_left": 6, "valid_until": "2027-01-05", "present": True}
    waiting = {"approach": True, "crossing": "waiting"}
    denied = {"present": True, "valid_until": "2024-11-10"}
    handled = Handled(what="released", by=OPERATOR, reason="other_car_of_household", at=at(1))
    grants = [WaitingGrant(id="g2", at=at(12), by=OPERATOR, reason="operator", pass_="p-latin")]
    asked = Requested(command="emergency", by=OPERATOR, since=at(1))
    kinds = list(HOLDERS)

    def car(n: int, verdict: str, reason: str, **more: Any) -> LastDecision:
        plate = PLATES[kinds[n % 4]]
        facts = {"pass_": f"p-{kinds[n % 4]}", "kind": "monthly", "credential": Credential("plate", plate)}
        return decision(verdict, reason, **{**facts, **more})

    verdicts = [
        ("granted", "valid_pass", ends),
        ("referred", "outside_schedule", denied),
        ("denied", "wrong_lane", denied),
        ("granted", "operator", {**ends, "handled": handled}),
    ]
    return {
        "cars": [
            lane(one, name=LANE, **waiting, last_decision=car(n, v, r, **m))
            for n, (one, (v, r, m)) in enumerate(zip(LANES, verdicts, strict=True))
        ],
        "earlier": [
            lane(
                one,
                name=LANE,
                last_decision=car(n + 1, v, r, **{**m, "present": False}),
                waiting_grants=grants if n % 2 else [],
                last_passage=LastPassage(at=at(0), type="entered", visit="v", pass_="p", lane=one) if n % 2 else None,
            )
            for n, (one, (v, r, m)) in enumerate(zip(LANES, verdicts, strict=True))
        ],
        "troubles": [
            lane("in", name=LANE, interrupted=True, state="interrupted", arm="between", requested=asked),
            lane(
                "out",
                name=LANE,
                **waiting,
                mode="locked",
                state="locked",
                cannot_open="lane_locked",
                tag=Tag(by=OPERATOR, since=at(4000), reason="works"),
                last_decision=car(0, "referred", "lane_locked", present=True),
                allowed={**FREE, "open": "lane_locked"},
            ),
            lane(
                "south",
                name=LANE,
                mode="held",
                state="held",
                arm="open",
                hold=Hold(by=OPERATOR, since=at(60), until=at(-9000), left=99, scheduled=False),
                allowed={**FREE, "hold": "held_already", "release": None},
            ),
            lane(
                "goods",
                name=LANE,
                **waiting,
                pause=Pause(by=OPERATOR, since=at(1), until=at(-90)),
                cannot_open="paused",
                last_decision=car(2, "granted", "valid_pass", **ends),
            ),
        ],
        "compared": [
            lane(
                one,
                name=LANE,
                **waiting,
                case=case(f"c-{one}", pass_=f"p-{kinds[n]}", plate_read="粤A99999学", missing=("word", "second_proof")),
                last_decision=car(n, "referred", "plate_mismatch", present=True, case=f"c-{one}"),
                allowed={**FREE, "refuse": None, "seen_to": None},
            )
            for n, one in enumerate(LANES)
        ],
    }


NAMED = SiteView(id="north", name=SITE, timezone="Asia/Shanghai", locale="zh_CN")
TROUBLE: dict[str, Any] = {
    "uplink": UplinkView(configured=True, up=False, since=at(9000), waiting=123456, reason="x"),
    "alarms": [
        alarm("struck_vehicle", 1, lane="in"),
        alarm("obstructed", 2, lane="out"),
        alarm("tailgating", 3, lane="in", state="acknowledged", acknowledged_by=OPERATOR),
        alarm("storage_degraded", 1, lane=None, state="acknowledged", acknowledged_by=OPERATOR),
        alarm("device_lost", 2, lane=None, device="camera-at-the-second-mast-behind-the-school"),
    ],
}


def furnish(booth: Booth) -> None:
    """Put the longest passes and people into the site."""
    registry = PassRegistry(booth.directory.registry, writer=True)
    for one in passes():
        registry.put(one)
    registry.close()
    document = booth.directory.documents.load()
    operators = [
        {"name": OPERATOR, "role": "leader", "pin": "2468"},
        {"name": OPERATOR.replace("Max", "Mat"), "role": "guard", "pin": "1"},
    ]
    lanes = [{**one, "name": LANE} for one in document["lanes"]]
    changed = {"operators": [*document["operators"], *operators], "lanes": lanes}
    booth.directory.documents.save({**document, **changed, "site": {**document["site"], "name": SITE}})


def show(booth: Booth, name: str, count: int, lang: str) -> None:
    """Bring a scene on the screen and wait until it is drawn."""
    site = replace(NAMED, name=f"{SITE} {name} {lang}")
    booth.engine.show(*scenes()[name][:count], site=site, **TROUBLE)
    wait_until(lambda: booth.text(".site") == site.name, what=name)


def settle(booth: Booth) -> None:
    """Wait until the page has been laid out anew."""
    booth.chrome.execute_async_script(
        "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()))"
    )


@pytest.mark.parametrize("booth", first_and(LANES[:2], LANES[:1], LANES[:3], LANES), indirect=True)
@pytest.mark.parametrize("lang", first_and("en", "zh_CN"))
def test_nothing_is_cut_on_the_lanes(booth: Booth, lang: str) -> None:
    furnish(booth)
    booth.enter(OPERATOR)
    look(booth, "day", lang)
    count = len(booth.directory.documents.load()["lanes"])
    wrong: list[Any] = []
    for name in scenes():
        show(booth, name, count, lang)
        for size in SIZES:
            booth.size(*size)
            settle(booth)
            wrong += [(name, count, size, one) for one in booth.script(CUT)]
            if not booth.script(STOP_IN_SIGHT):
                wrong.append((name, count, size, "Stop"))
    assert wrong == []


# The arm's words whose ink, descenders included, comes within two pixels of the chips below them or leaves the lane.
FEET = """
const found = [], pen = document.createElement('canvas').getContext('2d');
for (const lane of document.querySelectorAll('.lane')) {
  const chips = lane.querySelector('.lane-loops').getBoundingClientRect(), all = lane.getBoundingClientRect();
  for (const el of lane.querySelectorAll('.arm-words > *')) {
    if (!el.checkVisibility() || !el.textContent.trim()) continue;
    const box = el.getBoundingClientRect(), style = getComputedStyle(el), base = document.createElement('span');
    base.style.display = 'inline-block';
    el.append(base);
    pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    const feet = base.getBoundingClientRect().bottom + pen.measureText(el.textContent).actualBoundingBoxDescent;
    base.remove();
    const beside = box.right <= chips.left || box.left >= chips.right || box.top >= chips.bottom;
    if (feet > all.bottom || (!beside && feet + 2 > chips.top))
      found.push(`${el.className}: ${el.textContent} ${Math.round(feet - chips.top)} px`);
  }
}
return found;
"""
HOLD = Hold(by="Lin", since=at(120), until=at(-9000), left=0, scheduled=False)
MODES: dict[str, dict[str, Any]] = {
    "ready": {},
    "interrupted": {"interrupted": True, "state": "interrupted"},
    "held": {"mode": "held", "state": "held", "hold": HOLD},
    "locked": {"mode": "locked", "state": "locked", "tag": Tag(by="Lin", since=at(120), reason="works")},
    "crashed": {"mode": "crashed", "state": "crashed"},
    "asked": {"requested": Requested(command="open", by="Lin", since=at(1))},
}


@pytest.mark.long
@pytest.mark.parametrize("booth", [LANES[:2], LANES[:1], LANES], indirect=True)
@pytest.mark.parametrize("lang", ["en", "zh_CN"])
def test_the_words_of_the_arm_are_whole_above_the_loops(booth: Booth, lang: str) -> None:
    booth.enter()
    look(booth, "day", lang)
    lanes = LANES[: len(booth.directory.documents.load()["lanes"])]
    wrong: list[Any] = []
    for mode, facts in MODES.items():
        for arm in ("open", "closed", "between", "rising", "lowering", "unknown"):
            site = replace(NAMED, name=f"{mode} {arm} {lang}")
            shown = [lane(one, **{"arm": arm, "notice_since": at(120), **facts}) for one in lanes]
            booth.engine.show(*shown, site=site, alarms=[])
            wait_until(lambda site=site: booth.text(".site") == site.name)
            for size in SIZES:
                booth.size(*size)
                settle(booth)
                wrong += [(mode, arm, size, one) for one in booth.script(FEET)]
    assert wrong == []


OPENED = """
for (const kind of ['pointerdown', 'pointerup', 'click'])
  document.querySelector(arguments[0]).dispatchEvent(
    new PointerEvent(kind, { bubbles: true, cancelable: true, button: 0 }));
return document.querySelector(arguments[1]).checkVisibility();
"""
SHEETS = {"#sheet-case": ".act-open", "#sheet-hold": ".act-keep", "#sheet-confirm": ".act-tag", "#sheet-duty": ".duty"}


@pytest.mark.parametrize("lang", first_and("en", "zh_CN"))
def test_nothing_is_cut_on_the_sheets(booth: Booth, lang: str) -> None:
    furnish(booth)
    booth.enter(OPERATOR)
    look(booth, "night", lang)
    show(booth, "compared", 2, lang)
    wait_until(lambda: booth.one(".act-open").get_attribute("data-command") == "compare" and booth.at_work())
    wrong: list[Any] = []
    for sheet, opener in [*SHEETS.items(), ("#sheet-alarms", "#band")]:
        booth.size(800, 480)
        wait_until(lambda opener=opener, sheet=sheet: booth.script(OPENED, opener, sheet), what=sheet)
        for size in SIZES:
            booth.size(*size)
            settle(booth)
            wrong += [(sheet, size, one) for one in booth.script(CUT, sheet)]
            if not booth.script(STOP_IN_SIGHT):
                wrong.append((sheet, size, "Stop"))
        booth.script("document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))")
    assert wrong == []


@pytest.mark.parametrize("lang", first_and("en", "zh_CN"))
def test_nothing_is_cut_where_one_signs_in(booth: Booth, lang: str) -> None:
    furnish(booth)
    booth.sign_in()
    look(booth, "day", lang)
    wrong: list[Any] = []
    lift = f"/sign-in/lift?name={OPERATOR}"
    for path in ("/sign-in", f"/sign-in?name={OPERATOR}", lift, f"{lift}&by={OPERATOR}", "/station", "/no/such/page"):
        booth.open(path)
        wait_until(booth.loaded)
        for size in SIZES:
            booth.size(*size)
            settle(booth)
            wrong += [(path, size, one) for one in booth.script(CUT)]
            if not booth.script(STOP_IN_SIGHT):
                wrong.append((path, size, "Stop"))
    assert wrong == []
