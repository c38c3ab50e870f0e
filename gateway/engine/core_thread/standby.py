"""The replacement of a core that raised: a new core from the journal, and devices that report again."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Collection, Sequence, Set

from drivers.base import Bus
from gateway import __version__
from gateway.core.lanes.memory import LanesMemory
from gateway.core.run.run import RunMemory
from gateway.core.settings.difference import boards_of
from gateway.core.settings.model import Settings
from gateway.core.site import Site
from gateway.core.subsystem import Memory
from gateway.core.vocabulary.events import Event, Now, Started
from gateway.engine.core_thread.faults import FaultFiles
from gateway.engine.core_thread.surroundings import Core
from gateway.engine.journal_thread.projector import Projector
from gateway.engine.journal_thread.recorder import Recorder
from gateway.engine.stores import Stores
from gateway.store.journal.writer import Row

log = logging.getLogger(__name__)


def degraded(recorder: Recorder, projector: Projector) -> dict[str, str]:
    """The parts of the storage that do not keep up, with their errors."""
    parts = {"journal": recorder.degraded, "projections": projector.degraded}
    return {part: error for part, error in parts.items() if error}


def still_interrupted(memory: Memory, failed: Core) -> Memory:
    """The memory, with barriers that a start has left interrupted without a row."""
    try:
        left = failed.interrupted
    except Exception:  # the failed core is half changed, so its word only adds caution
        log.exception("the core that failed cannot tell what waits for a person")
        left = {}
    return memory.replaced(interrupted={**left, **memory.part(LanesMemory).interrupted})


class EngineStandby:
    """Belongs to the core thread."""

    def __init__(
        self,
        settings: Settings,
        stores: Stores,
        buses: Callable[[], Sequence[Bus]],
        files: FaultFiles,
        *,
        degraded: Callable[[], dict[str, str]],
        uplink: Callable[[], bool | None],
    ) -> None:
        """`degraded`: parts of the storage that do not keep up; `uplink`: whether central can be reached."""
        self._degraded = degraded
        self._uplink = uplink
        self.settings = settings
        self._stores = stores
        self._buses = buses
        self.set_aside: Callable[[str, Event, Now, BaseException], None] = files.keep

    def memory(self, waiting: Sequence[Row], core: Core) -> Memory:
        """See `loop.Standby`."""
        return still_interrupted(self._stores.memory_ahead(self.settings.zone, waiting), core)

    def core(self, waiting: Sequence[Row], failed: Core) -> tuple[Site, Started]:
        """See `loop.Standby`."""
        memory = self.memory(waiting, failed)
        run, clean = secrets.token_hex(4), memory.part(RunMemory).previous_clean
        started = Started(run, __version__, clean, "rebuilt", self._degraded(), self._uplink())
        return Site(self.settings, memory, failed.tokens), started

    def measure(self) -> tuple[Collection[str], Collection[str]]:
        """See `loop.Standby`."""
        awaited: set[str] = set()
        silent: set[str] = set()
        buses = self._buses()
        for bus in buses:
            (awaited if bus.tell_anew(bus.devices) else silent).update(bus.devices)
        starting = {one.device for bus in buses for one in bus.health() if one.state == "starting"}
        boards, _ = boards_of(self.settings, {barrier.id for barrier in self.settings.barriers})
        return awaited & boards - starting, silent

    def tell_anew(self, devices: Collection[str]) -> Set[str]:
        """See `loop.Standby`."""
        parts = [(bus, [device for device in bus.devices if device in devices]) for bus in self._buses()]
        return {device for bus, wanted in parts if wanted and not bus.tell_anew(wanted) for device in wanted}
