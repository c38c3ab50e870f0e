"""Places to search: a serial port, or an address on the network; each can be opened, listened to and asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

from drivers.links.serial_port import SerialPort
from drivers.links.stream import TcpStream
from gateway.core.vocabulary.errors import DeviceError

CONNECT_MS = 3_000
WIRES = frozenset({"port", "device", "d0", "outputs"})
"""Options that name a wire of this machine."""
KEPT_BYTES = 4_096
"""Received bytes that are looked at; older ones are dropped."""


class Place(msgspec.Struct, frozen=True):
    """A serial port by its path, or a host with a port."""

    port: str = ""
    host: str = ""
    tcp_port: int = 0

    @property
    def over(self) -> Literal["serial", "tcp"]:
        """The kind of wire."""
        return "serial" if self.port else "tcp"

    def __str__(self) -> str:
        return self.port or f"{self.host}:{self.tcp_port}"

    def options(self, fields: Sequence[str], baudrate: int) -> dict[str, Any] | None:
        """How a site file names this wire for a driver with these options; None when it has no such wire."""
        if "link" in fields:
            if self.port:
                return {"link": {"type": "serial", "port": self.port, "baudrate": baudrate}}
            return {"link": {"type": "tcp", "host": self.host, "port": self.tcp_port}}
        if self.port:
            return {"port": self.port, "baudrate": baudrate} if "port" in fields else None
        return {} if not WIRES.intersection(fields) else None  # a camera pushes, and names no wire


class Wire:
    """An open place; belongs to one thread. `units` are the unit numbers to ask; see `drivers.base.Questions`."""

    def __init__(self, place: Place, units: Sequence[int], answer_ms: int) -> None:
        self.over = place.over
        self.units = units
        self._place = place
        self._answer_s = answer_ms / 1000
        self._stream: SerialPort | TcpStream = (
            SerialPort(place.port, 9_600) if place.port else TcpStream(place.host, place.tcp_port, CONNECT_MS)
        )

    def open(self) -> None:
        """Open it; DeviceError says what to do."""
        self._stream.open()

    def close(self) -> None:
        """Close it for good."""
        self._stream.dispose()

    def set_speed(self, baudrate: int) -> None:
        """Another speed of a serial port."""
        if isinstance(self._stream, SerialPort):
            self._stream.set_speed(baudrate)

    def listen(self, until_s: float, enough: Callable[[bytes], bool]) -> bytes:
        """What comes until that CLOCK_MONOTONIC second, or until it is enough; DeviceError when the wire is gone."""
        received = b""
        while (left_s := until_s - time.monotonic()) > 0:
            received = (received + self._stream.read(left_s))[-KEPT_BYTES:]
            if received and enough(received):
                break
        return received

    def ask(self, request: bytes, find: Callable[[bytes], bytes] | None = None) -> bytes:
        """See `Questions.ask`. What came before the question is dropped; a connection that was ended is made anew."""
        try:
            if not self._stream.is_open:
                self._stream.open()
            while self._stream.read(0):
                pass
            self._stream.write(request)
            received = self.listen(
                time.monotonic() + self._answer_s, lambda so_far: find is not None and bool(find(so_far))
            )
            found = received if find is None else find(received)
            if not found and self.over == "tcp":
                self._stream.close()  # what was not understood must not stand before the next question
            return found
        except DeviceError:
            self._stream.close()
            return b""
