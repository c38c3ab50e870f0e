"""Has the client hung up? Asked by whoever holds a thread for a client that may not be there any more.

waitress can watch for this itself (`channel_request_lookahead`), but then wakes its reading thread about twice as
often for every request. One peek at the socket now and then, by the thread that waits, costs only those who wait.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any


def client_gone(environ: dict[str, Any]) -> Callable[[], bool]:
    """A function that tells whether this request's client has hung up; without a socket to look at, never."""
    channel = getattr(environ.get("waitress.client_disconnected"), "__self__", None)
    connection = getattr(channel, "socket", None)
    if connection is None:
        return lambda: False

    def gone() -> bool:
        try:
            peeked = connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return bool(peeked == b"")

    return gone
