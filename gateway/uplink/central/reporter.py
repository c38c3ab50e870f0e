"""Reports the state of the link to the engine, which journals and shows it.

A link that goes up or down is reported at once, other changes at most every two seconds. It has its own thread, since
the engine may be slow or away. Only the newest report counts; it is repeated after the engine was away.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Protocol

import msgspec

from gateway.core.vocabulary.errors import GatehouseError

EVERY_S = 2.0
# Repeated without news, since the engine forgets the link at its own restart.
AGAIN_S = 10.0


class Report(msgspec.Struct, frozen=True):
    """The link: up or not, why (in words), how many rows are not acknowledged, and since when (RFC 3339)."""

    up: bool
    reason: str
    waiting: int
    since: str


class Engine(Protocol):
    """The control socket (`gateway.control.Client`)."""

    def call(self, op: str, timeout_s: float = 5.0, **params: Any) -> Any:
        """The result of an op; raises GatehouseError."""


class Reporter:
    """Call `tell` from the sending thread; everything else runs in the reporter's own thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._news = threading.Condition()
        self._newest: Report | None = None
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="uplink-report", daemon=True)

    def start(self) -> None:
        """Begin to report."""
        self._thread.start()

    def tell(self, report: Report) -> None:
        """Set the newest state of the link; never blocks."""
        with self._news:
            self._newest = report
            self._news.notify()

    def stop(self) -> None:
        """End after a last report."""
        with self._news:
            self._stopping = True
            self._news.notify()
        self._thread.join(timeout=1.0)

    def _run(self) -> None:
        tried: Report | None = None
        told: Report | None = None
        told_s = 0.0
        while not self._stopping:
            report = self._next(tried)
            if report is None or (report == told and time.monotonic() - told_s < AGAIN_S):
                continue
            told, told_s = (report, time.monotonic()) if self._send(report) else (None, told_s)
            tried = report
        if self._newest is not None and self._newest != told:
            self._send(self._newest)

    def _next(self, tried: Report | None) -> Report | None:
        """The newest report: at once if the link went up or down, else after `EVERY_S`."""

        def urgent() -> bool:
            newest = self._newest
            changed = newest is not None and (tried is None or newest.up != tried.up)
            return self._stopping or changed

        with self._news:
            self._news.wait_for(urgent, EVERY_S)
            return self._newest

    def _send(self, report: Report) -> bool:
        try:
            self._engine.call("uplink.report", timeout_s=2.0, **msgspec.to_builtins(report))
        except GatehouseError:
            return False
        return True
