"""The car in front of a lane: which case it is, and what may be said of it."""

from __future__ import annotations

import msgspec

from gateway.core.access.barriers import WaitingUnpaid
from gateway.core.access.pending import CASE_MS, TOGETHER_MS, UNNAMED_MS, PendingCase
from gateway.core.access.reads import LONG_RANGE_MS, Taken
from gateway.core.lane.grants.grant import Grant
from gateway.core.lane.parts import LaneParts
from gateway.core.settings.model import Lane
from gateway.core.vocabulary.events import Account, CredentialRead, OpenVisit
from gateway.core.vocabulary.passes import Pass
from gateway.core.vocabulary.reasons import Reason, Verdict
from gateway.core.vocabulary.turn import NS_PER_MS, Turn

SAME_TAP_MS = 2000
"""Where no loop tells that it is one car, a person's second open within this time is the same one."""


class CarsInFront:
    """Finds the case and the grant of the car in front of a lane."""

    def __init__(self, lane: LaneParts) -> None:
        self._lane = lane

    # ---- cases

    def case_of(self, at: Lane, now_ns: int) -> PendingCase | None:
        """The case of the car in front of a lane."""
        return self._lane.cases.of(at, self._lane.detectors.loop_of(at), now_ns)

    def forget_gone(self, turn: Turn, at: Lane) -> None:
        """End the case of a car that was read too long ago and stands on no loop; people see that it has ended."""
        known = self._lane.cases.current(at)
        if known is not None and self.case_of(at, turn.now.mono_ns) is None:
            turn.show()

    def waiting_case(self, at: Lane) -> PendingCase | None:
        """The car in front that waits for something: a proof, a person's word, or its grant, which is over unused."""
        case = self._lane.cases.current(at)
        if case is None:
            return None
        may_pass = self._lane.grants.of_id(case.grant) is not None
        if case.handled:
            return case if case.missing and not may_pass else None
        return case if case.missing or not may_pass else None

    def pending(self, at: Lane, now_ns: int, *, named: bool = False) -> PendingCase | None:
        """The case of the car in front while it may not pass: what a person does is about that car.

        One that was let pass and whose grant is over, say because the arm did not follow, waits again. `named`: the
        person has said which case it is about.
        """
        case = self.case_of(at, now_ns)
        long_ago = case is not None and now_ns - case.seen_ns > UNNAMED_MS * NS_PER_MS
        if long_ago and not named and not self.stands(at):
            return None
        if case is None or self._lane.grants.of_id(case.grant) is None:
            return case
        granted = case.decision is not None and case.decision.verdict is Verdict.GRANTED
        return None if granted or case.handled else case

    def case_for(self, turn: Turn, at: Lane, read: CredentialRead, elsewhere: bool = False) -> PendingCase:
        """The case that a read belongs to: of the car in front, or of one that has come now.

        A tag or plate of another lane is of a car at that lane.
        """
        lane, now_ns = self._lane, turn.now.mono_ns
        case = self.case_of(at, now_ns)
        if elsewhere:
            return PendingCase(lane.ids.next("c"), turn.at, now_ns, told=case.told if case is not None else set())
        if case is not None and not self._is_of(case, at, read, now_ns):
            case = None
        if case is None:
            case = lane.cases.begin(at, PendingCase(lane.ids.next("c"), turn.at, now_ns))
        case.shown(read)
        self.keep(turn, at, case)
        return case

    def keep(self, turn: Turn, at: Lane, case: PendingCase) -> None:
        """The car of this case is here now: keep the case for its time."""
        case.seen(turn.now.mono_ns)
        kept_ms = UNNAMED_MS if self._lane.detectors.approach_fitted(at) else CASE_MS
        turn.start(self._lane.wiring.timer("case", at.id), kept_ms + 1)

    def _is_of(self, case: PendingCase, at: Lane, read: CredentialRead, now_ns: int) -> bool:
        """Whether a read is of the car of a case: the loop tells, the same was shown, or its other proof just now."""
        rolled_up = case.seen_ns < self._lane.arrivals.came_ns(at)
        if (self.stands(at) and not rolled_up) or case.has_shown(read):
            return True
        together = now_ns - case.seen_ns <= TOGETHER_MS * NS_PER_MS
        return together and (read.kind == "plate") not in {one.kind == "plate" for one in case.reads}

    def unpaid(self, at: Lane, account: Account, found: Pass | None, now_ns: int) -> WaitingUnpaid | None:
        """The car in front if something is due for this visit of it, and it was not let pass."""
        case = self.case_of(at, now_ns)
        bill = case.bill if case is not None else None
        if case is None or bill is None or bill.visit != account.visit or not bill.due:
            return None
        if self._lane.grants.of_id(case.grant) is not None:
            return None
        asked = case.asked_to_pay and not case.refused
        present = self.stands(at) or now_ns - case.seen_ns <= UNNAMED_MS * NS_PER_MS
        return WaitingUnpaid(_shown_again(case, account, found), asked, present)

    def pays_without_plate(self, at: Lane) -> bool:
        """Whether a payment lets the car in front out, of which no plate was read."""
        case = self._lane.cases.current(at)
        if case is None or case.plate_read is not None or self._lane.grants.of_id(case.grant) is not None:
            return False
        return case.asked_to_pay and case.owes

    def must_pay(self, at: Lane) -> bool:
        """Whether the car in front must pay first; where no loop tells, one that was turned away is taken as gone."""
        case = self._lane.cases.current(at)
        if case is None or not case.owes or self._lane.grants.of_id(case.grant) is not None:
            return False
        return not case.handled or self.stands(at)

    def must_show_slip(self, at: Lane) -> bool:
        """Whether goods in the car in front wait for a guard; where no loop tells, one turned away is taken as gone."""
        case = self._lane.cases.current(at)
        if case is None or case.decision is None or self._lane.grants.of_id(case.grant) is not None:
            return False
        return case.decision.reason is Reason.SLIP_MISSING and (not case.handled or self.stands(at))

    # ---- what is known of the car

    def stands(self, at: Lane) -> bool:
        """Whether a car stands on the loop in front of a lane."""
        return self._lane.detectors.approach_of(at) is True

    def behind(self, at: Lane, now_ns: int) -> bool:
        """Whether what a long-range reader sees for the first time now belongs to a vehicle behind the one in front.

        That one has stood there for longer than its own tag would need, its pass is known, and it was refused.
        """
        case = self.case_of(at, now_ns)
        stood_ns = now_ns - self._lane.arrivals.came_ns(at, now_ns)
        return case is not None and case.named and stood_ns > LONG_RANGE_MS * NS_PER_MS

    def has_shown(self, at: Lane, read: CredentialRead) -> bool:
        """Whether the car in front has shown this."""
        case = self._lane.cases.current(at)
        return case is not None and case.has_shown(read)

    def other_proof(self, at: Lane, read: CredentialRead, now_ns: int) -> CredentialRead | None:
        """What the car in front has shown of the other kind: its plate for a card, its card for a plate."""
        case = self.case_of(at, now_ns)
        if case is None:
            return None
        return case.other_proof(read, None if self.stands(at) else now_ns - TOGETHER_MS * NS_PER_MS)

    def is_released(self, at: Lane, now_ns: int) -> bool:
        """Whether a person has let the car in front pass, and it has not passed yet."""
        case = self.case_of(at, now_ns)
        return case is not None and case.handled and self._lane.grants.of_id(case.grant) is not None

    def is_named_otherwise(self, at: Lane, read: CredentialRead, now_ns: int) -> bool:
        """Whether the car in front waits for a person's word by a pass that this read is not of."""
        case = self.pending(at, now_ns)
        return case is not None and case.named and case.pass_id not in {found.id for found in read.passes}

    def is_of_passing(self, read: CredentialRead, now_ns: int) -> bool:
        """Whether a late plate is that of the vehicle which its card let in: under the arm, or just past it."""
        grants = self._lane.grants
        passing = grants.bound or grants.used_lately(now_ns)
        if read.kind != "plate" or passing is None or passing.credential is None:
            return False
        return passing.credential.kind != "plate" and passing.pass_id in {found.id for found in read.passes}

    # ---- grants of the car

    def grant_in_front(self, at: Lane, reason: str, case: PendingCase | None, now_ns: int) -> Grant | None:
        """The grant of the car in front that a person opens for once more; None: this is another car.

        Of a car that stands on its loop there is one. Where no loop tells, two taps a moment apart are one.
        """
        waiting = self._lane.grants.in_front(at)
        if reason == Reason.EMERGENCY.value:
            waiting = [grant for grant in waiting if grant.reason == reason]
        if case is not None:
            return self._lane.grants.of_id(case.grant)
        if self.stands(at):
            return waiting[0] if waiting else self._tail_on_loop(at)
        since_ns = now_ns - SAME_TAP_MS * NS_PER_MS
        return next((grant for grant in waiting if grant.via and grant.given_ns >= since_ns), None)

    def _tail_on_loop(self, at: Lane) -> Grant | None:
        """The grant of the vehicle that is under the arm and has not left the loop in front of it yet."""
        crossing, bound = self._lane.crossing, self._lane.grants.bound
        vehicle = crossing.vehicle
        if bound is None or vehicle is None or bound.lane is not at or crossing.left_its_loop(vehicle):
            return None
        return bound

    def opened_unread(self, at: Lane) -> Grant | None:
        """The grant by which a person let the car on the loop pass before it had shown anything."""
        if not self.stands(at):
            return None
        came_ns = self._lane.arrivals.came_ns(at)
        return next(
            (
                grant
                for grant in self._lane.grants.in_front(at)
                if grant.via and grant.case is None and grant.given_ns >= came_ns
                and grant.reason != Reason.EMERGENCY.value
            ),
            None,
        )  # fmt: skip


def _shown_again(case: PendingCase, account: Account, found: Pass | None) -> Taken:
    """What the car was decided on, with account and pass of now: its proofs, or the credential of an earlier run."""
    if case.proofs:
        first, *second = [_of_now(one, account, found) for one in case.proofs]
        others = [one for one in first.accounts if one.visit != account.visit]
        now = msgspec.structs.replace(first, accounts=(account, *others))
        return Taken(now, second=second[0] if second else None)
    shown, stay = case.credential, case.visit
    kind, value = (shown.kind, shown.value) if shown else ("plate", "")
    known = case.decision.pass_ if case.decision else None
    if stay is None or stay.visit != account.visit:
        stay = OpenVisit(account.visit, account.pass_id, case.plate, account.entered_wall_ns, value or None)
    read = CredentialRead("", kind, value, passes=(known,) if known else (), visits=(stay,), accounts=(account,))
    return Taken(_of_now(read, account, found))


def _of_now(read: CredentialRead, account: Account, found: Pass | None) -> CredentialRead:
    """The read with the pass of the visit as it is now, which may be blocked since; a code keeps its own dates."""
    passes = [one for one in read.passes if one.id != account.pass_id]
    then = next((one for one in read.passes if one.id == account.pass_id), None)
    if then is None or found is None:
        return msgspec.structs.replace(read, passes=tuple(passes))
    if read.single_use:
        found = msgspec.structs.replace(found, valid_from=then.valid_from, valid_until=then.valid_until)
    return msgspec.structs.replace(read, passes=(found, *passes))
