"""Consumers that retention waits for: who counts as one, and what they have confirmed."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from gateway.core.settings.site_file import parse_settings
from gateway.store.journal.consumers import Consumers
from gateway.store.journal.lineage import Ancestor, Lineage
from gateway.store.settings.secrets import Tokens
from gateway.store.sqlite.migrations import Schema, migrate
from gateway.store.times import parse_wall_ns
from gateway.uplink.central.cursors import UPLINK, Cursors, Position
from web.platform.consumers import CONSUMERS_MAX
from web.platform.consumers import Consumers as HttpConsumers
from web.platform.webdb import SCHEMA, WebDatabase

SITE: dict[str, Any] = {"site": {"id": "north-court"}, "gateway": {"id": "gw1"}}
LINEAGE = Lineage("testjournal")
CENTRAL = "mqtt:central"
NOW_NS = parse_wall_ns("2026-11-22T08:00:00Z")


def consumers(path: Path, *, mqtt: bool = False) -> Consumers:
    document = {**SITE, "uplink": {"mqtt": {"host": "10.0.0.9"}}} if mqtt else SITE
    return Consumers(path / "uplink.db", path / "web.db", Tokens(path / "tokens.json"), parse_settings(document))


def delivered(path: Path, consumer: str, journal: str, sequence: int) -> None:
    """As the uplink writes it down."""
    cursors = Cursors(path / "uplink.db")
    cursors.move(consumer, Position(journal, sequence))
    cursors.close()


def pulled(path: Path, token: str, sequence: int, journal: str = "testjournal") -> None:
    """As the web process writes it down."""
    database = WebDatabase(path / "web.db")
    one = HttpConsumers(database)
    one.confirmed(token, f"{journal}.{sequence}", Lineage(journal))
    one.flush()
    database.close()


def test_with_nobody_registered_there_is_nobody_to_wait_for(tmp_path: Path) -> None:
    assert consumers(tmp_path).confirmed("testjournal", NOW_NS) == {}


def test_a_central_in_the_settings_is_waited_for_before_its_first_row(tmp_path: Path) -> None:
    assert consumers(tmp_path, mqtt=True).confirmed("testjournal", NOW_NS) == {CENTRAL: 0}


def test_a_central_has_confirmed_up_to_its_cursor_in_this_journal(tmp_path: Path) -> None:
    delivered(tmp_path, "central", "testjournal", 41)
    assert consumers(tmp_path, mqtt=True).confirmed("testjournal", NOW_NS) == {CENTRAL: 41}
    assert consumers(tmp_path, mqtt=True).confirmed("otherjournal", NOW_NS) == {CENTRAL: 0}


def test_a_central_that_the_settings_name_no_more_is_not_waited_for(tmp_path: Path) -> None:
    delivered(tmp_path, "central", "testjournal", 3)
    assert consumers(tmp_path).confirmed("testjournal", NOW_NS) == {}


def confirmed(path: Path, consumer: str, journal: str, sequence: int) -> None:
    """As the uplink writes it down."""
    Cursors(path / "uplink.db").close()
    with closing(apsw.Connection(str(path / "uplink.db"))) as db:
        db.execute("REPLACE INTO confirmed VALUES(?, ?, ?, '', 0)", (consumer, journal, sequence))


def test_a_central_that_has_ever_confirmed_is_waited_for_by_its_own_word(tmp_path: Path) -> None:
    delivered(tmp_path, "central", "testjournal", 41)
    confirmed(tmp_path, "central", "testjournal", 30)
    assert consumers(tmp_path, mqtt=True).confirmed("testjournal", NOW_NS) == {CENTRAL: 30}
    assert consumers(tmp_path, mqtt=True).confirmed("otherjournal", NOW_NS) == {CENTRAL: 0}


def test_the_cursor_of_an_earlier_version_counts_for_central_until_it_is_taken_over(tmp_path: Path) -> None:
    delivered(tmp_path, "mqtt:old.example:1883:gw1", "testjournal", 90)
    delivered(tmp_path, "mqtt:new.example:1883:gw1", "testjournal", 41)
    assert consumers(tmp_path, mqtt=True).confirmed("testjournal", NOW_NS) == {CENTRAL: 41}
    delivered(tmp_path, "central", "testjournal", 43)
    assert consumers(tmp_path, mqtt=True).confirmed("testjournal", NOW_NS) == {CENTRAL: 43}


def test_others_behind_the_broker_are_waited_for_from_their_first_confirmation(tmp_path: Path) -> None:
    delivered(tmp_path, "central", "testjournal", 41)
    confirmed(tmp_path, "archive", "testjournal", 12)
    assert consumers(tmp_path, mqtt=True).confirmed("testjournal", NOW_NS) == {CENTRAL: 41, "mqtt:archive": 12}
    assert consumers(tmp_path).confirmed("testjournal", NOW_NS) == {}


def test_the_file_of_an_uplink_of_an_earlier_version_is_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    old = apsw.Connection(str(tmp_path / "uplink.db"))
    migrate(old, Schema(UPLINK.holds, UPLINK.application_id, UPLINK.steps[:1]), tmp_path / "uplink.db")
    old.execute("INSERT INTO cursor VALUES('central', 'testjournal', 41, 0)")
    old.close()
    assert consumers(tmp_path, mqtt=True).confirmed("testjournal", NOW_NS) == {CENTRAL: 41}
    assert caplog.text == ""


def test_who_pulls_over_http_is_waited_for_as_long_as_the_token_may_read_events(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path / "tokens.json")
    tokens.create("central", ["events:read"])
    tokens.create("door", ["lanes:command"])
    pulled(tmp_path, "central", 7)
    pulled(tmp_path, "door", 5)
    pulled(tmp_path, "gone", 2)
    assert consumers(tmp_path).confirmed("testjournal", NOW_NS) == {"http:central": 7}
    tokens.revoke("central")
    assert consumers(tmp_path).confirmed("testjournal", NOW_NS) == {}


def test_a_token_that_has_expired_can_fetch_nothing_and_holds_nothing(tmp_path: Path) -> None:
    Tokens(tmp_path / "tokens.json").create("central", ["events:read"], "2026-11-30T00:00:00Z")
    pulled(tmp_path, "central", 7)
    end_ns = parse_wall_ns("2026-11-30T00:00:00Z")
    assert consumers(tmp_path).confirmed("testjournal", end_ns - 1) == {"http:central": 7}
    assert consumers(tmp_path).confirmed("testjournal", end_ns) == {}


def test_with_the_clock_unset_no_token_is_taken_for_expired(tmp_path: Path) -> None:
    Tokens(tmp_path / "tokens.json").create("central", ["events:read"], "2026-11-30T00:00:00Z")
    pulled(tmp_path, "central", 7)
    assert consumers(tmp_path).confirmed("testjournal", None) == {"http:central": 7}


def test_what_was_confirmed_of_another_journal_says_nothing_of_this_one(tmp_path: Path) -> None:
    Tokens(tmp_path / "tokens.json").create("central", ["events:read"])
    pulled(tmp_path, "central", 4711, "oldjournal")
    assert consumers(tmp_path).confirmed("testjournal", NOW_NS) == {"http:central": 0}
    pulled(tmp_path, "central", 3)
    assert consumers(tmp_path).confirmed("testjournal", NOW_NS) == {"http:central": 3}
    assert consumers(tmp_path).confirmed("oldjournal", NOW_NS) == {"http:central": 0}


def test_what_was_confirmed_before_journals_were_told_apart_counts_for_none(tmp_path: Path) -> None:
    Tokens(tmp_path / "tokens.json").create("central", ["events:read"])
    old = apsw.Connection(str(tmp_path / "web.db"))
    migrate(old, Schema(SCHEMA.holds, SCHEMA.application_id, SCHEMA.steps[:1]), tmp_path / "web.db")
    old.execute("INSERT INTO consumer VALUES('central', 4711, 0)")
    old.close()
    assert consumers(tmp_path).confirmed("testjournal", NOW_NS) == {"http:central": 0}
    database = WebDatabase(tmp_path / "web.db")
    assert HttpConsumers(database).all(LINEAGE) == {"central": 0}
    database.close()
    assert consumers(tmp_path).confirmed("testjournal", NOW_NS) == {"http:central": 0}


def test_of_too_many_consumers_the_last_heard_stay_though_the_clock_was_set_back(tmp_path: Path) -> None:
    database = WebDatabase(tmp_path / "web.db")
    clock = [2_000_000_000.0]
    one = HttpConsumers(database, now=lambda: clock[0])
    for number in range(CONSUMERS_MAX):
        one.confirmed(f"old{number}", "testjournal.1", LINEAGE)
    one.flush()
    clock[0] = 0.0
    one.confirmed("central", "testjournal.2", LINEAGE)
    one.flush()
    kept = one.all(LINEAGE)
    assert len(kept) == CONSUMERS_MAX
    assert kept["central"] == 2
    database.close()


def test_a_token_of_the_same_name_takes_over_from_the_one_that_has_expired(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path / "tokens.json")
    tokens.create("central", ["events:read"], "2026-01-01T00:00:00Z")
    tokens.revoke("central")
    tokens.create("central", ["events:read"])
    pulled(tmp_path, "central", 7)
    assert consumers(tmp_path).confirmed("testjournal", NOW_NS) == {"http:central": 7}


def test_a_database_that_cannot_be_read_has_confirmed_nothing(tmp_path: Path) -> None:
    Tokens(tmp_path / "tokens.json").create("central", ["events:read"])
    (tmp_path / "web.db").write_bytes(b"\xa5" * 8_192)
    (tmp_path / "uplink.db").write_bytes(b"\xa5" * 8_192)
    assert consumers(tmp_path, mqtt=True).confirmed("testjournal", NOW_NS) == {CENTRAL: 0, "http:central": 0}


def test_a_cursor_of_a_restored_journal_counts_as_far_as_the_backup_goes(tmp_path: Path) -> None:
    database = WebDatabase(tmp_path / "web.db")
    one = HttpConsumers(database)
    lineage = Lineage("newjournal", (Ancestor("oldjournal", 40, "ab" * 32),))
    for token, cursor in (("a", "oldjournal.7"), ("b", "oldjournal.90"), ("c", "newjournal.44"), ("d", "strange11.3")):
        one.confirmed(token, cursor, lineage)
    assert one.all(lineage) == {"a": 7, "b": 40, "c": 44}
    database.close()
