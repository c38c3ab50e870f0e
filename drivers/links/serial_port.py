"""A serial port with the bytes as they come; the one user of pyserial.

The port is opened exclusively, by the path that is given (`/dev/serial/by-path/...` stays the same at a replug, and
adapters that share one serial number stay apart). Reading waits in `select`, so a byte is seen when it arrives.
Unplugging shows as SerialException, OSError or termios.error, depending on the call; all become DeviceError.
"""

from __future__ import annotations

import os
import select
import termios
import time
from pathlib import Path
from typing import Literal

import serial

from drivers.links.waker import Waker
from gateway.core.vocabulary.errors import DeviceError

READ_BYTES = 4096
WRITE_S = 1.0
Parity = Literal["none", "even", "odd"]
FAULTS = (serial.SerialException, OSError, termios.error)


class SerialPort:
    """One port; `open`, `read` and `close` belong to one thread, `wake` to any."""

    def __init__(self, path: str, baudrate: int, parity: Parity = "none") -> None:
        self.path = path
        self._baudrate = baudrate
        self._parity = parity[0].upper()
        self._port: serial.Serial | None = None
        self._waker = Waker()

    @property
    def is_open(self) -> bool:
        """True between a successful `open` and `close` or a fault."""
        return self._port is not None

    def open(self) -> None:
        """Open the port exclusively (which drops what came before); DeviceError says what to do."""
        try:
            self._port = serial.Serial(self.path, self._baudrate, parity=self._parity, timeout=0, exclusive=True)
        except FAULTS as fault:
            raise DeviceError(explain_open(self.path, fault)) from fault

    def read(self, wait_s: float | None = None) -> bytes:
        """The bytes that came, at once; empty after `wait_s` or `wake`. DeviceError when the port is gone."""
        if not self._waker.wait(self._port, wait_s) or self._port is None:
            return b""
        try:
            received = os.read(self._port.fileno(), READ_BYTES)  # pyserial's own read would select twice more.
        except BlockingIOError:
            return b""
        except FAULTS:
            received = b""
        if not received:
            self.close()
            raise DeviceError(f"{self.path} was unplugged; plug the adapter in again")
        return received

    def set_speed(self, baudrate: int) -> None:
        """Another speed of the open port; what is in its buffers stays. DeviceError when the port is gone."""
        self._baudrate = baudrate
        try:
            if self._port is not None:
                self._port.baudrate = baudrate
        except FAULTS as fault:
            self.close()
            raise DeviceError(f"{self.path} was unplugged; plug the adapter in again") from fault

    def write(self, data: bytes) -> None:
        """Put bytes on the line; DeviceError when the port is gone or takes no more bytes for `WRITE_S`."""
        limit_s = time.monotonic() + WRITE_S
        while data:
            data = data[self._write_some(data, limit_s - time.monotonic()) :]
            if data and time.monotonic() >= limit_s:
                raise DeviceError(f"{self.path} takes no bytes; check the cable and switch flow control off")

    def _write_some(self, data: bytes, wait_s: float) -> int:
        if self._port is None:
            raise DeviceError(f"{self.path} is not open; plug the adapter in")
        try:
            ready = select.select([], [self._port], [], max(0.0, wait_s))[1]
            return os.write(self._port.fileno(), data) if ready else 0
        except BlockingIOError:
            return 0
        except FAULTS as fault:
            self.close()
            raise DeviceError(f"{self.path} was unplugged; plug the adapter in again") from fault

    def wake(self) -> None:
        """Make a waiting `read` return; thread-safe."""
        self._waker.wake()

    def close(self) -> None:
        """Close the port; harmless when it is closed or gone."""
        port, self._port = self._port, None
        if port is not None:
            try:
                port.close()
            except FAULTS:
                pass  # A pulled adapter cannot be closed in good order.

    def dispose(self) -> None:
        """Close everything, for good."""
        self.close()
        self._waker.close()


def explain_open(path: str, fault: BaseException) -> str:
    """Why a port could not be opened, and what to do."""
    text = str(fault)
    if "Permission" in text:
        return f"{path} may not be opened; add the user that runs Gatehouse to the group 'dialout'"
    if "lock" in text or "busy" in text:
        return f"{path} is in use by another program; stop that one"
    if not Path(path).exists():
        return f"{path} is not there; plug the adapter in, or choose a port from /dev/serial/by-path"
    return f"{path} cannot be opened ({text}); check the adapter and its cable"
