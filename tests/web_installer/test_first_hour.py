"""From an empty directory to a lane that opens for a card: nothing is written by hand, all of it is chosen on pages.

The hardware is simulated on true wires: an RDM6300 and a Modbus board on serial ports, a barrier with loops and cars.
Only the port that the web listens on is given, since tests run beside each other.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

from drivers.readers.rdm6300 import Rdm6300Options
from drivers.sim.site import SimSite
from gateway.control import Client
from gateway.core.vocabulary.errors import GatehouseError
from gateway.physics.controller import ArmSpec
from gateway.store.directory import DataDirectory
from tests.support.site_process import children
from tests.support.waiting import wait_until
from tests.web_guard.conftest import open_chrome
from tests.web_installer.lanes.bench import Site
from tests.web_setup.test_whole_path import Gateway, fill

pytestmark = [pytest.mark.real, pytest.mark.long, pytest.mark.timeout(600)]
CARD = "472288"
LANE = "/installer/lanes/north-in"
SEARCH_S = 150.0


class Hour(Site):
    """The installer's browser, the gateway behind it, and the gate."""

    def __init__(self, sim: SimSite, running: Gateway, chrome: webdriver.Chrome) -> None:
        self.sim, self.chrome, self.port = sim, chrome, running.port
        self.run = running
        self.url = f"http://127.0.0.1:{running.port}"
        self.engine = Client(DataDirectory(running.path).socket)

    def state(self) -> dict[str, Any]:
        """What the engine publishes; {} while it starts."""
        try:
            found: dict[str, Any] = self.engine.call("state")
        except GatehouseError:
            return {}
        return found

    def lane(self) -> dict[str, Any]:
        """The lane as it is; {} while there is none."""
        return next(iter(self.state().get("lanes", [])), {})

    def all(self, css: str) -> list[Any]:
        """The elements that are there."""
        return self.chrome.find_elements("css selector", css)

    def next(self) -> str:
        """The step that the overview names next."""
        wait_until(self._overview, what="the overview, which is away while the engine starts", every_s=0.5)
        return str(self.one(".over-step.is-next").get_attribute("id"))

    def _overview(self) -> bool:
        self.open("/installer")
        return bool(self.all(".over-step.is-next"))

    def follow(self) -> None:
        """Take the way that the overview shows."""
        self.press(".over-step.is-next > a")

    def apply(self) -> None:
        """Check and apply."""
        self.open("/installer/changes")
        self.press(".changes-apply button")
        wait_until(lambda: self.text(".changes-wait"), what="the time to confirm", timeout_s=60)

    def confirm(self) -> None:
        """It works."""
        self.press(".changes-wait .is-main")
        wait_until(lambda: "told=confirmed" in self.chrome.current_url, what="the confirmation")

    def learn(self, terminal: str, act: str) -> None:
        """Let one thing happen at the gate, and take what was learned."""
        self.open(f"{LANE}/learn/{terminal}")
        self.press("#lesson form button")
        wait_until(lambda: self.text("#found"), what="the beginning")
        getattr(self.sim.world, act)("in")
        wait_until(lambda: self.text("#takes") and not self.text("#left"), what=f"{terminal} learned", timeout_s=60)
        self.press("#takes .is-main")
        wait_until(lambda: f"{LANE}?saved" in self.chrome.current_url, what="the lane again")


@pytest.fixture
def chrome() -> Iterator[webdriver.Chrome]:
    driver = open_chrome()
    yield driver
    driver.quit()


@pytest.fixture
def hour(tmp_path: Path, chrome: webdriver.Chrome, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hour]:
    wires = tmp_path / "wires"
    wires.mkdir()
    monkeypatch.setenv("GATEHOUSE_PORTS", str(wires))
    with SimSite(wires, {"in": "entry"}, wire="rtu", spec=ArmSpec(travel_ms=900)) as sim:
        running = Gateway(tmp_path / "data")
        yield Hour(sim, running, chrome)
        running.stop()


@contextmanager
def card_at_the_reader(sim: SimSite) -> Iterator[None]:
    """A person holds a card to the reader."""
    over = threading.Event()

    def hold() -> None:
        while not over.wait(0.3):
            sim.readers["in"].present(CARD)

    thread = threading.Thread(target=hold, daemon=True)
    thread.start()
    yield
    over.set()
    thread.join()


@pytest.mark.parametrize(("size", "locale"), [((1366, 768), "en"), ((390, 844), "zh_CN")], ids=["laptop", "telephone"])
def test_a_lane_opens_for_a_card(hour: Hour, size: tuple[int, int], locale: str) -> None:
    hour.size(*size)
    set_up(hour, locale)
    assert hour.next() == "devices"
    hour.follow()
    discover(hour)
    assert hour.next() == "connect"
    hour.follow()
    connect(hour)
    assert hour.next() == "lanes"
    hour.follow()
    wire(hour)
    assert hour.sim.world.pulses("in") == [], "nothing was pulsed so far"
    assert hour.next() == "apply"
    hour.apply()
    hour.confirm()
    assert hour.next() == "card"
    present(hour)
    hour.sim.world.car("in", CARD)
    wait_until(lambda: "passage.entered" in hour.run.rows(), what="the passage", timeout_s=60, every_s=1)
    assert hour.next() == "people"
    told = hour.run.rows()
    assert told.count("settings.changed") >= 4 and "access.granted" in told


def set_up(hour: Hour, locale: str) -> None:
    """The first minute."""
    hour.open("/")
    assert hour.chrome.current_url == f"{hour.url}/setup"
    hour.choose("locale", locale)
    fill(hour.chrome, code=hour.run.code, site_name="North Court", name="Ana", pin="7391", pin_again="7391")
    wait_until(lambda: hour.chrome.current_url == f"{hour.url}/installer", what="the overview")
    wait_until(lambda: hour.run.rows().count("gateway.started") == 2 and hour.state(), what="the engine", timeout_s=60)


def discover(hour: Hour) -> None:
    """What is connected is found by itself, and added with a tap."""
    hour.press('[data-key="start"]')
    with card_at_the_reader(hour.sim):
        wait_until(lambda: hour.all('[data-key="add-0"]'), what="the reader", timeout_s=SEARCH_S)
    assert "rdm6300" in hour.text("#found-0")
    hour.press('[data-key="add-0"]')
    wait_until(lambda: hour.all('[data-key="add-1"]'), what="the board", timeout_s=SEARCH_S)
    assert "modbus" in hour.text("#found-1")
    hour.press('[data-key="add-1"]')
    wait_until(lambda: hour.all('[data-key="start"]'), what="the end of the search", timeout_s=SEARCH_S)
    assert hour.state()["devices"] == [] and hour.sim.world.pulses("in") == []


def connect(hour: Hour) -> None:
    """Applied; an engine that is killed before the confirmation goes back, and the changes are still there."""
    hour.apply()
    [engine] = [pid for pid in children(hour.run.pid) if b"engine" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(engine, signal.SIGKILL)
    wait_until(lambda: not hour.text(".changes-wait") and hour.text(".changes-apply"), what="gone back", timeout_s=60)
    wait_until(lambda: hour.state().get("devices") == [], what="the engine again", timeout_s=60)
    hour.apply()
    hour.confirm()
    states = lambda: {one["state"] for one in hour.state().get("devices", [])}  # noqa: E731
    wait_until(lambda: states() == {"online"}, what="both devices online", timeout_s=60)


def wire(hour: Hour) -> None:
    """The outputs are chosen as they are labelled; what cars and the arm can show is learned."""
    world = hour.sim.world
    hour.fill("name", "North in")
    hour.choose("from", "template:buttons-loops")
    hour.press("form.ln-add .is-main")
    hour.choose("wire.barrier.close", "io-1.output.1")
    hour.choose("wire.barrier.stop", "io-1.output.2")
    for learned in ("at_open", "at_closed", "approach_loop", "safety_loop"):
        hour.choose(f"wire.barrier.{learned}", "")
    hour.press('[name="lane.readers=reader-1"]')
    hour.press(".ln-save button")
    wait_until(lambda: "saved" in hour.chrome.current_url, what="the draft")
    hour.learn("barrier.approach_loop", "car")
    world.crank("in", True)
    wait_until(lambda: world.empty("in") and world.contacts("in").at_open, what="an open arm and no car", timeout_s=60)
    hour.learn("barrier.safety_loop", "car")
    world.crank("in", False)
    wait_until(lambda: world.empty("in") and world.contacts("in").at_closed, what="the arm down", timeout_s=60)
    hour.learn("barrier.at_open", "fob")
    world.crank("in", False)
    wait_until(lambda: world.contacts("in").at_closed, what="the arm down", timeout_s=60)
    hour.learn("barrier.at_closed", "fob")
    world.crank("in", False)
    wait_until(lambda: world.contacts("in").at_closed, what="the arm down", timeout_s=60)
    points = {
        one: hour.one(f'[name="wire.barrier.{one}"]').get_attribute("value") for one in ("at_open", "safety_loop")
    }
    assert points == {"at_open": "io-1.input.0", "safety_loop": "io-1.input.2"}


def present(hour: Hour) -> None:
    """A card that is shown at the lane is let in until tonight."""
    wait_until(lambda: hour.lane().get("arm") == "closed", what="the lane at rest", timeout_s=60)
    hour.sim.readers["in"].present(CARD, 3)
    wait_until(lambda: hour.all('[data-key="card-north-in"]'), what="the card on the page", timeout_s=60)
    hour.press('[data-key="card-north-in"]')
    wait_until(lambda: hour.all('[data-key="trial-card-1"]'), what="the test card")
    shown = datetime.fromisoformat(hour.lane()["last_decision"]["at"])
    away = timedelta(milliseconds=Rdm6300Options("").repeat_ms + 500)
    wait_until(lambda: datetime.now(UTC) - shown > away, what="the card taken away", every_s=0.2)
