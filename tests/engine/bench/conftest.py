"""A whole engine with boards and a display on wires that a test plays."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from drivers.base import Bus, DeviceConfig, Message, Report
from gateway.core.vocabulary.events import OutputFailed
from gateway.engine.bench import bench as bench_module
from tests.support.engine import HandBus, Running
from tests.support.waiting import wait_until

SITE: dict[str, Any] = {
    "site": {"id": "north-court", "name": "North Court", "locale": "en"},
    "gateway": {"id": "gw1", "clock": "trusted", "journal_wait_ms": 5_000},
    "devices": [
        {"id": "reader-in", "driver": "rdm6300", "port": "/dev/played"},
        {"id": "io", "driver": "modbus", "link": {"type": "tcp", "host": "played"}},
        {"id": "display-in", "driver": "serial-display", "port": "/dev/played2"},
    ],
    "lanes": [
        {
            "id": "in",
            "name": "North in",
            "direction": "entry",
            "readers": ["reader-in"],
            "displays": ["display-in"],
            "siren": "io.output.4",
            "lights": {"red": "io.output.5"},
            "barrier": {
                "open": "io.output.0",
                "close": "io.output.1",
                "at_open": "io.input.0",
                "at_closed": "io.input.1",
                "safety_loop": "io.input.2",
                "approach_loop": {"point": "io.input.3", "normally": "closed"},
            },
        }
    ],
}


class PlayedBus(HandBus):
    """All devices; `silent` orders are not answered, `fails` are refused."""

    def __init__(self, devices: Sequence[DeviceConfig], report: Report) -> None:
        super().__init__(devices, report)
        self.silent = False
        self.fails = ""
        self.shown: list[tuple[str, Message]] = []

    def run(self) -> None:
        self.restore()
        super().run()

    def pulse(self, device: str, output: int, duration_ms: int, active: bool = True, token: int = 0) -> None:
        if self.fails:
            self.orders.append(("refused", device, output))
            self.report(OutputFailed(device, output, token, self.fails))
        elif self.silent:
            self.orders.append(("pulse", device, output, duration_ms, active))
        else:
            super().pulse(device, output, duration_ms, active, token)

    def show(self, device: str, message: Message) -> None:
        self.shown.append((device, message))


class Benched(Running):
    """An engine at the bench."""

    bus: PlayedBus

    def _open(self, configs: Sequence[DeviceConfig], report: Report) -> list[Bus]:
        self.bus = PlayedBus(configs, report)
        return [self.bus]

    def call(self, op: str, **params: Any) -> Any:
        """What the engine answers."""
        return self.client.call(op, timeout_s=30.0, **params)

    def pulse(self, output: int, **more: Any) -> Any:
        """A pulse on the board, by Wei."""
        return self.call("bench.pulse", **{"device": "io", "output": output, "by": "Wei", "via": "browser", **more})

    def pulsed(self) -> list[int]:
        """The outputs that were pulsed, in order."""
        return [order[2] for order in self.bus.orders if order[0] == "pulse"]

    def tested(self) -> list[dict[str, Any]]:
        """The rows about trials."""
        return [row.data() for row in self.rows("device.tested")]

    def tag(self) -> None:
        """Lin puts a tag on the lane."""
        self.call("lane.command", request=f"t{time.monotonic_ns()}", lane="in", command="lock", by="Lin", via="guard")
        until(lambda: self.lane()["tag"] is not None)


def until(condition: Callable[[], Any]) -> None:
    """Wait for something that other threads bring about."""
    wait_until(condition, timeout_s=8, every_s=0.005)


@pytest.fixture
def benched(tmp_path: Path) -> Iterator[Benched]:
    found = Benched(tmp_path / "data", SITE)
    until(lambda: found.lane()["arm"] == "closed")
    yield found
    found.stop()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A board that does not answer is given up soon."""
    monkeypatch.setattr(bench_module, "ANSWER_NS", 50_000_000)


@pytest.fixture
def in_background() -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Begin something that waits; the function that is returned gives its outcome."""

    def begin(work: Callable[[], Any]) -> Callable[[], Any]:
        outcome: list[Any] = []

        def run() -> None:
            try:
                outcome.append(work())
            except Exception as error:
                outcome.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()

        def result() -> Any:
            thread.join(10)
            return outcome[0]

        return result

    return begin
