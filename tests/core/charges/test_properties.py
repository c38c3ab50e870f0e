"""Any tariff and any stay: the charge against a slow one that walks minute by minute, and what must hold of all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.core.charges.calendar import Calendar
from gateway.core.charges.price import charge
from gateway.core.charges.tariff import Block, Period, Tariff, Validation

MINUTE = timedelta(minutes=1)
ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Africa/Cairo", "UTC")
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

prices = st.integers(0, 900)
blocks = st.lists(st.builds(Block, st.sampled_from((1, 7, 15, 30, 60, 120, 600, 1500)), prices), min_size=1, max_size=3)
times = st.one_of(
    st.sampled_from(("00:00", "00:30", "02:00", "02:30", "03:00", "07:00", "21:00", "23:59")),
    st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59)),
)
weekdays = st.one_of(
    st.sampled_from(("mon-sun", "sat-mon", "fri,sat", "sun")),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map(",".join),
)
caps = st.one_of(st.none(), st.integers(0, 3000))
periods = st.lists(
    st.builds(Period, st.just("p"), times, st.one_of(times, st.just("24:00")), blocks.map(tuple), weekdays, caps),
    max_size=3,
).map(lambda found: tuple(replace(one, id=f"p{number}") for number, one in enumerate(found)))
tariffs = st.builds(
    Tariff,
    st.just("t"),
    st.just("CNY"),
    blocks.map(tuple),
    free_minutes=st.integers(0, 90),
    free_deducted=st.booleans(),
    day=st.sampled_from(("24h", "calendar")),
    day_cap=caps,
    boundary=st.sampled_from(("split", "start")),
    periods=periods,
)
# Around days on which clocks are changed, and any other.
entries = st.one_of(
    st.datetimes(datetime(2026, 3, 27), datetime(2026, 4, 6)),
    st.datetimes(datetime(2026, 10, 23), datetime(2026, 11, 1)),
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),
).map(lambda found: found.replace(microsecond=0, tzinfo=UTC))
stays = st.one_of(st.integers(0, 300), st.integers(0, 4500)).map(lambda minutes: minutes * MINUTE)
validations = st.lists(
    st.one_of(
        st.builds(Validation, minutes=st.integers(0, 200)),
        st.builds(Validation, percent=st.integers(0, 100)),
        st.builds(Validation, amount=prices),
    ),
    max_size=3,
)
calendars = st.builds(
    Calendar,
    st.frozensets(st.dates(datetime(2026, 3, 27).date(), datetime(2026, 4, 6).date()), max_size=3),
    st.frozensets(st.dates(datetime(2026, 3, 27).date(), datetime(2026, 4, 6).date()), max_size=3),
)


@given(tariffs, entries, stays, st.sampled_from(ZONES), validations, calendars)
@example(
    Tariff("t", "CNY", (Block(1, 0),)),
    datetime(2026, 10, 23, 18, 19, tzinfo=UTC),
    1841 * MINUTE,
    "Europe/Berlin",
    [],
    Calendar(frozenset(), frozenset()),
)
@example(
    Tariff("t", "CNY", (Block(60, 5),), periods=(Period("p", "02:30", "03:30", (Block(1, 1),)),)),
    datetime(2026, 3, 28, 23, 0, 30, tzinfo=UTC),
    timedelta(hours=6),
    "Europe/Berlin",
    [],
    Calendar(),
)
def test_a_charge_is_what_a_walk_from_minute_to_minute_finds(
    tariff: Tariff,
    entered: datetime,
    lasts: timedelta,
    zone: str,
    taken_over: list[Validation],
    calendar: Calendar,
) -> None:
    found = charge(tariff, entered, entered + lasts, ZoneInfo(zone), taken_over, calendar)
    assert found.amount == walked(tariff, entered, lasts // MINUTE, ZoneInfo(zone), taken_over, calendar)
    assert found.amount == sum(line.amount for line in found.lines)
    assert found.amount >= 0
    assert all((line.amount <= 0) == (line.what != "block") or line.amount == 0 for line in found.lines)
    # Two times of one zone are compared by the wall clock, which runs twice through an hour in autumn.
    spans = [(line.start.astimezone(UTC), line.until.astimezone(UTC)) for line in found.lines]
    assert all(entered <= start <= until <= entered + lasts for start, until in spans)


@given(tariffs, entries, stays, st.sampled_from(ZONES))
def test_instants_in_site_time_cost_what_the_same_instants_in_utc_cost(
    tariff: Tariff, entered: datetime, lasts: timedelta, zone: str
) -> None:
    here, until = entered.astimezone(ZoneInfo(zone)), (entered + lasts).astimezone(ZoneInfo(zone))
    assert charge(tariff, here, until, ZoneInfo(zone)) == charge(tariff, entered, entered + lasts, ZoneInfo(zone))


@given(tariffs, entries, stays, st.integers(1, 600), st.sampled_from(ZONES))
def test_more_minutes_never_cost_less_without_caps_and_bounds(
    tariff: Tariff, entered: datetime, lasts: timedelta, more: int, zone: str
) -> None:
    plain = replace(tariff, periods=(), day_cap=None, day="24h")
    shorter = charge(plain, entered, entered + lasts, ZoneInfo(zone))
    longer = charge(plain, entered, entered + lasts + more * MINUTE, ZoneInfo(zone))
    assert shorter.amount <= longer.amount


@given(tariffs, entries, stays, st.sampled_from(ZONES), validations, st.integers(0, 900))
def test_one_validation_more_never_costs_more_without_periods(
    tariff: Tariff, entered: datetime, lasts: timedelta, zone: str, taken_over: list[Validation], off: int
) -> None:
    stay = (entered, entered + lasts, ZoneInfo(zone))
    more = [*taken_over, Validation(amount=off)]
    assert charge(tariff, *stay, more).amount <= charge(tariff, *stay, taken_over).amount


# ---- the slow charge: the rules as they are written, a minute at a time ----------------------------------------------


def walked(
    tariff: Tariff,
    entered: datetime,
    minutes: int,
    zone: ZoneInfo,
    taken_over: list[Validation],
    calendar: Calendar,
) -> int:
    if minutes <= tariff.free_minutes:
        return 0
    first = (tariff.free_minutes if tariff.free_deducted else 0) + sum(one.minutes or 0 for one in taken_over)
    rows = []
    for minute in range(first, minutes):
        here = (entered + minute * MINUTE).astimezone(zone)
        day = here.date() if tariff.day == "calendar" else minute // 1440
        rows.append((day, period_of(tariff, here, calendar)))
    amount = 0
    for _, of_day in groupby(rows, key=lambda row: row[0]):
        periods_of_day = [period for _, period in of_day]
        sums = split(tariff, periods_of_day) if tariff.boundary == "split" else by_start(tariff, periods_of_day)
        amount += sums if tariff.day_cap is None else min(sums, tariff.day_cap)
    for one in taken_over:
        amount -= amount * (one.percent or 0) // 100
    return max(0, amount - sum(one.amount or 0 for one in taken_over))


def period_of(tariff: Tariff, here: datetime, calendar: Calendar) -> Period | None:
    clock = f"{here:%H:%M}"
    today, yesterday = (calendar.weekday(here.date() - timedelta(days=back)) for back in (0, 1))
    for period in tariff.periods:
        night = period.start >= period.until
        if today in period.days and period.start <= clock and (night or clock < period.until):
            return period
        if night and yesterday in period.days and clock < period.until:
            return period
    return None


def split(tariff: Tariff, periods_of_day: list[Period | None]) -> int:
    amount = 0
    for period, same in groupby(periods_of_day):
        costs, left, number = 0, len(list(same)), 0
        pieces = period.blocks if period else tariff.blocks
        while left > 0:
            block = pieces[min(number, len(pieces) - 1)]
            costs, left, number = costs + block.price, left - block.minutes, number + 1
        amount += costs if period is None or period.cap is None else min(costs, period.cap)
    return amount


def by_start(tariff: Tariff, periods_of_day: list[Period | None]) -> int:
    begun: list[tuple[Period | None, int]] = []
    minute = number = 0
    while minute < len(periods_of_day):
        period = periods_of_day[minute]
        number = number + 1 if begun and begun[-1][0] == period else 0
        pieces = period.blocks if period else tariff.blocks
        block = pieces[min(number, len(pieces) - 1)]
        begun.append((period, block.price))
        minute += block.minutes
    amount = 0
    for period, run in groupby(begun, key=lambda one: one[0]):
        costs = sum(price for _, price in run)
        amount += costs if period is None or period.cap is None else min(costs, period.cap)
    return amount
