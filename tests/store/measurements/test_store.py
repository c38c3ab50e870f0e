"""The rings of hours and days: written in place, whole after any cut, never larger."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.core.measurements.summary import Summary
from gateway.core.vocabulary.errors import StorageError
from gateway.store.measurements.ring import DAYS_KEPT, FILE_BYTES, HOURS_KEPT, SLOT_BYTES
from gateway.store.measurements.store import MeasurementReader, MeasurementWriter

HOUR, DAY = 480_000, 20_000
HOURS = range(HOUR, HOUR + 24)


def one(value: int, count: int = 1) -> Summary:
    return Summary(count, value, value, value)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "measurements"


def test_what_is_written_is_read_by_hour_and_day(path: Path) -> None:
    writer = MeasurementWriter(path)
    writer.add(HOUR, DAY, HOURS, {"loop:in/safety_loop": one(2_000)})
    writer.add(HOUR + 1, DAY, HOURS, {"loop:in/safety_loop": one(4_000)})
    reader = MeasurementReader(path)
    assert reader.hours(HOUR + 1) == {"loop:in/safety_loop": {HOUR: one(2_000), HOUR + 1: one(4_000)}}
    assert reader.days(DAY) == {"loop:in/safety_loop": {DAY: one(3_000, 2)}}


def test_the_rest_of_an_hour_after_a_restart_joins_its_beginning(path: Path) -> None:
    MeasurementWriter(path).add(HOUR, DAY, HOURS, {"a:b": one(10)})
    MeasurementWriter(path).add(HOUR, DAY, HOURS, {"a:b": one(20), "c:d": one(1)})
    assert MeasurementReader(path).hours(HOUR) == {"a:b": {HOUR: one(15, 2)}, "c:d": {HOUR: one(1)}}
    assert MeasurementReader(path).days(DAY)["a:b"] == {DAY: one(15, 2)}


def test_the_file_never_grows_beyond_its_rings_and_old_hours_are_gone(path: Path) -> None:
    writer = MeasurementWriter(path)
    for number in range(0, HOURS_KEPT + 50, 25):
        writer.add(HOUR + number, DAY + number, [HOUR + number], {"a:b": one(number)})
    writer.add(HOUR + 1, DAY + DAYS_KEPT - 1, [], {"a:b": one(1)})
    assert path.stat().st_size <= FILE_BYTES
    kept = MeasurementReader(path).hours(HOUR + HOURS_KEPT + 25)["a:b"]
    assert min(kept) > HOUR + 25


def test_an_hour_of_a_usual_site_is_two_small_writes(path: Path) -> None:
    """Four lanes and a dozen devices: what the card gets in an hour is far below its page of 8 kB, twice."""
    writer = MeasurementWriter(path)
    slot = {
        f"{kind}:{of}": Summary(360, 3_000 + number, 3_100 + number, 3_300 + number)
        for number, of in enumerate([f"thing-{n}" for n in range(12)])
        for kind in ("travel.open", "travel.close", "loop", "errors", "round_trip")
    }
    writer.add(HOUR, DAY, HOURS, slot)
    assert writer.written < 2_000
    assert MeasurementReader(path).hours(HOUR)["loop:thing-3"][HOUR] == Summary(360, 3_003, 3_103, 3_303)


def test_a_torn_slot_is_empty_and_the_others_stay(path: Path) -> None:
    writer = MeasurementWriter(path)
    for hour in (HOUR, HOUR + 1):
        writer.add(hour, DAY, HOURS, {"a:b": one(7)})
    raw = bytearray(path.read_bytes())
    raw[(HOUR % HOURS_KEPT) * SLOT_BYTES + 20] ^= 255
    path.write_bytes(raw)
    assert MeasurementReader(path).hours(HOUR + 1) == {"a:b": {HOUR + 1: one(7)}}
    writer.add(HOUR, DAY, HOURS, {"a:b": one(9)})
    assert MeasurementReader(path).hours(HOUR + 1)["a:b"][HOUR] == one(9)


def test_a_site_with_more_series_than_fit_keeps_the_first(path: Path) -> None:
    noise = [int.from_bytes(os.urandom(6), "big") for _ in range(3_000)]
    slot = {f"loop:{number}": Summary(1, value, value, value) for number, value in enumerate(noise)}
    MeasurementWriter(path).add(HOUR, DAY, [HOUR], slot)
    kept = MeasurementReader(path).hours(HOUR)
    assert "loop:0" in kept
    assert 100 < len(kept) < 3_000


def test_a_missing_or_foreign_file_is_empty(path: Path) -> None:
    assert MeasurementReader(path).days(DAY) == {}
    path.write_bytes(b"something else" * 1_000)
    assert MeasurementReader(path).hours(HOUR) == {}


def test_a_file_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="measurements"):
        MeasurementWriter(tmp_path / "nowhere" / "measurements").add(HOUR, DAY, HOURS, {"a:b": one(1)})


def test_the_file_is_for_the_group_to_read(path: Path) -> None:
    MeasurementWriter(path).add(HOUR, DAY, HOURS, {"a:b": one(1)})
    assert path.stat().st_mode & 0o777 == 0o640 & ~_umask()


def _umask() -> int:
    found = os.umask(0)
    os.umask(found)
    return found
