"""A queue of requests for one thread: bounded for requests, emptied at a stop.

A job reports its own failures; an exception is logged, and the next job runs.
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
    """Call `run` in the thread, everything else in any thread."""

    def __init__(self, what: str) -> None:
        """`what`: names the jobs in the text of BusyError."""
        self._what = what
        self._queue: SimpleQueue[Job | None] = SimpleQueue()

    def ask(self, job: Job) -> None:
        """Queue a request; BusyError if too many wait."""
        if self._queue.qsize() >= WAITING_MAX:
            raise BusyError(f"too many {self._what} wait already; try again shortly")
        self._queue.put(job)

    def tell(self, job: Job) -> None:
        """Queue a job that must not be lost."""
        self._queue.put(job)

    def stop(self) -> None:
        """End `run` after the waiting jobs."""
        self._queue.put(None)

    def run(self, look: Callable[[], None] = lambda: None) -> None:
        """Run jobs until `stop`; call `look` before each, and about once a second."""
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
