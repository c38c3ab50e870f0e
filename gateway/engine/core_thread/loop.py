"""The core thread: takes events one by one, lets the core decide, carries out its commands.

It never waits for a disk, a wire or a client: rows go to the recorder, orders to their bus, answers to the desk,
snapshots to the publisher, each through a queue. All rows of one decision are submitted first and together, so that
they share one commit. Each token that the core waits for is answered exactly once.

One bad event never ends the gate. If `handle` raises, the core may be half changed: its commands are dropped, and a new
core is built from the journal, from rows that are not written yet, and from the devices, which report again. Until they
have, reads wait, since the positions of the arms are unknown. The event is kept and alarmed. A second such fault within
a minute ends the thread and the process. An exception around the core (a bus, a look-up, a snapshot) is reported as a
fault too and leaves the core unchanged.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from gateway.core.settings.difference import Touched, boards_of
from gateway.core.settings.exchange import SettingsChanged, kept
from gateway.core.settings.marks import carried, losing, marks_of, refusal
from gateway.core.settings.model import Settings
from gateway.core.subsystem import Memory
from gateway.core.vocabulary import commands as c
from gateway.core.vocabulary import events as e
from gateway.core.vocabulary.errors import GatehouseError, error_place, fault_file
from gateway.core.vocabulary.rows import BarrierLocked
from gateway.core.vocabulary.views import CoreView
from gateway.engine.clock import Clock
from gateway.engine.core_thread.containment import Causes, Measuring
from gateway.engine.core_thread.executor import Executor
from gateway.engine.core_thread.inbox import Inbox
from gateway.engine.core_thread.lookups import unknown
from gateway.engine.core_thread.surroundings import Core, Outputs, Standby
from gateway.engine.journal_thread.entries import Recorded, Unrecorded
from gateway.engine.journal_thread.recorder import Recorder
from gateway.engine.settings.changeover import Changeover, Restarted
from gateway.store.journal.writer import Row

log = logging.getLogger("gatehouse.core")

TICK_NS = 1_000_000_000
FAULT_PAUSE_NS = 60 * TICK_NS
"""A second fault within this time ends the process."""
RENEWAL_NS = TICK_NS
"""How long reads wait until the devices have reported again."""
CHANGEOVER_NS = 3 * TICK_NS
"""The same at lanes that other settings have made anew: their buses may have to begin again."""
COMMIT_PATIENCE_S = 0.5
LOOK_S = 0.05
"""How often lanes are looked at that must come to rest for other settings; each event counts too."""
ASKED = (
    e.CommandReceived,
    e.StayCommandReceived,
    e.AlarmCommandReceived,
    e.RepairCommandReceived,
    e.VisitCommandReceived,
    e.PictureAsked,
    e.AcceptanceReceived,
    e.AcceptanceAsked,
    e.PaymentReceived,
    e.ReductionReceived,
)
"""What a person or a page waits for an answer to."""
Money = e.PaymentReceived | e.ReductionReceived
REFUSED = "the gateway's own program failed on this; look at the lane, then ask again"


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
        name: Callable[[e.StayCommandReceived], e.StayCommandReceived] = lambda asked: asked,
        settle: Callable[[Money], Money] = lambda asked: asked,
        publish: Callable[[CoreView | None], None],
        reply: Callable[[c.Reply], None],
        journal_wait_ms: int,
        gateway: str,
        standby: Standby | None = None,
        lag: Callable[[int], e.Event | None] = lambda _now_ns: None,
    ) -> None:
        """`gateway` is the id of this box, for the rows about it. `name` adds the stay that a person names, `settle`
        the account that money is for.

        `lag` returns, about once a second, that the projections lag or have caught up.
        """
        self._core = core
        self._standby = standby
        self._lag = lag
        self._clock = clock
        self._inbox = inbox
        self._recorder = recorder
        self._enrich = enrich
        self._name = name
        self._settle = settle
        self._publish = publish
        self._own: deque[e.Event] = deque()
        self._executor = Executor(
            recorder,
            outputs,
            standby,
            gateway=gateway,
            reply=reply,
            follow_up=self._own.append,
            report=self._report,
            journal_wait_ms=journal_wait_ms,
        )
        self.timers = self._executor.timers
        self.waits = self._executor.waits
        self._pacer = self._executor.pacer
        self._unwritten = self._executor.unwritten
        self._failed_ns: int | None = None
        self._causes = Causes()
        self._measuring = Measuring()
        self._told: dict[str, e.DeviceRestored] = {}
        self._tick_ns = 0
        self._due_ns = 0
        self._finished = False
        self._unshown = False
        self._offer: Changeover | None = None
        self._muted: frozenset[str] = frozenset()
        self.turns = 0
        self._takers: dict[type, Callable[[Any, e.Now], None]] = {
            e.CredentialRead: self._credential,
            e.StayCommandReceived: self._stay_command,
            e.PaymentReceived: self._money,
            e.ReductionReceived: self._money,
            e.DeviceRestored: self._device_told,
            e.DeviceLost: self._device_told,
            e.InputsRead: self._inputs_told,
            Recorded: self._recorded,
            Unrecorded: self._unrecorded,
            Changeover: self._offered,
            Restarted: self._restarted,
            e.Stopping: self._stopping,
        }

    def begin(self, started: e.Started) -> None:
        """Pass the first event to the core; before `run`, in the starting thread."""
        self._take(started, self._clock.now())
        self._show_all(self._clock.now())

    def run(self) -> None:
        """Take events until `Stopping`."""
        while not self._finished:
            self.turn()

    def turn(self) -> None:
        """Wait for at most one event, take it, and serve timers that are due."""
        item = self._own.popleft() if self._own else self._inbox.take(self._wait_s())
        now = self._clock.now()
        self.turns += 1
        if item is not None:
            self._take(item, now)
            self._due_ns = self._next_ns()
        if now.mono_ns >= self._due_ns:
            self._on_time(now)
            self._due_ns = self._next_ns()
        if self._offer is not None:
            self._consider(self._offer, self._clock.now())

    def _wait_s(self) -> float:
        wait_s = max(0.0, (self._due_ns - self._clock.mono_ns()) / 1e9)
        return min(wait_s, LOOK_S) if self._offer is not None else wait_s

    def _next_ns(self) -> int:
        """When the next timer, wait, snapshot or tick is due."""
        first_ns = self._tick_ns
        for at_ns in (self.timers.next_ns(), self.waits.next_ns(), self._pacer.due_ns):
            if at_ns is not None and at_ns < first_ns:
                first_ns = at_ns
        return first_ns

    def _take(self, item: Any, now: e.Now) -> None:
        if self._muted and getattr(item, "device", None) in self._muted:
            return  # of a bus that has ended with the settings that it was of
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
            self._show_all(now)

    def _tick(self, now: e.Now) -> None:
        changed = self._clock.check()
        if changed is not None:
            self._handle(changed, self._clock.now())
        stalled = self._recorder.note_stall(now.mono_ns)
        if stalled is not None:
            self._handle(stalled, now)
        lags = self._lag(now.mono_ns)
        if lags is not None:
            self._handle(lags, now)
        if self._unshown:
            self._pacer.changed(now.mono_ns)
        if self._measuring and now.mono_ns >= self._measuring.until_ns:
            self._serve_reads()

    # ---- facts ----------------------------------------------------------------------------------------------------

    def _handle(self, event: e.Event, now: e.Now) -> None:
        """Let the core decide; rows first and together, then the rest in order."""
        try:
            commands = self._core.handle(event, now)
        except Exception as error:
            self._contain(event, now, error)
            return
        self._executor.carry_out(commands, now)

    def _credential(self, read: e.CredentialRead, now: e.Now) -> None:
        if self._measuring.holds_back(read.device):
            self._measuring.hold(read)
            return
        try:
            known = self._enrich(read)
        except Exception as error:
            self._report("looking up", error, now)
            known = unknown(read, error)
        self._handle(known, now)

    def _stay_command(self, asked: e.StayCommandReceived, now: e.Now) -> None:
        """A person names a stay; a look-up that raises finds none, and the order is refused."""
        try:
            known = self._name(asked)
        except Exception as error:
            self._report("looking up", error, now)
            known = asked
        self._handle(known, now)

    def _money(self, asked: Money, now: e.Now) -> None:
        try:
            known = self._settle(asked)
        except Exception as error:
            self._report("looking up", error, now)
            self._executor.refuse(asked.request, "fault", REFUSED, now)
            return
        self._handle(known, now)

    def _recorded(self, item: Recorded, now: e.Now) -> None:
        self._unwritten.forget()
        for token in item.tokens:
            if self.waits.settle(token):
                self._handle(e.JournalCommitted(token), now)
        self._pacer.recorded(now.mono_ns)

    def _unrecorded(self, item: Unrecorded, now: e.Now) -> None:
        for token in item.tokens:
            if self.waits.settle(token):
                self._handle(e.JournalDelayed(token), now)

    # ---- other settings -------------------------------------------------------------------------------------------

    def _offered(self, offer: Changeover, _now: e.Now) -> None:
        if self._offer is not None:
            offer.ended(failure="another change of the settings is on its way")
        else:
            self._offer = offer

    def _consider(self, offer: Changeover, now: e.Now) -> None:
        """Take the settings once the touched lanes are at rest and empty; give up in the end."""
        try:
            marks = marks_of(self._core.snapshot().lanes, offer.losing) if offer.losing else ()
            barriers, moves_only = offer.touched.barriers, offer.moves_only(now.mono_ns)
            unrest = self._core.unrest(barriers, now, moves_only=moves_only)
        except Exception as error:
            self._report("unrest", error, now)
            self._end(offer, failure="the core could not say whether the lanes are at rest; see the log of the engine")
            return
        if marks:
            self._end(offer, refusal=refusal(marks))
            return
        offer.unrest = tuple(unrest)
        over = now.mono_ns >= offer.until_ns
        if unrest and not over:
            return
        if (unrest and not offer.always) or offer.take is None:
            self._end(offer, unrest=unrest)
        else:
            self._change_over(offer, offer.take, now)

    def _change_over(self, offer: Changeover, take: Callable[[], None], now: e.Now) -> None:
        """One turn in which the core and all that surrounds it take the new settings; nothing moves."""
        standby, touched = self._standby, offer.touched
        assert standby is not None
        settings = kept(standby.settings, offer.settings)
        try:
            tags = self._tags_to_carry(standby.settings, settings)
        except Exception as error:
            self._report("marks", error, now)
            self._end(offer, failure="the core could not say which lanes are tagged; see the log of the engine")
            return
        try:
            with self._recorder.between_commits(COMMIT_PATIENCE_S):
                waiting = [*self._unwritten.rows(), *(Row.of(tag, settings.gateway.id, now) for tag in tags)]
                memory = standby.memory(waiting, self._core) if touched.barriers else Memory()
        except GatehouseError as error:
            self._end(offer, failure=str(error))
            return
        event = SettingsChanged(settings, touched.barriers, touched.devices, memory, **offer.who)
        try:
            commands = self._core.handle(event, now)
        except Exception as error:
            self._offer = None
            self._contain(event, now, error)
            offer.ended(failure="the core could not take these settings; see the log of the engine")
            return
        self._muted = touched.devices
        for device in touched.devices:
            self._told.pop(device, None)
        standby.settings = settings
        self._executor.settings_changed(settings)
        take()
        self._executor.carry_out([*map(c.Append, tags), *commands], now)
        self._measure_anew(standby, settings, touched, now)
        self._end(offer, taken=True)

    def _tags_to_carry(self, old: Settings, new: Settings) -> list[BarrierLocked]:
        """The marks that a way back would lose, as tags under the ids of the new settings."""
        lost = losing(old, new)
        return carried(old, new, marks_of(self._core.snapshot().lanes, lost)) if lost else []

    def _measure_anew(self, standby: Standby, settings: Settings, touched: Touched, now: e.Now) -> None:
        """Let the boards of the new lanes report; reads at these lanes wait for that."""
        boards, readers = boards_of(settings, touched.barriers)
        for device in standby.tell_anew(boards - touched.devices) & self._told.keys():
            self._handle(self._told[device], now)
        if boards:
            self._measuring.begin(boards, now.mono_ns + CHANGEOVER_NS, readers)

    def _end(self, offer: Changeover, **outcome: Any) -> None:
        self._offer = None
        offer.ended(**outcome)

    def _restarted(self, item: Restarted, _now: e.Now) -> None:
        item.give()
        self._muted -= item.devices

    def _stopping(self, event: e.Stopping, now: e.Now) -> None:
        self._finished = True
        self._handle(event, now)

    # ---- faults ---------------------------------------------------------------------------------------------------

    def _contain(self, event: e.Event, now: e.Now, error: Exception) -> None:
        """The core raised: replace it, at most once a minute."""
        name, place, file = type(event).__name__, error_place(error), fault_file(now.wall_ns)
        log.error("the core failed on %s: %s", name, place, exc_info=error)
        if self._standby is None:
            raise error
        self._standby.set_aside(file, event, now, error)
        if self._finished:
            return
        if self._failed_ns is not None and now.mono_ns - self._failed_ns < FAULT_PAUSE_NS:
            raise error
        self._failed_ns = now.mono_ns
        self._replace_core(self._standby, now)
        self._handle(e.FaultContained(name, place, file), now)
        if isinstance(event, ASKED):
            self._executor.refuse(event.request, "fault", REFUSED, now)

    def _replace_core(self, standby: Standby, now: e.Now) -> None:
        """Replace the core within the process; drop all waits of the old one."""
        self._executor.forget()
        self._own.clear()
        with self._recorder.between_commits(COMMIT_PATIENCE_S):
            self._core, started = standby.core(self._unwritten.rows(), self._core)
        self._handle(started, now)
        awaited, silent = standby.measure()
        for device in silent & self._told.keys():
            self._handle(self._told[device], now)
        self._tick_ns = now.mono_ns + RENEWAL_NS
        self._measuring.begin(awaited, self._tick_ns)

    def _inputs_told(self, event: e.InputsRead, now: e.Now) -> None:
        before = self._told.get(event.device)
        if before is not None:
            self._told[event.device] = e.DeviceRestored(event.device, event.inputs, before.outputs)
        self._handle(event, now)

    def _device_told(self, event: e.DeviceRestored | e.DeviceLost, now: e.Now) -> None:
        if type(event) is e.DeviceRestored:
            self._told[event.device] = event
        else:
            self._told.pop(event.device, None)
        self._handle(event, now)
        if self._measuring.told(event.device):
            self._serve_reads()

    def _serve_reads(self) -> None:
        """The arms are measured again, as far as possible: serve the reads that have waited."""
        self._own.extend(self._measuring.end())

    def _report(self, part: str, error: Exception, now: e.Now) -> None:
        """A part around the core raised: log it, and report it to the core at most once a minute."""
        place = error_place(error)
        log.error("%s failed: %s", part, place, exc_info=error)
        if self._causes.is_news(part, place, now.mono_ns):
            self._own.append(e.FaultContained(part, place))

    def _show_all(self, now: e.Now) -> None:
        """Publish a snapshot; one that cannot be made is tried again at each tick, and screens show old data."""
        try:
            shown = self._core.snapshot()
        except Exception as error:
            self._report("snapshot", error, now)
            shown = None
        self._unshown = shown is None
        try:
            self._publish(shown)
        except Exception as error:
            self._report("publishing", error, now)
