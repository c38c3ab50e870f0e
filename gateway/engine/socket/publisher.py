"""Publishes snapshots for screens and central: the core's part, its age, and the health of the gateway.

The core thread offers its part, which nothing changes afterwards, when it is due (`pacer.py`). The publisher's own
thread composes, encodes and sends it at least once a second, so that a watcher tells a quiet gateway from a dead one.
While the core's part cannot be made, the last one is sent with the time at which that began, so that it looks old.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue

import msgspec

from drivers.base import DeviceConfig, Health
from gateway.control import Responder
from gateway.control.wire import encode
from gateway.core.settings.model import Barrier, Settings
from gateway.core.vocabulary.events import Now
from gateway.core.vocabulary.views import (
    CoreView,
    DeviceView,
    GatewayView,
    JournalView,
    LaneView,
    SiteView,
    Snapshot,
    UplinkView,
)
from gateway.engine.clock import Clock
from gateway.engine.journal_thread.recorder import Recorder
from gateway.store.times import rfc3339

log = logging.getLogger(__name__)

HEARTBEAT_S = 0.9


class Publisher:
    """Composes snapshots and sends them to all watchers; `offer`, `compose` and `watch` are for any thread."""

    def __init__(
        self,
        settings: Settings,
        configs: Iterable[DeviceConfig],
        *,
        version: str,
        journal_id: str,
        clock: Clock,
        recorder: Recorder,
        health: Callable[[], list[Health]],
        broadcast: Callable[[bytes], None],
    ) -> None:
        self._clock = clock
        self._recorder = recorder
        self._health = health
        self._broadcast = broadcast
        self._version = version
        self._started_at = rfc3339(clock.now().wall_ns)
        self._journal_id = journal_id
        self._queue: SimpleQueue[CoreView | Now | None] = SimpleQueue()
        self._core = CoreView()
        self._old_since: Now | None = None
        self._sending = threading.Lock()
        self._stopping = False
        self._failing = False
        self.uplink = UplinkView(configured=False)
        self.turns = 0
        self.settings_changed(settings, configs)

    def settings_changed(self, settings: Settings, configs: Iterable[DeviceConfig]) -> None:
        """Show this site and these devices from now on; from any thread."""
        site = settings.site
        self._configs = {config.id: config for config in configs}
        self._measured_by = {lane.id: _measuring(settings.barrier(lane.barrier)) for lane in settings.lanes}
        self._site = SiteView(id=site.id, name=site.name, timezone=site.timezone, locale=site.locale)
        self._gateway_id = settings.gateway.id
        configured = bool(settings.uplink and settings.uplink.mqtt)
        if configured != self.uplink.configured:
            self.uplink = UplinkView(configured=configured)
        self.refresh()

    def offer(self, core: CoreView | None) -> None:
        """Take the core's part, None if it could not be made; called in the core thread."""
        self._queue.put(self._clock.now() if core is None else core)

    def refresh(self) -> None:
        """Publish again: something outside the core has changed."""
        self._queue.put(None)

    def has_alarm(self, kind: str) -> bool:
        """Whether an alarm of that kind was last published."""
        return any(alarm.kind == kind for alarm in self._core.alarms)

    def settle(self, patience_s: float = 0.0) -> None:
        """Take the newest offer, waiting this long for one."""
        with contextlib.suppress(Empty):
            self._keep(self._queue.get(timeout=patience_s))
            while True:
                self._keep(self._queue.get_nowait())

    def stop(self) -> None:
        """End `run`."""
        self._stopping = True
        self._queue.put(None)

    def run(self) -> None:
        """Send snapshots until `stop`."""
        while not self._stopping:
            self.turns += 1
            self.settle(HEARTBEAT_S)
            try:
                with self._sending:
                    self._broadcast(self._line())
                self._failing = False
            except Exception:
                if not self._failing:
                    log.exception("the state cannot be published; screens say that their news is old")
                self._failing = True

    def watch(self, respond: Responder) -> None:
        """Send the present snapshot and each later one to the client."""
        with self._sending:
            respond.watch(self._line())

    def compose(self) -> Snapshot:
        """The snapshot as of now."""
        now = self._clock.now()
        health = {one.device: one for one in self._health()}
        sequence, degraded = self._recorder.sequence, self._recorder.degraded or None
        return Snapshot(
            as_of=rfc3339((self._old_since or now).wall_ns),
            site=self._site,
            gateway=GatewayView(
                id=self._gateway_id, version=self._version, started_at=self._started_at, clock=now.clock.value
            ),
            journal=JournalView(id=self._journal_id, sequence=sequence, degraded=degraded),
            lanes=self.lanes(),
            alarms=self._core.alarms,
            repairs=self._core.repairs,
            devices=tuple([self._device(config, health, now) for config in self._configs.values()]),
            uplink=self.uplink,
        )

    def lanes(self) -> tuple[LaneView, ...]:
        """The lanes as of now."""
        now = self._clock.now()
        health = {one.device: one for one in self._health()}
        return tuple([self._lane(lane, health, now) for lane in self._core.lanes])

    def _keep(self, offered: CoreView | Now | None) -> None:
        """Show this part of the core from now on; a time: the last one has been old since then."""
        if isinstance(offered, CoreView):
            self._core, self._old_since = offered, None
        elif offered is not None and self._old_since is None:
            self._old_since = offered

    def _line(self) -> bytes:
        return encode({"event": "state", "state": self.compose()})

    def _lane(self, lane: LaneView, health: dict[str, Health], now: Now) -> LaneView:
        """The lane with the time of its oldest measurement: all its devices have answered since."""
        oks = [
            one.last_ok_mono_ns
            for device in self._measured_by.get(lane.id, ())
            if (one := health.get(device)) is not None
        ]
        known = [ok for ok in oks if ok is not None]
        if self._old_since is not None:
            known = [min(ok, self._old_since.mono_ns) for ok in known]
        oldest = min(known) if known and len(known) == len(oks) else None
        measured_at, age_ms = _age(oldest, now)
        return msgspec.structs.replace(lane, measured_at=measured_at, age_ms=age_ms)

    def _device(self, config: DeviceConfig, health: dict[str, Health], now: Now) -> DeviceView:
        one = health.get(config.id) or Health(config.id, "starting", now.wall_ns)
        last_ok_at, age_ms = _age(one.last_ok_mono_ns, now)
        return DeviceView(
            id=config.id,
            driver=config.driver,
            name=config.name,
            state=one.state,
            since=rfc3339(one.since_wall_ns),
            last_ok_at=last_ok_at,
            age_ms=age_ms,
            last_error=one.last_error,
            frames=one.frames,
            errors=one.errors,
        )


def _measuring(barrier: Barrier) -> tuple[str, ...]:
    """The devices that measure a barrier."""
    return tuple(sorted({point.device for point in barrier.inputs().values()}))


def _age(mono_ns: int | None, now: Now) -> tuple[str | None, int | None]:
    """When that was, and how long ago in milliseconds."""
    if mono_ns is None:
        return None, None
    age_ns = max(0, now.mono_ns - mono_ns)
    return rfc3339(now.wall_ns - age_ns), age_ns // 1_000_000
