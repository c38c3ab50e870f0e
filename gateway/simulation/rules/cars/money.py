"""Money: `takings`, `charged`, `unpaid` and `author`, compared at the end of a story with what the journal holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from gateway.core.vocabulary.commands import Reply
from gateway.core.vocabulary.reasons import Reason
from gateway.core.vocabulary.rows import (
    UNSET,
    AccessReferred,
    CaseReleased,
    MoneyRow,
    PassageExited,
    PassageReversed,
    Row,
    VisitCharged,
    VisitOwed,
    VisitPaid,
    VisitWaived,
)
from gateway.simulation.rules.known import Barrier, Known, OnRow

if TYPE_CHECKING:
    from gateway.simulation.box.box import Box

PAGE = 1000
_TYPES = tuple(
    kind.type
    for kind in (VisitPaid, VisitWaived, VisitOwed, VisitCharged, PassageExited, PassageReversed, CaseReleased)
)


class MoneyRules:
    """What was asked and answered in the story, and what of it the journal must have."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._asked: dict[str, tuple[str, str, int]] = {}
        self._answered: dict[str, tuple[str, int]] = {}
        self.must_pay: Callable[[AccessReferred, str, int], None] = lambda _row, _visit, _due: None
        """Told of a car that must pay: the row, the visit and the sum."""

    def rows(self) -> dict[type[Row], OnRow]:
        """The rows that these rules look at as they come."""
        return {AccessReferred: self._referred}

    def _referred(self, _barrier: Barrier, row: AccessReferred, _now_ns: int) -> None:
        if row.reason == Reason.UNPAID.value and row.charge is not UNSET:
            self.must_pay(row, row.charge.visit, row.charge.due)

    def asked(self, request: str, payment: str, visit: str, amount: int) -> None:
        """A person pays."""
        self._asked[request] = payment, visit, amount

    def replied(self, reply: Reply) -> None:
        """The product has answered; `done` means that the money is on record for good."""
        known = self._asked.pop(reply.request, None)
        if known is not None and reply.status == "done":
            payment, visit, amount = known
            self._answered[payment] = visit, amount

    # ---- the end

    def ends(self, box: Box) -> None:
        """Compare with the whole journal."""
        rows = list(_rows(box))
        self._takings([row for row in rows if isinstance(row, VisitPaid)])
        self._charged(rows)
        self._unpaid(rows)
        self._authors(rows)

    def _takings(self, paid: list[VisitPaid]) -> None:
        """What the journal holds of each payment is what was taken, once."""
        booked = Counter(row.entry for row in paid)
        twice = [entry for entry, number in booked.items() if number > 1]
        if twice:
            raise self._known.broken("takings", f"payment {twice[0]} is in the journal {booked[twice[0]]} times")
        found = {row.entry: (row.visit, row.amount) for row in paid}
        for payment, said in self._answered.items():
            if found.get(payment) != said:
                what = f"payment {payment} was answered as {said}, and the journal has {found.get(payment)}"
                raise self._known.broken("takings", what)

    def _charged(self, rows: list[Row]) -> None:
        """The charges of a visit, without those whose passage did not happen."""
        times: Counter[str] = Counter()
        for row in rows:
            if isinstance(row, VisitCharged):
                times[row.visit] += 1
                if times[row.visit] > 1:
                    raise self._known.broken("charged", f"visit {row.visit} is charged {times[row.visit]} times")
            elif isinstance(row, PassageReversed) and row.voids is not UNSET:
                times[str(row.voids)] = 0

    def _unpaid(self, rows: list[Row]) -> None:
        """A car that the gateway lets out by itself has paid, or a person has waived its charge before."""
        covered: Counter[str] = Counter()
        for row in rows:
            if isinstance(row, VisitPaid | VisitWaived | VisitOwed):
                covered[row.visit] += row.amount or 0
            elif isinstance(row, PassageExited) and row.by == "gateway" and covered[row.visit] < (row.charge or 0):
                what = f"visit {row.visit} left by itself: {covered[row.visit]} of {row.charge} are covered"
                raise self._known.broken("unpaid", what)

    def _authors(self, rows: list[Row]) -> None:
        for row in rows:
            if isinstance(row, VisitOwed | VisitWaived | CaseReleased) and not (row.by and row.reason):
                raise self._known.broken(
                    "author", f"{row.type} has the author {row.by!r} and the reason {row.reason!r}"
                )


def _rows(box: Box) -> Iterator[MoneyRow | Row]:
    """All rows about money and exits, in order."""
    at = 0
    while page := box.reader.page(at, PAGE, _TYPES):
        for stored in page:
            row = stored.row()
            if row is not None:
                yield row
        at = page[-1].sequence
