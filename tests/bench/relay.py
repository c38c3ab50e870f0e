"""A relay between the uplink and the broker that sees when an alarm was acknowledged: the PUBACK of its PUBLISH.

It passes bytes on as they come and only reads along: MQTT 5 packets by their length, the topic and packet id of each
PUBLISH on its way out, the packet id of each PUBACK on its way back.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time

PUBLISH, PUBACK = 3, 4


class Packets:
    """Cuts a stream of bytes into MQTT packets; large payloads are skipped, not kept."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """The packets that are complete now, as first byte and body."""
        self._rest += data
        found = []
        while (cut := self._first()) is not None:
            kind, start, end = cut
            found.append((kind, self._rest[start:end]))
            self._rest = self._rest[end:]
        return found

    def _first(self) -> tuple[int, int, int] | None:
        size, shift = 0, 0
        for at in range(1, min(len(self._rest), 5)):
            byte = self._rest[at]
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                end = at + 1 + size
                return (self._rest[0], at + 1, end) if len(self._rest) >= end else None
        return None


class Relay:
    """Listens on `port`; `acknowledged` maps a topic to the perf_counter_ns of each PUBACK, with the payloads."""

    def __init__(self, broker_port: int) -> None:
        self._broker_port = broker_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.acknowledged: list[tuple[str, bytes, int]] = []
        self.events_seen = 0
        self._stopping = False
        self._thread = threading.Thread(target=self._run, daemon=True, name="relay")
        self._thread.start()

    def stop(self) -> None:
        """Hang up on everybody."""
        self._stopping = True
        self._thread.join(5)
        self._listener.close()

    def alarm(self, alarm_kind: bytes, since: int) -> int | None:
        """When an alarm of that kind was acknowledged first, of what came behind the first `since`."""
        for topic, payload, at_ns in self.acknowledged[since:]:
            if "/alarms/" in topic and b'"kind":"%b"' % alarm_kind in payload:
                return at_ns
        return None

    def _run(self) -> None:
        while not self._stopping:
            if select.select([self._listener], [], [], 0.1)[0]:
                near, _ = self._listener.accept()
                with contextlib.suppress(OSError), near:
                    self._pass_on(near)

    def _pass_on(self, near: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", self._broker_port)) as far:
            for one in (near, far):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sent, back = Packets(), Packets()
            waiting: dict[bytes, tuple[str, bytes]] = {}
            while not self._stopping:
                for source in select.select([near, far], [], [], 0.1)[0]:
                    data = source.recv(1 << 18)
                    now_ns = time.perf_counter_ns()
                    source.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)  # as the uplink does
                    if not data:
                        return
                    (far if source is near else near).sendall(data)
                    if source is near:
                        self._note_sent(sent.feed(data), waiting)
                    else:
                        self._note_back(back.feed(data), waiting, now_ns)

    def _note_sent(self, packets: list[tuple[int, bytes]], waiting: dict[bytes, tuple[str, bytes]]) -> None:
        for kind, body in packets:
            if kind >> 4 != PUBLISH or not kind & 0x06:
                continue
            size = int.from_bytes(body[:2], "big")
            topic = body[2 : 2 + size].decode()
            if topic.endswith("/events"):
                self.events_seen += 1
            waiting[body[2 + size : 4 + size]] = (topic, b"" if topic.endswith("/events") else body[4 + size :])

    def _note_back(
        self, packets: list[tuple[int, bytes]], waiting: dict[bytes, tuple[str, bytes]], now_ns: int
    ) -> None:
        for kind, body in packets:
            if kind >> 4 == PUBACK and body[:2] in waiting:
                topic, payload = waiting.pop(body[:2])
                if payload:
                    self.acknowledged.append((topic, payload, now_ns))
