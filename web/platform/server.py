"""The web process: waitress with bounds on everything that a client can hold, and a clean end.

Twelve threads serve; `STREAM_SLOTS` in `web.platform.services` caps the streams among them. Requests and idle
connections are read by one further thread without blocking, so a slow sender costs a socket and no thread. The kernel
drops a client that stops reading after 30 s. At a stop the port closes first, streams and long polls end, pending
answers are sent, then the threads end.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import socket
import threading
import time
from pathlib import Path
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

from web.platform.app import BODY_MAX_BYTES, create_app
from web.platform.services import THREADS, Services

_log = logging.getLogger(__name__)

EXIT_OK = 0
EXIT_ADDRESS = 1
POLL_S = 0.5
STOP_WITHIN_S = 3.0
_STALLED_READER_MS = 30_000
_M_ARENA_MAX = -8  # malloc.h
_LIMITS: dict[str, Any] = {
    "threads": THREADS,
    "connection_limit": 200,
    "channel_timeout": 60,
    "cleanup_interval": 10,
    "backlog": 128,
    # A body over the application's bound still gets its problem; only a far larger one is cut off.
    "max_request_body_size": 4 * BODY_MAX_BYTES,
    "max_request_header_size": 32 * 1024,
    "inbuf_overflow": BODY_MAX_BYTES,
    # A thousand events fit in memory, so that nothing is buffered on the SD card.
    "outbuf_overflow": 8 * 1024 * 1024,
    "outbuf_high_watermark": 2 * 1024 * 1024,
    "asyncore_use_poll": True,
    # These headers show that a proxy has forwarded a request; their values are not trusted.
    "clear_untrusted_proxy_headers": False,
    "ident": "Gatehouse",
    "expose_tracebacks": False,
    "log_socket_errors": False,
}


class Server:
    """A listening web server for one data directory. OSError if the address is not free."""

    def __init__(self, data: Path, host: str, port: int) -> None:
        self._listener = _listen(host, port)
        self.host, self.port = self._listener.getsockname()[:2]
        self.app = create_app(data)
        self._sockets: dict[int, Any] = {}
        self._server = create_server(self.app, map=self._sockets, sockets=[self._listener], **_LIMITS)

    def run(self, stop: threading.Event) -> None:
        """Serve until `stop` is set; then end in good order within a few seconds."""
        services: Services = self.app.extensions["gatehouse"]
        services.heart.start()
        while not stop.is_set():
            self._turn(POLL_S)
        self._end()

    def _turn(self, wait_s: float) -> None:
        wasyncore.loop(timeout=wait_s, use_poll=True, map=self._sockets, count=1)

    def _end(self) -> None:
        services: Services = self.app.extensions["gatehouse"]
        services.live.stop()
        self._server.accepting = False
        self._server.del_channel()
        self._server.socket.close()
        ends = time.monotonic() + STOP_WITHIN_S
        while self._busy() and time.monotonic() < ends:
            self._turn(0.05)
        self._server.task_dispatcher.shutdown(cancel_pending=True, timeout=1)
        wasyncore.close_all(self._sockets, ignore_all=True)
        services.close()

    def _busy(self) -> bool:
        return any(
            channel.requests or channel.total_outbufs_len for channel in list(self._server.active_channels.values())
        )


def serve(data: Path, host: str, port: int, stop: threading.Event) -> int:
    """Run the web process until `stop` is set; the exit code is 0, or 1 if the address is not free."""
    _share_memory()
    try:
        server = Server(data, host, port)
    except OSError as error:
        _log.error("%s", _address_help(host, port, error))
        return EXIT_ADDRESS
    _log.info("web listens at http://%s:%d/", host, server.port)
    server.run(stop)
    _log.info("web has stopped")
    return EXIT_OK


def _share_memory() -> None:
    """Let the threads share two heaps (glibc): with one each, every thread keeps the largest page it ever sent."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


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
