"""Keys of booths' own screens: told once, found again however they are typed, and void once there is another."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.vocabulary.errors import DataDirectoryError
from gateway.store.settings.station_keys import StationKeys


@pytest.fixture
def keys(tmp_path: Path) -> StationKeys:
    return StationKeys(tmp_path / "stations.json")


def test_a_key_is_found_however_its_groups_are_typed(keys: StationKeys) -> None:
    key = keys.issue("north")
    assert len(key.split()) == 5
    for typed in (key, key.replace(" ", ""), key.replace(" ", "-"), f"  {key} "):
        assert keys.find(typed) == "north"


def test_its_digits_are_not_on_the_disk(keys: StationKeys, tmp_path: Path) -> None:
    key = keys.issue("north")
    stored = (tmp_path / "stations.json").read_text()
    assert key not in stored and key.replace(" ", "") not in stored


def test_a_new_key_makes_the_one_before_void_and_no_other(keys: StationKeys) -> None:
    old, other = keys.issue("north"), keys.issue("south")
    new = keys.issue("north")
    assert (keys.find(old), keys.find(new), keys.find(other)) == (None, "north", "south")


def test_another_process_sees_a_new_key_at_its_next_look(keys: StationKeys, tmp_path: Path) -> None:
    reader = StationKeys(tmp_path / "stations.json")
    assert reader.find("1" * 20) is None
    key = keys.issue("north")
    assert reader.find(key) == "north"


@pytest.mark.parametrize("typed", ["", "1234", "1" * 19, "1" * 21, "١" * 20, "x" * 20, "1" * 10_000])
def test_what_is_no_key_is_no_station(keys: StationKeys, typed: str) -> None:
    keys.issue("north")
    assert keys.find(typed) is None


def test_a_file_that_cannot_be_read_is_told_by_its_name(keys: StationKeys, tmp_path: Path) -> None:
    (tmp_path / "stations.json").write_text("{")
    with pytest.raises(DataDirectoryError, match=r"stations\.json"):
        keys.find("1" * 20)
