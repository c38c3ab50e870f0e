"""The mailbox of the sending thread: other threads put snapshots and answers in, and wake it.

The sending thread sleeps in one `select` on the broker's socket and on this mailbox. Only the newest snapshot is kept.
Answers are bounded because orders are: the broker sends few before it has their PUBACK, which
goes out behind the answer (`Link.done`).
"""

from __future__ import annotations

import select
import socket
import threading
from collections import deque
from collections.abc import Iterator

from gateway.core.vocabulary.views import CentralView
from gateway.uplink.mqtt.messages import Outgoing

ANSWERS_MAX = 256


class Waker:
    """A byte in a socket pair: `wake` from any thread, `fileno` for `select`, `drain` after waking."""

    def __init__(self) -> None:
        self._read, self._write = socket.socketpair()
        self._read.setblocking(False)
        self._write.setblocking(False)

    def fileno(self) -> int:
        """The descriptor that is readable after a wake."""
        return self._read.fileno()

    def wake(self) -> None:
        """End the sleep, now or the next one; safe from any thread and after `close`."""
        try:
            self._write.send(b"w")
        except OSError:
            pass  # Full: the thread is awake anyway. Closed: no thread sleeps here.

    def drain(self) -> None:
        """Discard the wakes so far."""
        try:
            while self._read.recv(4096):
                pass
        except OSError:
            pass

    def wait(self, timeout_s: float) -> None:
        """Sleep until a wake, `timeout_s` at most."""
        select.select([self], [], [], timeout_s)
        self.drain()

    def close(self) -> None:
        """Close the descriptors."""
        self._read.close()
        self._write.close()


class Mailbox:
    """The newest snapshot of the engine (None after it was lost) and answers for central."""

    def __init__(self, waker: Waker) -> None:
        self._waker = waker
        self._lock = threading.Lock()
        self._snapshot: CentralView | None = None
        self._news = False
        self._answers: deque[Outgoing] = deque(maxlen=ANSWERS_MAX)

    def put_snapshot(self, snapshot: CentralView | None) -> None:
        """Put the newest snapshot; None: the engine cannot be reached."""
        with self._lock:
            self._snapshot, self._news = snapshot, True
        self._waker.wake()

    def take_snapshot(self) -> tuple[bool, CentralView | None]:
        """Whether the snapshot is new since the last call, and the newest snapshot."""
        with self._lock:
            news, self._news = self._news, False
            return news, self._snapshot

    def put_answer(self, answer: Outgoing) -> None:
        """Put an answer; safe from any thread."""
        self._answers.append(answer)
        self._waker.wake()

    def take_answers(self) -> Iterator[Outgoing]:
        """The answers since the last call."""
        while self._answers:
            yield self._answers.popleft()
