"""A controller in front of a real engine: its records are taken once, whatever kills the engine or cuts the line."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.boards.uhppote import frames
from drivers.boards.uhppote.sim import SERIAL, ControllerOnNetwork, SimController
from tests.support.site_process import FIRST_CARD, Gateway, gateway, monthly_passes, site_document, wait_for

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.timeout(240)]
CARD = frames.shown_number(str(FIRST_CARD))
STRANGER = frames.shown_number("77")


def document(far: ControllerOnNetwork, *doors: dict[str, Any]) -> dict[str, Any]:
    devices = [
        {"id": "door-1", "driver": "uhppote", "link": far.link(), "serial": SERIAL, "door": 1, "poll_ms": 20}, *doors,
    ]  # fmt: skip
    lane = {
        "id": "in",
        "direction": "entry",
        "readers": ["door-1"],
        "barrier": {
            "open": "door-1.output.0",
            "at_closed": {"point": "door-1.input.0", "normally": "closed"},
            "close_by": "barrier",
            "external_open": "expected",
        },
    }
    return site_document(devices, [lane])


@pytest.fixture
def far() -> Iterator[ControllerOnNetwork]:
    with ControllerOnNetwork(SimController(size=2_000)) as found:
        yield found


@pytest.fixture
def box(far: ControllerOnNetwork, tmp_path: Path) -> Iterator[Gateway]:
    with gateway(tmp_path / "data", document(far), monthly_passes(3)) as running:
        yield running


def records(box: Gateway) -> list[tuple[int, str, bool]]:
    rows = [row["data"] for row in box.events("device.recorded")]
    return [(row["record"], row["what"], row["late"]) for row in rows]


def taken(box: Gateway, last: int) -> None:
    wait_for(lambda: (records(box) or [(0,)])[-1][0] >= last, f"record {last}; {box.log()[-800:]}")


def test_a_resident_comes_in_by_a_door_of_a_controller(box: Gateway, far: ControllerOnNetwork) -> None:
    sim = far.controllers[0]
    box.start_engine()
    wait_for(lambda: box.events("device.records_began"), "contact")
    sim.swipe(CARD)
    wait_for(lambda: sim.doors[0].openings == 1, "the door is unlocked")
    (granted,) = wait_for(lambda: box.events("access.granted"), "the grant")
    assert (granted["data"]["pass"], granted["data"]["credential"]["value"]) == ("p0", str(FIRST_CARD))
    (command,) = box.events("barrier.commanded")
    (record,) = [row for row in box.events("device.recorded") if row["data"]["what"] == "card_refused"]
    assert int(record["sequence"]) < int(granted["sequence"]) < int(command["sequence"])
    sim.move(1, True)
    wait_for(lambda: box.events("barrier.opened"), "the contact is seen")
    sim.move(1, False)
    wait_for(lambda: box.events("barrier.closed"), "the contact is seen again")
    sim.swipe(STRANGER)
    wait_for(lambda: box.events("access.referred", "access.denied"), "the stranger")
    assert sim.doors[0].openings == 1
    told = {row["data"]["what"] for row in box.events("device.configured")}
    assert told >= {"decides"}
    assert box.stop() == 0
    assert sim.doors[0].openings == 1


def test_each_record_is_taken_once_over_kills_and_cut_lines_and_nothing_late_opens(
    box: Gateway, far: ControllerOnNetwork
) -> None:
    sim, dice = far.controllers[0], random.Random(5)
    box.start_engine()
    wait_for(lambda: box.events("device.records_began"), "contact")
    openings = 0
    for turn in range(6):
        for _ in range(dice.randrange(1, 4)):
            sim.swipe(STRANGER)
            time.sleep(dice.random() * 0.05)
        if turn % 2:
            box.kill()
            before = sim.doors[0].openings
            sim.swipe(CARD)
            box.start_engine()
            taken(box, sim.records[-1].index)
            assert sim.doors[0].openings == before, "what was presented while the engine was dead opens nothing"
        else:
            far.unplug()
            wait_for(lambda: box.device("door-1")["state"] == "lost", "lost")
            before = sim.doors[0].openings
            sim.swipe(CARD)
            far.plug()
            taken(box, sim.records[-1].index)
            assert sim.doors[0].openings == before, "what was presented while the line was cut opens nothing"
        openings = sim.doors[0].openings
    assert openings == 0
    assert [index for index, _, _ in records(box)] == list(range(1, sim.records[-1].index + 1))
    assert box.events("device.records_missed") == []
    assert len(box.events("device.records_began")) == 1
    box.verify()


def test_records_that_are_gone_are_a_gap_in_the_journal(tmp_path: Path) -> None:
    with ControllerOnNetwork(SimController(size=16)) as far, gateway(tmp_path / "data", document(far)) as box:
        sim = far.controllers[0]
        box.start_engine()
        wait_for(lambda: box.events("device.records_began"), "contact")
        sim.swipe(STRANGER)
        taken(box, 1)
        box.kill()
        for _ in range(60):
            sim.swipe(STRANGER)
        oldest = sim.records[0].index
        box.start_engine()
        taken(box, 61)
        (missed,) = box.events("device.records_missed")
        assert (missed["data"]["first"], missed["data"]["last"], missed["data"]["reason"]) == (
            2, oldest - 1, "overwritten",
        )  # fmt: skip
        assert [index for index, _, _ in records(box)] == [1, *range(oldest, 62)]


def test_a_clock_that_is_off_is_set_to_the_time_of_the_site_once_and_journaled(
    box: Gateway, far: ControllerOnNetwork
) -> None:
    far.controllers[0].clock_ahead_s = -12 * 86_400
    box.start_engine()
    rows = wait_for(
        lambda: [row for row in box.events("device.configured") if row["data"]["what"] == "clock"], "the clock"
    )
    data = rows[0]["data"]
    assert data["by"] == "gateway"
    assert data["value"] > data["before"]
    shown = far.controllers[0].clock.isoformat()
    assert shown[:13] == time.strftime("%Y-%m-%dT%H", time.gmtime(time.time() + 8 * 3_600))
    box.kill()
    box.start_engine()
    wait_for(lambda: box.device("door-1")["state"] == "online", "back")
    time.sleep(0.5)
    assert len([row for row in box.events("device.configured") if row["data"]["what"] == "clock"]) == 1
