"""The journal writer: group commit, what the core is told, and a disk that fails, hangs and comes back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gateway.core.vocabulary.errors import JournalBrokenError
from gateway.core.vocabulary.events import StorageDegraded, StorageRestored
from gateway.engine.journal_thread.entries import Entry, Recorded, Unrecorded
from gateway.engine.journal_thread.recorder import GROUP_MAX, STALL_MS, Recorder
from tests.engine.conftest import MS, FakeJournal, FakeTime, row, until


class Told(list[Any]):
    """What was posted to the core."""

    def of(self, kind: type) -> list[Any]:
        return [item for item in self if isinstance(item, kind)]


@contextmanager
def recording(
    journal: FakeJournal, *, memory_max: int = 10_000, mono_ns: Callable[[], int] | None = None
) -> Iterator[tuple[Recorder, Told]]:
    told = Told()
    extra: dict[str, Any] = {"mono_ns": mono_ns} if mono_ns else {}
    recorder = Recorder(journal, told.append, memory_max=memory_max, **extra)
    thread = threading.Thread(target=recorder.run)
    thread.start()
    try:
        yield recorder, told
    finally:
        if journal.gate is not None:
            journal.gate.set()
        recorder.stop()
        thread.join(30)
        assert not thread.is_alive()


def test_a_row_is_durable_before_it_is_said(journal: FakeJournal) -> None:
    with recording(journal) as (recorder, told):
        assert recorder.submit([Entry(row(), token=5)])
        until(lambda: told)
        assert told == [Recorded((5,), 1)]
    assert journal.types() == ["access.granted"]


def test_rows_of_one_decision_share_a_commit(journal: FakeJournal) -> None:
    with recording(journal) as (recorder, told):
        recorder.submit([Entry(row("access.granted")), Entry(row("barrier.commanded"), token=1)])
        until(lambda: told)
    assert journal.groups == [2]


def test_what_comes_during_a_commit_goes_into_the_next(journal: FakeJournal) -> None:
    journal.gate = threading.Event()
    with recording(journal) as (recorder, told):
        recorder.submit([Entry(row(), token=1)])
        assert journal.entered.wait(20)
        for token in range(2, 102):
            recorder.submit([Entry(row(), token=token)])
        journal.gate.set()
        until(lambda: len(told) == 2)
    assert journal.groups == [1, 100]
    assert told[1].tokens == tuple(range(2, 102))


def test_a_group_is_bounded(journal: FakeJournal) -> None:
    journal.gate = threading.Event()
    with recording(journal) as (recorder, _):
        recorder.submit([Entry(row())])
        assert journal.entered.wait(20)
        for _ in range(2 * GROUP_MAX + 3):
            recorder.submit([Entry(row())])
        journal.gate.set()
        until(lambda: len(journal.rows) == 2 * GROUP_MAX + 4)
    assert max(journal.groups) == GROUP_MAX


def test_rows_keep_their_order(journal: FakeJournal) -> None:
    with recording(journal) as (recorder, _):
        for number in range(2_000):
            recorder.submit([Entry(row(number=number))])
    assert [one.data["number"] for one in journal.rows] == list(range(2_000))


def test_everything_is_written_before_the_end(journal: FakeJournal) -> None:
    with recording(journal) as (recorder, _):
        for _ in range(3 * GROUP_MAX):
            recorder.submit([Entry(row())])
    assert len(journal.rows) == 3 * GROUP_MAX


def test_a_writer_of_its_own_row_is_told_its_sequence(journal: FakeJournal) -> None:
    sequences: list[int | None] = []
    with recording(journal) as (recorder, _):
        recorder.submit([Entry(row(), done=sequences.append)])
        until(lambda: sequences)
    assert sequences == [1]


def test_a_full_disk_is_said_once_and_every_row_is_late(journal: FakeJournal) -> None:
    journal.failing = True
    with recording(journal) as (recorder, told):
        assert recorder.submit([Entry(row(), token=1)])
        until(lambda: told.of(StorageDegraded))
        assert not recorder.submit([Entry(row(), token=2)])
        until(lambda: len(told.of(Unrecorded)) == 2)
        assert [one.tokens for one in told.of(Unrecorded)] == [(1,), (2,)]
        assert len(told.of(StorageDegraded)) == 1
        assert "full" in recorder.degraded
        journal.failing = False


def test_a_journal_that_is_found_damaged_stops_the_gate_no_more_than_a_full_disk(journal: FakeJournal) -> None:
    journal.failing, journal.error = True, JournalBrokenError("journal.db is damaged; restore it from a backup")
    with recording(journal) as (recorder, told):
        assert recorder.submit([Entry(row(), token=1)])
        until(lambda: told.of(Unrecorded))
        assert "restore it" in told.of(StorageDegraded)[0].error
        journal.failing = False


def test_rows_from_memory_are_written_when_the_disk_is_back(journal: FakeJournal, time_: FakeTime) -> None:
    journal.failing = True
    with recording(journal, mono_ns=lambda: time_.mono_ns) as (recorder, told):
        for number in range(700):
            recorder.submit([Entry(row(number=number), token=number + 1)])
        until(lambda: sum(len(one.tokens) for one in told.of(Unrecorded)) == 700)
        journal.failing = False
        time_.pass_ms(60_000)
        recorder.submit([Entry(row(number=700))])
        until(lambda: told.of(StorageRestored))
        assert told.of(StorageRestored) == [StorageRestored(701, 0)]
        assert recorder.degraded == ""
        assert recorder.submit([Entry(row(number=701), token=9_999)])
        until(lambda: told.of(Recorded) and told.of(Recorded)[-1].tokens == (9_999,))
    assert [one.data["number"] for one in journal.rows] == list(range(702))


def test_a_row_that_was_late_is_not_said_to_be_recorded_later(journal: FakeJournal) -> None:
    journal.failing = True
    with recording(journal) as (recorder, told):
        recorder.submit([Entry(row(), token=1)])
        until(lambda: told.of(StorageDegraded))
        journal.failing = False
    assert told.of(Unrecorded) == [Unrecorded((1,))]
    assert all(one.tokens == () for one in told.of(Recorded))


def test_a_writer_is_told_that_its_row_is_late_once(journal: FakeJournal) -> None:
    journal.failing = True
    sequences: list[int | None] = []
    with recording(journal) as (recorder, _):
        recorder.submit([Entry(row(), done=sequences.append)])
        until(lambda: sequences)
        journal.failing = False
    assert sequences == [None]


def test_full_memory_gives_up_the_oldest_expendable_rows_and_counts_them(journal: FakeJournal, time_: FakeTime) -> None:
    journal.failing = True
    kinds = ["barrier.commanded", "access.denied", "device.lost", "alarm.raised"]
    with recording(journal, memory_max=3, mono_ns=lambda: time_.mono_ns) as (recorder, told):
        recorder.submit([Entry(row("barrier.commanded"))])
        until(lambda: told.of(StorageDegraded))
        for kind in [*kinds[1:], "passage.entered"]:
            recorder.submit([Entry(row(kind))])
        until(lambda: recorder._queue.qsize() == 0 and recorder._lost == 2)
        journal.failing = False
        time_.pass_ms(60_000)
        recorder.submit([])
        until(lambda: told.of(StorageRestored))
        assert [one.lost for one in told.of(StorageRestored)] == [2]
    assert journal.types() == ["barrier.commanded", "alarm.raised", "passage.entered"]


def test_memory_full_of_what_matters_gives_up_the_oldest(journal: FakeJournal, time_: FakeTime) -> None:
    journal.failing = True
    with recording(journal, memory_max=2, mono_ns=lambda: time_.mono_ns) as (recorder, told):
        recorder.submit([Entry(row("alarm.raised", n=0))])
        until(lambda: told.of(StorageDegraded))
        for number in range(1, 5):
            recorder.submit([Entry(row("alarm.raised", n=number))])
        until(lambda: recorder._lost == 3)
        journal.failing = False
    assert [one.data["n"] for one in journal.rows] == [3, 4]


def test_a_disk_that_hangs_counts_as_degraded_and_is_restored_when_it_answers(
    journal: FakeJournal, time_: FakeTime
) -> None:
    journal.gate = threading.Event()
    with recording(journal, mono_ns=lambda: time_.mono_ns) as (recorder, told):
        assert recorder.note_stall(time_.mono_ns) is None
        recorder.submit([Entry(row(), token=1)])
        assert journal.entered.wait(20)
        assert recorder.note_stall(time_.mono_ns + (STALL_MS - 1) * MS) is None
        stalled = recorder.note_stall(time_.mono_ns + STALL_MS * MS)
        assert stalled is not None and "not answered" in stalled.error
        assert recorder.note_stall(time_.mono_ns + 99 * STALL_MS * MS) is None
        assert not recorder.submit([Entry(row(), token=2)])
        journal.gate.set()
        until(lambda: told.of(StorageRestored))
        assert recorder.submit([Entry(row(), token=3)])
    assert len(journal.rows) == 3


def test_a_disk_that_hangs_for_ever_does_not_fill_the_memory(journal: FakeJournal) -> None:
    journal.gate = threading.Event()
    with recording(journal, memory_max=10) as (recorder, _):
        recorder.submit([Entry(row())])
        assert journal.entered.wait(20)
        for _ in range(100):
            recorder.submit([Entry(row())])
        assert recorder._queue.qsize() <= 10
        journal.gate.set()


def test_whoever_waits_for_a_row_that_memory_has_no_room_for_is_answered_and_the_loss_is_told(
    journal: FakeJournal,
) -> None:
    journal.gate = threading.Event()
    answers: list[int | None] = []
    with recording(journal, memory_max=2) as (recorder, told):
        recorder.submit([Entry(row(n=0))])
        assert journal.entered.wait(20)
        for number in range(1, 5):
            recorder.submit([Entry(row(n=number), number, answers.append)])
        assert answers == [None, None]
        assert [one.tokens for one in told.of(Unrecorded)] == [(1,), (2,)]
        assert len(told.of(StorageDegraded)) == 1
        assert recorder.degraded
        journal.gate.set()
        until(lambda: told.of(StorageRestored))
    assert [one.lost for one in told.of(StorageRestored)] == [2]
    assert [one.data["n"] for one in journal.rows] == [0, 3, 4]
    assert answers == [None, None, 2, 3]


def test_a_flood_at_the_end_does_not_keep_the_recorder_from_ending(journal: FakeJournal) -> None:
    journal.gate = threading.Event()
    with recording(journal, memory_max=2) as (recorder, _):
        recorder.submit([Entry(row())])
        assert journal.entered.wait(20)
        recorder.stop()
        for _ in range(5):
            recorder.submit([Entry(row())])
        journal.gate.set()
        until(lambda: recorder._stopping)


def test_a_bug_in_the_journal_ends_the_recorder() -> None:
    class Broken:
        def append(self, _rows: Any) -> range:
            raise ZeroDivisionError

    recorder = Recorder(Broken(), lambda _: None)
    recorder.submit([Entry(row())])
    with pytest.raises(ZeroDivisionError):
        recorder.run()
