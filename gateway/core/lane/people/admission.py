"""Admission: a vehicle may pass, and the arm opens for it, stays up for it, or opens when it can."""

from __future__ import annotations

from gateway.core.access.pending import PendingCase
from gateway.core.access.rules import Decision, LaneFitness
from gateway.core.lane.arm.table import ArmEvent
from gateway.core.lane.grants.grant import Grant
from gateway.core.lane.grants.keeper import GrantKeeper
from gateway.core.lane.motion.events import ArmEvents
from gateway.core.lane.parts import LaneParts
from gateway.core.lane.people.decided import Decided, by_gateway, money_of
from gateway.core.lane.traffic.loops import Loops
from gateway.core.settings.model import Lane
from gateway.core.vocabulary.reasons import Reason, Verdict
from gateway.core.vocabulary.rows import AccessDenied, AccessReferred, Credential
from gateway.core.vocabulary.turn import Turn

REFUSED = {Verdict.DENIED: AccessDenied, Verdict.REFERRED: AccessReferred}


class Admission:
    """Queues grants and shows decisions."""

    def __init__(self, lane: LaneParts, keeper: GrantKeeper, loops: Loops, events: ArmEvents) -> None:
        self._lane = lane
        self._keeper = keeper
        self._loops = loops
        self._events = events

    def fitness(self) -> LaneFitness:
        """Whether this lane could open for a vehicle now; an arm that did not answer is asked once more."""
        if not self._lane.modes.moves:
            return LaneFitness.LOCKED
        able = self._lane.cannot_open in (None, "no_answer", "paused") and not self._lane.grants.full
        return LaneFitness.READY if able else LaneFitness.FAULT

    def add(self, grant: Grant) -> None:
        """A vehicle may pass; one that is under the arm already uses the grant."""
        self._lane.grants.add(grant)
        self._loops.bind()

    def open_for(self, turn: Turn, grant: Grant) -> None:
        """A vehicle may pass: the arm opens for it as its table has it."""
        self.add(grant)
        self._lane.closing.wait(turn)
        self._events.happens(turn, ArmEvent.GRANTED)
        self._keeper.run(turn)

    def show(
        self, turn: Turn, verdict: Verdict, decided: Decided, decision: Decision | None, grant: str | None = None
    ) -> None:
        """Show a decision at the lane and on screens; `grant`: the id of the one that it gave."""
        sign = self._lane.signs[decided.lane.id]
        bill = decision.bill if decision is not None else None
        sign.decided(turn, verdict.value, decided.reason, decided.credential, decided.days_left, bill)
        self._lane.decisions.show(turn, verdict, decided, decision, grant)

    def refer(self, turn: Turn, at: Lane, case: PendingCase, decision: Decision) -> None:
        """Nothing more is due for the car in front, and it waits for something else now."""
        credential = case.credential
        if credential is None:
            return
        case.decided(decision, credential, case.visit)
        decided = by_gateway(at, credential, decision, case)
        if not case.told_already(credential, decision.reason.value):
            turn.append(REFUSED[decision.verdict](**decided.fields(), **money_of(decision)))
        self.show(turn, decision.verdict, decided, decision)

    def direct(self, turn: Turn, at: Lane, shown: str) -> None:
        """Show a visitor where to go, once the arm is open."""
        if shown:
            self._lane.signs[at.id].direct(turn, shown)

    def answer_again(self, turn: Turn, at: Lane, verdict: Verdict, credential: Credential, decision: Decision) -> None:
        """The same credential once more: the driver is answered, the journal is not."""
        reason = Reason.VALID_PASS if verdict is Verdict.GRANTED else decision.reason
        sign = self._lane.signs[at.id]
        sign.decided(turn, verdict.value, reason.value, credential, decision.days_left, decision.bill)

    def welcome_again(self, turn: Turn, at: Lane, credential: Credential) -> None:
        """A vehicle that may pass shows its proof, or its other one."""
        self._lane.signs[at.id].decided(turn, Verdict.GRANTED.value, Reason.VALID_PASS.value, credential, None)
