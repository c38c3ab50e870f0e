"""Processor time of another process, to the nanosecond: the kernel's own clock of it, with all its threads."""

from __future__ import annotations

import time

_OF_THE_SCHEDULER = 2
"""CPUCLOCK_SCHED: what the scheduler has counted, not the ticks that met the process (Linux, posix-timers.h)."""


def spent_ns(pid: int) -> int:
    """Processor time that a process and its threads have used, those that have ended too. OSError: it is gone."""
    return time.clock_gettime_ns(~pid << 3 | _OF_THE_SCHEDULER)


class Share:
    """How much of one core a process takes from the making of this object on."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._spent_ns, self._at_ns = spent_ns(pid), time.perf_counter_ns()

    def percent(self) -> float:
        """Of one core, until now."""
        spent_ns_since = spent_ns(self._pid) - self._spent_ns
        return 100 * spent_ns_since / (time.perf_counter_ns() - self._at_ns)
