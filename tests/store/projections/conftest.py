"""Projections that follow a journal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal
from gateway.store.projections.state import State
from tests.store.conftest import row

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    made = State(tmp_path / "state.db", writer=True)
    yield made
    made.close()


class Gate:
    """Appends rows and lets the projections follow."""

    def __init__(self, journal: Journal, reader: JournalReader, state: State) -> None:
        self.journal, self.reader, self.state = journal, reader, state
        self.number = 0

    def happens(self, type: str, **data: object) -> None:
        self.number += 1
        self.journal.append([row(self.number, type, **data)])
        self.state.catch_up(self.reader)

    def enters(self, visit: str, **data: object) -> None:
        data = {"pass": None, "plate": None, "method": "automatic", "certainty": "measured", **data}
        self.happens("passage.entered", visit=visit, **data)

    def alarm(self, verb: str, state: str, alarm: str = "a1", **data: object) -> None:
        about = {"kind": "crash", "priority": 1, "raised_at": "2026-09-21T14:13:21.000Z", "device": None}
        self.happens(f"alarm.{verb}", alarm=alarm, state=state, **{**about, **data})


@pytest.fixture
def gate(journal: Journal, reader: JournalReader, state: State) -> Gate:
    return Gate(journal, reader, state)
