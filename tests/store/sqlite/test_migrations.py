"""Schema versions: what is foreign, what is newer, what is old, and that each step is taken once."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from gateway.core.vocabulary.errors import DamagedError, DataDirectoryError
from gateway.store.sqlite.migrations import Schema, migrate, require_current, version_of

PATH = Path("/data/some.db")
APPLICATION = 0x4748FFFF
STEPS = ("CREATE TABLE one(n); INSERT INTO one VALUES(1); INSERT INTO one VALUES(2)", "CREATE TABLE two(n)")
SCHEMA = Schema("numbers", APPLICATION, STEPS)


@pytest.fixture
def db() -> apsw.Connection:
    """An empty database in memory."""
    return apsw.Connection(":memory:")


def versions(db: apsw.Connection) -> tuple[int, int]:
    return int(db.pragma("user_version")), int(db.pragma("application_id"))


def tables(db: apsw.Connection) -> list[str]:
    return [row[0] for row in db.execute("SELECT name FROM sqlite_schema ORDER BY name")]


def test_a_schema_counts_its_steps() -> None:
    assert SCHEMA.version == 2
    assert Schema("nothing", 1, ()).version == 0


def test_an_empty_database_is_at_no_version(db: apsw.Connection) -> None:
    assert version_of(db, SCHEMA, PATH) == 0


def test_every_step_is_taken_with_all_that_it_says(db: apsw.Connection) -> None:
    migrate(db, SCHEMA, PATH)
    assert tables(db) == ["one", "two"]
    assert db.execute("SELECT count(*) FROM one").get == 2
    assert versions(db) == (2, APPLICATION)
    assert not db.in_transaction


def test_a_database_that_is_up_to_date_takes_no_step(db: apsw.Connection) -> None:
    migrate(db, SCHEMA, PATH)
    migrate(db, SCHEMA, PATH)
    assert db.execute("SELECT count(*) FROM one").get == 2


def test_only_the_steps_that_are_missing_are_taken(db: apsw.Connection) -> None:
    migrate(db, Schema("numbers", APPLICATION, STEPS[:1]), PATH)
    assert versions(db) == (1, APPLICATION)
    migrate(db, SCHEMA, PATH)
    assert tables(db) == ["one", "two"]
    assert db.execute("SELECT count(*) FROM one").get == 2
    assert versions(db) == (2, APPLICATION)


@pytest.mark.parametrize(
    "sql",
    ["CREATE TABLE foreign_one(n)", "PRAGMA user_version = 1", "PRAGMA application_id = 7", "PRAGMA user_version = 9"],
)
def test_a_database_of_another_program_is_not_touched(db: apsw.Connection, sql: str) -> None:
    db.execute(sql)
    before = (tables(db), versions(db))
    with pytest.raises(DamagedError, match="but not one of Gatehouse's with numbers; move it away"):
        migrate(db, SCHEMA, PATH)
    assert (tables(db), versions(db)) == before


def test_a_newer_database_says_both_versions(db: apsw.Connection) -> None:
    migrate(db, SCHEMA, PATH)
    older = Schema("numbers", APPLICATION, STEPS[:1])
    with pytest.raises(DataDirectoryError, match="has schema 2 and this Gatehouse knows 1; install the newer"):
        version_of(db, older, PATH)


@pytest.mark.parametrize("count", [0, 1])
def test_a_reader_refuses_an_older_database(db: apsw.Connection, count: int) -> None:
    migrate(db, Schema("numbers", APPLICATION, STEPS[:count]), PATH)
    with pytest.raises(DataDirectoryError, match=f"has schema {count} and 2 is needed; start the engine"):
        require_current(db, SCHEMA, PATH)


def test_a_reader_takes_a_database_that_is_up_to_date(db: apsw.Connection) -> None:
    migrate(db, SCHEMA, PATH)
    require_current(db, SCHEMA, PATH)
    assert versions(db) == (2, APPLICATION)


def test_a_step_that_fails_in_its_middle_leaves_the_one_before(db: apsw.Connection) -> None:
    torn = Schema("numbers", APPLICATION, (STEPS[0], "CREATE TABLE two(n); INSERT INTO none VALUES(1)"))
    with pytest.raises(apsw.SQLError):
        migrate(db, torn, PATH)
    assert tables(db) == ["one"]
    assert versions(db) == (1, APPLICATION)
    assert not db.in_transaction
