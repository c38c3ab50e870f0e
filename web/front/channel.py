"""One connection: reads whole requests within their time, and answers by itself what never becomes one.

A subclass of waitress' connection, which reads without blocking in the server's thread; all but `Task` and `Refusal`
runs there. What is late or too much is answered (408, 413, 431, 503) or, past a bound, just closed.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.task import ErrorTask, WSGITask
from waitress.utilities import RequestEntityTooLarge, build_http_date

from web.front import deadlines, places
from web.front.border import LOCAL, ON_TLS
from web.front.peers import OWN
from web.front.refusals import answered
from web.front.workers import Sort
from web.platform.headers import SAFE
from web.platform.problems import Problem, body_max_bytes

BUSY_S = 0.5
"""So long a request that is turned away waits for its answer, or a flood would only come quicker."""
RETRY_S = 2
_STEP_BYTES = 64 * 1024
_REFUSED = {
    400: ("request_invalid", "This is not an HTTP request: {0}."),
    408: ("too_slow", "{0}"),
    413: ("too_large", "The body is larger than {0} bytes, which is the most that this address takes."),
    431: ("headers_too_large", "The headers are too long; send fewer cookies and shorter headers."),
    501: ("not_supported", "{0}"),
}


def refusal(code: int, words: str) -> Problem:
    """The problem for an error that the server finds by itself."""
    name, detail = _REFUSED.get(code, ("internal", "The error is in the web process's log; try again."))
    return Problem(code, name, detail.format(words.removesuffix(".")))


def busy() -> Problem:
    """The problem of a full line."""
    return Problem(503, "busy", "Too many requests just now. Try again.", headers={"Retry-After": str(RETRY_S)})


class Parser(HTTPRequestParser):  # type: ignore[misc]
    """A request as it comes in, bounded by its own address."""

    error: Any

    def received(self, data: bytes) -> int:
        """Take bytes in; how many of them were this request's."""
        used: int = super().received(data)
        if self.headers_finished and not self.error and not self.empty:
            most = body_max_bytes(self.path)
            if max(self.content_length, self.body_bytes_received) > most:
                self.error = RequestEntityTooLarge(str(most))
                self.completed = True
        return used


class Task(WSGITask):  # type: ignore[misc]
    """A request that goes to the application."""

    def get_environment(self) -> dict[str, Any]:
        """The WSGI environment, with what only the connection knows."""
        environ: dict[str, Any] = super().get_environment()
        channel: Channel = self.channel
        _aim(environ, self.request)
        environ["wsgi.url_scheme"] = channel.scheme
        environ[LOCAL] = channel.local_address
        environ[OWN] = channel.own
        environ[ON_TLS] = channel.server.tls is not None
        return environ


def _aim(environ: dict[str, Any], request: Any) -> None:
    """Where the target is a whole address, its name counts instead of `Host` (RFC 9112, section 3.2.2)."""
    if not request.proxy_scheme and not request.proxy_netloc:
        return
    if "HTTP_HOST" in environ or request.version == "1.0":
        environ["HTTP_HOST"] = request.proxy_netloc
    environ["REQUEST_URI"] = "/" + request.request_uri.partition("://")[2].partition("/")[2]


class Refusal(ErrorTask):  # type: ignore[misc]
    """The answer to a request that the server could not read."""

    def execute(self) -> None:
        """Send the problem and close."""
        error, request = self.request.error, self.request
        problem = refusal(error.code, str(error.body))
        path, accept = getattr(request, "path", "") or "", request.headers.get("ACCEPT", "")
        self.status, headers, body = answered(problem, path, accept)
        self.response_headers.extend([*headers, *SAFE, ("Cache-Control", "no-store")])
        self.set_close_on_finish()
        self.content_length = len(body)
        self.channel.lingers = True
        self.write(b"" if getattr(request, "command", "") == "HEAD" else body)


class Channel(HTTPChannel):  # type: ignore[misc]
    """One connection."""

    task_class = Task
    error_task_class = Refusal
    parser_class = Parser
    requests: list[Any]
    scheme = "http"
    local_address = ""

    def __init__(self, server: Any, sock: socket.socket, addr: Any, adj: Any, map: Any = None) -> None:
        self.mono_s: Callable[[], float] = server.mono_s
        self.kind = server.acquaintances.kind(addr[0])
        self.lingers = False
        self.own, self.sort = False, Sort.PLAIN
        self.peer = str(addr[0])
        self._began_s: float | None = self.mono_s()
        self._headers_s: float | None = None
        self._done_s: float | None = None
        self._linger_until_s: float | None = None
        self._turned_away: tuple[float, Problem] | None = None
        self._weighed_bytes = 0
        with contextlib.suppress(OSError):
            name = sock.getsockname()
            self.local_address = str(name[0]) if isinstance(name, tuple) else ""
        super().__init__(server, sock, addr, adj, map=map)

    def is_plain(self) -> None:
        """Take note that this connection is not encrypted, although the port is for TLS."""
        self.scheme = "http"

    # ---- as its places see it

    @property
    def unfinished_since_s(self) -> float | None:
        """When its unfinished request began; None without one."""
        return None if self.requests or self.will_close or self.close_when_flushed else self._began_s

    @property
    def idle_since_s(self) -> float | None:
        """When its last answer was on its way; None while it has a request."""
        return None if self.requests or self.total_outbufs_len or self._began_s is not None else self._done_s

    @property
    def buffered_bytes(self) -> int:
        """The bytes of its request bodies in memory."""
        waiting = [*self.requests, self.request]
        return sum(
            min(one.body_bytes_received, one.content_length or one.body_bytes_received) for one in waiting if one
        )

    def drop(self) -> None:
        """Close it without an answer."""
        self.handle_close()

    # ---- reading

    def readable(self) -> bool:
        """Whether bytes are wanted; also the rest of a request that has its answer."""
        if self._linger_until_s is not None:
            return True
        return self._turned_away is None and bool(super().readable())

    def handle_read(self) -> None:
        """Read what has come."""
        if self._linger_until_s is not None:
            try:
                more = self.socket.recv(_STEP_BYTES)
            except BlockingIOError:
                return
            except OSError:
                more = b""
            if not more:
                self.handle_close()
            return
        try:
            data = self.socket.recv(self.adj.recv_bytes)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.last_activity = time.time()
            self.received(data)
        else:
            self.handle_close()

    def received(self, data: bytes) -> bool:
        """Take bytes in, and note how far the request is."""
        if self._began_s is None:
            self._began_s = self.mono_s()
        taken = bool(super().received(data))
        request = self.request
        if request is None:
            self._began_s = self._headers_s = None
            self._weighed_bytes = 0
            if not self.requests:
                self._done_s = self.mono_s()
        elif request.headers_finished:
            self._headers_s = self._headers_s or self.mono_s()
            if request.body_bytes_received - self._weighed_bytes > _STEP_BYTES:
                self._weighed_bytes = request.body_bytes_received
                places.bound_bodies(self.kind, self.server.channels())
        return taken

    def service(self) -> None:
        """Serve one request, in a thread of the workers."""
        self._done_s = None
        super().service()
        self._done_s = self.mono_s()

    # ---- what has taken too long

    def overdue(self, now_s: float) -> None:
        """Answer or close what is late."""
        if self._turned_away is not None:
            if now_s >= self._turned_away[0]:
                self._send(self._turned_away[1])
        elif self._linger_until_s is not None:
            if now_s >= self._linger_until_s:
                self.handle_close()
        elif self.requests or self.total_outbufs_len or self.close_when_flushed:
            return
        elif self._headers_s is not None and self.request is not None:
            size = self.request.content_length or self.request.body_bytes_received
            if now_s >= self._headers_s + deadlines.body_s(size):
                self._late("The body did not come in time: 10 s, and 1 s more for each 64 kB.")
        elif self._began_s is not None:
            if now_s >= self._began_s + deadlines.HEADERS_S:
                self._late("The headers did not come within 5 s.")
        elif self._done_s is not None and now_s >= self._done_s + deadlines.IDLE_S:
            self.handle_close()

    def turn_away(self) -> None:
        """Answer a whole request with 503, in a moment."""
        self._turned_away = (self.mono_s() + BUSY_S, busy())

    def _late(self, words: str) -> None:
        if self.request is None:
            # Browsers open connections beforehand; an answer to nothing would be taken for that of a later request.
            self.handle_close()
        else:
            self._send(refusal(408, words))

    def _send(self, problem: Problem) -> None:
        """Send an answer past the application, as far as it goes without waiting, and close."""
        request = self.requests[0] if self.requests else self.request
        path, accept = getattr(request, "path", ""), request.headers.get("ACCEPT", "") if request else ""
        status, headers, body = answered(problem, path, accept)
        lines = [f"HTTP/1.1 {status}", f"Date: {build_http_date(time.time())}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in [*headers, *SAFE, ("Cache-Control", "no-store")]]
        with contextlib.suppress(OSError):
            self.socket.send("\r\n".join([*lines, "", ""]).encode() + body)
        self._linger()

    def _linger(self) -> None:
        """Let the client read its answer: stop sending, and read away what it still sends for a moment."""
        self._turned_away = None
        self.requests, self.request = [], None
        self.will_close = self.close_when_flushed = False
        self._linger_until_s = self.mono_s() + deadlines.LINGER_S
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            super().handle_close()

    def handle_close(self) -> None:
        """Close; after a refusal of the server only when the client has read it."""
        if self.lingers and self._linger_until_s is None and self.connected:
            self._linger()
        else:
            super().handle_close()
