"""A pass: the right to pass, by credential, lane and time."""

from __future__ import annotations

import datetime
import re
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from gateway.core.vocabulary.errors import PassError
from gateway.core.vocabulary.times import FIRST_YEAR, NO_END_YEAR, YEARS, wall_ns_of

Moment = datetime.date | datetime.datetime
"""A bound of a validity: a day in site time, or an instant with its offset."""


class PassKind(StrEnum):
    """The four kinds of pass."""

    MONTHLY = "monthly"
    TEMPORARY = "temporary"
    STAFF = "staff"
    BLOCKED = "blocked"


class Pass(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """A pass as the contract writes it; text exactly as given, sets as tuples, dates still as text.

    `valid_from` and `valid_until` are a day (`2026-11-30`, in site time, both days included) or an RFC 3339 instant.
    `schedule` is empty (always) or weekly windows such as `mon-fri 08:00-18:00; sat 09:00-12:00`.
    """

    id: str
    kind: PassKind
    holder: str = ""
    phone: str = ""
    unit: str = ""
    plates: tuple[str, ...] = ()
    cards: tuple[str, ...] = ()
    bay: str = ""
    valid_from: str = ""
    valid_until: str = ""
    schedule: str = ""
    lanes: tuple[str, ...] = ()
    group: str = ""
    note: str = ""
    revision: int = 0


@lru_cache(maxsize=1024)
def parse_moment(text: str) -> Moment:
    """A day (`2026-11-30`) or an RFC 3339 instant with its offset; PassError says what would be right.

    In the first and last year of the calendar only the day counts, with or without an offset: other systems write
    `9999-12-31T23:59:59` for *no end*, which no zone can show.
    """
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return datetime.date.fromisoformat(text)
        moment = datetime.datetime.fromisoformat(text)
        if moment.year in (FIRST_YEAR, NO_END_YEAR):
            return moment.date()
        if moment.tzinfo is None:
            raise ValueError("no offset")
    except ValueError as error:
        raise PassError(
            f"is {text!r}; write a day such as 2026-11-30, or an instant such as 2026-11-30T18:00:00+08:00, {YEARS}"
        ) from error
    return moment


def beginning(valid_from: str) -> Moment | None:
    """The moment in `valid_from`; None without a beginning: empty, or in year 1. PassError if unreadable."""
    moment = parse_moment(valid_from) if valid_from else None
    return None if moment is None or moment.year == FIRST_YEAR else moment


def end(valid_until: str) -> Moment | None:
    """The moment in `valid_until`; None without an end: empty, or in year 9999. PassError if unreadable."""
    moment = parse_moment(valid_until) if valid_until else None
    return None if moment is None or moment.year == NO_END_YEAR else moment


def end_ns(found: Pass, zone: ZoneInfo) -> int | None:
    """The instant at which a pass is over, behind its last day; None without an end, or with an unreadable one."""
    try:
        last = end(found.valid_until)
    except PassError:
        return None
    if last is None:
        return None
    if isinstance(last, datetime.datetime):
        return wall_ns_of(last)
    day = last + datetime.timedelta(days=1)
    return wall_ns_of(datetime.datetime(day.year, day.month, day.day, tzinfo=zone))
