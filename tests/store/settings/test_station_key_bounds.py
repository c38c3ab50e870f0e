"""Station keys on the disk, and the stations that may have one."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from gateway.core.vocabulary.errors import NotFoundError
from gateway.store.settings.station_keys import StationKeys, must_be_set_up


def test_a_key_is_five_groups_of_four_digits(tmp_path: Path) -> None:
    assert re.fullmatch(r"([0-9]{4} ){4}[0-9]{4}", StationKeys(tmp_path / "s.json").issue("north"))


def test_a_key_is_stored_as_the_digest_of_its_digits(tmp_path: Path) -> None:
    key = StationKeys(tmp_path / "s.json").issue("north")
    (stored,) = msgspec.json.decode((tmp_path / "s.json").read_bytes())
    assert stored["station"] == "north"
    assert stored["digest"] == hashlib.sha256(key.replace(" ", "").encode()).hexdigest()
    assert (tmp_path / "s.json").stat().st_mode & 0o777 == 0o600


def test_there_is_one_key_a_station(tmp_path: Path) -> None:
    keys = StationKeys(tmp_path / "s.json")
    for station in ("north", "south", "north"):
        keys.issue(station)
    stored = msgspec.json.decode((tmp_path / "s.json").read_bytes())
    assert [one["station"] for one in stored] == ["south", "north"]


def test_a_file_is_read_once_as_long_as_it_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = StationKeys(tmp_path / "s.json")
    key = keys.issue("north")
    assert keys.find(key) == "north"
    monkeypatch.setattr(Path, "read_bytes", lambda _path: b"")
    assert keys.find(key) == "north"


def settings(*stations: str) -> Any:
    return SimpleNamespace(stations=[SimpleNamespace(id=one) for one in stations])


def test_a_station_of_the_site_file_may_have_a_key() -> None:
    must_be_set_up("south", settings("north", "south"))


@pytest.mark.parametrize(
    ("stations", "says"),
    [
        ((), "^there is no station 'east': without `stations` in the site file the machine's own screen is the only"),
        (("north", "south"), "^there is no station 'east'; the site file names north, south$"),
    ],
)
def test_another_station_may_not(stations: tuple[str, ...], says: str) -> None:
    with pytest.raises(NotFoundError, match=says):
        must_be_set_up("east", settings(*stations))
