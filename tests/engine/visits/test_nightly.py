"""Once a night the visits that do not end are journaled, on a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from gateway.core.settings.model import Gateway, Settings, Site
from gateway.core.vocabulary.events import ClockState, Now
from gateway.core.vocabulary.rows import PassageEntered, Row, VisitsOverstayed
from gateway.core.vocabulary.times import NS_PER_S
from gateway.engine.visits.nightly import NAMED_MAX, NightlyList
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal
from gateway.store.journal.writer import Row as Stored
from gateway.store.projections.state import State
from tests.support.kept_rows import example

START_NS = 1_790_000_000_000_000_000
"""22:13 in Shanghai."""
HOUR_NS = 3600 * NS_PER_S


class Night:
    """The list, a journal with its projections, and a clock."""

    def __init__(self, path: Path) -> None:
        self.journal = Journal.create(path / "journal.db", "keptjournal", "/sites/s/gateways/gw1", "boot-1")
        self.reader = JournalReader(path / "journal.db")
        self.state = State(path / "state.db", writer=True)
        self.settings = Settings(Site("north-court", stay_h=24, stays_listed_at=3), Gateway("gw1"))
        assert self.settings.zone == ZoneInfo("Asia/Shanghai")
        self.told: list[VisitsOverstayed] = []
        self.begins()

    def begins(self) -> None:
        """A run begins."""
        self.list = NightlyList(self.settings, self.state, self._write)

    def _write(self, row: Row) -> int:
        assert isinstance(row, VisitsOverstayed)
        self.told.append(row)
        return self._append(row, self.now_ns)

    def _append(self, row: Row, wall_ns: int) -> int:
        now = Now(wall_ns, wall_ns - START_NS + NS_PER_S)
        found = self.journal.append([Stored.of(row, "gw1", now)])
        self.state.catch_up(self.reader)
        return found[-1]

    def enters(self, visit: str) -> None:
        row = msgspec.structs.replace(example(PassageEntered, visit=visit, mark=None, credential=None), kind=None)
        self._append(row, START_NS)

    def is_at(self, hours: float, clock: ClockState = ClockState.SYNCED) -> list[Any]:
        """So many hours later; the days that are listed."""
        self.now_ns = START_NS + int(hours * HOUR_NS)
        self.list.look(Now(self.now_ns, self.now_ns - START_NS + NS_PER_S, clock))
        return [one.day for one in self.told]

    def close(self) -> None:
        self.state.close()
        self.reader.close()
        self.journal.close()


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    made = Night(tmp_path)
    yield made
    made.close()


def test_each_day_is_listed_once_at_its_hour(night: Night) -> None:
    night.enters("v1")
    assert night.is_at(0) == night.is_at(4.6) == [], "02:49 of the next day, and it is inside for four hours"
    assert night.is_at(28.7) == [], "02:55 of the day after"
    assert night.is_at(28.9) == ["2026-09-23"]
    assert night.is_at(29) == night.is_at(40) == ["2026-09-23"]
    assert night.is_at(52.9) == ["2026-09-23", "2026-09-24"]
    assert [(one.count, one.visits, one.inside, one.by) for one in night.told[:1]] == [(1, ("v1",), 1, "gateway")]


def test_a_box_that_was_off_at_that_hour_lists_when_it_is_on_again_and_not_twice(night: Night) -> None:
    night.enters("v1")
    assert night.is_at(36) == ["2026-09-23"]
    night.begins()
    assert night.is_at(37) == ["2026-09-23"], "a restart knows the day"


def test_before_the_first_visit_that_does_not_end_there_is_no_list_and_then_each_night_has_one(night: Night) -> None:
    assert night.is_at(5) == []
    night.enters("v1")
    night.is_at(29)
    night.journal.append(
        [Stored("passage.exited", "lanes/out", {"lane": "out", "visit": "v1"}, START_NS + 30 * HOUR_NS, 9)]
    )
    night.state.catch_up(night.reader)
    assert night.is_at(53) == ["2026-09-23", "2026-09-24"]
    assert (night.told[-1].count, night.told[-1].visits) == (0, ())


def test_nothing_is_listed_by_a_clock_that_is_not_sure(night: Night) -> None:
    night.enters("v1")
    assert night.is_at(29, ClockState.UNSET) == []
    assert night.is_at(29.1) == ["2026-09-23"]


def test_a_clock_that_is_put_back_lists_no_day_again(night: Night) -> None:
    night.enters("v1")
    assert night.is_at(53) == ["2026-09-24"]
    assert night.is_at(29) == ["2026-09-24"]


def test_the_row_names_a_bounded_number_and_counts_all(night: Night) -> None:
    for number in range(NAMED_MAX + 5):
        night.enters(f"v{number:04}")
    night.is_at(29)
    assert (night.told[0].count, len(night.told[0].visits)) == (NAMED_MAX + 5, NAMED_MAX)
    assert night.told[0].visits[0] == "v0000"
