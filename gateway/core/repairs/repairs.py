"""Repair orders as a subsystem: faults that open them, commands of people, limits that are changed meanwhile.

An order is confirmed only by another person than the one who reported it mended, not while its fault is still measured,
and not before the control room has acknowledged a limit that was changed in the repair.
"""

from __future__ import annotations

import msgspec

from gateway.core.alarms.desk import Alarm, AlarmDesk
from gateway.core.alarms.lifecycle import AlarmState
from gateway.core.lanes.lanes import Lanes
from gateway.core.repairs.book import RepairBook
from gateway.core.repairs.causes import MEASURED_LIMITS, NOT_FOLLOWED, Fault, arm_of, cause_of, contact_of, kind_of
from gateway.core.repairs.kinds import RepairKind, Urgency
from gateway.core.repairs.lifecycle import RepairVerb
from gateway.core.repairs.order import RepairOrder
from gateway.core.settings.exchange import SettingsChanged
from gateway.core.settings.model import Barrier, Settings
from gateway.core.settings.roles import Right
from gateway.core.subsystem import Followers, Handlers, Subsystem
from gateway.core.vocabulary import events, rows
from gateway.core.vocabulary.authors import author_of
from gateway.core.vocabulary.commands import Reply
from gateway.core.vocabulary.errors import NotFoundError, RefusedError
from gateway.core.vocabulary.reasons import Refusal
from gateway.core.vocabulary.rows.alarms import AlarmRow
from gateway.core.vocabulary.turn import Turn
from gateway.core.vocabulary.views import CoreView, RepairView

OPEN = "open"
"""The verb that opens an order by hand."""
VERBS = {
    verb.value: verb
    for verb in RepairVerb
    if verb not in (RepairVerb.JOIN, RepairVerb.CHANGE_LIMIT)
}  # fmt: skip
"""What a person may do with an open order."""
_HIDDEN = (AlarmState.OUT_OF_SERVICE.value, AlarmState.SHELVED.value)


class RepairsMemory(msgspec.Struct, frozen=True):
    """The open orders, oldest first; `mended`: alarms whose order was confirmed and that are not closed yet."""

    repairs: list[RepairOrder] = []
    mended: tuple[str, ...] = ()


class RepairOrders(Subsystem):
    """The book of repair orders and its events."""

    def __init__(self, settings: Settings, memory: RepairsMemory, lanes: Lanes, desk: AlarmDesk) -> None:
        self._settings = settings
        self._book = RepairBook(memory.repairs, settings.repairs)
        self._mended = set(memory.mended)
        self._lanes = lanes
        self._desk = desk

    def handlers(self) -> Handlers:
        """A person's command, the start of a run, other settings."""
        return {
            events.RepairCommandReceived: self.command,
            events.Started: self.started,
            SettingsChanged: self.settings_changed,
        }

    def followers(self) -> Followers:
        """Alarms, commands that an arm did not follow, service limits."""
        return {
            rows.AlarmRaised: self.alarm_raised,
            rows.AlarmRefined: self.alarm_goes_on,
            rows.AlarmUnshelved: self.alarm_goes_on,
            rows.AlarmClosed: self.alarm_closed,
            rows.BarrierNotFollowed: self.not_followed,
            rows.ServiceDue: self.service_due,
        }

    def view(self, shown: CoreView) -> CoreView:
        """How many orders are open."""
        return msgspec.structs.replace(shown, repairs=self._book.view())

    # ---- faults

    def started(self, turn: Turn, event: events.Started) -> None:
        """Every fault that still lasts has an order, also one that an earlier version has seen."""
        self._book.begin(event.run)
        for alarm in self._desk:
            fault = _fault_of(alarm)
            if fault is not None and _counts(alarm.active, alarm.state.value) and self._book.of(fault.cause) is None:
                self._book.fault(turn, fault)

    def alarm_raised(self, turn: Turn, row: rows.AlarmRaised) -> None:
        """A fault begins, or comes back: the same alarm again counts in the open order, too."""
        fault = _fault_of(row)
        if fault is None or not _counts(row.active, row.state):
            return
        found = self._book.of(fault.cause)
        if found is None:
            self._book.fault(turn, fault)
        else:
            self._book.again(turn, found, fault)

    def alarm_goes_on(self, turn: Turn, row: rows.AlarmRefined | rows.AlarmUnshelved) -> None:
        """An alarm became one that needs a repair, or is shown again after a tag."""
        fault = _fault_of(row)
        if fault is not None and not row.benign and _counts(row.active, row.state):
            self._book.fault(turn, fault)

    def alarm_closed(self, turn: Turn, row: rows.AlarmClosed) -> None:
        """A person found it false, or really forced; one whose repair is confirmed needs no second one."""
        mended = row.alarm in self._mended
        self._mended.discard(row.alarm)
        fault = _fault_of(row, row.finding) if row.joined is rows.UNSET else None
        if fault is not None and not mended and fault.kind in (RepairKind.FALSE_ALARM, RepairKind.FORCED):
            self._book.fault(turn, fault)

    def not_followed(self, turn: Turn, row: rows.BarrierNotFollowed) -> None:
        """The arm did not follow; while its board is lost, that is the fault."""
        if row.reason not in NOT_FOLLOWED or row.under_tag is True:
            return
        barrier = self._settings.barrier(row.barrier)
        if any(self._book.of(f"device:{point.device}") for point in barrier.outputs().values()):
            return
        home = next((lane.id for lane in self._settings.lanes if lane.barrier == barrier.id), row.lane)
        fault = Fault(RepairKind.NOT_FOLLOWED, arm_of(home), lane=home, what=row.command)
        found = self._book.of(fault.cause)
        if found is None:
            self._book.fault(turn, fault)
        else:
            self._book.again(turn, found, fault)

    def service_due(self, turn: Turn, row: rows.ServiceDue) -> None:
        """A counter has passed its limit; cycles in an hour are traffic, and end by themselves."""
        if row.what != "cycles_per_h":
            cause = f"service:{row.barrier}:{row.what}"
            self._book.fault(turn, Fault(RepairKind.SERVICE, cause, lane=row.lane, alarm=None, what=row.what))

    # ---- other settings

    def settings_changed(self, turn: Turn, event: SettingsChanged) -> None:
        """Note limits that were changed while an order of their lane is open."""
        before, self._settings = self._settings, event.settings
        self._book.times = event.settings.repairs
        known = {barrier.id: barrier for barrier in before.barriers}
        for barrier in event.settings.barriers:
            changed = _changed_limits(known[barrier.id], barrier) if barrier.id in known else {}
            lanes = {lane.id for lane in event.settings.lanes if lane.barrier == barrier.id}
            for order in self._book if changed else ():
                if order.lane in lanes:
                    self._book.limits_changed(turn, order, changed)

    # ---- people

    def command(self, turn: Turn, event: events.RepairCommandReceived) -> None:
        """A person opens an order, or acts on one."""
        if event.verb != OPEN and event.verb not in VERBS:
            words = f"use one of {', '.join((OPEN, *VERBS))}"
            turn.emit(Reply(event.request, "refused", Refusal.UNKNOWN_VERB.value, words))
            return
        if not event.by.strip():
            words = "say who asks: a repair is reported by one person and confirmed by another"
            turn.emit(Reply(event.request, "refused", Refusal.NAME_MISSING.value, words))
            return
        try:
            shown = self._open(turn, event) if event.verb == OPEN else self._act(turn, event, VERBS[event.verb])
        except (NotFoundError, RefusedError) as error:
            turn.emit(Reply(event.request, "refused", str(error.code), str(error)))
            return
        turn.emit(Reply(event.request, "done", repair=shown))

    def _open(self, turn: Turn, event: events.RepairCommandReceived) -> RepairView:
        urgency = event.urgency or Urgency.NORMAL.value
        if urgency not in set(Urgency):
            raise RefusedError(f"the urgency is one of {', '.join(Urgency)}", code=Refusal.UNKNOWN_URGENCY)
        if not event.note:
            raise RefusedError("say what is wrong", code=Refusal.NOTE_MISSING)
        if event.device and event.device not in {device.id for device in self._settings.devices}:
            raise RefusedError(f"there is no device {event.device!r}", code=Refusal.UNKNOWN_DEVICE)
        if event.lane and self._settings.lane(event.lane) is None:
            raise RefusedError(f"there is no lane {event.lane!r}", code=Refusal.UNKNOWN_LANE)
        cause = f"device:{event.device}" if event.device else ""
        fault = Fault(RepairKind.FINDING, cause, event.lane or None, event.device or None)
        return self._book.by_hand(turn, fault, Urgency(urgency), author_of(event), event.note).view(turn.at)

    def _act(self, turn: Turn, event: events.RepairCommandReceived, verb: RepairVerb) -> RepairView:
        order = self._book.get(event.repair)
        order.next(verb)
        to = event.to or event.by
        if verb is RepairVerb.ASSIGN and to not in {one.name for one in self._settings.operators}:
            raise RefusedError(f"there is no operator {to!r}", code=Refusal.UNKNOWN_OPERATOR)
        if verb is RepairVerb.REJECT and not event.note:
            raise RefusedError("say what is still wrong", code=Refusal.NOTE_MISSING)
        if verb is RepairVerb.ACKNOWLEDGE_LIMIT and not order.limit_open:
            raise RefusedError("no changed limit waits to be acknowledged", code=Refusal.NO_LIMIT_CHANGED)
        if verb is RepairVerb.CONFIRM:
            self._check_confirmed(order, event.by)
        self._book.act(turn, order, verb, author_of(event), to=to, note=event.note)
        if verb is RepairVerb.CONFIRM:
            self._mended |= {alarm.alarm for alarm in self._desk if cause_of(alarm.key) == order.cause}
        return order.view(turn.at)

    def _check_confirmed(self, order: RepairOrder, by: str) -> None:
        if by.casefold() == (order.reported_by or "").casefold():
            words = f"{by} reported it mended; another person must confirm it"
            raise RefusedError(words, code=Refusal.REPAIR_SAME_NAME)
        if self._lasts(order):
            words = "the fault is still measured; look at the alarm or the counter, then confirm"
            raise RefusedError(words, code=Refusal.REPAIR_FAULT_LASTS)
        if order.limit_open and self._has_control_room():
            words = "a limit was changed in this repair; the control room must acknowledge it first"
            raise RefusedError(words, code=Refusal.REPAIR_LIMIT_OPEN)

    def _lasts(self, order: RepairOrder) -> bool:
        """Whether the fault is still measured."""
        if any(alarm.active and cause_of(alarm.key) == order.cause for alarm in self._desk):
            return True
        return any(
            order.cause == f"service:{barrier}:{notice.what}"
            for barrier, machine in self._lanes.machines.items()
            for notice in machine.parts.service.views()
            if notice.what in MEASURED_LIMITS and notice.limit == self._limit(barrier, notice.what)
        )

    def _limit(self, barrier: str, what: str) -> int | None:
        """A service limit as the settings have it now; the counter looks at it within a minute."""
        return _limits(self._settings.barrier(barrier)).get(f"service_limits.{what}")

    def _has_control_room(self) -> bool:
        """Whether a person can acknowledge a limit; at a site without one, who confirms the repair does."""
        return any(Right.ACKNOWLEDGE_LIMIT in one.role.rights for one in self._settings.operators)


def _counts(active: bool, state: str) -> bool:
    """Whether an alarm is one of now: under a tag it waits for the tag to come off."""
    return active and state not in _HIDDEN


def _fault_of(alarm: Alarm | AlarmRow, finding: str = "") -> Fault | None:
    """What an alarm opens an order by; None for one that needs no repair. `finding`: as it was closed with."""
    kind = kind_of(alarm.kind, alarm.detail, finding)
    if kind is None:
        return None
    what = alarm.kind if kind is RepairKind.FALSE_ALARM else contact_of(alarm.key)
    return Fault(kind, cause_of(alarm.key), alarm.lane, alarm.device, alarm.alarm, what)


def _changed_limits(before: Barrier, after: Barrier) -> dict[str, tuple[int | None, int | None]]:
    """The limits of a barrier that differ: old and new value by path."""
    old, new = _limits(before), _limits(after)
    return {what: (old[what], new[what]) for what in new if old[what] != new[what]}


def _limits(barrier: Barrier) -> dict[str, int | None]:
    limits = msgspec.structs.asdict(barrier.service_limits)
    return {**{f"service_limits.{key}": limits[key] for key in limits}, "max_cycles_per_h": barrier.max_cycles_per_h}
