"""Dropping the oldest rows: how many, what goes with them, and the record that stays."""

from __future__ import annotations

import apsw
import pytest

from gateway.store.journal import writer
from gateway.store.journal.writer import drop_oldest
from gateway.store.sqlite.schemas import JOURNAL


def made(first: int, last: int) -> apsw.Connection:
    """A journal with rows `first` to `last`; a row's hash is its number."""
    db = apsw.Connection(":memory:")
    list(db.execute(JOURNAL.steps[0]))
    rows = [(n, n, n, "a", "gate", n.to_bytes(32, "big"), "{}") for n in range(first, last + 1)]
    db.executemany("INSERT INTO rows VALUES(?, ?, ?, ?, ?, ?, ?)", rows)
    return db


def sequences(db: apsw.Connection) -> list[int]:
    return [row[0] for row in db.execute("SELECT sequence FROM rows ORDER BY sequence")]


def column(db: apsw.Connection, sql: str) -> list[object]:
    return [row[0] for row in db.execute(sql)]


@pytest.mark.parametrize(
    ("stop", "most", "dropped", "left"),
    [
        (5, 100, 4, [5, 6]),
        (5, 4, 4, [5, 6]),
        (5, 3, 3, [4, 5, 6]),
        (2, 100, 1, [2, 3, 4, 5, 6]),
        (1, 100, 0, [1, 2, 3, 4, 5, 6]),
        (0, 100, 0, [1, 2, 3, 4, 5, 6]),
        (5, 0, 0, [1, 2, 3, 4, 5, 6]),
        (5, 1, 1, [2, 3, 4, 5, 6]),
    ],
)
def test_so_many_of_the_oldest_go(stop: int, most: int, dropped: int, left: list[int]) -> None:
    db = made(1, 6)
    assert drop_oldest(db, stop, 7, most) == dropped
    assert sequences(db) == left
    assert not db.in_transaction
    assert len(column(db, "SELECT last FROM gaps")) == (dropped > 0)


def test_rows_are_counted_from_the_first_that_is_there() -> None:
    db = made(11, 16)
    assert drop_oldest(db, 15, 7, 2) == 2
    assert sequences(db) == [13, 14, 15, 16]


def test_a_journal_without_rows_drops_nothing() -> None:
    db = made(1, 0)
    assert drop_oldest(db, 5, 7, 10) == 0
    assert column(db, "SELECT last FROM gaps") == []


def test_the_gap_names_the_last_row_and_its_hash() -> None:
    db = made(1, 6)
    drop_oldest(db, 5, 7, 3)
    assert list(db.execute("SELECT last, lasthash, wall_ns FROM gaps")) == [(3, f"{3:064x}", 7)]


def test_steps_of_one_run_share_a_gap_and_other_runs_have_their_own() -> None:
    db = made(1, 9)
    drop_oldest(db, 9, 7, 2)
    drop_oldest(db, 9, 7, 2)
    assert list(db.execute("SELECT last, wall_ns FROM gaps")) == [(4, 7)]
    drop_oldest(db, 9, 8, 2)
    assert list(db.execute("SELECT last, wall_ns FROM gaps ORDER BY last")) == [(4, 7), (6, 8)]


def test_only_the_latest_gaps_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "GAPS_MAX", 3)
    db = made(1, 9)
    for when_ns in range(5):
        drop_oldest(db, 9, when_ns, 1)
    assert column(db, "SELECT last FROM gaps ORDER BY last") == [3, 4, 5]


@pytest.mark.parametrize(
    ("stop", "blocks"), [(1023, [0, 1, 2]), (1024, [1, 2]), (1025, [1, 2]), (2047, [1, 2]), (2048, [2])]
)
def test_a_summary_goes_once_all_of_its_rows_have_gone(stop: int, blocks: list[int]) -> None:
    db = made(1020, 2050)
    db.executemany("INSERT INTO blocks VALUES(?, ' a ', 0, 0)", [(0,), (1,), (2,)])
    drop_oldest(db, stop, 7, 10_000)
    assert column(db, "SELECT block FROM blocks ORDER BY block") == blocks


@pytest.mark.parametrize(("stop", "boots"), [(3, [1, 4, 7]), (4, [4, 7]), (5, [4, 7]), (7, [7]), (9, [7])])
def test_the_boot_of_the_first_row_that_stays_is_known(stop: int, boots: list[int]) -> None:
    db = made(1, 9)
    db.executemany("INSERT INTO boots VALUES(?, 'b')", [(1,), (4,), (7,)])
    drop_oldest(db, stop, 7, 100)
    assert column(db, "SELECT first FROM boots ORDER BY first") == boots
