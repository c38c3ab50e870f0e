"""Summaries of 1,024 rows: what a block knows of the rows in it."""

from __future__ import annotations

import apsw
import pytest

from gateway.store.journal.blocks import Block
from gateway.store.journal.composing import Stored
from gateway.store.sqlite.schemas import JOURNAL


def stored(sequence: int, wall_ns: int = 0, kind: str = "a") -> Stored:
    return (sequence, wall_ns, 0, kind, "gate", b"", "{}")


def test_an_empty_block_bounds_no_time() -> None:
    number, types, low_ns, high_ns = Block(3).summary()
    assert (number, types) == (3, "  ")
    assert low_ns == 1 << 62
    assert high_ns == -(1 << 62)


@pytest.mark.parametrize(
    ("times", "low_ns", "high_ns"),
    [([5], 5, 5), ([5, 9, 7], 5, 9), ([9, 5], 5, 9), ([-3, -8], -8, -3), ([0, 0], 0, 0)],
)
def test_a_block_bounds_the_times_of_its_rows(times: list[int], low_ns: int, high_ns: int) -> None:
    block = Block(0)
    block.add([stored(number, wall_ns) for number, wall_ns in enumerate(times, 1)])
    assert block.summary() == (0, " a ", low_ns, high_ns)


def test_a_block_names_each_type_once_and_in_order() -> None:
    block = Block(0)
    block.add([stored(1, kind="c.x"), stored(2, kind="a.x"), stored(3, kind="c.x"), stored(4, kind="b")])
    assert block.summary()[1] == " a.x b c.x "


def test_rows_within_a_block_leave_it_open_and_untouched() -> None:
    block = Block(0)
    block.add([stored(1, 1)])
    found = block.filled_by([stored(1022, 5, "b"), stored(1023, 6, "c")])
    assert [one.summary() for one in found] == [(0, " a b c ", 1, 6)]
    assert block.summary() == (0, " a ", 1, 1)


def test_the_row_1024_begins_the_next_block() -> None:
    found = Block(0).filled_by([stored(1023, 5, "a"), stored(1024, 6, "b"), stored(1025, 7, "c")])
    assert [one.summary() for one in found] == [(0, " a ", 5, 5), (1, " b c ", 6, 7)]


def test_many_rows_fill_many_blocks() -> None:
    found = Block(1).filled_by([stored(number, number) for number in range(2047, 4097)])
    assert [(one.number, one.low_ns, one.high_ns) for one in found] == [
        (1, 2047, 2047),
        (2, 2048, 3071),
        (3, 3072, 4095),
        (4, 4096, 4096),
    ]


@pytest.mark.parametrize(
    ("last", "summary"),
    [(1023, (0, " a b c ", 3, 30)), (1024, (1, " b c ", 3, 20)), (2047, (1, " b c ", 3, 20))],
)
def test_the_open_block_is_read_from_its_rows_alone(last: int, summary: tuple[object, ...]) -> None:
    db = apsw.Connection(":memory:")
    list(db.execute(JOURNAL.steps[0]))
    rows = [stored(1023, 30, "a"), stored(1024, 20, "b"), stored(1025, 10, "c"), stored(1026, 3, "b")]
    db.executemany("INSERT INTO rows VALUES(?, ?, ?, ?, ?, ?, ?)", rows)
    assert Block.load(db, last).summary() == summary
