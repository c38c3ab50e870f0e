"""The receipt of a stay that was paid: what it cost, line by line, what was paid, how, and who took it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Literal, Protocol, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from gateway.core.charges.price import Line
from gateway.core.money.sums import money
from gateway.core.papers.paper import Item, Pair, Paper, Rule, Text
from gateway.core.papers.ticket import instant
from gateway.core.papers.words import duration, word

Settled = Literal["cash", "qr", "external", "waived", "owed"]


class Settlement(msgspec.Struct, frozen=True):
    """One sum that settled a part of the charge: paid in a way, waived, or owed."""

    how: Settled
    amount: int


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt. `number` is unique; `until`: the instant up to which was charged; `by`: who took the money.

    `amount` is the whole charge, to which `lines` add up; sums are minor units.
    """

    number: str
    site: str
    visit: str
    plate: str | None
    entered: datetime
    until: datetime
    minutes: int
    lines: tuple[Line, ...]
    amount: int
    currency: str
    settled: tuple[Settlement, ...]
    due: int = 0
    leave_by: datetime | None = None
    by: str
    at: datetime


def receipt_paper(receipt: Receipt, zone: ZoneInfo, locale: str) -> Paper:
    """The receipt as it is printed."""
    return Paper(
        (
            Text(receipt.site, "center"),
            Text(word("receipt", locale), "center", large=True),
            Rule(),
            *_stay(receipt, zone, locale),
            Rule(),
            *_sums(receipt, zone, locale),
            Rule(),
            *_end(receipt, zone, locale),
        )
    )


def short_text(receipt: Receipt, zone: ZoneInfo, locale: str) -> str:
    """What proves the payment, in few characters: for a QR code on a small screen."""
    paid = sum(one.amount for one in receipt.settled if one.how not in ("waived", "owed"))
    rows = (
        f"{receipt.site} {word('receipt', locale)}",
        f"{word('number', locale)} {receipt.number}",
        f"{word('plate', locale)} {receipt.plate or word('no_plate', locale)}",
        f"{word('entered', locale)} {instant(receipt.entered, zone)}",
        f"{word('charged_until', locale)} {instant(receipt.until, zone)}",
        f"{word('paid', locale)} {money(paid, receipt.currency)} {receipt.currency}",
    )
    return "\n".join(rows)


def _stay(receipt: Receipt, zone: ZoneInfo, locale: str) -> Iterator[Item]:
    yield Pair(word("number", locale), receipt.number)
    yield Pair(word("plate", locale), receipt.plate or word("no_plate", locale))
    yield Pair(word("entered", locale), instant(receipt.entered, zone))
    yield Pair(word("charged_until", locale), instant(receipt.until, zone))
    yield Pair(word("minutes", locale), duration(receipt.minutes, locale))


def _sums(receipt: Receipt, zone: ZoneInfo, locale: str) -> Iterator[Item]:
    currency = receipt.currency
    for same in runs(receipt.lines):
        yield Pair(_line_words(same, currency, zone, locale), money(sum(one.amount for one in same), currency))
    yield Pair(f"{word('sum', locale)} {currency}", money(receipt.amount, currency), large=True)
    for one in receipt.settled:
        yield Pair(word(one.how, locale), money(one.amount, currency))
    if receipt.due:
        yield Pair(word("due", locale), money(receipt.due, currency))


class _Line(Protocol):
    """What makes two lines of an explanation equal."""

    @property
    def what(self) -> str: ...
    @property
    def period(self) -> str | None: ...
    @property
    def amount(self) -> int: ...


AnyLine = TypeVar("AnyLine", bound=_Line)


def runs(lines: Iterable[AnyLine]) -> list[list[AnyLine]]:
    """Equal lines that follow each other, together: twelve lines of one block say no more than one."""
    return [list(same) for _, same in groupby(lines, key=lambda one: (one.what, one.period, one.amount))]


def _line_words(same: Sequence[Line], currency: str, zone: ZoneInfo, locale: str) -> str:
    """What lines of the explanation are for."""
    what = word(same[0].what, locale)
    if same[0].what != "block":
        return what
    start, until = same[0].start.astimezone(zone), same[-1].until.astimezone(zone)
    days = (until.date() - start.date()).days
    later = f"+{days}" if days else ""
    each = f" {len(same)}x{money(same[0].amount, currency)}" if len(same) > 1 else ""
    return f"{start:%H:%M}-{until:%H:%M}{later}{each}"


def _end(receipt: Receipt, zone: ZoneInfo, locale: str) -> Iterator[Item]:
    yield Pair(word("guard", locale), receipt.by)
    yield Pair(word("at", locale), instant(receipt.at, zone))
    if receipt.leave_by is not None:
        yield Pair(word("leave_by", locale), instant(receipt.leave_by, zone))
    yield Text(word("thanks", locale), "center")
