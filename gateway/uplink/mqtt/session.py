"""The traffic of one connection: the next message, messages in flight, acknowledgements.

The broker sets how many messages may be unacknowledged. Of at most twenty places two are never used by events, so that
an alarm, an answer or a new state of a lane never waits for an acknowledgement. These go first; events fill what their
pace allows. All messages are QoS 1 in one stream, so the broker gets events in the order of the journal.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

import msgspec

from gateway.core.vocabulary.errors import GatehouseError
from gateway.uplink.central.outbox import Batch, Outbox
from gateway.uplink.central.states import States
from gateway.uplink.mqtt.messages import Ack, Limits, Outgoing, Topics
from gateway.uplink.mqtt.pace import Pace

FLIGHT_MAX = 20
RESERVED = 2
# Fixed header, topic length, number and properties of a batch message; generous.
_OVERHEAD_BYTES = 128


class Carrier(Protocol):
    """A link that is up (`mqtt.Link`)."""

    limits: Limits

    def publish(self, message: Outgoing) -> int:
        """Send a message and return its number, which comes back in an Ack."""

    def done(self, number: int) -> None:
        """Acknowledge the order of that number."""


class _Flight(msgspec.Struct, frozen=True, gc=False):
    sent_s: float
    what: Batch | Outgoing


class RefusedByBrokerError(Exception):
    """The broker does not take an event; the text says why, for the installer."""


class Session:
    """Sends over one link from its CONNACK to its loss."""

    def __init__(
        self,
        link: Carrier,
        topics: Topics,
        outbox: Outbox,
        states: States,
        urgent: deque[Outgoing],
    ) -> None:
        self._link = link
        self._topics = topics
        self._outbox = outbox
        self._states = states
        self._urgent = urgent
        self._places = max(1, min(FLIGHT_MAX, link.limits.receive_maximum))
        self._pace = Pace(self._places - RESERVED)
        self._flights: dict[int, _Flight] = {}
        self._events = 0
        self._acknowledged_s = 0.0
        self.warning = ""
        self._unread = ""
        states.connected()

    def waiting_s(self, now_s: float) -> float:
        """How long the oldest acknowledgement is overdue, in seconds; 0 without messages in flight."""
        oldest = next(iter(self._flights.values()), None)
        return 0.0 if oldest is None else now_s - max(oldest.sent_s, self._acknowledged_s)

    @property
    def under_way(self) -> int:
        """The number of messages that the broker has not acknowledged."""
        return len(self._flights)

    def fill(self, now_s: float, events: bool = True) -> None:
        """Send as far as there is room: answers and status, then alarms and lanes, then events if wanted."""
        self._send_urgent(now_s)
        if events:
            self._send_events(now_s)

    def _send_urgent(self, now_s: float) -> None:
        while len(self._flights) < self._places:
            message = self._urgent.popleft() if self._urgent else self._states.next()
            if message is None:
                break
            self._launch(message, message, now_s)

    def _send_events(self, now_s: float) -> None:
        while self._events < self._pace.window and len(self._flights) < self._places:
            batch = self._read()
            if batch is None:
                return
            message = Outgoing(
                self._topics.events,
                batch.payload,
                batch=True,
                historical=batch.historical,
            )
            self._outbox.sent(batch)
            self._launch(message, batch, now_s)
            self._events += 1

    def acknowledge(self, ack: Ack, now_s: float) -> None:
        """Account for one PUBACK; raises RefusedByBrokerError when the broker did not take an event."""
        flight = self._flights.pop(ack.mid, None)
        if flight is None:
            return
        self._acknowledged_s = now_s
        if isinstance(flight.what, Batch):
            self._events -= 1
            if ack.refused:
                raise RefusedByBrokerError(
                    f"the broker refuses events on {self._topics.events}: {ack.refused}; let this client publish there"
                )
            self._outbox.acknowledge(flight.what)
            self._pace.acknowledged(now_s, now_s - flight.sent_s)
        elif ack.refused:
            self.warning = f"the broker refuses {flight.what.topic}: {ack.refused}"
        else:
            self._states.acknowledged(flight.what)

    def _read(self) -> Batch | None:
        """The next batch that fits into one packet of this broker."""
        most_bytes = self._link.limits.packet_bytes - _OVERHEAD_BYTES - len(self._topics.events)
        while True:
            batch = self._next_batch()
            if batch is None or len(batch.payload) <= most_bytes:
                return batch
            if batch.first == batch.last:
                raise RefusedByBrokerError(
                    f"event {batch.first} has {len(batch.payload)} bytes, but the broker takes packets of "
                    f"{self._link.limits.packet_bytes} bytes at most; raise its max_packet_size"
                )
            self._pace.halve_batch()

    def _next_batch(self) -> Batch | None:
        """The next batch; None if the journal cannot be read. Alarms and answers are sent all the same."""
        try:
            batch = self._outbox.read(self._pace.batch)
        except GatehouseError as error:
            self.warning = self._unread = str(error)
            return None
        if self._unread:
            self.warning = self._unread = ""
        return batch

    def _launch(self, message: Outgoing, what: Batch | Outgoing, now_s: float) -> None:
        try:
            mid = self._link.publish(message)
        except ValueError as error:
            self.warning = f"cannot publish on {message.topic!r}: {error}"
            self._link.done(message.answers)
            return
        self._flights[mid] = _Flight(now_s, what)
        if message.answers:
            self._link.done(message.answers)
