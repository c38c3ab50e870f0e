"""One connection's window: with a link that only takes notes."""

from __future__ import annotations

from collections import deque

import pytest

from gateway.core.vocabulary.errors import StorageError
from gateway.uplink.central.outbox import Batch, Outbox
from gateway.uplink.central.states import States
from gateway.uplink.mqtt.messages import Ack, Limits, Outgoing, Topics
from gateway.uplink.mqtt.session import FLIGHT_MAX, RESERVED, RefusedByBrokerError, Session
from tests.support.engine_stand_in import alarm
from tests.uplink.test_outbox import Rows
from tests.uplink.test_states import Memory, snapshot

TOPICS = Topics("g")


class Wire:
    """A link that keeps what it is given, and acknowledges on request."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.sent: list[Outgoing] = []
        self.open: deque[int] = deque()
        self.answered: list[int] = []

    def done(self, number: int) -> None:
        self.answered.append(number)

    def publish(self, message: Outgoing) -> int:
        self.sent.append(message)
        self.open.append(len(self.sent))
        return len(self.sent)


class Bench:
    """A session over a journal of so many old rows."""

    def __init__(self, rows: Rows, limits: Limits | None = None) -> None:
        self.wire = Wire(limits)
        self.outbox = Outbox(rows, None)
        self.states = States(TOPICS, Memory(), "c")
        self.urgent: deque[Outgoing] = deque()
        self.session = Session(self.wire, TOPICS, self.outbox, self.states, self.urgent)
        self.now_s = 0.0

    def fill(self) -> None:
        self.session.fill(self.now_s)

    def acknowledge(self, refused: str = "") -> None:
        self.now_s += 0.001
        self.session.acknowledge(Ack(self.wire.open.popleft(), refused), self.now_s)

    def warm_up(self) -> None:
        """Until the window is as wide as it gets."""
        for _ in range(100):
            self.fill()
            self.acknowledge()
        self.fill()

    def topics(self) -> list[str]:
        return [message.topic.removeprefix("g/") for message in self.wire.sent]


def test_events_leave_room_for_an_alarm() -> None:
    bench = Bench(Rows(100_000, old=100_000))
    bench.warm_up()
    assert bench.session.under_way == FLIGHT_MAX - RESERVED
    bench.states.update(snapshot(alarm("a1")))
    bench.fill()
    assert bench.topics()[-2:] == ["alarms/a1", "state/lanes/in"]
    assert bench.session.under_way == FLIGHT_MAX


@pytest.mark.parametrize("most", [1, 2, 3, 10, 65_535])
def test_the_brokers_receive_maximum_is_never_passed(most: int) -> None:
    bench = Bench(Rows(100_000, old=100_000), Limits(receive_maximum=most))
    bench.states.update(snapshot(*(alarm(f"a{n}") for n in range(30))))
    for _ in range(200):
        bench.fill()
        assert len(bench.wire.open) <= min(most, FLIGHT_MAX)
        bench.acknowledge()
    assert "events" in bench.topics()


def test_answers_go_before_alarms_and_alarms_before_events() -> None:
    bench = Bench(Rows(100, old=100))
    bench.states.update(snapshot(alarm("a1")))
    bench.urgent.append(Outgoing("g/replies", b"{}"))
    bench.fill()
    assert bench.topics() == ["replies", "alarms/a1", "state/lanes/in", "events"]


def test_history_is_marked_and_news_is_not() -> None:
    bench = Bench(Rows(3, old=2))
    bench.fill()
    bench.acknowledge()
    bench.fill()
    assert [message.historical for message in bench.wire.sent] == [True, False]


def test_an_event_that_the_broker_refuses_does_not_move_the_cursor() -> None:
    bench = Bench(Rows(10, old=10))
    bench.fill()
    with pytest.raises(RefusedByBrokerError, match="Not authorized"):
        bench.acknowledge("Not authorized")
    assert bench.outbox.position.sequence == 0


def test_a_state_that_the_broker_refuses_is_said_and_events_go_on() -> None:
    bench = Bench(Rows(10, old=10))
    bench.states.update(snapshot())
    bench.fill()
    bench.acknowledge("Not authorized")
    bench.acknowledge()
    assert "g/state/lanes/in" in bench.session.warning
    assert bench.outbox.position.sequence == 10


def test_an_event_larger_than_the_brokers_packets_is_never_dropped_in_silence() -> None:
    bench = Bench(Rows(10, old=10), Limits(packet_bytes=100))
    with pytest.raises(RefusedByBrokerError, match="max_packet_size"):
        bench.fill()


def test_a_topic_that_cannot_be_published_on_costs_only_that_message() -> None:
    bench = Bench(Rows(1, old=1))

    def publish(message: Outgoing) -> int:
        if "#" in message.topic:
            raise ValueError("Invalid topic")
        return Wire.publish(bench.wire, message)

    bench.wire.publish = publish  # type: ignore[method-assign]
    bench.urgent.append(Outgoing("a/#", b"{}"))
    bench.fill()
    assert bench.topics() == ["events"]


def test_waiting_time_counts_only_while_the_broker_owes_something() -> None:
    bench = Bench(Rows(300, old=300))
    assert bench.session.waiting_s(99.0) == 0.0
    bench.fill()
    assert bench.session.waiting_s(7.0) == 7.0
    bench.now_s = 6.0
    bench.acknowledge()
    bench.fill()
    assert bench.session.waiting_s(8.0) == pytest.approx(2.0, abs=0.01)


def test_a_journal_that_cannot_be_read_holds_back_events_only() -> None:
    rows = Rows(10, old=10)
    bench = Bench(rows)
    broken = rows.batch

    def batch(_after: int, _limit: int) -> Batch | None:
        raise StorageError("the disk fails")

    rows.batch = batch  # type: ignore[method-assign]
    bench.states.update(snapshot(alarm("a1")))
    bench.fill()
    assert bench.topics() == ["alarms/a1", "state/lanes/in"]
    assert bench.session.warning == "the disk fails"
    rows.batch = broken  # type: ignore[method-assign]
    bench.fill()
    assert bench.topics()[-1] == "events"
    assert bench.session.warning == ""


def test_an_unknown_acknowledgement_changes_nothing() -> None:
    bench = Bench(Rows(10, old=10))
    bench.session.acknowledge(Ack(99), 0.0)
    assert bench.session.under_way == 0


def test_a_batch_is_never_empty() -> None:
    bench = Bench(Rows(0))
    bench.fill()
    assert bench.wire.sent == []
    assert isinstance(Rows(1).batch(0, 1), Batch)
