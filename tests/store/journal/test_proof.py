"""Heads compared with a journal: pure, over made-up hashes."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.vocabulary.errors import JournalBrokenError
from gateway.store.journal.heads import Head
from gateway.store.journal.lineage import Ancestor, Lineage
from gateway.store.journal.proof import KnownHead, Proof, compare, known_heads, rows_of
from gateway.uplink.central.cursors import Cursors, Position

NEW = Lineage("newjournal", (Ancestor("oldjournal", 20, "a" * 64),))


def known(sequence: int, by: str = "x", journal: str = "", digest: str | None = None) -> KnownHead:
    return KnownHead(by, journal, Head(sequence, hash_of(sequence) if digest is None else digest))


def hash_of(row: int) -> str:
    return f"{row:064x}"


def proof(*heads: KnownHead, first: int = 1, last: int = 30) -> Proof:
    """Against a journal with those rows."""
    hashes = rows_of(heads, NEW)
    found = {row: hash_of(row) if first - 1 <= row <= last else "" for row in hashes}
    return compare(heads, NEW, found, first, last)


def broken(*heads: KnownHead, last: int = 30) -> tuple[int, str]:
    with pytest.raises(JournalBrokenError) as error:
        proof(*heads, last=last)
    return error.value.sequence, str(error.value)


def test_heads_that_fit_prove_the_journal_up_to_the_last_of_them() -> None:
    found = proof(known(30), known(10))
    assert ([one.head.sequence for one in found.fits], found.last, found.skipped) == ([10, 30], 30, ())


def test_of_a_journal_that_was_cut_all_missing_rows_are_named() -> None:
    assert broken(known(10), known(25, "a"), known(30, "b"), last=20) == (
        21, "rows 21 to 30 are missing at the end: b had row 30",
    )  # fmt: skip


def test_the_first_row_that_is_another_one_is_named() -> None:
    row, words = broken(known(10), known(20, digest="f" * 64), known(25, digest="f" * 64))
    assert row == 20
    assert "behind row 10, which fits" in words


def test_a_changed_row_comes_before_a_missing_end() -> None:
    assert broken(known(10, digest="f" * 64), known(30), last=20)[0] == 10


def test_a_head_of_the_journal_before_a_restore_is_of_the_same_row() -> None:
    assert [one.head.sequence for one in proof(known(20, journal="oldjournal")).fits] == [20]
    assert broken(known(20, journal="oldjournal", digest="f" * 64))[0] == 20


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (known(21, journal="oldjournal"), "the backup that was restored did not have this row"),
        (known(99, journal="otherjournal"), "it is of journal otherjournal, this is newjournal"),
        (known(3), "retention has dropped this row; the oldest is 5"),
        (known(10, digest=""), "only its number was noted, not its hash: the row is there"),
    ],
)
def test_what_cannot_be_compared_is_said(head: KnownHead, reason: str) -> None:
    found = proof(head, first=5)
    assert ([one.reason for one in found.skipped], found.fits, found.last) == ([reason], (), 0)


def test_the_last_dropped_row_can_still_be_compared() -> None:
    assert proof(known(4), first=5).last == 4
    hashes = {4: hash_of(4)}
    with pytest.raises(JournalBrokenError):
        compare([known(4, digest="f" * 64)], NEW, hashes, 5, 30)


def test_a_position_without_a_hash_shows_a_missing_end() -> None:
    assert broken(known(30, digest=""), last=20)[0] == 21


def test_positions_are_known_by_consumer_also_those_of_an_earlier_version(tmp_path: Path) -> None:
    cursors = Cursors(tmp_path / "uplink.db")
    for name in ("central", "mqtt:h:1883:gw1"):
        cursors.move(name, Position("oldjournal", 7))
    cursors.close()
    found = known_heads(tmp_path / "state.db", tmp_path / "uplink.db", tmp_path / "web.db")
    assert [one.by for one in found] == ["mqtt:central (acknowledged)", "mqtt:h:1883:gw1 (acknowledged)"]
    assert {(one.journal, one.head.sequence, one.head.hash) for one in found} == {("oldjournal", 7, "")}


def test_nothing_is_known_where_there_is_nothing(tmp_path: Path) -> None:
    assert known_heads(tmp_path / "state.db", tmp_path / "uplink.db", tmp_path / "web.db") == []


def test_a_file_that_cannot_be_read_knows_nothing(tmp_path: Path) -> None:
    (tmp_path / "damaged").write_bytes(b"\xa5" * 8_192)
    assert known_heads(*[tmp_path / "damaged"] * 3) == []
