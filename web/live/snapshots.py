"""The present state of the site, for screens and waiting clients.

One background thread watches the control socket for all screens; waiting threads use a condition with a version number.
An old snapshot is handed out with its age, and the screen shows it as old. One that cannot be read, as of an engine of
another version, counts as none and is logged. Streams and long polls each hold a server thread, so `Slots` counts both
against one cap; past it the answer is 503 with Retry-After and the screen polls instead.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from gateway.control import Client
from gateway.core.vocabulary.errors import GatehouseError
from gateway.core.vocabulary.views import Snapshot
from web.platform.problems import Problem

_log = logging.getLogger(__name__)

RETRY_FIRST_S = 0.2
RETRY_MAX_S = 2.0


def watch_engine(control: Path) -> Iterator[Snapshot]:
    """Snapshots from the engine's control socket until it goes away."""
    return iter(Client(control).watch(Snapshot))


class Live:
    """The newest snapshot, how old it is, and waiting for the next. The thread starts at the first use."""

    def __init__(self, control: Path, source: Callable[[Path], Iterator[Snapshot]] = watch_engine) -> None:
        self._control = control
        self._source = source
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._snapshot: Snapshot | None = None
        self._taken_mono_s = 0.0
        self._version = 0

    def snapshot(self) -> tuple[Snapshot | None, int]:
        """The newest snapshot and its age in ms; (None, 0) before the first one."""
        self._start()
        with self._changed:
            return self._snapshot, self._age_ms()

    def wait(self, version: int, timeout_s: float) -> tuple[int, Snapshot | None]:
        """Wait until there is a newer version than `version` (begin with 0), the time is over, or the web stops."""
        self._start()
        with self._changed:
            self._changed.wait_for(lambda: self._version > version or self._stopping.is_set(), timeout_s)
            return self._version, self._snapshot

    @property
    def version(self) -> int:
        """The number of the newest snapshot, 0 before the first one."""
        return self._version

    @property
    def stopping(self) -> bool:
        """True once the web process is going down; streams and long polls end then."""
        return self._stopping.is_set()

    def stop(self) -> None:
        """Wake all waiting threads and end the thread; thread-safe, never blocks."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()

    def _age_ms(self) -> int:
        if self._snapshot is None:
            return 0
        return int((time.monotonic() - self._taken_mono_s) * 1000)

    def _start(self) -> None:
        if self._thread is not None or self._stopping.is_set():
            return
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="live", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        pause_s = RETRY_FIRST_S
        while not self._stopping.is_set():
            before = self._version
            self._follow(first_try=pause_s == RETRY_FIRST_S)
            self._stopping.wait(pause_s)
            pause_s = RETRY_FIRST_S if self._version > before else min(pause_s * 2, RETRY_MAX_S)

    def _follow(self, *, first_try: bool) -> None:
        """Publish snapshots until the engine is gone; its reason is logged once."""
        try:
            for snapshot in self._source(self._control):
                self._publish(snapshot)
                if self._stopping.is_set():
                    return
        except (GatehouseError, OSError) as error:
            _log.log(logging.WARNING if first_try else logging.DEBUG, "no news from the engine: %s", error)
        except Exception:
            _log.exception("watching the engine failed")

    def _publish(self, snapshot: Snapshot) -> None:
        with self._changed:
            self._snapshot = snapshot
            self._taken_mono_s = time.monotonic()
            self._version += 1
            self._changed.notify_all()


class Slots:
    """A cap on requests that hold a thread for long; `kept` of the slots are not for strangers. Thread-safe."""

    def __init__(self, limit: int, when_full: str = "ask again later", *, kept: int = 0) -> None:
        self.limit = limit
        self._kept = kept
        self._when_full = when_full
        self.used = 0
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def hold(self, *, own: bool = True) -> Iterator[None]:
        """One slot within the block; Problem 503 with Retry-After if all are taken. `own`: not for a stranger."""
        release = self.take(own=own)
        try:
            yield
        finally:
            release()

    def take(self, *, own: bool = True) -> Callable[[], None]:
        """One slot until the returned function is called (once or more); Problem 503 as above."""
        with self._lock:
            if self.used < (self.limit if own else self.limit - self._kept):
                self.used += 1
                return _Once(self._give_back)
        raise Problem(
            503,
            "busy",
            f"All {self.limit} places are taken; {self._when_full}.",
            headers={"Retry-After": "2"},
        )

    def _give_back(self) -> None:
        with self._lock:
            self.used -= 1


class _Once:
    """Calls a function at most once, from any thread."""

    def __init__(self, function: Callable[[], None]) -> None:
        self._function: Callable[[], None] | None = function
        self._lock = threading.Lock()

    def __call__(self) -> None:
        with self._lock:
            function, self._function = self._function, None
        if function is not None:
            function()
