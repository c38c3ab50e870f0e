"""Which tariff holds for whom, and the site's calendar, as the site file has them.

`read` takes what it can: a tariff that cannot be read is left out and named, so that settings that were stored by an
earlier version, which looked at no tariff, never keep the gates from working.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

from gateway.core.charges.calendar import Calendar
from gateway.core.charges.tariff import Price, Tariff, wrong_tariff

VehicleClass = Literal["car", "motorcycle", "truck", "bus"]
Method = Literal["cash", "qr", "external"]
DAYS_MAX = 1_000
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_COUNTRY = re.compile(r"[A-Z]{2}")
Days = Annotated[tuple[date, ...], Meta(max_length=DAYS_MAX)]
Fault = tuple[str, str]
Convert = Callable[[Any, Any, str], Any]
"""Value, type and path to the typed value; None after noting what is wrong."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who pays by which tariff; an absent key fits all, `tariff` null is free."""

    tariff: Annotated[str, Meta(description="id of the tariff; null is free", extra={"of": "tariffs"})] | None
    pass_kind: (
        Annotated[
            Literal["monthly", "temporary", "staff", "blocked"],
            Meta(description="whose pass is `monthly`, `temporary`, `staff` or `blocked`", extra={"default": "any"}),
        ]
        | None
    ) = None
    vehicle_class: (
        Annotated[
            VehicleClass,
            Meta(description="whose vehicle is a `car`, `motorcycle`, `truck` or `bus`", extra={"default": "any"}),
        ]
        | None
    ) = None
    purpose: (
        Annotated[str, Meta(description="id of what the visitor comes for", extra={"default": "any", "of": "purposes"})]
        | None
    ) = None

    def fits(self, pass_kind: str, vehicle_class: str, purpose: str) -> bool:
        """Whether it is about that stay."""
        return (
            self.pass_kind in (None, pass_kind)
            and self.vehicle_class in (None, vehicle_class)
            and self.purpose in (None, purpose)
        )


class Charging(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How is paid: minutes to leave after a payment, minutes within which a return continues the visit, who pays.

    `owed_limit`: a car with more than that due is released as owed only when a leader agrees; None: no limit.
    """

    leave_minutes: Annotated[int, Meta(ge=0, le=1_440, description="minutes to leave after a payment")] = 15
    reentry_minutes: Annotated[
        int, Meta(ge=0, le=1_440, description="a car that is back within so many minutes goes on with its visit")
    ] = 0
    methods: Annotated[
        tuple[Method, ...],
        Meta(description="how is paid: `cash`, `qr` or `external` (another system has taken it); others are refused"),
    ] = get_args(Method)
    rules: Annotated[
        tuple[Rule, ...],
        Meta(
            max_length=100,
            description="who pays by which tariff: the first that fits holds; a car that none fits pays nothing",
        ),
    ] = ()
    owed_limit: Annotated[
        Price | None,
        Meta(description="a car with more than that due is released as owed only when a leader agrees"),
    ] = None

    def tariff_for(self, pass_kind: str, vehicle_class: str = "car", purpose: str = "") -> str | None:
        """The id of the tariff by the first rule that fits; None is free."""
        return next((one.tariff for one in self.rules if one.fits(pass_kind, vehicle_class, purpose)), None)


class SiteDays(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The site's calendar: the country's holidays, and days that the office adds or takes back."""

    country: (
        Annotated[
            str,
            Meta(
                description="two letters such as `CN`: its public holidays and make-up workdays, as far as they are"
                " announced"
            ),
        ]
        | None
    ) = None
    holidays: Annotated[
        Days, Meta(description="days such as `2027-02-08` that count as Sunday, beside those of the country")
    ] = ()
    workdays: Annotated[
        Days, Meta(description="days that count as Monday; a holiday of the country that is named here is none")
    ] = ()

    def over(self, country: Calendar) -> Calendar:
        """The country's days, corrected by the office's."""
        holidays = (country.holidays | set(self.holidays)) - set(self.workdays)
        return Calendar(holidays, (country.workdays | set(self.workdays)) - set(self.holidays))


class Prices(msgspec.Struct, frozen=True):
    """Everything about charges in a site file."""

    tariffs: tuple[Tariff, ...] = ()
    charging: Charging = Charging()
    calendar: SiteDays | None = None

    def tariff(self, tariff_id: str) -> Tariff | None:
        """The tariff of that id."""
        return next((one for one in self.tariffs if one.id == tariff_id), None)


def read(document: dict[str, Any], convert: Convert) -> tuple[Prices, list[Fault]]:
    """What the document says of charges, and what is wrong beside what `convert` notes."""
    raw = document.get("tariffs", [])
    found = [(n, convert(one, Tariff, f"tariffs[{n}]")) for n, one in enumerate(raw if isinstance(raw, list) else [])]
    faults = [
        (f"tariffs[{number}]{path}", words)
        for number, tariff in found
        if tariff is not None
        for path, words in wrong_tariff(tariff)
    ]
    wrong = {path.partition("]")[0] for path, _ in faults}
    tariffs = tuple(one for number, one in found if one is not None and f"tariffs[{number}" not in wrong)
    charging = convert(document.get("charging", {}), Charging, "charging") or Charging()
    days = document.get("calendar")
    calendar = convert(days, SiteDays, "calendar") if days is not None else None
    prices = Prices(tariffs, charging, calendar)
    known = {one.id for _, one in found if one}
    return prices, [*faults, *_wrong_ids(found), *_wrong_rules(charging, known), *_wrong_days(calendar)]


def _wrong_ids(found: list[tuple[int, Tariff | None]]) -> Iterator[Fault]:
    seen: set[str] = set()
    for number, tariff in found:
        if tariff is None:
            continue
        if not _ID.fullmatch(tariff.id):
            yield f"tariffs[{number}].id", f"is {tariff.id!r}; use 1 to 64 letters, digits, '-' or '_'"
        elif tariff.id in seen:
            yield f"tariffs[{number}].id", f"is {tariff.id!r}; give each tariff an id of its own"
        seen.add(tariff.id)


def _wrong_rules(charging: Charging, known: set[str]) -> Iterator[Fault]:
    for number, rule in enumerate(charging.rules):
        if rule.tariff is not None and rule.tariff not in known:
            there = ", ".join(sorted(known)) or "none"
            yield (
                f"charging.rules[{number}].tariff",
                f"is {rule.tariff!r}; there is no such tariff (there are: {there})",
            )


def _wrong_days(calendar: SiteDays | None) -> Iterator[Fault]:
    if calendar is None:
        return
    if calendar.country is not None and not _COUNTRY.fullmatch(calendar.country):
        yield "calendar.country", f"is {calendar.country!r}; give two capital letters of ISO 3166 such as CN or DE"
    if both := sorted(set(calendar.holidays) & set(calendar.workdays)):
        yield "calendar.workdays", f"names {both[0]}, which is in `holidays` too; leave it in one of them"
