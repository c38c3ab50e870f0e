"""A picture of each scene for people to look at, in `artefacts/screens/`; each is whole and without a complaint."""

from __future__ import annotations

import struct
import time
import zlib
from typing import Any

import pytest

from gateway.core.vocabulary.views import (
    Handled,
    LaneView,
    LastPassage,
    Pause,
    Requested,
    SiteView,
    Tag,
    UplinkView,
    WaitingGrant,
)
from gateway.store.media.pictures import Pictures
from tests.support.guard_scene import FULL, alarm, at, crashed, decision, judged, lane
from tests.variants import each_of, first_and, long_unless
from tests.web_guard.conftest import Booth, wait_until
from tests.web_guard.test_browser import (
    CUT,
    DUE,
    GRANTED,
    MEASURE_TARGETS,
    OUTSIDE,
    OVERFLOW,
    TARGETS,
    TRIMMED,
    WAITING,
    WHOLE,
    held,
    look,
)

pytestmark = pytest.mark.real

Scene = tuple[list[LaneView], dict[str, Any]]
DOWN = UplinkView(configured=True, up=False, since=at(1300), waiting=1284, reason="no route")
TAG = Tag(by="陈班长", since=at(4000), reason="maintenance")
PAUSE = Pause(by="林小军", since=at(3), until=at(-60))
ASKED = Requested(command="open", by="gateway", since=at(1))
HERE = {"present": True}


def grant(grant_id: str, by: str = "gateway") -> WaitingGrant:
    """A vehicle that was let in and has not passed."""
    return WaitingGrant(id=grant_id, at=at(12), by=by, reason="operator", pass_="p-li")


def handled(what: str, by: str) -> Handled:
    """What a person did with a car, for the longest reason there is."""
    reason = "other_car_of_household" if what == "released" else "papers_missing"
    return Handled(what=what, by=by, reason=reason, at=at(1))


SITE = SiteView(id="north", name="北苑花园 North", timezone="Asia/Shanghai", locale="zh_CN")

SCENES: dict[str, Scene] = {
    "idle": ([lane("in"), lane("out")], {}),
    "granted": (
        [
            lane("in", **WAITING, state="open", arm="open", last_decision=decision("granted", "valid_pass", "p-wang")),
            lane("out", last_decision=decision("granted", "valid_pass", "p-li", ago=40, **GRANTED)),
        ],
        {},
    ),
    "expiring": ([lane("in", last_decision=decision("granted", "valid_pass", "p-wang", **GRANTED)), lane("out")], {}),
    "refused": (
        [
            lane("in", **WAITING, last_decision=decision("denied", "unknown_credential")),
            lane("out", **WAITING, last_decision=decision("referred", "expired", "p-li", valid_until="2026-11-10")),
        ],
        {},
    ),
    "asked": (
        [
            lane("in", **WAITING, requested=ASKED, last_decision=decision("granted", "valid_pass", "p-wang", **HERE)),
            lane(
                "out",
                **WAITING,
                arm="rising",
                state="opening",
                last_decision=decision("granted", "valid_pass", "p-li", **HERE, **GRANTED),
            ),
        ],
        {},
    ),
    "waits": (
        [
            lane(
                "in",
                **WAITING,
                arm="open",
                state="open",
                waiting_grants=[grant("g1"), grant("g2", "林小军")],
                last_decision=decision("granted", "valid_pass", "p-wang", **HERE, grant="g1"),
            ),
            lane(
                "out",
                arm="open",
                state="open",
                waiting_grants=[grant("g3", "林小军")],
                last_decision=decision("granted", "valid_pass", "p-li", ago=60, present=False),
            ),
        ],
        {},
    ),
    "compare": ([judged(), lane("out")], {}),
    "handled": (
        [
            lane(
                "in",
                **WAITING,
                arm="open",
                state="open",
                last_decision=decision("granted", "operator", "p-li", **HERE, handled=handled("released", "林小军")),
            ),
            lane(
                "out",
                **WAITING,
                last_decision=decision(
                    "denied",
                    "expired",
                    "p-wang",
                    **HERE,
                    valid_until="2026-11-10",
                    handled=handled("refused", "陈班长"),
                ),
            ),
        ],
        {},
    ),
    "blocked": (
        [
            lane(
                "in",
                **WAITING,
                pause=PAUSE,
                cannot_open="paused",
                last_decision=decision("granted", "valid_pass", "p-wang", **HERE),
            ),
            lane(
                "out",
                **WAITING,
                notice="no_answer",
                notice_since=at(8),
                cannot_open="no_answer",
                last_decision=decision("granted", "valid_pass", "p-li", **HERE, **GRANTED),
            ),
        ],
        {},
    ),
    "dead": (
        [
            lane(
                "in",
                **WAITING,
                pause=PAUSE,
                cannot_open="paused",
                last_decision=decision("granted", "valid_pass", "p-wang", **HERE),
            ),
            crashed("out", **WAITING, cannot_open="lane_crashed"),
            lane("south", arm="unknown", state="unknown", cannot_open="device_lost", waiting_grants=[grant("g3")]),
            lane("goods", interrupted=True, state="interrupted", arm="between", cannot_open="interrupted"),
        ],
        {},
    ),
    "crash": (
        [crashed(), lane("out", mode="locked", state="locked", tag=TAG)],
        {"alarms": [alarm(), alarm("uplink_down", 3, ago=300, lane=None)], "uplink": DOWN},
    ),
    "held": ([held("in", until=at(-900), left=4), lane("out", service_due=[DUE])], {}),
    "faults": (
        [lane("in", interrupted=True, state="interrupted", arm="between"), lane("out", notice="close_aborted")],
        {"journal": FULL, "uplink": DOWN, "alarms": [alarm("storage_degraded", 2, lane=None)]},
    ),
    "stopped": (
        [
            lane("in", state="stopped", arm="stopped", since=at(75)),
            lane("out", state="unknown", arm="unknown", since=at(90_000), approach=None, safety=None),
        ],
        {},
    ),
    "odd": (
        [
            lane("in", interrupted=True, state="interrupted", arm="between", since=at(7300)),
            lane("out", notice="arm_whole", notice_since=at(21)),
            lane("south", state="unknown", arm="unknown", since=at(4000), approach=None, safety=None),
            lane("goods", mode="locked", state="locked", tag=TAG, since=TAG.since),
        ],
        {},
    ),
    "earlier": (
        [
            lane("in", last_decision=decision("referred", "outside_schedule", "p-li", ago=400)),
            lane("out", last_decision=decision("granted", "operator", by="林小军", credential=None, ago=90)),
            lane("south", last_decision=decision("denied", "seen_elsewhere", "p-li", ago=4000)),
            lane(
                "goods",
                last_decision=decision("granted", "valid_pass", "p-wang", ago=400),
                last_passage=LastPassage(at=at(390), type="exited", visit="v", pass_="p-wang", lane="goods"),
            ),
        ],
        {},
    ),
    "four": (
        [
            lane("in", **WAITING, last_decision=decision("granted", "valid_pass", "p-wang", **GRANTED)),
            lane("out", **WAITING, last_decision=decision("referred", "plate_mismatch", "p-li")),
            lane("south", **WAITING, last_decision=decision("denied", "unknown_credential")),
            lane("goods", state="closing", arm="lowering"),
        ],
        {},
    ),
}
LANES = {name: tuple(one.id for one in scene[0]) for name, scene in SCENES.items()}
QUICK = [(name, "zh_CN", "day", (800, 480)) for name in SCENES]
PICTURES = [
    *QUICK,
    *((name, "en", "night", (800, 480)) for name in SCENES),
    *((name, "en", "day", (1024, 600)) for name in ("refused", "crash", "four", "blocked", "waits")),
]


@pytest.mark.parametrize(
    ("booth", "name", "lang", "theme", "size"),
    [long_unless(one in QUICK, (LANES[one[0]], *one)) for one in PICTURES],
    indirect=["booth"],
)
def test_each_scene_is_whole_and_has_its_picture(
    booth: Booth, name: str, lang: str, theme: str, size: tuple[int, int]
) -> None:
    booth.size(*size)
    booth.enter()
    lanes, more = SCENES[name]
    booth.engine.show(*lanes, site=SITE, **more)
    look(booth, theme, lang)
    wait_until(lambda: booth.text(".site") == "北苑花园 North")
    assert len(booth.all(".lane .word")) == len(lanes)
    assert booth.script(OVERFLOW) == []
    assert booth.script(TRIMMED) == []
    assert booth.script(OUTSIDE) == []
    assert booth.script(CUT, f"{WHOLE}, .waits, .reason") == []
    assert booth.complaints() == []
    picture = booth.shoot(f"{name}-{size[0]}-{lang}-{theme}")
    assert picture.stat().st_size > 10_000, "an empty page compresses to less"


def gradient(width: int, height: int) -> bytes:
    """A PNG as wide and high as a camera's picture."""
    row = [bytes((x * 255 // width, 140, 90)) for x in range(width)]
    lines = (b"\0" + b"".join(row)) * height

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("seen", ["", "seen"])
@pytest.mark.parametrize("size", first_and((800, 480), (1024, 600)))
@pytest.mark.parametrize(("lang", "theme"), [("zh_CN", "day"), long_unless(False, ("en", "night"))])
def test_the_comparison_is_whole_and_has_its_picture(
    booth: Booth, lang: str, theme: str, size: tuple[int, int], seen: str
) -> None:
    document = booth.server.app.extensions["gatehouse"].site.document()
    if seen:
        lanes = [{**one, "cameras": ["cam"]} for one in document["lanes"]]
        device = {"id": "cam", "driver": "snapshot-http", "url": "http://cam/"}
        booth.directory.save_site({**document, "devices": [*document.get("devices", []), device], "lanes": lanes})
        kept = Pictures(booth.directory.media, free_min_bytes=0)
        assert kept.keep("cam", gradient(320, 180), time.time_ns())
    booth.size(*size)
    booth.enter()
    booth.engine.show(judged(), lane("out"), site=SITE)
    look(booth, theme, lang)
    wait_until(lambda: booth.one(".act-open").get_attribute("data-command") == "compare" and booth.at_work())
    booth.press(".act-open", "pointerdown")
    wait_until(lambda: booth.all("#sheet-case"))
    if seen:
        wait_until(lambda: booth.one("#case-picture").is_displayed())
    assert booth.one("#case-picture").is_displayed() is bool(seen)
    assert booth.script(MEASURE_TARGETS, TARGETS) == []
    assert booth.script(OVERFLOW) == []
    assert booth.script(OUTSIDE) == []
    assert booth.script(CUT, "#sheet-case :is(h2, h3, p, dt, dd, button)") == []
    low = "const list = document.getElementById('case-facts'); return list.scrollHeight - list.clientHeight"
    assert booth.script(low) <= 1
    assert booth.complaints() == []
    booth.shoot(f"compare-sheet{seen}-{size[0]}-{lang}-{theme}")
    if seen:
        booth.one("#case-look").click()
        assert booth.script(OVERFLOW) == []
        wide = "return document.getElementById('case-picture').getBoundingClientRect().width / innerWidth"
        assert booth.script(wide) > 0.5
        booth.shoot(f"compare-sheet-large-{size[0]}-{lang}-{theme}")
        assert booth.one("#stop").is_displayed()


@pytest.mark.parametrize(("lang", "theme"), each_of(("zh_CN", "day"), ("en", "night")))
def test_the_page_of_a_station_is_whole_and_has_its_picture(booth: Booth, lang: str, theme: str) -> None:
    booth.enter()
    look(booth, theme, lang)
    for stations in ([], [{"id": "north", "name": "North booth"}]):
        document = booth.directory.documents.load()
        booth.directory.documents.save({**document, "stations": stations})
        booth.open("/station")
        wait_until(booth.loaded)
        assert booth.script(MEASURE_TARGETS, TARGETS) == []
        assert booth.script(OVERFLOW) == []
        assert booth.script(CUT, "h1, p, .plain, .choice, .key, label") == []
        assert booth.complaints() == []
        booth.shoot(f"station-{'key' if stations else 'own'}-800-{lang}-{theme}")
