"""What people ask of a lane: to be let through by what they show, by the exit button, or by a person's command."""

from __future__ import annotations

from typing import Any

from gateway.core.access.pending import CASE_MS, NOT_ITS_FAULT, NOT_STATED, TOGETHER_MS, UNNAMED_MS, PendingCase
from gateway.core.access.reads import LONG_RANGE_MS, Taken, shown
from gateway.core.access.rules import Decision, LaneFitness
from gateway.core.lane.arm.table import ArmEvent, ArmState
from gateway.core.lane.grants.queue import Grant
from gateway.core.lane.modes.modes import Mode
from gateway.core.lane.people.refusals import COMMANDS, Asked, refusal
from gateway.core.lane.signs.lane_signs import LaneSigns
from gateway.core.settings.model import Lane
from gateway.core.vocabulary.authors import Author
from gateway.core.vocabulary.events import CredentialRead
from gateway.core.vocabulary.reasons import Reason, Refusal, Verdict
from gateway.core.vocabulary.turn import NS_PER_MS, NS_PER_S, Turn, rfc3339

BUTTON = "exit button"
SAME_TAP_MS = 2000
"""Where no loop tells that it is one car, a person's second open within this time is the same one."""


class LaneOrders(LaneSigns):
    """A lane that lets vehicles pass and does as a person tells it."""

    def fitness(self) -> LaneFitness:
        """Whether this lane could open for anybody now; an arm that did not answer is asked once more."""
        if not self.modes.moves:
            return LaneFitness.LOCKED
        able = self.cannot_open in (None, "no_answer", "paused") and not self.grants.full
        return LaneFitness.READY if able else LaneFitness.FAULT

    def behind(self, lane: Lane, now_ns: int) -> bool:
        """Whether what a long-range reader sees for the first time now belongs to a vehicle behind the one in front.

        That one has stood there for longer than its own tag would need, its pass is known, and it was refused.
        """
        case = self.case_of(lane, now_ns)
        stood_ns = now_ns - self.arrived_ns.get(lane.id, now_ns)
        return case is not None and case.named and stood_ns > LONG_RANGE_MS * NS_PER_MS

    # ---- the car in front

    def case_of(self, lane: Lane, now_ns: int) -> PendingCase | None:
        """The case of the car in front of a lane."""
        return self.cases.of(lane, self.loop_of(lane), now_ns)

    def waiting_case(self, lane: Lane) -> PendingCase | None:
        """The car in front that waits for something: a proof, a person's word, or its grant, which is over unused."""
        case = self.cases.current(lane)
        if case is None or case.missing or case.handled:
            return case if case is not None and case.missing else None
        return case if self.grants.of_id(case.grant) is None else None

    def other_proof(self, lane: Lane, read: CredentialRead, now_ns: int) -> CredentialRead | None:
        """What the car in front has shown of the other kind: its plate for a card, its card for a plate."""
        case = self.case_of(lane, now_ns)
        if case is None:
            return None
        stands = self.approach_of(lane) is True
        return case.other_proof(read, None if stands else now_ns - TOGETHER_MS * NS_PER_MS)

    def first_proof(self, turn: Turn, lane: Lane, read: CredentialRead) -> None:
        """The first of two proofs was read."""
        case = self._case(turn, lane, read)
        case.credential = case.credential or shown(read)
        self.wait_for_second(turn, lane, shown(read))

    def is_released(self, lane: Lane, now_ns: int) -> bool:
        """Whether a person has let the car in front pass, and it has not passed yet."""
        case = self.case_of(lane, now_ns)
        return case is not None and case.handled and self.grants.of_id(case.grant) is not None

    def may_pass(self, lane: Lane) -> bool:
        """Whether a vehicle was let pass at this lane and is not under the arm yet."""
        return any(grant is not self.bound for grant in self.grants.of(lane))

    def let_pass_already(self, turn: Turn, lane: Lane, read: CredentialRead) -> bool:
        """Whether the car in front may pass by its other proof already; then this one is of the same car."""
        case = self.case_of(lane, turn.now.mono_ns)
        grant = self.grants.of_id(case.grant) if case is not None else None
        if case is None or grant is None or grant is self.bound:
            return False
        case.shown(read)
        case.seen_ns = turn.now.mono_ns
        if grant.second is None:
            grant.second = shown(read)
        again = {"credential": shown(read), "reason": Reason.VALID_PASS.value, "days_left": None}
        self.signs[lane.id].decided(turn, Verdict.GRANTED.value, again)
        return True

    def is_of_passing(self, read: CredentialRead, now_ns: int) -> bool:
        """Whether a plate, told late, is that of the vehicle which its card let in: under the arm, or just past it."""
        passing = self.bound or self.grants.used_lately(now_ns)
        if read.kind != "plate" or passing is None or passing.credential is None:
            return False
        return passing.credential["kind"] != "plate" and passing.pass_id in {found.id for found in read.passes}

    def withdraw_grant(self, turn: Turn, lane: Lane) -> None:
        """The car in front was let pass and its other proof says otherwise: it waits, unless the arm goes up."""
        case = self.case_of(lane, turn.now.mono_ns)
        grant = self.grants.of_id(case.grant) if case is not None else None
        if grant is None or grant is self.bound or self.arm is not ArmState.CLOSED:
            return
        self.call_off(turn, "open")
        self.grants.drop(turn, grant, Reason.PLATE_MISMATCH.value)

    def _opened_unread(self, lane: Lane) -> Grant | None:
        """The grant by which a person let the car on the loop pass before it had shown anything."""
        if self.approach_of(lane) is not True:
            return None
        came_ns = self.arrived_ns.get(lane.id, 0)
        return next(
            (
                grant
                for grant in self.grants.of(lane)
                if grant.via and grant.case is None and grant.given_ns >= came_ns and grant is not self.bound
                and grant.reason != Reason.EMERGENCY.value
            ),
            None,
        )  # fmt: skip

    def _read_after_open(self, turn: Turn, lane: Lane, taken: Taken, decision: Decision, grant: Grant) -> PendingCase:
        """A car shows what it has when a person has let it pass: it is that car's grant, whatever the decision is."""
        case = self._case(turn, lane, taken.read)
        if taken.second is not None:
            case.shown(taken.second)
            grant.second = shown(taken.second)
        case.decision, case.credential = decision, shown(taken.read)
        case.visit = taken.read.visits[0] if taken.read.visits else None
        _bind(grant, case)
        data = {**_decision_data(lane, case.credential, decision), "case": case.id}
        if decision.verdict is not Verdict.GRANTED:
            turn.append(f"access.{decision.verdict.value}", f"lanes/{lane.id}", data)
        self._show_decision(turn, decision.verdict, {**data, "grant": grant.id}, decision)
        self._case_row(turn, lane, "released", case, grant.author, "")
        return case

    def _case(self, turn: Turn, lane: Lane, read: CredentialRead, elsewhere: bool = False) -> PendingCase:
        """The case that a read belongs to: of the car in front, or of one that has come now.

        A tag or plate of another lane is of a car that stands there, and none of this lane's.
        """
        now_ns = turn.now.mono_ns
        case = self.case_of(lane, now_ns)
        if elsewhere:
            return PendingCase(self.ids.next("c"), turn.at, now_ns, told=case.told if case is not None else set())
        rolled_up = case is not None and case.seen_ns < self.arrived_ns.get(lane.id, 0)
        if case is not None and (rolled_up or self.approach_of(lane) is not True):
            together = now_ns - case.seen_ns <= TOGETHER_MS * NS_PER_MS
            kinds = {one.kind == "plate" for one in case.reads}
            same = any((one.kind, one.value) == (read.kind, read.value) for one in case.reads)
            if not same and not (together and (read.kind == "plate") not in kinds):
                case = None
        if case is None:
            case = self.cases.begin(lane, PendingCase(self.ids.next("c"), turn.at, now_ns))
        case.shown(read)
        case.seen_ns = now_ns
        turn.start(self.own_timer("case", lane.id), (UNNAMED_MS if self.approach_fitted(lane) else CASE_MS) + 1)
        return case

    def _is_here(self, turn: Turn, lane: Lane, credential: dict[str, str]) -> None:
        """A vehicle that was let pass shows its proof again: it has not left, or has come back."""
        for grant in self.grants.of(lane):
            if grant.proved_by(credential) and grant is not self.bound:
                grant.given_ns, grant.stood, grant.left = turn.now.mono_ns, self.approach_of(lane) is True, False

    def _is_of_another_lane(self, lane: Lane, taken: Taken, credential: dict[str, str]) -> bool:
        """Whether the car that stands here shows a card by which one on the barrier's other side was let pass.

        It may pass by nothing of its own, but has shown that card: a plate that differs from it is for a person.
        """
        shows = taken.read.kind != "plate" and not taken.read.long_range and not taken.elsewhere
        stands = shows and self.approach_of(lane) is True
        return stands and not any(grant.proved_by(credential) for grant in self.grants.of(lane))

    def _drop_of_gone(self, turn: Turn, lane: Lane, case: PendingCase) -> None:
        """Another car is read here: the one that was let pass before it, and has backed off, may not pass any more."""
        gone = self.cases.gone_with(lane, turn.now.mono_ns)
        grant = self.grants.of_id(gone.grant) if gone is not None else None
        if gone is None or grant is None or grant is self.bound or gone.is_of(case):
            return
        self.grants.drop(turn, grant, "left")
        if not len(self.grants):
            self.call_off(turn, "open")
            if self.arm is ArmState.OPEN and self.vehicle is None:
                self.start_clear(turn)
        self.run_grants(turn)

    # ---- reads

    def decided(
        self,
        turn: Turn,
        lane: Lane,
        taken: Taken,
        decision: Decision,
        warn_day: str | None = None,
        shared: PendingCase | None = None,
    ) -> PendingCase:
        """A credential was read and decided on: record it once, and let the vehicle pass if it may.

        `warn_day`: the site-local day whose first passage this is of a pass that ends soon. `shared`: the case of a car
        that may stand at another lane as well, where the decision is on record.
        """
        read, credential = taken.read, shown(taken.read)
        granted = decision.verdict is Verdict.GRANTED
        by_hand = self._opened_unread(lane) if not taken.elsewhere else None
        if by_hand is not None:
            return self._read_after_open(turn, lane, taken, decision, by_hand)
        if self.grants.holds(credential) and not taken.mismatch:
            self._is_here(turn, lane, credential)
            self._answer_again(turn, lane, Verdict.GRANTED, credential, decision)
            if self._is_of_another_lane(lane, taken, credential):
                case = self._case(turn, lane, read)
                case.decision, case.credential = decision, credential
                return case
            return self.case_of(lane, turn.now.mono_ns) or PendingCase("", turn.at, turn.now.mono_ns)
        case = self._case(turn, lane, read, taken.elsewhere)
        if taken.second is not None:
            case.shown(taken.second)
        if self.approach_of(lane) is True and not taken.elsewhere:
            self._drop_of_gone(turn, lane, case)
        told = not granted and self.approach_of(lane) is True and case.told_already(credential, decision.reason.value)
        if told:
            self._answer_again(turn, lane, decision.verdict, credential, decision)
            return case
        if shared is not None:
            case.id = shared.id
        case.decision, case.credential, case.handled = decision, credential, False
        case.visit = read.visits[0] if read.visits else None
        case.named = not granted and (
            case.named or (decision.pass_ is not None and decision.reason not in NOT_ITS_FAULT)
        )
        self.void_inferred(turn, credential)
        data = {**_decision_data(lane, credential, decision), "case": case.id}
        if case.plate_read is not None and credential["kind"] != "plate":
            data["plate_read"] = case.plate_read
        if granted:
            self._grant(turn, lane, data, decision, case, taken.second)
        elif shared is None:
            turn.append(f"access.{decision.verdict.value}", f"lanes/{lane.id}", data)
        self._show_decision(turn, decision.verdict, data, decision)
        if warn_day is not None and decision.pass_ is not None:
            warning = {"pass": data["pass"], "days_left": data["days_left"], "valid_until": decision.pass_.valid_until}
            turn.append("pass.expiring", f"passes/{data['pass']}", {**warning, "lane": lane.id, "day": warn_day})
        return case

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
        case: PendingCase,
        second: CredentialRead | None,
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
            second=shown(second) if second is not None else None,
            plate=_plate(data["credential"], decision),
            visit=case.visit,
            given_ns=turn.now.mono_ns,
            stood=self.approach_of(lane) is True,
            case=case.id,
        )
        case.grant = data["grant"] = grant.id
        turn.append("access.granted", f"lanes/{lane.id}", data)
        self._queue(turn, grant)

    def _let_pass(
        self,
        turn: Turn,
        lane: Lane,
        author: Author,
        reason: str,
        stated: str,
        identity_checked: Any = None,
        *,
        named: bool = False,
    ) -> None:
        """A person lets one vehicle pass, and may state why; from wherever the arm is.

        A car that waits for that word is the one that is let pass, with its pass; an emergency vehicle is nobody's.
        Opened again for a car that may pass already, it is the same grant.
        """
        emergency = reason == Reason.EMERGENCY.value
        case = None if emergency else self.pending(lane, turn.now.mono_ns, named=named)
        grant = self._grant_in_front(turn, lane, reason, case)
        if grant is None:
            grant = self._grant_by_hand(turn, lane, author, reason, case)
            about = {"grant": grant.id, "stated": stated or None, "barrier": self.barrier.id, **author.document()}
            data = {**_person_data(lane, reason, author.by, case), **about}
            if identity_checked is not None:
                data["identity_checked"] = identity_checked
            turn.append("access.granted", f"lanes/{lane.id}", data)
            self._show_decision(turn, Verdict.GRANTED, data, case.decision if case else None)
        if case is not None:
            case.grant = grant.id
            self._case_row(turn, lane, "released", case, author, stated)
        self.resume(turn)
        self.do_keep_up(turn)
        rises = self.arm is ArmState.RISING and not self.void
        if self.arm is not ArmState.OPEN and not rises and not self.terminals.asked("open"):
            self.ask(turn, "open", reason, author, grant, lane)

    def _grant_by_hand(self, turn: Turn, lane: Lane, author: Author, reason: str, case: PendingCase | None) -> Grant:
        """A person's grant, bound to the car that waits."""
        grant = Grant(
            self.ids.next("g"), lane, reason, author.by, turn.at,
            given_ns=turn.now.mono_ns, stood=self.approach_of(lane) is True, via=author.via, station=author.station,
        )  # fmt: skip
        _bind(grant, case)
        self.grants.add(grant)
        self.bind()
        return grant

    def _grant_in_front(self, turn: Turn, lane: Lane, reason: str, case: PendingCase | None) -> Grant | None:
        """The grant of the car in front that a person opens for once more; None: this is another car.

        Of a car that stands on its loop there is one. Where no loop tells, two taps a moment apart are one.
        """
        waiting = [grant for grant in self.grants.of(lane) if grant is not self.bound]
        if reason == Reason.EMERGENCY.value:
            waiting = [grant for grant in waiting if grant.reason == reason]
        if case is not None:
            return self.grants.of_id(case.grant)
        if self.approach_of(lane) is True:
            return waiting[0] if waiting else self._tail_on_loop(lane)
        since_ns = turn.now.mono_ns - SAME_TAP_MS * NS_PER_MS
        return next((grant for grant in waiting if grant.via and grant.given_ns >= since_ns), None)

    def _tail_on_loop(self, lane: Lane) -> Grant | None:
        """The grant of the vehicle that is under the arm and has not left the loop in front of it yet."""
        bound, vehicle = self.bound, self.vehicle
        if bound is None or vehicle is None or bound.lane is not lane or self._left_its_loop(vehicle):
            return None
        return bound

    def pending(self, lane: Lane, now_ns: int, *, named: bool = False) -> PendingCase | None:
        """The case of the car in front while it may not pass: what a person does is about that car.

        One that was let pass and whose grant is over, say because the arm did not follow, waits again. `named`: the
        person has said which case it is about.
        """
        case = self.case_of(lane, now_ns)
        long_ago = case is not None and now_ns - case.seen_ns > UNNAMED_MS * NS_PER_MS
        if long_ago and not named and self.approach_of(lane) is not True:
            return None
        if case is None or self.grants.of_id(case.grant) is None:
            return case
        granted = case.decision is not None and case.decision.verdict is Verdict.GRANTED
        return None if granted or case.handled else case

    def is_named_otherwise(self, lane: Lane, read: CredentialRead, now_ns: int) -> bool:
        """Whether the car in front waits for a person's word by a pass that this read is not of."""
        case = self.pending(lane, now_ns)
        return case is not None and case.named and case.pass_id not in {found.id for found in read.passes}

    def _case_row(
        self,
        turn: Turn,
        lane: Lane,
        what: str,
        case: PendingCase | None,
        author: Author,
        stated: str,
        to: str | None = None,
    ) -> None:
        """What a person did with a car that was not let pass."""
        reason = stated or NOT_STATED
        data = {
            "lane": lane.id,
            "case": case.id if case else None,
            "pass": case.pass_id if case else None,
            "credential": case.credential if case else None,
            "reason": reason,
            "to": to,
            **author.document(),
        }
        turn.append(f"case.{what}", f"lanes/{lane.id}", data)
        if case is not None:
            case.handled = True
            last = self.last_decision.get(lane.id)
            if last is not None and last.get("case") == case.id:
                handled = {"what": what, "by": author.by, "reason": reason, "at": turn.at}
                self.last_decision[lane.id] = {**last, "handled": handled}
        turn.show()

    def pressed(self, turn: Turn, lane: Lane) -> None:
        """The exit button: one vehicle may pass, under the same rules as a read; pressed again it is still that one."""
        fitness = self.fitness()
        waits = any(grant.by_button and grant is not self.bound for grant in self.grants.of(lane))
        if waits:
            self._show_decision(turn, Verdict.GRANTED, _person_data(lane, Reason.OPERATOR.value, BUTTON), None)
        elif fitness is not LaneFitness.READY:
            reason = Reason.LANE_LOCKED if fitness is LaneFitness.LOCKED else Reason.LANE_FAULT
            data = _person_data(lane, reason.value, BUTTON)
            turn.append("access.referred", f"lanes/{lane.id}", data)
            self._show_decision(turn, Verdict.REFERRED, data, None)
        else:
            case = self.pending(lane, turn.now.mono_ns)
            grant = Grant(self.ids.next("g"), lane, Reason.OPERATOR.value, BUTTON, turn.at, by_button=True)
            _bind(grant, case)
            data = _person_data(lane, grant.reason, BUTTON, case)
            data["grant"] = grant.id
            turn.append("access.granted", f"lanes/{lane.id}", data)
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
            "case": data.get("case"),
            "grant": data.get("grant"),
            **{key: data[key] for key in shown},
        }
        turn.show()

    # ---- a person's commands

    def refusal(self, command: str, remote: bool, lane: Lane | None = None) -> str | None:
        """Why a command cannot be given now, as a code; None when it can."""
        return refusal(command, self._asked(remote, lane or self.home))

    def case_refusal(self, lane: Lane, command: str, case_id: str, stated: str, now_ns: int) -> str | None:
        """Why a command about the car in front cannot be given, as a code; None when it can."""
        case = self.case_of(lane, now_ns)
        if case_id and (case is None or case.id != case_id):
            return Refusal.CASE_OVER
        if command in ("refuse", "seen_to") and not stated.strip():
            return Refusal.REASON_MISSING
        return None

    def allowed(self, lane: Lane) -> dict[str, str | None]:
        """Every command with the reason why a person on the spot cannot give it now, None when they can."""
        asked = self._asked(remote=False, lane=lane)
        return {command: refusal(command, asked) for command in COMMANDS}

    def _asked(self, remote: bool, lane: Lane) -> Asked:
        return Asked(
            remote=remote,
            locked=Mode.LOCKED in self.modes,
            crashed=Mode.CRASHED in self.modes,
            held=Mode.HELD in self.modes,
            fire=Mode.FIRE in self.modes,
            fire_contact=bool(self.fires),
            detached=self.inputs.value("arm_detached") is True,
            question=self.question,
            arm=self.rests_at,
            step=self.barrier.control == "step",
            safety_fitted=bool(self.barrier.safety),
            safety=self.safety,
            can_close=self.terminals.can("close"),
            open_device_lost=self.terminals.device("open") in self.away,
            close_device_lost=self.terminals.device("close") in self.away,
            grants_full=self.grants.full,
            interlocked=self.interlocked,
            case=(waiting := self.waiting_case(lane)) is not None and not waiting.handled,
        )

    def command(
        self,
        turn: Turn,
        lane: Lane,
        command: str,
        author: Author,
        remote: bool,
        reason: str,
        detail: dict[str, Any],
        case_id: str = "",
    ) -> None:
        """Carry out a person's command that `refusal` has nothing against.

        A person on the spot who moves the arm has looked under it: a doubted detector is believed again.
        """
        if not remote and command in ("open", "hold", "release", "reset", "look"):
            self.inputs.believe("safety_loop")
        match command:
            case "open":
                way = Reason.REMOTE if remote else Reason.OPERATOR
                checked = detail.get("identity_checked")
                self._let_pass(turn, lane, author, way.value, reason, checked, named=bool(case_id))
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
                self._passed_by_hand(turn, lane, author, reason)
            case "refuse":
                self._case_row(turn, lane, "refused", self.case_of(lane, turn.now.mono_ns), author, reason, "leader")
            case "seen_to":
                self._case_row(turn, lane, "reported", self.case_of(lane, turn.now.mono_ns), author, reason)
            case "emergency":
                self._let_pass(turn, lane, author, "emergency", reason)
            case "look":
                self._look(turn, author, reason)
        turn.show()

    def _passed_by_hand(self, turn: Turn, lane: Lane, author: Author, stated: str) -> None:
        """A person let a vehicle through: the car that waits, or one that nobody read.

        The loops may have seen it cross a moment ago: then it is on record, and only who let it through is told.
        """
        case = self.case_of(lane, turn.now.mono_ns)
        crossed = case is None and self.claim_crossing(lane, turn.now.mono_ns)
        if case is not None or crossed:
            self._case_row(turn, lane, "released", case, author, stated)
        if not crossed:
            self.passed_by_hand(turn, lane, author, case, stated)
        if case is not None:
            self.cases.end_by_id(case.id)

    def _close(self, turn: Turn, author: Author) -> None:
        self.resume(turn)
        self.modes.happens("release")
        self.modes.happens("fire_over")
        self.presume_passed(turn)
        self.drop_grants(turn, "close")
        self.call_off(turn, "open")
        self.ask(turn, "close", "operator", author, None)

    def _stop(self, turn: Turn, author: Author) -> None:
        """Where nothing moves and nothing was asked for, nothing starts for a moment; else a person decides."""
        at_rest = self.at_rest
        self.drop_grants(turn, "stop")
        self.void_expectations(turn)
        if at_rest:
            self.pause_motion(turn, author)
        else:
            self.end_pause(turn)
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
        self.resume(turn)
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
        self.resume(turn)
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
        self.notice, self.no_answer = None, False
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


def _person_data(lane: Lane, reason: str, by: str, case: PendingCase | None = None) -> dict[str, Any]:
    """What a person decided; `case`: about that car."""
    return {
        "lane": lane.id,
        "direction": lane.direction.value,
        "credential": case.credential if case else None,
        "pass": case.pass_id if case else None,
        "kind": case.kind if case else None,
        "days_left": case.decision.days_left if case and case.decision else None,
        "case": case.id if case else None,
        "reason": reason,
        "decided_by": by,
    }


def _bind(grant: Grant, case: PendingCase | None) -> None:
    """The grant is for the car of the case."""
    if case is not None:
        case.grant = grant.id
        grant.pass_id, grant.kind, grant.credential = case.pass_id, case.kind, case.credential
        grant.plate, grant.visit, grant.case = case.plate, case.visit, case.id


def _plate(credential: dict[str, str], decision: Decision) -> str | None:
    """The plate that was read, or the one plate that the pass has."""
    if credential["kind"] == "plate":
        return credential["value"]
    plates = decision.pass_.plates if decision.pass_ else ()
    return plates[0] if len(plates) == 1 else None
