"""The sum of a stay, line by line: blocks, caps, validations, percentages. The lines add up to the sum."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from gateway.core.charges.calendar import Calendar
from gateway.core.charges.stay import Stay, Stretch, stretches
from gateway.core.charges.tariff import Block, Period, Tariff, Validation

What = Literal["block", "cap", "day_cap", "validation", "percent"]


class Line(msgspec.Struct, frozen=True):
    """One line of the explanation; a reduction is negative. `period`: its id, None outside of all periods."""

    what: What
    start: datetime = msgspec.field(name="from")
    until: datetime
    period: str | None
    amount: int


class Charge(msgspec.Struct, frozen=True):
    """What a stay costs, in minor units of the currency, and why."""

    amount: int
    currency: str
    minutes: int
    lines: tuple[Line, ...]
    tariff: str


class _Piece(msgspec.Struct, frozen=True):
    """Minutes that follow each other in one period of one day."""

    start: int
    end: int
    period: Period | None


def charge(
    tariff: Tariff,
    entered: datetime,
    until: datetime,
    zone: ZoneInfo,
    validations: Sequence[Validation] = (),
    calendar: Calendar | None = None,
) -> Charge:
    """The charge of a stay from `entered` to `until`, which are aware instants."""
    stay = Stay(entered, until, zone)
    if stay.minutes <= tariff.free_minutes:
        return Charge(0, tariff.currency, stay.minutes, (), tariff.id)
    first, lines = _after_free(tariff, stay, validations)
    found = stretches(stay, first, tariff.periods, calendar or Calendar(), tariff.day == "calendar")
    for _, of_day in groupby(found, key=lambda one: one.day):
        lines += _day(tariff, stay, list(of_day))
    lines += _reductions(stay, sum(line.amount for line in lines), validations)
    return Charge(sum(line.amount for line in lines), tariff.currency, stay.minutes, tuple(lines), tariff.id)


def _after_free(tariff: Tariff, stay: Stay, validations: Sequence[Validation]) -> tuple[int, list[Line]]:
    """The first minute that is charged, and the lines of validations that take minutes off."""
    first = tariff.free_minutes if tariff.free_deducted else 0
    lines = []
    for one in validations:
        if one.minutes:
            end = min(first + one.minutes, stay.minutes)
            lines.append(Line("validation", stay.at(first), stay.at(end), None, 0))
            first = end
    return first, lines


def _day(tariff: Tariff, stay: Stay, found: list[Stretch]) -> list[Line]:
    """One day's lines; its last block may run over its end."""
    lines = list(_split(tariff, stay, found) if tariff.boundary == "split" else _by_start(tariff, stay, found))
    over = sum(line.amount for line in lines) - tariff.day_cap if tariff.day_cap is not None else 0
    if over > 0:
        lines.append(Line("day_cap", stay.at(found[0].start), stay.at(found[-1].end), None, -over))
    return lines


def _split(tariff: Tariff, stay: Stay, found: list[Stretch]) -> Iterator[Line]:
    """Each piece by its period's blocks from the first on, and at most its cap."""
    for _, group in groupby(found, key=lambda one: one.period):
        same = list(group)
        piece = _Piece(same[0].start, same[-1].end, same[0].period)
        yield from _capped(stay, piece, list(_blocks_of(tariff, stay, piece)))


def _blocks_of(tariff: Tariff, stay: Stay, piece: _Piece) -> Iterator[Line]:
    start = piece.start
    for block in _in_order(piece.period.blocks if piece.period else tariff.blocks):
        if start >= piece.end:
            return
        end = min(start + block.minutes, piece.end)
        yield _line(stay, start, end, piece.period, block)
        start += block.minutes


def _by_start(tariff: Tariff, stay: Stay, found: list[Stretch]) -> Iterator[Line]:
    """Blocks one after the other, each of the period in which it begins; a run in one period has its cap."""
    starts = [one.start for one in found]
    start, last = found[0].start, found[-1].end
    while start < last:
        period = found[bisect_right(starts, start) - 1].period
        begins, lines = start, []
        for block in _in_order(period.blocks if period else tariff.blocks):
            if start >= last or found[bisect_right(starts, start) - 1].period != period:
                break
            lines.append(_line(stay, start, min(start + block.minutes, last), period, block))
            start += block.minutes
        yield from _capped(stay, _Piece(begins, min(start, last), period), lines)


def _capped(stay: Stay, piece: _Piece, lines: list[Line]) -> Iterator[Line]:
    yield from lines
    cap = piece.period.cap if piece.period else None
    over = sum(line.amount for line in lines) - cap if cap is not None else 0
    if over > 0:
        yield Line("cap", stay.at(piece.start), stay.at(piece.end), _name(piece.period), -over)


def _reductions(stay: Stay, amount: int, validations: Iterable[Validation]) -> Iterator[Line]:
    """Each percentage of what is left, rounded down; then amounts; never below 0."""
    whole = stay.at(0), stay.at(stay.minutes)
    for one in validations:
        if one.percent is not None:
            off = amount * one.percent // 100
            amount -= off
            yield Line("percent", *whole, None, -off)
    for one in validations:
        if one.amount is not None:
            off = min(amount, one.amount)
            amount -= off
            yield Line("validation", *whole, None, -off)


def _in_order(blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks in order; the last one repeats."""
    yield from blocks
    while True:
        yield blocks[-1]


def _line(stay: Stay, start: int, end: int, period: Period | None, block: Block) -> Line:
    return Line("block", stay.at(start), stay.at(end), _name(period), block.price)


def _name(period: Period | None) -> str | None:
    return period.id if period else None
