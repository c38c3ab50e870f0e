"""The receipt of a visit, from what the projections know of its payments and what the clerk works out of its charge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec

from gateway.core.charges.price import Line
from gateway.core.papers.receipt import Receipt, Settlement
from gateway.core.settings.model import Site
from gateway.core.vocabulary.errors import NotFoundError, VisitConflictError
from gateway.core.vocabulary.times import NS_PER_S
from gateway.core.vocabulary.views import ChargeLine, ChargeView, VisitView


class Settled(Protocol):
    """One act that settled a part of a charge."""

    @property
    def sequence(self) -> int: ...
    @property
    def how(self) -> Any: ...
    @property
    def amount(self) -> int: ...
    @property
    def by(self) -> str: ...
    @property
    def wall_ns(self) -> int: ...


class Accounts(Protocol):
    """The needed part of `State`."""

    def visit(self, visit: str) -> VisitView | None:
        """The visit of that id."""

    def settlements(self, visit: str) -> Sequence[Settled]:
        """How its charge was settled, oldest first."""


class Receipts:
    """Makes receipts; `charge`: `visits.charge` of the clerk."""

    def __init__(self, accounts: Accounts, charge: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        self._accounts = accounts
        self._charge = charge

    def of(self, visit_id: str, site: Site) -> Receipt:
        """The receipt of a visit; NotFoundError, VisitConflictError when nothing was settled.

        Its number is that of the journal's row of the latest payment, so that anybody can find it again.
        """
        visit = self._accounts.visit(visit_id)
        if visit is None:
            raise NotFoundError(f"there is no visit {visit_id!r}")
        charge = msgspec.convert(self._charge({"visit": visit_id}), ChargeView)
        settled = self._accounts.settlements(visit_id)
        if not settled or charge.currency is None or charge.entered_at is None:
            raise VisitConflictError(f"nothing was paid for visit {visit_id!r}; there is no receipt")
        last = settled[-1]
        return Receipt(
            number=str(last.sequence),
            site=site.name or site.id,
            visit=visit_id,
            plate=visit.plate,
            entered=_instant(charge.entered_at),
            until=_instant(charge.until_at),
            minutes=charge.minutes,
            lines=tuple([_line(one) for one in charge.lines]),
            amount=charge.amount,
            currency=charge.currency,
            settled=_settled(settled, visit.owed or 0),
            due=0 if charge.owed else charge.due,
            leave_by=_instant(charge.leave_by) if charge.leave_by and visit.exited_at is None else None,
            by=last.by,
            at=datetime.fromtimestamp(last.wall_ns // NS_PER_S, UTC),
        )


def _settled(found: Sequence[Settled], owed: int) -> tuple[Settlement, ...]:
    """What was paid and waived, and what is still owed: a debt that was paid later is a payment alone."""
    settled = [Settlement(one.how, one.amount) for one in found if one.how != "owed"]
    return (*settled, Settlement("owed", owed)) if owed else tuple(settled)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _line(view: ChargeLine) -> Line:
    return Line(view.what, _instant(view.from_), _instant(view.until), view.period, view.amount)  # type: ignore[arg-type]
