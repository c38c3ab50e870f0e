"""Connections: which words an error of SQLite gets, what a transaction leaves behind, and how a WAL keeps its size."""

from __future__ import annotations

import os
from pathlib import Path

import apsw
import pytest

from gateway.core.vocabulary.errors import DamagedError, StorageError
from gateway.store.sqlite import database
from gateway.store.sqlite.database import (
    BUSY_MS,
    CACHE_KIB,
    close_keeping_wal,
    explain,
    grow_wal,
    keep_wal,
    open_as_it_is,
    open_reader,
    open_writer,
    peek,
    roll_back,
    storage_errors,
    transaction,
)
from gateway.store.sqlite.migrations import Schema

PATH = Path("/data/some.db")
SCHEMA = Schema("numbers", 0x4748FFFF, ("CREATE TABLE numbers(n INTEGER PRIMARY KEY)",))
ROOMY = 128 * 1024
"""The least free space with which an I/O error is one of the disk."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with one number in it."""
    made = tmp_path / "numbers.db"
    db = open_writer(made, SCHEMA)
    db.execute("INSERT INTO numbers VALUES(1)")
    db.close()
    return made


def numbers(path: Path) -> list[int]:
    return [row[0] for row in peek(path, "SELECT n FROM numbers ORDER BY n") or ()]


FULL = "disk full: free space on /data, some.db takes nothing more"
READ_ONLY = "/data/some.db is read-only: check the owner, and whether the disk went read-only (so said)"
NO_OPEN = "/data/some.db cannot be opened: check that it is there and who owns it (so said)"
HELD = "/data/some.db is held by another process for more than 2000 ms: stop that one"
FAILS = "the disk under /data/some.db fails: look at its health, replace the card (so said)"
OTHER = "/data/some.db cannot be used: so said"


@pytest.mark.parametrize(
    ("error", "free", "words"),
    [
        (apsw.FullError, None, FULL),
        (apsw.FullError, 1 << 40, FULL),
        (apsw.IOError, 0, FULL),
        (apsw.IOError, ROOMY - 1, FULL),
        (apsw.IOError, ROOMY, FAILS),
        (apsw.IOError, 1 << 40, FAILS),
        (apsw.IOError, None, FAILS),
        (apsw.ReadOnlyError, 0, READ_ONLY),
        (apsw.ReadOnlyError, 1 << 40, READ_ONLY),
        (apsw.CantOpenError, 0, NO_OPEN),
        (apsw.CantOpenError, 1 << 40, NO_OPEN),
        (apsw.BusyError, 0, HELD),
        (apsw.BusyError, 1 << 40, HELD),
        (apsw.LockedError, 0, HELD),
        (apsw.SQLError, 0, OTHER),
        (apsw.ConstraintError, 0, OTHER),
        (apsw.MisuseError, 1 << 40, OTHER),
    ],
)
def test_each_error_gets_its_own_words(
    monkeypatch: pytest.MonkeyPatch, error: type[apsw.Error], free: int | None, words: str
) -> None:
    monkeypatch.setattr(database, "free_bytes", lambda _path: free)
    found = explain(error("so said"), PATH)
    assert type(found) is StorageError
    assert str(found) == words


@pytest.mark.parametrize("error", [apsw.CorruptError, apsw.NotADBError])
def test_damage_is_no_trouble_of_the_disk(error: type[apsw.Error]) -> None:
    found = explain(error("so said"), PATH)
    assert type(found) is DamagedError
    assert str(found) == "/data/some.db is damaged (so said); start the engine, it sets the file aside and goes on"


def test_a_free_disk_is_asked_for_only_after_an_io_error(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []
    monkeypatch.setattr(database, "free_bytes", asked.append)
    explain(apsw.BusyError("so said"), PATH)
    assert asked == []
    explain(apsw.IOError("so said"), PATH)
    assert asked == [PATH]


def test_an_error_of_sqlite_becomes_words_and_keeps_its_cause() -> None:
    cause = apsw.BusyError("so said")
    with pytest.raises(StorageError) as caught, storage_errors(PATH):
        raise cause
    assert caught.value.__cause__ is cause


def test_an_error_that_is_not_of_sqlite_passes_as_it_is() -> None:
    with pytest.raises(KeyError), storage_errors(PATH):
        raise KeyError("x")


def test_a_writer_waits_for_the_disk_at_each_commit(tmp_path: Path) -> None:
    db = open_writer(tmp_path / "a.db", SCHEMA)
    assert db.pragma("synchronous") == 2
    assert db.pragma("journal_mode") == "wal"
    db.close()


def test_a_writer_of_what_can_be_made_again_does_not_wait(tmp_path: Path) -> None:
    db = open_writer(tmp_path / "a.db", SCHEMA, synchronous="NORMAL")
    assert db.pragma("synchronous") == 1
    db.close()


def test_every_connection_has_its_share_of_memory_and_patience(path: Path) -> None:
    writer, reader = open_writer(path, SCHEMA), open_reader(path, SCHEMA)
    assert writer.pragma("cache_size") == reader.pragma("cache_size") == -CACHE_KIB
    assert writer.pragma("busy_timeout") == reader.pragma("busy_timeout") == BUSY_MS
    writer.close()
    reader.close()


def test_a_reader_cannot_write(path: Path) -> None:
    db = open_reader(path, SCHEMA)
    with pytest.raises(apsw.ReadOnlyError):
        db.execute("INSERT INTO numbers VALUES(2)")
    db.close()


def test_a_reader_does_not_make_a_file(tmp_path: Path) -> None:
    missing = tmp_path / "missing.db"
    with pytest.raises(StorageError, match="is missing; was the data directory made with `gatehouse init`"):
        open_reader(missing, SCHEMA)
    assert not missing.exists()


@pytest.mark.parametrize("opened", [open_writer, open_reader])
def test_a_file_that_is_no_database_is_damaged(tmp_path: Path, opened: object) -> None:
    path = tmp_path / "text.db"
    path.write_bytes(b"this is a text and no database" * 100)
    with pytest.raises(DamagedError):
        opened(path, SCHEMA)  # type: ignore[operator]


def test_a_folder_that_is_missing_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be opened"):
        open_writer(tmp_path / "none" / "a.db", SCHEMA)


def test_a_look_leaves_the_wal_where_it_is(path: Path) -> None:
    writer = open_writer(path, SCHEMA)
    writer.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    writer.execute("INSERT INTO numbers VALUES(2)")
    writer.close()
    wal = path.with_name("numbers.db-wal")
    before = wal.read_bytes()
    db = open_as_it_is(path)
    assert db.execute("SELECT count(*) FROM numbers").get == 2
    assert db.pragma("busy_timeout") == BUSY_MS
    db.close()
    assert before and wal.read_bytes() == before


def test_a_transaction_is_stored_as_a_whole(path: Path) -> None:
    db = open_writer(path, SCHEMA)
    with transaction(db, path):
        db.execute("INSERT INTO numbers VALUES(2)")
        db.execute("INSERT INTO numbers VALUES(3)")
        assert db.in_transaction
        assert numbers(path) == [1]
    assert not db.in_transaction
    assert numbers(path) == [1, 2, 3]
    db.close()


def test_a_transaction_that_fails_stores_nothing_and_ends(path: Path) -> None:
    db = open_writer(path, SCHEMA)
    with pytest.raises(KeyError), transaction(db, path):
        db.execute("INSERT INTO numbers VALUES(2)")
        raise KeyError("x")
    assert not db.in_transaction
    assert numbers(path) == [1]
    db.close()


def test_a_transaction_that_sqlite_refuses_is_said_in_words_and_ends(path: Path) -> None:
    db = open_writer(path, SCHEMA)
    with pytest.raises(StorageError, match="cannot be used"), transaction(db, path):
        db.execute("INSERT INTO numbers VALUES(2)")
        db.execute("INSERT INTO numbers VALUES(1)")
    assert not db.in_transaction
    assert numbers(path) == [1]
    db.close()


def test_a_second_writer_is_told_that_the_file_is_held(path: Path) -> None:
    one, other = open_writer(path, SCHEMA), open_writer(path, SCHEMA)
    other.set_busy_timeout(0)
    with (
        transaction(one, path),
        pytest.raises(StorageError, match="held by another process"),
        transaction(other, path),
    ):
        pass
    one.close()
    other.close()


def test_rolling_back_without_a_transaction_is_nothing(path: Path) -> None:
    db = open_writer(path, SCHEMA)
    roll_back(db)
    db.execute("BEGIN")
    db.execute("INSERT INTO numbers VALUES(2)")
    roll_back(db)
    assert not db.in_transaction
    assert numbers(path) == [1]
    db.close()
    roll_back(db)  # a closed one neither


def test_a_peek_says_nothing_of_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert peek(tmp_path / "missing.db", "SELECT 1") == []
    assert not (tmp_path / "missing.db").exists()


def test_a_peek_gives_rows_and_takes_values(path: Path) -> None:
    assert peek(path, "SELECT n, ? FROM numbers WHERE n = ?", "a", 1) == [(1, "a")]
    assert peek(path, "SELECT n FROM numbers WHERE n = ?", 7) == []


@pytest.mark.parametrize("sql", ["SELECT n FROM another", "no sql", "INSERT INTO numbers VALUES(2)"])
def test_a_peek_that_cannot_read_is_none_and_is_logged(path: Path, sql: str, caplog: pytest.LogCaptureFixture) -> None:
    assert peek(path, sql) is None
    assert f"{path} cannot be read: " in caplog.text


def test_a_wal_that_is_kept_stays_as_long_as_it_was(path: Path) -> None:
    wal = path.with_name("numbers.db-wal")
    db = open_writer(path, SCHEMA)
    keep_wal(db, 1 << 20)
    assert db.pragma("journal_size_limit") == 1 << 20
    db.execute("INSERT INTO numbers VALUES(2)")
    grow_wal(path, 100_000)
    close_keeping_wal(db)
    assert wal.stat().st_size == 100_000


def test_a_wal_that_is_not_kept_goes_with_the_last_connection(path: Path) -> None:
    db = open_writer(path, SCHEMA)
    db.execute("INSERT INTO numbers VALUES(2)")
    grow_wal(path, 100_000)
    db.close()
    assert not path.with_name("numbers.db-wal").exists()


def test_a_connection_may_be_closed_twice(path: Path) -> None:
    db = open_writer(path, SCHEMA)
    close_keeping_wal(db)
    close_keeping_wal(db)
    assert numbers(path) == [1]


@pytest.mark.parametrize(("before", "wanted", "after"), [(10, 25, 25), (25, 25, 25), (26, 25, 26), (0, 1, 1)])
def test_a_wal_is_only_ever_grown(tmp_path: Path, before: int, wanted: int, after: int) -> None:
    wal = tmp_path / "a.db-wal"
    wal.write_bytes(b"x" * before)
    grow_wal(tmp_path / "a.db", wanted)
    assert wal.read_bytes() == b"x" * before + bytes(after - before)


def test_a_wal_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    grow_wal(tmp_path / "a.db", 10)
    assert not (tmp_path / "a.db-wal").exists()


def test_a_disk_without_room_leaves_the_wal_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    wal = tmp_path / "a.db-wal"
    wal.write_bytes(b"frames")
    monkeypatch.setattr(os, "fsync", full)
    grow_wal(tmp_path / "a.db", 100)
    assert wal.read_bytes() == b"frames"
