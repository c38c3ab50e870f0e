"""Payments as a subsystem: payments, validations and waivers are booked once, answered once durable, and let a car out.

Each is named by its request, and the projections and the book know the names: a repeat, also over a restart, is
answered as the first time and books nothing. The charge is worked out anew for each. A payment of more than is due, or
by a method that the site does not take, is refused; one that was booked stays booked when the settings change.
"""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from gateway.core.charges.bill import MINUTE_NS, Bill, free
from gateway.core.charges.book import MONEY, Book, entry_of, said_of
from gateway.core.payments.bills import Bills, CountryDays
from gateway.core.settings.exchange import SettingsChanged
from gateway.core.subsystem import Followers, Handlers, Subsystem
from gateway.core.vocabulary import events
from gateway.core.vocabulary.commands import Reply
from gateway.core.vocabulary.events import Account, ClockState, Entry, PaymentReceived, ReductionReceived
from gateway.core.vocabulary.passes import Pass
from gateway.core.vocabulary.reasons import Refusal
from gateway.core.vocabulary.rows import UNSET, MoneyRow, Row, VisitPaid, VisitValidated, VisitWaived
from gateway.core.vocabulary.times import rfc3339
from gateway.core.vocabulary.turn import Turn
from gateway.core.vocabulary.views import ChargeView

LATE_NS = MINUTE_NS
"""A payment that was made longer ago is booked and moves nothing."""
Asked = PaymentReceived | ReductionReceived


class CarsAtExits(Protocol):
    """Lets a car pass that waits for a payment."""

    def paid(self, turn: Turn, account: Account, found: Pass | None, *, moves: bool) -> None:
        """Something was paid, waived or taken over for a visit; `found`: its pass as it is now."""


class Payments(Subsystem):
    """All payments of a site."""

    def __init__(self, bills: Bills, book: Book, cars: CarsAtExits) -> None:
        self._bills = bills
        self._book = book
        self._cars = cars
        self._waiting: dict[int, tuple[str, Reply]] = {}
        self._unkept: set[str] = set()

    def handlers(self) -> Handlers:
        """Payments and what takes something off a charge; the journal's answers; the country's days."""
        return {
            events.PaymentReceived: self.payment_received,
            events.ReductionReceived: self.reduction_received,
            events.JournalCommitted: self.committed,
            events.JournalDelayed: self.delayed,
            events.HolidaysKnown: self.holidays_known,
            SettingsChanged: self.settings_changed,
        }

    def followers(self) -> Followers:
        """Rows about money, so that the next decision counts them."""
        return dict.fromkeys(MONEY, self.noted)

    def noted(self, turn: Turn, row: Row) -> None:
        """A row about money was written."""
        self._book.note(row, turn.now.wall_ns)

    def settings_changed(self, _turn: Turn, event: SettingsChanged) -> None:
        """Other tariffs hold."""
        self._bills.settings_changed(event.settings)

    def holidays_known(self, _turn: Turn, event: events.HolidaysKnown) -> None:
        """The country's days are known, or have changed."""
        self._bills.days_known(CountryDays(event.holidays, event.workdays))

    # ---- asked

    def payment_received(self, turn: Turn, event: PaymentReceived) -> None:
        """Book a payment, worked out at the moment when it was made."""
        if self._is_again(turn, event, event.payment, said_of(event.amount, event.method, event.reference)):
            return
        at_ns = _made_ns(event, turn)
        bill = self._bill(turn, event, at_ns)
        if bill is None:
            return
        if not self._bills.takes(event.method):
            _refuse(turn, event, Refusal.METHOD_NOT_TAKEN, bill)
            return
        if event.amount > bill.due:
            _refuse(turn, event, Refusal.ABOVE_DUE if bill.due else Refusal.NOTHING_DUE, bill)
            return
        late = turn.now.wall_ns - at_ns > LATE_NS or turn.now.clock is ClockState.UNSET
        made_at: Any = rfc3339(at_ns) if event.made_wall_ns else UNSET
        row = VisitPaid(
            **_of(bill, event.payment, event.amount, bill.due - event.amount, bill.paid + event.amount),
            method=event.method,
            reference=event.reference,
            made_at=made_at,
            **_by(event),
        )
        self._book_it(turn, event, row, moves=not (event.made_wall_ns and late))

    def reduction_received(self, turn: Turn, event: ReductionReceived) -> None:
        """Book a validation, or a waiver of what is due."""
        said = said_of(None, "waived", event.reason) if event.waives else _said_of_validation(event)
        if self._is_again(turn, event, event.name, said):
            return
        bill = self._bill(turn, event, turn.now.wall_ns)
        if bill is None:
            return
        if event.waives:
            self._waive(turn, event, bill)
        else:
            self._validate(turn, event, bill)

    def _waive(self, turn: Turn, event: ReductionReceived, bill: Bill) -> None:
        amount = bill.due if event.amount is None else event.amount
        if not bill.due or amount > bill.due:
            _refuse(turn, event, Refusal.ABOVE_DUE if bill.due else Refusal.NOTHING_DUE, bill)
            return
        row = VisitWaived(
            **_of(bill, event.name, amount, bill.due - amount, bill.paid),
            reason=event.reason,
            leader=event.leader or UNSET,
            **_by(event),
        )
        self._book_it(turn, event, row, moves=True)

    def _validate(self, turn: Turn, event: ReductionReceived, bill: Bill) -> None:
        """What is due behind it follows from the tariff: the row is made twice, to work that out."""
        more = {
            "minutes": event.minutes,
            "percent": event.percent,
            "reason": event.reason,
            **_by(event),
        }
        row = VisitValidated(**_of(bill, event.name, event.amount, bill.due, bill.paid), **more)
        after = self._bill_with(turn, event, row)
        if after is not None:
            row = VisitValidated(**_of(after, event.name, event.amount, after.due, after.paid), **more)
        self._book_it(turn, event, row, moves=True)

    def _bill_with(self, turn: Turn, event: ReductionReceived, row: VisitValidated) -> Bill | None:
        entry, account = entry_of(row, turn.now.wall_ns), event.account
        if entry is None or account is None:
            return None
        account = msgspec.structs.replace(account, entries=(*account.entries, entry))
        return self._bills.of(account, event.pass_, turn.now.wall_ns)

    # ---- booked

    def _is_again(self, turn: Turn, event: Asked, name: str, said: str) -> bool:
        """Whether this was booked before, or its key was used for something else; then it is answered."""
        known = event.before or self._book.entry(name)
        if known is None:
            return False
        if known.visit != event.visit or known.said != said:
            _refuse(turn, event, Refusal.KEY_USED)
            return True
        if event.before is not None:
            self._unkept.discard(name)
        if name in self._unkept:
            _refuse(turn, event, Refusal.NOT_KEPT)
        else:
            turn.emit(Reply(event.request, "done", charge=self._answer(turn, event, known)))
        return True

    def _bill(self, turn: Turn, event: Asked, at_ns: int) -> Bill | None:
        """The bill of the visit; None after refusing the request."""
        if event.account is None:
            _refuse(turn, event, Refusal.NO_VISIT)
            return None
        bill = self._bills.of(event.account, event.pass_, at_ns)
        if bill is None:
            _refuse(turn, event, Refusal.NOTHING_DUE)
        return bill

    def _book_it(self, turn: Turn, event: Asked, row: MoneyRow, *, moves: bool) -> None:
        """Write the row, answer once it is durable, and let a car out that waits for it."""
        token = turn.token()
        turn.append(row, token)
        self._book.note(row, turn.now.wall_ns)
        entry = entry_of(row, turn.now.wall_ns)
        if event.account is None or entry is None:
            return
        reply = Reply(event.request, "done", charge=self._answer(turn, event, entry))
        self._waiting[token] = entry.id, reply
        self._cars.paid(turn, event.account, event.pass_, moves=moves)
        turn.show()

    def _answer(self, turn: Turn, event: Asked, entry: Entry) -> ChargeView:
        """The charge as it was behind an entry, the same for every repeat."""
        bill = None if event.account is None else self._bills.of(event.account, event.pass_, entry.until_ns)
        if bill is None:
            return free(event.visit, None, turn.now.wall_ns)
        leave_ns = self._bills.leave_minutes * MINUTE_NS
        leaves = not entry.due and entry.kind != "validated" and not bill.over
        leave_by = rfc3339(entry.wall_ns + leave_ns) if leaves else None
        return msgspec.structs.replace(
            bill.view(), amount=entry.charge, paid=entry.paid, due=entry.due, leave_by=leave_by,
            until_at=rfc3339(entry.until_ns), lines=bill.view().lines if bill.amount == entry.charge else (),
        )  # fmt: skip

    def committed(self, turn: Turn, event: events.JournalCommitted) -> None:
        """A row is durable: now its request is answered."""
        _, reply = self._waiting.pop(event.token, ("", None))
        if reply is not None:
            turn.emit(reply)

    def delayed(self, turn: Turn, event: events.JournalDelayed) -> None:
        """The disk does not take a row yet: it counts, and the request must come again."""
        name, reply = self._waiting.pop(event.token, ("", None))
        if reply is not None:
            self._unkept.add(name)
            turn.emit(Reply(reply.request, "refused", Refusal.NOT_KEPT, Refusal.NOT_KEPT.meaning, charge=reply.charge))


def _made_ns(event: PaymentReceived, turn: Turn) -> int:
    """When a payment was made, at most now, and not before the car came in."""
    now_ns = turn.now.wall_ns
    made_ns = min(event.made_wall_ns or now_ns, now_ns)
    return made_ns if event.account is None else max(made_ns, min(event.account.entered_wall_ns, now_ns))


def _said_of_validation(event: ReductionReceived) -> str:
    return said_of(event.amount, f"validated {event.minutes} {event.percent}", event.reason)


def _of(bill: Bill, name: str, amount: int | None, due: int, paid: int) -> dict[str, Any]:
    """What all rows about money say."""
    return {
        "visit": bill.visit,
        "entry": name,
        "amount": amount,
        "currency": bill.currency,
        "due": due,
        "charge": bill.amount,
        "paid": paid,
        "until": rfc3339(bill.until_ns),
    }


def _by(event: Asked) -> dict[str, Any]:
    return {"by": event.by or None, "via": event.via or None, "station": event.station or None}


def _refuse(turn: Turn, event: Asked, why: Refusal, bill: Bill | None = None) -> None:
    charge = None if bill is None else bill.view()
    turn.emit(Reply(event.request, "refused", why.value, why.meaning, charge=charge))
