"""Pages, batches, cursors, gaps."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import apsw
import pytest

from gateway.core.vocabulary.errors import CursorError, StorageError
from gateway.store.journal.cursors import parse_cursor
from gateway.store.journal.lineage import Lineage
from gateway.store.journal.queries import Batch
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal
from gateway.store.sqlite.database import open_reader
from gateway.store.sqlite.schemas import BLOCK_ROWS
from tests.store.conftest import SOURCE, START_NS, row


def sequences(batch: Batch) -> list[int]:
    return [int(event["sequence"]) for event in json.loads(batch.json)]


def test_a_page_goes_on_behind_the_row_before(journal: Journal, reader: JournalReader) -> None:
    journal.append([row(n) for n in range(10)])
    first = reader.page(0, 4)
    second = reader.page(first[-1].sequence, 100)
    assert [one.sequence for one in [*first, *second]] == list(range(1, 11))
    assert reader.page(10, 5) == []


def test_a_page_never_has_more_than_a_thousand_rows(journal: Journal, reader: JournalReader) -> None:
    journal.append([row(n) for n in range(1200)])
    assert len(reader.page(0, 5000)) == 1000
    assert reader.batch(0, 5000).count == 1000


def test_a_batch_is_the_stored_texts_in_an_array(journal: Journal, reader: JournalReader) -> None:
    journal.append([row(n, who='李 "x" 🚗') for n in range(5)])
    batch = reader.batch(1, 3)
    texts = [stored.text for stored in reader.page(1, 3)]
    assert batch.json == ("[" + ",".join(texts) + "]").encode()
    assert (batch.first, batch.last, batch.count, batch.scanned) == (2, 4, 3, 4)


def test_at_the_end_a_batch_is_an_empty_array(journal: Journal, reader: JournalReader) -> None:
    journal.append([row()])
    assert reader.batch(1, 100) == Batch(b"[]", 0, 0, 0, 1)


@pytest.fixture
def mixed(journal: Journal) -> Journal:
    """Five blocks of grants with an alarm in the second and one at the end, appended in uneven handfuls."""
    rows = [row(n) for n in range(BLOCK_ROWS * 5)]
    rows[1500] = row(1500, "alarm.raised", "alarms/a")
    rows[-2] = row(BLOCK_ROWS * 5 - 2, "alarm.closed", "alarms/a")
    for start in range(0, len(rows), 700):
        journal.append(rows[start : start + 700])
    return journal


@pytest.mark.parametrize(
    ("count", "types", "behind"),
    [
        (1, (), BLOCK_ROWS * 5 - 1),
        (10, (), BLOCK_ROWS * 5 - 10),
        (BLOCK_ROWS * 5, (), 0),
        (10_000_000, (), 0),
        (1, ("alarm.closed",), BLOCK_ROWS * 5 - 2),
        (1, ("gatehouse.alarm.raised",), 1500),
        (2, ("alarm.raised",), 0),
        (2, ("alarm.raised", "alarm.closed"), 1500),
        (3, ("access.granted",), BLOCK_ROWS * 5 - 4),
        (BLOCK_ROWS * 4, ("access.granted",), BLOCK_ROWS - 2),
        (1, ("no.such",), 0),
    ],
)
def test_the_newest_rows_are_found_from_the_end(
    mixed: Journal, reader: JournalReader, count: int, types: tuple[str, ...], behind: int
) -> None:
    assert reader.before_newest(count, types) == behind
    assert len(reader.page(behind, 1000, types)) >= min(count, 1) * bool(behind)


def test_the_newest_rows_of_a_journal_that_retention_has_cut(mixed: Journal, reader: JournalReader) -> None:
    mixed.drop_some(BLOCK_ROWS * 3, wall_ns=1, most=100_000)
    assert reader.before_newest(1, ("alarm.raised",)) == 0
    assert reader.before_newest(10_000, ("access.granted",)) == 0


def test_an_empty_journal_has_no_newest_rows(journal: Journal, reader: JournalReader) -> None:
    assert (reader.before_newest(5), reader.before_newest(5, ("alarm.raised",))) == (0, 0)


def test_the_search_for_the_newest_reads_few_rows(mixed: Journal, reader: JournalReader) -> None:
    """One block, not the whole journal: counted by the pages that SQLite has read."""
    reader.before_newest(1, ("alarm.raised",))
    assert reader._db is not None
    before = reader._db.status(apsw.SQLITE_DBSTATUS_CACHE_MISS)[0]
    reader.before_newest(1, ("alarm.raised",))
    pages = int(reader._db.pragma("page_count"))
    assert reader._db.status(apsw.SQLITE_DBSTATUS_CACHE_MISS)[0] - before < pages / 2


@pytest.mark.parametrize("prefix", ["", "gatehouse."])
def test_a_filter_by_type_finds_what_is_rare(mixed: Journal, reader: JournalReader, prefix: str) -> None:
    types = [f"{prefix}alarm.raised", f"{prefix}alarm.closed"]
    assert [one.sequence for one in reader.page(0, 10, types)] == [1501, mixed.last_sequence - 1]
    assert [one.sequence for one in reader.page(1501, 10, types)] == [mixed.last_sequence - 1]
    batch = reader.batch(0, 10, types)
    assert sequences(batch) == [1501, mixed.last_sequence - 1]
    assert batch.scanned == mixed.last_sequence


def test_a_filter_reads_only_the_blocks_that_can_hold_a_match(mixed: Journal, reader: JournalReader) -> None:
    assert mixed.last_sequence > 5000
    seen = reader._read(lambda db: list(_ranges(db)))
    assert seen == [(1024, 2047), (5120, 1 << 62)]


def _ranges(db):  # type: ignore[no-untyped-def]
    from gateway.store.journal.queries import Filter, ranges_of

    return ranges_of(db, 0, Filter.of(["alarm.raised"], None, None))


def test_the_summaries_go_on_after_a_restart_in_the_middle_of_a_block(journal: Journal, tmp_path: Path) -> None:
    journal.append([row(0, "alarm.raised"), *(row(n) for n in range(1, 600))])
    journal.close()
    again = Journal.open(tmp_path / "journal.db", "/s", "b")
    again.append([row(n) for n in range(600, 2200)])
    again.close()
    reader = JournalReader(tmp_path / "journal.db")
    assert [one.sequence for one in reader.page(0, 10, ["alarm.raised"])] == [1]


def test_rows_are_found_by_time_even_when_the_clock_jumped(journal: Journal, reader: JournalReader) -> None:
    journal.append([row(n) for n in range(2000, 4000)])
    journal.append([row(n) for n in range(1000)])  # the clock was set back
    from_ns, to_ns = START_NS + 990 * 10**9, START_NS + 2010 * 10**9
    found = reader.page(0, 100, since_wall_ns=from_ns, until_wall_ns=to_ns)
    assert [one.sequence for one in found] == [*range(1, 11), *range(2991, 3001)]


def test_a_batch_never_mixes_history_with_news(journal: Journal, reader: JournalReader) -> None:
    journal.append([row(n) for n in range(20)])
    news_from = 12 * 10**9
    first = reader.batch(0, 100, live_since_mono_ns=news_from, boot_id="boot-1")
    second = reader.batch(first.last, 100, live_since_mono_ns=news_from, boot_id="boot-1")
    assert (first.historical, sequences(first)) == (True, list(range(1, 13)))
    assert (second.historical, sequences(second)) == (False, list(range(13, 21)))


def test_a_row_that_was_committed_late_among_news_is_history_and_is_not_skipped(
    journal: Journal, reader: JournalReader
) -> None:
    journal.append([row(50), row(51), row(1), row(52)])
    found, after = [], 0
    while (batch := reader.batch(after, 100, live_since_mono_ns=40 * 10**9, boot_id="boot-1")).count:
        found.append((batch.historical, sequences(batch)))
        after = batch.last
    assert found == [(False, [1, 2]), (True, [3]), (False, [4])]


def test_rows_of_an_earlier_boot_are_history_whatever_their_uptime(journal: Journal, tmp_path: Path) -> None:
    journal.append([row(100)])
    journal.close()
    again = Journal.open(tmp_path / "journal.db", "/s", "boot-2")
    again.append([row(3)])
    again.close()
    reader = JournalReader(tmp_path / "journal.db")
    assert reader.batch(0, 9, live_since_mono_ns=1, boot_id="boot-2").historical is True
    assert reader.batch(1, 9, live_since_mono_ns=1, boot_id="boot-2").historical is False
    assert reader.batch(1, 9, live_since_mono_ns=1, boot_id="boot-3").historical is True


# ---- cursors and gaps ---------------------------------------------------------------------------------------------


def test_an_empty_cursor_is_the_start() -> None:
    assert parse_cursor("", Lineage("journal1")).sequence == 0
    assert parse_cursor(None, Lineage("journal1")).sequence == 0


@pytest.mark.parametrize(
    "text",
    ["7", "journal1", "journal1.", "journal1.x", "journal1.-1", "JOURNAL1.7", "journal1.7.8", "journal1. 7", "j.7"],
)  # fmt: skip
def test_a_cursor_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(CursorError, match="event id"):
        parse_cursor(text, Lineage("journal1"))


def test_a_feed_goes_on_behind_the_id_that_the_client_has(journal: Journal, reader: JournalReader) -> None:
    journal.append([row(n) for n in range(10)])
    ids = [event["id"] for event in json.loads(reader.feed("testjournal1.4", 3).json)]
    assert ids == ["testjournal1.5", "testjournal1.6", "testjournal1.7"]


@pytest.fixture
def dropped(journal: Journal) -> Journal:
    """Twenty rows of which the first twelve went by retention, in small steps."""
    journal.append([row(n) for n in range(20)])
    assert [journal.drop_some(13, wall_ns=START_NS, most=5) for _ in range(4)] == [5, 5, 2, 0]
    return journal


def test_retention_leaves_a_chain_that_verifies(dropped: Journal, reader: JournalReader) -> None:
    found = reader.verify()
    assert (found.first, found.last, found.rows) == (13, 20, 8)
    dropped.append([row(21)])
    assert reader.verify().last == 21


def test_a_cursor_that_retention_has_passed_gets_one_gap_and_goes_on(dropped: Journal, reader: JournalReader) -> None:
    lasthash = reader.hash_of(12)
    gap, first, *_ = json.loads(reader.feed("testjournal1.4", 5).json)
    assert (gap["id"], gap["type"]) == ("testjournal1.12", "gatehouse.journal.gap")
    assert (gap["data"]["first"], gap["data"]["last"]) == (5, 12)
    assert gap["data"]["lasthash"] == lasthash == first["prevhash"]
    assert first["id"] == "testjournal1.13"
    again = json.loads(reader.feed(gap["id"], 5).json)
    assert again[0]["id"] == "testjournal1.13"


def test_a_gap_counts_towards_the_limit(dropped: Journal, reader: JournalReader) -> None:
    batch = reader.feed("", 1)
    assert [event["type"] for event in json.loads(batch.json)] == ["gatehouse.journal.gap"]
    assert (batch.count, batch.last) == (1, 12)


def test_a_cursor_of_another_journal_starts_at_the_oldest_row_behind_a_gap(
    dropped: Journal, reader: JournalReader
) -> None:
    gap, first = json.loads(reader.feed("otherjournal.999999", 2).json)
    assert (gap["id"], gap["data"]["reason"]) == ("testjournal1.12", "other_journal")
    assert first["id"] == "testjournal1.13"


def test_a_cursor_of_another_journal_gets_a_gap_when_nothing_was_dropped_too(
    journal: Journal, reader: JournalReader
) -> None:
    journal.append([row()])
    gap, first = json.loads(reader.feed("otherjournal.5", 2).json)
    assert (gap["id"], gap["data"]["lasthash"]) == ("testjournal1.0", "0" * 64)
    assert first["id"] == "testjournal1.1"
    assert json.loads(reader.feed(gap["id"], 2).json)[0]["id"] == "testjournal1.1"


def test_retention_keeps_the_last_row(journal: Journal, reader: JournalReader) -> None:
    journal.append([row(n) for n in range(5)])
    assert journal.drop_some(100, wall_ns=1, most=100) == 4
    assert (reader.first_sequence(), reader.last_sequence()) == (5, 5)
    assert journal.drop_some(100, wall_ns=1, most=100) == 0


def test_retention_drops_the_summaries_too_and_filters_go_on_to_work(mixed: Journal, reader: JournalReader) -> None:
    mixed.drop_some(3000, wall_ns=1, most=3000)
    found = reader.page(0, 10, ["alarm.raised", "alarm.closed"])
    assert [one.sequence for one in found] == [mixed.last_sequence - 1]
    assert reader.verify().first == 3000


def test_retention_forgets_the_boots_of_rows_that_are_gone(journal: Journal, tmp_path: Path) -> None:
    for boot in range(5):
        again = Journal.open(tmp_path / "journal.db", SOURCE, f"boot-{boot}")
        again.append([row(n) for n in range(10)])
        again.close()
    again = Journal.open(tmp_path / "journal.db", SOURCE, "boot-4")
    again.drop_some(26, wall_ns=1, most=100)
    assert again._db.execute("SELECT first, boot FROM boots").fetchall() == [
        (21, "boot-2"), (31, "boot-3"), (41, "boot-4"),
    ]  # fmt: skip
    again.close()


# ---- beside the writer -------------------------------------------------------------------------------------------


def test_a_reader_beside_a_busy_writer_gets_each_row_once_and_in_order(journal: Journal, reader: JournalReader) -> None:
    total, seen = 6000, []

    def write() -> None:
        while journal.last_sequence < total:
            journal.append([row(n, note="x" * 300) for n in range(20)])
            journal.tidy()

    writer = threading.Thread(target=write)
    writer.start()
    after = 0
    while after < total:
        batch = reader.batch(after, 100)
        seen += sequences(batch)
        after = batch.scanned
    writer.join()
    assert seen == list(range(1, total + 1))


def test_a_file_that_could_not_be_read_once_is_read_the_next_time(
    journal: Journal, reader: JournalReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(*arguments: Any) -> apsw.Connection:
        db = open_reader(*arguments)
        db.authorizer = lambda *_: apsw.SQLITE_DENY
        return db

    journal.append([row()])
    reader.close()
    with monkeypatch.context() as patch:
        patch.setattr("gateway.store.journal.reader.open_reader", refusing)
        with pytest.raises(StorageError):
            reader.last_sequence()
    assert (reader.journal_id, reader.last_sequence()) == ("testjournal1", 1)


def test_readers_in_many_threads_share_one_reader(journal: Journal, reader: JournalReader) -> None:
    journal.append([row(n) for n in range(500)])
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda after: reader.batch(after, 50).first, range(400)))
    assert found == list(range(1, 401))


def test_a_reader_never_keeps_a_transaction_open(journal: Journal, reader: JournalReader) -> None:
    reader.page(0, 10)
    reader.batch(0, 10)
    reader.feed("", 10)
    journal.append([row(n, note="x" * 1000) for n in range(3000)])
    log, done = journal._keeper.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
    assert log == done
