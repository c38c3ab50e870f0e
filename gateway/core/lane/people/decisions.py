"""The last decision of each lane, as people see it; and what an earlier run has left of it."""

from __future__ import annotations

import msgspec

from gateway.core.access.pending import PendingCase, Word, taken_up
from gateway.core.access.rules import Decision
from gateway.core.charges.bill import Bill, debt_views
from gateway.core.lane.memory import Latest
from gateway.core.lane.people.decided import Decided
from gateway.core.settings.model import Lane
from gateway.core.vocabulary.reasons import Verdict
from gateway.core.vocabulary.rows import UNSET
from gateway.core.vocabulary.turn import Turn
from gateway.core.vocabulary.views import Handled, LastDecision


class LastDecisions:
    """By lane, the last decision; `latest`: those of an earlier run, with the open visit of the car.

    `goods_slip`: goods leave with a slip.
    """

    def __init__(self, latest: dict[str, Latest], *, goods_slip: bool) -> None:
        self._goods_slip = goods_slip
        self._stays = {lane: one.visit for lane, one in latest.items()}
        self._last = {
            lane: msgspec.structs.replace(one.decision, before_restart=True)
            for lane, one in latest.items()
            if one.decision is not None
        }

    def of(self, lane: Lane) -> LastDecision | None:
        """The last decision of a lane."""
        return self._last.get(lane.id)

    def show(
        self, turn: Turn, verdict: Verdict, decided: Decided, decision: Decision | None, grant: str | None
    ) -> None:
        """This was decided now."""
        self._last[decided.lane.id] = LastDecision(
            at=turn.at,
            verdict=verdict.value,
            valid_until=decision.pass_.valid_until if decision and decision.pass_ else None,
            by=decided.decided_by,
            case=decided.case,
            grant=grant,
            reason=decided.reason,
            credential=decided.credential,
            pass_=decided.pass_id,
            kind=decided.kind,
            days_left=decided.days_left,
            lane=decided.lane.id,
            charge=decision.bill.view() if decision and decision.bill else UNSET,
            debts=debt_views(decision.debts if decision else ()),
        )
        turn.show()

    def billed(self, lane: Lane, case: str, bill: Bill) -> None:
        """The bill of the car has changed since."""
        last = self._last.get(lane.id)
        if last is not None and last.case == case:
            self._last[lane.id] = msgspec.structs.replace(last, charge=bill.view())

    def handled(self, lane: Lane, case: PendingCase, word: Word) -> None:
        """A person has dealt with a car: shown with the decision on it."""
        last = self._last.get(lane.id)
        if last is not None and last.case == case.id:
            handled = Handled(what=word.what, by=word.author.by, reason=word.reason, at=word.at)
            self._last[lane.id] = msgspec.structs.replace(last, handled=handled)

    def take_up(self, lane: Lane, wall_ns: int, mono_ns: int) -> PendingCase | None:
        """The case of the car that the last run refused here; once."""
        last = self._last.get(lane.id)
        if last is None or last.before_restart is not True:
            return None
        stay = self._stays.get(lane.id)
        slip = self._goods_slip and stay is not None and stay.goods
        case = taken_up(last, stay, wall_ns, mono_ns, slip=slip)
        if case is not None:
            self._last[lane.id] = msgspec.structs.replace(last, before_restart=False)
        return case
