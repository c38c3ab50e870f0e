"""The way to one controller: a question goes out once, and its own answer is picked out of whatever comes.

Over UDP each message is one datagram, and what came before a question is dropped. Over TCP each question has a
connection of its own: controllers end it behind their answer, so that a second question on it would often be lost.
Either way a late answer is never taken for the next one.
"""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Callable
from typing import Literal

from drivers.links.uhppote import messages
from drivers.links.waker import Waker
from gateway.core.vocabulary.errors import BusSilentError, DeviceError

Over = Literal["udp", "tcp"]
RECEIVE_BYTES = 2_048
STRAYS_MAX = 64
"""Messages that are no answer, behind one question; then it counts as unanswered."""
CONNECT_S = 2.0


class ControllerLink:
    """The way to one controller; `wake` is thread-safe, everything else belongs to one thread."""

    def __init__(self, over: Over, host: str, port: int, serial: int, timeout_ms: int) -> None:
        self.serial = serial
        self.tap: Callable[[Literal["in", "out"], bytes], None] = lambda _way, _data: None
        """Takes each message that is sent or comes; must be quick."""
        self.strays = 0
        """Messages so far that were no answer of this controller."""
        self._over = over
        self._address = (host, port)
        self._timeout_s = timeout_ms / 1000
        self._socket: socket.socket | None = None
        self._waker = Waker()
        self._received = b""
        self._stray = ""

    @property
    def name(self) -> str:
        """Host and port."""
        return f"{self._address[0]}:{self._address[1]}"

    @property
    def is_open(self) -> bool:
        """True between a successful `open` and `close` or a fault."""
        return self._socket is not None

    def open(self) -> None:
        """Open it anew; DeviceError says what to do. Over UDP this tells nothing about the controller."""
        self.close()
        kind = socket.SOCK_DGRAM if self._over == "udp" else socket.SOCK_STREAM
        made: socket.socket | None = None
        try:
            found = socket.getaddrinfo(*self._address, socket.AF_INET, kind)
            made = socket.socket(socket.AF_INET, kind)
            made.settimeout(min(CONNECT_S, max(self._timeout_s, 0.2)))
            made.connect(found[0][4])
            made.setblocking(False)
        except OSError as fault:
            if made is not None:
                made.close()
            raise self._unreachable() from fault
        self._socket = made

    def ask(self, request: bytes) -> bytes:
        """Send a question, once; its answer. BusSilentError: none came in time. DeviceError: the way is gone."""
        self._begin()
        self._stray = ""
        self._send(request)
        until_s = time.monotonic() + self._timeout_s
        for _ in range(STRAYS_MAX):
            message = self._next(until_s)
            if message is None:
                break
            if messages.answers(request, message) and messages.serial_of(message) == self.serial:
                return message
            self._note_stray(request, message)
        raise BusSilentError(self._stray or self._silent())

    def wait(self, wait_s: float) -> None:
        """Let time pass, until `wake`."""
        self._waker.wait(None, max(0.0, wait_s))

    def wake(self) -> None:
        """End a `wait`; thread-safe."""
        self._waker.wake()

    def close(self) -> None:
        """Close it; harmless when it is closed."""
        made, self._socket = self._socket, None
        self._received = b""
        if made is not None:
            made.close()

    def dispose(self) -> None:
        """Close everything, for good."""
        self.close()
        self._waker.close()

    # ---- inside

    def _begin(self) -> None:
        """A way on which nothing waits."""
        if self._over == "tcp" or self._socket is None:
            self.open()
            return
        for _ in range(STRAYS_MAX):
            try:
                self._taken()
            except BlockingIOError:
                return
            self.strays += 1

    def _send(self, request: bytes) -> None:
        assert self._socket is not None
        try:
            self._socket.send(request)  # 64 bytes fit into any socket that takes some
        except OSError as fault:
            self.close()
            raise self._unreachable() from fault
        self.tap("out", request)

    def _next(self, until_s: float) -> bytes | None:
        """The next message; None when none comes in time, or the connection has ended."""
        while True:
            if self._over == "tcp" and len(self._received) >= messages.LENGTH:
                message, self._received = self._received[: messages.LENGTH], self._received[messages.LENGTH :]
                self.tap("in", message)
                return message
            left_s = until_s - time.monotonic()
            came: bytes | None = None
            if left_s > 0:
                self._waker.wait(self._socket, left_s)
                try:
                    came = self._taken()
                except BlockingIOError:
                    continue
            if came is None:
                if self._received:
                    self._stray = self._strange()
                return None
            if self._over == "udp":
                self.tap("in", came)
                return came
            self._received += came

    def _taken(self) -> bytes | None:
        """What is there; None when the connection has ended. BlockingIOError: nothing. DeviceError: refused."""
        assert self._socket is not None
        try:
            came = self._socket.recv(RECEIVE_BYTES)
        except BlockingIOError:
            raise
        except OSError as fault:
            self.close()
            if self._over == "tcp" and fault.errno == errno.ECONNRESET:
                return None
            raise self._unreachable() from fault
        return came if came or self._over == "udp" else None

    def _note_stray(self, request: bytes, message: bytes) -> None:
        self.strays += 1
        if messages.answers(request, message):
            other = messages.serial_of(message)
            self._stray = (
                f"controller {other} answers at {self.name}, and not {self.serial}; set `serial` or `host` right"
            )
        elif len(message) != messages.LENGTH:
            self._stray = self._strange()

    def _strange(self) -> str:
        return f"what comes from {self.name} is no answer of a UHPPOTE controller; check `host` and `port`"

    def _silent(self) -> str:
        return (
            f"controller {self.serial} does not answer at {self.name}; check its power, its network cable, `host` and"
            " `serial`"
        )

    def _unreachable(self) -> DeviceError:
        return DeviceError(
            f"nothing at {self.name} takes questions for a controller; check its power, its network cable and `host`"
        )
