"""Retained messages at the broker: each open alarm, and each lane.

Snapshots of the engine come in; a message goes out when the meaning of a state has changed (a newer age is no change).
After each connect everything is published once, since the broker may have lost it. Topics of earlier alarms and lanes
are cleared, also those of alarms that were closed while the broker or this process was away (`cursors` stores them).
Nothing is cleared before the first snapshot, because unknown is not over. Order: alarms by priority, topics to clear,
lanes.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

import msgspec

from gateway.core.vocabulary.views import AlarmState, CentralView, LaneState
from gateway.uplink.mqtt.messages import Outgoing, Topics

State = AlarmState | LaneState


class Memory(Protocol):
    """Topics in use, kept over a restart (`cursors.Cursors`)."""

    def retained(self, consumer: str) -> set[str]:
        """The topics that may hold a message."""

    def retain(self, consumer: str, topic: str) -> None:
        """A topic will be used."""

    def cleared(self, consumer: str, topic: str) -> None:
        """The broker has acknowledged the empty message."""


class States:
    """Turns snapshots into retained messages. One object per process, kept over connections."""

    def __init__(self, topics: Topics, memory: Memory, consumer: str) -> None:
        self._topics = topics
        self._memory = memory
        self._consumer = consumer
        self._used = memory.retained(consumer)
        self._wanted: dict[str, State] | None = None
        self._sent: dict[str, State | None] = {}
        self._pending: deque[str] = deque()

    def connected(self) -> None:
        """A new connection: publish everything again."""
        self._sent.clear()
        self._plan()

    def update(self, view: CentralView) -> None:
        """Take the newest snapshot; an empty one of a starting engine is ignored."""
        if not view.lanes and not view.alarms:
            return
        wanted: dict[str, State] = {
            self._topics.alarm(alarm.alarm): alarm for alarm in sorted(view.alarms, key=lambda alarm: alarm.priority)
        }
        self._wanted = wanted | {self._topics.lane(lane.id): lane for lane in view.lanes}
        self._plan()

    def next(self) -> Outgoing | None:
        """The most urgent message, which the caller must send; None if the broker has all of them."""
        if not self._pending:
            return None
        topic = self._pending.popleft()
        state = (self._wanted or {}).get(topic)
        if state is None:
            self._sent[topic] = None
            return Outgoing(topic, b"", retain=True)
        if topic not in self._used:
            self._memory.retain(self._consumer, topic)
            self._used.add(topic)
        self._sent[topic] = _meaning(state)
        return Outgoing(topic, msgspec.json.encode(state), retain=True)

    def acknowledged(self, message: Outgoing) -> None:
        """The broker has acknowledged this message; an emptied topic needs no more clearing."""
        if not message.payload and message.topic not in (self._wanted or {}):
            self._memory.cleared(self._consumer, message.topic)
            self._used.discard(message.topic)
            self._sent.pop(message.topic, None)

    def _plan(self) -> None:
        if self._wanted is None:
            return
        changed = [topic for topic, state in self._wanted.items() if _meaning(state) != self._sent.get(topic)]
        alarms = [topic for topic in changed if topic.startswith(self._topics.alarm(""))]
        gone = [t for t in sorted(self._used - self._wanted.keys()) if self._sent.get(t, ...) is not None]
        lanes = [topic for topic in changed if topic.startswith(self._topics.lane(""))]
        self._pending = deque([*alarms, *gone, *lanes])


def _meaning(state: State) -> State:
    """The state without the time of its measurement, which is no part of its meaning."""
    if isinstance(state, AlarmState):
        return msgspec.structs.replace(state, as_of="")
    return msgspec.structs.replace(state, measured_at=None)
