"""The simulated site on true wires, seen through the real drivers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers import registry
from drivers.base import Bus
from drivers.sim.site import SimSite
from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.events import CredentialRead, DeviceRestored, InputsRead, OutputDone
from gateway.physics.controller import ArmSpec
from tests.drivers.conftest import PATIENCE_S, Reported, wait_until

pytestmark = pytest.mark.real
PATIENT_MS = 3000
"""Long enough that a busy machine is no silence."""


class Driven:
    """A simulated site with the buses that its own site file asks for."""

    def __init__(self, directory: Path, wire: str) -> None:
        self.site = SimSite(directory, wire=wire, spec=ArmSpec(travel_ms=300), poll_ms=10)  # type: ignore[arg-type]
        self.site.start()
        devices = self.site.devices_document()
        for device in devices:
            if "link" in device:
                device["link"]["timeout_ms"] = PATIENT_MS
        document = {
            "site": {"id": "s"},
            "gateway": {"id": "g"},
            "devices": devices,
            "lanes": self.site.lanes_document(pulse_ms=100),
        }
        self.reported = Reported()
        self.buses = registry.open_buses(registry.configure(parse_settings(document)), self.reported)
        self._threads = [threading.Thread(target=bus.run) for bus in self.buses]
        for thread in self._threads:
            thread.start()

    def bus(self, device: str) -> Bus:
        return next(bus for bus in self.buses if device in bus.devices)

    def pulse(self, device: str, output: int) -> None:
        self.bus(device).pulse(device, output, 100, True, output)

    def close(self) -> None:
        for bus in self.buses:
            bus.stop()
        for thread in self._threads:
            thread.join(PATIENCE_S)
        self.site.stop()


@pytest.fixture(params=["tcp", "rtu"])
def driven(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Driven]:
    found = Driven(tmp_path, request.param)
    yield found
    found.close()


def test_two_boards_on_one_wire_and_two_readers_come_up(driven: Driven) -> None:
    for device in ("reader-in", "reader-out", "io-in", "io-out"):
        driven.reported.wait(DeviceRestored, device)
    assert len(driven.buses) == 3


def test_a_car_shows_its_card_and_drives_in_when_the_arm_is_pulsed_open(driven: Driven) -> None:
    world, reported = driven.site.world, driven.reported
    reported.wait(DeviceRestored, "io-in")
    reported.wait(DeviceRestored, "reader-in")
    world.car("in", "472288")
    assert reported.wait(CredentialRead) == CredentialRead("reader-in", "card", "472288", 32)
    driven.pulse("io-in", 0)
    reported.wait(OutputDone)
    wait_until(lambda: world.empty("in"), "the car has gone")
    driven.pulse("io-in", 1)
    wait_until(
        lambda: reported.of(InputsRead, "io-in")[-1].inputs[:4] == (False, True, False, False), "closed and free"
    )
    assert [pulse.terminal for pulse in world.pulses("in")] == ["open", "close"]
    assert [(move.direction, move.cause) for move in world.movements("in")] == [("open", "open"), ("close", "close")]
    assert [crossing.direction for crossing in world.crossings("in")] == ["through"]
    assert world.movements("out") == []
    seen = [read.inputs[:4] for read in reported.of(InputsRead, "io-in")]
    assert any(at_open and safety for at_open, _, safety, _ in seen), "open, with the car below"


def test_what_happens_without_an_order_is_seen_on_the_wire(driven: Driven) -> None:
    world, reported = driven.site.world, driven.reported
    reported.wait(DeviceRestored, "io-out")
    world.fob("out")
    wait_until(lambda: any(read.inputs[0] for read in reported.of(InputsRead, "io-out")), "at_open")
    world.strike("out")
    wait_until(lambda: any(read.inputs[4] for read in reported.of(InputsRead, "io-out")), "arm_detached")
    assert [(move.direction, move.cause) for move in world.movements("out")] == [("open", "fob")]
    assert world.pulses("out") == []


def test_the_siren_can_be_heard(driven: Driven) -> None:
    driven.reported.wait(DeviceRestored, "io-in")
    driven.bus("io-in").switch("io-in", 3, True)
    wait_until(lambda: driven.site.world.siren("in"))
    driven.bus("io-in").switch("io-in", 3, False)
    wait_until(lambda: not driven.site.world.siren("in"))
    assert driven.site.world.movements("in") == []


def test_people_can_crank_repair_and_cut_the_mains(driven: Driven) -> None:
    world = driven.site.world
    driven.reported.wait(DeviceRestored, "reader-in")
    world.mains("in", False)
    assert not world.contacts("in").mains
    world.crank("in")
    wait_until(lambda: not world.contacts("in").at_closed)
    world.mains("in", True)
    world.repair("in")
    assert world.contacts("in").at_closed
    world.present("in", "7")
    assert driven.reported.wait(CredentialRead).value == "7"
