"""Puts the newest snapshot of the engine into the mailbox.

It has its own thread, since `watch` of the control socket blocks. Without an engine the journal is delivered all the
same, and `/status` shows that no engine runs. A snapshot that cannot be read, as of an engine of an earlier version,
counts as none.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import Protocol

from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError
from gateway.core.vocabulary.views import CentralView
from gateway.uplink.mailbox import Mailbox

_log = logging.getLogger(__name__)
RETRY_S = 1.0


class Watchable(Protocol):
    """The control socket (`gateway.control.Client`)."""

    def watch(self, of: type[CentralView], timeout_s: float = 5.0) -> Iterator[CentralView]:
        """Snapshots; raises GatehouseError when the engine is gone."""


class Watch:
    """Follows the engine until `stop`."""

    def __init__(self, engine: Watchable, mailbox: Mailbox) -> None:
        self._engine = engine
        self._mailbox = mailbox
        self._stop = threading.Event()
        self._said = ""

    def start(self) -> None:
        """Begin to follow."""
        threading.Thread(target=self._run, name="uplink-watch", daemon=True).start()

    def stop(self) -> None:
        """End with the next snapshot; it is a daemon thread."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                for snapshot in self._engine.watch(CentralView):
                    self._mailbox.put_snapshot(snapshot)
                    if self._stop.is_set():
                        return
            except EngineUnreachableError:
                pass  # The mailbox shows that the engine is away; try again for ever.
            except GatehouseError as error:
                self._say(str(error))
            self._mailbox.put_snapshot(None)
            self._stop.wait(RETRY_S)

    def _say(self, words: str) -> None:
        """Log it, once for the same words in a row."""
        if words != self._said:
            self._said = words
            _log.warning("no news from the engine: %s", words)
