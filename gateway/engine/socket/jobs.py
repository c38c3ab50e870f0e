"""Requests on their way to a thread that does one after the other: bounded for who asks, all of them done at a stop.

A job answers for its own failures; one that raises all the same is logged, and the next one is done.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from queue import Empty, SimpleQueue

from gateway.core.vocabulary.errors import BusyError

log = logging.getLogger(__name__)

WAITING_MAX = 256
"""Requests that may wait for one thread."""
LOOK_S = 1.0

Job = Callable[[], None]


class Jobs:
    """`run` is for the thread, everything else for any; a job answers for its own failures."""

    def __init__(self, what: str) -> None:
        """`what`: who is told that there are too many is told of what."""
        self._what = what
        self._queue: SimpleQueue[Job | None] = SimpleQueue()

    def ask(self, job: Job) -> None:
        """Queue what somebody asks for; BusyError when too many wait."""
        if self._queue.qsize() >= WAITING_MAX:
            raise BusyError(f"too many {self._what} wait already; try again shortly")
        self._queue.put(job)

    def tell(self, job: Job) -> None:
        """Queue what must not get lost."""
        self._queue.put(job)

    def stop(self) -> None:
        """End `run` when what waits is done."""
        self._queue.put(None)

    def run(self, look: Callable[[], None] = lambda: None) -> None:
        """Do jobs until `stop`; `look` before each, and about once a second."""
        while True:
            look()
            try:
                job = self._queue.get(timeout=LOOK_S)
            except Empty:
                continue
            if job is None:
                return
            try:
                job()
            except Exception:
                log.exception("one of the %s failed; the next is served", self._what)
