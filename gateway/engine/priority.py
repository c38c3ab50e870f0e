"""Real-time priority for the threads that an arm waits for, if the process has it from its unit.

systemd sets `CPUSchedulingResetOnFork`, and Linux counts a new thread as forked: only the main thread keeps the
priority of the unit (sched(7)). So the threads between card and coil request it again, which `LimitRTPRIO` allows. All
other threads and child processes run at normal priority. On a desk no priority is raised.
"""

from __future__ import annotations

import logging
import os

log = logging.getLogger(__name__)


def follow_main_thread() -> bool:
    """Give the calling thread the main thread's real-time policy; False without one, or if the kernel refuses."""
    policy = os.sched_getscheduler(os.getpid())
    if policy & ~os.SCHED_RESET_ON_FORK not in (os.SCHED_FIFO, os.SCHED_RR):
        return False
    try:
        os.sched_setscheduler(0, policy, os.sched_getparam(os.getpid()))
    except OSError as error:
        log.warning("no real-time priority for this thread (%s); is LimitRTPRIO in the unit?", error.strerror)
        return False
    return True
