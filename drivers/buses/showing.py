"""The bus of a display: the newest message is written.

Only the newest counts, so there is no queue. A display that was away shows what holds now, not what was missed. The
core says when a message has had its time; when it does not, the last lasting message is shown again after a limit, so
that no lane promises for ever what held once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable

from drivers.base import Message, Report
from drivers.buses.single import SingleBus
from drivers.links import backoff
from drivers.links.serial_port import SerialPort

MS = 1_000_000
IDLE: Message = {"verdict": "idle"}
Encode = Callable[[Message], bytes]


class ShowingBus(SingleBus[SerialPort]):
    """One display on one serial port; `lasting` verdicts stay until the next message, others for `show_ms`."""

    def __init__(
        self,
        key: Hashable,
        device: str,
        port: SerialPort,
        encode: Encode,
        report: Report,
        *,
        show_ms: int,
        lasting: frozenset[str],
    ) -> None:
        super().__init__(key, device, port, backoff.for_wire(), report)
        self._encode = encode
        self._show_ns = show_ms * MS
        self._lasting = lasting
        self._lock = threading.Lock()
        self._message = self._rest = IDLE
        self._until_ns: int | None = None
        self._fresh = True

    def show(self, device: str, message: Message) -> None:  # noqa: ARG002
        lasts = str(message.get("verdict")) in self._lasting
        with self._lock:
            self._message = dict(message)
            self._rest = self._message if lasts else self._rest
            self._until_ns = None if lasts else time.monotonic_ns() + self._show_ns
            self._fresh = True
        self._wire.wake()

    # ---- the bus's own thread --------------------------------------------------------------------------------------

    def _interrupted(self) -> None:
        self._wire.close()

    def _round(self) -> None:
        opened = not self._wire.is_open
        if opened:
            self._wire.open()
        message = self._due(opened)
        if message is not None:
            shown = self._encode(message)
            self._wire.write(shown)
            self.trace(self.devices[0]).sent(shown)
            self._watch.answered()
        if opened:
            self._watch.restored()
            self._retry.reset()
        self._wire.read(self._wait_s())

    def _due(self, opened: bool) -> Message | None:
        """The message to write now; None when the display shows it already."""
        with self._lock:
            if self._until_ns is not None and time.monotonic_ns() >= self._until_ns:
                self._message, self._until_ns, self._fresh = self._rest, None, True
            fresh, self._fresh = self._fresh or opened, False
            return self._message if fresh else None

    def _wait_s(self) -> float | None:
        with self._lock:
            if self._fresh:
                return 0.0
            return None if self._until_ns is None else max(0, self._until_ns - time.monotonic_ns()) / 1e9
