"""The core thread: takes facts one by one, lets the core decide, carries out what it commands.

Nothing in here waits for a disk, a wire or a client: rows go to the recorder, orders to their bus, answers to the desk,
snapshots to the publisher, each through a queue. All rows of one decision are handed over first and together, so that
they share one commit. What the core waits for in the journal is answered here, exactly once a token. If `handle`
raises, the core may be half changed: the exception ends the thread, and with it the process.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from gateway.core import commands as c
from gateway.core import events as e
from gateway.engine.clock import Clock
from gateway.engine.inbox import Inbox
from gateway.engine.pacer import Pacer
from gateway.engine.recorder import Entry, Recorded, Recorder, Unrecorded
from gateway.engine.timers import Timers
from gateway.engine.waits import JournalWaits
from gateway.store.journal import Row

log = logging.getLogger("gatehouse.core")

TICK_NS = 1_000_000_000
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}


class Core(Protocol):
    """What the loop drives: `core.site.Site`."""

    def handle(self, event: e.Event, now: e.Now) -> list[c.Command]:
        """Take a fact in and say what is to be done."""

    def snapshot(self, now: e.Now) -> dict[str, Any]:
        """Lanes and alarms as people and central may see them."""


class Outputs(Protocol):
    """What the loop needs of `drivers.base.Bus`."""

    def pulse(self, device: str, output: int, duration_ms: int, active: bool = True, token: int = 0) -> None:
        """Switch an output for a time."""

    def switch(self, device: str, output: int, active: bool, token: int = 0) -> None:
        """Switch an output and leave it so."""

    def show(self, device: str, message: dict[str, Any]) -> None:
        """Show people what was decided; ignored by what shows nothing."""


Snapshot = dict[str, Any]


class CoreLoop:
    """Owns the core. `run` is the core thread; everything else here belongs to it too, except `turns`."""

    def __init__(
        self,
        core: Core,
        clock: Clock,
        inbox: Inbox,
        recorder: Recorder,
        *,
        outputs: Mapping[str, Outputs],
        enrich: Callable[[e.CredentialRead], e.CredentialRead],
        publish: Callable[[Snapshot], None],
        reply: Callable[[c.Reply, Snapshot], None],
        journal_wait_ms: int,
    ) -> None:
        self._core = core
        self._clock = clock
        self._inbox = inbox
        self._recorder = recorder
        self._outputs = outputs
        self._enrich = enrich
        self._publish = publish
        self._reply = reply
        self.timers = Timers()
        self.waits = JournalWaits(journal_wait_ms)
        self._pacer = Pacer()
        self._own: deque[e.Event] = deque()
        self._tick_ns = 0
        self._due_ns = 0
        self._finished = False
        self.turns = 0
        self._takers: dict[type, Callable[[Any, e.Now], None]] = {
            e.CredentialRead: self._credential,
            Recorded: self._recorded,
            Unrecorded: self._unrecorded,
            e.Stopping: self._stopping,
        }
        self._doers: dict[type, Callable[[Any, e.Now], None]] = {
            c.PulseOutput: self._pulse,
            c.SetOutput: self._switch,
            c.ShowOnDevice: self._show,
            c.StartTimer: self._start_timer,
            c.CancelTimer: self._cancel_timer,
            c.Reply: self._answer,
            c.Snapshot: self._changed,
            c.Log: self._log,
        }

    def begin(self, started: e.Started) -> None:
        """Let the core take its first fact; before `run`, in the starting thread."""
        self._take(started, self._clock.now())
        self._publish(self._core.snapshot(self._clock.now()))

    def run(self) -> None:
        """Take facts until `Stopping`."""
        while not self._finished:
            self.turn()

    def turn(self) -> None:
        """Wait for one fact at most, take it, and do what time demands."""
        item = self._own.popleft() if self._own else self._inbox.take(self._wait_s())
        now = self._clock.now()
        self.turns += 1
        if item is not None:
            self._take(item, now)
            self._due_ns = self._next_ns()
        if now.mono_ns >= self._due_ns:
            self._on_time(now)
            self._due_ns = self._next_ns()

    def _wait_s(self) -> float:
        return max(0.0, (self._due_ns - self._clock.mono_ns()) / 1e9)

    def _next_ns(self) -> int:
        """When time itself demands something next; the tick at the latest."""
        first_ns = self._tick_ns
        for at_ns in (self.timers.next_ns(), self.waits.next_ns(), self._pacer.due_ns):
            if at_ns is not None and at_ns < first_ns:
                first_ns = at_ns
        return first_ns

    def _take(self, item: Any, now: e.Now) -> None:
        self._takers.get(type(item), self._handle)(item, now)

    def _on_time(self, now: e.Now) -> None:
        for token in self.waits.expire(now.mono_ns):
            self._handle(e.JournalDelayed(token), now)
        for timer in self.timers.due(now.mono_ns):
            self._handle(e.TimerFired(timer), now)
        if now.mono_ns >= self._tick_ns:
            self._tick_ns = now.mono_ns + TICK_NS
            self._tick(now)
        if self._pacer.take(now.mono_ns):
            self._publish(self._core.snapshot(now))

    def _tick(self, now: e.Now) -> None:
        changed = self._clock.check()
        if changed is not None:
            self._handle(changed, self._clock.now())
        stalled = self._recorder.note_stall(now.mono_ns)
        if stalled is not None:
            self._handle(stalled, now)

    # ---- facts ----------------------------------------------------------------------------------------------------

    def _handle(self, event: e.Event, now: e.Now) -> None:
        """Let the core decide; rows first and together, then the rest in order."""
        commands = self._core.handle(event, now)
        appends = [command for command in commands if type(command) is c.Append]
        if appends:
            self._append(appends, now)
        for command in commands:
            doer = self._doers.get(type(command))
            if doer is not None:
                doer(command, now)

    def _credential(self, read: e.CredentialRead, now: e.Now) -> None:
        self._handle(self._enrich(read), now)

    def _recorded(self, item: Recorded, now: e.Now) -> None:
        for token in item.tokens:
            if self.waits.settle(token):
                self._handle(e.JournalCommitted(token), now)
        self._pacer.recorded(now.mono_ns)

    def _unrecorded(self, item: Unrecorded, now: e.Now) -> None:
        for token in item.tokens:
            if self.waits.settle(token):
                self._handle(e.JournalDelayed(token), now)

    def _stopping(self, event: e.Stopping, now: e.Now) -> None:
        self._handle(event, now)
        self._finished = True

    # ---- commands -------------------------------------------------------------------------------------------------

    def _append(self, appends: Iterable[c.Append], now: e.Now) -> None:
        entries = []
        tokens = []
        for command in appends:
            row = Row(command.type, command.subject, command.data, now.wall_ns, now.mono_ns, now.clock)
            entries.append(Entry(row, command.token))
            if command.token:
                self.waits.add(command.token, now.mono_ns)
                tokens.append(command.token)
            if command.type.startswith("alarm."):
                self._pacer.changed(now.mono_ns, urgent=True)
        if not self._recorder.submit(entries):
            self._own.extend(e.JournalDelayed(token) for token in tokens if self.waits.settle(token))

    def _pulse(self, order: c.PulseOutput, _now: e.Now) -> None:
        bus = self._outputs.get(order.device)
        if bus is None:
            self._no_bus(order.device, order.output, order.token)
        else:
            bus.pulse(order.device, order.output, order.duration_ms, order.active, order.token)

    def _switch(self, order: c.SetOutput, _now: e.Now) -> None:
        bus = self._outputs.get(order.device)
        if bus is None:
            self._no_bus(order.device, order.output, order.token)
        else:
            bus.switch(order.device, order.output, order.active, order.token)

    def _show(self, order: c.ShowOnDevice, _now: e.Now) -> None:
        bus = self._outputs.get(order.device)
        if bus is not None:
            bus.show(order.device, order.message)

    def _no_bus(self, device: str, output: int, token: int) -> None:
        error = f"there is no device {device!r}; check the points of the lanes"
        self._own.append(e.OutputFailed(device, output, token, error))

    def _start_timer(self, command: c.StartTimer, now: e.Now) -> None:
        self.timers.start(command.timer, now.mono_ns + max(1, command.after_ms) * 1_000_000)

    def _cancel_timer(self, command: c.CancelTimer, _now: e.Now) -> None:
        self.timers.cancel(command.timer)

    def _answer(self, reply: c.Reply, now: e.Now) -> None:
        self._reply(reply, self._core.snapshot(now))

    def _changed(self, _command: c.Snapshot, now: e.Now) -> None:
        self._pacer.changed(now.mono_ns)

    def _log(self, line: c.Log, _now: e.Now) -> None:
        log.log(_LEVELS.get(line.level, logging.ERROR), "%s", line.message)
