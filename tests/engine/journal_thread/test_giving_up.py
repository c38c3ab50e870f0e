"""Which rows go first when memory is full."""

from __future__ import annotations

from gateway.engine.journal_thread.entries import LOST, Entry
from gateway.engine.journal_thread.giving_up import without
from tests.engine.conftest import row

DENIED, GRANTED, CRASHED = "access.denied", "access.granted", "barrier.crashed"


def entries(*types: str) -> list[Entry]:
    return [Entry(row(type_, number=number)) for number, type_ in enumerate(types)]


def left(rows: list[Entry], excess: int) -> list[int]:
    """The places of the rows that stay."""
    return [entry.row.data["number"] for entry in without(rows, excess)]


def test_nothing_goes_while_there_is_room() -> None:
    assert left(entries(DENIED, GRANTED), 0) == [0, 1]


def test_the_oldest_expendable_rows_go_first() -> None:
    assert left(entries(GRANTED, DENIED, GRANTED, DENIED), 1) == [0, 2, 3]


def test_then_the_oldest_of_the_others_and_precious_ones_last() -> None:
    rows = (CRASHED, GRANTED, DENIED, GRANTED)
    assert left(entries(*rows), 2) == [0, 3]
    assert left(entries(*rows), 3) == [0]
    assert left(entries(*rows), 4) == []


def test_the_order_of_what_stays_is_kept_and_what_goes_is_marked() -> None:
    rows = entries(DENIED, CRASHED, DENIED, GRANTED)
    assert left(rows, 2) == [1, 3]
    assert [entry.sequence == LOST for entry in rows] == [True, False, True, False]
