"""Notifications to systemd: READY, STATUS, STOPPING, and a watchdog that is fed only while threads turn.

The protocol is a datagram to $NOTIFY_SOCKET (sd_notify(3)). A thread that only feeds the watchdog would prove nothing,
so each supervised part counts its turns, and the watchdog is fed only if each has turned within its patience.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Mapping, Sequence

log = logging.getLogger(__name__)


class Notifier:
    """Notifies systemd; without $NOTIFY_SOCKET it does nothing."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self.watchdog_s = _watchdog_s(environment)

    def tell(self, *lines: str) -> None:
        """Send assignments such as `READY=1`; a failure is only logged."""
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.setblocking(False)
                sock.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            log.debug("systemd could not be told: %s", error)

    def ready(self, status: str) -> None:
        """The service has started."""
        self.tell("READY=1", f"STATUS={status}")

    def alive(self) -> None:
        """The service makes progress."""
        self.tell("WATCHDOG=1")

    def stopping(self) -> None:
        """The service ends in good order."""
        self.tell("STOPPING=1")


def _watchdog_s(environment: Mapping[str, str]) -> float | None:
    """The watchdog's patience in seconds; None if it is off or for another process."""
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    text = environment.get("WATCHDOG_USEC", "")
    return int(text) / 1e6 if text.isdigit() and int(text) > 0 else None


class Progress:
    """One supervised part: a counter that grows while it works, and how long it may stop."""

    def __init__(self, name: str, turns: Callable[[], int], patience_s: float, *, once_begun: bool = False) -> None:
        """`once_begun`: watch it only after its first turn."""
        self.name = name
        self._turns = turns
        self._patience_ns = int(patience_s * 1e9)
        self._once_begun = once_begun
        self._last: int | None = None
        self._moved_ns = 0

    def stands_still(self, now_ns: int) -> bool:
        """Whether the counter has not grown for longer than its patience."""
        turns = self._turns()
        if turns != self._last or (self._once_begun and not turns):
            self._last = turns
            self._moved_ns = now_ns
        return now_ns - self._moved_ns > self._patience_ns


class Watchdog:
    """All supervised parts together."""

    def __init__(self, notifier: Notifier, parts: Callable[[], Sequence[Progress]]) -> None:
        """`parts`: those that run now; each is the same object for as long as it runs."""
        self._notifier = notifier
        self._parts = parts
        self._said: tuple[str, ...] = ()

    @property
    def interval_s(self) -> float:
        """How often to call `turn`: three times within systemd's patience, at least once a second."""
        return min(1.0, (self._notifier.watchdog_s or 3.0) / 3)

    def turn(self, now_ns: int) -> tuple[str, ...]:
        """Feed the watchdog unless a part makes no progress; returns those parts."""
        still = tuple(part.name for part in self._parts() if part.stands_still(now_ns))
        if not still:
            self._notifier.alive()
        elif still != self._said:
            log.error("no progress in: %s; the watchdog is not fed", ", ".join(still))
        self._said = still
        return still
