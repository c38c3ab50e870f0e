"""The product's core under the eyes of the rules, with planted faults, and its replacement after one."""

from __future__ import annotations

from collections.abc import Collection, Sequence, Set
from typing import TYPE_CHECKING

from gateway.core.run.run import RunMemory
from gateway.core.settings.exchange import Unrest
from gateway.core.site import Site
from gateway.core.subsystem import Memory
from gateway.core.vocabulary import commands as c
from gateway.core.vocabulary import events as e
from gateway.core.vocabulary.views import CoreView
from gateway.engine.core_thread.standby import still_interrupted
from gateway.engine.core_thread.surroundings import Core
from gateway.simulation.box.faults import Faults, PlantedFault
from gateway.simulation.box.twin import Twin
from gateway.simulation.rules.rules import Rules
from gateway.store.journal.writer import Row

if TYPE_CHECKING:
    from gateway.simulation.box.box import Box


class WatchedCore:
    """The core under observation at every step; it fails where a fault is planted."""

    def __init__(self, site: Site, rules: Rules, faults: Faults, twin: Twin | None = None) -> None:
        self.site = site
        self._twin = twin
        self._rules = rules
        self._faults = faults

    @property
    def tokens(self) -> int:
        return self.site.tokens

    @property
    def interrupted(self) -> dict[str, str]:
        return self.site.interrupted

    def unrest(self, barriers: Collection[str], now: e.Now, *, moves_only: bool = False) -> list[Unrest]:
        return self.site.unrest(barriers, now, moves_only=moves_only)

    def handle(self, event: e.Event, now: e.Now) -> list[c.Command]:
        how = self._faults.due(event)
        if how in ("before", "changed"):
            self._fail(event, now, how)
        known = self._faults.poisoned(event) if how and type(event) is e.CredentialRead else event
        taken = self._twin.takes(known, self.site) if self._twin is not None else known
        todo = self._handle(known, now)
        if self._twin is not None and (differs := self._twin.differs(taken, now, todo)):
            raise self._rules.broken("watched", differs)
        self._rules.handled(event, now, todo)
        self._faults.handled(event, todo)
        if type(event) is e.Started and event.reason == "rebuilt":
            self._faults.replaced(self.site.snapshot())
        return todo

    def _fail(self, event: e.Event, now: e.Now, how: str) -> None:
        self._faults.failing(self.site.snapshot())
        if how == "changed":
            self._handle(event, now)
        self._rules.core_replaced()
        raise PlantedFault(how)

    def _handle(self, event: e.Event, now: e.Now) -> list[c.Command]:
        try:
            return self.site.handle(event, now)
        except Exception as error:
            raise self._rules.broken("raise", f"{type(event).__name__}: {type(error).__name__}: {error}") from error

    def snapshot(self) -> CoreView:
        return CoreView()


class BoxStandby:
    """What stands by for a core that fails."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self.settings = box.settings
        self._count = 0

    def memory(self, waiting: Sequence[Row], core: Core) -> Memory:
        box = self._box
        with box.state.ahead(box.reader, waiting) as ahead:
            return still_interrupted(Memory(**ahead.memory(self.settings.zone)), core)

    def tell_anew(self, devices: Collection[str]) -> Set[str]:
        for gate in self._box.gates:
            if gate.device in devices:
                gate.board.tell_anew()
        return frozenset()

    def core(self, waiting: Sequence[Row], failed: Core) -> tuple[WatchedCore, e.Started]:
        box = self._box
        memory = self.memory(waiting, failed)
        self._count += 1
        degraded = {"journal": box.recorder.degraded} if box.recorder and box.recorder.degraded else {}
        run, clean = f"r{box.runs}f{self._count}", memory.part(RunMemory).previous_clean
        started = e.Started(run, "simulated", clean, "rebuilt", degraded, box.central_up)
        box.site = Site(self.settings, memory, failed.tokens)
        twin = Twin(Site(self.settings, self.memory(waiting, failed), failed.tokens)) if box.twins else None
        return WatchedCore(box.site, box.rules, box.faults, twin), started

    def measure(self) -> tuple[Collection[str], Collection[str]]:
        for gate in self._box.gates:
            gate.board.tell_anew()
        return {gate.device for gate in self._box.gates}, ()

    def set_aside(self, file: str, event: e.Event, now: e.Now, error: BaseException) -> None:
        """A simulated box has no folder for it."""
