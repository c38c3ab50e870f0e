"""The SQL of a filter, the stretches that can hold a match."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from gateway.core.vocabulary.errors import CursorError
from gateway.store.journal.cursors import Gap
from gateway.store.journal.queries import (
    ALWAYS,
    Filter,
    Split,
    first_of,
    hash_of,
    last_gap,
    last_of,
    ranges_of,
    read_batch,
    read_rows,
)
from gateway.store.sqlite.schemas import JOURNAL, NO_HASH

EVERYTHING = Filter.of((), None, None)
ALIKE = Split(None, "b")


def made(first: int, last: int) -> apsw.Connection:
    """Rows `first` to `last`, at a time of their number; every third is of type `c`; the text is the number."""
    db = apsw.Connection(":memory:")
    list(db.execute(JOURNAL.steps[0]))
    rows = [(n, n, n, "c" if n % 3 == 0 else "a", "gate", bytes([n % 256]), str(n)) for n in range(first, last + 1)]
    db.executemany("INSERT INTO rows VALUES(?, ?, ?, ?, ?, ?, ?)", rows)
    return db


@pytest.mark.parametrize(
    ("types", "since_ns", "until_ns", "wanted"),
    [
        ((), None, None, Filter((), -ALWAYS, ALWAYS)),
        (("gatehouse.b", "a", "b"), None, None, Filter(("a", "b"), -ALWAYS, ALWAYS)),
        ((), 0, 0, Filter((), 0, 0)),
        ((), 3, None, Filter((), 3, ALWAYS)),
    ],
)
def test_a_filter_is_of_types_and_times(
    types: tuple[str, ...], since_ns: int | None, until_ns: int | None, wanted: Filter
) -> None:
    assert Filter.of(types, since_ns, until_ns) == wanted


@pytest.mark.parametrize(
    ("wanted", "everything"),
    [
        (EVERYTHING, True),
        (Filter.of(("a",), None, None), False),
        (Filter.of((), 0, None), False),
        (Filter.of((), None, 0), False),
    ],
)
def test_a_filter_that_leaves_nothing_out_is_known(wanted: Filter, everything: bool) -> None:
    assert wanted.everything is everything


@pytest.mark.parametrize(
    ("wanted", "after", "limit", "found"),
    [
        (EVERYTHING, 0, 100, [1, 2, 3, 4, 5, 6, 7]),
        (EVERYTHING, 2, 2, [3, 4]),
        (EVERYTHING, 7, 2, []),
        (EVERYTHING, 0, 0, []),
        (Filter.of(("c",), None, None), 0, 9, [3, 6]),
        (Filter.of(("gatehouse.c",), None, None), 3, 9, [6]),
        (Filter.of(("c",), None, None), 0, 1, [3]),
        (Filter.of(("a", "c"), 2, 5), 0, 9, [2, 3, 4]),
        (Filter.of((), 3, None), 0, 9, [3, 4, 5, 6, 7]),
        (Filter.of((), None, 3), 0, 9, [1, 2]),
        (Filter.of((), 3, 3), 0, 9, []),
    ],
)
def test_rows_behind_a_position_are_read_as_the_filter_says(
    wanted: Filter, after: int, limit: int, found: list[int]
) -> None:
    assert [row.sequence for row in read_rows(made(1, 7), after, limit, wanted)] == found


@pytest.mark.parametrize(
    ("wanted", "after", "limit", "batch"),
    [
        (EVERYTHING, 0, 3, (b"[1,2,3]", 1, 3, 3, 3)),
        (EVERYTHING, 5, 3, (b"[6,7]", 6, 7, 2, 7)),
        (EVERYTHING, 7, 3, (b"[]", 0, 0, 0, 7)),
        (EVERYTHING, 9, 3, (b"[]", 0, 0, 0, 9)),
        (Filter.of(("c",), None, None), 0, 1, (b"[3]", 3, 3, 1, 3)),
        (Filter.of(("c",), None, None), 0, 2, (b"[3,6]", 3, 6, 2, 6)),
        (Filter.of(("c",), None, None), 0, 3, (b"[3,6]", 3, 6, 2, 7)),
        (Filter.of(("x",), None, None), 2, 3, (b"[]", 0, 0, 0, 7)),
        (Filter.of(("c",), None, None), 9, 3, (b"[]", 0, 0, 0, 9)),
    ],
)
def test_a_batch_tells_its_ends_and_how_far_it_has_looked(
    wanted: Filter, after: int, limit: int, batch: tuple[object, ...]
) -> None:
    found = read_batch(made(1, 7), after, limit, wanted, ALIKE)
    assert (found.json, found.first, found.last, found.count, found.scanned) == batch
    assert found.historical is False


@pytest.mark.parametrize(
    ("live_since_ns", "boot", "after", "last", "historical"),
    [
        (5, "now", 0, 4, True), (5, "now", 3, 4, True), (5, "now", 4, 7, False), (0, "now", 0, 2, True),
        (0, "now", 2, 7, False), (5, "other", 0, 7, True), (8, "now", 0, 7, True),
    ],
)  # fmt: skip
def test_a_batch_is_historical_or_live_and_never_both(
    live_since_ns: int, boot: str, after: int, last: int, historical: bool
) -> None:
    db = made(1, 7)
    db.executemany("INSERT INTO boots VALUES(?, ?)", [(1, "before"), (3, "now")])
    for wanted in (EVERYTHING, Filter.of(("a", "c"), None, None)):
        found = read_batch(db, after, 100, wanted, Split(live_since_ns, boot))
        assert (found.last, found.historical) == (last, historical)


@pytest.mark.parametrize(
    ("wanted", "after", "ranges"),
    [
        (EVERYTHING, 9, [(10, ALWAYS)]),
        (Filter.of(("a",), None, None), 0, [(1, 1023), (2048, 3071), (3072, ALWAYS)]),
        (Filter.of(("a",), None, None), 1022, [(1023, 1023), (2048, 3071), (3072, ALWAYS)]),
        (Filter.of(("a",), None, None), 1023, [(2048, 3071), (3072, ALWAYS)]),
        (Filter.of(("a",), None, None), 3999, [(4000, ALWAYS)]),
        (Filter.of(("a.b",), None, None), 0, [(1024, 2047), (3072, ALWAYS)]),
        (Filter.of((), 19, None), 0, [(1024, 2047), (2048, 3071), (3072, ALWAYS)]),
        (Filter.of((), 20, None), 0, [(2048, 3071), (3072, ALWAYS)]),
        (Filter.of((), None, 10), 0, [(1, 1023), (3072, ALWAYS)]),
        (Filter.of((), None, 11), 0, [(1, 1023), (1024, 2047), (3072, ALWAYS)]),
    ],
)
def test_only_blocks_that_can_hold_a_match_are_read(wanted: Filter, after: int, ranges: list[tuple[int, int]]) -> None:
    db = made(1, 0)
    blocks = [(0, " a ", 0, 9), (1, " a.b ", 10, 19), (2, " a c ", 20, 29)]
    db.executemany("INSERT INTO blocks VALUES(?, ?, ?, ?)", blocks)
    assert list(ranges_of(db, after, wanted)) == ranges


@pytest.mark.parametrize(("first", "last", "ends"), [(1, 0, (1, 0)), (1, 3, (1, 3)), (4, 9, (4, 9))])
def test_a_journal_has_two_ends(first: int, last: int, ends: tuple[int, int]) -> None:
    db = made(first, last)
    assert (first_of(db), last_of(db)) == ends


def test_the_latest_gap_counts() -> None:
    db = made(1, 0)
    assert last_gap(db) == Gap(0, NO_HASH, 0)
    db.executemany("INSERT INTO gaps VALUES(?, ?, ?)", [(5, "bb", 1), (3, "aa", 9)])
    assert last_gap(db) == Gap(5, "bb", 1)


def test_a_hash_is_of_a_row_or_of_the_end_of_the_gap() -> None:
    db = made(6, 7)
    db.execute("INSERT INTO gaps VALUES(5, 'bb', 1)")
    assert hash_of(db, 6, Path("j.db")) == "06"
    assert hash_of(db, 5, Path("j.db")) == "bb"
    for missing in (4, 8):
        with pytest.raises(CursorError, match=f"j.db has no row {missing}"):
            hash_of(db, missing, Path("j.db"))
