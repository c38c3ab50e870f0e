"""An engine with two boards on wires of their own, played by hand: a bus for each wire, as the drivers open it."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from drivers.base import Bus, DeviceConfig, Health, Report
from drivers.registry import configure
from gateway.control import Client
from gateway.core.vocabulary.events import CredentialRead, DeviceRestored, InputsRead, OutputDone
from gateway.engine import engine as engine_module
from gateway.engine.engine import Engine
from gateway.engine.settings import changes as changes_module
from gateway.engine.settings.start import settings_at_start
from gateway.store.directory import DataDirectory
from gateway.store.journal.reader import JournalReader
from gateway.store.settings import secrets as secrets_module
from tests.support.engine import BOUNDS
from tests.support.waiting import PATIENCE_S, wait_until

INPUTS = ("at_open", "at_closed", "safety", "approach")


def lane(name: str, board: str, direction: str = "entry", **barrier: Any) -> dict[str, Any]:
    """A lane on a board of its own."""
    wired = {
        "open": f"{board}.output.0",
        "close": f"{board}.output.1",
        "at_open": f"{board}.input.0",
        "at_closed": f"{board}.input.1",
        "safety_loop": f"{board}.input.2",
        "approach_loop": f"{board}.input.3",
        **barrier,
    }
    return {"id": name, "direction": direction, "readers": [f"reader-{name}"], "barrier": wired}


SITE: dict[str, Any] = {
    "site": {"id": "north-court", "name": "North Court", "locale": "en"},
    "gateway": {"id": "gw1", "clock": "trusted", "journal_wait_ms": 2_000},
    "devices": [
        {"id": "reader-in", "driver": "noop"},
        {"id": "reader-out", "driver": "noop"},
        {"id": "io", "driver": "noop"},
        {"id": "io2", "driver": "noop"},
    ],
    "lanes": [lane("in", "io"), lane("out", "io2", "exit")],
    "operators": [{"name": "Lin", "role": "guard", "pin": "2468"}],
}


def site(**parts: Any) -> dict[str, Any]:
    """The site as an export has it, with other parts."""
    document = copy.deepcopy(SITE)
    del document["operators"][0]["pin"]
    return {**document, **parts}


def with_barrier(name: str, **barrier: Any) -> dict[str, Any]:
    """The site with another barrier at a lane."""
    document = site()
    for one in document["lanes"]:
        if one["id"] == name:
            one["barrier"].update(barrier)
    return document


class PlayedBus(Bus):
    """One wire; the board on it keeps what it was left with when the bus ends."""

    def __init__(self, box: Box, devices: Sequence[DeviceConfig], report: Report) -> None:
        self.key = devices[0].id
        self.devices = tuple(device.id for device in devices)
        self.configs = tuple(devices)
        self._box = box
        self._report = report
        self._stopped = threading.Event()
        self.told = 0
        self.runs = False

    def run(self) -> None:
        self.runs = True
        if self._box.answering:
            self.tell_anew(self.devices)
        self._stopped.wait(60)
        self.runs = False

    def stop(self) -> None:
        if not self._box.stubborn:
            self._stopped.set()

    def tell_anew(self, devices: Collection[str]) -> bool:
        self.told += 1
        for device in devices:
            self._report(DeviceRestored(device, tuple(self._box.inputs[device]), tuple(self._box.outputs[device])))
        return True

    def pulse(self, device: str, output: int, duration_ms: int, active: bool = True, token: int = 0) -> None:
        self._box.orders.append(("pulse", device, output, duration_ms))
        self._report(OutputDone(device, output, token))

    def switch(self, device: str, output: int, active: bool, token: int = 0) -> None:
        self._box.orders.append(("switch", device, output, active))
        self._report(OutputDone(device, output, token))

    def report(self, event: Any) -> None:
        """What the wire tells."""
        self._report(event)

    def health(self) -> list[Health]:
        return [Health(device, "online", time.time_ns(), time.monotonic_ns()) for device in self.devices]


class Box:
    """The engine, its boards and a client."""

    def __init__(self, path: Path, document: dict[str, Any] = SITE) -> None:
        self.directory = DataDirectory(path)
        if not self.directory.exists:
            self.directory.create(document)
        self.client = Client(self.directory.socket)
        self.inputs: dict[str, list[bool]] = {}
        self.outputs: dict[str, list[bool]] = {}
        self.orders: list[tuple[Any, ...]] = []
        self.opened: list[PlayedBus] = []
        self.together: tuple[str, ...] = ()
        self.answering = True
        self.stubborn = False
        self.fails: Exception | None = None
        self.start()

    def start(self) -> None:
        """Begin a run."""
        self.directory.lock()
        settings = settings_at_start(self.directory)
        self.engine = Engine(self.directory, settings, configure(settings), self._open)
        self.engine.start()

    def stop(self) -> None:
        """End the run in good order."""
        self.stubborn = False
        with pytest.MonkeyPatch.context() as patched:
            for bound in BOUNDS:
                patched.setattr(engine_module, bound, PATIENCE_S)
            self.engine.stop("the test ends")
        self.directory.unlock()

    def _open(self, configs: Sequence[DeviceConfig], report: Report) -> list[Bus]:
        if self.fails is not None:
            raise self.fails
        groups: dict[str, list[DeviceConfig]] = {}
        for config in configs:
            self.inputs.setdefault(config.id, [False, True] + [False] * 6)
            self.outputs.setdefault(config.id, [False] * 8)
            groups.setdefault("together" if config.id in self.together else config.id, []).append(config)
        fresh = [PlayedBus(self, group, report) for group in groups.values()]
        self.opened += fresh
        return list(fresh)

    # ---- the world

    def bus(self, device: str) -> PlayedBus:
        """The newest bus of a device."""
        return next(bus for bus in reversed(self.opened) if device in bus.devices)

    def set(self, board: str = "io", **contacts: bool) -> None:
        """Contacts of a board change together."""
        for name, value in contacts.items():
            self.inputs[board][INPUTS.index(name)] = value
        self.bus(board).report(InputsRead(board, tuple(self.inputs[board])))

    def card(self, value: str = "7", reader: str = "reader-in") -> None:
        """A card is presented."""
        self.bus(reader).report(CredentialRead(reader, "card", value, 32))

    # ---- people

    def call(self, op: str, **params: Any) -> Any:
        """What the engine answers."""
        return self.client.call(op, timeout_s=30.0, **params)

    def apply(self, document: Any, by: str = "lin", via: str = "cli", **more: Any) -> Any:
        """Apply a site file."""
        return self.call("site.apply", document=document, by=by, via=via, **more)

    def ask(self, op: str, by: str = "lin", via: str = "cli", **more: Any) -> Any:
        """Something else about the settings."""
        return self.call(op, by=by, via=via, **more)

    def in_background(self, work: Callable[[], Any]) -> Callable[[], Any]:
        """Begin something that waits; the function that is returned gives its outcome, or raises."""
        outcome: list[Any] = []

        def run() -> None:
            try:
                outcome.append((True, work()))
            except Exception as error:
                outcome.append((False, error))

        thread = threading.Thread(target=run, daemon=True)
        thread.start()

        def result() -> Any:
            thread.join(PATIENCE_S)
            assert outcome, "it still waits"
            fine, value = outcome[0]
            if not fine:
                raise value
            return value

        return result

    # ---- what is shown

    def lane(self, name: str = "in") -> dict[str, Any]:
        """A lane as it is shown."""
        return next(one for one in self.call("state")["lanes"] if one["id"] == name)

    def lanes(self) -> list[str]:
        """The lanes that are shown."""
        return [one["id"] for one in self.call("state")["lanes"]]

    def history(self) -> list[tuple[int, str]]:
        """The versions and their states, oldest first."""
        return [(one["version"], one["state"]) for one in reversed(self.call("site.history"))]

    def rows(self, *types: str) -> list[Any]:
        """What the journal holds."""
        reader = JournalReader(self.directory.journal)
        try:
            return list(reader.page(0, 1000, types))
        finally:
            reader.close()

    def told(self) -> list[tuple[str, int, str]]:
        """The rows about versions: what, which, by whom."""
        found = [row.data() for row in self.rows("settings.changed")]
        return [(one["what"], one["version"], one["by"]) for one in found if "version" in one]


def until(condition: Callable[[], Any]) -> None:
    """Wait for something that other threads bring about."""
    wait_until(condition, timeout_s=8, every_s=0.005)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that take no time."""
    monkeypatch.setattr(secrets_module, "_SCRYPT_N", 2)


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """An engine whose arms are down."""
    found = Box(tmp_path / "data")
    until(lambda: found.lane("in")["arm"] == "closed" and found.lane("out")["arm"] == "closed")
    yield found
    if found.engine is not None:
        found.stop()


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lanes are waited for a moment only."""
    monkeypatch.setattr(changes_module, "REST_S", 0.6)
    monkeypatch.setattr(changes_module, "FORCED_S", 1.2)
