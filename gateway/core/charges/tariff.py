"""Tariffs as the site file has them. Sums are whole minor units (fen, cents); times of day are site time.

`wrong_tariff` finds what the types cannot say: times, weekdays, and blocks that would never end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import time
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from gateway.core.vocabulary.errors import PassError
from gateway.core.vocabulary.schedule import parse_days

MINUTES_MAX = 44_640
"""A block is at most a month."""
PRICE_MAX = 100_000_000
DAY_MINUTES = 1_440

Minutes = Annotated[int, Meta(ge=0, le=MINUTES_MAX)]
Price = Annotated[int, Meta(ge=0, le=PRICE_MAX, extra={"written": "money", "of": "currency"})]
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
_CURRENCY = re.compile(r"[A-Z]{3}")


class Block(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A price for `minutes` once they have begun."""

    minutes: Annotated[int, Meta(ge=1, le=MINUTES_MAX, description="how long the block is")]
    price: Annotated[Price, Meta(description="what it costs once it has begun")]


Blocks = Annotated[tuple[Block, ...], Meta(min_length=1, max_length=100)]


class Period(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"start": "from"}):
    """A range of site time with blocks of its own; one that ends before it begins runs past midnight."""

    id: Annotated[str, Meta(description="its name, in the lines of a charge")]
    start: Annotated[str, Meta(description="the time at which it begins, such as `21:00`")]
    until: Annotated[
        str,
        Meta(
            description="the time at which it ends, at most `24:00`; one that ends before it begins runs past midnight"
            " and belongs to the day on which it begins"
        ),
    ]
    blocks: Annotated[Blocks, Meta(description="its blocks, written as those of the tariff")]
    weekdays: Annotated[
        str,
        Meta(
            description="days on which it begins, such as `mon-fri`, `fri,sat` or `sat-mon`",
            extra={"written": "weekdays"},
        ),
    ] = "mon-sun"
    cap: (
        Annotated[Price, Meta(description="what one piece (`split`) or one run of its blocks (`start`) costs at most")]
        | None
    ) = None

    @property
    def days(self) -> frozenset[int]:
        """The weekdays on which it begins, Monday 0; PassError for a text that names none."""
        return parse_days(self.weekdays)

    @property
    def minutes(self) -> tuple[int, int]:
        """Begin and end as minutes of the day."""
        return minute_of_day(self.start), minute_of_day(self.until)


class Tariff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a stay costs. `day`: how it is cut into days. `boundary`: whether a block ends with its period."""

    id: Annotated[str, Meta(description="the tariff's id, which `charging.rules` name")]
    currency: Annotated[
        str,
        Meta(description="three letters of ISO 4217, such as `CNY`"),
    ]
    blocks: Annotated[Blocks, Meta(description="charged whole once begun, in order; the last one repeats")]
    free_minutes: Annotated[
        Minutes, Meta(description="a stay of at most so many minutes costs nothing; a longer one is charged whole")
    ] = 0
    free_deducted: Annotated[bool, Meta(description="a longer stay is charged without the free minutes")] = False
    day: Annotated[
        Literal["24h", "calendar"],
        Meta(
            description="how a stay is cut into days, in which the blocks begin anew: `24h` from the entry, or"
            " `calendar` at the site's midnights"
        ),
    ] = "24h"
    day_cap: Annotated[Price, Meta(description="what one of these days costs at most")] | None = None
    boundary: Annotated[
        Literal["split", "start"],
        Meta(
            description="`split`: a block ends with its period; `start`: it belongs to the period in which it begins,"
            " and may run over its end"
        ),
    ] = "split"
    periods: Annotated[
        tuple[Period, ...],
        Meta(max_length=50, description="ranges of site time with blocks of their own; the first that fits holds"),
    ] = ()


class Validation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a shop or a resident takes over: one of minutes, percent and amount."""

    minutes: Minutes | None = None
    percent: Annotated[int, Meta(ge=0, le=100)] | None = None
    amount: Price | None = None

    def __post_init__(self) -> None:
        given = [one for one in (self.minutes, self.percent, self.amount) if one is not None]
        if len(given) != 1:
            raise ValueError("give one of minutes, percent and amount")


def minute_of_day(text: str) -> int:
    """`07:30` as 450; `24:00` is 1440."""
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def clock_time(minute: int) -> time:
    """A minute of the day as a time; 1440 is the midnight after it."""
    return time(minute % DAY_MINUTES // 60, minute % 60)


def wrong_tariff(tariff: Tariff) -> Iterator[tuple[str, str]]:
    """What is wrong, as path below the tariff and words."""
    if not _CURRENCY.fullmatch(tariff.currency):
        yield ".currency", f"is {tariff.currency!r}; give three letters such as CNY or EUR"
    seen: set[str] = set()
    for number, period in enumerate(tariff.periods):
        path = f".periods[{number}]"
        if not period.id or period.id in seen:
            yield f"{path}.id", f"is {period.id!r}; give each period a name of its own"
        seen.add(period.id)
        yield from _wrong_range(period, path)


def _wrong_range(period: Period, path: str) -> Iterator[tuple[str, str]]:
    for key, text in (("from", period.start), ("until", period.until)):
        if not _TIME.fullmatch(text) or (key == "from" and text == "24:00"):
            yield f"{path}.{key}", f"is {text!r}; write a time such as 21:00" + (", at most 24:00" * (key == "until"))
            return
    try:
        period.days  # noqa: B018
    except PassError as error:
        yield f"{path}.weekdays", f"{error}; for example mon-fri or fri,sat"
