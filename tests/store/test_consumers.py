"""Consumers that retention waits for: who counts as one, and what they have confirmed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway.core.site_file import parse_settings
from gateway.store.consumers import Consumers, central_name
from gateway.store.secrets import Tokens
from gateway.store.times import parse_wall_ns
from gateway.uplink.cursors import Cursors, Position
from web.consumers import Consumers as HttpConsumers
from web.webdb import WebDatabase

SITE: dict[str, Any] = {"site": {"id": "north-court"}, "gateway": {"id": "gw1"}}
CENTRAL = "mqtt:10.0.0.9:1883:gw1"


def consumers(path: Path, *, mqtt: bool = False) -> Consumers:
    document = {**SITE, "uplink": {"mqtt": {"host": "10.0.0.9"}}} if mqtt else SITE
    return Consumers(path / "uplink.db", path / "web.db", Tokens(path / "tokens.json"), parse_settings(document))


def delivered(path: Path, consumer: str, journal: str, sequence: int) -> None:
    """As the uplink writes it down."""
    cursors = Cursors(path / "uplink.db")
    cursors.move(consumer, Position(journal, sequence))
    cursors.close()


def pulled(path: Path, token: str, sequence: int) -> None:
    """As the web process writes it down."""
    database = WebDatabase(path / "web.db")
    one = HttpConsumers(database)
    one.confirmed(token, f"testjournal.{sequence}", "testjournal")
    one.flush()
    database.close()


def test_with_nobody_registered_there_is_nobody_to_wait_for(tmp_path: Path) -> None:
    assert consumers(tmp_path).confirmed("testjournal") == {}


def test_a_central_in_the_settings_is_waited_for_before_its_first_row(tmp_path: Path) -> None:
    assert central_name("10.0.0.9", 1883, "gw1") == CENTRAL
    assert consumers(tmp_path, mqtt=True).confirmed("testjournal") == {CENTRAL: 0}


def test_a_central_has_confirmed_up_to_its_cursor_in_this_journal(tmp_path: Path) -> None:
    delivered(tmp_path, CENTRAL, "testjournal", 41)
    assert consumers(tmp_path, mqtt=True).confirmed("testjournal") == {CENTRAL: 41}
    assert consumers(tmp_path, mqtt=True).confirmed("otherjournal") == {CENTRAL: 0}


def test_a_central_that_the_settings_name_no_more_is_not_waited_for(tmp_path: Path) -> None:
    delivered(tmp_path, "mqtt:10.0.0.1:1883:gw1", "testjournal", 3)
    assert consumers(tmp_path).confirmed("testjournal") == {}


def test_who_pulls_over_http_is_waited_for_as_long_as_the_token_may_read_events(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path / "tokens.json")
    tokens.create("central", ["events:read"])
    tokens.create("door", ["lanes:command"])
    pulled(tmp_path, "central", 7)
    pulled(tmp_path, "door", 5)
    pulled(tmp_path, "gone", 2)
    assert consumers(tmp_path).confirmed("testjournal") == {"http:central": 7}
    tokens.revoke("central")
    assert consumers(tmp_path).confirmed("testjournal") == {}


def test_a_token_that_has_expired_can_fetch_nothing_and_holds_nothing(tmp_path: Path) -> None:
    Tokens(tmp_path / "tokens.json").create("central", ["events:read"], "2026-11-30T00:00:00Z")
    pulled(tmp_path, "central", 7)
    end_ns = parse_wall_ns("2026-11-30T00:00:00Z")
    assert consumers(tmp_path).confirmed("testjournal", end_ns - 1) == {"http:central": 7}
    assert consumers(tmp_path).confirmed("testjournal", end_ns) == {}


def test_a_token_of_the_same_name_takes_over_from_the_one_that_has_expired(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path / "tokens.json")
    tokens.create("central", ["events:read"], "2026-01-01T00:00:00Z")
    tokens.revoke("central")
    tokens.create("central", ["events:read"])
    pulled(tmp_path, "central", 7)
    assert consumers(tmp_path).confirmed("testjournal") == {"http:central": 7}


def test_a_database_that_cannot_be_read_has_confirmed_nothing(tmp_path: Path) -> None:
    Tokens(tmp_path / "tokens.json").create("central", ["events:read"])
    (tmp_path / "web.db").write_bytes(b"\xa5" * 8_192)
    (tmp_path / "uplink.db").write_bytes(b"\xa5" * 8_192)
    assert consumers(tmp_path, mqtt=True).confirmed("testjournal") == {CENTRAL: 0, "http:central": 0}
