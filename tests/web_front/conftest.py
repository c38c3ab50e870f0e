"""A data directory with a web application or a running server in front of it, as for the API, and raw connections."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.web_api.conftest import app, client, data, directory, engine, journal, made, running, token, write
from web.front.places import Kind
from web.front.server import Server

__all__ = ["app", "client", "data", "directory", "engine", "journal", "made", "running", "token", "write"]
PATIENCE_S = 60


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Raw:
    """A client that sends what a test wants, as slowly as it wants."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)

    def send(self, text: str | bytes) -> Raw:
        """Send some bytes."""
        self.socket.sendall(text.encode() if isinstance(text, str) else text)
        return self

    def answer(self) -> bytes:
        """All bytes until the server ends the connection; b"" if it was closed without an answer."""
        found = b""
        with contextlib.suppress(ConnectionResetError):
            while more := self.socket.recv(65536):
                found += more
        return found

    def status(self) -> int:
        """The status of the answer, 0 for none."""
        first = self.answer()[9:12]
        return int(first) if first else 0

    def is_open(self) -> bool:
        """Whether the server has not closed it, nor answered."""
        self.socket.setblocking(False)
        try:
            self.socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            self.socket.settimeout(PATIENCE_S)
        return False

    def close(self) -> None:
        """Go away."""
        self.socket.close()


class Fronted:
    """A running server whose clock a test moves, and whose clients are of the kind that it says."""

    def __init__(self, data: Path) -> None:
        self.clock = Clock()
        self.server = Server(data, "127.0.0.1", 0)
        self.server.front.mono_s = self.clock
        self.port = self.server.port
        self.clients: list[Raw] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.server.run, args=(self._stop,), daemon=True)
        self._thread.start()

    def connect(self) -> Raw:
        """A new client."""
        self.clients.append(Raw(self.port))
        return self.clients[-1]

    def comes_as(self, kind: Kind) -> None:
        """Later clients are of this kind."""
        self.server.front.acquaintances.kind = lambda _peer: kind  # type: ignore[method-assign]

    def until(self, done: Callable[[], bool]) -> None:
        """Wait for the server's thread."""
        from tests.support.waiting import wait_until

        wait_until(done)

    def settled(self, count: int) -> None:
        """Wait until the server has so many connections."""
        self.until(lambda: len(self.server.front.channels()) == count)

    def end(self) -> None:
        """Stop it in good order."""
        for one in self.clients:
            one.close()
        self._stop.set()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


@pytest.fixture
def front(data: Path) -> Iterator[Fronted]:
    made = Fronted(data)
    yield made
    made.end()
