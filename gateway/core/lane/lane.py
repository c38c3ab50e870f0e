"""A lane: arm, mode, crossing and grants side by side, and what enters them from its devices.

A `LaneMachine` is made per barrier: two lanes that share one share its machine. Every method works on a `Turn`;
nothing here knows a clock or a wire. Rules that hold throughout: nothing is sent before its row is durable or has
waited long enough, and guards are looked at again at that moment; no close while a safety input is occupied or not
known to be free; what was half done when the engine stopped waits for a person.
"""

from __future__ import annotations

from typing import Any

from gateway.core.access.pending import GONE_MS, TOGETHER_MS, taken_up
from gateway.core.lane.arm.table import ArmEvent, ArmState
from gateway.core.lane.modes.modes import Mode
from gateway.core.lane.people.lane_orders import LaneOrders
from gateway.core.lane.state import MOVING
from gateway.core.lane.traffic.crossing import CrossingEvent, CrossingState, Vehicle
from gateway.core.settings.model import Lane
from gateway.core.vocabulary.authors import GATEWAY, Author
from gateway.core.vocabulary.events import ClockState
from gateway.core.vocabulary.turn import NS_PER_MS, Turn

_WORDS = {
    ArmState.CLOSED: "ready",
    ArmState.RISING: "opening",
    ArmState.OPEN: "open",
    ArmState.LOWERING: "closing",
    ArmState.BETWEEN: "fault",
    ArmState.STOPPED: "stopped",
    ArmState.UNKNOWN: "unknown",
}
FIRE_CONTACT = Author("fire contact")
_FIRST = {"arm_detached": 0, "safety_loop": 1, "approach_loop": 2}


def _urgency(change: tuple[str, bool | None]) -> tuple[int, bool]:
    """The order in which changes of one instant are handled."""
    return _FIRST.get(change[0].split(".")[0], len(_FIRST)), bool(change[1])


class LaneMachine(LaneOrders):
    """One barrier with the lanes that lead past it."""

    # ---- devices

    def device_restored(self, turn: Turn, device: str, values: tuple[bool, ...]) -> None:
        """A device answers, for the first time or again: take the state from what is measured, move nothing."""
        if device not in self.devices():
            return
        self.away.discard(device)
        self.unheard.discard(device)
        self.inputs.lost(turn, device)
        self.inputs.read(turn, device, values)
        if device in (self.inputs.devices() or self.devices()):  # an arm without contacts is taken as it is
            self._unmeasured.add(device)
            self._measure(turn)
        if self.inputs.value("arm_detached") and Mode.CRASHED not in self.modes:
            self.crash(turn, "arm_detached")
        self._tell_fire(turn)
        self.tell_standing(turn)
        turn.show()

    def _tell_fire(self, turn: Turn) -> None:
        """The fire contact, as it stands: one that is off now ends the alarm that a restart has kept."""
        if self.inputs.value("fire"):
            self._fire(turn)
        elif self.inputs.value("fire") is False:
            self._no_fire(turn)
        if self.fires:
            self.open_for_fire(turn)

    def _measure(self, turn: Turn) -> None:
        """Once every board answers: what those boards tell that were away is taken as it is now."""
        if self.away & self.inputs.devices():
            return
        first, self.measured = not self.measured, True
        told = {name for device in self._unmeasured for name in self.inputs.names(device)}
        bases = {name.split(".")[0] for name in told}
        self._unmeasured.clear()
        if first:
            self.moved_ns = turn.now.mono_ns
        if first or self.blind or bases & {"at_open", "at_closed"}:
            self._measure_arm(turn, first)
        if first or "safety_loop" in bases:
            self._measure_safety(turn)
        self._take_up_grant(turn)
        if first:
            self._take_up_cases(turn)
        if bases & {"approach_loop", "clear_loop"}:
            self._measure_loops(turn)
        for name in told - self.inputs.chattering:
            self.end_alarm(turn, f"chatter:{name}")
        self.run_grants(turn)

    def _measure_arm(self, turn: Turn, first: bool) -> None:
        """As measured; without limit switches an arm that was up or half way in something may be anywhere."""
        unsure = self.blind and (self.interrupted or (not first and self.arm is not ArmState.CLOSED))
        self.enter(turn, ArmState.UNKNOWN if unsure else self.measured_arm())
        if self.arm in (ArmState.BETWEEN, ArmState.UNKNOWN):
            self.interrupted = True
            self.drop_waiting(turn, "device_lost")
        if self.inputs.last("at_open") and self.inputs.last("at_closed"):
            self.do_report_limits(turn)
        if self.arm is ArmState.CLOSED and Mode.CRASHED not in self.modes:
            self.end_alarm(turn, "motion")

    def _measure_safety(self, turn: Turn) -> None:
        occupied = self.safety is True
        self.interrupted = self.interrupted or occupied
        before, self.vehicle = self.vehicle, None
        if occupied:
            self.vehicle = before or Vehicle(turn.now.mono_ns, False, certain=False)
        elif before is not None:
            self._left_meanwhile(turn, before)
        self.crossing = CrossingState.UNDER if occupied else CrossingState.EMPTY
        if self.approach and not occupied:
            self.crossing = CrossingState.WAITING
        if self.safety is not None:
            self.watch_loop(turn, "safety", occupied)

    def _take_up_grant(self, turn: Turn) -> None:
        """A vehicle under an arm that is not down when a run begins is the one that the last run let in, if any.

        Another one would have had to come under the same arm in the seconds between.
        """
        left, self.left_grant = self.left_grant, None
        lane = next((lane for lane in self.lanes if left is not None and lane.id == left.lane), None)
        if left is not None and lane is not None and self.vehicle is not None and self.arm is not ArmState.CLOSED:
            self.bound = left.again(lane)
            self.grants.take_up(self.bound)
        elif left is not None:
            left.unused(turn)

    def _take_up_cases(self, turn: Turn) -> None:
        """A car that still stands on its loop when a run begins is the one that the last run refused, if any."""
        for lane in self.lanes if turn.now.clock is not ClockState.UNSET else ():
            last = self.last_decision.get(lane.id)
            if last is None or not last.get("before_restart") or self.approach_of(lane) is not True:
                continue
            case = taken_up(last, self._stays.get(lane.id), turn.now.wall_ns, turn.now.mono_ns)
            if case is not None:
                self.cases.begin(lane, case)
                self.last_decision[lane.id] = {**last, "before_restart": False}

    def _left_meanwhile(self, turn: Turn, vehicle: Vehicle) -> None:
        """A vehicle that was on the safety loop is not there any more: through an arm that was up, else back."""
        if not vehicle.arm_was_closed or (self.bound is not None and self.arm is not ArmState.CLOSED):
            self.left_unseen(turn, vehicle)
        else:
            self.bound = None

    def _measure_loops(self, turn: Turn) -> None:
        for lane in self.lanes:
            if self.approach_of(lane):
                self.arrived_ns[lane.id] = turn.now.mono_ns
            else:
                self.cases.end(lane)
        if self.approach:
            self.approach_seen_ns = turn.now.mono_ns
        if self.approach is not None:
            self.watch_loop(turn, "approach", self.approach)

    def device_lost(self, turn: Turn, device: str) -> None:
        """A device is gone: what it told is unknown, and nothing closes."""
        if device not in self.devices():
            return
        self.away.add(device)
        self.unheard.discard(device)
        limits = (self.barrier.at_open, self.barrier.at_closed)
        lost = self.inputs.lost(turn, device)
        if any(name.startswith("fire") for name, _ in lost):
            self.fires.discard(self.barrier.id)
        self.unwatch_loops(turn, {name.split(".")[0] for name, _ in lost})
        if any(name.startswith("safety_loop") for name, _ in lost):
            self.cross(CrossingEvent.UNKNOWN)
            if self.vehicle is not None:
                self.vehicle.certain = False
            self.arm_event(turn, ArmEvent.SAFETY)
        moves = self.blind and self.arm is not ArmState.CLOSED
        if moves or any(point is not None and point.device == device for point in limits):
            self.arm_event(turn, ArmEvent.LOST)
        turn.show()

    def device_stale(self, turn: Turn, device: str) -> None:
        """A poll went unanswered: safety inputs are no longer known to be free."""
        if self.inputs.stale(device) and self.barrier.safety and self.safety is None:
            self.arm_event(turn, ArmEvent.SAFETY)
            turn.show()

    # ---- contacts

    def inputs_read(self, turn: Turn, device: str, values: tuple[bool, ...]) -> None:
        """A reading of a device has come."""
        if device not in self.inputs.devices() or device in self.away:
            return
        was_stale = not self.inputs.fresh(device)
        self._changed(turn, self.inputs.read(turn, device, values))
        self._report_chatter(turn)
        if was_stale:
            self._fresh_again(turn)

    def _report_chatter(self, turn: Turn) -> None:
        """An input that will not calm down is a fault with a name."""
        for name in self.inputs.chattering:
            if not self.alarms.lasts(self.alarm_key(f"chatter:{name}")):
                detail = {"reason": "chatters", "point": self.inputs.point(name), "input": name}
                self.incident(turn, "stuck", detail)
                self.raise_alarm(turn, "stuck", f"chatter:{name}", detail)

    def _fresh_again(self, turn: Turn) -> None:
        """The close that stale inputs held up may come after all."""
        if self.close_due and self.safety is False and self.arm is ArmState.OPEN and self.vehicle is None:
            self.start_clear(turn)
        turn.show()

    def _changed(self, turn: Turn, changes: list[tuple[str, bool | None]]) -> None:
        """Handle all changes of one instant: a blow, then loops, then limits; what is lost before what comes."""
        for name, value in sorted(changes, key=_urgency):
            self._contact(turn, name, bool(value))
        if changes:
            turn.show()

    def _contact(self, turn: Turn, contact: str, value: bool) -> None:
        name = contact.split(".")[0]
        match name:
            case "safety_loop":
                self.safety_changed(turn, value)
            case "approach_loop":
                self.approach_changed(turn, value)
                self._arrives(turn, self.home, value)
            case "at_open" | "at_closed":
                self._limit(turn, name, value)
            case "arm_detached" if value:
                self.crash(turn, "arm_detached")
            case "clear_loop":
                self.clear_changed(turn, value)
                self._arrives(turn, self.other, value)
            case "mains":
                self._mains(turn, value)
            case "fire":
                self._fire(turn) if value else self._no_fire(turn)
            case "fault" | "hand" | "panic":
                self.told(turn, contact, value)
            case "exit_button" if value:
                self.pressed(turn, self.lane_of(contact))

    def _arrives(self, turn: Turn, lane: Lane, value: bool) -> None:
        """The loop in front of a lane has changed: another vehicle is another case, also after one that no loop saw."""
        if value:
            self.arrived_ns[lane.id] = turn.now.mono_ns
            self.note_left(turn, lane)
            self.cases.end_unless_seen_since(lane, turn.now.mono_ns - TOGETHER_MS * NS_PER_MS)
        else:
            self.cases.leaves(lane, turn.now.mono_ns)
            turn.start(self.own_timer("left", lane.id), GONE_MS)

    def _limit(self, turn: Turn, name: str, value: bool) -> None:
        if self.inputs.last("at_open") and self.inputs.last("at_closed"):
            self.arm_event(turn, ArmEvent.CONTRADICTION)
            return
        self.end_limit_alarms(turn)
        if name == "at_open":
            self.arm_event(turn, ArmEvent.OPEN_LIMIT if value else ArmEvent.OPEN_LOST)
        else:
            self.arm_event(turn, ArmEvent.CLOSED_LIMIT if value else ArmEvent.CLOSED_LOST)

    def _mains(self, turn: Turn, value: bool) -> None:
        """The controller may home its arm after mains came or went: nothing that moves now was commanded."""
        if value:
            self.inputs.doubt("safety_loop")
        self.power_ns = turn.now.mono_ns
        self.drop_grants(turn, "mains")
        self.void_expectations(turn)

    def _fire(self, turn: Turn) -> None:
        """The fire contact is a command: it opens every lane of the site (`Site` tells the others)."""
        self.raise_alarm(turn, "fire", "fire")
        self.fires.add(self.barrier.id)
        self.open_for_fire(turn)

    def _no_fire(self, turn: Turn) -> None:
        """The contact is off: the alarm ends; the arm stays up until a person ends that."""
        self.fires.discard(self.barrier.id)
        self.end_alarm(turn, "fire")

    def open_for_fire(self, turn: Turn) -> None:
        """There is fire somewhere: open once, as soon as the board answers, and stay open until a person ends it."""
        if Mode.FIRE in self.modes or self.terminals.device("open") in self.away:
            return
        self.modes.happens("fire")
        self.end_pause(turn)
        turn.cancel(self.own_timer("clear"))
        self.call_off(turn, "close", "open")
        if self.arm is not ArmState.OPEN:
            self.ask(turn, "open", "fire", FIRE_CONTACT, None)

    @property
    def is_up_for_fire(self) -> bool:
        """Whether the arm was told to open by a fire contact, and no person has ended that yet."""
        return Mode.FIRE in self.modes and self.arm is not ArmState.CLOSED

    # ---- timers and snapshot

    def timer(self, turn: Turn, name: str, of: str) -> None:
        """One of this lane's timers has fired; `of` is the contact, loop or lane that it is for."""
        match name:
            case "debounce":
                self._changed(turn, self.inputs.settle(turn, of))
            case "answer":
                self.arm_event(turn, ArmEvent.ANSWER_OVER)
            case "travel":
                self.arm_event(turn, ArmEvent.TRAVEL_OVER)
            case "clear":
                self.arm_event(turn, ArmEvent.CLEAR_OVER)
            case "grant":
                self.grant_over(turn)
            case "merge":
                self.merge_over(turn)
            case "cause":
                self.cause_over(turn)
            case "siren":
                self.siren(turn, False)
            case "question":
                self.question_over(turn)
            case "gap":
                self.gap_over(turn)
            case "stuck":
                self.loop_stuck(turn, of)
            case "linger":
                self.lingers(turn)
            case "calm":
                self.inputs.calm(of)
                self.end_alarm(turn, f"chatter:{of}")
            case "sign":
                self.signs[of].time_over(turn)
            case "lamp":
                turn.show()
            case "left":
                self.note_left(turn, next(lane for lane in self.lanes if lane.id == of))
            case "case":
                self.case_of(next(lane for lane in self.lanes if lane.id == of), turn.now.mono_ns)
                turn.show()
            case "second":
                self.second_came()
                turn.show()
            case "pause":
                self.pause_over(turn)
            case "hold" if Mode.HELD in self.modes:
                self.end_hold(turn, GATEWAY, "time_over")

    def word(self) -> str:
        """The lane's state in one word, for people and central."""
        strongest = self.modes.strongest
        if strongest not in (Mode.AUTO, Mode.HELD):
            return strongest.value
        if self.interrupted:
            return "interrupted"
        if self.inputs.value("fault"):
            return "fault"
        if self.arm not in (*MOVING, ArmState.OPEN):
            return _WORDS[self.arm]
        if self.seen is ArmState.OPEN and strongest is Mode.HELD:
            return "held"
        if self.seen is ArmState.OPEN and self.vehicle is not None:
            return "passing"
        return _WORDS[self.seen]

    def note_since(self, turn: Turn) -> None:
        """Something that people look at has changed: what is new begins now."""
        self.state_since.show(self.word(), turn)
        self.notice_since.show(self.shown_notice, turn)

    def snapshot(self, lane: Lane) -> dict[str, Any]:
        """What people see of a lane; the engine adds how old the measurement is."""
        requested = self.requested
        return {
            "id": lane.id,
            "name": lane.name,
            "direction": lane.direction.value,
            "barrier": self.barrier.id,
            "state": self.word(),
            "since": self.state_since.at,
            "arm": self.seen.value,
            "mode": self.modes.strongest.value,
            "crossing": self.crossing.value,
            "approach": self.inputs.last("approach_loop"),
            "safety": self.inputs.last("safety_loop"),
            "tag": self.tag,
            "hold": self._held() if Mode.HELD in self.modes else None,
            "grants": len(self.grants),
            "waiting_grants": self.grants.documents(),
            "case": self._shown_case(lane),
            "requested": requested.document() if requested else None,
            "interrupted": self.interrupted,
            "pause": self.pause,
            "cannot_open": self.cannot_open,
            "notice": self.shown_notice,
            "notice_since": self.notice_since.at if self.shown_notice else None,
            "service_due": self.service.documents(),
            "last_grant": self.last_grant,
            "last_decision": self._shown_decision(lane),
            "last_passage": self.last_passage.get(lane.id),
            "allowed": self.allowed(lane),
        }

    def _shown_case(self, lane: Lane) -> dict[str, Any] | None:
        """The car that waits for something before it may pass."""
        case = self.waiting_case(lane)
        return case.document() if case is not None else None

    def _shown_decision(self, lane: Lane) -> dict[str, Any] | None:
        """The last decision; `present`: its car is still there."""
        last = self.last_decision.get(lane.id)
        if last is None:
            return None
        waits = self.cases.holds(lane, last.get("case"))
        if not last.get("grant"):
            return {**last, "present": waits}
        grant = self.grants.of_id(last["grant"])
        return {**last, "present": waits if grant is None else not grant.left}

    def _held(self) -> dict[str, Any] | None:
        """Who holds the arm up, since when, until when and for how many more vehicles (None: no such end)."""
        return None if self.hold is None else {**self.hold, "left": self.hold_left}
