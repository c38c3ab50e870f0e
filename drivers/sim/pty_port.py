"""A serial port that exists only in software: a pseudo-terminal under a lasting path.

The path is a link to the terminal of the moment, as `/dev/serial/by-path` is, so that pulling the adapter out and
plugging it in again looks to the other side as it does in the field.
"""

from __future__ import annotations

import os
import pty
import termios
import threading
import tty
from pathlib import Path


class PtyPort:
    """The far end of a serial line; a program that opens `path` has the near end."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._far = -1
        self._near = -1
        self._lock = threading.Lock()  # A closed descriptor's number may be another file's a moment later.

    @property
    def plugged(self) -> bool:
        """True while the port exists."""
        return self._far >= 0

    def plug(self) -> None:
        """Make the port appear at its path."""
        self.unplug()
        far, near = pty.openpty()
        tty.setraw(near, termios.TCSANOW)
        os.set_blocking(far, False)
        with self._lock:
            self._far, self._near = far, near
        fresh = self.path.with_name(self.path.name + ".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(near))
        fresh.replace(self.path)

    def unplug(self) -> None:
        """Pull the adapter: the port disappears also for a program that has it open."""
        if not self.plugged:
            return
        self.path.unlink(missing_ok=True)
        with self._lock:
            far, near, self._far, self._near = self._far, self._near, -1, -1
            os.close(near)
            os.close(far)

    def fileno(self) -> int:
        """For `select`; -1 while unplugged."""
        return self._far

    def send(self, data: bytes) -> None:
        """Put bytes on the line; lost when it is unplugged or has not been read for long."""
        with self._lock:
            try:
                os.write(self._far, data)
            except OSError:
                pass

    def receive(self) -> bytes:
        """The bytes that the near end sent, without waiting."""
        with self._lock:
            try:
                return os.read(self._far, 4096)
            except OSError:
                return b""


class PtyDevice:
    """What every simulated device on a line of its own can do; `path` is where the near end is opened."""

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        self._port = PtyPort(path)
        self._port.plug()

    def send_raw(self, data: bytes) -> None:
        """Noise, halves of what it sends, anything."""
        self._port.send(data)

    def unplug(self) -> None:
        """Pull the adapter out."""
        self._port.unplug()

    def plug(self) -> None:
        """Put it back: the same path, another terminal."""
        self._port.plug()

    def close(self) -> None:
        """Done with it."""
        self._port.unplug()
