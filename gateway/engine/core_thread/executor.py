"""Carries out the commands of the core: rows first and together, then the rest in order.

Nothing here waits: rows go to the recorder, orders to their bus, answers to the desk, snapshots to the publisher, each
through a queue. An exception is reported and fails only its own command.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from gateway.core.settings.model import Settings
from gateway.core.vocabulary import commands as c
from gateway.core.vocabulary import events as e
from gateway.core.vocabulary.errors import error_place
from gateway.core.vocabulary.rows import AlarmRow
from gateway.engine.core_thread.containment import Unwritten
from gateway.engine.core_thread.pacer import Pacer
from gateway.engine.core_thread.surroundings import Outputs, Standby
from gateway.engine.core_thread.timers import Timers
from gateway.engine.core_thread.waits import JournalWaits
from gateway.engine.journal_thread.entries import Entry
from gateway.engine.journal_thread.recorder import Recorder
from gateway.store.journal.writer import Row

log = logging.getLogger("gatehouse.core")

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}


class Executor:
    """Belongs to the core thread. `timers`, `waits`, `pacer` and `unwritten` hold the effects of commands."""

    def __init__(
        self,
        recorder: Recorder,
        outputs: Mapping[str, Outputs],
        standby: Standby | None,
        *,
        gateway: str,
        reply: Callable[[c.Reply], None],
        follow_up: Callable[[e.Event], None],
        report: Callable[[str, Exception, e.Now], None],
        journal_wait_ms: int,
    ) -> None:
        """`gateway` is the id of this box, for the rows about it.

        `follow_up` queues an event behind this one; `report` reports a fault.
        """
        self._recorder = recorder
        self._gateway = gateway
        self._outputs = outputs
        self._standby = standby
        self._reply = reply
        self._follow_up = follow_up
        self._report = report
        self.timers = Timers()
        self.waits = JournalWaits(journal_wait_ms)
        self.pacer = Pacer()
        self.unwritten = Unwritten()
        self._doers: dict[type, Callable[[Any, e.Now], None]] = {
            c.PulseOutput: self._pulse,
            c.SetOutput: self._switch,
            c.ShowOnDevice: self._show,
            c.TakePicture: self._take_picture,
            c.TakeRecords: self._take_records,
            c.SetDeviceClock: self._set_clock,
            c.StartTimer: self._start_timer,
            c.CancelTimer: self._cancel_timer,
            c.CancelTimers: self._cancel_timers,
            c.Reply: self._answer,
            c.Snapshot: self._changed,
            c.SetAside: self._set_aside,
            c.Log: self._log,
        }

    def carry_out(self, commands: Sequence[c.Command], now: e.Now) -> None:
        """Carry out all commands of one decision."""
        appends = [command for command in commands if type(command) is c.Append]
        if appends:
            self._append(appends, now)
        for command in commands:
            doer = self._doers.get(type(command))
            if doer is None:
                continue
            try:
                doer(command, now)
            except Exception as error:
                self._not_done(command, now, error)

    def refuse(self, request: str, reason: str, words: str, now: e.Now) -> None:
        """Refuse a person's request that the core failed on."""
        self.carry_out((c.Reply(request, "refused", reason, words),), now)

    def settings_changed(self, settings: Settings) -> None:
        """From now on rows have this gateway's id, and are waited for so long."""
        self._gateway = settings.gateway.id
        self.waits.patience(settings.gateway.journal_wait_ms)

    def forget(self) -> None:
        """Drop timers and waits: another core takes over."""
        self.timers.clear()
        self.waits.clear()

    def _append(self, appends: Iterable[c.Append], now: e.Now) -> None:
        entries = []
        tokens = []
        for command in appends:
            row = Row.of(command.row, self._gateway, now)
            entries.append(Entry(row, command.token))
            if command.token:
                self.waits.add(command.token, now.mono_ns)
                tokens.append(command.token)
            if isinstance(command.row, AlarmRow):
                self.pacer.changed(now.mono_ns, urgent=True)
        self.unwritten.add(entries)
        if not self._recorder.submit(entries):
            for token in tokens:
                if self.waits.settle(token):
                    self._follow_up(e.JournalDelayed(token))

    def _pulse(self, order: c.PulseOutput, _now: e.Now) -> None:
        bus = self._outputs.get(order.device)
        if bus is None:
            self._no_bus(order)
        else:
            bus.pulse(order.device, order.output, order.duration_ms, order.active, order.token)

    def _switch(self, order: c.SetOutput, _now: e.Now) -> None:
        bus = self._outputs.get(order.device)
        if bus is None:
            self._no_bus(order)
        else:
            bus.switch(order.device, order.output, order.active, order.token)

    def _show(self, order: c.ShowOnDevice, _now: e.Now) -> None:
        bus = self._outputs.get(order.device)
        if bus is not None:
            bus.show(order.device, order.message)

    def _take_picture(self, order: c.TakePicture, _now: e.Now) -> None:
        bus = self._outputs.get(order.device)
        if bus is not None:
            bus.take_picture(order.device)

    def _take_records(self, order: c.TakeRecords, _now: e.Now) -> None:
        bus = self._outputs.get(order.device)
        if bus is not None:
            bus.take_records(order.device, order.after)

    def _set_clock(self, order: c.SetDeviceClock, _now: e.Now) -> None:
        bus = self._outputs.get(order.device)
        if bus is not None:
            bus.set_clock(order.device, order.offset_s)

    def _no_bus(self, order: c.PulseOutput | c.SetOutput) -> None:
        self._failed(order, f"there is no device {order.device!r}; check the points of the lanes")

    def _failed(self, order: c.PulseOutput | c.SetOutput, words: str) -> None:
        self._follow_up(e.OutputFailed(order.device, order.output, order.token, words))

    def _not_done(self, command: c.Command, now: e.Now, error: Exception) -> None:
        """A command has raised."""
        if isinstance(command, c.PulseOutput | c.SetOutput):
            self._failed(command, f"the driver failed: {error_place(error)}")
        self._report(type(command).__name__, error, now)

    def _start_timer(self, command: c.StartTimer, now: e.Now) -> None:
        self.timers.start(command.timer, now.mono_ns + max(1, command.after_ms) * 1_000_000)

    def _cancel_timer(self, command: c.CancelTimer, _now: e.Now) -> None:
        self.timers.cancel(command.timer)

    def _cancel_timers(self, command: c.CancelTimers, _now: e.Now) -> None:
        self.timers.cancel_all(command.kind, command.owner)

    def _answer(self, reply: c.Reply, _now: e.Now) -> None:
        self._reply(reply)

    def _changed(self, _command: c.Snapshot, now: e.Now) -> None:
        self.pacer.changed(now.mono_ns)

    def _set_aside(self, command: c.SetAside, now: e.Now) -> None:
        log.error("the core failed on %s", type(command.event).__name__, exc_info=command.error)
        if self._standby is not None:
            self._standby.set_aside(command.file, command.event, now, command.error)

    def _log(self, line: c.Log, _now: e.Now) -> None:
        log.log(_LEVELS.get(line.level, logging.ERROR), "%s", line.message)
