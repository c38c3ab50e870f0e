"""One client of the control socket. The serving thread reads it; any thread writes to it.

Writing never waits: unread bytes are kept up to a bound, and past the bound the client is dropped.
"""

from __future__ import annotations

import logging
import selectors
import socket
import struct
import threading
from collections.abc import Callable

from gateway.control.wire import LINE_MAX_BYTES, encode, error_body
from gateway.core.vocabulary.errors import RequestError

log = logging.getLogger(__name__)

_RECEIVE_BYTES = 1 << 16


class Connection:
    """One client. The serving thread reads it; any thread writes to it."""

    def __init__(
        self,
        sock: socket.socket,
        serve: Callable[[Connection, bytearray], None],
        changed: Callable[[Connection], None],
        unread_max_bytes: int,
    ) -> None:
        """`serve` takes a whole line; `changed` is called if the serving thread must look at this connection."""
        self.sock = sock
        self.pid = _peer_pid(sock)
        self.watching = False
        self.dropped = False
        self.heard_s = 0.0
        self.asked = 0
        self._answered = 0
        self._serve = serve
        self._changed = changed
        self._unread_max_bytes = unread_max_bytes
        self._incoming = bytearray()
        self._unread = bytearray()
        self._lock = threading.Lock()

    def interest(self) -> int:
        """The selector events to wait for."""
        return selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unread else 0)

    def ready(self, ready: int) -> None:
        """Read or write: the socket is ready."""
        if ready & selectors.EVENT_WRITE:
            with self._lock:
                self._flush()
            if not self._unread:
                self._changed(self)
        if ready & selectors.EVENT_READ:
            self._receive()

    @property
    def idle(self) -> bool:
        """Whether the client neither watches nor waits for an answer."""
        return not self.watching and self.asked == self._answered

    def send(self, line: bytes, *, answers: bool = False) -> None:
        """Write what the socket takes and keep the rest; drop a client with too much unread.

        `answers`: the line ends a request.
        """
        with self._lock:
            self._answered += answers
            if self.dropped:
                return
            waited = bool(self._unread)
            self._unread += line
            if not waited:
                self._flush()
            if len(self._unread) > self._unread_max_bytes:
                log.warning("control client (pid %d) does not read; dropped", self.pid)
                self._drop()
            waits = bool(self._unread) and not waited
        if waits or self.dropped:
            self._changed(self)

    def close(self) -> None:
        """Close it; nothing is sent afterwards."""
        with self._lock:
            self._drop()
            self.sock.close()

    def _drop(self) -> None:
        self.dropped = True
        self._unread.clear()

    def _flush(self) -> None:
        try:
            sent = self.sock.send(self._unread)
            del self._unread[:sent]
        except BlockingIOError:
            return
        except OSError:
            self._drop()

    def _receive(self) -> None:
        try:
            chunk = self.sock.recv(_RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self._end()
            return
        searched = len(self._incoming)
        self._incoming += chunk
        self._take_lines(searched)
        if len(self._incoming) > LINE_MAX_BYTES:
            too_long = RequestError(f"the line is longer than {LINE_MAX_BYTES} bytes; split it")
            self.send(encode({"id": None, "ok": False, "error": error_body(too_long)}))
            self._end()

    def _take_lines(self, searched: int) -> None:
        start = 0
        while (end := self._incoming.find(b"\n", max(start, searched))) >= 0:
            line = self._incoming[start:end]
            start = end + 1
            if line.strip() and not self.dropped:
                self._serve(self, line)
        del self._incoming[:start]

    def _end(self) -> None:
        with self._lock:
            self._drop()
        self._changed(self)


def _peer_pid(sock: socket.socket) -> int:
    """The process at the other end, as the kernel knows it."""
    pid, _uid, _gid = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return int(pid)
