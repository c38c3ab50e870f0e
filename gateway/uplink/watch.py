"""Keeps the newest snapshot of the engine in the mailbox, for as long as there is an engine to ask.

A thread of its own, since the control socket's `watch` blocks. Without an engine the journal is drained all the same;
central sees in `/status` that nobody is deciding.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, Protocol

from gateway.core.vocabulary.errors import GatehouseError
from gateway.uplink.mailbox import Mailbox

RETRY_S = 1.0


class Watchable(Protocol):
    """The control socket (`gateway.control.Client`)."""

    def watch(self, timeout_s: float = 5.0) -> Iterator[dict[str, Any]]:
        """Snapshots; raises GatehouseError when the engine is gone."""


class Watch:
    """Follows the engine until `stop`."""

    def __init__(self, engine: Watchable, mailbox: Mailbox) -> None:
        self._engine = engine
        self._mailbox = mailbox
        self._stop = threading.Event()

    def start(self) -> None:
        """Begin to follow."""
        threading.Thread(target=self._run, name="uplink-watch", daemon=True).start()

    def stop(self) -> None:
        """End with the next snapshot; the thread does not keep the process alive."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                for snapshot in self._engine.watch():
                    self._mailbox.put_snapshot(snapshot)
                    if self._stop.is_set():
                        return
            except GatehouseError:
                pass  # Told to people by the engine's absence everywhere; tried again for ever.
            self._mailbox.put_snapshot(None)
            self._stop.wait(RETRY_S)
