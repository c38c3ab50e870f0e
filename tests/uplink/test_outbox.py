"""Which rows go out, and where the cursor stands: with a journal that is a list."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.store.journal.cursors import Cursor
from gateway.uplink.central.cursors import Position
from gateway.uplink.central.feed import JournalFeed
from gateway.uplink.central.outbox import SINGLY, Batch, Outbox
from tests.uplink.conftest import BOOT, Writer


class Rows:
    """A journal with rows 1 to `count`, the first `old` of them history; retention has dropped `dropped`."""

    journal_id = "here"

    def __init__(self, count: int, old: int = 0, dropped: int = 0) -> None:
        self.count, self.old, self.dropped = count, old, dropped

    def last(self) -> int:
        return self.count

    def batch(self, after: int, limit: int) -> Batch | None:
        after = max(after, self.dropped)
        historical = after < self.old
        last = min(after + limit, self.old if historical else self.count)
        return Batch(b"[]", after + 1, last, historical) if last > after else None

    def gap(self, position: Position) -> Batch | None:
        foreign = position.journal != self.journal_id
        if not foreign and position.sequence >= self.dropped:
            return None
        return Batch(b"[gap]", self.dropped, self.dropped, True)

    def acknowledged(self, position: Position) -> int:
        return position.sequence if position.journal == self.journal_id else 0


def take(outbox: Outbox, limit: int = 100) -> Batch | None:
    batch = outbox.read(limit)
    if batch is not None:
        outbox.sent(batch)
    return batch


def spans(outbox: Outbox, limit: int = 100) -> list[tuple[int, int]]:
    found = []
    while (batch := take(outbox, limit)) is not None:
        found.append((batch.first, batch.last))
    return found


def test_a_new_consumer_starts_at_the_first_row() -> None:
    outbox = Outbox(Rows(250, old=250), None)
    assert spans(outbox) == [(1, 100), (101, 200), (201, 250)]


def test_a_known_consumer_starts_behind_its_cursor() -> None:
    outbox = Outbox(Rows(250, old=250), Position("here", 200))
    assert spans(outbox) == [(201, 250)]


def test_little_news_comes_one_by_one() -> None:
    assert spans(Outbox(Rows(SINGLY), None)) == [(n, n) for n in range(1, SINGLY + 1)]


def test_much_news_comes_in_handfuls() -> None:
    assert spans(Outbox(Rows(SINGLY + 1), None)) == [(1, SINGLY + 1)]


def test_history_stands_apart_from_news() -> None:
    assert spans(Outbox(Rows(52, old=50), None)) == [(1, 50), (51, 51), (52, 52)]


def test_the_cursor_waits_for_the_row_before() -> None:
    outbox = Outbox(Rows(300, old=300), None)
    first, second, third = (outbox_take(outbox) for _ in range(3))
    outbox.acknowledge(third)
    outbox.acknowledge(second)
    assert outbox.position.sequence == 0
    outbox.acknowledge(first)
    assert outbox.position == Position("here", 300)


def outbox_take(outbox: Outbox) -> Batch:
    batch = take(outbox)
    assert batch is not None
    return batch


def test_after_a_lost_connection_everything_unacknowledged_goes_out_again() -> None:
    outbox = Outbox(Rows(300, old=300), None)
    outbox.acknowledge(outbox_take(outbox))
    outbox_take(outbox)
    outbox.rewind()
    assert spans(outbox) == [(101, 200), (201, 300)]


def test_an_acknowledgement_of_the_old_connection_cannot_move_the_cursor_later() -> None:
    outbox = Outbox(Rows(300, old=300), None)
    outbox_take(outbox)
    second = outbox_take(outbox)
    outbox.acknowledge(second)
    outbox.rewind()
    outbox.acknowledge(outbox_take(outbox))
    assert outbox.position.sequence == 100


def test_rows_that_retention_dropped_are_announced_by_a_gap() -> None:
    outbox = Outbox(Rows(500, old=500, dropped=400), Position("here", 300))
    gap = outbox_take(outbox)
    assert gap.payload == b"[gap]"
    assert spans(outbox) == [(401, 500)]
    outbox.acknowledge(gap)
    assert outbox.position.sequence == 400


def test_a_gap_that_was_not_acknowledged_is_announced_again() -> None:
    outbox = Outbox(Rows(500, old=500, dropped=400), Position("here", 300))
    outbox_take(outbox)
    outbox.rewind()
    assert outbox_take(outbox).payload == b"[gap]"


def test_retention_that_overtakes_a_running_uplink_is_announced_too() -> None:
    rows = Rows(500, old=500)
    outbox = Outbox(rows, None)
    first = outbox_take(outbox)
    rows.dropped = 300
    assert outbox.read(100) is None, "what is under way comes first"
    outbox.acknowledge(first)
    assert outbox_take(outbox).payload == b"[gap]"
    assert spans(outbox) == [(301, 400), (401, 500)]


def test_a_cursor_of_another_journal_starts_over_behind_a_gap() -> None:
    outbox = Outbox(Rows(50, old=50), Position("there", 4711))
    gap = outbox_take(outbox)
    assert gap.payload == b"[gap]"
    assert outbox.position == Position("there", 4711), "until the gap is acknowledged"
    outbox.acknowledge(gap)
    assert spans(outbox) == [(1, 50)]
    assert outbox.position == Position("here", 0)


def test_a_cursor_past_the_journals_end_does_not_leave_new_rows_out() -> None:
    rows = Rows(10, old=10)
    outbox = Outbox(rows, Position("here", 99))
    rows.count = 12
    assert spans(outbox) == [(11, 11), (12, 12)]


def test_waiting_counts_what_is_not_acknowledged() -> None:
    outbox = Outbox(Rows(250, old=250), None)
    outbox.acknowledge(outbox_take(outbox))
    outbox_take(outbox)
    assert outbox.waiting() == 150


def test_a_gap_ends_where_its_event_says_though_retention_goes_on_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Writer(tmp_path)
    writer.write(20)
    writer.journal.drop_some(6, wall_ns=1, most=100)
    feed = JournalFeed(tmp_path / "journal.db", BOOT)
    look = feed._reader.gap_after

    def and_on(cursor: Cursor) -> str | None:
        found = look(cursor)
        writer.journal.drop_some(11, wall_ns=1, most=100)
        return found

    monkeypatch.setattr(feed._reader, "gap_after", and_on)
    gap = feed.gap(Position("testjournal", 2))
    assert gap is not None
    assert json.loads(gap.payload)[0]["data"]["last"] == gap.last == 5
    feed.close()
    writer.close()
