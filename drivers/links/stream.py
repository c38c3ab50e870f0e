"""Bytes both ways, by a serial port or by a TCP connection to a serial server or a reader; alike from outside."""

from __future__ import annotations

import select
import socket
import time
from typing import Protocol

from drivers.links.waker import Waker
from gateway.core.vocabulary.errors import DeviceError

READ_BYTES = 4096
WRITE_S = 1.0
KEEPALIVE_IDLE_S, KEEPALIVE_EVERY_S, KEEPALIVE_TRIES = 10, 5, 3
"""A peer that has silently gone is noticed within half a minute, also where nothing is sent to it."""


class Stream(Protocol):
    """A wire of bytes; `wake` is thread-safe, everything else belongs to one thread."""

    @property
    def is_open(self) -> bool:
        """True between a successful `open` and `close` or a fault."""

    def open(self) -> None:
        """Open the wire anew; DeviceError says what to do."""

    def read(self, wait_s: float | None = None) -> bytes:
        """The bytes that came, at once; empty after `wait_s` or `wake`. DeviceError when the wire is gone."""

    def write(self, data: bytes) -> None:
        """Put bytes on the wire; DeviceError when it is gone or takes none."""

    def wake(self) -> None:
        """Make a waiting `read` return."""

    def close(self) -> None:
        """Close the wire; harmless when it is closed or gone."""

    def dispose(self) -> None:
        """Close everything, for good."""


class TcpStream:
    """A connection to a device's own port or to a serial server."""

    def __init__(self, host: str, port: int, connect_ms: int) -> None:
        self._address = (host, port)
        self._connect_s = min(connect_ms / 1000, 3.0)
        self._socket: socket.socket | None = None
        self._waker = Waker()

    @property
    def is_open(self) -> bool:
        return self._socket is not None

    def open(self) -> None:
        self.close()
        try:
            connected = socket.create_connection(self._address, self._connect_s)
        except OSError as fault:
            raise DeviceError(
                f"{self._name} takes no connection; check the device's power, its network cable and the address"
            ) from fault
        connected.setblocking(False)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_IDLE_S)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_EVERY_S)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_TRIES)
        self._socket = connected

    def read(self, wait_s: float | None = None) -> bytes:
        if not self._waker.wait(self._socket, wait_s) or self._socket is None:
            return b""
        try:
            received = self._socket.recv(READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError:
            received = b""
        if not received:
            raise self._gone()
        return received

    def write(self, data: bytes) -> None:
        limit_s = time.monotonic() + WRITE_S
        while data:
            data = data[self._write_some(data, limit_s - time.monotonic()) :]
            if data and time.monotonic() >= limit_s:
                raise self._gone()

    def _write_some(self, data: bytes, wait_s: float) -> int:
        """How many of the bytes it has taken; waits only where it takes none."""
        if self._socket is None:
            raise self._gone()
        try:
            return self._socket.send(data)
        except BlockingIOError:
            select.select([], [self._socket], [], max(0.0, wait_s))
            return 0
        except OSError as fault:
            raise self._gone() from fault

    def _gone(self) -> DeviceError:
        self.close()
        return DeviceError(f"{self._name} ended the connection; check the device's power and its network cable")

    @property
    def _name(self) -> str:
        return f"{self._address[0]}:{self._address[1]}"

    def wake(self) -> None:
        self._waker.wake()

    def close(self) -> None:
        connected, self._socket = self._socket, None
        if connected is not None:
            connected.close()

    def dispose(self) -> None:
        self.close()
        self._waker.close()
