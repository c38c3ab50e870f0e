"""A picture of each scene for people to look at, in `artefacts/screens/`; each is whole and without a complaint."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.guard_scene import alarm, at, crashed, decision, lane
from tests.web_guard.conftest import Booth, wait_until
from tests.web_guard.test_browser import DUE, GRANTED, OVERFLOW, WAITING, held, look

pytestmark = pytest.mark.real

Scene = tuple[list[dict[str, Any]], dict[str, Any]]
DOWN = {"configured": True, "up": False, "since": at(1300), "waiting": 1284, "reason": "no route"}
TAG = {"by": "陈班长", "since": at(4000), "reason": "maintenance"}

SITE = {"id": "north", "name": "北苑花园 North", "timezone": "Asia/Shanghai", "locale": "zh_CN"}

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
    "crash": (
        [crashed(), lane("out", mode="locked", state="locked", tag=TAG)],
        {"alarms": [alarm(), alarm("uplink_down", 3, ago=300, lane=None)], "uplink": DOWN},
    ),
    "held": ([held("in", until=at(-900), left=4), lane("out", service_due=[DUE])], {}),
    "faults": (
        [lane("in", interrupted=True, state="interrupted", arm="between"), lane("out", notice="close_aborted")],
        {"journal": {"degraded": "disk full"}, "uplink": DOWN, "alarms": [alarm("storage_degraded", 2, lane=None)]},
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
            lane("goods", mode="locked", state="locked", tag=TAG, since=TAG["since"]),
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
                last_passage={"at": at(390), "type": "exited", "visit": "v", "pass": "p-wang"},
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
LANES = {name: tuple(one["id"] for one in scene[0]) for name, scene in SCENES.items()}
PICTURES = [
    *((name, "zh_CN", "day", (800, 480)) for name in SCENES),
    *((name, "en", "night", (800, 480)) for name in SCENES),
    *((name, "en", "day", (1024, 600)) for name in ("refused", "crash", "four")),
]


@pytest.mark.parametrize(
    ("booth", "name", "lang", "theme", "size"), [(LANES[one[0]], *one) for one in PICTURES], indirect=["booth"]
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
    assert booth.script(OVERFLOW) == []
    assert booth.complaints() == []
    picture = booth.shoot(f"{name}-{size[0]}-{lang}-{theme}")
    assert picture.stat().st_size > 10_000, "an empty page compresses to less"
