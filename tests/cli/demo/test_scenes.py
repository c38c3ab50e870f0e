"""The scenes of the demo: its site is valid, an engine answers what its people ask, and all are played in time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from copy import deepcopy
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gateway.core.identities.documents import wrong_number
from gateway.core.settings.site_file import parse_settings
from gateway.demo.estate import BUILDINGS, PRICES
from gateway.demo.guard import AFTER_S, GUARD, Guard
from gateway.demo.guests import CAMERAS, GONE_S, OFFICE, Guests, drawing, invented_number
from gateway.demo.people import People
from gateway.demo.run import Demo
from gateway.store.journal.queries import StoredRow
from gateway.store.journal.reader import JournalReader
from tests.support.engine import SITE, Running
from tests.support.waiting import wait_until

TODAY = date(2026, 11, 21)
FIVE_MINUTES_S = 300
NS = 1_000_000_000


def estate() -> dict[str, Any]:
    """The small site of the engine's tests with what the demo adds."""
    site = deepcopy(SITE)
    site["site"]["goods_slip"] = True
    site["devices"] += [{"id": camera, "driver": "noop"} for camera in CAMERAS.values()]
    for lane in site["lanes"]:
        lane["readers"].append(CAMERAS[lane["id"]])
    return {**site, "buildings": BUILDINGS, **PRICES}


class Road:
    """Stands in for the simulated lanes: a car that comes stands on the approach loop until it is taken away."""

    def __init__(self) -> None:
        self.world = self
        self.cars: list[str] = []

    def empty(self, lane: str) -> bool:
        return lane not in self.cars

    def car(self, lane: str, card: str | None, patience_ms: int) -> None:
        assert card is None
        assert patience_ms > 1000 * AFTER_S
        self.cars.append(lane)

    def contacts(self, lane: str) -> Any:
        return SimpleNamespace(approach_loop=lane in self.cars)


class Scene:
    """A gate with the demo's people, whose time the test moves."""

    def __init__(self, gate: Running) -> None:
        self.gate = gate
        self.road = Road()
        self.guard = Guard(gate.client)
        self.usable = True
        people = People(1, TODAY)
        self.guests = Guests(self.road, people, gate.client, self.guard, lambda _lane: self.usable)  # type: ignore[arg-type]
        self.now_s = 1000.0
        self._sequence = 0

    def passes(self, seconds: float = 0.25) -> None:
        """Time passes, and the rows since then are heard."""
        self.now_s += seconds
        for row in self.gate.rows():
            if row.sequence > self._sequence:
                self._sequence = row.sequence
                self.guests.noted(row.row(), self.now_s)
        self.guests.turn(self.now_s)
        self.guard.turn(self.now_s)

    def until(self, type_: str, step_s: float = 1.5) -> dict[str, Any]:
        """Let time pass until there is a row of that type; its data."""
        wait_until(lambda: self.passes(step_s) or self.told(type_))
        return self.told(type_)[0]

    def told(self, type_: str) -> list[dict[str, Any]]:
        return [row.data() for row in self.gate.rows(type_)]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    running = Running(tmp_path / "data", estate())
    running.bus.restore()
    wait_until(lambda: running.lane()["arm"] == "closed")
    yield Scene(running)
    running.stop()


def test_the_site_of_the_demo_is_valid_and_charges_visitors_only(tmp_path: Path) -> None:
    with ExitStack() as stack:
        demo = Demo(tmp_path, 8080, stack)
        demo._site = SimpleNamespace(  # type: ignore[assignment]
            devices_document=lambda: deepcopy(SITE["devices"]), lanes_document=lambda: deepcopy(SITE["lanes"])
        )
        document = demo._document(None)
    settings = parse_settings(document)
    charging = settings.prices.charging
    assert [charging.tariff_for(kind) for kind in ("monthly", "staff", "temporary")] == [None, None, "visitor"]
    assert charging.tariff_for("temporary", "truck") is None
    assert {one.id for one in settings.buildings} >= {"b3", "b5"}
    assert settings.site.goods_slip


def test_an_announced_delivery_comes_in_by_its_plate(scene: Scene) -> None:
    assert scene.guests.announces()
    granted = scene.until("access.granted")
    (announced,) = scene.told("visit.announced")
    assert (announced["by"], announced["building"], announced["goods"]) == (OFFICE, "b5", True)
    assert (granted["reason"], granted["credential"]["value"]) == ("expected_visit", announced["plate"])


def test_the_guard_registers_a_visitor_who_is_not_expected_and_lets_it_in(scene: Scene) -> None:
    assert scene.guests.registers()
    granted = scene.until("access.granted")
    (registered,) = scene.told("visit.registered")
    assert (registered["by"], granted["decided_by"]) == (GUARD, GUARD)
    assert granted["credential"]["value"] == registered["plate"]


def test_a_person_who_registers_the_visitor_first_is_not_disturbed(scene: Scene) -> None:
    scene.guests.registers()
    scene.until("access.denied", step_s=0.0)
    wait_until(lambda: scene.gate.lane()["case"] is not None)
    case = scene.gate.lane()["case"]
    answer = scene.gate.client.call(
        "lane.command", request="p1", lane="in", command="open", case=case["id"], reason="known", by="Lin", via="guard"
    )
    assert answer["status"] == "done"
    wait_until(lambda: scene.gate.lane()["case"] is None)
    for _ in range(20):
        scene.passes(1.0)
    assert scene.told("visit.registered") == []
    assert [one["decided_by"] for one in scene.told("access.granted")] == ["Lin"]


def test_a_driver_without_a_card_is_released_step_by_step(scene: Scene) -> None:
    assert scene.guests.forgets("")
    granted = scene.until("access.granted")
    (checked,) = scene.told("identity.checked")
    (confirmed,) = scene.told("identity.confirmed")
    assert (checked["by"], confirmed["by"], granted["lane"]) == (GUARD, OFFICE, "out")
    assert granted["person"] == checked["person"] == scene.told("identity.signed")[0]["person"]


def test_a_car_that_went_away_comes_again_and_none_comes_to_a_lane_out_of_order(scene: Scene) -> None:
    scene.guests.registers()
    scene.passes()
    scene.road.cars.clear()
    scene.usable = False
    scene.passes(GONE_S + 1)
    assert scene.road.cars == []
    scene.usable = True
    scene.passes()
    assert scene.road.cars == ["in"]


def test_the_invented_number_and_the_drawing_are_taken() -> None:
    assert wrong_number("resident_id", invented_number(), TODAY) == ""
    assert len(drawing()) < 10_000


@pytest.mark.real
@pytest.mark.long
@pytest.mark.timeout(3 * FIVE_MINUTES_S)
def test_every_scene_is_played_within_five_minutes(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "gateway", "demo", "--port", "0", "--hours", "0.09", "--data", str(tmp_path / "demo")]
    told = subprocess.run(argv, capture_output=True, text=True, timeout=2 * FIVE_MINUTES_S)
    assert told.returncode == 0, told.stderr
    rows = JournalReader(tmp_path / "demo" / "journal.db").page(0, 5_000)
    played = [row for row in rows if row.wall_ns - rows[0].wall_ns < FIVE_MINUTES_S * NS]
    types = {row.type for row in played}
    assert types >= {"visit.announced", "visit.registered", "visit.paid", "identity.checked", "slip.used"}
    paid = one_of_type(played, "visit.paid")
    gone = [row.data() for row in played if row.type == "passage.exited"]
    assert any(one["visit"] == paid["visit"] and one["charge"] == paid["amount"] for one in gone)
    slip, checked = one_of_type(played, "slip.used"), one_of_type(played, "identity.checked")
    assert {slip["visit"], checked["visit"]} <= {one["visit"] for one in gone}
    assert "could not" not in told.stdout


def one_of_type(rows: list[StoredRow], type_: str) -> dict[str, Any]:
    return next(row.data() for row in rows if row.type == type_)
