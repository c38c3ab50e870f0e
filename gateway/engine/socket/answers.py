"""First answers by request key: a repeated request gets its first answer, and nothing moves.

Requests from afar (HTTP, MQTT) are noted on disk before anything moves, so that a repeat is known after a restart too.
Taps on the guard's screen are kept in memory only: STOP never waits for a disk. While storage is degraded all are kept
in memory.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NoReturn, Protocol

from gateway.core.vocabulary.errors import GatehouseError, IdempotencyConflictError
from gateway.store.projections.answers import Answer, Conflict, Pending

log = logging.getLogger(__name__)

RECENT_MAX = 1_000
"""Answers that are kept in memory."""
INTERRUPTED = {
    "status": "refused",
    "reason": "interrupted",
    "detail": "the gateway stopped while this was carried out; look at the lane and ask anew",
}


class Disk(Protocol):
    """The needed part of `State`."""

    def begin(self, key: str, digest: str, now_wall_ns: int) -> Answer | Pending | Conflict | None:
        """Note a request; returns its first answer, None if it is new."""

    def finish(self, key: str, answer: Any) -> None:
        """Store the answer."""


class Answers:
    """Belongs to the desk's thread."""

    def __init__(self, disk: Disk, degraded: Callable[[], bool]) -> None:
        self._disk = disk
        self._degraded = degraded
        self._recent: OrderedDict[str, tuple[str, dict[str, Any]]] = OrderedDict()

    def begin(self, key: str, digest: str, *, on_disk: bool) -> dict[str, Any] | None:
        """The first answer to this request, None if it is new; IdempotencyConflictError for another body."""
        recent = self._recent.get(key)
        if recent is not None:
            if recent[0] != digest:
                _conflict(key)
            return recent[1]
        if not on_disk or self._degraded():
            return None
        try:
            known = self._disk.begin(key, digest, time.time_ns())
        except GatehouseError as error:
            log.warning("request %r is remembered in memory only: %s", key, error)
            return None
        if isinstance(known, Conflict):
            _conflict(key)
        if isinstance(known, Pending):
            return {"id": key, **INTERRUPTED}
        answer: dict[str, Any] | None = known.answer if known is not None else None
        return answer

    def finish(self, key: str, digest: str, answer: dict[str, Any], *, on_disk: bool) -> None:
        """Store the answer for repeats."""
        self._recent[key] = (digest, answer)
        if len(self._recent) > RECENT_MAX:
            self._recent.popitem(last=False)
        if not on_disk or self._degraded():
            return
        try:
            self._disk.finish(key, answer)
        except GatehouseError as error:
            log.warning("the answer to request %r is kept in memory only: %s", key, error)


def _conflict(key: str) -> NoReturn:
    raise IdempotencyConflictError(f"request {key!r} was used for something else; take a new key for a new request")
