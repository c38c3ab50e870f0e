"""A keyboard of the kernel's input layer, grabbed so that no other program gets its keys; the one user of evdev.

evdev is a system package (it has no wheels), so it is imported when a keyboard is opened. A device is found by its path
(`/dev/input/by-id/...` stays the same at a replug) or by its name, which is looked for anew each time.
"""

from __future__ import annotations

import errno
import fcntl
import struct
import time
from typing import Any

from drivers.links.waker import Waker
from gateway.core.vocabulary.errors import DeviceError

EV_SYN, EV_KEY = 0, 1
SYN_DROPPED = 3
LOST = 0xFFFF
SET_CLOCK = 0x4004_45A0
"""EVIOCSCLOCKID (linux/input.h)."""
_PRESS = struct.Struct("<HBq")


class Keyboard:
    """One device, with the methods of a port; reads as a stream of key events: code, value and time in ns.

    The code LOST marks dropped events: the kernel keeps 64, about one card, until they are read.
    """

    def __init__(self, device: str) -> None:
        """`device`: its path, or its name."""
        self._wanted = device
        self._device: Any = None
        self._waker = Waker()

    @property
    def is_open(self) -> bool:
        """True between a successful `open` and `close` or a fault."""
        return self._device is not None

    def open(self) -> None:
        """Find and grab the device; DeviceError says what to do."""
        evdev = _load()
        try:
            found = self._find(evdev)
            found.grab()
        except OSError as fault:
            raise DeviceError(self._explain(fault)) from fault
        _set_clock(found)
        self._device = found

    def _find(self, evdev: Any) -> Any:
        if self._wanted.startswith("/"):
            return evdev.InputDevice(self._wanted)
        names = []
        for path in evdev.list_devices():
            device = evdev.InputDevice(path)
            if device.name == self._wanted:
                return device
            names.append(device.name)
            device.close()
        there = f"there are: {', '.join(sorted(names))}" if names else "there is none that may be opened"
        raise DeviceError(f"no input device is named {self._wanted!r}; plug it in, or put the name right ({there})")

    def _explain(self, fault: OSError) -> str:
        if fault.errno in (errno.EACCES, errno.EPERM):
            return f"{self._wanted} may not be opened; add the user that runs Gatehouse to the group 'input'"
        if fault.errno == errno.EBUSY:
            return f"{self._wanted} is grabbed by another program; stop that one"
        if fault.errno in (errno.ENOENT, errno.ENODEV):
            return f"{self._wanted} is not there; plug it in, or choose a path from /dev/input/by-id"
        return f"{self._wanted} cannot be opened ({fault.strerror or fault}); check the device and its cable"

    def read(self, wait_s: float | None = None) -> bytes:
        """The key events that came, at once; empty after `wait_s` or `wake`. DeviceError when the device is gone."""
        if not self._waker.wait(self._device, wait_s) or self._device is None:
            return b""
        try:
            return b"".join(map(_packed, self._device.read()))
        except BlockingIOError:
            return b""
        except OSError as fault:
            self.close()
            raise DeviceError(f"{self._wanted} was unplugged; plug it in again") from fault

    def wake(self) -> None:
        """Make a waiting `read` return; thread-safe."""
        self._waker.wake()

    def close(self) -> None:
        """Let go of the device; harmless when it is closed or gone."""
        device, self._device = self._device, None
        if device is not None:
            try:
                device.close()
            except OSError:
                pass  # What was pulled cannot be let go in good order.

    def dispose(self) -> None:
        """Close everything, for good."""
        self.close()
        self._waker.close()


def _packed(event: Any) -> bytes:
    at_ns = event.sec * 1_000_000_000 + event.usec * 1000
    if event.type == EV_KEY and 0 <= event.value <= 2:
        return _PRESS.pack(event.code, event.value, at_ns)
    if event.type == EV_SYN and event.code == SYN_DROPPED:
        return _PRESS.pack(LOST, 0, at_ns)
    return b""


def _set_clock(device: Any) -> None:
    """Let the kernel stamp by CLOCK_MONOTONIC: the wall clock may step in the middle of a line."""
    try:
        fcntl.ioctl(device.fileno(), SET_CLOCK, struct.pack("i", time.CLOCK_MONOTONIC))
    except OSError:
        pass  # Then a line is dropped at such a step.


def _load() -> Any:
    try:
        import evdev
    except ImportError as error:
        raise DeviceError(
            "evdev is missing; install it with: apt install python3-evdev (and let the virtual environment see system "
            "packages)"
        ) from error
    return evdev
