"""What the stores' tests share: rows that look like the gate's, and a journal in a folder of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.core.vocabulary.events import ClockState
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal, Row
from gateway.store.projections.state import State

SOURCE = "/sites/north-court/gateways/gw1"
START_NS = 1_790_000_000_000_000_000


def row(number: int = 0, type: str = "access.granted", subject: str = "lanes/in", **data: Any) -> Row:
    """A row as the core makes them; `number` seconds after a fixed moment."""
    return Row(
        type=type,
        subject=subject,
        data={"lane": "in", "number": number, **data},
        wall_ns=START_NS + number * 1_000_000_000,
        mono_ns=number * 1_000_000_000,
        clock=ClockState.SYNCED,
    )


def alarm_states(state: State) -> dict[str, str]:
    """Open and closed alarms by id, with their states."""
    found = state.select("SELECT alarm, document FROM alarms ORDER BY alarm")
    return {alarm: msgspec.json.decode(document)["state"] for alarm, document in found}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """An empty journal."""
    made = Journal.create(tmp_path / "journal.db", "testjournal1", SOURCE, "boot-1")
    yield made
    made.close()


@pytest.fixture
def reader(journal: Journal, tmp_path: Path) -> Iterator[JournalReader]:
    """A reader of that journal."""
    made = JournalReader(tmp_path / "journal.db")
    yield made
    made.close()


@pytest.fixture
def fast_folder() -> Iterator[Path]:
    """A folder in memory where there is one: what happens in it need not survive."""
    base = "/dev/shm" if Path("/dev/shm").is_dir() else None
    made = Path(tempfile.mkdtemp(prefix="gatehouse-", dir=base))
    yield made
    shutil.rmtree(made, ignore_errors=True)
