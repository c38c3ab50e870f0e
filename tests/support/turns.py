"""A core loop on real stores that a test turns by hand: one thread, a clock that stands still, hardware that is noted.

The disk can refuse (`full`), and rows and projections are written only when the test lets them (`settle`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

from drivers.base import Bus, Health
from gateway.core.run.run import RunMemory
from gateway.core.site import Site
from gateway.core.vocabulary import events as e
from gateway.core.vocabulary.commands import Reply
from gateway.core.vocabulary.errors import StorageError
from gateway.core.vocabulary.passes import Pass
from gateway.core.vocabulary.views import CoreView
from gateway.engine.clock import Clock
from gateway.engine.core_thread.faults import FaultFiles
from gateway.engine.core_thread.inbox import Inbox
from gateway.engine.core_thread.lookups import Lookups
from gateway.engine.core_thread.loop import CoreLoop
from gateway.engine.core_thread.standby import EngineStandby, degraded
from gateway.engine.journal_thread.projector import Projector
from gateway.engine.journal_thread.recorder import Recorder
from gateway.engine.stores import Stores
from gateway.store.directory import DataDirectory
from gateway.store.journal.queries import StoredRow
from tests.core.playbook import as_sent
from tests.support.engine import SITE

MS = 1_000_000


class NotedBus(Bus):
    """All devices on one bus: it notes orders, tells at once that they are done, and how things are when asked."""

    key = "noted"

    def __init__(self, devices: tuple[str, ...], report: Callable[[Any], None]) -> None:
        self.devices = devices
        self.report = report
        self.orders: list[tuple[Any, ...]] = []
        self.inputs = [False] * 8
        self.outputs = [False] * 8
        self.raises: Exception | None = None

    def run(self) -> None:
        """Nobody runs it."""

    def stop(self) -> None:
        """Nobody runs it."""

    def pulse(self, device: str, output: int, duration_ms: int, active: bool = True, token: int = 0) -> None:
        self._order(device, output, token, ("pulse", output, duration_ms))

    def switch(self, device: str, output: int, active: bool, token: int = 0) -> None:
        self.outputs[output] = active
        self._order(device, output, token, ("switch", output, active))

    def tell_anew(self, devices: Collection[str]) -> bool:
        for device in devices:
            points = (tuple(self.inputs), tuple(self.outputs)) if device == "io" else ((), ())
            self.report(e.DeviceRestored(device, *points))
        return True

    def health(self) -> list[Health]:
        return [Health(device, "online", 0) for device in self.devices]

    def _order(self, device: str, output: int, token: int, order: tuple[Any, ...]) -> None:
        if self.raises is not None:
            raise self.raises
        self.orders.append(order)
        self.report(e.OutputDone(device, output, token))


class Turns:
    """One engine's core, without its threads. The arms of both lanes are closed at the start."""

    def __init__(self, path: Path, site: dict[str, Any] = SITE, *, safety: bool = False) -> None:
        """`safety`: a car stands under the arm of the entry."""
        self.directory = DataDirectory(path)
        if not self.directory.exists:
            self.directory.create(site)
        self.settings = self.directory.configured()
        self.mono_ns, self.wall_ns = 5_000_000 * MS, 1_790_000_000_000 * MS
        self.stores = Stores(self.directory, self.settings, "boot")
        self.inbox = Inbox(_overflowed)
        self.bus = NotedBus(tuple(device.id for device in self.settings.devices), self.inbox.put)
        self.bus.inputs[1] = self.bus.inputs[5] = True
        self.bus.inputs[2] = safety
        self.replies: list[Reply] = []
        self.published: list[CoreView | None] = []
        self.full = False
        self.uplink: bool | None = None
        self.recorder = Recorder(
            self.stores.journal,
            self.inbox.put,
            sequence=self.stores.journal.last_sequence,
            mono_ns=lambda: self.mono_ns,
        )
        self.projector = Projector(
            self.stores.reader, self.stores.state, self.stores.journal, lambda: self.recorder.sequence
        )
        files = FaultFiles(self.directory.faults)
        self.loop = CoreLoop(
            Site(self.settings, self.stores.memory),
            Clock(trusted=True, wall=lambda: self.wall_ns, mono=lambda: self.mono_ns),
            self.inbox,
            self.recorder,
            outputs=dict.fromkeys(self.bus.devices, self.bus),
            enrich=Lookups(self.stores.registry, self.stores.state_lookups, self.settings, self.stores.codes).enrich,
            publish=self.published.append,
            reply=self.replies.append,
            journal_wait_ms=250,
            gateway=self.settings.gateway.id,
            standby=EngineStandby(
                self.settings,
                self.stores,
                lambda: [self.bus],
                files,
                degraded=lambda: degraded(self.recorder, self.projector),
                uplink=lambda: self.uplink,
            ),
            lag=self.projector.note_lag,
        )
        self.files = files
        self.loop.begin(e.Started("r1", "test", self.stores.memory.part(RunMemory).previous_clean))
        self.bus.tell_anew(self.bus.devices)
        self.settle()
        self.pass_ms(1000)
        self.bus.orders.clear()

    @property
    def site(self) -> Site:
        """The core that is there now."""
        return self.loop._core  # type: ignore[return-value]

    def put(self, *passes: Pass) -> None:
        """Passes that the registry knows."""
        for one in passes:
            self.stores.registry.put(one)

    def take(self, *facts: Any) -> None:
        """Let the core take these, and the disk what follows."""
        for fact in facts:
            self.inbox.put(fact)
            self.settle()

    def card(self, value: str) -> None:
        """A card is presented at the entry."""
        self.take(e.CredentialRead("reader-in", "card", value, 32))

    def command(self, command: str, lane: str = "in", **more: Any) -> Reply:
        """A guard at the lane asks for something; what was answered."""
        request = f"q{len(self.replies) + 1}"
        more = {"reason": "a test", "present": True, **more}
        self.take(e.CommandReceived(request, lane, command, "Lin", "guard", **more))
        return self.replies[-1]

    def settle(self, project: bool = True) -> None:
        """Turn until nothing waits but what the disk refuses."""
        for _ in range(1000):
            while len(self.inbox) or self.loop._own:
                self.loop.turn()
            with self._disk():
                self.recorder.turn(wait=False)
                if project:
                    self.projector._turn()
            if (
                not len(self.inbox)
                and not self.loop._own
                and (self.recorder.retry_in_ms() or not self.recorder.waiting)
            ):
                return
        raise AssertionError("it never rests")

    def pass_ms(self, ms: int, step_ms: int = 50) -> None:
        """Let time go by."""
        for _ in range(0, ms, step_ms):
            self.mono_ns += step_ms * MS
            self.wall_ns += step_ms * MS
            self.inbox.put(None)
            self.settle()

    def lane(self, name: str = "in") -> dict[str, Any]:
        """A lane as it is shown."""
        return next(as_sent(lane) for lane in self.site.snapshot().lanes if lane.id == name)

    def alarms(self, kind: str = "") -> list[dict[str, Any]]:
        """The alarms that are shown, of a kind."""
        alarms = self.site.snapshot().alarms
        return [as_sent(one) for one in alarms if kind in ("", one.kind)]

    def rows(self, *types: str) -> list[StoredRow]:
        """What the journal holds."""
        return self.stores.reader.page(0, 1000, types)

    def opened(self) -> int:
        """How often the entry was told to open."""
        return sum(order[:2] == ("pulse", 0) for order in self.bus.orders)

    def close(self) -> None:
        """Let go of all files, after writing what waits."""
        self.full = False
        self.pass_ms(6000, 6000)
        self.stores.reader.verify()
        self.stores.close()

    def _disk(self) -> Any:
        """What the disk does at this moment."""
        error = StorageError("disk full: free space")
        if not self.full:
            return nullcontext()
        return patch.multiple(Recorder, _commit=_raising(error))


def _raising(error: Exception) -> Callable[..., Any]:
    def fails(*_args: Any, **_more: Any) -> Any:
        raise error

    return fails


def _overflowed(reason: str) -> None:
    raise AssertionError(reason)
