"""Timers, journal waits, the pacer and the inbox: the core thread's small helpers, without threads."""

from __future__ import annotations

import pytest

from gateway.core.vocabulary.errors import BusyError
from gateway.core.vocabulary.events import CredentialRead, DeviceStale
from gateway.engine.core_thread.inbox import REQUESTS_MAX, Inbox
from gateway.engine.core_thread.pacer import PERIOD_NS, SETTLE_NS, Pacer
from gateway.engine.core_thread.timers import Timers
from gateway.engine.core_thread.waits import JournalWaits
from tests.engine.conftest import MS


def test_timers_run_out_in_order_of_time() -> None:
    timers = Timers()
    timers.start("late", 30)
    timers.start("early", 10)
    timers.start("later", 99)
    assert list(timers.due(50)) == ["early", "late"]
    assert timers.next_ns() == 99


def test_a_timer_started_again_is_replaced() -> None:
    timers = Timers()
    timers.start("hold", 10)
    timers.start("hold", 40)
    assert list(timers.due(20)) == []
    assert list(timers.due(40)) == ["hold"]
    assert len(timers) == 0


def test_a_cancelled_timer_never_runs_out() -> None:
    timers = Timers()
    timers.start("hold", 10)
    timers.cancel("hold")
    timers.cancel("never started")
    assert timers.next_ns() is None
    assert list(timers.due(99)) == []


def test_timers_started_at_the_same_time_keep_their_order() -> None:
    timers = Timers()
    for name in "dcba":
        timers.start(name, 5)
    assert list(timers.due(5)) == list("dcba")


def test_a_timer_may_be_started_from_within_the_last() -> None:
    timers = Timers()
    timers.start("a", 1)
    seen = []
    for name in timers.due(5):
        seen.append(name)
        if name == "a":
            timers.start("b", 2)
    assert seen == ["a", "b"]


def test_replacing_a_timer_for_ever_takes_no_memory() -> None:
    timers = Timers()
    timers.start("other", 5)
    for number in range(10_000):
        timers.start("grant", 1_000 + number)
    assert len(timers._heap) < 1_000
    assert list(timers.due(20_000)) == ["other", "grant"]


def test_a_token_is_settled_once() -> None:
    waits = JournalWaits(250)
    waits.add(7, 0)
    assert waits.settle(7)
    assert not waits.settle(7)
    assert waits.expire(10**12) == []


def test_patience_ends_per_token() -> None:
    waits = JournalWaits(250)
    waits.add(1, 0)
    waits.add(2, 100 * MS)
    assert waits.next_ns() == 250 * MS
    assert waits.expire(250 * MS) == [1]
    assert waits.expire(349 * MS) == []
    assert waits.expire(350 * MS) == [2]
    assert not waits.settle(2)


def test_a_change_is_published_after_it_settled() -> None:
    pacer = Pacer()
    pacer.changed(10 * PERIOD_NS)
    assert not pacer.take(10 * PERIOD_NS)
    assert pacer.take(10 * PERIOD_NS + SETTLE_NS)
    assert not pacer.take(99 * PERIOD_NS)


def test_changes_in_a_row_are_published_twenty_times_a_second() -> None:
    pacer = Pacer()
    published = 0
    for ms in range(1_000, 2_000):
        pacer.changed(ms * MS)
        published += pacer.take(ms * MS)
    assert 15 <= published <= 20


def test_an_alarm_is_published_at_once_and_so_are_its_rows() -> None:
    pacer = Pacer()
    pacer.changed(1_000 * MS)
    pacer.changed(1_000 * MS, urgent=True)
    assert pacer.take(1_000 * MS)
    pacer.recorded(1_001 * MS)
    assert pacer.take(1_001 * MS)
    pacer.recorded(1_002 * MS)
    assert not pacer.take(1_002 * MS)


def test_a_full_inbox_drops_presentations_and_says_how_many(caplog: pytest.LogCaptureFixture) -> None:
    overflowed: list[str] = []
    inbox = Inbox(overflowed.append, limit=2)
    for _ in range(5):
        inbox.put(CredentialRead("reader", "card", "1"))
    assert (len(inbox), overflowed) == (2, [])
    assert [record.message for record in caplog.records] == [
        "the core is 2 events behind; credentials are dropped until it has caught up"
    ]
    inbox.take(0)
    inbox.put(CredentialRead("reader", "card", "1"))
    inbox.take(0)
    inbox.put(CredentialRead("reader", "card", "1"))
    assert [record.message for record in caplog.records][1:] == ["the core takes credentials again; 3 were dropped"]


def test_a_fact_that_does_not_fit_ends_the_process() -> None:
    overflowed: list[str] = []
    inbox = Inbox(overflowed.append, limit=1)
    inbox.put(DeviceStale("io"))
    inbox.put(DeviceStale("io"))
    assert len(overflowed) == 1
    assert "cannot catch up" in overflowed[0]


def test_requests_are_told_to_come_again_before_facts_suffer() -> None:
    inbox = Inbox(pytest.fail)
    for _ in range(REQUESTS_MAX):
        inbox.admit()
        inbox.put(DeviceStale("io"))
    with pytest.raises(BusyError):
        inbox.admit()
    inbox.put(DeviceStale("io"))


def test_an_empty_inbox_gives_nothing() -> None:
    assert Inbox(pytest.fail).take(0) is None
    assert Inbox(pytest.fail).take(0.001) is None
