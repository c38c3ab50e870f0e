"""The threads that serve requests, with lines so that no crowd takes the place of another.

Twelve threads serve. Of strangers three requests are served at once, and four that only wait (streams, long polls,
exports); sign-ins one at a time and with a pause after each. So at least four threads are left for the booths' own
screens, for cameras and for people who are signed in, and few others compete with them for the interpreter. A line that
is full turns requests away.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple, Protocol

_log = logging.getLogger(__name__)

STRANGERS_AT_ONCE = 3
WAITING_STRANGERS_AT_ONCE = 4
SIGN_INS_AT_ONCE = 1
SIGN_IN_PAUSE_S = 0.05
SAME_PEER_MAX = 2
"""Sign-ins of one strange address that wait, so that it does not fill the line alone."""


class Sort(StrEnum):
    """What a request is like."""

    PLAIN = "plain"
    WAITS = "waits"
    """It holds a thread for long and computes little."""
    SIGNS_IN = "signs_in"
    """It checks a PIN or a code, which takes much work on purpose."""


class Task(Protocol):
    """A connection with a whole request."""

    own: bool
    """From a booth's own screen, a camera or a known address, and not through a proxy."""
    sort: Sort
    peer: str
    """The address that it comes from."""

    def service(self) -> None:
        """Serve one request."""

    def cancel(self) -> None:
        """Give it up."""


class Line(NamedTuple):
    """Requests of one sort that wait: how many may wait, and how many are served at once."""

    waiting_max: int
    at_once: int


Key = tuple[bool, Sort]
LINES: dict[Key, Line] = {
    (True, Sort.PLAIN): Line(128, 12),
    (True, Sort.WAITS): Line(128, 12),
    (True, Sort.SIGNS_IN): Line(16, SIGN_INS_AT_ONCE),
    (False, Sort.PLAIN): Line(64, STRANGERS_AT_ONCE),
    (False, Sort.WAITS): Line(32, WAITING_STRANGERS_AT_ONCE),
    (False, Sort.SIGNS_IN): Line(8, SIGN_INS_AT_ONCE),
}
"""By (own, sort), the first one first."""


class Workers:
    """The threads and their lines; in the place of the server's own dispatcher. Thread-safe."""

    def __init__(self, threads: int, mono_s: Callable[[], float] = time.monotonic) -> None:
        self._mono_s = mono_s
        self._changed = threading.Condition()
        self._waiting: dict[Key, deque[Task]] = {key: deque() for key in LINES}
        self._serving = dict.fromkeys(LINES, 0)
        self._sign_in_from_s = 0.0
        self._stopping = False
        self._threads = [threading.Thread(target=self._run, name=f"web-{n}", daemon=True) for n in range(threads)]
        for thread in self._threads:
            thread.start()

    def add_task(self, task: Task) -> bool:
        """Let a request wait for its thread; False if its line is full."""
        with self._changed:
            line = self._waiting[task.own, task.sort]
            if self._stopping or len(line) >= LINES[task.own, task.sort].waiting_max:
                return False
            if (
                task.sort == Sort.SIGNS_IN
                and not task.own
                and sum(one.peer == task.peer for one in line) >= SAME_PEER_MAX
            ):
                return False
            line.append(task)
            self._changed.notify()
            return True

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        """End the threads, those that serve within the time."""
        with self._changed:
            self._stopping = True
            for line in self._waiting.values():
                while cancel_pending and line:
                    line.popleft().cancel()
            self._changed.notify_all()
        ends_s = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, ends_s - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        while (found := self._next()) is not None:
            key, task = found
            try:
                task.service()
            except BaseException:
                _log.exception("serving a request failed")
            finally:
                self._done(key)

    def _next(self) -> tuple[Key, Task] | None:
        """The next request whose turn it is; waits for one; None at the end."""
        with self._changed:
            while not self._stopping:
                pause_s = self._sign_in_from_s - self._mono_s()
                for key, line in self._waiting.items():
                    if line and self._may(key) and not (_signs_in(key) and pause_s > 0):
                        self._serving[key] += 1
                        return key, line.popleft()
                sign_ins = any(line for key, line in self._waiting.items() if _signs_in(key))
                self._changed.wait(max(pause_s, 0.001) if sign_ins and pause_s > 0 else None)
            return None

    def _may(self, key: Key) -> bool:
        alike = [count for one, count in self._serving.items() if one == key or (_signs_in(one) and _signs_in(key))]
        return sum(alike) < LINES[key].at_once

    def _done(self, key: Key) -> None:
        with self._changed:
            self._serving[key] -= 1
            if _signs_in(key):
                self._sign_in_from_s = self._mono_s() + SIGN_IN_PAUSE_S
            self._changed.notify_all()


def _signs_in(key: Key) -> bool:
    return key[1] == Sort.SIGNS_IN
