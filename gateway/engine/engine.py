"""Assembles the engine: stores, core, threads, control socket; starts, watches and stops them.

A start moves nothing: the core takes `Started` before any bus runs, and a bus reads its outputs back. At a stop the
core takes `Stopping` as its last event, the buses end their pulses, the journal is written, the projections catch up,
the socket closes. Each step has a bound, less than ten seconds in all.
"""

from __future__ import annotations

import gc
import logging
import secrets
import threading
from collections.abc import Iterable, Sequence
from typing import Any

from drivers.base import Bus, DeviceConfig, Health, PictureTaken, Report
from gateway import __version__
from gateway.control import Responder, Server
from gateway.control.structs import learn_structs
from gateway.core.run.run import RunMemory
from gateway.core.settings.model import Settings
from gateway.core.site import Site
from gateway.core.vocabulary.errors import NotFoundError
from gateway.core.vocabulary.events import Event, Started, Stopping
from gateway.engine.bench.bench import Bench
from gateway.engine.bench.live import LivePoints
from gateway.engine.bench.looks import Looks
from gateway.engine.clock import Clock, boot_id
from gateway.engine.core_thread.faults import FaultFiles
from gateway.engine.core_thread.inbox import Inbox
from gateway.engine.core_thread.lookups import Lookups
from gateway.engine.core_thread.loop import CoreLoop
from gateway.engine.core_thread.standby import EngineStandby, degraded
from gateway.engine.discovery.discovery import Discovery
from gateway.engine.journal_thread.keeper import Keeper
from gateway.engine.journal_thread.projector import Projector
from gateway.engine.journal_thread.recorder import Recorder
from gateway.engine.measuring.box import Box
from gateway.engine.measuring.loops import Tap
from gateway.engine.measuring.measuring import Measuring
from gateway.engine.measuring.travels import Travels
from gateway.engine.printing.ops import Printing
from gateway.engine.printing.receipts import Receipts
from gateway.engine.settings import catalogue
from gateway.engine.settings.buses import Buses, OpenBuses
from gateway.engine.settings.changes import Changes
from gateway.engine.socket.answers import Answers
from gateway.engine.socket.clerk import Clerk
from gateway.engine.socket.desk import Desk
from gateway.engine.socket.handlers import Handlers
from gateway.engine.socket.leaders import Leaders
from gateway.engine.socket.publisher import Publisher
from gateway.engine.stores import Stores
from gateway.engine.visits.facts import CorrectionFacts
from gateway.engine.visits.holidays import Holidays
from gateway.engine.watchdog import Progress
from gateway.engine.workers import Workers
from gateway.store.directory import DataDirectory, source_of
from gateway.store.measurements.store import MeasurementWriter
from gateway.store.settings.versions import last_author

log = logging.getLogger(__name__)

CORE_PATIENCE_S = 5.0
SERVICE_PATIENCE_S = 30.0
RECORDER_PATIENCE_S = 60.0
"""A shorter commit is a slow disk, which the gate survives."""
# Bounds of the steps of a stop; together less than the ten seconds of the contract.
_STOP_CORE_S, _STOP_BUSES_S, _STOP_SERVICES_S, _STOP_JOURNAL_S = 1.5, 3.5, 1.5, 2.5


class Engine:
    """One run: `start`, then `stop`. If it fails, `failure` says why and `ended` is set."""

    def __init__(
        self,
        directory: DataDirectory,
        settings: Settings,
        configs: Sequence[DeviceConfig],
        open_buses: OpenBuses,
    ) -> None:
        """Opens the stores and no hardware; the caller has locked the directory."""
        self.failure = ""
        self.ended = threading.Event()
        self._directory = directory
        self._settings = settings
        self._workers = Workers(self._failed)
        self._inbox = Inbox(self._failed)
        self._stores = Stores(directory, settings, boot_id())
        self._clock = Clock(trusted=settings.gateway.clock == "trusted", was_synced=self._stores.was_synced)
        self._points = LivePoints(self._inbox.put, lambda device: self._buses.of(device))
        self._open_buses = open_buses
        self._discovery = Discovery(lambda: self._changes.settings, self.health)
        self._tap = Tap(self._points.report)
        self._buses = Buses(configs, self._opened, self._reported, self._workers)
        self._recorder = Recorder(self._stores.journal, self._inbox.put, sequence=self._stores.journal.last_sequence)
        self._server = Server(directory.socket, self._asked)
        self._publisher = self._make_publisher(configs)
        self._facts = CorrectionFacts(
            settings,
            self._stores.state,
            self._stores.registry,
            lambda: self._clock.now().wall_ns,
            lambda: self._recorder.degraded,
        )
        self._leaders = Leaders(directory.operators.list)
        self._desk = Desk(
            settings,
            self._inbox,
            Answers(self._stores.state, lambda: bool(self._recorder.degraded)),
            self._facts.of,
            decided=lambda asked: self._clerk.stay_decided(asked),
            leaders=self._leaders,
        )
        self._holidays = Holidays(settings, directory.holidays, self._inbox.put, lambda: self._clock.now().wall_ns)
        self._clerk = self._make_clerk()
        self._lookups = Lookups(self._stores.registry_lookups, self._stores.state_lookups, settings, self._stores.codes)
        self._changes = self._make_changes()
        self._clerk.serves({**self._changes.looks, **catalogue.OPS})
        self._bench = self._make_bench()
        self._printing = self._make_printing()
        self._handlers = self._make_handlers()
        self._faults = FaultFiles(directory.faults)
        self._projector = Projector(
            self._stores.reader,
            self._stores.state,
            self._stores.journal,
            lambda: self._recorder.sequence,
            self._stores.applied,
        )
        self._measuring = self._make_measuring()
        self._loop = self._make_loop()
        self._supervised = (
            Progress("core", lambda: self._loop.turns, CORE_PATIENCE_S),
            Progress("recorder", lambda: self._recorder.turns, RECORDER_PATIENCE_S),
            Progress("publisher", lambda: self._publisher.turns, SERVICE_PATIENCE_S),
        )
        self._keeper = self._make_keeper()

    # ---- running --------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Listen, pass the first event to the core, then start the buses; InUseError, DataDirectoryError."""
        self._server.open()
        learn_structs()
        start = self._workers.start
        start("recorder", self._recorder.run)
        clean = self._stores.memory.part(RunMemory).previous_clean
        settings_by = last_author(self._directory.versions)
        self._loop.begin(Started(secrets.token_hex(4), __version__, clean, settings_by=settings_by))
        self._publisher.settle()
        start("core", self._loop.run)
        start("publisher", self._publisher.run)
        start("projector", self._projector.run)
        start("keeper", self._keeper.run)
        start("desk", self._desk.run)
        start("clerk", self._clerk.run)
        start("settings", self._changes.run)
        start("bench", self._bench.run)
        start("printing", self._printing.run)
        start("faults", self._faults.run)
        start("measuring", self._measuring.run)
        start("holidays", self._holidays.run)
        start("control", self._server.run)
        self._buses.start()
        gc.collect()
        gc.freeze()

    def stop(self, reason: str) -> None:
        """End in good order as far as possible, also after a fault of the core, so that no pulse stays on."""
        self._workers.release()
        self._changes.stop()
        self._discovery.end("the engine stops")
        self._inbox.put(Stopping(reason))
        self._join(["core"], _STOP_CORE_S)
        self._report_late(self._buses.stop(_STOP_BUSES_S), _STOP_BUSES_S)
        self._desk.stop()
        self._clerk.stop()
        self._bench.stop()
        self._printing.stop()
        self._keeper.stop()
        self._faults.stop()
        self._measuring.stop()
        self._holidays.stop()
        waited = ["desk", "clerk", "settings", "bench", "printing", "keeper", "faults", "measuring", "holidays"]
        self._join(waited, _STOP_SERVICES_S / 2)
        self._server.stop()
        self._publisher.stop()
        self._join(["control", "publisher"], _STOP_SERVICES_S / 2)
        self._recorder.stop()
        self._join(["recorder"], _STOP_JOURNAL_S / 2)
        self._projector.stop()
        self._join(["projector"], _STOP_JOURNAL_S / 2)
        if not any(self._workers.alive(name) for name in ("recorder", "projector", "keeper")):
            self._stores.close()

    def begin_anew(self, why: str) -> None:
        """End in good order, to be started again with the settings as they are then."""
        log.info("%s: the engine begins anew", why)
        self.ended.set()

    def missing(self) -> list[str]:
        """What is not ready: devices that were not tried yet, and the journal while it takes no rows."""
        waiting = [f"device {one.device}" for one in self.health() if one.state == "starting"]
        return [*waiting, "journal"] if self._recorder.degraded else waiting

    def health(self) -> list[Health]:
        """The health of every device."""
        return self._buses.health()

    def supervised(self) -> tuple[Progress, ...]:
        """The threads that the watchdog watches for progress."""
        return (*self._supervised, *self._buses.supervised())

    # ---- assembling -----------------------------------------------------------------------------------------------

    def _make_publisher(self, configs: Sequence[DeviceConfig]) -> Publisher:
        return Publisher(
            self._settings,
            configs,
            version=__version__,
            journal_id=self._stores.journal.journal_id,
            clock=self._clock,
            recorder=self._recorder,
            health=self._buses.health,
            broadcast=self._server.broadcast,
        )

    def _make_clerk(self) -> Clerk:
        return Clerk(
            self._settings,
            self._stores,
            self._directory.registry,
            self._recorder,
            self._clock,
            self._install_mode,
            self._directory.people,
            self.begin_anew,
            lambda: self._holidays.known,
            self._leaders,
        )

    def _make_bench(self) -> Bench:
        looks = Looks(
            self._points,
            self._buses.of,
            lambda: self._buses.configs,
            lambda: self._changes.settings,
            self._stores.registry,
        )
        return Bench(
            looks,
            self._points,
            settings=lambda: self._changes.settings,
            bus_of=self._buses.of,
            lanes=self._publisher.lanes,
            command=self._desk.lane_command,
            journal=self._clerk.journal,
            now=self._clock.now,
        )

    def _make_printing(self) -> Printing:
        return Printing(
            settings=lambda: self._changes.settings,
            bus_of=self._buses.of,
            visits=self._stores.state,
            codes=self._stores.codes,
            receipts=Receipts(self._stores.state, self._clerk.charge),
            journal=self._clerk.journal,
            wall_ns=lambda: self._clock.now().wall_ns,
        )

    def _make_measuring(self) -> Measuring:
        return Measuring(
            self._settings,
            tap=self._tap,
            health=self._buses.health,
            travels=Travels(self._directory.state),
            box=Box(self._directory.path),
            writer=MeasurementWriter(self._directory.measurements),
            now=self._clock.now,
        )

    def _make_keeper(self) -> Keeper:
        return Keeper(
            self._stores.journal,
            self._stores.reader,
            self._stores.state,
            self._settings.gateway.retention,
            confirmed=self._stores.consumers.confirmed,
            now=self._clock.now,
            submit=self._recorder.submit,
        )

    def _opened(self, configs: Sequence[DeviceConfig], report: Report) -> list[Bus]:
        """The buses of these devices, whose ports no search may hold."""
        self._discovery.end("the settings change")
        return self._open_buses(configs, report)

    def _reported(self, event: Event) -> None:
        """From any bus: a picture goes to the evidence, everything else to the core."""
        if isinstance(event, PictureTaken):
            self._clerk.picture_taken(event.device, event.data)
        else:
            self._tap.report(event)

    def _install_mode(self, device: str, duration_s: int) -> None:
        bus = self._buses.of(device)
        if bus is None:
            raise NotFoundError(f"there is no device {device!r}")
        bus.install_mode(device, duration_s)

    def _make_changes(self) -> Changes:
        return Changes(
            self._settings,
            self._directory.versions,
            buses=self._buses,
            inbox=self._inbox,
            recorder=self._recorder,
            now=self._clock.now,
            take=self._lookups.settings_changed,
            adopt=self._adopt,
            failed=self._failed,
        )

    def _adopt(self, settings: Settings, configs: Sequence[DeviceConfig]) -> None:
        """Other settings hold; the core and its surroundings have taken them."""
        # One that began while lanes were waited for knows only the ports of before.
        self._discovery.end("the settings change")
        self._publisher.settings_changed(settings, configs)
        self._desk.settings_changed(settings)
        self._facts.settings_changed(settings)
        self._clerk.settings_changed(settings)
        self._handlers.settings_changed(settings)
        self._clock.trust(settings.gateway.clock == "trusted")
        self._keeper.settings_changed(settings.gateway.retention)
        self._stores.pictures.settings_changed(settings.gateway.pictures)
        self._measuring.settings_changed(settings)
        self._holidays.settings_changed(settings)
        self._stores.consumers.settings_changed(settings)
        self._stores.journal.move(source_of(settings))

    def _make_handlers(self) -> Handlers:
        return Handlers(
            self._settings,
            journal_id=self._stores.journal.journal_id,
            inbox=self._inbox,
            publisher=self._publisher,
            desk=self._desk,
            clerk=self._clerk,
            changes=self._changes,
            bench=self._bench,
            printing=self._printing,
            discovery=self._discovery,
            missing=self.missing,
            wall_ns=lambda: self._clock.now().wall_ns,
            bus_of=self._buses.of,
        )

    def _make_loop(self) -> CoreLoop:
        stores = self._stores
        return CoreLoop(
            Site(self._settings, stores.memory),
            self._clock,
            self._inbox,
            self._recorder,
            outputs=self._buses.outputs,
            enrich=self._lookups.enrich,
            name=self._lookups.name,
            settle=self._lookups.settle,
            publish=self._publisher.offer,
            reply=self._desk.replied,
            journal_wait_ms=self._settings.gateway.journal_wait_ms,
            gateway=self._settings.gateway.id,
            standby=EngineStandby(
                self._settings,
                stores,
                lambda: self._buses.all,
                self._faults,
                degraded=lambda: degraded(self._recorder, self._projector),
                uplink=lambda: self._publisher.uplink.up,
            ),
            lag=self._projector.note_lag,
        )

    def _asked(self, op: str, params: dict[str, Any], respond: Responder) -> None:
        self._handlers.handle(op, params, respond)

    def _join(self, names: list[str], patience_s: float) -> None:
        self._report_late(self._workers.join(names, patience_s), patience_s)

    def _report_late(self, names: Iterable[str], patience_s: float) -> None:
        for name in names:
            log.error("worker %s does not end within %g s; left behind", name, patience_s)

    def _failed(self, reason: str) -> None:
        """A part that must not end has ended: end the process, which is started again."""
        self.failure = self.failure or reason
        self.ended.set()
