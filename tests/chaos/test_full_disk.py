"""A disk that fills up under traffic, on a real tmpfs: the gate goes on, says so, and writes everything down later."""

from __future__ import annotations

import itertools
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.sim.site import SimSite
from gateway.core.vocabulary.errors import EngineUnreachableError
from tests.chaos.conftest import MakeSite
from tests.support.ground_truth import kind, mono_ns, of_lane, unrecorded
from tests.support.site_process import FIRST_CARD, Gateway, wait_for

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(180)]
WAIT_MS = 250
PATIENT_MS = 3_000
"""Each car has one opening: an arm that has not left after half of this would be told once more."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "gatehouse-test", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only root may mount a tmpfs")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def enlarge(place: Path) -> None:
    """Room enough for the engine to keep some of it."""
    subprocess.run(["mount", "-o", "remount,size=64m", str(place)], check=True)


def fill(place: Path) -> Path:
    """Take all space that is left."""
    hog = place / "hog"
    with hog.open("wb", buffering=0) as out:
        for size in (1 << 20, 1 << 12):
            try:
                while True:
                    out.write(b"x" * size)
            except OSError:
                continue
    return hog


class Lane:
    """One lane under a stream of cards."""

    def __init__(self, sim: SimSite, gateway: Gateway, lane: str = "in") -> None:
        self.sim, self.gateway, self.lane = sim, gateway, lane
        self._card = FIRST_CARD

    def opens(self) -> int:
        """How often the arm was told to open."""
        return sum(pulse.terminal == "open" for pulse in self.sim.world.pulses(self.lane))

    def let_one_in(self) -> None:
        """A car with a valid card of its own comes, and drives through."""
        before = self.opens()
        passed = len(self.sim.world.crossings(self.lane))
        self.sim.world.car(self.lane, str(self._card))
        self._card += 1
        wait_for(lambda: self.opens() > before, f"the gate opens; {self.gateway.log()[-500:]}")
        wait_for(lambda: len(self.sim.world.crossings(self.lane)) > passed, "the car passes")
        wait_for(lambda: self.sim.world.contacts(self.lane).at_closed, "the arm closes")
        wait_for(lambda: self.gateway.lane(self.lane)["arm"] == "closed", "the arm is measured closed")


def raised(gateway: Gateway, alarm_kind: str) -> list[dict[str, Any]]:
    """The alarms of a kind that are shown."""
    return [alarm for alarm in gateway.state()["alarms"] if alarm["kind"] == alarm_kind]


def fill_until_degraded(lane: Lane, place: Path) -> Path:
    """Fill the disk, and have strangers' cards read until the journal has used up its WAL and found out."""
    hog = fill(place)
    strangers = itertools.count(900_000)

    def degraded() -> bool:
        for _ in range(20):
            lane.sim.readers["out"].present(str(next(strangers)))
            time.sleep(0.002)  # the reader's line takes no more than a terminal's buffer holds
        try:
            return bool(lane.gateway.state()["journal"]["degraded"])
        except EngineUnreachableError:  # the disk holds up a whole machine at times
            return False

    wait_for(degraded, "the journal notices that the disk is full")
    return hog


def test_a_gate_opens_and_says_so_while_its_disk_is_full_and_loses_no_row(small_disk: Path, site: MakeSite) -> None:
    sim, gateway = site(data=small_disk / "data", journal_wait_ms=WAIT_MS, travel_time_ms=PATIENT_MS)
    gateway.start_engine()
    lane = Lane(sim, gateway)
    lane.let_one_in()
    hog = fill_until_degraded(lane, small_disk)

    lane.let_one_in()
    assert raised(gateway, "storage_degraded"), "nobody is told that the disk is full"
    assert gateway.state()["journal"]["degraded"]
    moved_while_full = lane.opens()

    hog.unlink()
    (small_disk / "hog").unlink(missing_ok=True)
    wait_for(lambda: not gateway.state()["journal"]["degraded"], "the journal writes again")
    wait_for(lambda: gateway.events("storage.restored"), "storage.restored in the journal")
    lane.let_one_in()
    assert gateway.stop() == 0

    events = gateway.events()
    assert gateway.verify() == len(events)
    assert gateway.events("storage.degraded")
    assert lane.opens() > moved_while_full
    rows = of_lane(events, "in")
    assert unrecorded(sim.world.pulses("in"), rows) == []
    assert len([row for row in rows if kind(row) == "passage.entered"]) == len(sim.world.crossings("in"))


@pytest.mark.long
def test_a_car_does_not_wait_until_a_full_disk_has_room(small_disk: Path, site: MakeSite) -> None:
    sim, gateway = site(data=small_disk / "data", journal_wait_ms=WAIT_MS, travel_time_ms=PATIENT_MS)
    gateway.start_engine()
    lane = Lane(sim, gateway)
    hog = fill_until_degraded(lane, small_disk)
    lane.let_one_in()
    (opened,) = [pulse for pulse in sim.world.pulses("in") if pulse.terminal == "open"]
    hog.unlink()
    wait_for(lambda: not gateway.state()["journal"]["degraded"], "the journal writes again")
    (restored, *_) = wait_for(lambda: gateway.events("storage.restored"), "storage.restored in the journal")
    commanded = [row for row in of_lane(gateway.events("barrier.commanded"), "in") if row["data"]["command"] == "open"]
    assert [mono_ns(row) <= opened.mono_ns < mono_ns(restored) for row in commanded] == [True]


@pytest.mark.long
@pytest.mark.parametrize("end", ["killed", "stopped"])
def test_an_engine_that_starts_on_a_full_disk_opens_the_gate(small_disk: Path, site: MakeSite, end: str) -> None:
    sim, gateway = site(data=small_disk / "data", journal_wait_ms=WAIT_MS)
    enlarge(small_disk)
    gateway.start_engine()
    Lane(sim, gateway).let_one_in()
    if end == "stopped":
        assert gateway.stop() == 0
    else:
        gateway.kill()
    fill(small_disk)
    gateway.start_engine()
    lane = Lane(sim, gateway)
    lane.let_one_in()
    (small_disk / "hog").unlink()
    wait_for(lambda: not gateway.state()["journal"]["degraded"], "the journal writes again")
    gateway.verify()


def test_an_engine_killed_on_a_full_disk_starts_again_and_its_chain_is_whole(small_disk: Path, site: MakeSite) -> None:
    sim, gateway = site(data=small_disk / "data", journal_wait_ms=WAIT_MS, travel_time_ms=PATIENT_MS)
    gateway.start_engine()
    lane = Lane(sim, gateway)
    hog = fill_until_degraded(lane, small_disk)
    gateway.kill()
    pulses = len(sim.world.pulses("in"))
    os.truncate(hog, 0)
    gateway.start_engine()
    gateway.verify()
    assert len(sim.world.pulses("in")) == pulses
    assert not gateway.state()["journal"]["degraded"]
    lane.let_one_in()
    gateway.verify()
