"""A relay between the uplink and the broker that sees when an alarm was acknowledged: the PUBACK of its PUBLISH.

It passes bytes on as they come and only reads along: MQTT 5 packets by their length, the topic and packet id of each
PUBLISH on its way out, the packet id of each PUBACK on its way back. It is a process of its own: in the bench's own
interpreter it would wait for the rig, and the rig for it, up to 5 ms a turn.

python -m tests.bench.parts.relay BROKER_PORT COUNTER: says its port, then `TOPIC KIND NANOSECONDS` for the first PUBACK
of each alarm (perf_counter_ns is the same clock in all processes), and counts event messages in the file COUNTER.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import re
import select
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from tests.support.site_process import ROOT

PUBLISH, PUBACK = 3, 4
_QOS = 0x06
_COUNTER_BYTES = 8
_KIND = re.compile(rb'"kind":"(\w+)"')
_PATIENCE_S = 20.0


class Acknowledged(NamedTuple):
    """The broker has acknowledged an alarm that it had not heard of before."""

    topic: str
    kind: str
    at_ns: int


class Relay:
    """The relay's process; `port` is where the uplink dials."""

    def __init__(self, broker_port: int, folder: Path) -> None:
        counter = folder / "relay-counter"
        counter.write_bytes(bytes(_COUNTER_BYTES))
        argv = [sys.executable, "-m", "tests.bench.parts.relay", str(broker_port), str(counter)]
        self._process = subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=ROOT, bufsize=0)
        assert self._process.stdout is not None
        self._output = self._process.stdout.fileno()
        with counter.open("r+b") as file:
            self._counter = mmap.mmap(file.fileno(), _COUNTER_BYTES)
        self._rest = b""
        self._alarms: list[Acknowledged] = []
        if not select.select([self._output], [], [], _PATIENCE_S)[0]:
            raise RuntimeError("the relay does not start")
        self.port = int(self._process.stdout.readline())
        os.set_blocking(self._output, False)

    def stop(self) -> None:
        """Hang up on everybody."""
        self._process.kill()
        self._process.wait()
        self._counter.close()

    @property
    def events_seen(self) -> int:
        """Messages with events that the uplink has sent."""
        return int.from_bytes(self._counter, "little")

    def alarms(self) -> list[Acknowledged]:
        """All alarms that were acknowledged so far, each once, at its first PUBACK."""
        with contextlib.suppress(BlockingIOError):
            self._rest += os.read(self._output, 1 << 16)
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            topic, kind, at_ns = line.decode().split()
            self._alarms.append(Acknowledged(topic, kind, int(at_ns)))
        return self._alarms


class Packets:
    """Cuts a stream of bytes into MQTT packets."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """The packets that are complete now, as first byte and body."""
        self._rest += data
        found, start = [], 0
        while (cut := self._cut(start)) is not None:
            body, end = cut
            found.append((self._rest[start], self._rest[body:end]))
            start = end
        self._rest = self._rest[start:]
        return found

    def _cut(self, start: int) -> tuple[int, int] | None:
        """Where the body of the packet at `start` begins and ends; None while it is not whole."""
        size, shift = 0, 0
        for at in range(start + 1, min(len(self._rest), start + 5)):
            byte = self._rest[at]
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                end = at + 1 + size
                return (at + 1, end) if len(self._rest) >= end else None
        return None


class Reader:
    """Reads along on one connection."""

    def __init__(self) -> None:
        self._sent = Packets()
        self._back = Packets()
        self._waiting: dict[bytes, tuple[str, bytes]] = {}
        self.events = 0

    def sent(self, data: bytes) -> None:
        """Bytes on their way to the broker."""
        for first, body in self._sent.feed(data):
            if first >> 4 != PUBLISH:
                continue
            size = int.from_bytes(body[:2], "big")
            topic = body[2 : 2 + size].decode()
            if topic.endswith("/events"):
                self.events += 1
            elif "/alarms/" in topic and first & _QOS:
                self._waiting[body[2 + size : 4 + size]] = topic, body[4 + size :]

    def back(self, data: bytes) -> list[tuple[str, bytes]]:
        """Bytes on their way back; topic and payload of the alarms that they acknowledge."""
        numbers = [body[:2] for first, body in self._back.feed(data) if first >> 4 == PUBACK]
        return [self._waiting.pop(number) for number in numbers if number in self._waiting]


def main() -> None:
    """Relay one connection after another until killed."""
    broker_port, counter_path = int(sys.argv[1]), Path(sys.argv[2])
    known: set[str] = set()
    with counter_path.open("r+b") as file, mmap.mmap(file.fileno(), _COUNTER_BYTES) as counter:
        listener = socket.create_server(("127.0.0.1", 0))
        os.write(1, b"%d\n" % listener.getsockname()[1])
        while True:
            near, _ = listener.accept()
            with contextlib.suppress(OSError), near:
                _pass_on(near, broker_port, known, counter)


def _pass_on(near: socket.socket, broker_port: int, known: set[str], counter: mmap.mmap) -> None:
    reader = Reader()
    before = int.from_bytes(counter, "little")
    with socket.create_connection(("127.0.0.1", broker_port)) as far:
        for one in (near, far):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            for source in select.select([near, far], [], [])[0]:
                data = source.recv(1 << 18)
                now_ns = time.perf_counter_ns()
                source.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)  # as the uplink does
                if not data:
                    return
                (far if source is near else near).sendall(data)
                if source is near:
                    reader.sent(data)
                    counter[:] = (before + reader.events).to_bytes(_COUNTER_BYTES, "little")
                else:
                    _tell(reader.back(data), known, now_ns)


def _tell(acknowledged: list[tuple[str, bytes]], known: set[str], now_ns: int) -> None:
    """The first word of each alarm; what is said of it later, as that somebody has seen it, is another message."""
    for topic, payload in acknowledged:
        kind = _KIND.search(payload)
        if kind and topic not in known:
            known.add(topic)
            os.write(1, f"{topic} {kind[1].decode()} {now_ns}\n".encode())


if __name__ == "__main__":
    main()
