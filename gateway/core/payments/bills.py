"""Bills by the settings of the site: which tariff holds for a car, from when, and by which calendar."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import msgspec

from gateway.core.charges.bill import Bill, bill_of
from gateway.core.charges.book import Book, charged_name
from gateway.core.charges.calendar import Calendar
from gateway.core.settings.model import Settings
from gateway.core.vocabulary.events import Account, CredentialRead, Debt, OpenVisit
from gateway.core.vocabulary.passes import Pass, PassKind, end_ns


class CountryDays(msgspec.Struct, frozen=True):
    """The holidays and make-up workdays of the site's country, as days."""

    holidays: tuple[str, ...] = ()
    workdays: tuple[str, ...] = ()

    def calendar(self) -> Calendar:
        """The same as a calendar."""
        holidays, workdays = (frozenset(map(date.fromisoformat, days)) for days in (self.holidays, self.workdays))
        return Calendar(holidays, workdays)


class DaysMemory(msgspec.Struct, frozen=True):
    """What is known of the country's days when a run begins."""

    country_days: CountryDays = CountryDays()


class Bills:
    """Works out bills; `book` has the entries that the projections may not have."""

    def __init__(self, settings: Settings, days: CountryDays, book: Book | None = None) -> None:
        self._book = book or Book()
        self._country = days.calendar()
        self.settings_changed(settings)

    def settings_changed(self, settings: Settings) -> None:
        """These settings hold from now on."""
        self._prices = settings.prices
        self._zone: ZoneInfo = settings.zone
        self._set_calendar()

    def days_known(self, days: CountryDays) -> None:
        """The days of the country are known, or have changed."""
        self._country = days.calendar()
        self._set_calendar()

    def _set_calendar(self) -> None:
        days = self._prices.calendar
        self._calendar = days.over(self._country if days.country else Calendar()) if days else Calendar()

    @property
    def leave_minutes(self) -> int:
        """How long a car may take to leave after a payment."""
        return self._prices.charging.leave_minutes

    def takes(self, method: str) -> bool:
        """Whether the site is paid by that method."""
        return method in self._prices.charging.methods

    def of_read(self, read: CredentialRead, wall_ns: int) -> Bill | None:
        """The bill of the stay that the car of a read at an exit would end; None when it pays nothing."""
        if not read.visits or not self._prices.charging.rules:
            return None
        visit = read.visits[0]
        account = next((one for one in read.accounts if one.visit == visit.visit), None)
        found = next((one for one in read.passes if one.id == visit.pass_id), None)
        return self.of(account or _begun(visit, read), found, wall_ns)

    def of(self, account: Account, found: Pass | None, wall_ns: int) -> Bill | None:
        """The bill of a visit; `found`: its pass. None when no tariff holds, or when its pass was removed."""
        if account.pass_id is not None and found is None:
            return None
        account = self._book.merged(account)
        over = next((one for one in account.entries if one.id == charged_name(account.visit)), None)
        kind, from_ns = self._charged_as(found, account, wall_ns if over is None else over.until_ns)
        return bill_of(account, kind, from_ns, self._prices, self._calendar, self._zone, wall_ns)

    def _charged_as(self, found: Pass | None, account: Account, wall_ns: int) -> tuple[str, int]:
        """As which kind of pass a stay is charged, and from when.

        Without a pass it is temporary. A monthly pass that has ended is temporary from the end of its last day.
        """
        entered_ns = account.entered_wall_ns
        if found is None:
            return PassKind.TEMPORARY.value, entered_ns
        ended_ns = end_ns(found, self._zone) if found.kind is PassKind.MONTHLY else None
        if ended_ns is not None and wall_ns >= ended_ns:
            return PassKind.TEMPORARY.value, max(entered_ns, ended_ns)
        return found.kind.value, entered_ns

    def debts(self, read: CredentialRead) -> tuple[Debt, ...]:
        """What the car of a read owes from earlier visits."""
        plates = [plate for one in read.passes for plate in one.plates]
        plates += [one.plate for one in read.expected if one.plate]
        return self._book.debts(read.debts, {read.value, *plates})


def _begun(visit: OpenVisit, read: CredentialRead) -> Account:
    """The account of a visit that the projections do not have yet."""
    told = next((one for one in read.expected if one.visit == visit.visit), None)
    begun = Account(visit.visit, visit.pass_id, visit.entered_wall_ns)
    if told is None:
        return begun
    return msgspec.structs.replace(begun, vehicle_class=told.vehicle_class, purpose=told.purpose)
