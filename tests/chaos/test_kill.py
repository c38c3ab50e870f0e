"""kill -9 of the engine at random moments under traffic: what moved is recorded, and no start moves anything.

The gates, cars and cards live in this process and go on while the engine is dead. 20 kills in a normal run, half of
them with Modbus over TCP and half over a serial line; GATEHOUSE_KILLS asks for another number.
"""

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from typing import Any

import pytest

from drivers.sim.site import SimSite
from gateway.core.vocabulary.errors import GatehouseError
from tests.chaos.conftest import PASSES, MakeSite
from tests.support.ground_truth import half_done, kind, of_lane, of_lane_and_starts, unasked, unrecorded
from tests.support.site_process import FIRST_CARD, Gateway
from tests.variants import first_and

KILLS = int(os.environ.get("GATEHOUSE_KILLS", "20"))
KILL_WITHIN_S = (0.2, 1.4)
QUIET_S = 0.25
"""How long nothing is asked after a start, so that a movement could only have been caused by the start itself."""
WAIT_MS = 2_000
"""Longer than a busy machine stalls a thread: past it a gate opens before its row is durable, and rightly so."""
LANES = ("in", "out")
COMMANDS = ("open", "open", "open", "open", "close", "close", "close", "hold", "release", "release", "stop")


class Ordeal:
    """One site through many kills."""

    def __init__(self, sim: SimSite, gateway: Gateway, dice: random.Random) -> None:
        self.sim = sim
        self.gateway = gateway
        self.dice = dice
        self.cards = iter(dice.choices(range(FIRST_CARD, FIRST_CARD + PASSES), k=1_000_000))

    def live_and_die(self) -> None:
        """Traffic until the kill, which comes from another thread at a moment that nothing is in step with."""
        killer = threading.Timer(self.dice.uniform(*KILL_WITHIN_S), lambda: os.kill(self.gateway.pid(), 9))
        killer.start()
        while killer.is_alive():
            self.something_happens()
            killer.join(self.dice.uniform(0.0, 0.1))
        self.gateway.kill()

    def something_happens(self) -> None:
        """A card, a car or a guard."""
        lane = self.dice.choice(LANES)
        chance = self.dice.random()
        if chance < 0.6:
            self.sim.readers[lane].present(str(next(self.cards)))
        elif chance < 0.75 and self.sim.world.empty(lane):
            self.sim.world.car(lane)
        else:
            with contextlib.suppress(GatehouseError):
                self.gateway.command(lane, self.dice.choice(COMMANDS))

    def start_and_look(self) -> None:
        """Start the engine and see that the start itself has moved nothing; then a guard makes the lanes usable."""
        before = {lane: len(self.sim.world.pulses(lane)) for lane in LANES}
        last = self.gateway.last_sequence()
        past = self.gateway.events(after=max(0, last - 500))
        self.gateway.start_engine()
        time.sleep(QUIET_S)
        for lane in LANES:
            assert len(self.sim.world.pulses(lane)) == before[lane], f"{lane} was moved by a start"
            if half_done(of_lane_and_starts(past, lane)):
                assert self.gateway.lane(lane)["interrupted"], f"{lane} was half done and is not interrupted"
            assert not any(self.sim.boards[lane].outputs()[:3]), f"an output of {lane} was left on"
        for lane in LANES:
            self._make_usable(lane)

    def _make_usable(self, lane: str) -> None:
        shown = self.gateway.lane(lane)
        if shown["mode"] == "crashed":
            self.sim.world.repair(lane)
            self.gateway.command(lane, "reset")
        if shown["mode"] == "held":
            self.gateway.command(lane, "release")
        if self.gateway.lane(lane)["interrupted"]:
            self.gateway.command(lane, "open")

    def settle(self) -> list[dict[str, Any]]:
        """All rows; the chain verifies and no number is left out."""
        events = self.gateway.events()
        assert self.gateway.verify() == len(events)
        assert [int(event["sequence"]) for event in events] == list(range(1, len(events) + 1))
        return events


def runs(events: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The rows cut at each start of an engine."""
    found: list[list[dict[str, Any]]] = []
    for event in events:
        if kind(event) == "gateway.started":
            found.append([])
        found[-1].append(event)
    return found


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.timeout(60 + KILLS * 5)
@pytest.mark.parametrize("wire", first_and("tcp", "rtu"))
def test_a_kill_at_any_moment_loses_no_movement_and_a_start_moves_nothing(
    wire: str, site: MakeSite, dice: random.Random
) -> None:
    sim, gateway = site(wire, journal_wait_ms=WAIT_MS)
    ordeal = Ordeal(sim, gateway, dice)
    kills = max(1, KILLS // 2)
    died = moved = 0
    while died < kills or moved < kills / 2:
        assert died < 3 * kills, "hardly anything moved: this run proves nothing"
        ordeal.start_and_look()
        ordeal.live_and_die()
        died += 1
        events = ordeal.settle()
        for lane in LANES:
            assert unrecorded(sim.world.pulses(lane), of_lane(events, lane)) == []
        moved = sum(len(sim.world.pulses(lane)) for lane in LANES)
    lives = runs(events)
    assert len(lives) == died
    assert [event for life in lives for event in unasked(life)] == []
    print(f"{died} kills over {wire}: {len(events)} rows, {moved} movements")
