"""The bus of readers that are asked in turn and may also speak unasked, on one serial line or TCP connection.

The bus owns the wire and the time: whom to ask next, how long to wait, who is lost and how seldom to try it again, so
that one dead or babbling reader leaves the others at their rate. What the bytes mean is the unit's business (`Unit`).
An answer that comes late is still taken, since what it says is addressed and true; so nothing has to be thrown away.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Hashable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from drivers.base import Health, Report
from drivers.buses.outputless import OutputlessBus
from drivers.links import backoff
from drivers.links.backoff import Backoff
from drivers.trace import Trace
from drivers.watch import AskedAnew, Watch
from gateway.core.vocabulary.errors import DeviceError
from gateway.core.vocabulary.events import Event

if TYPE_CHECKING:
    from drivers.links.stream import Stream

MS = 1_000_000
LISTEN_MS = 250
"""How long the bus listens at most before it looks at the time again."""


class Question(msgspec.Struct, frozen=True):
    """What to send to a reader and how long to wait; only a `vital` one tells by its answer whether it is there."""

    frame: bytes
    timeout_ms: int
    vital: bool = True


class Meaning(msgspec.Struct, frozen=True):
    """What a frame means: events, whether it ends the question, whether it shows that the reader is there."""

    events: Sequence[Event] = ()
    done: bool = False
    alive: bool = False


class Unit(Protocol):
    """One reader on the wire, as its protocol sees it."""

    device: str
    address: int

    @property
    def period_ms(self) -> int:
        """Time from one question to the next while it answers."""

    def begin(self) -> None:
        """Contact is to be made anew."""

    def question(self, lost: bool) -> Question:
        """What to ask now."""

    def take(self, frame: Any) -> Meaning:
        """A frame of this reader; DeviceError in words when it reports trouble."""

    def unanswered(self, garbled: bool) -> str:
        """The question got no answer: what that means, in words; empty when it proves nothing."""


class Codec(Protocol):
    """Finds frames, each with an `address`, in the bytes of the wire."""

    rejected: int

    def feed(self, received: bytes) -> Sequence[Any]:
        """Take bytes as they come and return the frames that they complete."""

    def quiet(self) -> Sequence[Any]:
        """Nothing came for a while: give up the frame that has begun, and return the whole frames behind it."""


class _AskedUnit:
    """A unit with what the bus remembers about it."""

    def __init__(self, unit: Unit, watch: Watch, retry: Backoff, trace: Trace) -> None:
        self.unit = unit
        self.trace = trace
        self.watch = watch
        self.retry = retry
        self.due_ns = 0

    def alive(self) -> None:
        self.retry.reset()
        if self.watch.known:
            self.watch.answered()
        else:
            self.watch.restored()

    def next(self, asked_ns: int) -> None:
        """Keep the rate, without making up for a delay by a burst."""
        self.due_ns = max(self.due_ns + self.unit.period_ms * MS, asked_ns)

    def missed(self, error: str) -> None:
        self.watch.missed(error)
        pause_ms = self.unit.period_ms
        if self.watch.lost:
            self.unit.begin()
            pause_ms = self.retry.pause_ms()
        self.due_ns = time.monotonic_ns() + pause_ms * MS


class AskingBus(OutputlessBus):
    """One wire with readers on it; `reconnects`: open the wire anew when no reader answers (TCP)."""

    def __init__(
        self,
        key: Hashable,
        stream: Stream,
        codec: Codec,
        units: Sequence[Unit],
        report: Report,
        *,
        quiet_ms: int,
        reconnects: bool,
    ) -> None:
        super().__init__(report)
        self.key = key
        self.devices = tuple(unit.device for unit in units)
        self._stream = stream
        self._codec = codec
        self._asked = [
            _AskedUnit(unit, Watch(unit.device, report), backoff.for_device(len(units)), self.trace(unit.device))
            for unit in units
        ]
        self._by_address = {asked.unit.address: asked for asked in self._asked}
        self._reopen = backoff.for_wire()
        self._quiet_ns = quiet_ms * MS
        self._heard_ns = 0
        self._heard_bytes = 0
        self._reconnects = reconnects
        self._stopping = False
        self._anew = AskedAnew()

    def health(self) -> list[Health]:
        return [asked.watch.health for asked in self._asked]

    def stop(self) -> None:
        self._stopping = True
        self._stream.wake()

    def tell_anew(self, devices: Collection[str]) -> bool:
        self._anew.add(devices)
        self._stream.wake()
        return True

    # ---- the bus's own thread --------------------------------------------------------------------------------------

    def run(self) -> None:
        try:
            while not self._stopping:
                self.turns += 1
                if self._anew:
                    wanted = self._anew.take()
                    for asked in self._asked:
                        if asked.watch.device in wanted:
                            asked.watch.tell_anew()
                try:
                    self._round()
                except DeviceError as error:
                    self._wire_gone(str(error))
        finally:
            self._stream.dispose()

    def _round(self) -> None:
        if not self._stream.is_open:
            self._stream.open()
        asked = min(self._asked, key=lambda one: one.due_ns)
        now_ns = time.monotonic_ns()
        if asked.due_ns <= now_ns:
            self._ask(asked, now_ns)
        else:
            self._hear(min(asked.due_ns, now_ns + LISTEN_MS * MS))

    def _wire_gone(self, error: str) -> None:
        self._stream.close()
        for asked in self._asked:
            asked.watch.gone(error)
            asked.unit.begin()
            asked.retry.reset()
            asked.due_ns = 0
        self._codec.quiet()
        self._stream.read(self._reopen.pause_ms() / 1000)

    def _ask(self, asked: _AskedUnit, now_ns: int) -> None:
        question = asked.unit.question(asked.watch.lost)
        self._heard_bytes = 0
        self._stream.write(question.frame)
        asked.trace.sent(question.frame)
        until_ns = now_ns + question.timeout_ms * MS
        try:
            while not self._stopping and time.monotonic_ns() < until_ns:
                if self._hear(until_ns, asked):
                    asked.watch.round_trip_us = (time.monotonic_ns() - now_ns) // 1_000
                    self._reopen.reset()
                    asked.next(now_ns)
                    return
        except DeviceError as trouble:
            self._troubled(asked, question, str(trouble), now_ns)
            return
        if not self._stopping:
            self._unanswered(asked, question, now_ns)

    def _troubled(self, asked: _AskedUnit, question: Question, error: str, now_ns: int) -> None:
        """The reader says that it cannot; or the wire has gone."""
        if not self._stream.is_open:
            raise DeviceError(error)
        if question.vital:
            asked.missed(error)
        else:
            asked.watch.noise(1, error)
            asked.next(now_ns)

    def _unanswered(self, asked: _AskedUnit, question: Question, now_ns: int) -> None:
        error = asked.unit.unanswered(garbled=self._heard_bytes > 0)
        if error:
            asked.missed(error)
            if self._reconnects and all(one.watch.lost for one in self._asked):
                self._stream.close()
            return
        if question.vital and not asked.watch.known:
            asked.watch.restored()
        asked.next(now_ns)

    def _hear(self, until_ns: int, asked: _AskedUnit | None = None) -> bool:
        """Take what comes, once; True when it ends the question to `asked`."""
        now_ns = time.monotonic_ns()
        wait_ns = max(0, min(until_ns - now_ns, self._quiet_ns))
        rejected = self._codec.rejected
        received = self._stream.read(wait_ns / 1e9)
        if received:
            self._heard_ns = time.monotonic_ns()
            self._heard_bytes += len(received)
            for heard in (asked,) if asked is not None else self._asked:
                heard.trace.heard(received)
            frames = self._codec.feed(received)
        else:
            quiet = time.monotonic_ns() - self._heard_ns >= self._quiet_ns
            frames = self._codec.quiet() if quiet else ()
        self._noise(self._codec.rejected - rejected)
        ended = [self._take(frame, asked) for frame in frames]
        return any(ended)

    def _take(self, frame: Any, asked: _AskedUnit | None) -> bool:
        owner = self._by_address[frame.address]
        try:
            heard = owner.unit.take(frame)
        except DeviceError:
            if owner is asked:
                raise
            return False
        if heard.alive:
            owner.alive()
        self._tell(heard.events)
        return heard.done and owner is asked

    def _noise(self, count: int) -> None:
        for asked in self._asked:
            asked.watch.noise(count)
