"""A real broker and a real subscriber for tests: mosquitto on a free port, and central as paho sees it."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from gateway.demo.line import free_port
from tests.support.waiting import PATIENCE_S, wait_until

BINARY = shutil.which("mosquitto") or "/usr/sbin/mosquitto"


class Mosquitto:
    """A broker without persistence: what it was told is gone when it is stopped."""

    def __init__(self, directory: Path, port: int | None = None, **options: Any) -> None:
        self.port = port or free_port()
        self._directory = directory
        self._options = {"allow_anonymous": "true", "persistence": "false", "max_queued_messages": "0", **options}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The broker's process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> Mosquitto:
        """Run, and wait until it answers."""
        lines = [f"listener {self.port} 127.0.0.1", "user root"]
        lines += [f"{key} {value}" for key, value in self._options.items()]
        config = self._directory / f"mosquitto-{self.port}.conf"
        config.write_text("\n".join(lines) + "\n")
        log = (self._directory / f"mosquitto-{self.port}.log").open("ab")
        with log:
            self._process = subprocess.Popen([BINARY, "-c", str(config)], stdout=log, stderr=log)
        wait_until(self._answers, what=f"mosquitto on port {self.port}")
        return self

    def stop(self) -> None:
        """End it, also when it was frozen."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Half dead: connections stand, nothing moves."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on after `freeze`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 10):
            return True
        return False


@dataclass
class Received:
    """A message as central got it."""

    topic: str
    payload: bytes
    retain: bool
    properties: Any
    at_s: float = field(default_factory=time.monotonic)

    def json(self) -> Any:
        """The payload, decoded."""
        return json.loads(self.payload)

    @property
    def historical(self) -> bool:
        """Marked as history."""
        return ("historical", "true") in getattr(self.properties, "UserProperty", [])


class Central:
    """A subscriber with all messages in the order they came, and a voice."""

    def __init__(self, port: int, prefix: str, topics: str = "#", client_id: str = "") -> None:
        self.prefix = prefix
        self.messages: list[Received] = []
        self.ready = threading.Event()
        self._topics = f"{prefix}/{topics}"
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id or f"central-{time.time_ns()}", protocol=paho.MQTTv5
        )
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self.ready.set()
        self._client.on_message = self._on_message
        self._client.reconnect_delay_set(1, 1)
        self._client.connect_async("127.0.0.1", port)
        self._client.loop_start()

    def _on_connect(self, client: paho.Client, *_: Any) -> None:
        client.subscribe(self._topics, options=SubscribeOptions(qos=1))

    def _on_message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        self.messages.append(Received(message.topic, message.payload, message.retain, message.properties))

    def say(self, topic: str, document: Any, *, retain: bool = False, **properties: Any) -> None:
        """Publish below the prefix and wait for the broker's word; bytes go as they are."""
        packet = Properties(PacketTypes.PUBLISH)
        for name, value in properties.items():
            setattr(packet, name, value)
        payload = document if isinstance(document, bytes) else json.dumps(document).encode()
        info = self._client.publish(f"{self.prefix}/{topic}", payload, 1, retain, packet)
        info.wait_for_publish(PATIENCE_S)

    def say_all(self, topic: str, documents: list[Any]) -> None:
        """Publish them at once, and then wait for the broker's word."""
        sent = [self._client.publish(f"{self.prefix}/{topic}", json.dumps(one).encode(), 1) for one in documents]
        for info in sent:
            info.wait_for_publish(PATIENCE_S)

    def on(self, topic: str) -> list[Received]:
        """The messages on one topic below the prefix."""
        return [one for one in list(self.messages) if one.topic == f"{self.prefix}/{topic}"]

    def last(self, topic: str) -> Any:
        """The newest document on a topic; None before the first, "" after an empty message."""
        found = self.on(topic)
        if not found:
            return None
        return found[-1].json() if found[-1].payload else ""

    def batches(self) -> list[Received]:
        """The event batches."""
        return self.on("events")

    def sequences(self) -> list[int]:
        """The sequence of each event, in the order they came, duplicates and all."""
        return [int(event["sequence"]) for batch in self.batches() for event in batch.json()]

    def close(self) -> None:
        """Hang up."""
        self._client.disconnect()
        self._client.loop_stop()


@contextlib.contextmanager
def central(port: int, prefix: str, topics: str = "#", client_id: str = "") -> Iterator[Central]:
    """A subscriber that is ready, and gone afterwards."""
    one = Central(port, prefix, topics, client_id)
    try:
        assert one.ready.wait(PATIENCE_S), "central could not subscribe"
        yield one
    finally:
        one.close()
