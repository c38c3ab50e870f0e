"""Every event reaches central: a real broker that comes and goes, a real uplink that is killed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.demo.line import free_port
from tests.support.engine_stand_in import EngineStandIn, alarm
from tests.support.mosquitto import Central, Mosquitto, central
from tests.support.slow_line import SlowLine
from tests.support.uplink_process import PREFIX, UplinkProcess
from tests.support.waiting import wait_until
from tests.uplink.conftest import Writer

pytestmark = pytest.mark.real
Arrived = Callable[[int], list[int]]


def firsts(sequences: Iterable[int]) -> list[int]:
    """Without the duplicates that a reconnect brings."""
    return list(dict.fromkeys(sequences))


def test_a_backlog_arrives_whole_and_in_order(writer: Writer, uplink: UplinkProcess, arrived: Arrived) -> None:
    last = writer.write(2345)
    uplink.start()
    assert arrived(last) == list(range(1, last + 1))


def test_what_central_gets_is_what_the_journal_holds(
    writer: Writer, uplink: UplinkProcess, arrived: Arrived, listener: Central
) -> None:
    from gateway.store.journal.reader import JournalReader

    writer.write(30)
    uplink.start()
    arrived(30)
    reader = JournalReader(Path(writer.journal._path))
    stored = [row.text for row in reader.page(0, 30)]
    sent = b",".join(batch.payload[1:-1] for batch in listener.batches()).decode()
    assert sent == ",".join(stored)
    kinds = {batch.properties.ContentType for batch in listener.batches()}
    assert kinds == {"application/cloudevents-batch+json"}


def test_news_comes_singly_and_a_backlog_in_handfuls(
    writer: Writer, uplink: UplinkProcess, arrived: Arrived, listener: Central
) -> None:
    writer.write(3000)
    uplink.start()
    arrived(3000)
    assert max(len(batch.json()) for batch in listener.batches()) == 100
    writer.write(3)
    arrived(3003)
    assert [len(batch.json()) for batch in listener.batches()[-3:]] == [1, 1, 1]


def test_a_batch_is_history_or_news_and_never_both(
    writer: Writer, uplink: UplinkProcess, arrived: Arrived, listener: Central
) -> None:
    writer.write(150, age_s=60)
    writer.write(150)
    uplink.start()
    assert arrived(300) == list(range(1, 301))
    for batch in listener.batches():
        old = [int(event["sequence"]) <= 150 for event in batch.json()]
        assert all(old) or not any(old)
        assert batch.historical or not any(old)


def test_an_uplink_that_starts_without_a_broker_delivers_when_it_comes(tmp_path: Path, writer: Writer) -> None:
    port = free_port()
    last = writer.write(500)
    uplink = UplinkProcess(tmp_path, port).start()
    wait_until(lambda: "next attempt" in uplink.log(), what="a dial that failed")
    broker = Mosquitto(tmp_path, port)
    try:
        with listening_from_the_first(broker, uplink) as listener:
            wait_until(lambda: last in listener.sequences())
            assert firsts(listener.sequences())[-1] == last
            assert uplink.stop() == 0
            assert last_will_free(listener)
    finally:
        broker.stop()


@contextmanager
def listening_from_the_first(broker: Mosquitto, uplink: UplinkProcess) -> Iterator[Central]:
    """Central at a broker that comes back, and there before the uplink can have sent anything."""
    with ExitStack() as stack:
        with uplink.frozen():
            broker.start()
            listener = stack.enter_context(central(broker.port, PREFIX))
        yield listener


def last_will_free(listener: Central) -> bool:
    """The good-bye was the uplink's own: it tells its version, which the last will does not."""
    return bool(wait_until(lambda: listener.last("status").get("online") is False)) and bool(
        listener.last("status").get("version")
    )


def test_an_uplink_killed_again_and_again_loses_nothing_and_keeps_the_order(
    writer: Writer, uplink: UplinkProcess, listener: Central
) -> None:
    total = writer.write(20_000)
    for _ in range(4):
        before = len(listener.messages)
        uplink.start()
        wait_until(lambda: len(listener.messages) > before + 5, what="some batches")  # noqa: B023
        uplink.kill()
        total = writer.write(500)
    uplink.start()
    wait_until(lambda: total in listener.sequences()[-200:], 60, "the last row")
    assert firsts(listener.sequences()) == list(range(1, total + 1))


def test_a_broker_outage_with_a_kill_in_the_middle_loses_nothing(
    tmp_path: Path, writer: Writer, engine: EngineStandIn
) -> None:
    """Counted by id over everything that central ever got."""
    port = free_port()
    broker = Mosquitto(tmp_path, port).start()
    uplink = UplinkProcess(tmp_path, port).start()
    got: list[int] = []
    with central(port, PREFIX) as first:
        writer.write(1000)
        wait_until(lambda: 1000 in first.sequences())
        got += first.sequences()
    broker.stop()
    writer.write(3000)
    uplink.kill()
    uplink.start()
    wait_until(lambda: any(not one["up"] for one in engine.calls("uplink.report")))
    total = writer.write(3000)
    try:
        with listening_from_the_first(broker, uplink) as second:
            wait_until(lambda: total in second.sequences()[-200:], what="the last row")
            got += second.sequences()
    finally:
        uplink.stop()
        broker.stop()
    assert firsts(got) == list(range(1, total + 1))


def test_alarms_go_ahead_of_a_backlog_that_waits(
    writer: Writer, engine: EngineStandIn, uplink: UplinkProcess, arrived: Arrived, listener: Central
) -> None:
    writer.write(20_000)
    engine.show(alarms=[alarm("a1")])
    uplink.start()
    arrived(20_000)
    topics = [message.topic for message in listener.messages]
    assert topics.index(f"{PREFIX}/alarms/a1") < topics.index(f"{PREFIX}/events")


def heard(engine: EngineStandIn, writer: Writer) -> None:
    """The uplink has gone round its loop since the engine last showed something: it tells of a row written later."""
    before = wait_until(lambda: engine.calls("uplink.report"))[-1]["waiting"]
    writer.write(1)
    wait_until(lambda: engine.calls("uplink.report")[-1]["waiting"] != before)


def test_an_alarm_overtakes_a_backlog_that_is_on_its_way(
    tmp_path: Path, writer: Writer, engine: EngineStandIn, broker: Mosquitto, listener: Central
) -> None:
    last = writer.write(20_000)
    line = SlowLine(broker.port, 2_000_000)
    uplink = UplinkProcess(tmp_path, line.port).start()
    try:
        wait_until(listener.batches, what="the first batch")
        with line.held():
            engine.show(alarms=[alarm("a1")])
            heard(engine, writer)
        wait_until(lambda: listener.on("alarms/a1"))
    finally:
        uplink.kill()
        line.close()
    assert rows_before_the_alarm(listener) < last / 2


def rows_before_the_alarm(listener: Central) -> int:
    """How many rows had come when it came."""
    topics = [message.topic for message in listener.messages]
    before = listener.messages[: topics.index(f"{PREFIX}/alarms/a1")]
    return sum(len(message.json()) for message in before if message.topic == f"{PREFIX}/events")


@pytest.mark.slow
def test_on_a_slow_line_an_alarm_does_not_wait_behind_what_was_sent_before_it(
    tmp_path: Path, writer: Writer, engine: EngineStandIn, broker: Mosquitto, listener: Central
) -> None:
    """At 1 Mbit/s eighteen full batches would be eight seconds; with what the pace allows it is a batch or two."""
    writer.write(10_000)
    line = SlowLine(broker.port, 125_000)
    uplink = UplinkProcess(tmp_path, line.port).start()
    try:
        wait_until(lambda: len(listener.sequences()) > 500, what="the pace to settle")
        with line.held():
            engine.show(alarms=[alarm("a1")])
            heard(engine, writer)
            before = len(listener.sequences())
        wait_until(lambda: listener.on("alarms/a1"))
        assert rows_before_the_alarm(listener) - before <= 600
    finally:
        uplink.kill()
        line.close()


@contextmanager
def delivered(directory: Path, last: int, **broker_options: Any) -> Iterator[tuple[Central, UplinkProcess]]:
    """All rows are at central, each once and in order, behind a broker with these options."""
    broker = Mosquitto(directory, **broker_options).start()
    uplink = UplinkProcess(directory, broker.port)
    try:
        with central(broker.port, PREFIX) as listener:
            uplink.start()
            wait_until(lambda: last in listener.sequences()[-200:])
            assert listener.sequences() == list(range(1, last + 1))
            yield listener, uplink
    finally:
        uplink.stop()
        broker.stop()


def test_a_broker_that_takes_two_at_a_time_gets_everything(tmp_path: Path, writer: Writer) -> None:
    with delivered(tmp_path, writer.write(5000), max_inflight_messages=2) as (_, uplink):
        assert uplink.log().count("connected to the broker") == 1


def test_batches_shrink_to_what_the_broker_takes(tmp_path: Path, writer: Writer) -> None:
    with delivered(tmp_path, writer.write(2000), max_packet_size=8000) as (listener, _):
        assert max(len(one.payload) for one in listener.batches()) > 3000


def test_a_broker_that_forbids_events_moves_no_cursor(tmp_path: Path, writer: Writer, engine: EngineStandIn) -> None:
    """A refusing PUBACK is no acknowledgement; once it is allowed, everything comes."""
    rules = tmp_path / "acl"
    rules.write_text(f"topic {PREFIX}/status\ntopic {PREFIX}/state/#\n")
    last = writer.write(50)
    port = free_port()
    broker = Mosquitto(tmp_path, port, acl_file=rules).start()
    uplink = UplinkProcess(tmp_path, port).start()
    try:
        wait_until(lambda: any("refuses events" in r["reason"] for r in engine.calls("uplink.report")))
        broker.stop()
        broker = Mosquitto(tmp_path, port)
        with listening_from_the_first(broker, uplink) as listener:
            wait_until(lambda: last in listener.sequences())
            assert firsts(listener.sequences()) == list(range(1, last + 1))
    finally:
        uplink.stop()
        broker.stop()
