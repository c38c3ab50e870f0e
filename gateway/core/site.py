"""The site: one `handle(event, now)` for everything that happens, and one `snapshot` for everything that is shown.

Here events find the lanes they concern; what a lane makes of them stands in `lane`, what an alarm in `alarms`, the
decision in `access`. A `Memory` is what survived the last run: alarms, crashed and tagged lanes, passes warned today.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from gateway.core.access.chosen import ChosenLanes
from gateway.core.access.pending import PendingCase, differ
from gateway.core.access.places import Places
from gateway.core.access.reads import ReadRules, Taken, is_bound
from gateway.core.access.recent import Recent
from gateway.core.access.rules import Decision, Question, Reason, Space, Verdict, decide
from gateway.core.alarms.desk import Alarm, AlarmDesk, AlarmState, Verb
from gateway.core.lane.arm.table import ArmEvent, ArmState
from gateway.core.lane.grants.queue import Left
from gateway.core.lane.lane import LaneMachine
from gateway.core.lane.people.lane_orders import shown
from gateway.core.lane.people.refusals import COMMANDS
from gateway.core.lane.service import ServiceMemory
from gateway.core.lane.state import Ids, LaneMemory
from gateway.core.settings.model import Barrier, Direction, Lane, Settings
from gateway.core.vocabulary import events
from gateway.core.vocabulary.authors import SCHEDULE, Author
from gateway.core.vocabulary.commands import Append, Command, Reply, SetAside
from gateway.core.vocabulary.errors import NotFoundError, RefusedError
from gateway.core.vocabulary.events import ClockState, Now
from gateway.core.vocabulary.faults import error_place, fault_file
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.core.vocabulary.schedule import in_schedule
from gateway.core.vocabulary.timers import Timer
from gateway.core.vocabulary.turn import NS_PER_MS, Turn, local_day

MUST_EXPIRE = ("http", "mqtt")
MINUTE_TIMER = Timer("site", "", "minute")
MINUTE_MS = 60_000
STORAGE_KEYS = {"journal": "storage", "projections": "storage:projections"}
"""The alarm's key for each part of the storage."""
LEFT_MS = 120_000
"""A grant of the last run that is older than this is not that of the vehicle under the arm."""
_VERBS = {verb.value: verb for verb in (Verb.ACKNOWLEDGE, Verb.VERIFY, Verb.SHELVE, Verb.UNSHELVE, Verb.CLOSE)}


class Memory(msgspec.Struct, frozen=True):
    """What survived the last run, as the projections of the journal tell it.

    `alarms`: documents of all that are not closed. `lanes`: lane id -> {"mode", "since", "by", "reason"}. `warned`:
    {"day": site-local day, "passes": [...]}. `interrupted`: barriers that wait for a person to decide, as something was
    half done or somebody said stop; `asked`: those of which a person was asked whether the arm is whole; `lost`:
    devices that did not answer; each with since when. `grants`: what `Left` holds of those without an end.
    `latest`: lane id -> its last `decision`, `grant` and `passage`: for people to look at, and which car may wait.
    `service`: barrier id -> what `ServiceMemory` holds. `unapplied`: passages ({"type", "wall_ns", "data"}, in
    order) that the projections have not applied yet; only when the core begins anew within a run.
    """

    alarms: list[dict[str, Any]] = []
    lanes: dict[str, dict[str, Any]] = {}
    warned: dict[str, Any] = {}
    previous_clean: bool = True
    interrupted: dict[str, str] = {}
    asked: dict[str, str] = {}
    lost: dict[str, str] = {}
    grants: list[dict[str, Any]] = []
    latest: dict[str, dict[str, dict[str, Any]]] = {}
    last_sure_wall_ns: int = 0
    service: dict[str, dict[str, Any]] = {}
    unapplied: list[dict[str, Any]] = []


class Site:
    """All lanes and alarms of one gateway."""

    def __init__(self, settings: Settings, memory: Memory | None = None, tokens: int = 0) -> None:
        """`tokens`: how many the core before this one in the same process has used; they are not used again."""
        memory = memory or Memory()
        self._settings = settings
        self._zone = settings.zone
        self._ids = Ids()
        self._tokens = tokens
        self._reads = ReadRules()
        self._recent = Recent()
        for row in memory.unapplied:
            self._recent.note([Append(row["type"], "", row["data"])], row["wall_ns"])
        self._places = Places(settings, self._recent)
        self._chosen = ChosenLanes()
        self._flowing: dict[str, bool] = {}
        self._offset_ns: int | None = None
        self._alarms = AlarmDesk([_alarm(document) for document in memory.alarms])
        self._machines = self._make_machines(memory)
        self._fires: set[str] = next((machine.fires for machine in self._machines.values()), set())
        self._heard: set[str] = set()
        self._interlocked = [machine for machine in self._machines.values() if machine.interlocked_with]
        self._by_lane = {lane.id: machine for machine in self._machines.values() for lane in machine.lanes}
        self._by_device = self._machines_by_device()
        self._lanes = {lane.id: lane for lane in settings.lanes}
        self._known = {device.id for device in settings.devices}
        self._down: set[str] = set()
        self._left = [msgspec.convert(grant, Left) for grant in memory.grants]
        self._warned_day = str(memory.warned.get("day", ""))
        self._warned: set[str] = set(memory.warned.get("passes", ()))
        self._sure_wall_ns = memory.last_sure_wall_ns
        self._sure_mono_ns: int | None = None
        self._handlers = {
            events.InputsRead: self._inputs_read,
            events.CredentialRead: self._credential_read,
            events.DeviceStale: self._device_stale,
            events.DeviceLost: self._device_lost,
            events.DeviceRestored: self._device_restored,
            events.TamperChanged: self._tamper_changed,
            events.InstallModeEnded: self._install_mode_ended,
            events.OutputDone: self._output_done,
            events.OutputFailed: self._output_failed,
            events.TimerFired: self._timer_fired,
            events.JournalCommitted: self._journal_committed,
            events.JournalDelayed: self._journal_committed,
            events.StorageDegraded: self._storage_degraded,
            events.StorageRestored: self._storage_restored,
            events.CommandReceived: self._command_received,
            events.LaneChosen: self._lane_chosen,
            events.AlarmCommandReceived: self._alarm_command,
            events.UplinkChanged: self._uplink_changed,
            events.ClockChanged: self._clock_changed,
            events.Started: self._started,
            events.Stopping: self._stopping,
            events.FaultContained: self._fault_contained,
        }

    def _make_machines(self, memory: Memory) -> dict[str, LaneMachine]:
        machines: dict[str, LaneMachine] = {}
        for barrier in self._settings.barriers:
            lanes = tuple(lane for lane in self._settings.lanes if lane.barrier == barrier.id)
            if lanes:
                kept = _lane_memory(barrier, lanes, memory)
                machines[barrier.id] = LaneMachine(barrier, lanes, self._alarms, self._ids, kept, self._settings.site)
        fires: set[str] = set()
        for machine in machines.values():
            machine.fires = fires
        for interlock in self._settings.interlocks:
            for name in interlock.barriers:
                others = tuple(machines[other] for other in interlock.barriers if other != name and other in machines)
                if name in machines:
                    machines[name].interlocked_with += others
        return machines

    def _machines_by_device(self) -> dict[str, tuple[LaneMachine, ...]]:
        """Who has to know of a device's inputs: a reading comes ten times as often as anything else."""
        found: dict[str, tuple[LaneMachine, ...]] = {}
        for machine in self._machines.values():
            for device in machine.inputs.devices():
                found[device] = (*found.get(device, ()), machine)
        return found

    @property
    def tokens(self) -> int:
        """How many tokens were used so far."""
        return self._tokens

    def handle(self, event: events.Event, now: Now) -> list[Command]:
        """What one event leads to, in order."""
        turn = Turn(now, self._tokens)
        self._note_clock(now)
        handler: Any = self._handlers[type(event)]
        handler(turn, event)
        noted = self._note_passages(turn, 0)
        self._serve_waiting_reads(turn)
        self._serve_interlocks(turn)
        if self._fires != self._heard:
            self._hear_fire(turn)
        if turn.shown:
            for machine in self._machines.values():
                machine.note_since(turn)
                machine.update_signs(turn)
        self._note_passages(turn, noted)
        self._tokens = turn.tokens
        return turn.commands

    def _note_passages(self, turn: Turn, noted: int) -> int:
        """Whoever has passed has taken or left a place, before the next read of this turn is decided on."""
        self._recent.note(turn.commands[noted:], turn.now.wall_ns)
        return len(turn.commands)

    def _hear_fire(self, turn: Turn) -> None:
        """Fire at one lane opens all of them, until a person ends it at each."""
        new, self._heard = self._fires - self._heard, set(self._fires)
        for machine in self._machines.values() if new else ():
            machine.open_for_fire(turn)

    def _serve_interlocks(self, turn: Turn) -> None:
        """Whoever waited for another barrier to close is served once it has."""
        for machine in self._interlocked:
            if len(machine.grants) and machine.arm is ArmState.CLOSED and not machine.interlocked:
                machine.drop_left(turn)
                machine.arm_event(turn, ArmEvent.GRANTED)

    def snapshot(self, _now: Now) -> dict[str, Any]:
        """Lanes and alarms as people see them; nothing personal. The engine adds ages, devices and links."""
        lanes = [self._by_lane[lane.id].snapshot(lane) for lane in self._settings.lanes if lane.id in self._by_lane]
        return {"lanes": lanes, "alarms": self._alarms.documents()}

    def _tell(self, turn: Turn, kind: str, data: dict[str, Any], device: str = "") -> None:
        """A row about the health of a device or of the gateway: what, since when, and that nobody else did it."""
        subject = f"devices/{device or self._settings.gateway.id}"
        turn.append(kind, subject, {**data, "since": turn.at, "by": "gateway"})

    # ---- devices

    def _inputs_read(self, turn: Turn, event: events.InputsRead) -> None:
        for machine in self._by_device.get(event.device, ()):
            machine.inputs_read(turn, event.device, event.inputs)

    def _device_stale(self, turn: Turn, event: events.DeviceStale) -> None:
        for machine in self._machines.values():
            machine.device_stale(turn, event.device)

    def _device_lost(self, turn: Turn, event: events.DeviceLost) -> None:
        waiting = self._interrupted()
        for machine in self._machines.values():
            machine.device_lost(turn, event.device)
            for sign in machine.signs.values():
                sign.device_lost(event.device)
        turn.show()
        if event.device in self._down:
            return
        self._down.add(event.device)
        data = {"device": event.device, "error": event.error, "interrupted": sorted(self._interrupted() - waiting)}
        self._tell(turn, "device.lost", data, event.device)
        detail = {"error": event.error}
        self._alarms.raise_(turn, "device_lost", f"device:{event.device}", device=event.device, detail=detail)

    def _device_restored(self, turn: Turn, event: events.DeviceRestored) -> None:
        waiting = self._interrupted()
        for machine in self._machines.values():
            machine.let_go(turn, event.device, event.outputs)
            machine.device_restored(turn, event.device, event.inputs)
            for sign in machine.signs.values():
                sign.device_restored(turn, event.device, event.outputs)
        turn.show()
        if event.device in self._down:
            self._down.discard(event.device)
            data = {"device": event.device, "interrupted": sorted(self._interrupted() - waiting)}
            self._tell(turn, "device.restored", data, event.device)
        self._alarms.return_(turn, f"device:{event.device}")

    @property
    def interrupted(self) -> dict[str, str]:
        """The barriers that wait for a person, each since when; no row tells of some that a start or a fire left."""
        waits = self._interrupted() | {barrier for barrier, one in self._machines.items() if one.is_up_for_fire}
        found = {barrier: self._machines[barrier].state_since.at for barrier in waits}
        return {barrier: at or "" for barrier, at in found.items()}

    def _interrupted(self) -> set[str]:
        """The barriers that wait for a person to decide."""
        return {barrier for barrier, machine in self._machines.items() if machine.interrupted}

    def _tamper_changed(self, turn: Turn, event: events.TamperChanged) -> None:
        if event.tampered:
            self._alarms.raise_(turn, "tamper", f"tamper:{event.device}", device=event.device)
        else:
            self._alarms.return_(turn, f"tamper:{event.device}")
        turn.show()

    def _install_mode_ended(self, turn: Turn, event: events.InstallModeEnded) -> None:
        data = {"what": "install_mode_ended", "device": event.device, "outcome": event.outcome, "by": "gateway"}
        turn.append("settings.changed", f"devices/{event.device}", data)
        turn.show()

    def _output_done(self, _turn: Turn, event: events.OutputDone) -> None:
        for machine in self._machines.values():
            machine.output_done(event.token)

    def _output_failed(self, turn: Turn, event: events.OutputFailed) -> None:
        for machine in self._machines.values():
            machine.output_failed(turn, event.token, event.error)

    # ---- reads

    def _credential_read(self, turn: Turn, event: events.CredentialRead) -> None:
        lanes = [lane for lane in self._settings.lanes if event.device in (*lane.readers, *lane.cameras)]
        if not lanes and not event.again:
            turn.log("warning", f"{event.device} read a {event.kind}, but no lane has this reader")
        if len(lanes) > 1 and not event.again:
            lanes = self._lanes_meant(turn, lanes, event)
        for lane in lanes:
            self._read_at(turn, lane, event)

    def _lanes_meant(self, turn: Turn, lanes: list[Lane], event: events.CredentialRead) -> list[Lane]:
        """Of a reader that several lanes share: the lane that has a car waiting, else the one chosen on the screen.

        A tag or a plate that no car stands for yet waits at each of them. Where nothing tells, a person decides.
        """
        standing = [lane for lane in lanes if self._by_lane[lane.id].approach_of(lane) is True]
        waiting = [lane for lane in standing if not self._by_lane[lane.id].may_pass(lane)] or standing
        if len(waiting) == 1:
            return waiting
        if not standing and is_bound(event) and all(self._by_lane[lane.id].approach_fitted(lane) for lane in lanes):
            return lanes
        chosen = self._chosen.among(lanes, turn.now.mono_ns)
        if chosen is not None:
            return [chosen]
        self._refer_unclear(turn, lanes, event)
        return []

    def _refer_unclear(self, turn: Turn, lanes: list[Lane], event: events.CredentialRead) -> None:
        """Nothing tells at which of these lanes the car stands: it is one case at all of them.

        A car that waits for a word by a pass of its own keeps its own case.
        """
        read, decision = self._work_out(turn, Taken(event), lambda read: _unclear(read.passes))
        first: PendingCase | None = None
        now_ns = turn.now.mono_ns
        unnamed = [lane for lane in lanes if not self._by_lane[lane.id].is_named_otherwise(lane, read, now_ns)]
        for lane in unnamed or lanes:
            case = self._by_lane[lane.id].decided(turn, lane, Taken(read), decision, shared=first)
            first = first or case

    def _lane_chosen(self, turn: Turn, event: events.LaneChosen) -> None:
        self._chosen.choose(event.station, event.lane, turn.now.mono_ns)

    def _read_at(self, turn: Turn, lane: Lane, event: events.CredentialRead) -> None:
        machine, now_ns = self._by_lane[lane.id], turn.now.mono_ns
        if lane.two_factor and machine.let_in_already(turn, lane, shown(event), again=event.again):
            return
        if not lane.two_factor and machine.is_of_passing(event, now_ns):
            return
        approach = machine.approach_of(lane)
        occupied = approach is True if machine.approach_fitted(lane) else None
        arrived_ns = machine.arrived_ns.get(lane.id, 0)
        taken = self._reads.take(lane, event, occupied, now_ns, machine.behind(lane, now_ns), arrived_ns)
        if taken is not None:
            self._decide_with_the_other(turn, machine, lane, taken)
        elif lane.two_factor and not event.again and not self._reads.waits:
            machine.first_proof(turn, lane, event)

    def _decide_with_the_other(self, turn: Turn, machine: LaneMachine, lane: Lane, taken: Taken) -> None:
        """With the other proof that the same car has shown, so that card and plate are one decision."""
        read, now_ns = taken.read, turn.now.mono_ns
        other = None if taken.elsewhere or lane.two_factor else machine.other_proof(lane, read, now_ns)
        if other is None:
            self._decide(turn, lane, taken)
        elif machine.is_released(lane, now_ns) or not self._differ(turn, read, other):
            if not machine.let_pass_already(turn, lane, read):
                self._decide(turn, lane, _of_one_car(read, other))
        else:
            machine.withdraw_grant(turn, lane)
            card, plate = (other, read) if read.kind == "plate" else (read, other)
            self._decide(turn, lane, Taken(card, second=plate, mismatch=True))

    def _differ(self, turn: Turn, read: events.CredentialRead, other: events.CredentialRead) -> bool:
        """Whether two proofs of one car do not agree; what cannot be compared is compared by a person."""
        try:
            return differ(read, other)
        except Exception as error:
            self._fault(turn, read, error)
            return True

    def _serve_waiting_reads(self, turn: Turn) -> None:
        """A long-range read counts as soon as its approach loop is occupied."""
        if not self._reads.waits:
            return
        for lane_id in self._reads.waiting_lanes(turn.now.mono_ns):
            lane, machine = self._lanes[lane_id], self._by_lane[lane_id]
            if machine.approach_of(lane) and not machine.behind(lane, turn.now.mono_ns):
                for read in self._reads.occupied(lane, turn.now.mono_ns):
                    self._read_at(turn, lane, read)

    def _decide(self, turn: Turn, lane: Lane, taken: Taken) -> None:
        machine = self._by_lane[lane.id]
        machine.second_came()

        def of(read: events.CredentialRead) -> Decision:
            return decide(read.passes, self._question(turn, lane, msgspec.structs.replace(taken, read=read)))

        read, decision = self._work_out(turn, taken, of)
        granted = decision.verdict is Verdict.GRANTED
        warn = self._warn(turn, decision.pass_, decision.days_left) if granted and decision.pass_ is not None else None
        machine.decided(turn, lane, msgspec.structs.replace(taken, read=read), decision, warn)

    def _work_out(
        self, turn: Turn, taken: Taken, of: Callable[[events.CredentialRead], Decision]
    ) -> tuple[events.CredentialRead, Decision]:
        """A decision before anything changes, and the read that it rests on; one that raises is a person's."""
        try:
            read = self._corrected(taken.read)
            if read.fault:
                return read, Decision(Verdict.REFERRED, Reason.FAULT, "the pass could not be looked up")
            return read, of(read)
        except Exception as error:
            self._fault(turn, taken.read, error)
            read = msgspec.structs.replace(taken.read, passes=(), visits=())
            return read, Decision(Verdict.REFERRED, Reason.FAULT, "the decision could not be worked out")

    def _question(self, turn: Turn, lane: Lane, taken: Taken) -> Question:
        read = taken.read
        return Question(
            lane=lane.id,
            direction=lane.direction,
            fitness=self._by_lane[lane.id].fitness(),
            wall_ns=self._validity_wall_ns(turn.now),
            zone=self._zone,
            anti_passback="hard" if read.single_use else self._settings.site.anti_passback,
            inside=self._is_inside(lane, read),
            mismatch=taken.mismatch,
            elsewhere=taken.elsewhere,
            spaces=self._spaces(lane, read),
        )

    def _corrected(self, read: events.CredentialRead) -> events.CredentialRead:
        """What the projections say of a read, with what has passed since."""
        passes = frozenset(found.id for found in read.passes) if not read.single_use else frozenset()
        visits = self._recent.visits(read.visits, read.after, passes, read.value)
        used = read.used or (read.single_use and self._recent.used(read.value, read.after))
        if visits == read.visits and used == read.used:
            return read
        return msgspec.structs.replace(read, visits=visits, used=used)

    def _is_inside(self, lane: Lane, read: events.CredentialRead) -> bool:
        """Whether the car is inside, or about to come in at another lane; a code that was used counts as inside."""
        if lane.direction is Direction.EXIT:
            return bool(read.visits)
        coming = [
            grant
            for machine in self._machines.values()
            for grant in machine.grants.entering()
            if grant.lane is not lane
        ]
        if read.single_use:
            return read.used or any(grant.proved_by(shown(read)) for grant in coming)
        passes = {found.id for found in read.passes}
        return bool(read.visits) or any(grant.pass_id in passes for grant in coming)

    def _spaces(self, lane: Lane, event: events.CredentialRead) -> dict[str, Space]:
        """By pass id, whether there is a place for its car inside."""
        if not event.rooms or lane.direction is Direction.EXIT:
            return {}
        rooms = {room.pass_id: room for room in event.rooms}
        coming = [grant for machine in self._machines.values() for grant in machine.grants.entering()]
        return {
            found.id: self._places.space(found, rooms[found.id], event.value, coming)
            for found in event.passes
            if found.id in rooms
        }

    def _warn(self, turn: Turn, pass_: Pass, days_left: int | None) -> str | None:
        """The site-local day, when this passage is the first of that day to say that the pass ends soon."""
        if pass_.kind is not PassKind.MONTHLY or days_left is None:
            return None
        if not 0 <= days_left <= self._settings.site.expiry_warning_days:
            return None
        day = local_day(self._validity_wall_ns(turn.now), self._zone).isoformat()
        if day != self._warned_day:
            self._warned_day, self._warned = day, set()
        if pass_.id in self._warned:
            return None
        self._warned.add(pass_.id)
        return day

    # ---- time

    def _note_clock(self, now: Now) -> None:
        if now.clock is not ClockState.UNSET:
            self._sure_wall_ns, self._sure_mono_ns = now.wall_ns, now.mono_ns
        elif self._sure_mono_ns is None and self._sure_wall_ns:
            self._sure_mono_ns = now.mono_ns

    def _validity_wall_ns(self, now: Now) -> int:
        """The time that validity is decided by: with the clock unset the last sure time, at a first start the wall."""
        if now.clock is not ClockState.UNSET or not self._sure_wall_ns or self._sure_mono_ns is None:
            return now.wall_ns
        return self._sure_wall_ns + max(0, now.mono_ns - self._sure_mono_ns)

    def _clock_changed(self, turn: Turn, event: events.ClockChanged) -> None:
        data = {"state": event.state.value, "offset_ms": event.offset_ns // 1_000_000, "since": turn.at}
        self._tell(turn, "clock.changed", data)
        if event.state is ClockState.UNSET:
            self._alarms.raise_(turn, "clock_unsure", "clock", detail=data)
        else:
            self._alarms.return_(turn, "clock")
        turn.show()

    def _timer_fired(self, turn: Turn, event: events.TimerFired) -> None:
        timer = event.timer
        if timer.kind == "site":
            self._minute(turn)
        elif timer.kind == "alarm":
            self._alarms.timer(turn, timer.owner)
        elif timer.owner in self._machines:
            self._machines[timer.owner].timer(turn, timer.name, timer.of)

    def _minute(self, turn: Turn) -> None:
        """Once a minute: free flow begins and ends by its schedule.

        It never begins because a process started, or the clock was set, in the middle.
        """
        wall_ns = self._validity_wall_ns(turn.now)
        stepped = self._was_stepped(wall_ns, turn.now.mono_ns)
        turn.start(MINUTE_TIMER, MINUTE_MS - wall_ns // NS_PER_MS % MINUTE_MS)
        for machine in self._machines.values():
            machine.service.check(turn)
        for lane in self._settings.lanes:
            if not lane.free_flow or self._by_lane[lane.id].pause is not None:
                continue
            flows = in_schedule(lane.free_flow, wall_ns, self._zone)
            if flows != self._flowing.setdefault(lane.id, flows):
                self._flowing[lane.id] = flows
                if not (flows and stepped):
                    self._scheduled(turn, lane, "hold" if flows else "release")

    def _was_stepped(self, wall_ns: int, mono_ns: int) -> bool:
        """Whether the wall clock did not go on with the monotonic one since the last minute."""
        before, self._offset_ns = self._offset_ns, wall_ns - mono_ns
        return before is not None and abs(self._offset_ns - before) > MINUTE_MS * NS_PER_MS

    def _scheduled(self, turn: Turn, lane: Lane, command: str) -> None:
        machine = self._by_lane[lane.id]
        refused = machine.refusal(command, remote=False)
        if refused is not None or machine.interrupted:
            turn.log("warning", f"free flow of {lane.id}: {command} left out ({refused or 'interrupted'})")
            return
        machine.command(turn, lane, command, SCHEDULE, False, "free_flow", {})

    # ---- storage, uplink, run

    def _journal_committed(self, turn: Turn, event: events.JournalCommitted | events.JournalDelayed) -> None:
        for machine in self._machines.values():
            if machine.committed(turn, event.token):
                return

    def _storage_degraded(self, turn: Turn, event: events.StorageDegraded) -> None:
        self._tell(turn, "storage.degraded", {"error": event.error, "part": event.part})
        part = {} if event.part == "journal" else {"part": event.part, "reason": event.part}
        detail = {"error": event.error, **part}
        self._alarms.raise_(turn, "storage_degraded", STORAGE_KEYS[event.part], detail=detail)
        turn.show()

    def _storage_restored(self, turn: Turn, event: events.StorageRestored) -> None:
        self._tell(turn, "storage.restored", {"waited": event.waited, "lost": event.lost, "part": event.part})
        self._alarms.return_(turn, STORAGE_KEYS[event.part], {"lost": event.lost} if event.lost else None)
        turn.show()

    def _uplink_changed(self, turn: Turn, event: events.UplinkChanged) -> None:
        data = {"reason": event.reason}
        if event.up:
            self._tell(turn, "uplink.restored", data)
            self._alarms.return_(turn, "uplink")
        else:
            self._tell(turn, "uplink.lost", data)
            self._alarms.raise_(turn, "uplink_lost", "uplink", detail={"reason": event.reason})
        turn.show()

    def _started(self, turn: Turn, event: events.Started) -> None:
        self._ids.run = self._alarms.run = event.run
        clean, clock = event.previous_clean, turn.now.clock.value
        data = {"version": event.version, "previous_clean": clean, "clock": clock, "reason": event.reason}
        self._tell(turn, "gateway.started", data)
        self._end_left_grants(turn)
        self._minute(turn)
        for machine in self._machines.values():
            machine.ask_on(turn)
        if turn.now.clock is ClockState.UNSET:
            self._alarms.raise_(turn, "clock_unsure", "clock", detail={"state": "unset"})
        for alarm in list(self._alarms):
            if alarm.device is not None and alarm.device not in self._known:
                self._alarms.return_(turn, alarm.key)
            if alarm.state is AlarmState.SHELVED:
                self._alarms.timer(turn, alarm.alarm)
            elif alarm.state is AlarmState.OUT_OF_SERVICE and not self._is_tagged(alarm):
                self._alarms.put_back(turn, alarm.lane or "", "gateway")
        if turn.now.clock is not ClockState.UNSET:
            self._alarms.return_(turn, "clock")
        self._links_and_storage(turn, event)
        turn.show()

    def _links_and_storage(self, turn: Turn, event: events.Started) -> None:
        """How storage and uplink are now: the last core may have failed on the news of it."""
        for part, key in STORAGE_KEYS.items():
            if part not in event.degraded:
                self._alarms.return_(turn, key)
            elif not self._alarms.lasts(key):
                self._storage_degraded(turn, events.StorageDegraded(event.degraded[part], part))
        if event.uplink is not None and event.uplink is self._alarms.lasts("uplink"):
            self._uplink_changed(turn, events.UplinkChanged(event.uplink))

    def _end_left_grants(self, turn: Turn) -> None:
        """Grants of the last run are unused, but for a barrier's only one while it is new.

        Its vehicle may be under the arm, which is seen when the barrier's boards answer.
        """
        for left in self._left:
            machine = self._by_lane.get(left.lane)
            alone = sum(self._by_lane.get(other.lane) is machine for other in self._left) == 1
            age_ns = turn.now.wall_ns - left.given_wall_ns
            new = turn.now.clock is not ClockState.UNSET and 0 <= age_ns <= LEFT_MS * NS_PER_MS
            if machine is not None and alone and new:
                machine.left_grant = left
            else:
                left.unused(turn)

    def _is_tagged(self, alarm: Alarm) -> bool:
        """Whether the lane of an alarm carries a tag."""
        machine = self._by_lane.get(alarm.lane or "")
        return machine is not None and machine.tag is not None

    def _stopping(self, turn: Turn, event: events.Stopping) -> None:
        self._tell(turn, "gateway.stopped", {"reason": event.reason})

    # ---- faults of the program

    def _fault(self, turn: Turn, event: events.Event, error: Exception) -> None:
        """A part of the core failed on this event before anything had changed: keep the event, alarm, go on."""
        file = fault_file(turn.now.wall_ns)
        turn.emit(SetAside(file, event, error))
        self._fault_contained(turn, events.FaultContained(type(event).__name__, error_place(error), file))

    def _fault_contained(self, turn: Turn, event: events.FaultContained) -> None:
        """An alarm for each cause, over at once: it stays until a person has seen to it."""
        key = f"fault:{event.event}:{event.error}"
        detail = {"event": event.event, "error": event.error, "file": event.file}
        self._alarms.raise_(turn, "fault", key, detail=detail)
        self._alarms.return_(turn, key)
        turn.log("error", f"the program failed on {event.event}: {event.error}")
        turn.show()

    # ---- people

    def _command_received(self, turn: Turn, event: events.CommandReceived) -> None:
        refused = self._refusal(turn, event)
        if refused is not None:
            turn.emit(Reply(event.request, "refused", refused))
            turn.log("info", f"{event.command} on {event.lane} by {event.by} refused: {refused}")
            return
        machine, lane = self._by_lane[event.lane], self._lanes[event.lane]
        about = machine.case_of(lane, turn.now.mono_ns)
        if event.command in ("open", "emergency"):
            self._reads.let_through(lane.id)
        way = (_author(event), not event.present, event.reason, event.detail)
        machine.command(turn, lane, event.command, *way, case_id=event.case)
        if about is not None and event.command in ("open", "passed", "refuse", "seen_to"):
            self._dealt_with(about, machine)
        if event.command == "emergency":
            self._open_exits(turn, lane, event)
        turn.emit(Reply(event.request, "done"))

    def _dealt_with(self, case: PendingCase, at: LaneMachine) -> None:
        """A car that might have stood at several lanes has been dealt with at one."""
        for machine in self._machines.values():
            if machine is not at:
                machine.cases.end_by_id(case.id)

    def _open_exits(self, turn: Turn, tapped: Lane, event: events.CommandReceived) -> None:
        """An emergency opens the way out as well, so that nobody blocks it."""
        for lane in self._settings.lanes:
            machine = self._by_lane[lane.id]
            if lane.direction is not Direction.EXIT or lane.id == tapped.id or tapped.direction is Direction.EXIT:
                continue
            if machine.refusal("emergency", remote=False) is None:
                machine.command(turn, lane, "emergency", _author(event), False, event.reason, {})

    def _refusal(self, turn: Turn, event: events.CommandReceived) -> str | None:
        if event.lane not in self._by_lane:
            return "unknown_lane"
        if event.command not in COMMANDS:
            return "unknown_command"
        if not event.by:
            return "name_missing"
        if event.via in MUST_EXPIRE and not event.expires_wall_ns:
            return "expiry_missing"
        if event.expires_mono_ns and turn.now.mono_ns >= event.expires_mono_ns:
            return "command_expired"
        if event.expires_wall_ns:
            if turn.now.clock is ClockState.UNSET:
                return "clock_unset"
            if turn.now.wall_ns >= event.expires_wall_ns:
                return "command_expired"
        machine, lane = self._by_lane[event.lane], self._lanes[event.lane]
        refused = machine.refusal(event.command, not event.present, lane)
        if refused is not None:
            return refused
        return machine.case_refusal(lane, event.command, event.case, event.reason, turn.now.mono_ns)

    def _alarm_command(self, turn: Turn, event: events.AlarmCommandReceived) -> None:
        if event.verb not in _VERBS:
            turn.emit(Reply(event.request, "refused", "unknown_verb", f"use one of {', '.join(_VERBS)}"))
            return
        try:
            alarm = self._alarms.command(
                turn,
                event.alarm,
                _VERBS[event.verb],
                _author(event),
                reason=event.reason,
                finding=event.finding,
                until_wall_ns=event.until_wall_ns,
            )
        except (NotFoundError, RefusedError) as error:
            turn.emit(Reply(event.request, "refused", error.code, str(error)))
            return
        if event.verb == "acknowledge" and alarm.kind == "crash" and alarm.lane in self._by_lane:
            self._by_lane[alarm.lane].siren(turn, False)
        turn.emit(Reply(event.request, "done"))


def _unclear(passes: tuple[Pass, ...]) -> Decision:
    """Nothing tells at which lane the car stands."""
    found = passes[0] if len(passes) == 1 else None
    return Decision(Verdict.REFERRED, Reason.LANE_UNCLEAR, "the lane is not clear", found)


def _of_one_car(read: events.CredentialRead, other: events.CredentialRead) -> Taken:
    """A card and a plate that agree: what both name is decided on, or the one that names a pass."""
    common = {found.id for found in read.passes} & {found.id for found in other.passes}
    if common:
        passes = tuple(found for found in read.passes if found.id in common)
        return Taken(msgspec.structs.replace(read, passes=passes), second=other)
    return Taken(read, second=other) if read.passes or not other.passes else Taken(other, second=read)


def _author(event: events.CommandReceived | events.AlarmCommandReceived) -> Author:
    return Author(event.by, event.via, event.station or None)


def _alarm(document: dict[str, Any]) -> Alarm:
    """An alarm as it was when the last run ended."""
    known = {name: document[name] for name in Alarm.__struct_fields__ if document.get(name) is not None}
    known.setdefault("key", f"kept:{document['alarm']}")
    known["state"] = AlarmState(known["state"])
    return Alarm(**known)


def _lane_memory(barrier: Barrier, lanes: tuple[Lane, ...], memory: Memory) -> LaneMemory:
    kept = [memory.lanes[lane.id] for lane in lanes if lane.id in memory.lanes]
    tags = [{k: one.get(k) for k in ("by", "since", "reason")} for one in kept if one.get("mode") == "locked"]
    interrupted = memory.interrupted.get(barrier.id)
    devices = {point.device for point in barrier.inputs().values()}
    known = {
        "crashed": min((str(one["crashed_since"]) for one in kept if one.get("crashed_since")), default=None),
        **{str(one.get("mode")): one.get("since") for one in kept},
        "interrupted": interrupted,
        "arm_whole": memory.asked.get(barrier.id),
        "unknown": min((at for device, at in memory.lost.items() if device in devices), default=None),
    }
    return LaneMemory(
        crashed=any(one.get("mode") == "crashed" or one.get("crashed") for one in kept),
        tag=tags[0] if tags else None,
        interrupted=interrupted is not None,
        question=barrier.id in memory.asked,
        since={what: at for what, at in known.items() if at},
        latest={lane.id: memory.latest[lane.id] for lane in lanes if lane.id in memory.latest},
        service=msgspec.convert(memory.service.get(barrier.id, {}), ServiceMemory),
    )
