"""What was granted counts at once: a real engine whose projections cannot follow, since the disk is full."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.store.passes.registry import PassRegistry
from tests.chaos.conftest import MakeSite
from tests.chaos.test_full_disk import Lane, fill_until_degraded, raised, small_disk
from tests.support.site_process import Gateway, wait_for

__all__ = ["small_disk"]
pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(180)]
HOUSEHOLD = tuple(
    Pass(id=f"h{number}", kind=PassKind.MONTHLY, cards=(str(700_000 + number),), group="12-3") for number in range(3)
)
VISITOR = Pass(id="visitor", kind=PassKind.TEMPORARY)
Make = Callable[..., tuple[Lane, Gateway]]


@pytest.fixture
def full(small_disk: Path, site: MakeSite) -> Make:
    """A gate on a disk that has just become full, with a household that has two places."""

    def make(**more: Any) -> tuple[Lane, Gateway]:
        sim, gateway = site(data=small_disk / "data", **more)
        registry = PassRegistry(gateway.directory.registry, writer=True)
        registry.import_passes(iter((*HOUSEHOLD, VISITOR)))
        registry.close()
        gateway.start_engine()
        lane = Lane(sim, gateway)
        lane.let_one_in()
        return lane, gateway

    return make


def tomorrow() -> str:
    """The day until which a code is good."""
    return (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=1)).date().isoformat()


def decision(gateway: Gateway, card: str) -> tuple[str, str]:
    """What is decided on a card that is presented at the entry."""
    before = gateway.lane("in")["last_decision"]["at"]
    gateway.client.call("credential", device="reader-in", kind="card", value=card)
    told = wait_for(lambda: (found := gateway.lane("in")["last_decision"])["at"] != before and found, "a decision")
    return told["verdict"], told["reason"]


def comes_in(lane: Lane, card: str) -> None:
    """A car with this card drives in."""
    passed = len(lane.sim.world.crossings("in"))
    lane.sim.world.car("in", card)
    wait_for(lambda: len(lane.sim.world.crossings("in")) > passed, "the car passes")
    wait_for(lambda: lane.gateway.lane("in")["arm"] == "closed", "the arm is measured closed")


def test_anti_passback_knows_who_came_in_while_nothing_can_be_written(full: Make, small_disk: Path) -> None:
    lane, gateway = full(site={"anti_passback": "hard"})
    fill_until_degraded(lane, small_disk)
    comes_in(lane, "700000")
    assert decision(gateway, "700000") == ("denied", "already_inside")
    assert decision(gateway, "700001") == ("granted", "valid_pass")


@pytest.mark.long
def test_a_household_has_no_more_places_than_it_has_while_nothing_can_be_written(full: Make, small_disk: Path) -> None:
    lane, gateway = full(groups=[{"id": "12-3", "places": 2}])
    fill_until_degraded(lane, small_disk)
    comes_in(lane, "700000")
    comes_in(lane, "700001")
    assert decision(gateway, "700002") == ("referred", "places_full")


@pytest.mark.long
def test_a_code_lets_in_once_while_nothing_can_be_written(full: Make, small_disk: Path) -> None:
    lane, gateway = full()
    code = gateway.client.call("passes.code", pass_id="visitor", until=tomorrow(), by="Lin")["code"]
    fill_until_degraded(lane, small_disk)
    said = []
    for _ in range(4):
        opened = lane.opens()
        passed = len(lane.sim.world.crossings("in"))
        lane.sim.world.car("in")
        wait_for(lambda: gateway.lane("in")["approach"], "a car stands on the loop")
        gateway.client.call("credential", device="reader-in", kind="qr", value=code)
        told = wait_for(
            lambda: (
                (one := gateway.lane("in")["last_decision"])["credential"]["kind"] == "qr" and one["present"] and one
            ),
            "the code is decided on",
        )
        said.append(told["verdict"])
        if told["verdict"] == "granted":
            wait_for(lambda before=passed: len(lane.sim.world.crossings("in")) > before, "the car passes")
            wait_for(lambda: gateway.lane("in")["arm"] == "closed", "the arm is measured closed")
            continue
        time.sleep(0.2)
        assert lane.opens() == opened
        break
    assert said == ["granted", "denied"]
    assert raised(gateway, "storage_degraded")
