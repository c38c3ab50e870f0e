"""The accounts of visits as the projections know them: payments, waivers, validations, debts and charges."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import apsw
import msgspec

from gateway.core.charges.book import charged_name, entry_of
from gateway.core.vocabulary import rows
from gateway.core.vocabulary.events import Account, Debt, EarlierStay, Entry
from gateway.core.vocabulary.rows import UNSET, Row
from gateway.store.passes.credentials import normal_plate

ENTRIES_MAX = 400_000
"""Entries of accounts: the latest are kept, up to this number."""
ENTRIES_OF_VISIT_MAX = 200
"""Entries of one visit that are looked at, the latest."""
EARLIER_MAX = 8
"""Stays before the present one that are looked at for a return."""
RETURNS_MAX = 2_000
"""Latest exits among which the one before a return is looked for."""
DEBTS_MAX = 20
"""Debts of one car that are recalled, the latest."""
FORGOTTEN_MAX = 500

Select = Callable[..., list[Any]]

_ACCOUNT = (
    "SELECT s.visit, s.pass, s.entered_wall_ns, ifnull(v.document ->> '$.vehicle_class', 'car'), s.exited_wall_ns,"
    " s.entered_sequence, s.credential, s.plate, ifnull(v.document ->> '$.purpose', '')"
    " FROM visits s LEFT JOIN visitors v ON v.visit = s.visit"
    " WHERE s.visit = ?"
)
_BEFORE = (
    "SELECT visit, entered_wall_ns, exited_wall_ns, entered_sequence FROM (SELECT * FROM visits"
    " WHERE exited_sequence < ? ORDER BY exited_sequence DESC LIMIT ?)"
    " WHERE exited_lane IS NOT NULL AND exited_wall_ns >= ? AND pass IS ? AND (credential = ? OR plate = ?)"
    " ORDER BY exited_sequence DESC LIMIT 1"
)
_decode = msgspec.json.Decoder(Entry).decode


# ---- what rows change ------------------------------------------------------------------------------------------------


def noted(db: apsw.Connection, sequence: int, wall_ns: int, row: Row) -> None:
    """A row about money: one more entry, and what is owed behind it."""
    entry = entry_of(row, wall_ns)
    if entry is None:
        return
    if isinstance(row, rows.MoneyRow):
        currency, by = row.currency, _known(getattr(row, "by", None))
    else:
        currency, by = "", None
    values = (
        entry.id,
        entry.visit,
        entry.kind,
        sequence,
        wall_ns,
        entry.amount,
        currency,
        by,
        row.method if isinstance(row, rows.VisitPaid) else None,
        msgspec.json.encode(entry).decode(),
    )
    verb = "INSERT OR REPLACE" if entry.kind in ("quoted", "charged") else "INSERT OR IGNORE"
    db.execute(f"{verb} INTO money VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    if db.changes():
        _owed(db, sequence, wall_ns, row)


def _owed(db: apsw.Connection, sequence: int, wall_ns: int, row: Row) -> None:
    """What is owed is what the newest row says is due."""
    if isinstance(row, rows.VisitOwed):
        credential = row.credential.value if row.credential else None
        values = (row.visit, row.due, row.currency, wall_ns, _plate(row.plate), credential, sequence)
        db.execute("INSERT OR REPLACE INTO debts VALUES(?, ?, ?, ?, ?, ?, ?)", values)
    elif isinstance(row, rows.VisitPaid | rows.VisitWaived):
        db.execute("UPDATE debts SET amount = ? WHERE visit = ?", (row.due, row.visit))
        db.execute("DELETE FROM debts WHERE visit = ? AND amount <= 0", (row.visit,))


def voided(db: apsw.Connection, visit: str) -> None:
    """The passage that ended this visit did not happen: it is not charged."""
    db.execute("DELETE FROM money WHERE entry = ?", (charged_name(visit),))


def prune(db: apsw.Connection) -> None:
    """Delete the oldest entries beyond a bound."""
    db.execute(
        "DELETE FROM money WHERE sequence <= (SELECT sequence FROM money ORDER BY sequence DESC LIMIT 1 OFFSET ?)",
        (ENTRIES_MAX,),
    )


def forget(db: apsw.Connection, before: int) -> None:
    """Delete entries of visits that are over and debts from before that row, a bounded number."""
    db.execute(
        "DELETE FROM money WHERE entry IN (SELECT entry FROM money WHERE sequence < ? AND NOT EXISTS"
        " (SELECT 1 FROM visits s WHERE s.visit = money.visit AND s.exited_sequence IS NULL) LIMIT ?)",
        (before, FORGOTTEN_MAX),
    )
    db.execute(
        "DELETE FROM debts WHERE visit IN (SELECT visit FROM debts WHERE sequence < ? LIMIT ?)", (before, FORGOTTEN_MAX)
    )


# ---- what is asked ---------------------------------------------------------------------------------------------------


def account(select: Select, visit: str, reentry_ns: int = 0) -> Account | None:
    """The account of a visit that has begun; with the stays before it that it goes on from."""
    found = select(_ACCOUNT, (visit,))
    if not found:
        return None
    name, pass_id, entered_ns, vehicle_class, exited_ns, sequence, credential, plate, purpose = found[0]
    entries = entries_of(select, name)
    car = (pass_id, credential, plate)
    earlier = tuple(_earlier(select, entered_ns, sequence, car, reentry_ns)) if reentry_ns else ()
    return Account(name, pass_id, entered_ns, vehicle_class, entries, earlier, exited_ns, purpose)


def _earlier(
    select: Select, entered_ns: int, sequence: int, car: tuple[str | None, str | None, str | None], reentry_ns: int
) -> Iterable[EarlierStay]:
    for _ in range(EARLIER_MAX):
        found = select(_BEFORE, (sequence, RETURNS_MAX, entered_ns - reentry_ns, *car))
        if not found:
            return
        visit, entered_ns, exited_ns, sequence = found[0]
        yield EarlierStay(visit, entered_ns, exited_ns, entries_of(select, visit))


def entries_of(select: Select, visit: str) -> tuple[Entry, ...]:
    """The entries of a visit, oldest first."""
    found = select(
        "SELECT document FROM money WHERE visit = ? ORDER BY sequence DESC LIMIT ?", (visit, ENTRIES_OF_VISIT_MAX)
    )
    return tuple([_decode(one[0]) for one in reversed(found)])


def entry(select: Select, name: str) -> Entry | None:
    """The entry of that name."""
    found = select("SELECT document FROM money WHERE entry = ?", (name,))
    return _decode(found[0][0]) if found else None


def due_since(select: Select, visit: str, sequence: int) -> int | None:
    """What was due behind the newest act on a visit after that row; 0 when it was released; None without one."""
    found = select(
        "SELECT kind, document FROM money WHERE visit = ? AND sequence > ?"
        " AND kind IN ('paid', 'waived', 'owed', 'validated') ORDER BY sequence DESC LIMIT 1",
        (visit, sequence),
    )
    if not found:
        return None
    return 0 if found[0][0] == "owed" else _decode(found[0][1]).due


def debts(select: Select, values: Iterable[str]) -> tuple[Debt, ...]:
    """The debts of a car with one of these plates or cards."""
    given = tuple({value for one in values for value in (one, _plate(one)) if value})
    found = select(
        "SELECT visit, amount, currency, since_ns, plate, credential FROM debts"
        " WHERE plate IN carray(?1) OR credential IN carray(?1) ORDER BY sequence DESC LIMIT ?2",
        (apsw.carray(given), DEBTS_MAX),
    )
    return tuple([Debt(*one) for one in found])


def debts_of(select: Select, visits: Iterable[str]) -> tuple[Debt, ...]:
    """What is owed of these visits."""
    found = select(
        "SELECT visit, amount, currency, since_ns, plate, credential FROM debts WHERE visit IN carray(?)",
        (apsw.carray(tuple(visits) or ("",)),),
    )
    return tuple([Debt(*one) for one in found])


def owed(select: Select, query: str, limit: int, offset: int) -> tuple[Debt, ...]:
    """What is owed, the latest first, with a text in plate, card or unit."""
    like = (normal_plate(query) or query, query, query.lower())
    found = select(
        "SELECT d.visit, d.amount, d.currency, d.since_ns, coalesce(d.plate, s.plate, v.plate), d.credential"
        " FROM debts d"
        " LEFT JOIN visits s ON s.visit = d.visit LEFT JOIN visitors v ON v.visit = d.visit"
        " WHERE instr(coalesce(d.plate, s.plate, v.plate, ''), ?) OR instr(ifnull(d.credential, ''), ?)"
        " OR instr(lower(ifnull(v.document ->> '$.unit', '')), ?) ORDER BY d.sequence DESC LIMIT ? OFFSET ?",
        (*like, limit, offset),
    )
    return tuple([Debt(*one) for one in found])


def owed_in_all(select: Select) -> tuple[tuple[str, int, int], ...]:
    """By currency the sum that is owed, and by how many visits."""
    found = select("SELECT currency, sum(amount), count(*) FROM debts GROUP BY currency ORDER BY currency")
    return tuple([(str(one[0]), int(one[1]), int(one[2])) for one in found])


def takings(select: Select, since_ns: int, until_ns: int) -> list[dict[str, Any]]:
    """What was paid from one instant to another: by person, method and currency, the sum and the number of payments."""
    found = select(
        "SELECT ifnull(by, ''), method, currency, sum(amount), count(*) FROM money"
        " WHERE kind = 'paid' AND wall_ns >= ? AND wall_ns < ? GROUP BY by, method, currency ORDER BY by, method",
        (since_ns, until_ns),
    )
    keys = ("by", "method", "currency", "amount", "payments")
    return [dict(zip(keys, one, strict=True)) for one in found]


class Settlement(msgspec.Struct, frozen=True):
    """One act that settled a part of a charge: `how` is the method of a payment, else `waived` or `owed`."""

    sequence: int
    visit: str
    plate: str | None
    how: str
    amount: int
    currency: str
    by: str
    wall_ns: int


_SETTLEMENTS = (
    "SELECT m.sequence, m.visit, coalesce(s.plate, v.plate), ifnull(m.method, m.kind), m.amount, m.currency,"
    " ifnull(m.by, ''), m.wall_ns FROM money m LEFT JOIN visits s ON s.visit = m.visit"
    " LEFT JOIN visitors v ON v.visit = m.visit WHERE "
)


def settlements(select: Select, visit: str) -> tuple[Settlement, ...]:
    """How the charge of a visit was settled, oldest first."""
    found = select(
        f"{_SETTLEMENTS}m.visit = ? AND m.kind IN ('paid', 'waived', 'owed') ORDER BY m.sequence DESC LIMIT ?",
        (visit, ENTRIES_OF_VISIT_MAX),
    )
    return tuple([Settlement(*one) for one in reversed(found)])


def payments_by(select: Select, by: str, since_ns: int, limit: int, offset: int = 0) -> tuple[Settlement, ...]:
    """The payments that a person took since an instant, newest first."""
    found = select(
        f"{_SETTLEMENTS}m.kind = 'paid' AND m.by = ? AND m.wall_ns >= ? ORDER BY m.sequence DESC LIMIT ? OFFSET ?",
        (by, since_ns, limit, offset),
    )
    return tuple([Settlement(*one) for one in found])


def _plate(text: str | None) -> str | None:
    return (normal_plate(text) or text) if text else None


def _known(value: Any) -> Any:
    return None if value is UNSET else value
