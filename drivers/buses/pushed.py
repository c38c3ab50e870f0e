"""The bus of a camera whose reads arrive at another process.

Reads enter by `push`, from the thread of the control socket; the state of a link that another process keeps enters by
`link`. Without a link there is no wire to lose: the bus reports when it last heard the camera, and reports it lost when
a sign of life is overdue.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Collection, Hashable, Sequence
from typing import NamedTuple, Protocol

import msgspec

from drivers.base import Health, Report
from drivers.buses.outputless import OutputlessBus
from gateway.core.vocabulary.events import DeviceLost, DeviceRestored, Event

WAITING_MAX = 64
"""Reads that may wait for the thread; of more the oldest are dropped."""
IDLE_S = 1.0
S = 1_000_000_000


class Listener(Protocol):
    """What turns pushed reads into events; one per bus."""

    @property
    def rejected(self) -> int:
        """Reads so far that did not count."""

    @property
    def ends_ns(self) -> int | None:
        """When something is due by time."""

    @property
    def words(self) -> str:
        """Why the last read did not count, for people; empty when there is nothing to say."""

    def take(self, value: str, confidence: float, now_ns: int, age_ms: int | None = None) -> Sequence[Event]:
        """A read, so old where its sender tells; an empty one is a sign of life and is not given here."""

    def tick(self, now_ns: int) -> Sequence[Event]:
        """What is due by time."""


class _PushedRead(NamedTuple):
    """A read as it came."""

    value: str
    confidence: float
    at_ns: int
    age_ms: int | None
    wrong: str


class PushedBus(OutputlessBus):
    """One device. `silence_s` 0: it may be silent for ever."""

    def __init__(self, key: Hashable, device: str, kind: str, silence_s: int, listener: Listener, report: Report):
        super().__init__(report)
        self.key = key
        self.devices = (device,)
        self._kind = kind
        self._silence_ns = silence_s * S
        self._listener = listener
        self._waiting: deque[_PushedRead] = deque(maxlen=WAITING_MAX)
        self._woken = threading.Event()
        self._stopping = False
        self._anew = False
        self._heard_ns = time.monotonic_ns()
        self._link: tuple[bool, str] = (True, "")
        self._linked_lost = False
        self._words = ""
        """What was last told of the link; a read's own error stands until there is something else to tell."""
        self._health = Health(device, "starting", time.time_ns())

    def health(self) -> list[Health]:
        return [self._health]

    def push(
        self,
        device: str,  # noqa: ARG002
        kind: str,
        value: str,
        confidence: float,
        age_ms: int | None = None,
        wrong: str = "",
    ) -> bool:
        if kind != self._kind:
            return False
        self._waiting.append(_PushedRead(value, confidence, time.monotonic_ns(), age_ms, wrong))
        self._woken.set()
        return True

    def link(self, device: str, up: bool, words: str) -> bool:  # noqa: ARG002
        self._link = (up, words)
        self._woken.set()
        return True

    def tell_anew(self, devices: Collection[str]) -> bool:  # noqa: ARG002
        self._anew = True
        self._woken.set()
        return True

    def stop(self) -> None:
        self._stopping = True
        self._woken.set()

    def run(self) -> None:
        self._change("online")
        self._report(DeviceRestored(self.devices[0]))
        while not self._stopping:
            self.turns += 1
            self._woken.wait(self._pause_s())
            self._woken.clear()
            if self._anew:
                self._anew = False
                lost = self._health.state == "lost"
                device = self.devices[0]
                self._report(DeviceLost(device, self._health.last_error) if lost else DeviceRestored(device))
            while self._waiting:
                self._take(self._waiting.popleft())
            now_ns = time.monotonic_ns()
            self._tell(self._listener.tick(now_ns))
            self._look_at_link(*self._link, now_ns)
            self._listen_for_silence(now_ns)

    def _pause_s(self) -> float:
        ends_ns = self._listener.ends_ns
        return IDLE_S if ends_ns is None else min(IDLE_S, max(0, ends_ns - time.monotonic_ns()) / S)

    def _look_at_link(self, up: bool, words: str, now_ns: int) -> None:
        """A link that is gone is a device that is gone; words about one that stands are worth reading all the same."""
        if up and self._linked_lost:
            self._linked_lost = False
            self._heard_ns = now_ns
            self._back()
        elif not up and not self._linked_lost:
            self._linked_lost, self._words = True, words
            self._lose(words)
        elif words != self._words:
            self._words = words
            if words:
                self._health = msgspec.structs.replace(self._health, last_error=words, errors=self._health.errors + 1)

    def _take(self, pushed: _PushedRead) -> None:
        now_ns, wrong = pushed.at_ns, pushed.wrong
        self._heard_ns = now_ns
        self._back()
        rejected = self._listener.rejected
        events: Sequence[Event] = ()
        if pushed.value:
            events = self._listener.take(pushed.value, pushed.confidence, now_ns, pushed.age_ms)
            wrong = wrong or self._listener.words
        self._health = msgspec.structs.replace(
            self._health,
            last_ok_mono_ns=now_ns,
            last_error=wrong or self._health.last_error,
            frames=self._health.frames + 1,
            errors=self._health.errors + self._listener.rejected - rejected + bool(pushed.wrong),
        )
        self._tell(events)

    def _listen_for_silence(self, now_ns: int) -> None:
        if not self._silence_ns or self._health.state == "lost" or now_ns - self._heard_ns < self._silence_ns:
            return
        self._lose(
            f"nothing was heard for {self._silence_ns // S} s; check the camera, its network, and where it sends to"
        )

    def _lose(self, words: str) -> None:
        self._health = msgspec.structs.replace(self._health, last_error=words, errors=self._health.errors + 1)
        if self._health.state != "lost":
            self._change("lost")
            self._report(DeviceLost(self.devices[0], words))

    def _back(self) -> None:
        if self._health.state == "lost":
            self._change("online")
            self._report(DeviceRestored(self.devices[0]))

    def _change(self, state: str) -> None:
        if self._health.state != state:
            self._health = msgspec.structs.replace(
                self._health,
                state=state,
                since_wall_ns=time.time_ns(),
            )
