"""What a look at a store finds, of files that were harmed in each way."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal
from gateway.store.projections.state import State
from gateway.store.recovery.look import Finding, look_at_journal, look_at_registry, says_nothing
from gateway.store.recovery.reserve import NEEDED_BYTES, Reserve
from gateway.store.recovery.table import Found
from tests.store.conftest import SOURCE
from tests.store.recovery.harms import OF_A_FILE, OF_A_JOURNAL, Harm, make_stores, sql


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Harmless stores."""
    make_stores(tmp_path)
    return tmp_path


def journal_found(folder: Path, unreadable: str = "") -> Finding:
    return look_at_journal(folder / "journal.db", folder / "state.db", folder / "uplink.db", unreadable)


@pytest.mark.parametrize(("found", "harm"), OF_A_JOURNAL.items())
def test_what_is_found_of_a_journal(folder: Path, found: Found, harm: Harm) -> None:
    harm(folder / "journal.db")
    finding = journal_found(folder)
    assert finding.found is found
    assert (finding.error == "") == (found is Found.SOUND)


@pytest.mark.parametrize(("found", "harm"), OF_A_FILE.items())
def test_what_is_found_of_a_registry(folder: Path, found: Found, harm: Harm) -> None:
    harm(folder / "registry.db")
    finding = look_at_registry(folder / "registry.db")
    assert finding.found is found
    assert (finding.error == "") == (found is Found.SOUND)


def test_a_row_that_could_not_be_read_is_found_only_where_the_end_is_sound(folder: Path) -> None:
    assert journal_found(folder, "row 7 is torn") == Finding(Found.ROW_UNREADABLE, "row 7 is torn", "testjournal1", 10)
    OF_A_JOURNAL[Found.ROWS_GONE](folder / "journal.db")
    assert journal_found(folder, "row 7 is torn").found is Found.ROWS_GONE


def test_rows_that_only_others_have_are_counted(folder: Path) -> None:
    OF_A_JOURNAL[Found.ROWS_GONE](folder / "journal.db")
    finding = journal_found(folder)
    assert (finding.journal, finding.last) == ("testjournal1", 10)
    assert finding.error == "it ends at row 4 and had 10"


def test_what_others_know_of_another_journal_counts_for_nothing(folder: Path) -> None:
    sql(folder / "state.db", "UPDATE meta SET value = 'elsewhere00' WHERE key = 'journal'")
    OF_A_JOURNAL[Found.ROWS_GONE](folder / "journal.db")
    assert journal_found(folder).found is Found.SOUND


def known_by_central(folder: Path, sequence: int, digest: str) -> None:
    sql(folder / "uplink.db", "CREATE TABLE cursor(consumer, journal, sequence, head)")
    sql(
        folder / "uplink.db",
        f"INSERT INTO cursor VALUES('mqtt', 'testjournal1', {sequence}, '{sequence}:{digest}:{'A' * 86}==')",
    )


def hash_of(folder: Path, sequence: int) -> str:
    with closing(JournalReader(folder / "journal.db")) as reader:
        return reader.hash_of(sequence)


REWRITE = OF_A_JOURNAL[Found.ROWS_REWRITTEN]


def test_a_row_that_was_written_again_is_named_with_its_true_head(folder: Path) -> None:
    true = hash_of(folder, 10)
    REWRITE(folder / "journal.db")
    finding = journal_found(folder)
    assert (finding.journal, finding.last) == ("testjournal1", 10)
    assert finding.error.startswith("its row 10 is not the one that the projections had")
    assert finding.error.endswith(f" 10:{true}")


def test_a_row_that_only_central_knows_shows_it_too(folder: Path) -> None:
    known_by_central(folder, 6, hash_of(folder, 6))
    assert journal_found(folder).found is Found.SOUND
    (folder / "state.db").unlink()
    REWRITE(folder / "journal.db")
    assert journal_found(folder).found is Found.ROWS_REWRITTEN


def test_rows_behind_what_others_know_are_free_to_be_any(folder: Path) -> None:
    """A crash leaves the projections behind: what they have not applied yet is no sign of anything."""
    known_by_central(folder, 3, hash_of(folder, 3))
    with closing(JournalReader(folder / "journal.db")) as reader, closing(State(folder / "s.db", writer=True)) as state:
        state.follow("testjournal1")
        state.apply(reader.page(0, 3))
    (folder / "s.db").replace(folder / "state.db")
    REWRITE(folder / "journal.db")
    assert journal_found(folder).found is Found.SOUND


def test_projections_of_an_earlier_version_know_no_hash(folder: Path) -> None:
    sql(folder / "state.db", "DELETE FROM meta WHERE key = 'head'")
    REWRITE(folder / "journal.db")
    assert journal_found(folder).found is Found.SOUND


@pytest.mark.parametrize(("before", "found"), [(4, Found.ROWS_REWRITTEN), (10, Found.ROWS_REWRITTEN)])
def test_the_end_of_what_retention_dropped_is_compared_as_well(folder: Path, before: int, found: Found) -> None:
    true = hash_of(folder, before - 1)
    with closing(Journal.open(folder / "journal.db", SOURCE, "boot-1")) as journal:
        journal.drop_some(before, wall_ns=1, most=100)
    (folder / "state.db").unlink()
    known_by_central(folder, before - 1, true)
    assert journal_found(folder).found is Found.SOUND
    sql(folder / "journal.db", "UPDATE gaps SET lasthash = 'ff'")
    assert journal_found(folder).found is found
    sql(folder / "uplink.db", "UPDATE cursor SET sequence = 1, head = '1:' || substr(head, 3)")
    assert journal_found(folder).found is Found.SOUND, "the row is dropped"


def test_a_look_changes_nothing(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.glob("*.db")}
    journal_found(folder)
    look_at_registry(folder / "registry.db")
    assert {path.name: path.read_bytes() for path in folder.glob("*.db")} == before


def test_damage_in_the_middle_is_not_looked_for(folder: Path) -> None:
    sql(folder / "journal.db", "UPDATE rows SET text = 'torn' WHERE sequence = 3")
    assert journal_found(folder).found is Found.SOUND


def test_a_journal_held_by_another_process_is_no_damage(folder: Path) -> None:
    db = apsw.Connection(str(folder / "journal.db"))
    db.execute("BEGIN IMMEDIATE")
    assert journal_found(folder).found is Found.SOUND
    db.execute("ROLLBACK")


def test_a_journal_without_rows_says_nothing(folder: Path, tmp_path: Path) -> None:
    assert not says_nothing(folder / "journal.db")
    Journal.create(tmp_path / "begun.db", "testjournal2", SOURCE).close()
    assert says_nothing(tmp_path / "begun.db")
    shutil.copy(folder / "registry.db", tmp_path / "other.db")
    assert not says_nothing(tmp_path / "other.db")
    assert not says_nothing(tmp_path)


@pytest.mark.parametrize(
    ("free", "reserved", "found"),
    [
        (NEEDED_BYTES, True, Found.ROOM),
        (NEEDED_BYTES - 1, True, Found.FULL),
        (NEEDED_BYTES - 1, False, Found.FULL_WITHOUT_RESERVE),
        (None, True, Found.ROOM),
    ],
)
def test_what_is_found_of_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int | None, reserved: bool, found: Found
) -> None:
    monkeypatch.setattr("gateway.store.recovery.reserve.free_bytes", lambda _path: free)
    reserve = Reserve(tmp_path / "reserve")
    if reserved:
        (tmp_path / "reserve").write_bytes(b"room")
    assert reserve.found() is found
    assert reserve.release() is (found is Found.FULL)
    assert (tmp_path / "reserve").exists() is (reserved and found is not Found.FULL)
