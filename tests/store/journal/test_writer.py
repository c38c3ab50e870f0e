"""The journal's writer and its chain."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gateway.store.journal.writer as journal_module
from gateway.core.vocabulary.errors import DataDirectoryError, JournalBrokenError, StorageError
from gateway.core.vocabulary.events import ClockState
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import TIDY_FRAMES, WAL_BYTES, WAL_KEPT_BYTES, Journal, Row
from tests.store.conftest import SOURCE, START_NS, row


def _events(reader: JournalReader) -> list[dict[str, object]]:
    return [stored.event() for stored in reader.page(0, 1000)]


def test_a_row_is_the_event_as_the_contract_writes_it(journal: Journal, reader: JournalReader) -> None:
    journal.append([Row("passage.entered", "lanes/in", {"lane": "in"}, START_NS, 77, ClockState.HOLDOVER)])
    assert _events(reader) == [
        {
            "specversion": "1.0",
            "id": "testjournal1.1",
            "source": SOURCE,
            "type": "gatehouse.passage.entered",
            "subject": "lanes/in",
            "time": "2026-09-21T14:13:20.000Z",
            "datacontenttype": "application/json",
            "sequence": "00000000000000000001",
            "bootid": "boot-1",
            "uptimens": "77",
            "clockstate": "holdover",
            "prevhash": "0" * 64,
            "data": {"lane": "in"},
        }
    ]


def test_each_row_holds_the_hash_of_the_bytes_of_the_row_before(journal: Journal, reader: JournalReader) -> None:
    journal.append([row(n) for n in range(3)])
    journal.append([row(3)])
    texts = [stored.text for stored in reader.page(0, 10)]
    hashes = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    assert [json.loads(text)["prevhash"] for text in texts] == ["0" * 64, *hashes[:-1]]
    assert journal.last_hash == hashes[-1] == reader.hash_of(4)


def test_append_returns_the_sequences_that_the_rows_got(journal: Journal) -> None:
    assert journal.append([row(), row()]) == range(1, 3)
    assert journal.append([]) == range(3, 3)
    assert journal.append([row()]) == range(3, 4)


_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_data = st.dictionaries(
    _text,
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _text,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(_text, _text, _data), min_size=1, max_size=5))
def test_whatever_text_a_row_holds_comes_back_and_the_chain_verifies(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, dict[str, object]]]
) -> None:
    path = tmp_path_factory.mktemp("any") / "journal.db"
    journal = Journal.create(path, source='/sites/"quoted"/gateways/门岗')
    journal.append([Row(kind, subject, data, START_NS, 1) for kind, subject, data in rows])
    journal.close()
    reader = JournalReader(path)
    found = [(e["type"], e["subject"], e["data"]) for e in _events(reader)]
    assert found == [(f"gatehouse.{kind}", subject, data) for kind, subject, data in rows]
    assert reader.verify().rows == len(rows)


def test_data_that_is_no_json_stores_nothing(journal: Journal) -> None:
    with pytest.raises(TypeError):
        journal.append([row(1), row(2, bad=object())])
    assert journal.append([row(3)]) == range(1, 2)


@pytest.mark.parametrize("wall_ns", [0, -(10**18), 10**20, START_NS + 999_999_999])
def test_an_absurd_clock_makes_a_row_all_the_same(journal: Journal, reader: JournalReader, wall_ns: int) -> None:
    journal.append([Row("gateway.started", "gateway", {}, min(wall_ns, 2**63 - 1), 1)])
    assert str(_events(reader)[0]["time"]).endswith("Z")


def test_a_journal_goes_on_where_it_was(journal: Journal, tmp_path: Path) -> None:
    journal.append([row(n) for n in range(5)])
    journal.close()
    again = Journal.open(tmp_path / "journal.db", SOURCE, "boot-2")
    assert (again.last_sequence, again.last_hash) == (5, journal.last_hash)
    again.append([row(6)])
    again.close()
    assert JournalReader(tmp_path / "journal.db").verify().rows == 6


def test_opening_reads_the_end_only(journal: Journal, tmp_path: Path) -> None:
    """Rows in the middle are damaged and opening does not mind: it must not take longer for a long journal."""
    journal.append([row(n) for n in range(3000)])
    journal.close()
    _change(tmp_path / "journal.db", "UPDATE rows SET text = 'x' WHERE sequence < 2000")
    Journal.open(tmp_path / "journal.db", SOURCE, "boot-1").close()


def test_a_damaged_last_row_is_noticed_when_opening(journal: Journal, tmp_path: Path) -> None:
    journal.append([row(n) for n in range(5)])
    journal.close()
    _change(tmp_path / "journal.db", "UPDATE rows SET text = replace(text, 'in', 'IN') WHERE sequence = 5")
    with pytest.raises(JournalBrokenError) as caught:
        Journal.open(tmp_path / "journal.db", SOURCE, "boot-1")
    assert caught.value.sequence == 5


@pytest.mark.parametrize(
    ("damage", "first_bad"),
    [
        ("UPDATE rows SET text = replace(text, 'lanes', 'Lanes') WHERE sequence = 7", 7),
        ("UPDATE rows SET hash = randomblob(32) WHERE sequence = 7", 7),
        ("DELETE FROM rows WHERE sequence = 7", 7),
        ("DELETE FROM rows WHERE sequence <= 7", 1),
        (
            "UPDATE rows SET text = (SELECT text FROM rows WHERE sequence = 9),"
            " hash = (SELECT hash FROM rows WHERE sequence = 9) WHERE sequence = 7",
            7,
        ),
    ],
)
def test_verify_names_the_first_bad_row(journal: Journal, tmp_path: Path, damage: str, first_bad: int) -> None:
    journal.append([row(n) for n in range(20)])
    journal.close()
    _change(tmp_path / "journal.db", damage)
    with pytest.raises(JournalBrokenError) as caught:
        JournalReader(tmp_path / "journal.db").verify()
    assert caught.value.sequence == first_bad


def test_a_row_whose_hash_was_made_to_fit_breaks_at_the_next(journal: Journal, tmp_path: Path) -> None:
    journal.append([row(n) for n in range(20)])
    journal.close()
    db = apsw.Connection(str(tmp_path / "journal.db"))
    text = str(db.execute("SELECT text FROM rows WHERE sequence = 7").get).replace('"in"', '"xx"')
    digest = hashlib.sha256(text.encode()).digest()
    db.execute("UPDATE rows SET text = ?, hash = ? WHERE sequence = 7", (text, digest))
    db.close()
    with pytest.raises(JournalBrokenError) as caught:
        JournalReader(tmp_path / "journal.db").verify()
    assert caught.value.sequence == 8


def test_a_file_that_is_torn_in_the_middle_is_broken_in_words(journal: Journal, tmp_path: Path) -> None:
    journal.append([row(n, note="x" * 500) for n in range(300)])
    journal.close()
    for extra in tmp_path.glob("journal.db-*"):
        extra.unlink()
    with (tmp_path / "journal.db").open("r+b") as file:
        file.seek(20 * 4096)
        file.write(os.urandom(4096 * 4))
    with pytest.raises(JournalBrokenError) as caught:
        JournalReader(tmp_path / "journal.db").verify()
    assert 1 < caught.value.sequence < 300


def test_verify_tells_how_far_it_is(journal: Journal, reader: JournalReader) -> None:
    journal.append([row(n) for n in range(2500)])
    seen: list[tuple[int, int]] = []
    reader.verify(lambda at, last: seen.append((at, last)))
    assert seen == [(2000, 2500), (2500, 2500)]


def test_what_retention_drops_while_it_is_verified_is_not_missed(journal: Journal, reader: JournalReader) -> None:
    def forget(at: int, _last: int) -> None:
        journal.drop_some(4301, wall_ns=at, most=2300)

    journal.append([row(n) for n in range(4500)])
    found = reader.verify(forget)
    assert (found.rows, found.first, found.last) == (4200, 1, 4500)
    found = reader.verify()
    assert (found.rows, found.first, found.last) == (200, 4301, 4500)


def test_rows_that_are_refused_leave_no_lock_behind(journal: Journal, tmp_path: Path) -> None:
    journal.append([row(1)])
    other = apsw.Connection(str(tmp_path / "journal.db"))
    other.execute("CREATE TRIGGER refuse BEFORE INSERT ON rows BEGIN SELECT RAISE(FAIL, 'refused'); END")
    with pytest.raises(StorageError):
        journal.append([row(2), row(3)])
    other.execute("DROP TRIGGER refuse")
    other.close()
    assert list(journal.append([row(3)])) == [2]


def test_there_is_never_a_second_journal_in_one_file(journal: Journal, tmp_path: Path) -> None:
    with pytest.raises(DataDirectoryError, match="is a journal already"):
        Journal.create(tmp_path / "journal.db")


def test_a_journal_id_outside_the_contract_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataDirectoryError, match="8 to 32"):
        Journal.create(tmp_path / "j.db", "Short")


def test_a_missing_journal_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="missing"):
        Journal.open(tmp_path / "none.db", SOURCE, "boot")
    with pytest.raises(StorageError, match="missing"):
        JournalReader(tmp_path / "none.db")


def test_the_wal_is_grown_before_it_is_needed_and_never_past_its_bound(journal: Journal, tmp_path: Path) -> None:
    wal = tmp_path / "journal.db-wal"
    assert wal.stat().st_size == WAL_BYTES
    for _ in range(60):
        journal.append([row(n, note="x" * 1000) for n in range(100)])
    assert wal.stat().st_size <= WAL_BYTES + 64 * 4096
    journal.close()
    assert wal.stat().st_size >= WAL_BYTES


def test_the_wal_is_copied_once_it_holds_enough_pages_and_not_before(journal: Journal, tmp_path: Path) -> None:
    """Each copy wears the card, so it is the pages that SQLite has written that count."""
    pages = _watch_wal(journal)
    while not journal.tidy():
        journal.append([row()])
    assert TIDY_FRAMES <= pages[-1] < TIDY_FRAMES + 10
    assert journal.tidy() is False
    before = len(pages)
    while not journal.tidy():
        journal.append([row(n) for n in range(100)])
    assert len(pages) - before > 5
    assert TIDY_FRAMES <= pages[-1] < TIDY_FRAMES + 60


def test_what_retention_writes_counts_too(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    journal.append([row(n, note="x" * 1000) for n in range(2500)])
    monkeypatch.setattr(journal_module, "TIDY_FRAMES", 60)
    journal.tidy()
    pages = _watch_wal(journal)
    while not journal.tidy():
        assert journal.drop_some(2500, wall_ns=1, most=10)
    assert 60 <= pages[-1] < 80
    assert len(pages) > 4


def test_a_wal_that_was_left_full_is_copied_before_it_grows(journal: Journal, tmp_path: Path) -> None:
    """As after a kill: what it holds counts from the first commit on."""
    journal.append([row(n, note="x" * 1000) for n in range(2000)])
    for name in ("journal.db", "journal.db-wal"):
        shutil.copy(tmp_path / name, tmp_path / name.replace("journal", "left"))
    again = Journal.open(tmp_path / "left.db", SOURCE, "boot-2")
    again.append([row()])
    assert again.tidy() is True
    again.close()


def test_a_wal_that_grew_under_a_long_reader_is_cut_back_once_that_one_has_gone(
    journal: Journal, tmp_path: Path
) -> None:
    journal.append([row()])
    lingering = apsw.Connection(str(tmp_path / "journal.db"), flags=apsw.SQLITE_OPEN_READONLY)
    lingering.execute("BEGIN")
    lingering.execute("SELECT count(*) FROM rows").fetchall()
    wal = tmp_path / "journal.db-wal"
    while wal.stat().st_size < 2 * WAL_KEPT_BYTES:
        journal.append([row(n, note="x" * 1000) for n in range(500)])
    lingering.close()
    for _ in range(2):
        journal.append([row()])
    assert wal.stat().st_size == WAL_KEPT_BYTES
    journal.close()
    assert wal.stat().st_size == WAL_KEPT_BYTES


def _watch_wal(journal: Journal) -> list[int]:
    """The pages in the WAL after each commit, as SQLite tells them to the journal."""
    found: list[int] = []
    told = journal._committed

    def watch(db: apsw.Connection, name: str, pages: int) -> int:
        found.append(pages)
        return told(db, name, pages)

    journal._db.set_wal_hook(watch)
    return found


def test_a_copy_taken_while_it_runs_is_a_whole_journal(journal: Journal, tmp_path: Path) -> None:
    journal.append([row(n) for n in range(100)])
    copy = tmp_path / "copy.db"
    source, target = apsw.Connection(str(tmp_path / "journal.db")), apsw.Connection(str(copy))
    with target.backup("main", source, "main") as backup:
        backup.step()
    source.close()
    target.close()
    assert JournalReader(copy).verify().rows == 100


def test_a_reader_follows_when_the_file_is_replaced(journal: Journal, reader: JournalReader, tmp_path: Path) -> None:
    journal.append([row()])
    assert reader.last_sequence() == 1
    journal.close()
    other = Journal.create(tmp_path / "other.db", "otherjournal", SOURCE)
    other.append([row(n) for n in range(3)])
    other.close()
    for extra in tmp_path.glob("journal.db-*"):
        extra.unlink()
    shutil.move(tmp_path / "other.db", tmp_path / "journal.db")
    assert (reader.journal_id, reader.last_sequence()) == ("otherjournal", 3)


def _change(path: Path, sql: str) -> None:
    db = apsw.Connection(str(path))
    db.execute(sql)
    db.close()
