"""A small site, and an engine that runs on it with hardware that a test plays by hand."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

from drivers.base import Bus, DeviceConfig, Health, Report
from drivers.registry import configure
from gateway.control import Client
from gateway.core.vocabulary.events import CredentialRead, DeviceRestored, InputsRead, OutputDone
from gateway.engine import engine as engine_module
from gateway.engine.engine import Engine
from gateway.engine.settings.start import settings_at_start
from gateway.store.directory import DataDirectory
from gateway.store.journal.queries import StoredRow
from gateway.store.journal.reader import JournalReader
from tests.support.waiting import PATIENCE_S

BOUNDS = ("_STOP_CORE_S", "_STOP_BUSES_S", "_STOP_SERVICES_S", "_STOP_JOURNAL_S")

SITE: dict[str, Any] = {
    "site": {"id": "north-court", "name": "North Court"},
    # The longest wait for a row: on a busy machine too it is there when something moves.
    "gateway": {"id": "gw1", "clock": "trusted", "journal_wait_ms": 10_000},
    "devices": [
        {"id": "reader-in", "driver": "noop"},
        {"id": "io", "driver": "noop"},
    ],
    "lanes": [
        {
            "id": lane,
            "direction": direction,
            "readers": ["reader-in"] if lane == "in" else [],
            "barrier": {
                "open": f"io.output.{base}",
                "close": f"io.output.{base + 1}",
                "at_open": f"io.input.{base}",
                "at_closed": f"io.input.{base + 1}",
                "safety_loop": f"io.input.{base + 2}",
                "arm_detached": f"io.input.{base + 3}",
            },
        }
        for lane, direction, base in (("in", "entry", 0), ("out", "exit", 4))
    ],
}


class HandBus(Bus):
    """All devices of a site on one bus that a test plays: it reports what it is told and notes orders."""

    key = "by hand"

    def __init__(self, devices: Sequence[DeviceConfig], report: Report) -> None:
        self.devices = tuple(device.id for device in devices)
        self.report = report
        self.orders: list[tuple[Any, ...]] = []
        self.fault: BaseException | None = None
        self.polled = True
        self.stopped = threading.Event()
        self._inputs = [False] * 8

    def run(self) -> None:
        self.stopped.wait()
        if self.fault is not None:
            raise self.fault

    def stop(self) -> None:
        self.stopped.set()

    def pulse(self, device: str, output: int, duration_ms: int, active: bool = True, token: int = 0) -> None:
        self.orders.append(("pulse", device, output, duration_ms, active))
        self.report(OutputDone(device, output, token))

    def switch(self, device: str, output: int, active: bool, token: int = 0) -> None:
        self.orders.append(("switch", device, output, active))
        self.report(OutputDone(device, output, token))

    def health(self) -> list[Health]:
        state = "online" if self.polled else "starting"
        now_ns = time.monotonic_ns() if self.polled else None
        return [Health(device, state, time.time_ns(), now_ns) for device in self.devices]

    def restore(self, *, closed: bool = True) -> None:
        """All devices answer; both arms are closed."""
        self._inputs[1] = self._inputs[5] = closed
        self.report(DeviceRestored("reader-in"))
        self.report(DeviceRestored("io", tuple(self._inputs), (False,) * 8))

    def set(self, **inputs: bool) -> None:
        """Change inputs of the lane `in` by name."""
        names = ("at_open", "at_closed", "safety", "detached")
        for name, current in inputs.items():
            self._inputs[names.index(name)] = current
        self.report(InputsRead("io", tuple(self._inputs)))

    def card(self, value: str) -> None:
        """A card is presented at the entry."""
        self.report(CredentialRead("reader-in", "card", value, 32))


class Running:
    """An engine with real stores on a directory of its own, in this process, with a bus by hand."""

    def __init__(self, path: Path, site: dict[str, Any] = SITE) -> None:
        self.directory = DataDirectory(path)
        if not self.directory.exists:
            self.directory.create(site)
        self.client = Client(self.directory.socket)
        self.start()

    def start(self) -> None:
        """Begin a run."""
        self.directory.lock()
        settings = settings_at_start(self.directory)
        self.engine = Engine(self.directory, settings, configure(settings), self._open)
        self.engine.start()

    def stop(self) -> None:
        """End the run in good order, with the patience that a busy machine needs."""
        with patch.multiple(engine_module, **dict.fromkeys(BOUNDS, PATIENCE_S)):
            self.engine.stop("the test ends")
        self.directory.unlock()

    def rows(self, *types: str) -> list[StoredRow]:
        """What the journal holds."""
        reader = JournalReader(self.directory.journal)
        try:
            return reader.page(0, 1000, types)
        finally:
            reader.close()

    def types(self) -> list[str]:
        """The types of all rows, in order."""
        return [row.type for row in self.rows()]

    def lane(self, name: str = "in") -> dict[str, Any]:
        """A lane as it is shown."""
        state = self.client.call("state")
        return next(lane for lane in state["lanes"] if lane["id"] == name)

    def alarms(self) -> list[str]:
        """The kinds of all alarms that are shown."""
        return [alarm["kind"] for alarm in self.client.call("state")["alarms"]]

    def _open(self, configs: Sequence[DeviceConfig], report: Report) -> list[Bus]:
        self.bus = HandBus(configs, report)
        return [self.bus]
