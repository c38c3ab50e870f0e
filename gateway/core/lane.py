"""A lane: arm, mode, crossing and grants side by side, and what enters them from outside (lane.md).

A `LaneMachine` is made per barrier: two lanes that share one share its machine. Every method works on a `Turn`;
nothing here knows a clock or a wire. Rules that hold throughout: nothing is sent before its row is durable or has
waited long enough, and guards are looked at again at that moment; no close while a safety input is occupied or not
known to be free; what was half done when the engine stopped waits for a person.
"""

from __future__ import annotations

from typing import Any

from gateway.core.access import Decision, LaneFitness, Reason, Verdict
from gateway.core.barrier import ArmEvent, ArmState
from gateway.core.causes import Cause
from gateway.core.crossing import CrossingEvent, CrossingState, Vehicle
from gateway.core.events import OpenVisit
from gateway.core.grants import Grant
from gateway.core.lane_signs import LaneSigns
from gateway.core.lane_state import Refused
from gateway.core.modes import Mode
from gateway.core.reads import LONG_RANGE_MS
from gateway.core.refusals import COMMANDS, Asked, refusal
from gateway.core.settings import Lane
from gateway.core.turn import NS_PER_MS, NS_PER_S, Turn, rfc3339

_WORDS = {
    ArmState.CLOSED: "ready",
    ArmState.RISING: "opening",
    ArmState.OPEN: "open",
    ArmState.LOWERING: "closing",
    ArmState.BETWEEN: "fault",
    ArmState.STOPPED: "stopped",
    ArmState.UNKNOWN: "unknown",
}
BUTTON = "exit button"
CASES_MAX = 32
NOT_ITS_FAULT = (Reason.SEEN_ELSEWHERE, Reason.LANE_LOCKED, Reason.LANE_FAULT)
"""Refusals that say nothing of the vehicle that stands in front."""
_FIRST = {"arm_detached": 0, "safety_loop": 1, "approach_loop": 2}


def _urgency(change: tuple[str, bool | None]) -> tuple[int, bool]:
    """The order in which changes of one instant are handled."""
    return _FIRST.get(change[0].split(".")[0], len(_FIRST)), bool(change[1])


class LaneMachine(LaneSigns):
    """One barrier with the lanes that lead past it."""

    def fitness(self) -> LaneFitness:
        """Whether this lane could open for anybody now."""
        if not self.modes.moves:
            return LaneFitness.LOCKED
        lame = self.arm in (ArmState.BETWEEN, ArmState.STOPPED, ArmState.UNKNOWN) or self.inputs.value("fault")
        if lame or self.grants.full or self.interrupted or self.terminals.device("open") in self.away:
            return LaneFitness.FAULT
        return LaneFitness.READY

    def behind(self, lane: Lane, now_ns: int) -> bool:
        """Whether what a long-range reader sees for the first time now belongs to a vehicle behind the one in front.

        That one has stood there for longer than its own tag would need, its pass is known, and it was refused.
        """
        refused = self._cases.get(lane.id)
        stood_ns = now_ns - self.arrived_ns.get(lane.id, now_ns)
        return refused is not None and refused.named and stood_ns > LONG_RANGE_MS * NS_PER_MS

    # ---- devices

    def device_restored(self, turn: Turn, device: str, values: tuple[bool, ...]) -> None:
        """A device answers, for the first time or again: take the state from what is measured, move nothing."""
        if device not in self.devices():
            return
        self.away.discard(device)
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
            self.drop_grants(turn, "device_lost")
        if self.inputs.last("at_open") and self.inputs.last("at_closed"):
            self.do_report_limits(turn)
        if self.arm is ArmState.CLOSED and Mode.CRASHED not in self.modes:
            self.end_alarm(turn, "motion")

    def _measure_safety(self, turn: Turn) -> None:
        occupied = self.safety is True
        self.interrupted = self.interrupted or occupied
        self.vehicle = Vehicle(turn.now.mono_ns, False, certain=False) if occupied else None
        self.crossing = CrossingState.UNDER if occupied else CrossingState.EMPTY
        if self.approach and not occupied:
            self.crossing = CrossingState.WAITING
        if self.safety is not None:
            self.watch_loop(turn, "safety", occupied)

    def _measure_loops(self, turn: Turn) -> None:
        for lane in self.lanes:
            if self.approach_of(lane):
                self.arrived_ns[lane.id] = turn.now.mono_ns
            else:
                self._cases.pop(lane.id, None)
        if self.approach:
            self.approach_seen_ns = turn.now.mono_ns
        if self.approach is not None:
            self.watch_loop(turn, "approach", self.approach)

    def device_lost(self, turn: Turn, device: str) -> None:
        """A device is gone: what it told is unknown, and nothing closes."""
        if device not in self.devices():
            return
        self.away.add(device)
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
            if self.alarms.find(self.alarm_key(f"chatter:{name}")) is None:
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
                self._pressed(turn, self.lane_of(contact))

    def _arrives(self, turn: Turn, lane: Lane, value: bool) -> None:
        """The loop in front of a lane has changed: another vehicle is another case."""
        if value:
            self.arrived_ns[lane.id] = turn.now.mono_ns
        else:
            self._cases.pop(lane.id, None)

    def _limit(self, turn: Turn, name: str, value: bool) -> None:
        if self.inputs.last("at_open") and self.inputs.last("at_closed"):
            self.arm_event(turn, ArmEvent.CONTRADICTION)
            return
        self.end_alarm(turn, "limits")
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
        turn.cancel(self.timer_name("clear"))
        self.terminals.withdraw("close")
        self.terminals.withdraw("open")
        if self.arm is not ArmState.OPEN:
            self.ask(turn, "open", "fire", "fire contact", None)

    # ---- reads

    def decided(
        self,
        turn: Turn,
        lane: Lane,
        credential: dict[str, str],
        decision: Decision,
        visit: OpenVisit | None,
        warn_day: str | None,
    ) -> None:
        """A credential was read and decided on: record it once, and let the vehicle pass if it may.

        `warn_day`: the site-local day whose first passage this is of a pass that ends soon.
        """
        granted = decision.verdict is Verdict.GRANTED
        if self.grants.holds(credential) or (not granted and self._told_already(lane, credential, decision)):
            held = self.grants.holds(credential)
            self._answer_again(turn, lane, Verdict.GRANTED if held else decision.verdict, credential, decision)
            return
        if granted:
            self._cases.pop(lane.id, None)
        self.void_inferred(turn, credential)
        data = _decision_data(lane, credential, decision)
        if granted:
            self._grant(turn, lane, data, decision, visit)
        else:
            turn.append(f"access.{decision.verdict.value}", f"lanes/{lane.id}", data)
        self._show_decision(turn, decision.verdict, data, decision)
        if warn_day is not None and decision.pass_ is not None:
            warning = {"pass": data["pass"], "days_left": data["days_left"], "valid_until": decision.pass_.valid_until}
            turn.append("pass.expiring", f"passes/{data['pass']}", {**warning, "lane": lane.id, "day": warn_day})

    def _told_already(self, lane: Lane, credential: dict[str, str], decision: Decision) -> bool:
        """A refused vehicle is one case until its loop clears: whether this refusal of it was told before."""
        if not self.approach_of(lane):
            return False
        case = (credential["kind"] + credential["value"], decision.reason.value)
        refused = self._cases.setdefault(lane.id, Refused())
        known = case in refused.told
        if len(refused.told) < CASES_MAX:
            refused.told.add(case)
        refused.named = refused.named or (decision.pass_ is not None and decision.reason not in NOT_ITS_FAULT)
        return known

    def _grant(self, turn: Turn, lane: Lane, data: dict[str, Any], decision: Decision, visit: OpenVisit | None) -> None:
        grant = Grant(
            id=self.ids.next("g"),
            lane=lane,
            reason=decision.reason.value,
            by="gateway",
            at=turn.at,
            pass_id=data["pass"],
            kind=data["kind"],
            credential=data["credential"],
            plate=_plate(data["credential"], decision),
            visit=visit,
        )
        turn.append("access.granted", f"lanes/{lane.id}", {**data, "grant": grant.id})
        self._queue(turn, grant)

    def _let_pass(self, turn: Turn, lane: Lane, by: str, reason: str, stated: str) -> None:
        """A person lets one vehicle pass, and may state why; from wherever the arm is."""
        grant = Grant(id=self.ids.next("g"), lane=lane, reason=reason, by=by, at=turn.at)
        data = _person_data(lane, reason, by)
        turn.append("access.granted", f"lanes/{lane.id}", {**data, "grant": grant.id, "stated": stated or None})
        self._show_decision(turn, Verdict.GRANTED, data, None)
        self.interrupted = False
        self._cases.pop(lane.id, None)
        self.grants.add(grant)
        self.bind()
        self.do_keep_up(turn)
        rises = self.arm is ArmState.RISING and not self.void
        if self.arm is not ArmState.OPEN and not rises and not self.terminals.asked("open"):
            self.ask(turn, "open", reason, by, grant, lane)

    def _pressed(self, turn: Turn, lane: Lane) -> None:
        """The exit button: one vehicle may pass, under the same rules as a read; pressed again it is still that one."""
        fitness = self.fitness()
        waits = any(grant.by == BUTTON and grant is not self.bound for grant in self.grants.of(lane))
        if waits:
            self._show_decision(turn, Verdict.GRANTED, _person_data(lane, Reason.OPERATOR.value, BUTTON), None)
        elif fitness is not LaneFitness.READY:
            reason = Reason.LANE_LOCKED if fitness is LaneFitness.LOCKED else Reason.LANE_FAULT
            data = _person_data(lane, reason.value, BUTTON)
            turn.append("access.referred", f"lanes/{lane.id}", data)
            self._show_decision(turn, Verdict.REFERRED, data, None)
        else:
            grant = Grant(id=self.ids.next("g"), lane=lane, reason=Reason.OPERATOR.value, by=BUTTON, at=turn.at)
            data = _person_data(lane, grant.reason, BUTTON)
            turn.append("access.granted", f"lanes/{lane.id}", {**data, "grant": grant.id})
            self._show_decision(turn, Verdict.GRANTED, data, None)
            self._queue(turn, grant)

    def _queue(self, turn: Turn, grant: Grant) -> None:
        """Somebody may pass: the arm opens for it, stays up for it, or opens when it can."""
        self.grants.add(grant)
        self.bind()
        turn.cancel(self.timer_name("clear"))
        self.arm_event(turn, ArmEvent.GRANTED)
        self.run_grants(turn)

    def _answer_again(
        self, turn: Turn, lane: Lane, verdict: Verdict, credential: dict[str, str], decision: Decision
    ) -> None:
        """The same credential once more: people are answered, the journal is not."""
        data = _decision_data(lane, credential, decision)
        reason = Reason.VALID_PASS if verdict is Verdict.GRANTED else decision.reason
        self.signs[lane.id].decided(turn, verdict.value, {**data, "reason": reason.value})

    def _show_decision(self, turn: Turn, verdict: Verdict, data: dict[str, Any], decision: Decision | None) -> None:
        self.signs[data["lane"]].decided(turn, verdict.value, data)
        shown = ("reason", "credential", "pass", "kind", "days_left", "lane")
        self.last_decision = {
            "at": turn.at,
            "verdict": verdict.value,
            "valid_until": decision.pass_.valid_until if decision and decision.pass_ else None,
            "by": data["decided_by"],
            **{key: data[key] for key in shown},
        }
        turn.show()

    # ---- a person's commands

    def refusal(self, command: str, remote: bool) -> str | None:
        """Why a command cannot be given now, as a code; None when it can."""
        return refusal(command, self._asked(remote))

    def allowed(self) -> dict[str, str | None]:
        """Every command with the reason why a person on the spot cannot give it now, None when they can."""
        asked = self._asked(remote=False)
        return {command: refusal(command, asked) for command in COMMANDS}

    def _asked(self, remote: bool) -> Asked:
        return Asked(
            remote=remote,
            locked=Mode.LOCKED in self.modes,
            crashed=Mode.CRASHED in self.modes,
            held=Mode.HELD in self.modes,
            fire=Mode.FIRE in self.modes,
            fire_contact=bool(self.fires),
            detached=self.inputs.value("arm_detached") is True,
            question=self.question,
            arm=self.arm,
            step=self.barrier.control == "step",
            safety_fitted=bool(self.barrier.safety),
            safety=self.safety,
            can_close=self.terminals.can("close"),
            open_device_lost=self.terminals.device("open") in self.away,
            close_device_lost=self.terminals.device("close") in self.away,
            grants_full=self.grants.full,
            interlocked=self.interlocked,
        )

    def command(
        self, turn: Turn, lane: Lane, command: str, by: str, remote: bool, reason: str, detail: dict[str, Any]
    ) -> None:
        """Carry out a person's command that `refusal` has nothing against.

        A person on the spot who moves the arm has looked under it: a doubted detector is believed again.
        """
        if not remote and command in ("open", "hold", "release", "reset", "look"):
            self.inputs.believe("safety_loop")
        match command:
            case "open":
                self._let_pass(turn, lane, by, "remote" if remote else "operator", reason)
            case "close":
                self._close(turn, by)
            case "stop":
                self._stop(turn, by)
            case "hold":
                self._hold(turn, lane, by, reason, detail)
            case "release":
                self._release(turn, by, reason)
            case "lock":
                self._lock(turn, by, reason)
            case "unlock":
                self._unlock(turn, by, reason)
            case "reset":
                self._reset(turn, by, reason)
            case "passed":
                self.passed_by_hand(turn, lane, by)
            case "emergency":
                self._let_pass(turn, lane, by, "emergency", reason)
            case "look":
                self._look(turn, by)
        turn.show()

    def _close(self, turn: Turn, by: str) -> None:
        self.interrupted = False
        self.modes.happens("release")
        self.modes.happens("fire_over")
        self.presume_passed(turn)
        self.drop_grants(turn, "close")
        self.terminals.withdraw("open")
        self.ask(turn, "close", "operator", by, None)

    def _stop(self, turn: Turn, by: str) -> None:
        self.drop_grants(turn, "stop")
        self.void_expectations(turn)
        self.interrupted = True
        self.ask(turn, "stop", "operator", by, None)

    def _look(self, turn: Turn, by: str) -> None:
        """A person has looked under the arm and at it: what is doubted is believed again."""
        turn.log("info", f"{by} has looked under the arm of {self.home.id}")
        if self.notice in ("vehicle_under", "approach_stuck", "crossed_closed"):
            self.notice = None
        if self.safety is False and self.arm is ArmState.OPEN and self.vehicle is None and not len(self.grants):
            self.start_clear(turn)

    def _hold(self, turn: Turn, lane: Lane, by: str, reason: str, detail: dict[str, Any]) -> None:
        self.interrupted = False
        self.modes.happens("hold")
        self.withdraw_close(turn)
        minutes, count = _bounded(detail.get("minutes"), 24 * 60), _bounded(detail.get("count"), 1000)
        # The clock of an earlier hold that a close or a crash ended may still run.
        turn.cancel(self.timer_name("hold"))
        if minutes is not None:
            turn.start(self.timer_name("hold"), minutes * 60_000)
        end = None if minutes is None else rfc3339(turn.now.wall_ns + minutes * 60 * NS_PER_S)
        self.hold = {"by": by, "since": turn.at, "until": end}
        self.hold_left, self.held_for = count, lane
        self.row(turn, "held", Cause.COMMANDED, by, {"reason": reason, "until": end, "count": count})
        if self.arm is not ArmState.OPEN and not self.terminals.asked("open"):
            self.ask(turn, "hold", "operator", by, None, lane)

    def _release(self, turn: Turn, by: str, reason: str) -> None:
        self.interrupted = False
        if not self.fires:
            self.modes.happens("fire_over")
        self.end_hold(turn, by, reason)

    def _lock(self, turn: Turn, by: str, reason: str) -> None:
        self.end_question(turn)
        self.drop_grants(turn, "lock")
        self.void_expectations(turn)
        self.modes.happens("tag")
        self.tag = {"by": by, "since": turn.at, "reason": reason}
        self.row(turn, "locked", Cause.COMMANDED, by, {"reason": reason})
        self.alarms_out_of_service(turn)

    def _unlock(self, turn: Turn, by: str, reason: str) -> None:
        self.modes.happens("untag")
        self.tag = None
        self.interrupted = self.arm is not ArmState.CLOSED
        self.row(turn, "unlocked", Cause.COMMANDED, by, {"reason": reason})
        for lane in self.lanes:
            self.alarms.put_back(turn, lane.id, by)
        self.tell_standing(turn)
        if self.inputs.value("arm_detached") and Mode.CRASHED not in self.modes:
            self.crash(turn, "arm_detached")

    def _reset(self, turn: Turn, by: str, reason: str) -> None:
        self.notice = None
        self.end_question(turn)
        crashed = Mode.CRASHED in self.modes
        if crashed:
            self.modes.happens("reset")
            self.siren(turn, False)
            self.interrupted = self.arm is not ArmState.CLOSED
        self.row(turn, "reset", Cause.COMMANDED, by, {"reason": reason})
        if crashed:
            self.end_alarm(turn, "motion")

    # ---- timers and snapshot

    def timer(self, turn: Turn, name: str) -> None:
        """One of this lane's timers has fired."""
        match name.partition(":"):
            case ("debounce", _, contact):
                self._changed(turn, self.inputs.settle(turn, contact))
            case ("answer", _, _):
                self.arm_event(turn, ArmEvent.ANSWER_OVER)
            case ("travel", _, _):
                self.arm_event(turn, ArmEvent.TRAVEL_OVER)
            case ("clear", _, _):
                self.arm_event(turn, ArmEvent.CLEAR_OVER)
            case ("grant", _, _):
                self.grant_over(turn)
            case ("merge", _, _):
                self.merge_over(turn)
            case ("cause", _, _):
                self.cause_over(turn)
            case ("siren", _, _):
                self.siren(turn, False)
            case ("question", _, _):
                self.question_over(turn)
            case ("gap", _, _):
                self.gap_over(turn)
            case ("stuck", _, loop):
                self.loop_stuck(turn, loop)
            case ("linger", _, _):
                self.lingers(turn)
            case ("calm", _, contact):
                self.inputs.calm(contact)
                self.end_alarm(turn, f"chatter:{contact}")
            case ("sign", _, lane_id) if lane_id in self.signs:
                self.signs[lane_id].time_over(turn)
            case ("sign", _, _):
                turn.show()
            case ("second", _, _):
                self.second_came()
                turn.show()
            case ("hold", _, _) if Mode.HELD in self.modes:
                self.end_hold(turn, "gateway", "time_over")

    def word(self) -> str:
        """The lane's state in one word, for people and central."""
        strongest = self.modes.strongest
        if strongest not in (Mode.AUTO, Mode.HELD):
            return strongest.value
        if self.interrupted:
            return "interrupted"
        if self.inputs.value("fault"):
            return "fault"
        if self.arm is ArmState.OPEN and strongest is Mode.HELD:
            return "held"
        if self.arm is ArmState.OPEN and self.vehicle is not None:
            return "passing"
        return _WORDS[self.arm]

    def snapshot(self, lane: Lane) -> dict[str, Any]:
        """What people see of a lane; the engine adds how old the measurement is."""
        requested = self.terminals.requested
        last = self.grants.last
        return {
            "id": lane.id,
            "name": lane.name,
            "direction": lane.direction.value,
            "barrier": self.barrier.id,
            "state": self.word(),
            "arm": self.arm.value,
            "mode": self.modes.strongest.value,
            "crossing": self.crossing.value,
            "approach": self.inputs.last("approach_loop"),
            "safety": self.inputs.last("safety_loop"),
            "tag": self.tag,
            "hold": self._held() if Mode.HELD in self.modes else None,
            "grants": len(self.grants),
            "requested": requested.document() if requested else None,
            "interrupted": self.interrupted,
            "notice": self.shown_notice,
            "service_due": self.service.documents(),
            "last_grant": last.document() if last else None,
            "last_decision": _own(self.last_decision, lane),
            "last_passage": _own(self.last_passage, lane),
            "allowed": self.allowed(),
        }

    def _held(self) -> dict[str, Any] | None:
        """Who holds the arm up, since when, until when and for how many more vehicles (None: no such end)."""
        return None if self.hold is None else {**self.hold, "left": self.hold_left}


def _bounded(value: Any, highest: int) -> int | None:
    """A whole number from 1 to the highest, or None."""
    return min(value, highest) if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _own(shown: dict[str, Any] | None, lane: Lane) -> dict[str, Any] | None:
    """What concerns this lane, of two that may share a barrier."""
    return shown if shown is not None and shown["lane"] == lane.id else None


def _decision_data(lane: Lane, credential: dict[str, str], decision: Decision) -> dict[str, Any]:
    return {
        "lane": lane.id,
        "direction": lane.direction.value,
        "credential": credential,
        "pass": decision.pass_.id if decision.pass_ else None,
        "kind": decision.pass_.kind.value if decision.pass_ else None,
        "days_left": decision.days_left,
        "reason": decision.reason.value,
        "decided_by": "gateway",
    }


def _person_data(lane: Lane, reason: str, by: str) -> dict[str, Any]:
    return {
        "lane": lane.id,
        "direction": lane.direction.value,
        "credential": None,
        "pass": None,
        "kind": None,
        "days_left": None,
        "reason": reason,
        "decided_by": by,
    }


def _plate(credential: dict[str, str], decision: Decision) -> str | None:
    """The plate that was read, or the one plate that the pass has."""
    if credential["kind"] == "plate":
        return credential["value"]
    plates = decision.pass_.plates if decision.pass_ else ()
    return plates[0] if len(plates) == 1 else None
