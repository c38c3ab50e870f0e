"""`gatehouse station key`: made for a station that is set up, printed once, on record without the key."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from gateway.store.directory import DataDirectory
from gateway.store.journal.reader import JournalReader
from tests.cli.conftest import Gatehouse
from tests.support.engine import SITE


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataDirectory:
    directory = DataDirectory(tmp_path / "data")
    directory.create({**SITE, "stations": [{"id": "north", "lanes": ["in"]}]})
    monkeypatch.setenv("GATEHOUSE_DATA", str(directory.path))
    return directory


def test_a_key_is_shown_once_and_opens_its_station(gatehouse: Gatehouse, site: DataDirectory) -> None:
    told = gatehouse("station", "key", "north", "--json").data
    assert told["station"] == "north"
    assert site.station_keys.find(told["key"]) == "north"
    key = gatehouse("station", "key", "north").out.strip()
    assert site.station_keys.find(key) == "north"
    assert site.station_keys.find(told["key"]) is None


def test_who_made_it_is_on_record_and_the_key_is_not(gatehouse: Gatehouse, site: DataDirectory) -> None:
    key = gatehouse("station", "key", "north", "--json").data["key"]
    with closing(JournalReader(site.journal)) as reader:
        rows = [row.text for row in reader.page(0, 100, ("settings.changed",))]
    assert not any(key in row or key.replace(" ", "") in row for row in rows)
    data = json.loads(rows[-1])["data"]
    assert (data["what"], data["station"]) == ("station_key", "north") and data["by"]


def test_a_station_that_is_not_set_up_gets_none(gatehouse: Gatehouse, site: DataDirectory) -> None:
    told = gatehouse("station", "key", "south")
    assert told.status == 1 and "the site file names north" in told.err


def test_without_stations_the_machines_own_screen_needs_none(gatehouse: Gatehouse, made: Path) -> None:
    told = gatehouse("station", "key", "booth")
    assert told.status == 1 and "needs no key" in told.err
