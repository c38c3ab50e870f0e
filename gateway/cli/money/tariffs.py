"""`tariff try`: what a stay would cost by a tariff of a site file, line by line. Needs no data directory."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli.common import Arguments, Commands, read_site, show
from gateway.core.money.sums import money
from gateway.core.vocabulary.errors import RequestError

if TYPE_CHECKING:
    from gateway.core.charges.price import Charge, Line
    from gateway.core.charges.tariff import Validation

YEARS = range(2000, 2100)
_WORDS = {"block": "", "cap": "at most", "day_cap": "at most a day", "validation": "validated", "percent": "percentage"}


def add(commands: Commands) -> None:
    """Add `tariff`."""
    tariff = commands.group("tariff", "what stays cost")
    one = tariff.add(
        "try",
        "work out what a stay would cost, line by line; touches nothing",
        _try,
        """
        gatehouse tariff try --site site.json --tariff visitor --from 2026-12-01T09:00+08:00 --until 2026-12-01T13:30+08:00
        gatehouse tariff try --site site.json --tariff visitor --from 2026-12-01T09:00 --until 2026-12-02T10:00 --validation '{"minutes": 120}'
        """,  # noqa: E501
    )
    one.add_argument("--site", type=Path, required=True, metavar="FILE", help="the site file that has the tariff")
    one.add_argument("--tariff", required=True, metavar="ID", help="id of the tariff")
    for name, help_text in (("from", "the entry"), ("until", "the exit")):
        one.add_argument(
            f"--{name}",
            dest=name,
            type=_instant,
            required=True,
            metavar="T",
            help=f"{help_text}, such as 2026-12-01T09:00+08:00; without an offset it is site time",
        )
    one.add_argument(
        "--validation",
        type=_validation,
        action="append",
        default=[],
        metavar="JSON",
        help='what is taken over, such as {"minutes": 120}, {"percent": 50} or {"amount": 300}; repeats',
    )


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write 2026-12-01T09:00+08:00") from None
    if found.year not in YEARS:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the years {YEARS[0]} to {YEARS[-1]}")
    return found


def _validation(text: str) -> Validation:
    import msgspec

    from gateway.core.charges.tariff import Validation

    try:
        return msgspec.json.decode(text, type=Validation)
    except msgspec.DecodeError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None


def _try(arguments: Arguments) -> int:
    import msgspec

    from gateway.core.charges.price import charge
    from gateway.core.settings.site_file import prices_of
    from gateway.store.calendar.country import site_calendar

    prices, zone = prices_of(read_site(arguments.site))
    tariff = prices.tariff(arguments.tariff)
    if tariff is None:
        there = ", ".join(one.id for one in prices.tariffs) or "none"
        raise RequestError(f"there is no tariff {arguments.tariff!r} in {arguments.site} (there are: {there})")
    entered, until = (_in_zone(getattr(arguments, name), zone) for name in ("from", "until"))
    if until < entered:
        here = (one.astimezone(zone).isoformat() for one in (until, entered))
        raise RequestError("--until {} is before --from {}".format(*here))
    years = range(entered.year - 1, until.year + 2)
    days = site_calendar(prices.calendar, years)
    found = charge(tariff, entered, until, zone, arguments.validation, days)
    show(arguments, msgspec.to_builtins(found), as_text(found))
    return 0


def _in_zone(instant: datetime, zone: tzinfo) -> datetime:
    """The instant in UTC: two times of one zone would be compared by the wall clock, not by what has elapsed."""
    return (instant if instant.tzinfo is not None else instant.replace(tzinfo=zone)).astimezone(UTC)


def as_text(found: Charge) -> str:
    """The lines with their sums, and the whole."""
    rows = [_row(line, found.currency) for line in found.lines]
    last = f"{found.minutes} minutes cost {money(found.amount, found.currency)} {found.currency} by {found.tariff!r}"
    return "\n".join([*rows, last if found.lines else f"{last} (free)"])


def _row(line: Line, currency: str) -> str:
    span = f"{line.start:%Y-%m-%d %H:%M} - {line.until:%Y-%m-%d %H:%M}"
    return f"{span}  {line.period or '':<10} {_WORDS[line.what]:<14} {money(line.amount, currency):>10}".rstrip()
