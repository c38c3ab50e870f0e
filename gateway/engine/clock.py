"""The engine's clock: wall time, monotonic time and the quality of the wall clock.

A Raspberry Pi has no set clock after a power cut, so the kernel is asked whether it is synchronised
(adjtimex(2): not TIME_ERROR and not STA_UNSYNC). Both clocks are slewed alike by NTP, so their difference changes only
when the wall clock is stepped. A step or a change of quality is one `ClockChanged`.
"""

from __future__ import annotations

import ctypes
import functools
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from gateway.core.vocabulary.events import ClockChanged, ClockState, Now

STEP_MIN_NS = 200_000_000
"""A larger change of wall time against monotonic time is a step."""
_TIME_ERROR = 5
_STA_UNSYNC = 0x0040


class _Timex(ctypes.Structure):
    """`struct timex` of <sys/timex.h>, with room for what newer kernels append."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 64),
    )


def kernel_synchronised() -> bool:
    """Whether the kernel counts its clock as synchronised; False if it cannot be asked."""
    try:
        timex = _Timex()
        state = _libc().adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        return False
    return 0 <= state < _TIME_ERROR and not timex.status & _STA_UNSYNC


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def boot_id(source: Path = Path("/proc/sys/kernel/random/boot_id")) -> str:
    """The kernel's id of this boot, else a new id for this run."""
    try:
        return source.read_text("ascii").strip()
    except OSError:
        return str(uuid.uuid4())


class Clock:
    """Makes the `Now` of each event. Call `check` in the core thread; `now` and `state` in any thread."""

    def __init__(
        self,
        *,
        trusted: bool,
        was_synced: bool = False,
        synchronised: Callable[[], bool] = kernel_synchronised,
        wall: Callable[[], int] = time.time_ns,
        mono: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """`trusted`: the installer vouches for the clock; `was_synced`: it was sure earlier in this boot."""
        self._trusted = trusted
        self._was_synced = was_synced
        self._synchronised = synchronised
        self._wall = wall
        self.mono_ns = mono
        """CLOCK_MONOTONIC in nanoseconds."""
        self.state = self._judge()
        self._difference_ns = wall() - mono()

    def trust(self, trusted: bool) -> None:
        """Whether the installer vouches for the clock; `check` reports what follows."""
        self._trusted = trusted

    def now(self) -> Now:
        """This moment."""
        return Now(self._wall(), self.mono_ns(), self.state)

    def check(self) -> ClockChanged | None:
        """Check the clock, about once a second; returns a change of quality or a step since the last report."""
        state = self._judge()
        difference_ns = self._wall() - self.mono_ns()
        offset_ns = difference_ns - self._difference_ns
        if state == self.state and abs(offset_ns) < STEP_MIN_NS:
            return None
        self.state = state
        self._difference_ns = difference_ns
        return ClockChanged(state, offset_ns)

    def _judge(self) -> ClockState:
        if self._trusted or self._synchronised():
            self._was_synced = True
            return ClockState.SYNCED
        return ClockState.HOLDOVER if self._was_synced else ClockState.UNSET
