"""What stands retained: published on change of meaning, cleared when it is over, and no names in it."""

from __future__ import annotations

import json

import msgspec

from gateway.core.vocabulary.views import AlarmState, AlarmView, CentralView, LaneState, LaneView
from gateway.uplink.central.states import States
from gateway.uplink.mqtt.messages import Outgoing, Topics
from tests.support.engine_stand_in import alarm, lane

TOPICS = Topics("g")


class Memory:
    """What a restart would find."""

    def __init__(self, *topics: str) -> None:
        self.topics = set(topics)

    def retained(self, _consumer: str) -> set[str]:
        return set(self.topics)

    def retain(self, _consumer: str, topic: str) -> None:
        self.topics.add(topic)

    def cleared(self, _consumer: str, topic: str) -> None:
        self.topics.discard(topic)


def snapshot(*alarms: AlarmView, lanes: tuple[LaneView, ...] = (lane(),)) -> CentralView:
    """What the uplink makes of what the engine sends."""
    return msgspec.json.decode(msgspec.json.encode({"alarms": alarms, "lanes": lanes}), type=CentralView)


def drain(states: States) -> list[Outgoing]:
    found = []
    while (message := states.next()) is not None:
        found.append(message)
    for message in found:
        states.acknowledged(message)
    return found


def topics(states: States) -> list[str]:
    return [message.topic.removeprefix("g/") for message in drain(states)]


def connected(memory: Memory | None = None) -> States:
    states = States(TOPICS, memory or Memory(), "c")
    states.connected()
    return states


def test_alarms_go_first_and_the_gravest_ahead() -> None:
    states = connected()
    states.update(snapshot(alarm("minor", priority=3), alarm("grave", priority=1)))
    assert topics(states) == ["alarms/grave", "alarms/minor", "state/lanes/in"]


def test_a_newer_age_of_the_same_state_is_no_news() -> None:
    states = connected()
    states.update(snapshot(alarm("a1")))
    drain(states)
    later = "2026-11-21T09:00:00.000Z"
    states.update(snapshot(alarm("a1", as_of=later), lanes=(lane(measured_at=later, age_ms=9),)))
    assert topics(states) == []


def test_a_change_of_meaning_is_published() -> None:
    states = connected()
    states.update(snapshot(alarm("a1")))
    drain(states)
    states.update(snapshot(alarm("a1", state="acknowledged"), lanes=(lane(arm="rising"),)))
    assert topics(states) == ["alarms/a1", "state/lanes/in"]


def test_only_the_contracts_fields_leave_the_house() -> None:
    states = connected()
    states.update(snapshot(alarm("a1")))
    first, second = drain(states)
    assert tuple(json.loads(first.payload)) == AlarmState.__struct_encode_fields__
    assert tuple(json.loads(second.payload)) == LaneState.__struct_encode_fields__
    assert first.retain
    assert second.retain


def test_a_closed_alarm_is_emptied_once_and_forgotten() -> None:
    memory = Memory()
    states = connected(memory)
    states.update(snapshot(alarm("a1")))
    drain(states)
    states.update(snapshot())
    (message,) = drain(states)
    assert message == Outgoing("g/alarms/a1", b"", retain=True)
    assert memory.topics == {"g/state/lanes/in"}
    states.update(snapshot())
    assert topics(states) == []


def test_an_alarm_closed_while_we_were_away_is_emptied_at_the_next_connection() -> None:
    states = connected(Memory("g/alarms/old", "g/state/lanes/gone"))
    assert states.next() is None, "before the first snapshot nobody knows that it is over"
    states.update(snapshot())
    assert topics(states) == ["alarms/old", "state/lanes/gone", "state/lanes/in"]


def test_a_clearing_that_was_not_acknowledged_is_sent_again() -> None:
    memory = Memory("g/alarms/old")
    states = connected(memory)
    states.update(snapshot())
    assert states.next() is not None
    states.connected()
    assert topics(states) == ["alarms/old", "state/lanes/in"]
    assert memory.topics == {"g/state/lanes/in"}


def test_an_alarm_is_remembered_before_it_is_sent() -> None:
    memory = Memory()
    states = connected(memory)
    states.update(snapshot(alarm("a1")))
    message = states.next()
    assert message is not None
    assert message.topic in memory.topics


def test_after_a_reconnect_everything_is_published_again() -> None:
    states = connected()
    states.update(snapshot(alarm("a1")))
    drain(states)
    states.connected()
    assert topics(states) == ["alarms/a1", "state/lanes/in"]


def test_an_engine_that_just_starts_clears_nothing() -> None:
    states = connected()
    states.update(snapshot(alarm("a1")))
    drain(states)
    states.update(CentralView())
    assert topics(states) == []


def test_an_alarm_raised_again_before_its_clearing_was_acknowledged_stays_remembered() -> None:
    memory = Memory()
    states = connected(memory)
    states.update(snapshot(alarm("a1")))
    drain(states)
    states.update(snapshot())
    clearing = states.next()
    assert clearing is not None
    states.update(snapshot(alarm("a1")))
    states.acknowledged(clearing)
    assert topics(states) == ["alarms/a1"]
    assert "g/alarms/a1" in memory.topics
