"""The engine's threads. One that ends unasked ends the process; a device that fails does not."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable

from gateway.engine.priority import follow_main_thread

log = logging.getLogger(__name__)

URGENT = ("core", "recorder")
"""Threads that an arm waits for, apart from its bus: they get the main thread's priority."""


class Workers:
    """Named threads; `failed` is called once for each that ends unasked, with a line for the log."""

    def __init__(self, failed: Callable[[str], None]) -> None:
        self._failed = failed
        self._threads: dict[str, threading.Thread] = {}
        self._released: set[threading.Thread] = set()

    def start(self, name: str, run: Callable[[], None], *, urgent: bool | None = None) -> None:
        """Run a function in its own thread; `urgent`: with the main thread's priority, None: if it is in `URGENT`."""
        hurries = name in URGENT if urgent is None else urgent
        thread = threading.Thread(target=self._guard, args=(name, run, hurries), name=name, daemon=True)
        self._threads[name] = thread
        thread.start()

    def release(self, names: Iterable[str] | None = None) -> None:
        """Expect these threads (all by default) to end."""
        wanted = list(self._threads) if names is None else [name for name in names if name in self._threads]
        self._released.update(self._threads[name] for name in wanted)

    def join(self, names: Iterable[str], patience_s: float) -> list[str]:
        """Wait for threads to end; returns those that did not."""
        deadline = time.monotonic() + patience_s
        late = []
        for name in names:
            thread = self._threads.get(name)
            if thread is None or thread is threading.current_thread():
                continue
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                late.append(name)
        return late

    def names(self, prefix: str = "") -> list[str]:
        """The threads whose name begins so."""
        return [name for name in self._threads if name.startswith(prefix)]

    def alive(self, name: str) -> bool:
        """Whether a thread runs."""
        thread = self._threads.get(name)
        return thread is not None and thread.is_alive()

    def _guard(self, name: str, run: Callable[[], None], hurries: bool) -> None:
        if hurries:
            follow_main_thread()
        try:
            run()
        except BaseException:
            log.critical("worker %s failed", name, exc_info=True)
            if threading.current_thread() not in self._released:
                self._failed(f"worker {name} failed")
            return
        if threading.current_thread() not in self._released:
            self._failed(f"worker {name} ended unexpectedly")
