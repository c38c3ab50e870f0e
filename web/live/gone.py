"""Whether a client has hung up, checked by a thread that waits for it.

waitress can watch for this itself (`channel_request_lookahead`), but then it wakes its reading thread about twice as
often for every request. A peek at the socket now and then costs only the waiting thread.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any


def client_gone(environ: dict[str, Any]) -> Callable[[], bool]:
    """A function that returns whether the client of this request has hung up; False without a socket."""
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
