"""Puts the newest snapshot of the engine into the mailbox.

It has its own thread, since `watch` of the control socket blocks. Without an engine the journal is delivered all the
same, and `/status` shows that no engine runs.
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
        """End with the next snapshot; it is a daemon thread."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                for snapshot in self._engine.watch():
                    self._mailbox.put_snapshot(snapshot)
                    if self._stop.is_set():
                        return
            except GatehouseError:
                pass  # The mailbox shows that the engine is away; try again for ever.
            self._mailbox.put_snapshot(None)
            self._stop.wait(RETRY_S)
