"""A stand-in for the package evdev: keyboards on socket pairs that a test types on, pulls and puts back."""

from __future__ import annotations

import errno
import os
import socket
from types import SimpleNamespace
from typing import Any

from drivers.framing.keyboard import PRESS, typed

EV_SYN, EV_KEY, EV_MSC = 0, 1, 4


class FakeKeyboard:
    """A keyboard at `path`, named `name`."""

    def __init__(self, name: str = "Sycreader RFID Reader") -> None:
        self.name = name
        self.grabbed = False
        self.refuses = 0
        self._far, self.near = socket.socketpair()
        self.near.setblocking(False)

    def type(self, text: str) -> None:
        """Type a text and Enter in one go, with the other events that the kernel tells beside."""
        told = bytearray()
        for code, value in PRESS.iter_unpack(typed(text)):
            for kind, number, what in ((EV_MSC, 4, 458_792), (EV_KEY, code, value), (EV_SYN, 0, 0)):
                told += bytes((kind,)) + number.to_bytes(2, "big") + what.to_bytes(4, "big")
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
        raw = self._keyboard.near.recv(7 * 512)
        if not raw:
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))
        cut = [raw[at : at + 7] for at in range(0, len(raw), 7)]
        return [
            SimpleNamespace(type=one[0], code=int.from_bytes(one[1:3], "big"), value=int.from_bytes(one[3:], "big"))
            for one in cut
        ]

    def close(self) -> None:
        if self._grabbed:
            self._keyboard.grabbed = self._grabbed = False
