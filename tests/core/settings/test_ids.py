"""No legal id or name changes what a lane does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.core.lanes.memory import LanesMemory
from tests.core.playbook import Playbook, TwoLanes, site_document, two_lanes

ODD = ["site", "alarm", "lane", "gateway", "storage", "device", "clock", "uplink", "-", "1", "minute", "debounce"]


def renamed(name: str) -> dict[str, Any]:
    document = site_document()
    document["lanes"][0]["id"] = name
    return document


@pytest.mark.parametrize("name", ODD)
def test_a_lane_of_any_name_debounces_closes_and_alarms(name: str) -> None:
    play = Playbook(renamed(name))
    play.set(approach_loop=True)
    play.read()
    play.rise()
    play.drive_through()
    play.advance(900)
    assert play.pulses() == ["open", "close"]
    play.lower()
    assert play.lane(name)["state"] == "ready"
    play.set(arm_detached=True)
    assert [alarm["kind"] for alarm in play.alarms()] == ["crash"]
    play.advance(181_000)
    assert ("siren=off") in [out for _, out, _ in play.outputs]


@pytest.mark.parametrize("name", ODD)
def test_a_shelved_alarm_comes_back_at_a_lane_of_any_name(name: str) -> None:
    play = Playbook(renamed(name))
    play.set(safety_loop=True)
    play.advance(301_000)
    play.alarm("shelve", reason="loop is being mended", until_wall_ns=play.wall_ns + 60 * 10**9)
    play.advance(61_000)
    assert play.alarms()[0]["state"] == "unacknowledged"


@pytest.mark.parametrize("name", ["gateway", "schedule", "exit button", "fire contact", "central", "booth"])
def test_an_operator_of_any_name_is_a_person(name: str) -> None:
    play = Playbook()
    play.person("hold", by=name)
    play.rise()
    play.drive_through()
    assert play.data("passage.entered")["mark"] is None
    play.person("release", by=name)
    assert not play.restarted(at_open=True, at_closed=False).lane()["interrupted"]
    again = Playbook()
    again.person("open", by=name)
    again.rise()
    again.drive_through()
    assert again.data("passage.entered")["method"] == "manual"


def test_barriers_named_like_the_other_lane_do_not_disturb_each_other() -> None:
    document = two_lanes()
    barriers = [{"id": other, **lane["barrier"]} for lane, other in zip(document["lanes"], ("out", "in"), strict=True)]
    for lane, barrier in zip(document["lanes"], barriers, strict=True):
        lane["barrier"] = barrier["id"]
    play = TwoLanes(json.loads(json.dumps({**document, "barriers": barriers})))
    play.person("open", lane="in")
    play.set(at_closed=False)
    play.person("stop", lane="in")
    play.person("open", lane="out")
    play.set2(at_closed=False)
    play.advance(2000)
    play.set2(at_open=True)
    memory = play.memory()
    assert set(memory.part(LanesMemory).interrupted) == {"out"}
