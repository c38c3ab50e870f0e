"""A stand-in for the package evdev: keyboards on socket pairs that a test types on, pulls and puts back."""

from __future__ import annotations

import errno
import os
import socket
import struct
import time
from types import SimpleNamespace
from typing import Any

from drivers.readers.hid.frames import PRESS, typed

EV_SYN, EV_KEY, EV_MSC = 0, 1, 4
SYN_DROPPED = 3
EVENT = struct.Struct(">qBHI")


class FakeKeyboard:
    """A keyboard at `path`, named `name`."""

    def __init__(self, name: str = "Sycreader RFID Reader") -> None:
        self.name = name
        self.grabbed = False
        self.refuses = 0
        self._far, self.near = socket.socketpair()
        self.near.setblocking(False)

    def type(self, text: str, at_ns: int | None = None, lose: int = 0) -> None:
        """Type a text and Enter in one go, with the other events that the kernel tells beside.

        Of the first `lose` keys pressed or released the kernel has kept nothing but that there were some.
        """
        stamp_ns = time.monotonic_ns() if at_ns is None else at_ns
        told = EVENT.pack(stamp_ns, EV_SYN, SYN_DROPPED, 0) if lose else b""
        for code, value, _ in list(PRESS.iter_unpack(typed(text)))[lose:]:
            for kind, number, what in ((EV_MSC, 4, 458_792), (EV_KEY, code, value), (EV_SYN, 0, 0)):
                told += EVENT.pack(stamp_ns, kind, number, what)
        self._far.sendall(told)

    def pull(self) -> None:
        """Pull it out."""
        self._far.close()


class FakeEvdev:
    """What is plugged in; stands in `sys.modules` for evdev."""

    def __init__(self) -> None:
        self.plugged: dict[str, FakeKeyboard] = {}

    def list_devices(self) -> list[str]:
        """The paths of all devices."""
        return sorted(self.plugged)

    def InputDevice(self, path: str) -> Any:
        """Open a device."""
        if path not in self.plugged:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return _Opened(self.plugged[path])


class _Opened:
    """An open device, as evdev's InputDevice."""

    def __init__(self, keyboard: FakeKeyboard) -> None:
        self._keyboard = keyboard
        self._grabbed = False
        self.name = keyboard.name

    def fileno(self) -> int:
        return self._keyboard.near.fileno()

    def grab(self) -> None:
        if self._keyboard.refuses or self._keyboard.grabbed:
            number = self._keyboard.refuses or errno.EBUSY
            raise OSError(number, os.strerror(number))
        self._keyboard.grabbed = self._grabbed = True

    def read(self) -> list[Any]:
        raw = self._keyboard.near.recv(EVENT.size * 512)
        if not raw:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        return [
            SimpleNamespace(type=kind, code=code, value=value, sec=at_ns // 10**9, usec=at_ns % 10**9 // 1000)
            for at_ns, kind, code, value in EVENT.iter_unpack(raw)
        ]

    def close(self) -> None:
        if self._grabbed:
            self._keyboard.grabbed = self._grabbed = False
