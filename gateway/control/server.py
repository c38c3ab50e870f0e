"""The engine's end of the control socket: one thread for all clients.

The thread only moves lines. It calls the handler with `(op, params, respond)`, which must return at once; any thread
may pass the answer to `respond` later. The thread that has an answer or a broadcast writes it without waiting. Unread
bytes are kept up to a bound, and past the bound the client is dropped: a client that hangs never delays a decision.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway.control.connection import Connection
from gateway.control.wire import address, decode, encode, error_body
from gateway.core.vocabulary.errors import DataDirectoryError, GatehouseError, InUseError, RequestError

log = logging.getLogger(__name__)

CLIENTS_MAX = 32
UNREAD_MAX_BYTES = 4 << 20
IDLE_S = 10.0
"""If all places are taken, a client that was silent for this long loses its place to a new one."""
_SELECT_S = 1.0
_BREATH_S = 0.1
_BACKLOG = 128


class Responder:
    """Sends the answer to one request; from any thread, without effect once the client is gone."""

    __slots__ = ("_connection", "_number")

    def __init__(self, connection: Connection, number: Any) -> None:
        self._connection = connection
        self._number = number

    def result(self, value: Any) -> None:
        """The request is done."""
        self._connection.send(encode({"id": self._number, "ok": True, "result": value}), answers=True)

    def error(self, error: GatehouseError) -> None:
        """The request is refused or failed."""
        self._connection.send(encode({"id": self._number, "ok": False, "error": error_body(error)}), answers=True)

    def progress(self, **figures: Any) -> None:
        """The request is in progress."""
        self._connection.send(encode({"id": self._number, "progress": figures}))

    def watch(self, first: bytes) -> None:
        """Send `first` and every later broadcast to the client."""
        self.result({})
        self._connection.send(first)
        self._connection.watching = True


Handler = Callable[[str, dict[str, Any], Responder], None]


class Server:
    """The listening socket and its clients: `open()`, then `run()` in a thread of its own, until `stop()`."""

    def __init__(
        self,
        path: Path,
        handler: Handler,
        *,
        clients_max: int = CLIENTS_MAX,
        unread_max_bytes: int = UNREAD_MAX_BYTES,
        mono_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = path
        self._handler = handler
        self._clients_max = clients_max
        self._mono_s = mono_s
        self._unread_max_bytes = unread_max_bytes
        self._selector = selectors.DefaultSelector()
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._lock = threading.Lock()
        self._connections: set[Connection] = set()
        self._changed: set[Connection] = set()
        self._listener: socket.socket | None = None
        self._stopping = False

    def open(self) -> None:
        """Listen. A stale socket file is removed; InUseError if a process answers at it."""
        _clear_stale(self._path)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with address(self._path) as where:
                listener.bind(where)
            self._path.chmod(0o660)
            listener.listen(_BACKLOG)
        except OSError as error:
            listener.close()
            raise DataDirectoryError(
                f"cannot listen at {self._path}: {error.strerror}; check the owner of the directory"
            ) from None
        listener.setblocking(False)
        self._listener = listener
        self._selector.register(listener, selectors.EVENT_READ, self._accept)
        self._selector.register(self._wake, selectors.EVENT_READ, self._woken)

    def run(self) -> None:
        """Serve until `stop()`; then close every client and remove the socket file."""
        try:
            while not self._stopping:
                for key, ready in self._selector.select(_SELECT_S):
                    key.data(ready)
                self._settle()
        finally:
            self._close()

    def stop(self) -> None:
        """End `run()`; from any thread."""
        self._stopping = True
        self._ring()

    def broadcast(self, line: bytes) -> None:
        """Send a line to every client that watches; from any thread."""
        with self._lock:
            watchers = [one for one in self._connections if one.watching]
        for one in watchers:
            one.send(line)

    def changed(self, connection: Connection) -> None:
        """A connection has bytes to write, or another thread has dropped it: wake the serving thread."""
        with self._lock:
            self._changed.add(connection)
        self._ring()

    def _ring(self) -> None:
        with self._lock:
            if self._wake >= 0:
                os.eventfd_write(self._wake, 1)

    def _woken(self, _ready: int) -> None:
        os.eventfd_read(self._wake)

    def _settle(self) -> None:
        with self._lock:
            changed, self._changed = self._changed, set()
        for one in changed & self._connections:
            if one.dropped:
                self._forget(one)
            else:
                self._selector.modify(one.sock, one.interest(), one.ready)

    def _accept(self, _ready: int) -> None:
        assert self._listener is not None
        try:
            sock, _ = self._listener.accept()
        except OSError as error:
            log.warning("a control client could not be accepted: %s", error)
            time.sleep(_BREATH_S)  # its connection still waits: without free descriptors this would be a busy loop
            return
        sock.setblocking(False)
        connection = Connection(sock, self.serve, self.changed, self._unread_max_bytes)
        connection.heard_s = self._mono_s()
        if len(self._connections) >= self._clients_max:
            self._make_room()
        if len(self._connections) >= self._clients_max:
            busy = GatehouseError(
                f"the control socket serves {self._clients_max} clients already; try again shortly",
                code="busy",
            )
            Responder(connection, None).error(busy)
            sock.close()
            return
        with self._lock:
            self._connections.add(connection)
        self._selector.register(sock, selectors.EVENT_READ, connection.ready)

    def _make_room(self) -> None:
        """Drop the client that was silent for longest, unless it waits for an answer."""
        latest_s = self._mono_s() - IDLE_S
        silent = [one for one in self._connections if one.idle and one.heard_s <= latest_s]
        if silent:
            one = min(silent, key=lambda each: each.heard_s)
            log.warning("control client (pid %d) asks nothing; its place is given to another", one.pid)
            self._forget(one)

    def serve(self, connection: Connection, line: bytes | bytearray) -> None:
        """Pass one request to the handler; an exception is its answer."""
        number = None
        connection.asked += 1
        connection.heard_s = self._mono_s()
        try:
            params = decode(line)
            number = params.pop("id", None)
            op = params.pop("op", None)
            if not isinstance(op, str):
                raise RequestError('the request names no op, for example {"id": 1, "op": "ping"}')
            self._handler(op, params, Responder(connection, number))
        except GatehouseError as error:
            Responder(connection, number).error(error)
        except Exception:
            log.exception("a control request failed")
            failed = GatehouseError("the engine could not carry this out; see its log")
            Responder(connection, number).error(failed)

    def _forget(self, connection: Connection) -> None:
        with self._lock:
            self._connections.discard(connection)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(connection.sock)
        connection.close()

    def _close(self) -> None:
        for one in list(self._connections):
            self._forget(one)
        if self._listener is not None:
            self._selector.unregister(self._listener)
            self._listener.close()
            self._path.unlink(missing_ok=True)
        self._selector.close()
        with self._lock:
            os.close(self._wake)
            self._wake = -1


def _clear_stale(path: Path) -> None:
    """Remove a stale socket file; InUseError if a process listens at it."""
    if not path.exists():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            with address(path) as where:
                probe.connect(where)
        except OSError as error:
            if error.errno not in (errno.ECONNREFUSED, errno.ENOENT):
                raise InUseError(f"{path} cannot be tried ({error}); end the engine that owns it") from None
            path.unlink(missing_ok=True)
            return
    raise InUseError(f"another engine answers at {path}; end it first")
