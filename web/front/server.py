"""The web process: waitress, with bounds and deadlines on everything that a client can hold, and a clean end.

Twelve threads serve (`workers`); `STREAM_SLOTS` in `web.platform.services` caps the streams among them. One further
thread reads all requests without blocking, so a slow sender costs a socket and no thread; `channel` has their deadlines
and `places` their bounds. The kernel drops a client that stops reading after 30 s. At a stop the port closes first,
streams and long polls end, pending answers are sent, then the threads end.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import resource
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer

from gateway.core.settings.model import Http
from web.front import places
from web.front.channel import Channel
from web.front.peers import address, forwarded, is_among
from web.front.places import Acquaintances, Kind
from web.front.tls.carrier import CertificateError, Tls
from web.front.tls.keeper import keeper_of
from web.front.workers import Sort, Workers
from web.platform.app import create_app
from web.platform.problems import PICTURE_MAX_BYTES
from web.platform.services import THREADS, Services

_log = logging.getLogger(__name__)

EXIT_OK = 0
EXIT_ADDRESS = EXIT_CERTIFICATE = 1
POLL_S = 0.25
STOP_WITHIN_S = 3.0
FEED_PATH = "/api/v1/events"
WAITING_PATHS = ("/live", f"{FEED_PATH}.")
"""Streams and exports."""
ACCEPTED_AT_ONCE = 8
FILES_MAX = 4096
SIGN_IN_PATHS = ("/sign-in", "/sign-in/lift", "/setup")
# How long a thread that computes may keep the others waiting: with a crowd of strangers a guard's page would else wait
# for each of them in turn.
SWITCH_S = 0.001
_STALLED_READER_MS = 30_000
_M_ARENA_MAX = -8  # malloc.h
_LIMITS: dict[str, Any] = {
    # The places are bounded by kind; this is beyond all of them.
    "connection_limit": len(Kind) * places.CONNECTIONS_MAX + 50,
    "channel_timeout": 120,
    "backlog": 128,
    # Bodies stay in memory: they are bounded by address and in sum, and spare the SD card.
    "max_request_body_size": PICTURE_MAX_BYTES + 1024 * 1024,
    "max_request_header_size": 32 * 1024,
    "inbuf_overflow": PICTURE_MAX_BYTES + 1024 * 1024,
    # A thousand events fit in memory, so that nothing is buffered on the SD card.
    "outbuf_overflow": 8 * 1024 * 1024,
    "outbuf_high_watermark": 2 * 1024 * 1024,
    # The headers of proxies are judged at the border of the application.
    "clear_untrusted_proxy_headers": False,
    "ident": "Gatehouse",
    "expose_tracebacks": False,
    "log_socket_errors": False,
}


class Front(TcpWSGIServer):  # type: ignore[misc]
    """The listening socket and its connections, in one thread."""

    channel_class = Channel
    mono_s = staticmethod(time.monotonic)

    def __init__(
        self, app: Any, sockets: dict[int, Any], listener: socket.socket, services: Services, tls: Tls | None
    ) -> None:
        self.acquaintances: Acquaintances = services.acquaintances
        self.tls = tls
        self._settings = services.site.http
        info = (listener.family, listener.type, listener.proto, listener.getsockname())
        super().__init__(
            app, map=sockets, _sock=listener, dispatcher=Workers(THREADS), adj=Adjustments(**_LIMITS),
            bind_socket=False, sockinfo=info,
        )  # fmt: skip

    def channels(self) -> list[Channel]:
        """All connections."""
        return list(self.active_channels.values())

    def handle_accept(self) -> None:
        """Take new connections, and drop older ones of the same kind past its bound."""
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                accepted = self.accept()
            except OSError:
                return
            if accepted is None:
                return
            connection, peer = accepted
            try:
                if places.make_room(self.acquaintances.kind(peer[0]), self.channels()):
                    self.take(connection, peer)
                else:
                    connection.close()
            except OSError as error:
                _log.warning("a connection cannot be served: %s", error)
                connection.close()

    def take(self, connection: socket.socket, peer: Any) -> None:
        """Read requests from a connection, through TLS where it is set up. OSError if it is gone already."""
        if self.tls is None:
            self.channel_class(self, connection, peer, self.adj, map=self._map)
            return
        ours, plain = socket.socketpair()
        channel = self.channel_class(self, ours, peer, self.adj, map=self._map)
        channel.local_address, channel.scheme = str(connection.getsockname()[0]), "https"
        self.tls.carry(connection, plain, channel.is_plain)

    def add_task(self, task: Channel) -> None:
        """Let a whole request wait for a thread, or turn it away."""
        request = task.requests[0]
        task.own = task.kind != Kind.STRANGER and not self._is_proxied(task, request)
        task.sort = _sort(request)
        fits = places.bound_bodies(task.kind, self.channels())
        if not fits or not self.task_dispatcher.add_task(task):
            task.turn_away()

    def sweep(self) -> None:
        """Answer or close what is late."""
        now_s = self.mono_s()
        for channel in self.channels():
            channel.overdue(now_s)

    def _is_proxied(self, task: Channel, request: Any) -> bool:
        environ = {f"HTTP_{name}": value for name, value in request.headers.items()}
        environ["SERVER_PROTOCOL"] = f"HTTP/{request.version}"
        http: Http = self._settings()
        return forwarded(environ) or is_among(address(task.addr[0]), http.trusted_proxies)


class Server:
    """A listening web server for one data directory.

    OSError if the address is not free, CertificateError if the certificate cannot be used.
    """

    def __init__(self, data: Path, host: str, port: int) -> None:
        self._listener = _listen(host, port)
        self.host, self.port = self._listener.getsockname()[:2]
        self.app = create_app(data)
        self._sockets: dict[int, Any] = {}
        services: Services = self.app.extensions["gatehouse"]
        self.keeper = keeper_of(services.site.http, data / "web" / "tls")
        self.tls = Tls(self.keeper.certificate) if self.keeper is not None else None
        self.front = Front(self.app, self._sockets, self._listener, services, self.tls)

    def run(self, stop: threading.Event) -> None:
        """Serve until `stop` is set; then end in good order within a few seconds."""
        services: Services = self.app.extensions["gatehouse"]
        services.heart.start()
        if self.keeper is not None:
            self.keeper.start()
        while not stop.is_set():
            self._turn(POLL_S)
        self._end()

    def _turn(self, wait_s: float) -> None:
        wasyncore.loop(timeout=wait_s, use_poll=True, map=self._sockets, count=1)
        self.front.sweep()

    def _end(self) -> None:
        services: Services = self.app.extensions["gatehouse"]
        services.live.stop()
        self.front.accepting = False
        self.front.del_channel()
        self.front.socket.close()
        ends = time.monotonic() + STOP_WITHIN_S
        while self._busy() and time.monotonic() < ends:
            self._turn(0.05)
        self.front.task_dispatcher.shutdown(cancel_pending=True, timeout=1)
        wasyncore.close_all(self._sockets, ignore_all=True)
        if self.keeper is not None and self.tls is not None:
            self.keeper.stop()
            self.tls.stop(within_s=1.5)
        services.close()

    def _busy(self) -> bool:
        return any(channel.requests or channel.total_outbufs_len for channel in self.front.channels())


def serve(data: Path, host: str, port: int, stop: threading.Event) -> int:
    """Run the web process until `stop` is set; the exit code is 0, or 1 if the address is not free."""
    _share_memory()
    _allow_files()
    sys.setswitchinterval(SWITCH_S)
    try:
        server = Server(data, host, port)
    except OSError as error:
        _log.error("%s", _address_help(host, port, error))
        return EXIT_ADDRESS
    except CertificateError as error:
        _log.error("%s", error)
        return EXIT_CERTIFICATE
    _log.info("web listens at %s://%s:%d/", "http" if server.tls is None else "https", host, server.port)
    if server.keeper is not None and server.keeper.fingerprint:
        _log.info("SHA-256 of the local authority: %s", server.keeper.fingerprint)
    server.run(stop)
    _log.info("web has stopped")
    return EXIT_OK


def _sort(request: Any) -> Sort:
    """What a request is like, by its address."""
    if request.error is not None:
        return Sort.PLAIN
    if request.command == "POST" and request.path in SIGN_IN_PATHS:
        return Sort.SIGNS_IN
    polls = request.path == FEED_PATH and "timeout=" in request.query
    return Sort.WAITS if polls or request.path.startswith(WAITING_PATHS) else Sort.PLAIN


def _share_memory() -> None:
    """Let the threads share two heaps (glibc): with one each, every thread keeps the largest page it ever sent."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def _allow_files() -> None:
    """Let this process open what its places need: behind TLS a connection takes three files."""
    limit, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_MAX if most == resource.RLIM_INFINITY else min(FILES_MAX, most)
    if limit != resource.RLIM_INFINITY and limit < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _listen(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, address = found[0]
    dual = family == socket.AF_INET6 and host in ("", "::")
    listener = socket.create_server(
        address[:2], family=family, backlog=128, dualstack_ipv6=dual and socket.has_dualstack_ipv6()
    )
    # Connections inherit these from the listener on Linux.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _STALLED_READER_MS)
    listener.setblocking(False)
    return listener


def _address_help(host: str, port: int, error: OSError) -> str:
    where = f"{host}:{port}"
    words = error.strerror or str(error)
    return (
        f"the web cannot listen at {where} ({words}); end the program that has this port, or give"
        " another one in the site file under gateway.http"
    )
