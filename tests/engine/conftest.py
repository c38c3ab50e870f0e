"""Fakes for the engine's parts: a clock that stands still until told, a journal that fails on request, a core that is
a script."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from gateway.core.vocabulary import commands as c
from gateway.core.vocabulary import events as e
from gateway.core.vocabulary.errors import StorageError
from gateway.core.vocabulary.views import CoreView
from gateway.engine.clock import Clock
from gateway.store.journal.writer import Row
from tests.support.engine import Running
from tests.support.waiting import wait_until

MS = 1_000_000
S = 1_000_000_000


class FakeTime:
    """Wall and monotonic time, moved by hand."""

    def __init__(self) -> None:
        self.wall_ns = 1_700_000_000 * S
        self.mono_ns = 5_000 * S
        self.synced = True

    def pass_ms(self, ms: int) -> None:
        """Let time go by."""
        self.wall_ns += ms * MS
        self.mono_ns += ms * MS

    def clock(self, *, trusted: bool = False, was_synced: bool = False) -> Clock:
        """A clock on this time."""
        return Clock(
            trusted=trusted,
            was_synced=was_synced,
            synchronised=lambda: self.synced,
            wall=lambda: self.wall_ns,
            mono=lambda: self.mono_ns,
        )


class FakeJournal:
    """Keeps rows in memory; `failing` makes it a full disk, `gate` makes each commit wait to be let through.

    `error` is what it raises then.
    """

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.groups: list[int] = []
        self.failing = False
        self.error: Exception = StorageError("the disk is full; make room")
        self.gate: threading.Event | None = None
        self.entered = threading.Event()

    def append(self, rows: Sequence[Row]) -> range:
        self.entered.set()
        if self.gate is not None:
            assert self.gate.wait(30)
        if self.failing:
            raise self.error
        first = len(self.rows) + 1
        self.rows.extend(rows)
        self.groups.append(len(rows))
        return range(first, len(self.rows) + 1)

    def types(self) -> list[str]:
        """The types of all rows, in order."""
        return [row.type for row in self.rows]


class ScriptCore:
    """A core whose answers a test writes down: `on[type]` gives the commands for an event."""

    def __init__(self) -> None:
        self.seen: list[e.Event] = []
        self.on: dict[type, Callable[[Any], list[c.Command]]] = {}
        self.state = CoreView()

    def handle(self, event: e.Event, _now: e.Now) -> list[c.Command]:
        self.seen.append(event)
        answer = self.on.get(type(event))
        return answer(event) if answer else []

    def snapshot(self) -> CoreView:
        return self.state


def row(kind: str = "access.granted", **data: Any) -> Row:
    """A row of some type."""
    return Row(kind, "lanes/in", data, 0, 0)


def until(condition: Callable[[], Any]) -> None:
    """Wait for something that other threads bring about."""
    wait_until(condition, every_s=0.002)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """A whole engine whose devices answer, with its arms down."""
    running = Running(tmp_path / "data")
    running.bus.restore()
    until(lambda: running.lane()["arm"] == "closed")
    yield running
    running.stop()


@pytest.fixture
def time_() -> FakeTime:
    return FakeTime()


@pytest.fixture
def journal() -> FakeJournal:
    return FakeJournal()


@pytest.fixture
def core() -> ScriptCore:
    return ScriptCore()
