"""Decides on a read: facts from the projections, corrected by the passages since, then the rules.

A decision is computed before any state changes. If it raises, the car is referred.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from gateway.core.access.barriers import AccessBarriers
from gateway.core.access.places import Places
from gateway.core.access.reads import Taken, shown
from gateway.core.access.recent import Recent
from gateway.core.access.rules import Decision, Load, Question, Space, decide, payment_of
from gateway.core.access.visitors import visitor_of
from gateway.core.alarms.faults import Faults
from gateway.core.charges.bill import Bill
from gateway.core.payments.bills import Bills
from gateway.core.settings.model import Direction, Lane, Settings
from gateway.core.vocabulary.clock import SureClock
from gateway.core.vocabulary.events import CredentialRead, ExpectedVisit
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.core.vocabulary.reasons import Reason, Verdict
from gateway.core.vocabulary.turn import Turn

HAZARDOUS = "hazardous"
"""The list of vehicles that are refused at entries."""


class Decider:
    """Computes decisions; its only effect is the report of a fault."""

    def __init__(
        self,
        settings: Settings,
        barriers: AccessBarriers,
        recent: Recent,
        clock: SureClock,
        faults: Faults,
        bills: Bills,
    ) -> None:
        self._anti_passback = settings.site.anti_passback
        self._goods_slip = settings.site.goods_slip
        self._zone = settings.zone
        self._barriers = barriers
        self._recent = recent
        self._places = Places(settings, recent)
        self._clock = clock
        self._faults = faults
        self._bills = bills

    def decide(self, turn: Turn, lane: Lane, taken: Taken) -> tuple[Taken, Decision]:
        """The decision by the rules, and the read that it is based on."""
        return self._worked_out(
            turn,
            taken,
            lane.direction is Direction.ENTRY,
            lambda read: self._decided(turn, lane, taken.replaced(read)),
        )

    def _decided(self, turn: Turn, lane: Lane, taken: Taken) -> Decision:
        """By the rules, with what the stay costs at an exit, and what the car owes from earlier ones."""
        read = taken.read
        bill = self._bills.of_read(read, turn.now.wall_ns) if lane.direction is Direction.EXIT else None
        question = self.question(turn, lane, taken, bill)
        found = decide(read.passes, question, _visitor(read))
        if question.load is Load.NO_SLIP:
            found = msgspec.structs.replace(found, slip=True)
        debts = tuple([one for one in self._bills.debts(read) if bill is None or one.visit != bill.visit])
        return msgspec.structs.replace(found, bill=bill, debts=debts) if bill or debts else found

    def lane_unclear(self, turn: Turn, taken: Taken) -> tuple[Taken, Decision]:
        """The decision if the lane of the car is not known."""
        return self._worked_out(turn, taken, False, _unclear)

    def _worked_out(
        self, turn: Turn, taken: Taken, at_entry: bool, of: Callable[[CredentialRead], Decision]
    ) -> tuple[Taken, Decision]:
        try:
            read = self._corrected(taken.read, self._clock.wall_ns(turn.now), at_entry)
            if read.fault:
                found = Decision(Verdict.REFERRED, Reason.FAULT, "the pass could not be looked up")
            else:
                found = of(read)
            return taken.replaced(read), found
        except Exception as error:
            self._faults.contain(turn, taken.read, error)
            read = msgspec.structs.replace(taken.read, passes=(), visits=(), expected=(), debts=())
            found = Decision(Verdict.REFERRED, Reason.FAULT, "the decision could not be worked out")
            return taken.replaced(read), found

    def question(self, turn: Turn, lane: Lane, taken: Taken, bill: Bill | None = None) -> Question:
        """All facts for the rules; `bill`: at an exit, of the stay that it would end."""
        read = taken.read
        return Question(
            lane=lane.id,
            direction=lane.direction,
            fitness=self._barriers.barrier_of(lane.id).fitness(),
            wall_ns=self._clock.wall_ns(turn.now),
            zone=self._zone,
            anti_passback="hard" if read.single_use else self._anti_passback,
            inside=self.is_inside(lane, read),
            visit_inside=self.is_visitor_inside(lane, read),
            mismatch=taken.mismatch,
            elsewhere=taken.elsewhere,
            spaces=self._spaces(lane, read),
            payment=payment_of(bill),
            load=self._load(lane, taken, self._clock.wall_ns(turn.now)),
        )

    def _corrected(self, read: CredentialRead, wall_ns: int, at_entry: bool) -> CredentialRead:
        """The facts of the projections for a read, corrected by the passages since."""
        passes = frozenset(found.id for found in read.passes) if not read.single_use else frozenset()
        visitor = visitor_of(read, self._recent, wall_ns, at_entry)
        expected = (visitor,) if visitor is not None else ()
        visits = self._recent.visits(
            read.visits, read.after, passes, read.value, visitor.visit if visitor is not None else ""
        )
        used = read.used or (read.single_use and self._recent.used(read.value, read.after))
        if visits == read.visits and used == read.used and expected == read.expected:
            return read
        return msgspec.structs.replace(read, visits=visits, used=used, expected=expected)

    def is_inside(self, lane: Lane, read: CredentialRead) -> bool:
        """Whether the car is inside, or about to come in at another lane; a used single-use code counts as inside."""
        if lane.direction is Direction.EXIT:
            return bool(read.visits)
        expected = [one for one in self._barriers.expected() if one.lane != lane.id]
        if read.single_use:
            return read.used or any(shown(read) in one.shown for one in expected)
        passes = {found.id for found in read.passes}
        return bool(read.visits) or any(one.pass_id in passes for one in expected)

    def is_visitor_inside(self, lane: Lane, read: CredentialRead) -> bool:
        """Whether the expected visitor is inside, or about to come in at another lane."""
        found = _visitor(read)
        if found is None:
            return False
        if lane.direction is Direction.EXIT:
            return any(one.visit == found.visit for one in read.visits)
        coming = (one.visit for one in self._barriers.expected() if one.lane != lane.id)
        return found.entered or found.visit in coming

    def _load(self, lane: Lane, taken: Taken, wall_ns: int) -> Load:
        """What is known of the load by the visitor's registration, or by a list of vehicles for a proof of the car."""
        reads = [one for one in (taken.read, taken.second) if one is not None]
        visitors = [visitor for read in reads for visitor in read.expected]
        if lane.direction is Direction.EXIT:
            goods = any(one.goods for one in visitors) or any(one.goods for one in taken.read.visits[:1])
            return Load.NO_SLIP if self._goods_slip and goods else Load.FITS
        listed = any(one.kind == HAZARDOUS and wall_ns < one.until_ns for read in reads for one in read.listed)
        return Load.HAZARDOUS if listed or any(one.hazardous for one in visitors) else Load.FITS

    def _spaces(self, lane: Lane, read: CredentialRead) -> dict[str, Space]:
        """By pass id, whether there is a place for its car inside."""
        if not read.occupancy or lane.direction is Direction.EXIT:
            return {}
        occupancy = {one.pass_id: one for one in read.occupancy}
        expected = self._barriers.expected()
        visitors = [Pass(one.visit, PassKind.TEMPORARY) for one in read.expected]
        return {
            found.id: self._places.space(found, occupancy[found.id], read.value, expected)
            for found in (*read.passes, *visitors)
            if found.id in occupancy
        }


def _visitor(read: CredentialRead) -> ExpectedVisit | None:
    """The visitor of a read that was corrected."""
    return read.expected[0] if read.expected else None


def _unclear(read: CredentialRead) -> Decision:
    found = read.passes[0] if len(read.passes) == 1 else None
    return Decision(Verdict.REFERRED, Reason.LANE_UNCLEAR, "the lane is not clear", found)
