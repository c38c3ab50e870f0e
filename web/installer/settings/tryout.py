"""The try-out beside the form of a tariff: what a stay would cost by the tariff as it is typed, line by line.

Nothing is kept. The days of the country come from a short child process: the library that knows them is large.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from gateway.core.charges.calendar import Calendar
from gateway.core.charges.charging import SiteDays
from gateway.core.charges.price import Charge, Line, charge
from gateway.core.charges.tariff import Tariff, Validation, wrong_tariff
from gateway.core.forms.posted import Fault
from gateway.core.money.sums import minor_units, money
from gateway.core.settings.model import Site
from web.installer.settings.spoken import CHECK

STAY_MAX = timedelta(days=31)
LINES_MAX = 100
"""Lines that the page shows; the sum counts all."""
CHILD_S = 30.0
VALIDATIONS = ("minutes", "percent", "amount")


class Trial(msgspec.Struct, frozen=True):
    """What was asked, and what came of it. `kind`: what is taken over, "" for nothing; `wrong`: the field and why."""

    entered: str
    until: str
    kind: str = ""
    value: str = ""
    charge: Charge | None = None
    wrong: tuple[str, Fault] | None = None

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines that are shown."""
        return self.charge.lines[:LINES_MAX] if self.charge is not None else ()

    @property
    def more(self) -> int:
        """How many lines are not shown."""
        return max(0, len(self.charge.lines) - LINES_MAX) if self.charge is not None else 0

    def sum(self, amount: int) -> str:
        """A sum in the currency of the tariff."""
        return money(amount, self.charge.currency if self.charge is not None else "")


class WrongError(Exception):
    """What was asked cannot be worked out: the field, and why."""

    def __init__(self, field: str, code: str, **values: Any) -> None:
        super().__init__(field)
        self.field, self.fault = field, Fault(code, values)


def example(now: datetime) -> Trial:
    """What the fields of the try-out hold at first: a visit of some hours today."""
    day = now.replace(hour=9, minute=0, second=0, microsecond=0, tzinfo=None)
    return Trial(_typed(day), _typed(day + timedelta(hours=4, minutes=30)))


def faults_of(tariff: Tariff, path: str) -> dict[str, Fault]:
    """What is wrong with a tariff beside its types, by the path in the document."""
    return {f"{path}{where}": Fault(CHECK, {"words": words}) for where, words in wrong_tariff(tariff)}


def asked(posted: Mapping[str, str]) -> Trial:
    """The stay that was asked for, as it was typed."""
    entered, until, kind, value = (posted.get(f"try.{name}", "").strip() for name in ("from", "until", "kind", "value"))
    return Trial(entered, until, kind, value)


def tried(posted: Mapping[str, str], tariff: Tariff, site: Mapping[str, Any]) -> Trial:
    """Work out the stay that was asked for, by the time zone and the calendar of the working draft."""
    stay = asked(posted)
    try:
        zone = zone_of(site)
        entered, until = _instant(stay.entered, "from", zone), _instant(stay.until, "until", zone)
        if not entered <= until:
            raise WrongError("until", "before")
        if until - entered > STAY_MAX:
            raise WrongError("until", "stay", high=STAY_MAX.days)
        validations = _validations(stay, tariff.currency)
        days = _calendar(site.get("calendar"), range(entered.year - 1, until.year + 2))
        found = charge(tariff, entered, until, zone, validations, days)
    except WrongError as wrong:
        return msgspec.structs.replace(stay, wrong=(wrong.field, wrong.fault))
    return msgspec.structs.replace(stay, charge=found)


def zone_of(site: Mapping[str, Any]) -> ZoneInfo:
    """The time zone of the working draft; that of a new site where it names none that is known."""
    known = site.get("site")
    name = known.get("timezone") if isinstance(known, Mapping) else None
    try:
        return ZoneInfo(str(name or Site("").timezone))
    except (ValueError, OSError, KeyError):
        return ZoneInfo(Site("").timezone)


def _typed(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M}"


def _instant(text: str, field: str, zone: ZoneInfo) -> datetime:
    """A time of the site's clock as an instant in UTC."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongError(field, "time") from None


def _validations(stay: Trial, currency: str) -> tuple[Validation, ...]:
    if stay.kind not in VALIDATIONS or not stay.value:
        return ()
    try:
        value = minor_units(stay.value, currency) if stay.kind == "amount" else int(stay.value)
        return (msgspec.convert({stay.kind: value}, Validation),)
    except ValueError:
        raise WrongError("value", f"validation_{stay.kind}") from None


def _calendar(days: Any, years: range) -> Calendar:
    """The site's days; those of the country as the library knows them."""
    try:
        site_days = msgspec.convert(days or {}, SiteDays)
    except msgspec.ValidationError:
        raise WrongError("from", "calendar") from None
    return site_days.over(_country(site_days.country, tuple(years)) if site_days.country else Calendar())


@lru_cache(maxsize=32)
def _country(country: str, years: tuple[int, ...]) -> Calendar:
    command = [sys.executable, "-m", "gateway.store.calendar", country, *map(str, years)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=CHILD_S, check=True)
        return msgspec.json.decode(done.stdout, type=Calendar)
    except (OSError, subprocess.SubprocessError, msgspec.MsgspecError):
        raise WrongError("from", "country", country=country) from None
