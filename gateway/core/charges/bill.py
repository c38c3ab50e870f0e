"""The bill of a visit: its charge by the tariff, what was done about it, and what is due.

The charge is worked out up to one instant, which is now unless something holds it: the end of the visit, a payment that
left nothing due (for `leave_minutes`), or the moment when the sum was asked for at an exit (for as long).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

import msgspec

from gateway.core.charges.calendar import Calendar
from gateway.core.charges.charging import Prices
from gateway.core.charges.price import Charge, Line, charge
from gateway.core.charges.tariff import DAY_MINUTES, Tariff, Validation
from gateway.core.vocabulary.events import Account, Debt, Entry
from gateway.core.vocabulary.rows import UNSET, Charged, UnsetType
from gateway.core.vocabulary.times import NS_PER_S, local_time, rfc3339, wall_ns_of
from gateway.core.vocabulary.views import ChargeLine, ChargeView, DebtView

MINUTE_NS = 60 * NS_PER_S
STAY_MAX = 366
"""Days of a stay that are charged at most: one that never ended keeps no other car waiting for its sum."""
LINES_MAX = 100
"""Lines of an explanation that is shown; of a longer one, lines of one kind that follow each other are one."""
_SETTLES = ("paid", "waived", "owed")


class Bill(msgspec.Struct, frozen=True):
    """What a visit costs, and what is due; sums in minor units. `until_ns`: the instant up to which it is charged.
    `over`: the car has left.
    """

    visit: str
    amount: int
    currency: str
    due: int
    until_ns: int
    minutes: int = 0
    lines: tuple[Line, ...] = ()
    tariff: str | None = None
    paid: int = 0
    waived: int = 0
    owed: int = 0
    leave_by_ns: int | None = None
    entered_ns: int | None = None
    over: bool = False

    @property
    def settled(self) -> bool:
        """Whether something was paid, waived or owed, and nothing is due."""
        return self.due == 0 and bool(self.paid or self.waived or self.owed)

    def charged(self) -> Charged:
        """The bill in a row of a decision."""
        return Charged(self.visit, self.amount, self.currency, self.due, rfc3339(self.until_ns), self.minutes)

    def view(self) -> ChargeView:
        """The bill for screens and central."""
        return ChargeView(
            visit=self.visit,
            amount=self.amount,
            currency=self.currency,
            minutes=self.minutes,
            lines=tuple([_line(one) for one in _shortened(self.lines)]),
            paid=self.paid,
            waived=self.waived,
            owed=self.owed,
            due=self.due,
            leave_by=None if self.leave_by_ns is None else rfc3339(self.leave_by_ns),
            entered_at=None if self.entered_ns is None else rfc3339(self.entered_ns),
            until_at=rfc3339(self.until_ns),
            tariff=self.tariff,
        )


def bill_again(view: ChargeView) -> Bill:
    """The bill of an earlier run, as it was shown."""
    until_ns = wall_ns_of(datetime.fromisoformat(view.until_at))
    return Bill(view.visit, view.amount, view.currency or "", view.due, until_ns, view.minutes)


def bill_then(charged: Charged) -> Bill:
    """The bill in a row of a decision."""
    until_ns = wall_ns_of(datetime.fromisoformat(charged.until))
    return Bill(charged.visit, charged.amount, charged.currency, charged.due, until_ns, charged.minutes)


def free(visit: str, entered_ns: int | None, wall_ns: int) -> ChargeView:
    """The view of a visit that no tariff holds for, or that has not begun."""
    minutes = 0 if entered_ns is None else max(0, wall_ns - entered_ns) // MINUTE_NS
    return ChargeView(
        visit=visit, amount=0, currency=None, minutes=minutes, lines=(), paid=0, waived=0, owed=0, due=0, leave_by=None,
        entered_at=None if entered_ns is None else rfc3339(entered_ns), until_at=rfc3339(wall_ns), tariff=None,
    )  # fmt: skip


def debt_views(debts: Sequence[Debt]) -> tuple[DebtView, ...] | UnsetType:
    """Debts for screens and central; left out when there are none."""
    views = [
        DebtView(visit=one.visit, amount=one.amount, currency=one.currency, since=rfc3339(one.since_ns))
        for one in debts
    ]
    return tuple(views) or UNSET


def _shortened(lines: tuple[Line, ...]) -> Sequence[Line]:
    """At most LINES_MAX lines, which add up to the same sum."""
    if len(lines) <= LINES_MAX:
        return lines
    joined = [_one_line(list(same)) for _, same in groupby(lines, key=lambda one: (one.what, one.period))]
    if len(joined) <= LINES_MAX:
        return joined
    kinds = {one.what: None for one in lines}
    return [_one_line([one for one in lines if one.what == what]) for what in kinds]


def _one_line(same: Sequence[Line]) -> Line:
    period = same[0].period if len({one.period for one in same}) == 1 else None
    return Line(same[0].what, same[0].start, same[-1].until, period, sum(one.amount for one in same))


def _line(line: Line) -> ChargeLine:
    start, until = (rfc3339(wall_ns_of(one)) for one in (line.start, line.until))
    return ChargeLine(what=line.what, from_=start, until=until, period=line.period, amount=line.amount)


class _Held(msgspec.Struct, frozen=True):
    """The instant that a charge is worked out up to; `by`: the entry that holds it there."""

    until_ns: int
    by: Entry | None = None


def bill_of(
    account: Account, kind: str, from_ns: int, prices: Prices, calendar: Calendar, zone: ZoneInfo, wall_ns: int
) -> Bill | None:
    """The bill of a visit of that kind of pass, charged from an instant on; None when no tariff holds for it."""
    tariff_id = prices.charging.tariff_for(kind, account.vehicle_class, account.purpose)
    tariff = prices.tariff(tariff_id) if tariff_id is not None else None
    if tariff is None:
        return None
    reentry_ns = prices.charging.reentry_minutes * MINUTE_NS
    begins_ns, earlier = _going_on(account, from_ns, reentry_ns)
    leave_ns = prices.charging.leave_minutes * MINUTE_NS
    held = _held(account, leave_ns, wall_ns)
    found = _charge(tariff, [*earlier, *account.entries], begins_ns, held.until_ns, zone, calendar)
    return _bill(account, earlier, found, held, begins_ns, leave_ns)


def _going_on(account: Account, from_ns: int, reentry_ns: int) -> tuple[int, tuple[Entry, ...]]:
    """From when a stay is charged that goes on after an exit, and what was done about the stays before it."""
    entered_ns = account.entered_wall_ns
    entries: list[Entry] = []
    if from_ns > entered_ns:
        return from_ns, ()
    for stay in account.earlier:
        if not 0 <= entered_ns - stay.exited_wall_ns <= reentry_ns or not reentry_ns:
            break
        entered_ns = stay.entered_wall_ns
        entries += stay.entries
    return entered_ns, tuple(entries)


def _held(account: Account, leave_ns: int, wall_ns: int) -> _Held:
    over = _last(account.entries, "charged")
    if over is not None:
        return _Held(over.until_ns, over)
    settled = max(
        (one for one in account.entries if one.kind in _SETTLES and (one.kind == "owed" or not one.due)),
        key=lambda one: one.wall_ns,
        default=None,
    )
    if settled is not None and wall_ns <= settled.wall_ns + leave_ns:
        return _Held(settled.until_ns, settled)
    asked = _last(account.entries, "quoted")
    fresh = asked is not None and asked.until_ns <= wall_ns <= asked.until_ns + leave_ns
    if asked is not None and fresh and (settled is None or settled.wall_ns < asked.wall_ns):
        return _Held(asked.until_ns)
    return _Held(wall_ns)


def _last(entries: Iterable[Entry], kind: str) -> Entry | None:
    return max((one for one in entries if one.kind == kind), key=lambda one: one.wall_ns, default=None)


def _charge(
    tariff: Tariff, entries: Sequence[Entry], from_ns: int, until_ns: int, zone: ZoneInfo, calendar: Calendar
) -> Charge:
    validations = [_validation(one) for one in entries if one.kind == "validated"]
    last_ns = min(max(from_ns, until_ns), from_ns + STAY_MAX * DAY_MINUTES * MINUTE_NS)
    begins, ends = (local_time(one, zone).astimezone(UTC) for one in (from_ns, last_ns))
    return charge(tariff, _whole(begins), _whole(ends), zone, validations, calendar)


def _whole(moment: datetime) -> datetime:
    """Whole milliseconds, as rows and answers have the instants."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _validation(entry: Entry) -> Validation:
    if entry.minutes is not None:
        return Validation(minutes=entry.minutes)
    return Validation(percent=entry.percent) if entry.percent is not None else Validation(amount=entry.amount)


def _bill(
    account: Account, earlier: tuple[Entry, ...], found: Charge, held: _Held, begins_ns: int, leave_ns: int
) -> Bill:
    """`found` is the charge by the tariff of now; one that is held keeps its sum whatever the tariff says since."""
    by = held.by
    amount = found.amount if by is None else by.charge
    every = (*earlier, *account.entries)
    paid, waived = _sum(every, "paid"), _sum(every, "waived")
    owed = _last(account.entries, "owed")
    due = max(0, amount - paid - waived - _still_owed(earlier))
    if by is not None and (by.kind != "charged" or owed is None):
        due = 0
    leaves = by is not None and by.kind in _SETTLES
    return Bill(
        account.visit,
        amount,
        found.currency,
        due,
        held.until_ns,
        found.minutes,
        found.lines if amount == found.amount else (),
        found.tariff,
        paid,
        waived,
        owed.amount if owed is not None else 0,
        by.wall_ns + leave_ns if by is not None and leaves else None,
        begins_ns,
        by is not None and by.kind == "charged",
    )


def _still_owed(earlier: Sequence[Entry]) -> int:
    """What is owed of the stays that this one goes on from: what was paid of it meanwhile is among the payments."""
    newest = {one.visit: one for one in sorted(earlier, key=lambda one: one.wall_ns) if one.kind in _SETTLES}
    owing = {one.visit for one in earlier if one.kind == "owed"}
    return sum(one.due for visit, one in newest.items() if visit in owing)


def _sum(entries: Iterable[Entry], kind: str) -> int:
    return sum(one.amount for one in entries if one.kind == kind)
