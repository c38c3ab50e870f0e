"""The gateway in the simulated world: the product's own core, core loop, recorder and stores on a simulated disk.

What is replaced is the edge alone: the inbox lets time pass instead of waiting, the recorder writes when the world says
that the disk is ready, the outputs go to simulated gates. A kill drops all of it between two instructions of the world;
what is on the disk, and a power cut takes what was not synced, is what the next start finds.
"""

from __future__ import annotations

import contextlib
import logging
import random
from functools import partial
from pathlib import Path

import apsw
from msgspec.structs import replace

from gateway.core.run.run import RunMemory
from gateway.core.settings.difference import Touched, touched
from gateway.core.settings.model import Settings
from gateway.core.site import Site
from gateway.core.subsystem import Memory
from gateway.core.vocabulary import commands as c
from gateway.core.vocabulary import events as e
from gateway.core.vocabulary.errors import GatehouseError, StorageError
from gateway.core.vocabulary.views import CoreView
from gateway.engine.clock import Clock
from gateway.engine.core_thread.lookups import Lookups
from gateway.engine.core_thread.loop import CoreLoop
from gateway.engine.settings.changeover import Changeover, Restarted
from gateway.simulation.box.clerk import BoxClerk
from gateway.simulation.box.core import BoxStandby, WatchedCore
from gateway.simulation.box.disk import TornDisk
from gateway.simulation.box.edges import GateOutputs, Inbox, WorldRecorder
from gateway.simulation.box.faults import Faults
from gateway.simulation.box.twin import Twin
from gateway.simulation.rules.rules import Rules
from gateway.simulation.story.holders import codes
from gateway.simulation.world.clock import NS_PER_MS, World
from gateway.simulation.world.gate import Gate
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal
from gateway.store.passes.registry import PassRegistry
from gateway.store.projections.state import State

SOURCE = "/sites/simulated/gateways/sim"
PROJECT_MS = 100
REST_S = 60.0
BUS_MS = 200
"""How long a line is closed for other settings."""


class Killed(Exception):
    """The engine was killed at this moment."""


class Box:
    """One gateway: started, killed, cut off from power, and started again."""

    def __init__(
        self,
        world: World,
        folder: Path,
        settings: Settings,
        gates: list[Gate],
        rules: Rules,
        faults: Faults,
        end_ns: int,
        *,
        twins: bool = False,
    ) -> None:
        """`twins`: the core has a twin beside it that never hears of the watch list."""
        self.twins = twins
        self.world = world
        self.settings = settings
        self.gates = gates
        self.rules = rules
        self.faults = faults
        self.replies: dict[str, c.Reply] = {}
        self.clerk: BoxClerk | None = None
        self.synchronised = True
        self.disk_ready_ns = 0
        self.disk_stalled_ns: int | None = None
        self.disk_full_until_ns = 0
        self.runs = 0
        self.changed = 0
        self.recorder: WorldRecorder | None = None
        self.central_cursor = 0
        self.central_hash = ""
        self._compared = 0
        self.central_up = True
        self._folder = folder
        self._end_ns = end_ns
        self._disk = TornDisk(folder)
        self._boot = 1
        self._was_synced = False
        self._projecting = False
        self.registry = PassRegistry(folder / "registry.db", writer=True)
        Journal.create(self._disk.database, "simulated0", SOURCE, "boot1", vfs=self._disk.name).close()

    # ---- life

    def start(self) -> None:
        """Open the stores and begin a run; nothing may move by that."""
        self.runs += 1
        self._disk.refuse(self._full)
        journal = Journal.open(self._disk.database, SOURCE, f"boot{self._boot}", vfs=self._disk.name)
        self.journal = journal
        self.reader = JournalReader(self._disk.database, vfs=self._disk.name)
        self.state = State(self._folder / "state.db", writer=True)
        self.state.catch_up(self.reader)
        memory = self._memory()
        self.rules.starts(journal.last_sequence, self)
        self.inbox = Inbox(self.world, self._end_ns)
        self.clock = Clock(
            trusted=False,
            was_synced=self._was_synced,
            synchronised=lambda: self.synchronised,
            wall=self.world.wall_ns,
            mono=lambda: self.world.now_ns,
        )
        self.site = Site(self.settings, memory)
        self.recorder = self._make_recorder(journal)
        lookups = Lookups(self.registry, self.state, self.settings, codes(self._folder))
        self.loop = CoreLoop(
            WatchedCore(self.site, self.rules, self.faults, self._twin()),
            self.clock,
            self.inbox,  # type: ignore[arg-type]
            self.recorder,
            outputs={gate.device: GateOutputs(gate) for gate in self.gates},
            enrich=lookups.enrich,
            name=lookups.name,
            settle=lookups.settle,
            publish=lambda _core: None,
            reply=self._reply,
            journal_wait_ms=self.settings.gateway.journal_wait_ms,
            gateway=self.settings.gateway.id,
            standby=BoxStandby(self),
        )
        self.clerk = BoxClerk(self, self._folder, self.rules.told)
        self.loop.begin(e.Started(f"r{self.runs}", "simulated", memory.part(RunMemory).previous_clean))
        for gate in self.gates:
            gate.board.connect()

    def _memory(self) -> Memory:
        return Memory(**self.state.memory(self.settings.zone))

    def _twin(self) -> Twin | None:
        """A twin of a core that begins now."""
        return Twin(Site(self.settings, self._memory())) if self.twins else None

    def _make_recorder(self, journal: Journal) -> WorldRecorder:
        recorder = WorldRecorder(
            journal, self.inbox.put, sequence=journal.last_sequence, mono_ns=lambda: self.world.now_ns
        )
        recorder.arrange(self.world, self)
        return recorder

    def other_settings(self, gate: Gate, what: str, value: int) -> None:
        """Other settings for a gate or the site, which say nothing that a rule would have to know.

        `bus`: the line to the gate's board is opened anew as well.
        """
        settings, barrier = self.settings, f"barrier{gate.number}"
        if what == "site":
            settings = replace(
                settings, site=replace(settings.site, name=f"Site {value}", locale=("en", "zh_CN")[value % 2])
            )
        else:
            barriers = [replace(one, max_cycles_per_h=value) if one.id == barrier else one for one in settings.barriers]
            settings = replace(settings, barriers=tuple(barriers))
        devices = {gate.device} if what == "bus" else set()
        met = touched(self.settings, settings, devices)
        until_ns = self.world.now_ns + int(REST_S * 1000) * NS_PER_MS
        self.inbox.put(Changeover(settings, met, until_ns, take=lambda: self._taken(settings, gate, met)))

    def _taken(self, settings: Settings, gate: Gate, met: Touched) -> None:
        """The core has taken other settings."""
        self.settings = settings
        self.changed += 1
        self.rules.made_anew(met.barriers)
        if met.devices:
            gate.board.disconnect()
            self.world.after(BUS_MS, partial(self._begin_bus, self.recorder, gate, met))

    def _begin_bus(self, recorder: WorldRecorder | None, gate: Gate, met: Touched) -> None:
        if recorder is not None and recorder is self.recorder:
            self.inbox.put(Restarted(met.devices, lambda: None))
            gate.board.connect()

    def live(self, until_ns: int) -> None:
        """Let the core loop run until then; raises Killed."""
        while self.world.now_ns < until_ns:
            self.loop.turn()

    def die(self, power: random.Random | None) -> None:
        """The process is gone; with `power` the whole box, and with it what was not synced."""
        self.recorder = None
        self._was_synced = self.clock.state is not e.ClockState.UNSET and power is None
        for gate in self.gates:
            gate.board.disconnect()
        if self.clerk is not None:
            self.clerk.close()
            self.clerk = None
        self.reader.close()
        self.state.close()
        self._disk.refuse(None)
        self.journal.close() if power is None else self._lose_power(power)
        self.rules.died()

    def close(self) -> None:
        """The box is scrapped."""
        if self.recorder is not None:
            self.die(None)
        self.registry.close()
        self._disk.discard()

    def _lose_power(self, chance: random.Random) -> None:
        self._disk.dead = True
        with contextlib.suppress(apsw.Error, GatehouseError):
            self.journal.close()
        self._disk.restart(chance)
        self._boot += 1

    # ---- disk

    def _full(self, kind: str) -> None:
        if kind in ("write", "sync") and self.world.now_ns < self.disk_full_until_ns:
            raise apsw.FullError("database or disk is full")

    def stall_disk(self, for_ms: int) -> None:
        """The disk takes nothing for a while."""
        self.disk_stalled_ns = self.world.now_ns
        self.disk_ready_ns = self.world.now_ns + for_ms * NS_PER_MS

    def committed(self, sequence: int) -> None:
        """Rows are durable and must not be lost."""
        self.disk_stalled_ns = None
        self.rules.acknowledged(sequence, self.journal.last_hash)
        if not self._projecting:
            self._projecting = True
            recorder = self.recorder
            self.world.after(PROJECT_MS, lambda: self._project(recorder))

    def _project(self, recorder: WorldRecorder | None) -> None:
        self._projecting = False
        if recorder is None or recorder is not self.recorder:
            return
        try:
            self.state.catch_up(self.reader)
            self.journal.tidy()
            if self.central_up:
                self.deliver()
        except StorageError as error:
            logging.getLogger(__name__).debug("projections wait: %s", error)

    def deliver(self) -> None:
        """Central takes everything behind its cursor, and keeps the hash of the last row that was written.

        After each start, and at the end of the story, that is compared with what the journal then holds.
        """
        if self._compared != self.runs:
            self._compared = self.runs
            self.compare()
        self.central_cursor, self.central_hash = self.journal.last_sequence, self.journal.last_hash

    def compare(self) -> None:
        """The row that central has last must still be the journal's."""
        if self.central_cursor:
            self.rules.storage.delivered(
                self.central_cursor, self.reader.hash_of(self.central_cursor), self.central_hash
            )

    # ---- people

    def shown(self) -> CoreView:
        """What screens show now."""
        return self.site.snapshot()

    def _reply(self, reply: c.Reply) -> None:
        self.replies[reply.request] = reply
        self.rules.money.replied(reply)
        if self.clerk is not None:
            self.clerk.replied(reply)
        while len(self.replies) > 100:
            self.replies.pop(next(iter(self.replies)))
