"""The kernel's queue of edges on GPIO lines, each stamped in its interrupt; needs no package.

gpiozero tells edges without the kernel's times, and lgpio brings them through a thread of its own. Here the queue of
the character device itself is read, on the clock of `time.monotonic_ns`: what this process does meanwhile changes no
gap between two edges, and it is known up to when there are no others. What the bytes mean is not the link's business.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sys
import time
from pathlib import Path

from drivers.links.waker import Waker
from gateway.core.vocabulary.errors import DeviceError

CHIP_INFO_BYTES = 68
GET_CHIP_INFO = 0x8044_B401
GET_LINE = 0xC000_B407
"""The ioctl's number without the size of its structure (linux/gpio.h)."""
HEADERS = ("pinctrl-bcm2711", "pinctrl-bcm2835", "pinctrl-rp1")
"""Labels of the chips that the pin header of a Raspberry Pi belongs to."""
USE_A_CONVERTER = "use a Wiegand-to-serial converter with the driver serial-text"


def open_lines(request: bytes, names: str) -> int:
    """Make a request to the kernel; the file descriptor of its edges. DeviceError says what to do."""
    chip = _chip()
    answer = bytearray(request)
    try:
        _ask(chip, GET_LINE | len(request) << 16, answer)
    except OSError as fault:
        raise DeviceError(explain(str(chip), names, fault)) from fault
    return int.from_bytes(answer[-4:], sys.byteorder, signed=True)


def _chip() -> Path:
    """The chip with the pin header, or the first one; DeviceError where there is none."""
    chips = sorted(Path("/dev").glob("gpiochip*"))
    if not chips:
        raise DeviceError(f"this machine has no GPIO lines; {USE_A_CONVERTER}")
    return next((chip for chip in chips if _label(chip) in HEADERS), chips[0])


def _label(chip: Path) -> str:
    info = bytearray(CHIP_INFO_BYTES)
    try:
        _ask(chip, GET_CHIP_INFO, info)
    except OSError:
        return ""
    return bytes(info[32:64]).split(b"\0")[0].decode("ascii", "replace")


def _ask(chip: Path, number: int, structure: bytearray) -> None:
    handle = os.open(chip, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.ioctl(handle, number, structure)
    finally:
        os.close(handle)


def explain(chip: str, names: str, fault: OSError) -> str:
    """Why lines could not be had, and what to do."""
    if fault.errno in (errno.EACCES, errno.EPERM):
        return f"{chip} may not be opened; add the user that runs Gatehouse to the group 'gpio'"
    if fault.errno == errno.EBUSY:
        return f"{names}: in use by another device or program; choose other lines or stop that one"
    if fault.errno == errno.ENOTTY:
        return f"this kernel is older than 5.10 and cannot time edges; update the system, or {USE_A_CONVERTER}"
    return f"{names} of {chip} cannot be used ({fault.strerror}); check the line numbers"


class EdgeQueue:
    """The edges of one request; `open`, `read` and `close` belong to one thread, `wake` to any."""

    def __init__(self, request: bytes, names: str, most_bytes: int) -> None:
        self._request = request
        self._names = names
        self._most_bytes = most_bytes
        self._handle = -1
        self._waker = Waker()

    @property
    def is_open(self) -> bool:
        """True between a successful `open` and `close` or a fault."""
        return self._handle >= 0

    def open(self) -> None:
        """Claim the lines; DeviceError says what to do."""
        self._handle = open_lines(self._request, self._names)
        os.set_blocking(self._handle, False)

    def read(self, wait_s: float | None = None) -> tuple[bytes, int | None]:
        """What came (waiting for it, for `wait_s`, or for `wake`), and until when (monotonic ns) that is everything.

        None for the latter when more may be waiting. DeviceError when the queue is gone.
        """
        self._waker.wait(self._handle if self.is_open else None, wait_s)
        if not self.is_open:
            return b"", None
        asked_ns = time.monotonic_ns()
        raw = self._take()
        return raw, asked_ns if len(raw) < self._most_bytes else None

    def _take(self) -> bytes:
        try:
            raw = os.read(self._handle, self._most_bytes)
        except BlockingIOError:
            return b""
        except OSError:
            raw = b""
        if not raw:
            self.close()
            raise DeviceError("the GPIO chip is gone; restart the machine if it does not come back")
        return raw

    def wake(self) -> None:
        """Make a waiting `read` return; thread-safe."""
        self._waker.wake()

    def close(self) -> None:
        """Let the lines go; harmless when they are gone."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)

    def dispose(self) -> None:
        """Close everything, for good."""
        self.close()
        self._waker.close()
