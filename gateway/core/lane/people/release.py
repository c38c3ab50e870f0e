"""Release: a person, or the exit button, lets one vehicle pass; or a person says that one passed by hand."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.core.access.pending import PendingCase
from gateway.core.access.rules import Decision, LaneFitness
from gateway.core.lane.arm.table import ArmState
from gateway.core.lane.grants.grant import Grant
from gateway.core.lane.grants.visitor import VisitorAtGate
from gateway.core.lane.motion.commanded import CommandedMoves
from gateway.core.lane.motion.orders import ArmOrders
from gateway.core.lane.parts import LaneParts
from gateway.core.lane.people.admission import Admission
from gateway.core.lane.people.cars import CarsInFront
from gateway.core.lane.people.decided import by_person, money_of
from gateway.core.lane.people.resume import Resume
from gateway.core.lane.people.words import PersonsWords
from gateway.core.lane.traffic.recorder import PassageRecorder
from gateway.core.settings.model import Lane
from gateway.core.vocabulary.authors import Author
from gateway.core.vocabulary.events import OpenVisit
from gateway.core.vocabulary.reasons import Reason, Verdict
from gateway.core.vocabulary.rows import (
    UNSET,
    AccessGrantedByHand,
    AccessReferred,
    ButtonReferred,
    CaseReleased,
    VisitOwed,
)
from gateway.core.vocabulary.turn import Turn, rfc3339

BUTTON = "exit button"


class Release:
    """What follows from a person's word for the car in front."""

    def __init__(
        self,
        lane: LaneParts,
        orders: ArmOrders,
        moves: CommandedMoves,
        cars: CarsInFront,
        admission: Admission,
        words: PersonsWords,
        recorder: PassageRecorder,
        resume: Resume,
    ) -> None:
        self._lane = lane
        self._orders = orders
        self._moves = moves
        self._cars = cars
        self._admission = admission
        self._words = words
        self._recorder = recorder
        self._resume = resume

    def let_pass(
        self,
        turn: Turn,
        at: Lane,
        author: Author,
        reason: str,
        stated: str,
        identity_checked: Any = None,
        *,
        named: bool = False,
        stay: str = "",
        person: str = "",
        visitor: VisitorAtGate | None = None,
    ) -> None:
        """A person lets one vehicle pass, and may state why; from wherever the arm is.

        `visitor`: who was registered for it a moment ago; its passage begins that visit.
        A car that waits for that word is the one that is let pass, with its pass; an emergency vehicle is no known car.
        Opened again for a car that may pass already, it is the same grant. `stay`, `person`: of a car without a card.
        """
        now_ns = turn.now.mono_ns
        case = None if reason == Reason.EMERGENCY.value else self._cars.pending(at, now_ns, named=named)
        grant = self._cars.grant_in_front(at, reason, case, now_ns)
        fresh = grant is None
        grant = grant or self._grant(turn, at, author, reason, case)
        if visitor is not None:
            grant.expect(visitor.visit, visitor.plate)
        if fresh:
            decided = by_person(at, reason, author.by, case)
            said: dict[str, Any] = {**decided.fields(), **author.document()}
            row = AccessGrantedByHand(
                **said,
                grant=grant.id,
                stated=stated or None,
                barrier=self._lane.wiring.barrier.id,
                identity_checked=UNSET if identity_checked is None else identity_checked,
                visit=stay or grant.expected or UNSET,
                person=person or UNSET,
                charge=UNSET if grant.bill is None else grant.bill.charged(),
            )
            turn.append(row)
            self._admission.show(turn, Verdict.GRANTED, decided, case.decision if case else None, grant.id)
        if visitor is not None:
            self._admission.direct(turn, at, visitor.shown)
        if case is not None:
            self._words.record(turn, at, CaseReleased, case, author, stated)
        self._resume.person_decides(turn)
        self._moves.keep_up(turn)
        self._open(turn, at, author, reason, grant)

    def name_stay(self, turn: Turn, at: Lane, author: Author, decision: Decision, visit: OpenVisit | None) -> bool:
        """The car in front, which may have shown nothing, is of this stay, and waits; False: it may pass already."""
        lane, now_ns = self._lane, turn.now.mono_ns
        case = self._cars.pending(at, now_ns, named=True)
        if case is None:
            if lane.grants.in_front(at):
                return False
            case = lane.cases.begin(at, PendingCase(lane.ids.next("c"), turn.at, now_ns))
        self._cars.keep(turn, at, case)
        case.is_of_stay(decision, visit)
        decided = by_person(at, decision.reason.value, author.by, case)
        turn.append(AccessReferred(**decided.fields(), **money_of(decision)))
        self._admission.show(turn, decision.verdict, decided, decision)
        return True

    def as_owed(self, turn: Turn, at: Lane, author: Author, reason: str, stated: str, detail: dict[str, Any]) -> None:
        """A person releases the car in front, which must pay, and its sum is owed from now on.

        Whatever else it is stopped for needs another word: a block or a plate that differs, the slip of goods, the
        check of a driver without a card.
        """
        case = self._cars.case_of(at, turn.now.mono_ns)
        bill = case.bill if case is not None else None
        if case is None or bill is None:
            return
        row = VisitOwed(
            visit=bill.visit,
            entry=self._lane.ids.next("o"),
            amount=bill.due,
            currency=bill.currency,
            due=bill.due,
            charge=bill.amount,
            paid=bill.paid,
            until=rfc3339(bill.until_ns),
            lane=at.id,
            case=case.id,
            plate=case.plate,
            credential=case.credential,
            reason=stated,
            leader=detail.get("leader") or None,
            **author.document(),
        )
        turn.append(row)
        released = msgspec.structs.replace(bill, due=0, owed=bill.due)
        case.billed(released)
        self._lane.decisions.billed(at, case.id, released)
        decision = case.decision
        if decision is not None and decision.slip and decision.reason is Reason.UNPAID:
            goods = msgspec.structs.replace(decision, reason=Reason.SLIP_MISSING, rule="goods, at an exit")
            self._admission.refer(turn, at, case, goods)
            return
        if case.stopped_for_more:
            return
        self.let_pass(turn, at, author, reason, stated, detail.get("identity_checked"), named=True)

    def _grant(self, turn: Turn, at: Lane, author: Author, reason: str, case: PendingCase | None) -> Grant:
        """A person's grant, bound to the car that waits."""
        grant = Grant(
            self._lane.ids.next("g"), at, reason, author.by, turn.at,
            given_ns=turn.now.mono_ns, stood=self._cars.stands(at), via=author.via, station=author.station,
        )  # fmt: skip
        if case is not None:
            grant.bind_to(case)
        self._admission.add(grant)
        return grant

    def _open(self, turn: Turn, at: Lane, author: Author, reason: str, grant: Grant) -> None:
        """OPEN, unless the arm is up, goes up, or was asked to."""
        lane = self._lane
        rises = lane.arm.state is ArmState.RISING and not lane.movement.void
        if not lane.arm.open and not rises and not lane.terminals.asked("open"):
            self._orders.ask(turn, "open", reason, author, grant, at)

    def pressed(self, turn: Turn, at: Lane) -> None:
        """The exit button: one vehicle may pass, under the same rules as a read; pressed again it is still that one."""
        if any(grant.by_button for grant in self._lane.grants.in_front(at)):
            again = by_person(at, Reason.OPERATOR.value, BUTTON)
            self._admission.show(turn, Verdict.GRANTED, again, None)
        elif (refused := self._refused_to_button(at)) is not None:
            decided = by_person(at, refused.value, BUTTON)
            turn.append(ButtonReferred(**decided.fields()))
            self._admission.show(turn, Verdict.REFERRED, decided, None)
        else:
            self._grant_to_button(turn, at)

    def _refused_to_button(self, at: Lane) -> Reason | None:
        """Why the exit button lets no vehicle pass now; a slip is matched by a guard, and not by the driver."""
        fitness = self._admission.fitness()
        if fitness is not LaneFitness.READY:
            return Reason.LANE_LOCKED if fitness is LaneFitness.LOCKED else Reason.LANE_FAULT
        if self._cars.must_pay(at):
            return Reason.UNPAID
        return Reason.SLIP_MISSING if self._cars.must_show_slip(at) else None

    def _grant_to_button(self, turn: Turn, at: Lane) -> None:
        case = self._cars.pending(at, turn.now.mono_ns)
        grant = Grant(self._lane.ids.next("g"), at, Reason.OPERATOR.value, BUTTON, turn.at, by_button=True)
        if case is not None:
            grant.bind_to(case)
        decided = by_person(at, grant.reason, BUTTON, case)
        turn.append(AccessGrantedByHand(**decided.fields(), grant=grant.id))
        self._admission.show(turn, Verdict.GRANTED, decided, None, grant.id)
        self._admission.open_for(turn, grant)

    def passed_by_hand(self, turn: Turn, at: Lane, author: Author, stated: str) -> None:
        """A person let a vehicle through: the car that waits, or one that was not read.

        The loops may have seen it cross a moment ago: then it is on record, and only the person's word is added.
        """
        lane, now_ns = self._lane, turn.now.mono_ns
        case = self._cars.case_of(at, now_ns)
        came_ns = lane.arrivals.came_ns(at) if self._cars.stands(at) else None
        crossed = case is None and lane.by_hand.take_crossed(at, now_ns, came_ns)
        if case is not None or crossed:
            self._words.record(turn, at, CaseReleased, case, author, stated)
        if not crossed:
            told = {**author.document(), "stated": stated or None}
            self._recorder.record(turn, at, None, "hand", "declared", case, told)
            lane.by_hand.declared(at, now_ns)
        if case is not None:
            lane.cases.end_by_id(case.id)
