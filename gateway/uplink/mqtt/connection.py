"""One connection to the broker: the only file that uses paho.

A `Link` lives from one dial to one loss. paho's own reconnect is not used: it would resend from a memory queue that the
journal does not know. Dialling (name look-up, TCP, TLS) may take long and has its own thread. Afterwards the sending
thread drives the socket through paho's interface for external loops, so no network thread can die unnoticed and no
message changes threads.

paho's callbacks only take notes; `poll` moves bytes. The session ends with the connection (clean start, expiry 0), the
last will says `offline`. Subscriptions use retain-as-published and ask for no retained messages: otherwise a retained
command that is published during the connection would look like a fresh one. An incoming message is acknowledged when it
was dealt with, so the broker sends only a few ahead.
"""

from __future__ import annotations

import contextlib
import itertools
import select
import socket
import ssl
import threading
from collections import deque
from collections.abc import Sequence
from typing import Any

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from gateway.core.settings.model import Broker
from gateway.uplink.mailbox import Waker
from gateway.uplink.mqtt.messages import Ack, Incoming, Limits, Outgoing

KEEPALIVE_S = 20
DIAL_TIMEOUT_S = 5.0
# Orders are small, and the broker must not push more of them than the queue can hold.
INCOMING_BYTES = 128 * 1024
INCOMING_UNACKNOWLEDGED = 20
_FAILED = 0x80  # Reason codes from here on are failures.

_UNSPECIFIED = 0x80
_NUMBERS = itertools.count(1)


class Will(msgspec.Struct, frozen=True):
    """The retained message that the broker publishes when the connection breaks."""

    topic: str
    payload: bytes


class Link:
    """A connection to the broker; all methods but the dial belong to the sending thread.

    `up`: the broker has sent CONNACK. `lost`: why the connection is over, in words. `broke_off`: the broker or the
    network ended it.
    """

    def __init__(
        self, broker: Broker, client_id: str, will: Will | None, waker: Waker, incoming_bytes: int = INCOMING_BYTES
    ) -> None:
        self.limits = Limits()
        self.up = False
        self.lost = ""
        self.broke_off = False
        self.acks: deque[Ack] = deque()
        self.incoming: deque[Incoming] = deque()
        self.warnings: deque[str] = deque()
        self._broker = broker
        self._waker = waker
        self._incoming_bytes = incoming_bytes
        self._unacknowledged: dict[int, int] = {}
        self._dialled = False
        self._abandoned = threading.Event()
        self._client = self._build(client_id, will)
        self._live, self._historical = _publish_properties(False), _publish_properties(True)

    def dial(self) -> None:
        """Start connecting in the background."""
        threading.Thread(target=self._dial, name="uplink-dial", daemon=True).start()

    def poll(self, timeout_s: float) -> None:
        """Sleep until the socket is readable or writable or a wake comes, then move bytes."""
        sock: Any = self._client.socket() if self._dialled and not self.lost else None
        if sock is None:
            select.select([self._waker], [], [], timeout_s)
            self._waker.drain()
            return
        if isinstance(sock, ssl.SSLSocket) and sock.pending():
            timeout_s = 0.0
        writable = [sock] if self._client.want_write() else []
        readable, writable, _ = select.select([sock, self._waker], writable, [], timeout_s)
        if self._waker in readable:
            self._waker.drain()
        if sock in readable or timeout_s == 0.0:
            self._check(self._client.loop_read())
            _acknowledge_at_once(sock)
        if writable:
            self._check(self._client.loop_write())
        self._check(self._client.loop_misc())

    def publish(self, message: Outgoing) -> int:
        """Send a message at QoS 1 and return its number, which comes back in `acks`. ValueError for a bad topic."""
        info = self._client.publish(message.topic, message.payload, 1, message.retain, self._properties(message))
        return info.mid

    def done(self, number: int) -> None:
        """Acknowledge an incoming message of this connection; without effect for one of another connection.

        The broker sends at most `INCOMING_UNACKNOWLEDGED` messages ahead, so this bounds the orders in this process.
        """
        mid = self._unacknowledged.pop(number, None)
        if mid is not None:
            self._client.ack(mid, 1)

    def subscribe(self, topics: Sequence[str]) -> None:
        """Subscribe to these topics without retained messages."""
        options = SubscribeOptions(qos=1, retainAsPublished=True, retainHandling=2)
        self._client.subscribe([(topic, options) for topic in topics])

    def leave(self) -> None:
        """Disconnect in good order, so that the broker does not publish the last will."""
        self._client.disconnect()
        self.abandon("left")

    def abandon(self, reason: str) -> None:
        """Drop the connection at once; the broker publishes the last will. This reason replaces an older one."""
        self.lost, self.broke_off = reason, False
        self._abandoned.set()
        if self._dialled:
            self._hang_up()

    # ---- dialling ------------------------------------------------------------------------------------------------

    def _build(self, client_id: str, will: Will | None) -> paho.Client:
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=paho.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = DIAL_TIMEOUT_S
        # `session` limits the messages in flight; paho's own window searches all messages at each acknowledgement.
        client.max_inflight_messages = 0
        if will is not None:
            client.will_set(will.topic, will.payload, qos=1, retain=True)
        client.on_socket_open = _no_delay
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _dial(self) -> None:
        try:
            self._secure()
            self._client.connect(
                self._broker.host,
                self._broker.port,
                keepalive=KEEPALIVE_S,
                clean_start=True,
                properties=_connect_properties(self._incoming_bytes),
            )
        except (OSError, ValueError) as error:
            self.lost = self.lost or f"{self._broker.host}:{self._broker.port}: {error}"
        else:
            self._dialled = True
            if self._abandoned.is_set():
                self._hang_up()
        self._waker.wake()

    def _secure(self) -> None:
        broker = self._broker
        if broker.username is not None:
            self._client.username_pw_set(broker.username, broker.password)
        if broker.tls or broker.ca or broker.cert:
            self._client.tls_set(ca_certs=broker.ca, certfile=broker.cert, keyfile=broker.key)

    def _hang_up(self) -> None:
        sock = self._client.socket()
        if sock is not None:
            sock.close()

    # ---- notes from paho -----------------------------------------------------------------------------------------

    def _check(self, code: MQTTErrorCode) -> None:
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS and not self.lost:
            self.lost = paho.error_string(code)

    def _on_connect(
        self, _client: Any, _data: Any, _flags: Any, code: ReasonCode, properties: Properties | None
    ) -> None:
        if code.value >= _FAILED:
            self.lost = f"the broker refused the connection: {code}"
            return
        self.limits = Limits(
            getattr(properties, "ReceiveMaximum", Limits().receive_maximum),
            getattr(properties, "MaximumPacketSize", Limits().packet_bytes),
        )
        self.up = True

    def _on_disconnect(self, _client: Any, _data: Any, flags: Any, code: ReasonCode, _properties: Any) -> None:
        if flags.is_disconnect_packet_from_server:
            reason = f"the broker hung up: {code}"
        else:
            reason = "the connection broke off"
            reason += "" if code.value == _UNSPECIFIED else f": {code}"
        self.broke_off = not self.lost
        self.lost = self.lost or reason

    def _on_publish(self, _client: Any, _data: Any, mid: int, code: ReasonCode, _properties: Any) -> None:
        self.acks.append(Ack(mid, str(code) if code.value >= _FAILED else ""))

    def _on_subscribe(self, _client: Any, _data: Any, _mid: int, codes: list[ReasonCode], _properties: Any) -> None:
        for code in codes:
            if code.value >= _FAILED:
                self.warnings.append(f"the broker refused a subscription: {code}")

    def _on_message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return  # Not from our topics, which are all readable.
        properties = message.properties
        number = next(_NUMBERS)
        if message.qos:
            self._unacknowledged[number] = message.mid
        self.incoming.append(
            Incoming(
                topic,
                bytes(message.payload),
                bool(message.retain),
                getattr(properties, "ResponseTopic", ""),
                getattr(properties, "CorrelationData", None),
                number,
            )
        )

    def _properties(self, message: Outgoing) -> Properties | None:
        if message.batch:
            return self._historical if message.historical else self._live
        if message.correlation is None:
            return None
        return _properties(PacketTypes.PUBLISH, CorrelationData=message.correlation)


def _publish_properties(historical: bool) -> Properties:
    wanted: dict[str, Any] = {"UserProperty": ("historical", "true")} if historical else {}
    return _properties(PacketTypes.PUBLISH, ContentType="application/cloudevents-batch+json", **wanted)


def _connect_properties(incoming_bytes: int) -> Properties:
    return _properties(
        PacketTypes.CONNECT,
        SessionExpiryInterval=0,
        ReceiveMaximum=INCOMING_UNACKNOWLEDGED,
        MaximumPacketSize=incoming_bytes,
    )


def _properties(packet_type: int, **values: Any) -> Properties:
    properties = Properties(packet_type)  # type: ignore[no-untyped-call]
    for name, value in values.items():
        setattr(properties, name, value)
    return properties


def _no_delay(_client: Any, _data: Any, sock: Any) -> None:
    """Send small messages at once: with Nagle's algorithm an alarm waits 40 ms for an acknowledgement."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _acknowledge_at_once(sock: Any) -> None:
    """Acknowledge TCP segments at once, or this kernel waits up to 40 ms.

    A broker with Nagle's algorithm (mosquitto's default) holds its PUBACK back until the one before it is acknowledged.
    Linux resets the option, so it is set each time.
    """
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
