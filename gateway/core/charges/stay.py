"""A stay as a row of whole minutes, cut where its day or its period changes.

A minute belongs to the day and the period in which it begins, by the wall clock at that instant. Both can change only
at a midnight, at the bounds of a period, and where the clocks are changed; so a stay of a year is a few hundred
stretches and not half a million minutes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec

from gateway.core.charges.calendar import Calendar
from gateway.core.charges.tariff import DAY_MINUTES, Period, clock_time

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


class Stretch(msgspec.Struct, frozen=True):
    """Minutes `start` to `end` (exclusive) of the stay in one day and one period, None for none."""

    start: int
    end: int
    day: int | date
    period: Period | None


class Stay(msgspec.Struct, frozen=True):
    """From the instant of entry on; both instants are aware."""

    entered: datetime
    until: datetime
    zone: ZoneInfo

    @property
    def minutes(self) -> int:
        """Whole minutes; seconds over are dropped, and a clock that went back makes none."""
        return max(0, (self.until.astimezone(UTC) - self.entered.astimezone(UTC)) // MINUTE)

    def at(self, minute: int) -> datetime:
        """The instant at which a minute begins, in site time."""
        return (self.entered.astimezone(UTC) + minute * MINUTE).astimezone(self.zone)


def stretches(
    stay: Stay, first: int, periods: Sequence[Period], calendar: Calendar, by_date: bool
) -> Iterator[Stretch]:
    """The minutes from `first` on, in order; a day is a site date, or the 24 h since the entry."""
    cuts = _cuts(stay, first, periods)
    if not by_date:
        cuts |= {minute for minute in range(0, stay.minutes, DAY_MINUTES) if minute > first}
    for start, end in pairwise(sorted({first, *cuts, stay.minutes})):
        here = stay.at(start)
        day: int | date = here.date() if by_date else start // DAY_MINUTES
        yield Stretch(start, end, day, period_at(here, periods, calendar))


def period_at(here: datetime, periods: Sequence[Period], calendar: Calendar) -> Period | None:
    """The first period that holds at a wall-clock time of the site."""
    minute, today = here.hour * 60 + here.minute, calendar.weekday(here.date())
    yesterday = calendar.weekday(here.date() - DAY)
    for period in periods:
        begins, ends = period.minutes
        over_midnight = begins >= ends
        if today in period.days and minute >= begins and (over_midnight or minute < ends):
            return period
        if over_midnight and yesterday in period.days and minute < ends:
            return period
    return None


def _cuts(stay: Stay, first: int, periods: Sequence[Period]) -> set[int]:
    """Minutes at which the day or the period may change."""
    times = {time(0)} | {clock_time(minute) for period in periods for minute in period.minutes}
    begins, ends = stay.at(first), stay.at(stay.minutes)
    found: set[int] = set()
    day = begins.date()
    while day <= ends.date():
        for one in times:
            for fold in (0, 1):
                found.add(_minute(stay, datetime.combine(day, one, stay.zone).replace(fold=fold)))
        found |= {_minute(stay, change) for change in _clock_changes(day, stay.zone)}
        day += DAY
    return {minute for minute in found if first < minute < stay.minutes}


def _minute(stay: Stay, instant: datetime) -> int:
    """The first minute that begins at or after an instant."""
    return -((stay.entered.astimezone(UTC) - instant.astimezone(UTC)) // MINUTE)


def _clock_changes(day: date, zone: ZoneInfo) -> Iterator[datetime]:
    """The instant at which the clocks are changed on a day, if they are."""
    low = datetime.combine(day, time(0), zone).astimezone(UTC)
    high = datetime.combine(day + DAY, time(0), zone).astimezone(UTC)
    before = low.astimezone(zone).utcoffset()
    if before == high.astimezone(zone).utcoffset():
        return
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    yield high.replace(microsecond=0)
