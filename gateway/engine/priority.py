"""Real-time priority for the few threads that an arm waits for, if the service manager has given it to the process.

systemd sets `CPUSchedulingResetOnFork`, and Linux counts a new thread as forked: only the main thread keeps what the
unit gives (sched(7)). So the threads between card and coil ask for the same again, which `LimitRTPRIO` allows them; all
others, and whatever is forked, run as normal. Nothing is ever raised on a desk.
"""

from __future__ import annotations

import logging
import os

log = logging.getLogger(__name__)


def follow_main_thread() -> bool:
    """Give the calling thread the main thread's real-time policy; False when it has none or the kernel refuses."""
    policy = os.sched_getscheduler(os.getpid())
    if policy & ~os.SCHED_RESET_ON_FORK not in (os.SCHED_FIFO, os.SCHED_RR):
        return False
    try:
        os.sched_setscheduler(0, policy, os.sched_getparam(os.getpid()))
    except OSError as error:
        log.warning("no real-time priority for this thread (%s); is LimitRTPRIO in the unit?", error.strerror)
        return False
    return True
