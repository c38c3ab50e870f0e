"""The queue into the core thread: bounded, and never blocks a reporter.

A `SimpleQueue` (C, one semaphore) costs a third of a `queue.Queue`. The bound is checked before the put, so each thread
may exceed it by one. Past the bound a presentation is dropped and logged, since the driver presents the card again.
Any other event must not be lost: then the process ends and is started again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

from gateway.core.vocabulary.errors import BusyError
from gateway.core.vocabulary.events import CredentialRead

log = logging.getLogger(__name__)

INBOX_MAX = 10_000
REQUESTS_MAX = 1_000
"""Past this many waiting events a person's request is refused as busy."""


class Inbox:
    """Events on their way into the core."""

    def __init__(self, overflowed: Callable[[str], None], limit: int = INBOX_MAX) -> None:
        self._queue: SimpleQueue[Any] = SimpleQueue()
        self._overflowed = overflowed
        self._limit = limit
        self._dropped = 0

    def __len__(self) -> int:
        return self._queue.qsize()

    def put(self, item: Any) -> None:
        """Put an event, from any thread."""
        if self._queue.qsize() < self._limit:
            self._queue.put(item)
            if self._dropped:
                self._tell_dropped()
        elif type(item) is CredentialRead:
            if not self._dropped:
                log.error("the core is %d events behind; credentials are dropped until it has caught up", self._limit)
            self._dropped += 1
        else:
            self._overflowed(f"the core is {self._limit} facts behind and cannot catch up")

    def admit(self) -> None:
        """Call before putting a request; BusyError if the core is too busy."""
        if self._queue.qsize() >= REQUESTS_MAX:
            raise BusyError("the engine has too much to do at the moment; try again shortly")

    def take(self, timeout_s: float) -> Any:
        """The next event; None if none came in time."""
        try:
            return self._queue.get(timeout_s > 0, timeout_s)
        except Empty:
            return None

    def _tell_dropped(self) -> None:
        count, self._dropped = self._dropped, 0
        log.error("the core takes credentials again; %d were dropped", count)
