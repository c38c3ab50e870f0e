"""All barriers of a site as a subsystem: which barrier an event concerns, and what that means for the others.

`lane` has the reaction of one barrier. Here are the rules of the site: fire at one lane opens all, the two doors of a
sally port are never open together, free flow follows the schedule.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from gateway.core.acceptance.touched import TouchedPoints
from gateway.core.access.barriers import AccessBarrier
from gateway.core.access.places import Expected
from gateway.core.alarms.desk import AlarmDesk
from gateway.core.alarms.lifecycle import AlarmState
from gateway.core.lane.grants.grant import Left
from gateway.core.lane.lane import LaneMachine
from gateway.core.lane.modes.fire import Fires
from gateway.core.lane.people.commands import PersonsCommands
from gateway.core.lane.traffic.passages import ChargedVisits
from gateway.core.lanes.commands import LaneCommands
from gateway.core.lanes.free_flow import FreeFlow
from gateway.core.lanes.memory import LanesMemory
from gateway.core.settings.exchange import SettingsChanged, Unrest
from gateway.core.settings.model import Settings
from gateway.core.subsystem import Followers, Handlers, Subsystem, Timers
from gateway.core.vocabulary import events
from gateway.core.vocabulary.clock import SureClock
from gateway.core.vocabulary.commands import CancelTimers
from gateway.core.vocabulary.events import ClockState
from gateway.core.vocabulary.reasons import Reason
from gateway.core.vocabulary.rows import AlarmAcknowledged
from gateway.core.vocabulary.timers import Timer
from gateway.core.vocabulary.turn import NS_PER_MS, Ids, Turn
from gateway.core.vocabulary.views import CoreView

MINUTE_TIMER = Timer("lanes", "", "minute")
MINUTE_MS = 60_000
LEFT_MS = 120_000
"""An older grant of the last run is not of the vehicle under the arm."""


class Lanes(Subsystem):
    """One machine for each barrier with its lanes."""

    def __init__(
        self, settings: Settings, memory: LanesMemory, desk: AlarmDesk, clock: SureClock, touched: TouchedPoints
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._touched_points = touched
        self._alarms = desk
        self._ids = Ids()
        self._fires = Fires()
        self._charged = ChargedVisits()
        self.machines: dict[str, LaneMachine] = {}
        """The machines by barrier id."""
        self.newly_interrupted: tuple[str, ...] = ()
        """Barriers that the device of this turn has left interrupted."""
        self._make_machines(memory)
        self._answering: set[str] = set()
        # Devices that have not reported to the machines that were made anew.
        self._anew: dict[str, set[LaneMachine]] = {}
        self._fires_told: frozenset[str] = frozenset()
        # Whatever may have changed since it was shown last; looking at all barriers at each event is dear.
        self._touched: set[LaneMachine] = set()
        self._left = memory.grants
        self._free_flow = FreeFlow(settings, self.by_lane)
        self._commands = LaneCommands(settings, self.by_lane)

    def handlers(self) -> Handlers:
        """Devices, the journal's answers, people's commands, the start of a run."""
        return {
            events.InputsRead: self.inputs_read,
            events.DeviceStale: self.device_stale,
            events.DeviceLost: self.device_lost,
            events.DeviceRestored: self.device_restored,
            events.OutputDone: self.output_done,
            events.OutputFailed: self.output_failed,
            events.JournalCommitted: self.journal_answered,
            events.JournalDelayed: self.journal_answered,
            events.CommandReceived: self.command_received,
            events.Started: self.started,
            SettingsChanged: self.settings_changed,
        }

    def followers(self) -> Followers:
        """A crash that a person has acknowledged."""
        return {AlarmAcknowledged: self.alarm_acknowledged}

    def timers(self) -> Timers:
        """Timers of one barrier, and the minute of all."""
        return {"lane": self.lane_timer, MINUTE_TIMER.kind: self.minute}

    def view(self, shown: CoreView) -> CoreView:
        """All lanes in the order of the settings."""
        lanes = [self.by_lane[lane.id].view(lane) for lane in self._settings.lanes if lane.id in self.by_lane]
        return msgspec.structs.replace(shown, lanes=tuple(lanes))

    def _make_machines(self, memory: LanesMemory, known: Mapping[str, LaneMachine] | None = None) -> None:
        """The machines of all barriers, but for those that are `known`; and how to find them."""
        settings, machines = self._settings, dict(known or {})
        for barrier in settings.barriers:
            lanes = tuple(lane for lane in settings.lanes if lane.barrier == barrier.id)
            if lanes and barrier.id not in machines:
                machines[barrier.id] = LaneMachine(
                    barrier,
                    lanes,
                    self._alarms,
                    self._ids,
                    memory.of(barrier, lanes),
                    settings.site,
                    self._fires,
                    self._touched_points,
                    self._charged,
                )
        self.machines = {one.id: machines[one.id] for one in settings.barriers if one.id in machines}
        self.by_lane = {lane.id: machine for machine in self.machines.values() for lane in machine.lanes}
        self._interlock()
        self._by_device = self._machines_by_device()
        self._interlocked = [machine for machine in self.machines.values() if machine.parts.interlock.fitted]

    def _interlock(self) -> None:
        """Which barriers must not be open together."""
        others: dict[str, dict[str, LaneMachine]] = {barrier: {} for barrier in self.machines}
        for interlock in self._settings.interlocks:
            together = {name: self.machines[name] for name in interlock.barriers if name in self.machines}
            for barrier in together:
                others[barrier] |= {name: other for name, other in together.items() if name != barrier}
        for barrier, machine in self.machines.items():
            machine.interlock_with(others[barrier].values())

    def _machines_by_device(self) -> dict[str, tuple[LaneMachine, ...]]:
        """Machines by the devices of their inputs, for speed: readings come ten times as often as other events."""
        found: dict[str, tuple[LaneMachine, ...]] = {}
        for machine in self.machines.values():
            for device in machine.contact_devices:
                found[device] = (*found.get(device, ()), machine)
        return found

    # ---- what others ask

    def barrier_of(self, lane: str) -> AccessBarrier:
        """The barrier of a lane, for access."""
        machine = self.by_lane[lane]
        self._touched.add(machine)
        return machine.access

    def commands_of(self, lane: str) -> PersonsCommands:
        """What a person may do at a lane."""
        machine = self.by_lane[lane]
        self._touched.add(machine)
        return machine.commands

    def expected(self) -> list[Expected]:
        """Vehicles that were granted at an entry and have not come in yet."""
        return [
            Expected(
                grant.lane.id,
                grant.pass_id,
                tuple(one for one in (grant.credential, grant.second) if one is not None),
                grant.credential.value if grant.credential else None,
                counts=grant.reason != Reason.EMERGENCY.value,
                visit=grant.expected,
            )
            for machine in self.machines.values()
            for grant in machine.entering()
        ]

    @property
    def interrupted(self) -> dict[str, str]:
        """Interrupted barriers, each since when; a start or a fire leaves some without a row."""
        waits = self._interrupted() | {barrier for barrier, one in self.machines.items() if one.is_up_for_fire}
        return {barrier: self.machines[barrier].since or "" for barrier in waits}

    def _interrupted(self) -> set[str]:
        return {barrier for barrier, machine in self.machines.items() if machine.interrupted}

    def command_received(self, turn: Turn, event: events.CommandReceived) -> None:
        """A person or a program asks something of a lane; an emergency or a car of several lanes concerns others."""
        self._touched.update(self.machines.values())
        self._commands.command(turn, event)

    # ---- devices

    def inputs_read(self, turn: Turn, event: events.InputsRead) -> None:
        """The inputs of a device have changed."""
        anew = self._anew.get(event.device, ())
        for machine in self._by_device.get(event.device, ()):
            if machine not in anew:
                self._touched.add(machine)
                machine.inputs_read(turn, event.device, event.inputs)

    def device_stale(self, turn: Turn, event: events.DeviceStale) -> None:
        """A poll went unanswered."""
        for machine in self.machines.values():
            self._touched.add(machine)
            machine.device_stale(turn, event.device)

    def device_lost(self, turn: Turn, event: events.DeviceLost) -> None:
        """A device does not answer."""
        before = self._interrupted()
        self._answering.discard(event.device)
        self._anew.pop(event.device, None)
        for machine in self.machines.values():
            self._touched.add(machine)
            machine.device_lost(turn, event.device)
        self.newly_interrupted = tuple(sorted(self._interrupted() - before))
        turn.show()

    def device_restored(self, turn: Turn, event: events.DeviceRestored) -> None:
        """A device answers, for the first time or again; or it reports to the machines that were made anew alone."""
        before = self._interrupted()
        self._answering.add(event.device)
        for machine in self._anew.pop(event.device, None) or self.machines.values():
            self._touched.add(machine)
            machine.device_restored(turn, event.device, event.inputs, event.outputs)
        self.newly_interrupted = tuple(sorted(self._interrupted() - before))
        turn.show()

    def output_done(self, _turn: Turn, event: events.OutputDone) -> None:
        """An output command was carried out."""
        for machine in self.machines.values():
            machine.output_done(event.token)

    def output_failed(self, turn: Turn, event: events.OutputFailed) -> None:
        """An output command was not carried out, or it is not known whether it was."""
        for machine in self.machines.values():
            self._touched.add(machine)
            machine.output_failed(turn, event.token, event.error)

    def journal_answered(self, turn: Turn, event: events.JournalCommitted | events.JournalDelayed) -> None:
        """A row is durable, or its wait has expired."""
        for machine in self.machines.values():
            if machine.committed(turn, event.token):
                self._touched.add(machine)
                return

    # ---- time and start

    def lane_timer(self, turn: Turn, timer: Timer) -> None:
        """A timer of one barrier has fired."""
        machine = self.machines.get(timer.owner)
        if machine is not None:
            self._touched.add(machine)
            machine.timer(turn, timer.name, timer.of)

    def minute(self, turn: Turn, _timer: Timer = MINUTE_TIMER) -> None:
        """Once a minute: counters with limits, and free flow by schedule."""
        wall_ns = self._clock.wall_ns(turn.now)
        turn.start(MINUTE_TIMER, MINUTE_MS - wall_ns // NS_PER_MS % MINUTE_MS)
        for machine in self.machines.values():
            self._touched.add(machine)
            machine.check_service(turn)
        self._free_flow.check(turn, wall_ns)

    def started(self, turn: Turn, event: events.Started) -> None:
        """Take over grants, questions, and alarms of lanes whose tag was removed, from the last run."""
        self._ids.begin(event.run)
        self._end_left_grants(turn, self._left)
        self.minute(turn)
        for machine in self.machines.values():
            self._touched.add(machine)
            machine.started(turn)
        for alarm in list(self._alarms):
            if alarm.state is AlarmState.OUT_OF_SERVICE and not self._is_tagged(alarm.lane or ""):
                self._alarms.put_back(turn, alarm.lane or "", "gateway")
        turn.show()

    def _end_left_grants(self, turn: Turn, grants: Sequence[Left]) -> None:
        """End grants of the last run as unused, except a recent one that is the only one of its barrier.

        Its vehicle may be under the arm, which is measured when the boards of the barrier answer.
        """
        for left in grants:
            machine = self.by_lane.get(left.lane)
            if machine is not None and self._is_only_one(left, machine, grants) and _is_new(left, turn):
                machine.expect(left)
            else:
                left.unused(turn)

    def _is_only_one(self, left: Left, machine: LaneMachine, grants: Sequence[Left]) -> bool:
        return all(other is left or self.by_lane.get(other.lane) is not machine for other in grants)

    def is_tagged(self, barrier: str) -> bool:
        """Whether a barrier carries a tag."""
        machine = self.machines.get(barrier)
        return machine is not None and machine.tagged

    def _is_tagged(self, lane: str) -> bool:
        machine = self.by_lane.get(lane)
        return machine is not None and machine.tagged

    # ---- other settings

    def unrest(self, barriers: Collection[str], now_ns: int, *, moves_only: bool) -> list[Unrest]:
        """What keeps these barriers from being made anew now."""
        found = [one.unrest(now_ns, moves_only=moves_only) for name, one in self.machines.items() if name in barriers]
        return [Unrest(lane.id, lane.name, reason) for lane, reason in [one for one in found if one is not None]]

    def settings_changed(self, turn: Turn, event: SettingsChanged) -> None:
        """Make the touched barriers anew, as at a start, and let the others go on: nothing moves."""
        before, self._settings = self._settings, event.settings
        names = {lane.barrier for lane in event.settings.lanes}
        gone = {name: one for name, one in self.machines.items() if name in event.touched or name not in names}
        going_on = {name: one for name, one in self.machines.items() if name not in gone}
        for name in gone:
            turn.emit(CancelTimers("lane", name))
            self._fires.ends(name)
        self._fires_told &= self._fires.barriers
        memory = event.memory.part(LanesMemory)
        self._make_machines(memory, going_on)
        anew = [machine for name, machine in self.machines.items() if name not in going_on]
        self._await_devices(anew, event.devices)
        lanes = {lane.id for machine in (*gone.values(), *anew) for lane in machine.lanes}
        self._end_left_grants(turn, [left for left in memory.grants if left.lane in lanes])
        self._free_flow.settings_changed(event.settings, self.by_lane, lanes)
        self._commands = LaneCommands(event.settings, self.by_lane)
        if before.site != event.settings.site:
            for machine in going_on.values():
                machine.moves_to(event.settings.site)
        for machine in anew:
            machine.started(turn)
        self._touched = set(self.machines.values())
        turn.show()

    def _await_devices(self, anew: Sequence[LaneMachine], restarted: Collection[str]) -> None:
        """What devices report from now on: to the new machines alone if they go on, else to all."""
        self._answering -= set(restarted)
        self._anew = {}
        for machine in anew:
            for device in machine.parts.boards.devices & self._answering:
                self._anew.setdefault(device, set()).add(machine)

    # ---- what one lane means for the others

    def settle(self, turn: Turn) -> None:
        """Interlocks and fire, then signs and displays if a shown state has changed."""
        self._serve_interlocks(turn)
        if self._fires.barriers != self._fires_told:
            self._tell_fire(turn)
        if turn.shown:
            touched, self._touched = self._touched, set()
            for machine in self.machines.values() if touched else ():
                if machine in touched:
                    machine.show(turn)

    def _serve_interlocks(self, turn: Turn) -> None:
        """A barrier that waited for another one to close opens."""
        for machine in self._interlocked:
            if machine.serve_interlock(turn):
                self._touched.add(machine)

    def _tell_fire(self, turn: Turn) -> None:
        """Fire at one lane opens all lanes, until a person closes each."""
        new, self._fires_told = self._fires.barriers - self._fires_told, self._fires.barriers
        for machine in self.machines.values() if new else ():
            self._touched.add(machine)
            machine.open_for_fire(turn)

    def alarm_acknowledged(self, turn: Turn, row: AlarmAcknowledged) -> None:
        """Switch the siren of a crash off after its acknowledgement."""
        if row.kind == "crash" and row.lane in self.by_lane:
            self._touched.add(self.by_lane[row.lane])
            self.by_lane[row.lane].silence(turn)


def _is_new(left: Left, turn: Turn) -> bool:
    age_ns = turn.now.wall_ns - left.given_wall_ns
    return turn.now.clock is not ClockState.UNSET and 0 <= age_ns <= LEFT_MS * NS_PER_MS
