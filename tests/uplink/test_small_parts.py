"""Pace, back-off, cursors, pass answers and the mailbox, each alone."""

from __future__ import annotations

import select
from pathlib import Path

import apsw
import pytest

from gateway.core.vocabulary.errors import DataDirectoryError
from gateway.core.vocabulary.views import CentralView
from gateway.uplink.central.answers import KEPT_MAX, Answers
from gateway.uplink.central.commands import Answer, PassOrder
from gateway.uplink.central.cursors import WRITE_EVERY_S, Cursors, Position
from gateway.uplink.mailbox import Mailbox, Waker
from gateway.uplink.mqtt.backoff import FIRST_S, LASTED_S, PAUSE_MAX_S, Backoff
from gateway.uplink.mqtt.pace import BATCH, QUEUE_S, WINDOW, Pace
from tests.support.waiting import PATIENCE_S


def acknowledge(pace: Pace, times: int, took_s: float, start_s: float = 0.0) -> float:
    now_s = start_s
    for _ in range(times):
        now_s += took_s
        pace.acknowledged(now_s, took_s)
    return now_s


def test_a_quick_line_soon_gets_full_batches_and_the_full_window() -> None:
    pace = Pace()
    acknowledge(pace, 60, 0.002)
    assert (pace.window, pace.batch) == (WINDOW, BATCH)


def test_a_far_line_that_does_not_queue_gets_the_full_window_too() -> None:
    pace = Pace()
    acknowledge(pace, 60, 0.6)
    assert (pace.window, pace.batch) == (WINDOW, BATCH)


def test_a_line_that_queues_is_given_less_until_an_alarm_would_not_wait() -> None:
    pace = Pace()
    now_s = acknowledge(pace, 60, 0.01)
    acknowledge(pace, 40, 0.01 + 3 * QUEUE_S, now_s)
    assert pace.window == 1
    assert pace.batch < BATCH


def test_one_late_round_halves_the_window_once() -> None:
    pace = Pace()
    acknowledge(pace, 60, 0.01)
    for _ in range(WINDOW):
        pace.acknowledged(100.0, 1.0)
    assert pace.window == WINDOW // 2


def test_the_window_never_passes_what_the_broker_takes() -> None:
    pace = Pace(window=3)
    acknowledge(pace, 100, 0.001)
    assert pace.window == 3


def test_a_broker_that_takes_one_message_still_gets_one() -> None:
    assert Pace(window=-1).window == 1


def test_batches_never_grow_past_what_did_not_fit() -> None:
    pace = Pace()
    acknowledge(pace, 60, 0.001)
    pace.halve_batch()
    acknowledge(pace, 60, 0.001)
    assert pace.batch == BATCH // 2


def test_waits_double_up_to_a_bound_and_are_never_short_of_half() -> None:
    backoff = Backoff(draw=lambda: 0.0)
    waits = [backoff.after(0.0) for _ in range(12)]
    assert waits[:4] == [FIRST_S / 2, FIRST_S, FIRST_S * 2, FIRST_S * 4]
    assert waits[-1] == PAUSE_MAX_S / 2


def test_a_connection_that_lasted_starts_the_waits_over() -> None:
    backoff = Backoff(draw=lambda: 1.0)
    for _ in range(8):
        backoff.after(0.0)
    assert backoff.after(1.0) == PAUSE_MAX_S
    assert backoff.after(LASTED_S) == FIRST_S


def stored(path: Path) -> int | None:
    with apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY) as db:
        found: int | None = db.execute("SELECT sequence FROM cursor").get
        return found


def test_a_cursor_is_written_at_most_once_a_second(tmp_path: Path) -> None:
    cursors = Cursors(tmp_path / "uplink.db")
    for sequence in range(1, 1001):
        cursors.move("mqtt", Position("j", sequence))
        cursors.tick(10.0)
    assert stored(tmp_path / "uplink.db") == 1
    cursors.tick(10.0 + WRITE_EVERY_S)
    assert stored(tmp_path / "uplink.db") == 1000
    cursors.close()


def test_a_cursor_is_written_at_stop_and_found_again(tmp_path: Path) -> None:
    cursors = Cursors(tmp_path / "uplink.db")
    assert cursors.get("mqtt") is None
    cursors.move("mqtt", Position("j", 7))
    cursors.close()
    assert Cursors(tmp_path / "uplink.db").get("mqtt") == Position("j", 7)


def test_consumers_do_not_share_cursors_or_topics(tmp_path: Path) -> None:
    cursors = Cursors(tmp_path / "uplink.db")
    cursors.move("mqtt:a", Position("j", 7))
    cursors.retain("mqtt:a", "alarms/1")
    assert cursors.get("mqtt:b") is None
    assert cursors.retained("mqtt:b") == set()


def test_topics_in_use_are_remembered_until_they_are_cleared(tmp_path: Path) -> None:
    cursors = Cursors(tmp_path / "uplink.db")
    cursors.retain("mqtt", "alarms/1")
    cursors.retain("mqtt", "alarms/2")
    cursors.cleared("mqtt", "alarms/1")
    cursors.close()
    assert Cursors(tmp_path / "uplink.db").retained("mqtt") == {"alarms/2"}


def test_a_damaged_file_is_put_aside_and_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "uplink.db").write_bytes(b"not a database at all, " * 100)
    cursors = Cursors(tmp_path / "uplink.db")
    assert cursors.get("mqtt") is None
    assert list(tmp_path.glob("uplink.db.damaged-*"))


def test_damage_behind_the_first_page_is_found_before_anything_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "uplink.db"
    Cursors(path).close()
    path.write_bytes(path.read_bytes()[:4096] + b"\xa5" * 20_000)
    cursors = Cursors(path)
    assert cursors.get("mqtt") is None
    cursors.retain("mqtt", "alarms/1")
    assert list(tmp_path.glob("uplink.db.damaged-*"))


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    Cursors(tmp_path / "uplink.db").close()
    with apsw.Connection(str(tmp_path / "uplink.db")) as db:
        db.pragma("user_version", 99)
    with pytest.raises(DataDirectoryError, match="newer"):
        Cursors(tmp_path / "uplink.db")


def test_a_pass_change_keeps_its_first_answer(tmp_path: Path) -> None:
    Cursors(tmp_path / "uplink.db").close()
    answers = Answers(tmp_path / "uplink.db")
    order = PassOrder(id="c1", revision=0, delete="p1")
    assert answers.find(order) is None
    answers.keep(order, Answer("c1", "done"))
    answers.keep(order, Answer("c1", "refused", "revision_conflict"))
    assert answers.find(order) == Answer("c1", "done")


def test_an_id_with_other_contents_is_refused(tmp_path: Path) -> None:
    Cursors(tmp_path / "uplink.db").close()
    answers = Answers(tmp_path / "uplink.db")
    answers.keep(PassOrder(id="c1", revision=0, delete="p1"), Answer("c1", "done"))
    found = answers.find(PassOrder(id="c1", revision=0, delete="p2"))
    assert found is not None
    assert (found.status, found.reason) == ("refused", "idempotency_conflict")


def test_only_the_newest_answers_are_kept(tmp_path: Path) -> None:
    Cursors(tmp_path / "uplink.db").close()
    with apsw.Connection(str(tmp_path / "uplink.db")) as db:
        rows = ((n, f"c{n}") for n in range(1, KEPT_MAX + 1))
        db.executemany("INSERT INTO answer VALUES (?, ?, '', '{}')", rows)
    answers = Answers(tmp_path / "uplink.db")
    answers.keep(PassOrder(id="new", revision=0, delete="p1"), Answer("new", "done"))
    with apsw.Connection(str(tmp_path / "uplink.db")) as db:
        assert db.execute("SELECT count(*), min(number) FROM answer").fetchone() == (KEPT_MAX, 2)


def test_only_the_newest_snapshot_is_kept() -> None:
    mailbox = Mailbox(Waker())
    assert mailbox.take_snapshot() == (False, None)
    newest = CentralView()
    mailbox.put_snapshot(CentralView())
    mailbox.put_snapshot(newest)
    news, snapshot = mailbox.take_snapshot()
    assert (news, snapshot is newest) == (True, True)
    news, snapshot = mailbox.take_snapshot()
    assert (news, snapshot is newest) == (False, True)


def test_a_lost_engine_is_news_too() -> None:
    mailbox = Mailbox(Waker())
    mailbox.put_snapshot(None)
    assert mailbox.take_snapshot() == (True, None)


def test_many_wakes_neither_block_nor_outlast_one_look() -> None:
    waker = Waker()
    for _ in range(100_000):
        waker.wake()
    waker.wait(PATIENCE_S)
    assert not awake(waker)
    waker.wake()
    assert awake(waker)
    waker.close()
    waker.wake()


def awake(waker: Waker) -> bool:
    """Whether a sleep would end at once."""
    return bool(select.select([waker], [], [], 0)[0])
