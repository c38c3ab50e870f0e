"""How a process of the gateway ends: with its supervisor, at a signal, and never later than it may.

For any process; nothing here knows what the process does.
"""

from __future__ import annotations

import ctypes
import os
import signal
import threading

PARENT_VARIABLE = "GATEHOUSE_PARENT"
"""The environment's variable that tells a part its supervisor's process id."""
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """A part calls this at its start: it gets SIGTERM when the supervisor dies."""
    parent = os.environ.pop(PARENT_VARIABLE, "")
    if not parent:
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != int(parent):
        os.kill(os.getpid(), signal.SIGTERM)


def end_within(seconds: int) -> None:
    """Let the kernel end this process after this time."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(seconds)


def on_stop_signal(stop: threading.Event, within_s: int = 9) -> None:
    """Set `stop` at SIGINT, SIGTERM and SIGHUP, and never take longer than `within_s` to end after that.

    For the main thread. A handler may interrupt a line that holds a lock which setting an Event or starting a thread
    needs. So it only writes to an eventfd, and a thread that waits for it sets `stop`.
    """
    bell = os.eventfd(0, os.EFD_CLOEXEC)
    asked = False

    def handle(_number: int, _frame: object) -> None:
        nonlocal asked
        if not asked:
            asked = True
            end_within(within_s)
            os.eventfd_write(bell, 1)

    def wait() -> None:
        os.read(bell, 8)  # unlike eventfd_read, it continues to wait after a signal to this thread
        stop.set()

    threading.Thread(target=wait, name="stop-signal", daemon=True).start()
    for number in STOP_SIGNALS:
        signal.signal(number, handle)
