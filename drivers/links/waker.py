"""Waiting for a device in `select`, and ending that wait from another thread."""

from __future__ import annotations

import select
import socket
from typing import Any

_WAKE_BYTES = 4096


class Waker:
    """A pair of sockets beside a device's handle; `wake` is thread-safe, everything else belongs to one thread."""

    def __init__(self) -> None:
        self._woken, self._waker = socket.socketpair()
        self._waker.setblocking(False)

    def wait(self, handle: Any, wait_s: float | None) -> bool:
        """Whether `handle` (None: there is none now) can be read; False after `wait_s` or `wake`."""
        handles = [self._woken] if handle is None else [self._woken, handle]
        ready = select.select(handles, [], [], wait_s)[0]
        if self._woken in ready:
            self._woken.recv(_WAKE_BYTES)
        return handle is not None and handle in ready

    def wake(self) -> None:
        """End a wait, the one that is on or the next."""
        try:
            self._waker.send(b"w")
        except OSError:
            pass  # It is woken many times over already, or has stopped waiting.

    def close(self) -> None:
        """Close it; nothing waits here now."""
        self._woken.close()
        self._waker.close()
