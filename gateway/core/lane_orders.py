"""What people ask of a lane: to be let through by what they show, by the exit button, or by a person's command."""

from __future__ import annotations

from typing import Any

from gateway.core.access import Decision, LaneFitness, Reason, Verdict
from gateway.core.authors import Author
from gateway.core.barrier import ArmEvent, ArmState
from gateway.core.events import OpenVisit
from gateway.core.grants import Grant
from gateway.core.lane_signs import LaneSigns
from gateway.core.lane_state import Refused
from gateway.core.modes import Mode
from gateway.core.reads import LONG_RANGE_MS
from gateway.core.refusals import COMMANDS, Asked, refusal
from gateway.core.settings import Lane
from gateway.core.turn import NS_PER_MS, NS_PER_S, Turn, rfc3339

BUTTON = "exit button"
CASES_MAX = 32
NOT_ITS_FAULT = (Reason.SEEN_ELSEWHERE, Reason.LANE_LOCKED, Reason.LANE_FAULT)
"""Refusals that say nothing of the vehicle that stands in front."""


class LaneOrders(LaneSigns):
    """A lane that lets vehicles pass and does as a person tells it."""

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

    # ---- reads

    def decided(
        self,
        turn: Turn,
        lane: Lane,
        credential: dict[str, str],
        decision: Decision,
        visit: OpenVisit | None,
        warn_day: str | None,
        second: dict[str, str] | None = None,
    ) -> None:
        """A credential was read and decided on: record it once, and let the vehicle pass if it may.

        `warn_day`: the site-local day whose first passage this is of a pass that ends soon. `second`: the other of two
        proofs.
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
            self._grant(turn, lane, data, decision, visit, second)
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

    def let_in_already(self, turn: Turn, lane: Lane, credential: dict[str, str], *, again: bool) -> bool:
        """Of two proofs, one that let its car in: while that is here, or it goes on being seen, it proves nothing more.

        Else it would wait for a second one and meet that of the next car. A car that was only presumed to have passed
        may show both once more.
        """
        if self.grants.holds(credential):
            if not again:
                held = {"credential": credential, "reason": Reason.VALID_PASS.value, "days_left": None}
                self.signs[lane.id].decided(turn, Verdict.GRANTED.value, held)
            return True
        return self.inferred is None and self.grants.seen_behind(credential, turn.now.mono_ns)

    def _grant(
        self,
        turn: Turn,
        lane: Lane,
        data: dict[str, Any],
        decision: Decision,
        visit: OpenVisit | None,
        second: dict[str, str] | None,
    ) -> None:
        grant = Grant(
            id=self.ids.next("g"),
            lane=lane,
            reason=decision.reason.value,
            by="gateway",
            at=turn.at,
            pass_id=data["pass"],
            kind=data["kind"],
            credential=data["credential"],
            second=second,
            plate=_plate(data["credential"], decision),
            visit=visit,
        )
        turn.append("access.granted", f"lanes/{lane.id}", {**data, "grant": grant.id})
        self._queue(turn, grant)

    def _let_pass(self, turn: Turn, lane: Lane, author: Author, reason: str, stated: str) -> None:
        """A person lets one vehicle pass, and may state why; from wherever the arm is."""
        via, station = author.via, author.station
        grant = Grant(self.ids.next("g"), lane, reason, author.by, turn.at, via=via, station=station)
        data = _person_data(lane, reason, author.by)
        more = {"grant": grant.id, "stated": stated or None, "barrier": self.barrier.id, **author.document()}
        turn.append("access.granted", f"lanes/{lane.id}", {**data, **more})
        self._show_decision(turn, Verdict.GRANTED, data, None)
        self.interrupted = False
        self._cases.pop(lane.id, None)
        self.grants.add(grant)
        self.bind()
        self.do_keep_up(turn)
        rises = self.arm is ArmState.RISING and not self.void
        if self.arm is not ArmState.OPEN and not rises and not self.terminals.asked("open"):
            self.ask(turn, "open", reason, author, grant, lane)

    def pressed(self, turn: Turn, lane: Lane) -> None:
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
        turn.cancel(self.own_timer("clear"))
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
        self.last_decision[data["lane"]] = {
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
        self, turn: Turn, lane: Lane, command: str, author: Author, remote: bool, reason: str, detail: dict[str, Any]
    ) -> None:
        """Carry out a person's command that `refusal` has nothing against.

        A person on the spot who moves the arm has looked under it: a doubted detector is believed again.
        """
        if not remote and command in ("open", "hold", "release", "reset", "look"):
            self.inputs.believe("safety_loop")
        match command:
            case "open":
                self._let_pass(turn, lane, author, "remote" if remote else "operator", reason)
            case "close":
                self._close(turn, author)
            case "stop":
                self._stop(turn, author)
            case "hold":
                self._hold(turn, lane, author, reason, detail)
            case "release":
                self._release(turn, author, reason)
            case "lock":
                self._lock(turn, author, reason)
            case "unlock":
                self._unlock(turn, author, reason)
            case "reset":
                self._reset(turn, author, reason)
            case "passed":
                self.passed_by_hand(turn, lane, author.by)
            case "emergency":
                self._let_pass(turn, lane, author, "emergency", reason)
            case "look":
                self._look(turn, author, reason)
        turn.show()

    def _close(self, turn: Turn, author: Author) -> None:
        self.interrupted = False
        self.modes.happens("release")
        self.modes.happens("fire_over")
        self.presume_passed(turn)
        self.drop_grants(turn, "close")
        self.call_off(turn, "open")
        self.ask(turn, "close", "operator", author, None)

    def _stop(self, turn: Turn, author: Author) -> None:
        self.drop_grants(turn, "stop")
        self.void_expectations(turn)
        self.interrupted = True
        self.ask(turn, "stop", "operator", author, None)

    def _look(self, turn: Turn, author: Author, reason: str) -> None:
        """A person has looked under the arm and at it: what is doubted is believed again."""
        self.person_row(turn, "looked", author, {"reason": reason})
        if self.notice in ("vehicle_under", "approach_stuck", "crossed_closed"):
            self.notice = None
        if self.safety is False and self.arm is ArmState.OPEN and self.vehicle is None and not len(self.grants):
            self.start_clear(turn)

    def _hold(self, turn: Turn, lane: Lane, author: Author, reason: str, detail: dict[str, Any]) -> None:
        self.interrupted = False
        self.modes.happens("hold")
        self.withdraw_close(turn)
        minutes, count = _bounded(detail.get("minutes"), 24 * 60), _bounded(detail.get("count"), 1000)
        # The clock of an earlier hold that a close or a crash ended may still run.
        turn.cancel(self.own_timer("hold"))
        if minutes is not None:
            turn.start(self.own_timer("hold"), minutes * 60_000)
        end = None if minutes is None else rfc3339(turn.now.wall_ns + minutes * 60 * NS_PER_S)
        self.hold = {"by": author.by, "since": turn.at, "until": end, "scheduled": not author.person}
        self.hold_left, self.held_for = count, lane
        ends = {"until": end, "count": count, "scheduled": not author.person}
        self.person_row(turn, "held", author, {"reason": reason, **ends})
        if self.arm is not ArmState.OPEN and not self.terminals.asked("open"):
            self.ask(turn, "hold", "operator", author, None, lane)

    def _release(self, turn: Turn, author: Author, reason: str) -> None:
        self.interrupted = False
        if not self.fires:
            self.modes.happens("fire_over")
        self.end_hold(turn, author, reason)

    def _lock(self, turn: Turn, author: Author, reason: str) -> None:
        self.end_question(turn)
        self.drop_grants(turn, "lock")
        self.void_expectations(turn)
        self.modes.happens("tag")
        self.tag = {"by": author.by, "since": turn.at, "reason": reason}
        self.person_row(turn, "locked", author, {"reason": reason})
        self.alarms_out_of_service(turn)

    def _unlock(self, turn: Turn, author: Author, reason: str) -> None:
        self.modes.happens("untag")
        self.tag = None
        self.interrupted = self.arm is not ArmState.CLOSED
        self.person_row(turn, "unlocked", author, {"reason": reason, "interrupted": self.interrupted})
        for lane in self.lanes:
            self.alarms.put_back(turn, lane.id, author.by)
        self.tell_standing(turn)
        if self.inputs.value("arm_detached") and Mode.CRASHED not in self.modes:
            self.crash(turn, "arm_detached")

    def _reset(self, turn: Turn, author: Author, reason: str) -> None:
        self.notice = None
        self.end_question(turn)
        crashed = Mode.CRASHED in self.modes
        if crashed:
            self.modes.happens("reset")
            self.siren(turn, False)
            self.interrupted = self.arm is not ArmState.CLOSED
        self.person_row(turn, "reset", author, {"reason": reason, "interrupted": self.interrupted})
        if crashed:
            self.end_alarm(turn, "motion")


def _bounded(value: Any, highest: int) -> int | None:
    """A whole number from 1 to the highest, or None."""
    return min(value, highest) if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


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
