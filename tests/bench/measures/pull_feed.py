"""`pull_feed`, `pull_feed_gzip`: events a second over HTTP at 1,000 a page, against a bare group_concat loop.

The web process is the one that systemd starts. The client is as lean as a client can be (one connection, a buffer of
its own), so that what is measured is the gateway; it still shares the machine's cores with it. Compressed pages are
asked for by their known cursors, since a lean client does not unpack them, and the floor packs its pages as well. A
feed that answers plainly when it is asked for gzip has no such figure, and the plain one says so.
"""

from __future__ import annotations

import gzip
import json
import re
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from gateway.demo.line import free_port
from gateway.store.directory import DataDirectory
from gateway.store.journal.writer import Journal, Row
from tests.bench.disk import settle
from tests.bench.figures import Figure, Plan, take_turns
from tests.bench.floors.group_concat import PAGE, events_per_second
from tests.bench.targets import TARGETS
from tests.support.site_process import Gateway, wait_for

ROWS = 200_000
_PACKED = re.compile(rb"\r\ncontent-encoding: *gzip\r\n", re.IGNORECASE)


def measure(plan: Plan) -> list[Figure]:
    """The plain figure, and the compressed one if there is such a thing; every round pulls the whole journal once."""
    data = plan.folder("pull") / "data"
    rows = plan.size(ROWS, 2 * PAGE)
    port = free_port()
    directory = DataDirectory(data)
    site = {"site": {"id": "bench"}, "gateway": {"id": "gw1", "http": {"host": "127.0.0.1", "port": port}}}
    directory.create(site)
    _fill(directory, rows)
    _, secret = directory.tokens.create("central", ["events:read"])
    # Each connects when its turn begins: the front closes a connection that asks for nothing within five seconds.
    note = "events/s over HTTP against the bare group_concat loop"
    with _web(data, port):
        with closing(Client(port, secret)) as plain:
            plain.pull()
            ratios = take_turns(
                plan, plain.pull, lambda: events_per_second(directory.journal, rows, passes=5), "events/s over HTTP"
            )
        with closing(Client(port, secret, gzip=True)) as packed:
            if not packed.is_packed():
                plan.say("  the feed answers plainly when it is asked for gzip: pull_feed_gzip is left out")
                return [Figure.of("pull_feed", ratios, TARGETS["pull_feed"], note=f"{note}; the feed offers no gzip")]
            with_gzip = take_turns(
                plan,
                lambda: packed.pull_known(rows),
                lambda: events_per_second(directory.journal, rows, passes=1, packed=True),
                "events/s over HTTP, gzip",
            )
    return [
        Figure.of("pull_feed", ratios, TARGETS["pull_feed"], note=note),
        Figure.of("pull_feed_gzip", with_gzip, TARGETS["pull_feed_gzip"], note=f"{note} with zlib's quickest level"),
    ]


class Client:
    """Central, as fast as Python can be it; `gzip`: asks for compressed pages."""

    def __init__(self, port: int, secret: str, *, gzip: bool = False) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        accept = "Accept-Encoding: gzip\r\n" if gzip else ""
        self._tail = f" HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {secret}\r\n{accept}\r\n".encode()
        self._buffer = bytearray(4 << 20)

    def pull(self) -> float:
        """Everything from the first event to the last; events a second."""
        started_ns = time.perf_counter_ns()
        cursor, count = b"", 0
        while found := self._page(cursor):
            cursor = found
            count = int(cursor.rpartition(b".")[2])
        return count * 1e9 / (time.perf_counter_ns() - started_ns)

    def is_packed(self) -> bool:
        """Whether a page comes compressed."""
        self._ask(b"")
        start, _ = self._receive()
        return bool(_PACKED.search(self._buffer, 0, start))

    def pull_known(self, rows: int) -> float:
        """So many events in compressed pages; events a second. RuntimeError when they are not what was asked for."""
        self._ask(b"")
        first = self._unpacked(*self._receive())
        journal = str(first[0]["id"]).rpartition(".")[0].encode()
        started_ns = time.perf_counter_ns()
        for after in range(0, rows, PAGE):
            self._ask(b"%b.%d" % (journal, after))
            start, end = self._receive()
        took_ns = time.perf_counter_ns() - started_ns
        last = self._unpacked(start, end)
        if (found := int(last[-1]["sequence"])) != rows:
            raise RuntimeError(f"the last page ends at event {found}, not at {rows}")
        return rows * 1e9 / took_ns

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _page(self, cursor: bytes) -> bytes:
        """The id of the page's last event, empty when there was none."""
        self._ask(cursor)
        start, end = self._receive()
        if end - start <= 2:
            return b""
        at = self._buffer.rindex(b'"id":"', start, end) + 6
        return bytes(self._buffer[at : self._buffer.index(b'"', at)])

    def _ask(self, cursor: bytes) -> None:
        self._socket.sendall(b"GET /api/v1/events?limit=%d&lastEventId=%s" % (PAGE, cursor) + self._tail)

    def _receive(self) -> tuple[int, int]:
        """Where the body begins and ends in the buffer."""
        view, have, start = memoryview(self._buffer), 0, -1
        while start < 4:
            have += self._more(view, have)
            start = self._buffer.find(b"\r\n\r\n", 0, have) + 4
        head = bytes(self._buffer[:start])
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"the web answered {head.splitlines()[0].decode()}")
        at = head.lower().index(b"content-length:") + 15
        end = start + int(head[at : head.index(b"\r", at)])
        while have < end:
            have += self._more(view, have)
        return start, end

    def _unpacked(self, start: int, end: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(gzip.decompress(self._buffer[start:end]))
        return found

    def _more(self, view: memoryview, have: int) -> int:
        got = self._socket.recv_into(view[have:])
        if not got:
            raise RuntimeError("the web hung up")
        return got


@contextmanager
def _web(data: Path, port: int) -> Iterator[None]:
    """The web process, answering; ended behind the block."""
    gateway = Gateway(data)
    gateway.start("web")
    try:
        wait_for(lambda: _answers(port), "the web answers")
        yield
    finally:
        gateway.end()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _fill(directory: DataDirectory, rows: int) -> None:
    journal = Journal.open(directory.journal, "/sites/bench/gateways/gw1", "bench")
    for first in range(0, rows, PAGE):
        journal.append([_row(number) for number in range(first, first + PAGE)])
        journal.tidy()
    journal.close()
    settle(directory.path)


def _row(number: int) -> Row:
    data = {
        "lane": "in",
        "direction": "entry",
        "credential": {"kind": "card", "value": str(472_288 + number)},
        "pass": f"p{number:07d}",
        "kind": "monthly",
        "days_left": 42,
        "reason": "valid_pass",
        "decided_by": "gateway",
    }
    return Row("access.granted", "lanes/in", data, time.time_ns(), time.monotonic_ns())
