"""The bus of a printer: one paper after the other, and whether the printer can print at all.

A paper is printed soon or not at all: one that has waited for `LIFE_S`, or whose printer is away, is given up. Nothing
is printed twice by itself: the outcome names what was interrupted, and a person decides.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

import msgspec

from drivers.base import Report, Told
from drivers.buses.single import SingleBus
from drivers.links import backoff
from gateway.core.papers.paper import Outcome, Paper
from gateway.core.vocabulary.errors import DeviceError

if TYPE_CHECKING:
    from drivers.links.stream import Stream

WAITING_MAX = 8
"""Papers that may wait for one printer."""
LIFE_S = 10.0
PRINT_S = 8.0
"""How long a printer may take from its last byte until it says that the paper is out."""
LOOK_S = 10.0
"""How often a printer is asked how it is while nothing is printed."""
SOON_S = 1.0
"""How soon it is asked again when it did not answer, and while it prints."""
PIECE_BYTES = 256
Trouble = Literal["", "paper_out", "cover_open", "fault"]
WORDS: dict[Trouble, str] = {
    "paper_out": "the printer is out of paper; put in a new roll",
    "cover_open": "the cover of the printer is open; close it",
    "fault": "the printer reports a fault; look for jammed paper, then switch it off and on",
}
SILENT = (
    "the printer does not answer; check its power and its cable, or set `status` to `none` for one that never answers"
)


class Heard(msgspec.Struct, frozen=True):
    """What a printer said: its state at a question, or that all before is printed."""

    state: int | None = None
    printed: bool = False


class Talk(Protocol):
    """The language of the printer."""

    @property
    def questions(self) -> Sequence[bytes]:
        """Asked in turn how it is; empty for a printer that tells nothing. The first must be answered."""

    @property
    def is_printed(self) -> bytes:
        """Asks to be answered once everything before is on paper."""

    def encode(self, paper: Paper) -> bytes:
        """The bytes that print it and cut it off."""

    def feed(self, received: bytes) -> Sequence[Heard]:
        """What the printer says with these bytes."""

    def trouble(self, question: int, state: int) -> Trouble:
        """What its answer to a question means."""


class _Job(msgspec.Struct):
    """A paper that waits."""

    paper: Paper
    told: Told
    at_s: float


class PrintingBus(SingleBus["Stream"]):
    """One printer on one wire; `timeout_ms`: how long an answer is awaited."""

    def __init__(self, key: Hashable, device: str, wire: Stream, talk: Talk, report: Report, timeout_ms: int) -> None:
        super().__init__(key, device, wire, backoff.for_wire(), report)
        self._talk = talk
        self._timeout_s = timeout_ms / 1000
        self._lock = threading.Lock()
        self._jobs: deque[_Job] = deque()
        self._look_s = 0.0
        self._anew_s = 0.0
        self._trouble: Trouble = ""
        self._printed = False
        self._ended = False

    def print_out(self, device: str, paper: Paper, told: Told) -> None:  # noqa: ARG002
        with self._lock:
            full = self._ended or len(self._jobs) >= WAITING_MAX
            if not full:
                self._jobs.append(_Job(paper, told, time.monotonic()))
        if full:
            told("off" if self._ended else "full")
        else:
            self._wire.wake()

    # ---- the bus's own thread --------------------------------------------------------------------------------------

    def run(self) -> None:
        try:
            super().run()
        finally:
            with self._lock:
                self._ended = True
            self._give_up("off")

    def _interrupted(self) -> None:
        self._wire.close()
        self._give_up("off")

    def _round(self) -> None:
        if not self._wire.is_open:
            self._wire.open()
            self._look_s = 0.0
            if not self._talk.questions:
                self._there()
        if self._talk.questions and time.monotonic() >= self._look_s:
            self._look_after()
        job = self._next()
        if job is None:
            self._rest()
        else:
            self._carry_out(job)

    def _there(self) -> None:
        self._retry.reset()
        if self._watch.known:
            self._watch.answered()
        else:
            self._watch.restored()

    def _look_after(self) -> None:
        """Ask the printer how it is; DeviceError once it counts as lost."""
        trouble = self._look()
        self._look_s = time.monotonic() + (SOON_S if trouble == "silent" else LOOK_S)
        if trouble != "silent":
            self._there()
            return
        self._give_up("silent")
        self._watch.missed(SILENT)
        if self._watch.lost:
            raise DeviceError(SILENT)

    def _rest(self) -> None:
        """Wait for a paper, or until the printer is asked again; one that ends an idle connection is called anew."""
        wait_s = max(0.0, self._look_s - time.monotonic()) if self._talk.questions else None
        try:
            self._take(self._wire.read(wait_s))
        except DeviceError:
            now_s = time.monotonic()
            if now_s - self._anew_s < SOON_S:
                raise
            self._anew_s = now_s
            self._wire.open()

    def _next(self) -> _Job | None:
        while True:
            with self._lock:
                job = self._jobs.popleft() if self._jobs else None
            if job is None or time.monotonic() - job.at_s < LIFE_S:
                return job
            job.told("late")

    def _give_up(self, outcome: Outcome) -> None:
        with self._lock:
            jobs = list(self._jobs)
            self._jobs.clear()
        for job in jobs:
            job.told(outcome)

    def _carry_out(self, job: _Job) -> None:
        outcome: Outcome = "off"
        try:
            outcome = self._print(job.paper)
            if outcome == "silent" and self._stopping:
                outcome = "off"
        finally:
            job.told(outcome)
        if outcome == "silent":
            self._look_s = 0.0
        else:
            self._watch.answered()

    def _print(self, paper: Paper) -> Outcome:
        if self._talk.questions:
            trouble = self._look()
            if trouble:
                return trouble
        data = self._talk.encode(paper)
        for start in range(0, len(data), PIECE_BYTES):
            self._wire.write(data[start : start + PIECE_BYTES])
        self.trace(self.devices[0]).sent(data)
        return self._printed_or_not() if self._talk.questions else "sent"

    def _printed_or_not(self) -> Outcome:
        """What became of the bytes: the printer answers behind them, or says why it stands still."""
        self._printed = False
        self._send(self._talk.is_printed)
        now_s = time.monotonic()
        until_s, look_s = now_s + PRINT_S, now_s + SOON_S
        while not self._stopping and now_s < until_s:
            self._take(self._wire.read(min(look_s, until_s) - now_s))
            if self._printed:
                return "printed"
            now_s = time.monotonic()
            if now_s >= look_s:
                look_s = now_s + SOON_S
                if trouble := self._look():
                    return trouble
        return "printed" if self._printed else "sent"

    def _look(self) -> Trouble | Literal["silent"]:
        """Ask how the printer is, question by question."""
        found: Trouble = ""
        for number, question in enumerate(self._talk.questions):
            state = self._ask(question)
            if state is None and number == 0:
                return "silent"
            found = found or ("" if state is None else self._talk.trouble(number, state))
        if found and found != self._trouble:
            self._watch.noise(1, WORDS[found])
        self._trouble = found
        return found

    def _ask(self, question: bytes) -> int | None:
        """The state that answers a question, None when no answer came in time."""
        self._take(self._wire.read(0))
        self._send(question)
        now_s = time.monotonic()
        until_s = now_s + self._timeout_s
        while not self._stopping and now_s < until_s:
            if (state := self._take(self._wire.read(until_s - now_s))) is not None:
                return state
            now_s = time.monotonic()
        return None

    def _send(self, data: bytes) -> None:
        self._wire.write(data)
        self.trace(self.devices[0]).sent(data)

    def _take(self, received: bytes) -> int | None:
        """The last state in what came; notes that all is printed."""
        if not received:
            return None
        self.trace(self.devices[0]).heard(received)
        state = None
        for heard in self._talk.feed(received):
            self._printed = self._printed or heard.printed
            state = heard.state if heard.state is not None else state
        return state
