"""Reads that were decided on: recorded once, shown, and a grant for the vehicle if it may pass."""

from __future__ import annotations

from typing import Any

from gateway.core.access.pending import PendingCase
from gateway.core.access.reads import TWO_FACTOR_MS, Taken, shown
from gateway.core.access.rules import Decision
from gateway.core.lane.grants.grant import Grant
from gateway.core.lane.grants.keeper import GrantKeeper
from gateway.core.lane.modes.notices import NoticeEvent
from gateway.core.lane.motion.orders import ArmOrders
from gateway.core.lane.parts import LaneParts
from gateway.core.lane.people.admission import REFUSED, Admission
from gateway.core.lane.people.cars import CarsInFront
from gateway.core.lane.people.decided import by_gateway, money_of, plate_of
from gateway.core.lane.people.words import PersonsWords
from gateway.core.settings.model import Lane
from gateway.core.vocabulary.events import CredentialRead, OpenVisit
from gateway.core.vocabulary.reasons import Reason, Verdict
from gateway.core.vocabulary.rows import (
    UNSET,
    AccessGranted,
    CaseReleased,
    Credential,
    PassExpiring,
)
from gateway.core.vocabulary.turn import Turn


class Reads:
    """What follows from a read for the car in front and its case."""

    def __init__(
        self,
        lane: LaneParts,
        keeper: GrantKeeper,
        orders: ArmOrders,
        cars: CarsInFront,
        admission: Admission,
        words: PersonsWords,
    ) -> None:
        self._lane = lane
        self._keeper = keeper
        self._orders = orders
        self._cars = cars
        self._admission = admission
        self._words = words

    # ---- two proofs of one car

    def first_proof(self, turn: Turn, at: Lane, read: CredentialRead) -> bool:
        """The first of two proofs was read: say so until the other comes, or ten seconds are over.

        True: a person has let its car pass already, and it needs no other one.
        """
        opened = self._cars.opened_unread(at)
        case = self._cars.case_for(turn, at, read)
        case.first_shown(shown(read), _visit(read))
        if self._of_let_pass(turn, at, read, case, opened):
            return True
        self._lane.notices.happens(NoticeEvent.FIRST_PROOF)
        self._lane.signs[at.id].wait(turn, shown(read))
        turn.start(self._lane.wiring.timer("second"), TWO_FACTOR_MS)
        return False

    def _of_let_pass(self, turn: Turn, at: Lane, read: CredentialRead, case: PendingCase, opened: Grant | None) -> bool:
        """Whether a person has let the car of a case pass, by an open before it had shown anything, or by a release."""
        if opened is not None:
            opened.bind_to(case)
            self._words.record(turn, at, CaseReleased, case, opened.author, "")
        grant = self._grant_in_front(case) if case.handled else None
        if grant is None:
            return False
        if not grant.proved_by(shown(read)):
            grant.prove(shown(read))
        if case.pass_id is not None and grant.pass_id in (None, case.pass_id):
            grant.bind_to(case)
        self._admission.welcome_again(turn, at, shown(read))
        return True

    def second_proof(self) -> None:
        """The second proof came, or its wait is over."""
        self._lane.notices.happens(NoticeEvent.SECOND_PROOF)

    def second_proof_missing(self, turn: Turn) -> None:
        """The second proof did not come in time."""
        self.second_proof()
        turn.show()

    def let_in_already(self, turn: Turn, at: Lane, credential: Credential, *, again: bool) -> bool:
        """Of two proofs, one that let its car in: while that is here, or it goes on being seen, it proves nothing more.

        Else it would wait for a second one and meet that of the next car. A car that was only presumed to have passed
        may show both once more.
        """
        grants = self._lane.grants
        if grants.holds(credential):
            if not again:
                self._admission.welcome_again(turn, at, credential)
            return True
        return not self._lane.passages.last_inferred and grants.seen_behind(credential, turn.now.mono_ns)

    def let_pass_already(self, turn: Turn, at: Lane, read: CredentialRead) -> bool:
        """Whether the car in front may pass by its other proof already; then this one is of the same car."""
        case = self._cars.case_of(at, turn.now.mono_ns)
        grant = self._grant_in_front(case)
        if case is None or grant is None:
            return False
        case.shown(read)
        case.seen(turn.now.mono_ns)
        if grant.second is None:
            grant.prove(shown(read))
        self._admission.welcome_again(turn, at, shown(read))
        return True

    def withdraw_grant(self, turn: Turn, at: Lane) -> None:
        """The car in front was let pass and its other proof says otherwise: it waits, unless the arm goes up."""
        grant = self._grant_in_front(self._cars.case_of(at, turn.now.mono_ns))
        if grant is not None and self._lane.arm.closed:
            self._orders.call_off(turn, "open")
            self._lane.grants.drop(turn, grant, Reason.PLATE_MISMATCH.value)
            self._keeper.run(turn)

    def _grant_in_front(self, case: PendingCase | None) -> Grant | None:
        """The grant of a case whose vehicle is not under the arm."""
        grants = self._lane.grants
        grant = grants.of_id(case.grant) if case is not None else None
        return None if grant is grants.bound else grant

    # ---- decided

    def decided(
        self,
        turn: Turn,
        at: Lane,
        taken: Taken,
        decision: Decision,
        warn_day: str | None = None,
        shared: PendingCase | None = None,
    ) -> PendingCase:
        """A credential was read and decided on.

        `warn_day`: the site-local day whose first passage this is of a pass that ends soon. `shared`: the case of a car
        that may stand at another lane as well, where the decision is on record.
        """
        by_hand = self._cars.opened_unread(at) if not taken.elsewhere else None
        if by_hand is not None:
            return self._after_open(turn, at, taken, decision, by_hand)
        credential = shown(taken.read)
        if self._lane.grants.holds(credential) and not taken.mismatch:
            return self._shown_again(turn, at, taken, decision)
        case = self._cars.case_for(turn, at, taken.read, taken.elsewhere)
        if taken.second is not None:
            case.shown(taken.second)
        stands, granted = self._cars.stands(at), decision.verdict is Verdict.GRANTED
        if stands and not taken.elsewhere:
            self._drop_of_gone(turn, at, case)
        if (
            not granted
            and stands
            and case.told_already(credential, decision.reason.value)
            and not case.owes_again(decision)
        ):
            self._admission.answer_again(turn, at, decision.verdict, credential, decision)
            return case
        if granted and case.was_refused_with(credential):
            self._still_refused(turn, at, case, decision)
            return case
        if shared is not None:
            case.share(shared)
        case.decided(decision, credential, _visit(taken.read))
        case.decided_by(*(one for one in (taken.read, taken.second) if one is not None))
        self._lane.passages.void_inferred(turn, credential)
        self._record(turn, at, taken, decision, case, told=shared is not None)
        self._warn(turn, at, decision, warn_day)
        return case

    def _still_refused(self, turn: Turn, at: Lane, case: PendingCase, decision: Decision) -> None:
        """A car shows again what a person has refused it with, and may pass by that now: the person's word stands."""
        credential = case.credential
        if case.decision is None or credential is None:
            return
        if decision.bill is not None:
            self.billed(turn, at, decision)
        self._admission.answer_again(turn, at, Verdict.REFERRED, credential, case.decision)

    def _record(self, turn: Turn, at: Lane, taken: Taken, decision: Decision, case: PendingCase, *, told: bool) -> None:
        """The row of a decision, unless another lane has `told` it; and the grant that it gives."""
        credential = shown(taken.read)
        decided = by_gateway(at, credential, decision, case)
        beside = case.plate_read is not None and credential.kind != "plate"
        plate_read: Any = case.plate_read if beside else UNSET
        if decision.verdict is Verdict.GRANTED:
            grant = self._grant(turn, at, credential, decision, case, taken.second)
            visit: Any = UNSET if grant.expected is None else grant.expected
            said = {**decided.fields(), **money_of(decision), "plate_read": plate_read, "visit": visit}
            turn.append(AccessGranted(**said, grant=grant.id))
            self._admission.open_for(turn, grant)
            self._admission.show(turn, decision.verdict, decided, decision, grant.id)
            if decision.visit is not None:
                self._admission.direct(turn, at, decision.visit.shown)
            return
        if not told:
            said = {**decided.fields(), **money_of(decision), "plate_read": plate_read}
            turn.append(REFUSED[decision.verdict](**said))
        self._admission.show(turn, decision.verdict, decided, decision)

    def _grant(
        self,
        turn: Turn,
        at: Lane,
        credential: Credential,
        decision: Decision,
        case: PendingCase,
        second: CredentialRead | None,
    ) -> Grant:
        """The grant of the car of a case."""
        found = decision.pass_
        grant = Grant(
            id=self._lane.ids.next("g"),
            lane=at,
            reason=decision.reason.value,
            by="gateway",
            at=turn.at,
            pass_id=found.id if found else None,
            kind=found.kind.value if found else None,
            credential=credential,
            second=shown(second) if second is not None else None,
            plate=plate_of(credential, decision),
            visit=case.visit,
            given_ns=turn.now.mono_ns,
            stood=self._cars.stands(at),
            case=case.id,
            expected=case.expected,
            bill=case.bill,
        )
        case.granted_by(grant.id)
        return grant

    def billed(self, turn: Turn, at: Lane, decision: Decision) -> None:
        """The bill of the car in front has changed: shown with the decision on it, or with what it waits for now."""
        case, bill = self._lane.cases.current(at), decision.bill
        if case is None or bill is None:
            return
        asked = case.asked_to_pay
        case.billed(bill)
        self._lane.decisions.billed(at, case.id, bill)
        if asked and not bill.due and decision.verdict is not Verdict.GRANTED:
            self._admission.refer(turn, at, case, decision)
        turn.show()

    def _warn(self, turn: Turn, at: Lane, decision: Decision, warn_day: str | None) -> None:
        """A pass that lets in ends soon."""
        found = decision.pass_
        if warn_day is not None and found is not None:
            row = PassExpiring(
                pass_=found.id, days_left=decision.days_left, valid_until=found.valid_until, lane=at.id, day=warn_day
            )
            turn.append(row)

    # ---- shown before, or after a person's word

    def _after_open(self, turn: Turn, at: Lane, taken: Taken, decision: Decision, grant: Grant) -> PendingCase:
        """A car shows what it has when a person has let it pass: it is that car's grant, whatever the decision is."""
        case = self._cars.case_for(turn, at, taken.read)
        if taken.second is not None:
            case.shown(taken.second)
            grant.prove(shown(taken.second))
        credential = shown(taken.read)
        case.decided_after_release(decision, credential, _visit(taken.read))
        grant.bind_to(case)
        decided = by_gateway(at, credential, decision, case)
        if decision.verdict is not Verdict.GRANTED:
            turn.append(REFUSED[decision.verdict](**decided.fields(), **money_of(decision)))
        self._admission.show(turn, decision.verdict, decided, decision, grant.id)
        self._words.record(turn, at, CaseReleased, case, grant.author, "")
        return case

    def _shown_again(self, turn: Turn, at: Lane, taken: Taken, decision: Decision) -> PendingCase:
        """A credential whose vehicle may pass already is shown once more."""
        credential = shown(taken.read)
        for grant in self._lane.grants.in_front(at):
            if grant.proved_by(credential):
                grant.is_here(turn.now.mono_ns, stands=self._cars.stands(at))
        self._admission.answer_again(turn, at, Verdict.GRANTED, credential, decision)
        if self._is_of_another_lane(at, taken, credential):
            case = self._cars.case_for(turn, at, taken.read)
            case.shows_of_another(decision, credential)
            return case
        return self._cars.case_of(at, turn.now.mono_ns) or PendingCase("", turn.at, turn.now.mono_ns)

    def _is_of_another_lane(self, at: Lane, taken: Taken, credential: Credential) -> bool:
        """Whether the car here shows a card that was granted on the other side of the barrier.

        It may pass by nothing of its own, but has shown that card: a plate that differs from it is for a person.
        """
        shows = taken.read.kind != "plate" and not taken.read.long_range and not taken.elsewhere
        stands = shows and self._cars.stands(at)
        return stands and not any(grant.proved_by(credential) for grant in self._lane.grants.of(at))

    def _drop_of_gone(self, turn: Turn, at: Lane, case: PendingCase) -> None:
        """Another car is read here: end the grant of the car before it, which has backed off."""
        lane = self._lane
        gone = lane.cases.gone_with(at, turn.now.mono_ns)
        grant = self._grant_in_front(gone)
        if gone is None or grant is None or gone.is_of(case):
            return
        lane.grants.drop(turn, grant, "left")
        if not len(lane.grants):
            self._orders.call_off(turn, "open")
            if lane.arm.open and lane.crossing.vehicle is None:
                lane.closing.start(turn)
        self._keeper.run(turn)


def _visit(read: CredentialRead) -> OpenVisit | None:
    """The stay that the passage of this read's car would end."""
    return read.visits[0] if read.visits else None
