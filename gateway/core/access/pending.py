"""The pending case: one car in front of a lane, what it has shown, what is missing, and the decision at its end.

A car is one case from its first read until it has gone: its approach loop is free again, the granted vehicle is under
the arm, or, without a loop, nothing was read for a while. Card and plate of one case give one decision; if they differ,
a person compares. A denied or referred car waits for a person, whose act (release, refusal, passed by hand, seen to) is
bound to the case: `word` keeps what was decided, by whom and why, and grants and rows carry the id of the case.

Two tables: `CaseState` says how far a case is, and so what is missing; `CasePlace` says where its car is.

A car whose stay is unpaid at an exit is in the state `UNPAID` (event `MUST_PAY`): `payment` is missing. A payment that
leaves nothing due is a decision anew, which grants. One that may not move anything, because it was made long before or
a person has refused the car, only settles it: then a person lets the car pass.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

import msgspec

from gateway.core.access.rules import Decision
from gateway.core.charges.bill import Bill, bill_again, debt_views
from gateway.core.plates import plates
from gateway.core.settings.model import Lane
from gateway.core.vocabulary.authors import Author
from gateway.core.vocabulary.events import CredentialRead, ExpectedVisit, OpenVisit
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.core.vocabulary.reasons import Reason, Verdict
from gateway.core.vocabulary.rows import UNSET, Credential
from gateway.core.vocabulary.times import wall_ns_of
from gateway.core.vocabulary.turn import NS_PER_MS
from gateway.core.vocabulary.views import Case, LastDecision

Missing = Literal["second_proof", "payment", "word"]
RELEASE_REASONS = (
    "resident_known", "papers_seen", "office_confirmed", "visitor_expected", "camera_misread", "other_car_of_household",
    "other",
)  # fmt: skip
"""Reasons of a person who releases a car or waves it through by hand; own words are accepted too."""
REFUSE_REASONS = ("not_known", "not_expected", "turned_back", "papers_missing", "office_refused", "other")
"""Reasons of a person who turns a car away; own words are accepted too."""
NOT_STATED = "not_stated"
REFUSED = "refused"
"""The word of a person who turns a car away (`Word.what`)."""
READS_MAX = 16
TOLD_MAX = 32
TOGETHER_MS = 10_000
"""Without a loop, a card and a plate within this time are of one car."""
GONE_MS = 3000
"""A vehicle that comes under the arm within this time after the loop was left is the one that left it."""
LEFT_MS = 5000
"""A vehicle that left the loop this long ago and is not under the arm has backed off."""
CASE_MS = 120_000
"""Without a loop, a car counts as present for this long after its last read."""
UNNAMED_MS = 20_000
"""A car that was read and is not on the loop counts as present for this long, for orders without a case too."""
NOT_ITS_FAULT = (Reason.SEEN_ELSEWHERE, Reason.LANE_LOCKED, Reason.LANE_FAULT, Reason.LANE_UNCLEAR, Reason.FAULT)
"""Refusals that do not concern the vehicle in front."""


class CaseState(StrEnum):
    """How far a case is."""

    PROVING = "proving"
    WAITING = "waiting"
    UNPAID = "unpaid"
    MAY_PASS = "may_pass"
    HANDLED = "handled"
    HANDLED_PROVING = "handled_proving"


class CaseEvent(StrEnum):
    """What happens to a case: the gateway decides (`SHOWS_...`: on a card of another car), or a person does.

    `SETTLED`: nothing is due, and nothing moves for that.
    """

    GRANTED = "granted"
    REFUSED = "refused"
    MUST_PAY = "must_pay"
    SETTLED = "settled"
    SHOWS_GRANTED = "shows_granted"
    SHOWS_REFUSED = "shows_refused"
    PERSON_DECIDED = "person_decided"


_P, _W, _U, _M = CaseState.PROVING, CaseState.WAITING, CaseState.UNPAID, CaseState.MAY_PASS
_H, _HP = CaseState.HANDLED, CaseState.HANDLED_PROVING
_E = CaseEvent
_DECIDED = {_E.GRANTED: _M, _E.REFUSED: _W, _E.MUST_PAY: _U}
_SHOWS = {_E.SHOWS_GRANTED: _M, _E.SHOWS_REFUSED: _W}
_SHOWS_NOTHING = {_E.SHOWS_GRANTED: _H, _E.SHOWS_REFUSED: _H}

TABLE: dict[CaseState, dict[CaseEvent, CaseState]] = {
    _P: {**_DECIDED, **_SHOWS, _E.SETTLED: _P, _E.PERSON_DECIDED: _HP},
    _W: {**_DECIDED, **_SHOWS, _E.SETTLED: _W, _E.PERSON_DECIDED: _H},
    _U: {**_DECIDED, **_SHOWS, _E.SETTLED: _W, _E.PERSON_DECIDED: _H},
    _M: {**_DECIDED, **_SHOWS, _E.SETTLED: _M, _E.PERSON_DECIDED: _H},
    _H: {**_DECIDED, **_SHOWS_NOTHING, _E.SETTLED: _H, _E.PERSON_DECIDED: _H},
    _HP: {**_DECIDED, **_SHOWS_NOTHING, _E.SETTLED: _HP, _E.PERSON_DECIDED: _HP},
}
MISSING: dict[CaseState, tuple[Missing, ...]] = {
    _P: ("second_proof",),
    _W: ("word",),
    _U: ("payment",),
    _M: (),
    _H: (),
    _HP: ("second_proof",),
}
"""What must still come before the car may pass."""


class CasePlace(StrEnum):
    """Where the car of a case is."""

    ELSEWHERE = "elsewhere"
    IN_FRONT = "in_front"
    GONE = "gone"
    UNDER = "under"
    OVER = "over"


class CaseMove(StrEnum):
    """Where the car of a case goes."""

    ARRIVES = "arrives"
    LEAVES = "leaves"
    GOES_UNDER = "goes_under"
    GOES_BACK = "goes_back"
    ENDS = "ends"


_M_ = CaseMove
PLACES: dict[CasePlace, dict[CaseMove, CasePlace]] = {
    CasePlace.ELSEWHERE: {_M_.ARRIVES: CasePlace.IN_FRONT},
    CasePlace.IN_FRONT: {
        _M_.LEAVES: CasePlace.GONE,
        _M_.GOES_UNDER: CasePlace.UNDER,
        _M_.ENDS: CasePlace.OVER,
    },
    CasePlace.GONE: {_M_.GOES_UNDER: CasePlace.UNDER, _M_.ENDS: CasePlace.OVER},
    CasePlace.UNDER: {_M_.GOES_BACK: CasePlace.IN_FRONT, _M_.ENDS: CasePlace.OVER},
    CasePlace.OVER: {},
}


class Word(msgspec.Struct, frozen=True):
    """What a person did with a car that was not let pass: `released`, `refused` or `reported`, by whom and why."""

    what: str
    author: Author
    reason: str
    at: str


class PendingCase(msgspec.Struct):
    """One car in front of a lane.

    `decision` (with `credential`, `visit` and `proofs`) is the gateway's last one, None while a second proof is
    awaited; `grant` is the id of the grant that was given, by the gateway or by a person; `word` is what a person
    decided. `turned_away`: what it had shown when a person refused it.
    """

    id: str
    at: str
    seen_ns: int
    reads: list[CredentialRead] = msgspec.field(default_factory=list)
    told: set[tuple[str, str, str]] = msgspec.field(default_factory=set)
    named: bool = False
    decision: Decision | None = None
    credential: Credential | None = None
    visit: OpenVisit | None = None
    proofs: tuple[CredentialRead, ...] = ()
    grant: str | None = None
    word: Word | None = None
    turned_away: frozenset[Credential] = frozenset()
    state: CaseState = CaseState.PROVING
    place: CasePlace = CasePlace.ELSEWHERE

    @property
    def missing(self) -> tuple[Missing, ...]:
        """What must still come before this car may pass."""
        return MISSING[self.state]

    @property
    def handled(self) -> bool:
        """Whether a person has decided on it, or seen to it, and nothing was decided since."""
        return self.state in (_H, _HP)

    def happens(self, event: CaseEvent) -> None:
        """Go on to the table's next state."""
        self.state = TABLE[self.state][event]

    def moves(self, move: CaseMove) -> None:
        """The car goes somewhere."""
        self.place = PLACES[self.place][move]

    def decided(self, decision: Decision, credential: Credential, visit: OpenVisit | None) -> None:
        """The gateway has decided on what the car shows."""
        granted = decision.verdict is Verdict.GRANTED
        unpaid = decision.reason is Reason.UNPAID
        self.happens(_E.GRANTED if granted else _E.MUST_PAY if unpaid else _E.REFUSED)
        self.decision, self.credential, self.visit = decision, credential, visit
        named = decision.about_someone and decision.reason not in NOT_ITS_FAULT
        self.named = not granted and (self.named or named)

    def is_of_stay(self, decision: Decision, visit: OpenVisit | None) -> None:
        """A person says which stay a car without a card is of; what it has shown stays with it."""
        must_pay = decision.bill is not None and decision.bill.due > 0
        self.happens(_E.MUST_PAY if must_pay else _E.REFUSED)
        self.decision, self.visit = decision, visit

    def decided_after_release(self, decision: Decision, credential: Credential, visit: OpenVisit | None) -> None:
        """As `decided`, of a car that a person had let pass before it showed anything."""
        named = self.named
        self.decided(decision, credential, visit)
        self.named = named

    @property
    def refused(self) -> bool:
        """Whether a person's last word on the car was a refusal, which outlasts a payment."""
        return self.word is not None and self.word.what == REFUSED

    def was_refused_with(self, credential: Credential) -> bool:
        """Whether a person has refused the car when it had shown this: only a person lets it pass by it."""
        return self.refused and credential in self.turned_away

    @property
    def bill(self) -> Bill | None:
        """At an exit, what the car's stay costs."""
        return self.decision.bill if self.decision is not None else None

    @property
    def asked_to_pay(self) -> bool:
        """Whether the gateway's last decision was that it must pay."""
        return self.decision is not None and self.decision.reason is Reason.UNPAID

    @property
    def stopped_for_more(self) -> bool:
        """Whether the gateway's last decision has another reason than money, which no payment and no debt lifts."""
        return self.decision is not None and self.decision.reason not in (Reason.UNPAID, *NOT_ITS_FAULT)

    @property
    def owes(self) -> bool:
        """Whether something is due for the car's stay."""
        return self.bill is not None and self.bill.due > 0

    def owes_again(self, decision: Decision) -> bool:
        """Whether something is due by this decision for a stay that nothing was due for: the time to leave is over."""
        now, before = decision.bill, self.bill
        return now is not None and before is not None and now.due > 0 and not before.due and now.visit == before.visit

    def decided_by(self, *proofs: CredentialRead) -> None:
        """The reads that the last decision was about: a payment lets the car pass by these, and by no later one."""
        self.proofs = proofs

    def billed(self, bill: Bill) -> None:
        """The bill has changed, by a payment or because the car is released as owed."""
        if self.decision is not None:
            self.decision = msgspec.structs.replace(self.decision, bill=bill)
        if not bill.due:
            self.happens(_E.SETTLED)

    def shows_of_another(self, decision: Decision, credential: Credential) -> None:
        """The car shows a card by which a car at the other side may pass: a person's word on it still counts."""
        self.happens(_E.SHOWS_GRANTED if decision.verdict is Verdict.GRANTED else _E.SHOWS_REFUSED)
        self.decision, self.credential = decision, credential

    def first_shown(self, credential: Credential, visit: OpenVisit | None) -> None:
        """The first of two proofs was read; `visit`: the stay that the passage of its car would end."""
        self.credential = self.credential or credential
        self.visit = self.visit or visit

    def granted_by(self, grant_id: str) -> None:
        """The grant by which the car may pass."""
        self.grant = grant_id

    def person_decided(self, word: Word) -> None:
        """A person has decided on the car, or seen to it."""
        self.happens(_E.PERSON_DECIDED)
        self.word = word
        if word.what == REFUSED:
            shown = {Credential(one.kind, one.value) for one in self.reads}
            self.turned_away = frozenset(shown | ({self.credential} if self.credential else set()))

    def share(self, other: PendingCase) -> None:
        """The same car, at another lane where it may stand as well."""
        self.id = other.id

    def seen(self, now_ns: int) -> None:
        """The car has been read at this moment."""
        self.seen_ns = now_ns

    @property
    def pass_id(self) -> str | None:
        """The id of the car's pass, if known."""
        found = self.decision.pass_ if self.decision else self._only_pass()
        return found.id if found else None

    @property
    def kind(self) -> str | None:
        """The kind of this pass."""
        found = self.decision.pass_ if self.decision else self._only_pass()
        return found.kind.value if found else None

    @property
    def plate(self) -> str | None:
        """The plate that was read, else the only plate of the pass."""
        read = self.plate_read
        found = self.decision.pass_ if self.decision else self._only_pass()
        visitor = self.decision.visit if self.decision else None
        known = found.plates if found else (visitor.plate,) if visitor else ()
        return read or (known[0] if len(known) == 1 else None)

    @property
    def expected(self) -> str | None:
        """The id of the visit that an expected visitor begins; None for one who is inside already."""
        decided = self.decision
        if decided is None or decided.visit is None or decided.reason is Reason.ALREADY_INSIDE:
            return None
        return decided.visit.visit

    @property
    def plate_read(self) -> str | None:
        """The plate that a camera read of this car."""
        read = next((read.value for read in reversed(self.reads) if read.kind == "plate"), None)
        if read is None and self.credential is not None and self.credential.kind == "plate":
            return self.credential.value  # read in an earlier run
        return read

    def _only_pass(self) -> Any:
        passes = self.reads[-1].passes if self.reads else ()
        return passes[0] if len(passes) == 1 else None

    def is_of(self, other: PendingCase) -> bool:
        """Whether two cases are of one car: the same pass, or a credential that both have shown."""
        mine = {(one.kind, one.value) for one in self.reads}
        same_pass = self.pass_id is not None and self.pass_id == other.pass_id
        return same_pass or any((one.kind, one.value) in mine for one in other.reads)

    def shown(self, read: CredentialRead) -> None:
        """Add a read; each credential is kept once, as it was read last."""
        self.reads = [one for one in self.reads if (one.kind, one.value) != (read.kind, read.value)][-READS_MAX:]
        self.reads.append(read)

    def has_shown(self, read: CredentialRead) -> bool:
        """Whether this was read of the car, in an earlier run too."""
        known = self.credential
        before = known is not None and (known.kind, known.value) == (read.kind, read.value)
        return before or any((one.kind, one.value) == (read.kind, read.value) for one in self.reads)

    def other_proof(self, read: CredentialRead, since_ns: int | None) -> CredentialRead | None:
        """The other proof of the same car: its plate for a card, its card for a plate.

        `since_ns`: only if the case was seen since then; None: the loop shows that it is the same car.
        """
        if since_ns is not None and self.seen_ns < since_ns:
            return None
        return next(
            (one for one in reversed(self.reads) if (one.kind == "plate") != (read.kind == "plate") and not one.fault),
            None,
        )

    def told_already(self, credential: Credential, reason: str) -> bool:
        """Whether this refusal was reported before; from now on it is."""
        case = (credential.kind, credential.value, reason)
        known = case in self.told
        if len(self.told) < TOLD_MAX:
            self.told.add(case)
        return known

    def view(self) -> Case:
        """The case for screens; nothing personal."""
        decided = self.decision
        return Case(
            id=self.id,
            at=self.at,
            verdict=decided.verdict.value if decided else None,
            reason=decided.reason.value if decided else None,
            credential=self.credential,
            pass_=self.pass_id,
            kind=self.kind,
            plate_read=self.plate_read,
            plates_differ=decided is not None and decided.reason is Reason.PLATE_MISMATCH,
            missing=self.missing or ("word",),
            charge=self.bill.view() if self.bill is not None else UNSET,
            debts=debt_views(decided.debts if decided else ()),
            visit=_visit_of(decided) or UNSET,
        )


def _visit_of(decided: Decision | None) -> str:
    """The visit of its car: an expected visitor's, or the stay that is charged; "" where none is known."""
    if decided is None:
        return ""
    return decided.visit.visit if decided.visit is not None else decided.bill.visit if decided.bill is not None else ""


def taken_up(
    last: LastDecision, visit: OpenVisit | None, wall_ns: int, mono_ns: int, *, slip: bool = False
) -> PendingCase | None:
    """The case of a lane's last decision before the restart; None if the car was granted, or it is too old.

    `visit`: the open visit of its car; `slip`: its goods wait for one. A decision in words of another version of the
    program gives no case.
    """
    try:
        verdict, reason = Verdict(last.verdict), Reason(last.reason or "")
        found = Pass(last.pass_, PassKind(last.kind)) if last.pass_ and last.kind else None
    except ValueError:
        return None
    age_ns = wall_ns - wall_ns_of(datetime.fromisoformat(last.at))
    bill = None if last.charge is UNSET else bill_again(last.charge)
    if verdict is Verdict.GRANTED or not last.case or not 0 <= age_ns <= CASE_MS * NS_PER_MS:
        return None
    return PendingCase(
        id=last.case,
        at=last.at,
        seen_ns=mono_ns - age_ns,
        named=found is not None and reason not in NOT_ITS_FAULT,
        decision=Decision(verdict, reason, "decided before the restart", found, last.days_left, bill=bill, slip=slip),
        credential=last.credential,
        visit=visit,
        word=_word_of(last),
        turned_away=frozenset({last.credential} if last.credential else ()),
        state=_taken_up_as(last, reason, bill),
    )


def _word_of(last: LastDecision) -> Word | None:
    said = last.handled
    return None if said is UNSET else Word(said.what, Author(said.by or ""), said.reason or NOT_STATED, said.at)


def _taken_up_as(last: LastDecision, reason: Reason, bill: Bill | None) -> CaseState:
    if last.handled is not UNSET:
        return CaseState.HANDLED
    unpaid = reason is Reason.UNPAID and bill is not None and bill.due > 0
    return CaseState.UNPAID if unpaid else CaseState.WAITING


class Cases:
    """The cases of one barrier: by lane the one in front and the one that has just left; and the one under the arm."""

    def __init__(self) -> None:
        self._open: dict[str, PendingCase] = {}
        self._gone: dict[str, tuple[PendingCase, int]] = {}
        self._under: PendingCase | None = None

    # ---- in front

    def of(self, lane: Lane, occupied: bool | None, now_ns: int) -> PendingCase | None:
        """The case of the car in front; `occupied` is the state of the approach loop, None without one.

        A read while the loop is empty is of a car that is about to roll up.
        """
        case = self._open.get(lane.id)
        kept_ms = CASE_MS if occupied is None else UNNAMED_MS
        if case is not None and not occupied and now_ns - case.seen_ns > kept_ms * NS_PER_MS:
            self.end(lane)
            return None
        return case

    def current(self, lane: Lane) -> PendingCase | None:
        """The case of a lane as of the last look."""
        return self._open.get(lane.id)

    def holds(self, lane: Lane, case_id: str | None) -> bool:
        """Whether the case is that of the car in front."""
        case = self._open.get(lane.id)
        return case is not None and case.id == case_id

    def begin(self, lane: Lane, case: PendingCase) -> PendingCase:
        """A car has come."""
        self.end(lane)
        self._open[lane.id] = case
        case.moves(CaseMove.ARRIVES)
        return case

    def end(self, lane: Lane) -> None:
        """The car in front of a lane has gone, or a person has dealt with it."""
        case = self._open.pop(lane.id, None)
        if case is not None:
            case.moves(CaseMove.ENDS)

    def end_unless_seen_since(self, lane: Lane, since_ns: int) -> None:
        """A car has come to the loop: what was read before it rolled up is its own, what was read earlier is not."""
        case = self._open.get(lane.id)
        if case is not None and case.seen_ns < since_ns:
            self.end(lane)

    def end_by_id(self, case_id: str) -> None:
        """That car is dealt with, at whichever lane it waited."""
        for lane in [lane for lane, case in self._open.items() if case.id == case_id]:
            self._open.pop(lane).moves(CaseMove.ENDS)

    # ---- on to the arm and back

    def leaves(self, lane: Lane, now_ns: int) -> None:
        """The approach loop is free: its car has gone, back or on to the arm."""
        case = self._open.pop(lane.id, None)
        if case is not None:
            self._forget_gone(lane)
            self._gone[lane.id] = case, now_ns
            case.moves(CaseMove.LEAVES)

    def gone_with(self, lane: Lane, now_ns: int) -> PendingCase | None:
        """The case of the car that has left the loop and did not come under the arm."""
        gone, at_ns = self._gone.get(lane.id, (None, now_ns))
        return gone if now_ns - at_ns > LEFT_MS * NS_PER_MS else None

    def nobody_under(self) -> None:
        """Another vehicle comes under the arm: the one before it has gone."""
        self._put_under(None)

    def goes_under(self, lane: Lane, occupied: bool | None, now_ns: int) -> None:
        """A vehicle comes under the arm without a grant: the car that has just left the loop, or stands on it."""
        gone, at_ns = self._gone.pop(lane.id, (None, 0))
        if gone is not None and now_ns - at_ns <= GONE_MS * NS_PER_MS:
            self._put_under(gone)
            return
        if gone is not None:
            gone.moves(CaseMove.ENDS)
        case = self.of(lane, occupied, now_ns)
        self._open.pop(lane.id, None)
        self._put_under(case)

    def goes_under_by(self, grant_id: str) -> None:
        """The vehicle of a grant is under the arm: what is read from now on is of the next one."""
        found = next((lane for lane, case in self._open.items() if case.grant == grant_id), None)
        if found is not None:
            self._put_under(self._open.pop(found))

    def passed_by(self, grant_id: str) -> None:
        """The vehicle of a grant has passed: its case is over."""
        for lane in [lane for lane, case in self._open.items() if case.grant == grant_id][:1]:
            self._open.pop(lane).moves(CaseMove.ENDS)

    def passed(self) -> PendingCase | None:
        """The vehicle under the arm has passed; its case, which is over."""
        case = self._under
        self._put_under(None)
        return case

    def goes_back(self, lane: Lane, *, stands: bool) -> None:
        """The vehicle under the arm goes back; `stands`: it is on the loop in front again."""
        case = self._under
        if case is None or not stands:
            self._put_under(None)
            return
        self._under = None
        self.end(lane)
        self._open[lane.id] = case
        case.moves(CaseMove.GOES_BACK)

    def _forget_gone(self, lane: Lane) -> None:
        gone, _ = self._gone.pop(lane.id, (None, 0))
        if gone is not None:
            gone.moves(CaseMove.ENDS)

    def _put_under(self, case: PendingCase | None) -> None:
        if self._under is not None:
            self._under.moves(CaseMove.ENDS)
        self._under = case
        if case is not None:
            case.moves(CaseMove.GOES_UNDER)


def differ(one: CredentialRead, other: CredentialRead) -> bool:
    """Whether card and plate of one car contradict each other; an unknown card does not."""
    card, plate = (other, one) if one.kind == "plate" else (one, other)
    if not card.passes:
        return bool(card.expected) and all(_is_of_another_visitor(one, plate) for one in card.expected)
    if plate.passes:
        return not {found.id for found in card.passes} & {found.id for found in plate.passes}
    return all(found.plates and not any(_is_read_of(plate.value, own) for own in found.plates) for found in card.passes)


def _is_of_another_visitor(expected: ExpectedVisit, plate: CredentialRead) -> bool:
    """Whether the plate beside a visitor's card or code is not that of the visitor."""
    if plate.expected:
        return all(one.visit != expected.visit for one in plate.expected)
    if plate.passes:
        return True
    return expected.plate is not None and not _is_read_of(plate.value, expected.plate)


def _is_read_of(read: str, own: str) -> bool:
    """Whether the plate may be a misread of the other."""
    one, other = plates.normalise(read), plates.normalise(own)
    return one == other or plates.alike(one, other)
