"""Passages: the rows that everything else is for, and the last one of each lane."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from gateway.core.access.pending import PendingCase
from gateway.core.charges.bill import Bill
from gateway.core.charges.book import charged_name
from gateway.core.lane.grants.grant import Grant
from gateway.core.lane.wiring import Wiring
from gateway.core.settings.model import Direction, Lane
from gateway.core.vocabulary.events import OpenVisit
from gateway.core.vocabulary.rows import (
    Credential,
    PassageEntered,
    PassageExited,
    PassageReversed,
    PassageRow,
    PassageTailgated,
    VisitCharged,
)
from gateway.core.vocabulary.turn import NS_PER_MS, NS_PER_S, Ids, Turn, rfc3339
from gateway.core.vocabulary.views import LastPassage

VOID_MS = 60_000
"""A car that is read outside again so long after an inferred passage never went in."""


CHARGED_MAX = 1_000
"""Visits of this run that are known to be charged; the projections know earlier ones to be over."""


class ChargedVisits:
    """The visits of a site whose charge is on record: two cars with one card end one visit, which is charged once."""

    def __init__(self) -> None:
        self._visits: OrderedDict[str, None] = OrderedDict()

    def charge(self, visit: str) -> bool:
        """Whether it is not charged yet; from now on it is."""
        if visit in self._visits:
            return False
        self._visits[visit] = None
        if len(self._visits) > CHARGED_MAX:
            self._visits.popitem(last=False)
        return True

    def void(self, visit: str) -> None:
        """Its passage did not happen."""
        self._visits.pop(visit, None)


class Passages:
    """The passages of one barrier; `last`: by lane, what an earlier run has left."""

    def __init__(
        self, wiring: Wiring, ids: Ids, last: dict[str, LastPassage], charged: ChargedVisits | None = None
    ) -> None:
        self._ids = ids
        self._charged = charged or ChargedVisits()
        self._last = last
        self._inferred: PassageRow | None = None
        self._inferred_ns = 0
        self._one_loop = bool(wiring.barrier.safety) and wiring.barrier.approach_loop is None

    @property
    def last_inferred(self) -> bool:
        """Whether the last passage was only inferred, and its car may still stand outside."""
        return self._inferred is not None

    def last(self, lane: Lane) -> LastPassage | None:
        """The last passage of a lane, as screens know it."""
        return self._last.get(lane.id)

    def record(
        self,
        turn: Turn,
        lane: Lane,
        grant: Grant | None,
        method: str,
        certainty: str,
        mark: str | None,
        case: PendingCase | None = None,
        told: dict[str, str | None] | None = None,
        unpaid_by: str = "opened",
    ) -> None:
        """One passage: of the vehicle of a grant, of the car of a case, or of an unknown one.

        `told`: the person who says so. `mark`: `emergency` is not counted, `free_flow` counts without deciding.
        `unpaid_by`: what lets a car out for which something is due.
        """
        entry = lane.direction is Direction.ENTRY
        of = grant or case
        known = of.visit if of and not entry else None
        expected = of.expected if of and entry else None
        said: dict[str, Any] = {
            "lane": lane.id,
            "visit": known.visit if known else expected or self._ids.next("v"),
            "pass_": of.pass_id if of else None,
            "plate": (of.plate if of else None) or (known.plate if known else None),
            "method": method,
            "certainty": certainty,
            "kind": of.kind if of else None,
            "credential": of.credential if of else None,
            "grant": grant.id if grant else None,
            "by": grant.by if grant else None,
            "mark": mark,
            **(told or {}),
        }
        if case is not None or (grant is not None and grant.case is not None):
            said["case"] = case.id if case is not None else grant and grant.case
        bill = of.bill if of and known is not None and not entry else None
        if bill is not None and not self._charged.charge(bill.visit):
            bill = None
        row = PassageEntered(**said) if entry else _exited(said, known, bill, turn.now.wall_ns)
        turn.append(row)
        if bill is not None and (bill.amount or bill.settled):
            turn.append(_charged(bill, lane, said["by"], unpaid_by))
        inferred = self._one_loop and certainty == "inferred" and grant is not None
        self._inferred, self._inferred_ns = (row if inferred else None), turn.now.mono_ns
        way = "entered" if entry else "exited"
        self._last[lane.id] = LastPassage(at=turn.at, type=way, visit=row.visit, pass_=row.pass_, lane=lane.id)
        turn.show()

    def reversed(self, turn: Turn, lane: Lane, grant: Grant | None, way: str) -> None:
        """A vehicle went back, or over the lane the wrong way."""
        row = PassageReversed(
            lane=(grant.lane if grant else lane).id,
            visit=grant.visit.visit if grant and grant.visit else None,
            pass_=grant.pass_id if grant else None,
            grant=grant.id if grant else None,
            way=way,
        )
        turn.append(row)

    def tailgated(self, turn: Turn, lane: Lane, behind: str | None) -> None:
        """A vehicle followed another one; `behind`: the pass of that one."""
        turn.append(PassageTailgated(lane=lane.id, behind=behind))

    def void_inferred(self, turn: Turn, credential: Credential) -> None:
        """The car whose passage was only inferred is read outside again: it never went in."""
        last, self._inferred = self._inferred, None
        if last is None or last.credential != credential:
            return
        if turn.now.mono_ns - self._inferred_ns > VOID_MS * NS_PER_MS:
            return
        self._charged.void(last.visit)
        row = PassageReversed(
            lane=last.lane, visit=last.visit, pass_=last.pass_, grant=last.grant, way="read_again", voids=last.visit
        )
        turn.append(row)


def _exited(said: dict[str, Any], known: OpenVisit | None, bill: Bill | None, wall_ns: int) -> PassageExited:
    """The row of an exit; `known` is the stay that it ends, `bill` what that costs."""
    entered_ns = known.entered_wall_ns if known else None
    return PassageExited(
        **said,
        entered_at=None if entered_ns is None else rfc3339(entered_ns),
        duration_s=_duration_s(entered_ns, wall_ns),
        charge=None if bill is None else bill.amount,
    )


def _charged(bill: Bill, lane: Lane, by: str | None, unpaid_by: str) -> VisitCharged:
    """The row of the charge of a stay that is over; what is due is neither paid nor owed."""
    return VisitCharged(
        visit=bill.visit,
        entry=charged_name(bill.visit),
        amount=bill.amount,
        currency=bill.currency,
        due=bill.due,
        charge=bill.amount,
        paid=bill.paid,
        until=rfc3339(bill.until_ns),
        lane=lane.id,
        reason=unpaid_by if bill.due else "settled" if bill.settled else "free",
        by=by,
    )


def _duration_s(from_ns: int | None, to_ns: int) -> int | None:
    """How long a stay was; None when its beginning is not known, or lies ahead because the clock was stepped."""
    return (to_ns - from_ns) // NS_PER_S if from_ns is not None and from_ns <= to_ns else None
