"""Helpers of the driver tests: a report that can be waited on, and buses that are always stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import pytest

from drivers import registry
from drivers.base import Bus, DeviceConfig
from drivers.sim.board import RtuBoards, TcpBoards
from gateway.core.vocabulary.events import Event, RecordsFound
from tests.support import waiting
from tests.support.waiting import PATIENCE_S

if TYPE_CHECKING:
    from tests.drivers.walk import Wire

Found = TypeVar("Found", bound=Event)
GOLDEN = Path(__file__).parent.parent / "golden"


def golden(name: str) -> Any:
    """The vectors of a codec that several models share."""
    return msgspec.json.decode((GOLDEN / f"{name}.json").read_bytes())


def golden_of(driver: str) -> Any:
    """The vectors in a driver's own folder."""
    module = import_module(registry.shipped()[driver])
    return msgspec.json.decode(Path(module.__file__ or "").with_name("golden.json").read_bytes())


def wait_until(true: Callable[[], Any], what: str = "condition") -> Any:
    """Wait for a condition; fails with its name."""
    return waiting.wait_until(true, what=what, every_s=0.002)


class Reported:
    """Everything that a bus has reported, in order; called as its `Report`."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._news = threading.Condition(threading.RLock())

    def __call__(self, event: Event) -> None:
        with self._news:
            self.events.append(event)
            self._news.notify_all()

    def of(self, kind: type[Found], device: str | None = None) -> list[Found]:
        """All events of that kind so far, of one device or of all."""
        with self._news:
            found = [event for event in self.events if isinstance(event, kind)]
        return [event for event in found if device in (None, getattr(event, "device", None))]

    def wait(self, kind: type[Found], device: str | None = None, count: int = 1) -> Found:
        """The `count`-th event of that kind, waiting for it."""
        with self._news:
            found = self._news.wait_for(lambda: len(self.of(kind, device)) >= count, PATIENCE_S)
        assert found, f"no {kind.__name__} number {count} in {self.events}"
        return self.of(kind, device)[count - 1]

    def forget(self) -> None:
        """Begin anew."""
        with self._news:
            self.events.clear()


class Running:
    """Buses in their threads."""

    def __init__(self) -> None:
        self.reported = Reported()
        self.takes_records = True
        self._running: list[tuple[Bus, threading.Thread]] = []

    def start(self, *devices: dict[str, Any]) -> Bus:
        """Start the bus of devices as a site file has them; the first one when there are several."""
        configs = [configured(**device) for device in devices]
        buses = registry.open_buses(configs, self._report)
        for bus in buses:
            thread = threading.Thread(target=bus.run, daemon=True)
            self._running.append((bus, thread))
            thread.start()
        return buses[0]

    def _report(self, event: Event) -> None:
        """As the core, which asks each controller for what comes from now on."""
        self.reported(event)
        if isinstance(event, RecordsFound) and self.takes_records:
            next(bus for bus, _ in self._running if event.device in bus.devices).take_records(event.device, event.last)

    def stop(self) -> None:
        """Stop all buses and see that they end."""
        for bus, _ in self._running:
            bus.stop()
        for _, thread in self._running:
            thread.join(PATIENCE_S)
            assert not thread.is_alive()
        self._running.clear()


def configured(id: str, driver: str, **options: Any) -> DeviceConfig:
    """A device as the registry makes it from a site file."""
    kind = registry.find(driver)
    return DeviceConfig(id, driver, "", msgspec.convert(options, kind.Options))


@pytest.fixture
def running() -> Iterator[Running]:
    """Buses started by a test end with it."""
    found = Running()
    yield found
    found.stop()


@pytest.fixture
def wire(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Wire]:
    """A stand-in on its wire, by its case of `walk.SIMULATED`."""
    from tests.drivers import walk

    driver, simulate = walk.SIMULATED[request.param]
    if driver == "osdp":
        pytest.importorskip("osdp_sys", reason="libosdp has no wheel for this machine")
    with simulate(tmp_path / "adapter") as far:
        yield walk.Wire(driver, far)


@pytest.fixture
def rtu(tmp_path: Path) -> Iterator[RtuBoards]:
    """One generic board, unit 1, on a pseudo-terminal."""
    with RtuBoards(tmp_path / "bus") as boards:
        yield boards


@pytest.fixture
def tcp() -> Iterator[TcpBoards]:
    """One generic board, unit 1, on Modbus TCP."""
    with TcpBoards() as boards:
        yield boards


def serial_link(boards: RtuBoards, timeout_ms: int = 100) -> dict[str, Any]:
    """The `link` of boards on a pseudo-terminal."""
    return {"type": "serial", "port": boards.path, "baudrate": 115_200, "timeout_ms": timeout_ms}


def tcp_link(boards: TcpBoards, timeout_ms: int = 100) -> dict[str, Any]:
    """The `link` of boards on Modbus TCP."""
    return {"type": "tcp", "host": boards.host, "port": boards.port, "timeout_ms": timeout_ms}
