"""The entries of this run, which the projections may not have: of payments, waivers, debts, validations and charges.

Each has a name of its own, so that one that both know counts once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from datetime import datetime

import msgspec

from gateway.core.vocabulary import rows
from gateway.core.vocabulary.events import Account, Debt, Entry
from gateway.core.vocabulary.reasons import Reason
from gateway.core.vocabulary.rows import UNSET, Row
from gateway.core.vocabulary.times import wall_ns_of

ENTRIES_MAX = 10_000
"""As many entries as rows may wait in memory while the disk fails; beyond that the oldest is forgotten."""
_KINDS: dict[type[Row], str] = {
    rows.VisitPaid: "paid",
    rows.VisitWaived: "waived",
    rows.VisitOwed: "owed",
    rows.VisitValidated: "validated",
    rows.VisitCharged: "charged",
}
MONEY: tuple[type[Row], ...] = (*_KINDS, rows.AccessReferred, rows.PassageReversed)
"""The rows that a book notes."""


def charged_name(visit: str) -> str:
    """The name of the entry that ends the account of a visit."""
    return f"charged:{visit}"


def said_of(amount: int | None, method: str, reference: str | None) -> str:
    """What tells a repeated request from another one."""
    return f"{amount} {method} {reference or ''}"


def entry_of(row: Row, wall_ns: int) -> Entry | None:
    """The entry that a row makes; None for a row that makes none. `wall_ns`: of the row."""
    if isinstance(row, rows.AccessReferred):
        return _quoted(row, wall_ns)
    kind = next((name for of, name in _KINDS.items() if isinstance(row, of)), None)
    if kind is None or not isinstance(row, rows.MoneyRow):
        return None
    made_at = row.made_at if isinstance(row, rows.VisitPaid) else UNSET
    return Entry(
        id=row.entry,
        visit=row.visit,
        kind=kind,
        wall_ns=wall_ns if made_at is UNSET else ns_of(str(made_at)),
        amount=row.amount or 0,
        due=row.due,
        charge=row.charge,
        until_ns=ns_of(row.until),
        paid=row.paid,
        minutes=row.minutes if isinstance(row, rows.VisitValidated) else None,
        percent=row.percent if isinstance(row, rows.VisitValidated) else None,
        said=_said(row),
    )


def _quoted(row: rows.AccessReferred, wall_ns: int) -> Entry | None:
    """The sum was asked for at an exit."""
    found = row.charge
    if found is UNSET or row.reason != Reason.UNPAID.value:
        return None
    until_ns = ns_of(found.until)
    return Entry(f"quoted:{found.visit}", found.visit, "quoted", wall_ns, found.due, found.due, found.amount, until_ns)


def _said(row: rows.MoneyRow) -> str:
    match row:
        case rows.VisitPaid():
            return said_of(row.amount, row.method, row.reference)
        case rows.VisitValidated():
            return said_of(row.amount, f"validated {row.minutes} {row.percent}", row.reason)
        case rows.VisitWaived():
            return said_of(None, "waived", row.reason)
    return ""


def ns_of(text: str) -> int:
    """The instant of a row."""
    return wall_ns_of(datetime.fromisoformat(text))


class Book:
    """The entries of this run, by visit."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._of_visit: dict[str, dict[str, Entry]] = {}
        self._owed: dict[str, Debt] = {}

    def note(self, row: Row | None, wall_ns: int) -> None:
        """Note a row of `MONEY`; one that is noted already changes nothing."""
        if isinstance(row, rows.PassageReversed):
            if row.voids is not UNSET:
                self._drop(charged_name(str(row.voids)))
            return
        entry = entry_of(row, wall_ns) if row is not None else None
        if entry is None or (entry.id in self._entries and entry.kind != "quoted"):
            return
        self._drop(entry.id)
        self._entries[entry.id] = entry
        self._of_visit.setdefault(entry.visit, {})[entry.id] = entry
        if isinstance(row, rows.VisitOwed):
            credential = row.credential.value if row.credential else None
            self._owed[row.visit] = Debt(row.visit, row.due, row.currency, wall_ns, row.plate, credential)
        if len(self._entries) > ENTRIES_MAX:
            self._drop(next(iter(self._entries)))

    def _drop(self, name: str) -> None:
        entry = self._entries.pop(name, None)
        if entry is None:
            return
        of_visit = self._of_visit[entry.visit]
        del of_visit[name]
        if not of_visit:
            del self._of_visit[entry.visit]
            self._owed.pop(entry.visit, None)

    def entry(self, name: str) -> Entry | None:
        """The entry of that name, of this run."""
        return self._entries.get(name)

    def merged(self, account: Account) -> Account:
        """An account of the projections with the entries of this run; of one name the newer counts."""
        found = self._with(account.visit, account.entries)
        earlier = tuple(
            [msgspec.structs.replace(one, entries=self._with(one.visit, one.entries)) for one in account.earlier]
        )
        return msgspec.structs.replace(account, entries=found, earlier=earlier)

    def _with(self, visit: str, known: tuple[Entry, ...]) -> tuple[Entry, ...]:
        mine = self._of_visit.get(visit)
        return (*(one for one in known if one.id not in mine), *mine.values()) if mine else known

    def debts(self, known: tuple[Debt, ...], values: Collection[str]) -> tuple[Debt, ...]:
        """The debts of a car with one of these plates or cards, by the newest entry of this run, else as `known`."""
        mine = {visit: one for visit, one in self._owed.items() if one.plate in values or one.credential in values}
        found = {**{one.visit: one for one in known}, **mine}
        left = {visit: self._left(visit) for visit in found}
        debts = [
            one if left[visit] is None else msgspec.structs.replace(one, amount=left[visit])
            for visit, one in found.items()
        ]
        return tuple([one for one in debts if one.amount > 0])

    def _left(self, visit: str) -> int | None:
        """What is owed of a visit by the newest entry of this run; None when it has none."""
        kinds = ("owed", "paid", "waived")
        newest = next(
            (one for one in reversed(self._entries.values()) if one.visit == visit and one.kind in kinds), None
        )
        return newest.due if newest is not None else None
