"""Retention on a real journal with a clock by hand: what goes, what waits for whom, and what is said about it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.core.settings.model import Retention
from gateway.core.vocabulary.errors import StorageError
from gateway.core.vocabulary.events import ClockState
from gateway.core.vocabulary.rows import JournalGap
from gateway.engine.journal_thread.keeper import STEP_ROWS, Keeper
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal, Row
from gateway.store.projections.state import State
from tests.engine.conftest import FakeTime, S
from tests.store.conftest import alarm_states

DAY_S = 86_400
RULES = Retention(days=30, grace_days=10, megabytes=1_000)


class House:
    """A journal, its projections, its consumers and its keeper."""

    def __init__(self, path: Path, time_: FakeTime, rules: Retention = RULES) -> None:
        self.time = time_
        self.clock = time_.clock()
        self.journal = Journal.create(path / "journal.db", "testjournal", boot_id="b")
        self.reader = JournalReader(path / "journal.db")
        self.state = State(path / "state.db", writer=True)
        self.consumers: dict[str, int] = {}
        self.judged_at: list[int | None] = []
        self.told: list[Row] = []
        self.keeper = self.keep(rules)

    def keep(self, rules: Retention) -> Keeper:
        """A keeper with these rules."""
        return Keeper(
            self.journal,
            self.reader,
            self.state,
            rules,
            confirmed=self._confirmed,
            now=self.clock.now,
            submit=lambda entries: self.told.extend(entry.row for entry in entries),
        )

    def _confirmed(self, _journal: str, now_wall_ns: int | None) -> dict[str, int]:
        self.judged_at.append(now_wall_ns)
        return self.consumers

    def days(self, days: float) -> None:
        """Let days go by."""
        self.time.pass_ms(int(days * DAY_S * 1000))
        self.clock.check()

    def write(self, count: int = 1, kind: str = "access.granted", **data: Any) -> int:
        """Rows of this moment; the last one's sequence."""
        now = self.clock.now()
        self.journal.append([Row(kind, "lanes/in", data, now.wall_ns, now.mono_ns, now.clock)] * count)
        self.state.catch_up(self.reader)
        return self.journal.last_sequence

    def look(self, keeper: Keeper | None = None) -> int:
        """Work until there is nothing more to do; the oldest row that is left."""
        for _ in range(10_000):
            if not (keeper or self.keeper).turn():
                return self.reader.first_sequence()
        pytest.fail("retention does not come to an end")

    def close(self) -> None:
        """Let go of the files."""
        self.state.close()
        self.reader.close()
        self.journal.close()


@pytest.fixture
def house(tmp_path: Path, time_: FakeTime) -> Iterator[House]:
    house = House(tmp_path, time_)
    yield house
    house.close()


def test_rows_go_when_they_are_old_and_not_a_day_before(house: House) -> None:
    house.write(10)
    house.days(1)
    house.write(10)
    house.days(28.9)
    assert house.look() == 1
    house.days(0.2)
    assert house.look() == 11
    verified = house.reader.verify()
    assert (verified.first, verified.rows) == (11, 10)
    assert house.told == []


def test_the_last_row_stays_however_old_it_is(house: House) -> None:
    house.write(3)
    house.days(4_000)
    assert house.look() == 3
    assert house.reader.verify().rows == 1


def test_a_step_is_small_and_all_steps_of_a_look_share_one_gap(house: House) -> None:
    house.write(3 * STEP_ROWS)
    house.days(31)
    house.write()
    assert house.keeper.turn()
    assert house.reader.first_sequence() == 1 + STEP_ROWS
    house.time.pass_ms(1)
    assert house.look() == 3 * STEP_ROWS + 1
    assert house.journal._db.execute("SELECT count(*) FROM gaps").get == 1


def test_what_a_consumer_has_not_confirmed_waits_for_it(house: House) -> None:
    house.write(20)
    house.days(31)
    house.write()
    house.consumers = {"http:central": 15, "mqtt": 5}
    assert house.look() == 6
    house.consumers["mqtt"] = 20
    assert house.look() == 16
    assert house.told == []


def test_past_the_grace_it_goes_without_him_and_the_gap_is_told(house: House) -> None:
    house.write(20)
    house.days(41)
    house.write()
    lasthash = house.reader.hash_of(20)
    house.consumers = {"http:central": 21, "mqtt": 5, "http:office": 20}
    assert house.look() == 21
    (row,) = house.told
    assert (row.type, row.subject) == ("journal.gap", "journal")
    assert row.data == JournalGap(first=6, last=20, lasthash=lasthash, reason="age", behind=("mqtt",))
    assert house.look() == 21
    assert len(house.told) == 1


def test_past_its_size_the_oldest_go_at_any_age_and_the_gap_is_told(house: House) -> None:
    house.write(5_000, note="x" * 5_000)
    size = house.reader.used_bytes()
    assert size > 20_000_000
    house.consumers = {"mqtt": 100}
    left = house.look(house.keep(Retention(megabytes=20)))
    assert 100 < left < 5_000
    assert 19_000_000 < house.reader.used_bytes() <= 20_000_000
    (row,) = house.told
    assert (row.data.first, row.data.last, row.data.reason) == (101, left - 1, "size")
    assert house.reader.verify().first == left


def test_with_a_clock_that_is_not_sure_nothing_counts_as_old(house: House) -> None:
    house.write(10)
    house.time.synced = False
    house.clock = house.time.clock()
    house.keeper = house.keep(RULES)
    house.days(4_000)
    house.write()
    assert house.clock.now().clock is ClockState.UNSET
    assert house.look() == 1
    assert house.judged_at[-1] is None, "a token could be taken for expired by a clock that nobody vouches for"


def test_a_row_with_a_wrong_clock_neither_takes_younger_ones_along_nor_holds_older_ones_back(house: House) -> None:
    house.write(10)
    now = house.clock.now()
    years_ns = 20 * 365 * DAY_S * S
    wrong = [
        Row("gateway.started", "devices/g", {}, now.wall_ns - years_ns, 0, ClockState.UNSET),
        Row("gateway.started", "devices/g", {}, now.wall_ns + years_ns, 0, ClockState.SYNCED),
    ]
    house.journal.append(wrong)
    house.write(5)
    house.days(29)
    young = house.write(5)
    house.journal.append(wrong[:1] * 3)
    house.write(1)
    house.days(2)
    assert house.look() == young - 4
    house.days(29)
    house.write(1)
    assert house.look() == house.journal.last_sequence


def test_a_stretch_of_wrong_clocks_longer_than_a_look_holds_nothing_back_for_good(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gate that stood without a clock for a season, and then got one."""
    monkeypatch.setattr("gateway.engine.journal_thread.keeper._SCAN_PAGES", 1)
    monkeypatch.setattr("gateway.engine.journal_thread.keeper._PAGE_ROWS", 10)
    unset = Row("access.granted", "lanes/in", {}, house.clock.now().wall_ns, 0, ClockState.UNSET)
    house.journal.append([unset] * 35)
    house.write(5)
    house.days(31)
    young = house.write(1)
    assert house.look() == 1
    for _ in range(3):
        house.look()
    assert house.reader.verify().first == young


def test_what_the_projections_have_not_seen_stays(house: House) -> None:
    house.write(5)
    now = house.clock.now()
    house.journal.append([Row("access.granted", "lanes/in", {}, now.wall_ns, 0)] * 5)
    house.days(31)
    assert house.look() == 6


def test_plates_go_from_what_was_made_of_the_rows_too(house: House) -> None:
    inside: dict[str, Any] = {"lane": "in", "plate": "京A12345", "method": "automatic", "certainty": "measured"}
    house.write(kind="passage.entered", visit="gone", **inside)
    house.write(kind="passage.entered", visit="here", **inside)
    house.write(kind="passage.exited", visit="gone", lane="out")
    house.write(kind="alarm.raised", alarm="a1", priority=1, state="unacknowledged", lane="in")
    house.write(kind="alarm.closed", alarm="a1", state="closed")
    house.days(31)
    house.write()
    assert [one.visit for one in house.state.visits("")] == ["gone", "here"]
    assert alarm_states(house.state) == {"a1": "closed"}
    house.look()
    assert [one.visit for one in house.state.visits("")] == ["here"]
    assert alarm_states(house.state) == {}


def test_a_disk_that_refuses_is_tried_again_at_the_next_look(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.write(5)
    house.days(31)
    house.write()

    def full(*_: Any, **__: Any) -> int:
        raise StorageError("the disk is full; make room")

    with monkeypatch.context() as broken:
        broken.setattr(house.journal, "drop_some", full)
        assert house.look() == 1
    assert house.look() == 6


def test_the_room_of_dropped_rows_is_used_again(house: House, tmp_path: Path) -> None:
    rules = Retention(days=30, grace_days=0, megabytes=1_000)
    keeper = house.keep(rules)
    for _ in range(4):
        house.write(2_000, note="x" * 500)
        house.days(31)
        house.look(keeper)
    house.journal.close()
    assert (tmp_path / "journal.db").stat().st_size < 2.5 * 2_000 * 1_000
