"""Files that recovery reads, sets aside and closes again."""

from __future__ import annotations

from pathlib import Path

import apsw
import msgspec
import pytest

from gateway.core.vocabulary.errors import GatehouseError, StorageError
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.core.vocabulary.times import NS_PER_S
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal
from gateway.store.projections import table
from gateway.store.projections.state import State
from gateway.store.recovery.aside import aside_of
from gateway.store.recovery.registry import readable_passes
from gateway.store.recovery.state import open_state
from tests.store.conftest import SOURCE, row


def held(path: Path) -> int:
    """How many files of this process are that file."""
    there = list(Path("/proc/self/fd").iterdir())
    return sum(1 for one in there if one.exists() and one.resolve() == path.resolve())


def test_of_two_rows_with_one_id_one_pass_is_read(tmp_path: Path) -> None:
    db = apsw.Connection(str(tmp_path / "registry.db"))
    db.execute("CREATE TABLE passes(number INTEGER PRIMARY KEY, id, kind, holder, unit, document)")
    for holder in ("first", "second"):
        document = msgspec.json.encode(Pass("p1", PassKind.MONTHLY, holder)).decode()
        db.execute("INSERT INTO passes(id, document) VALUES('p1', ?)", (document,))
    db.close()
    assert [one.holder for one in readable_passes(tmp_path / "registry.db")] == ["first"]


def test_files_that_are_set_aside_within_a_second_are_numbered(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    names = []
    for _ in range(3):
        found = aside_of(path, 1_790_000_000 * NS_PER_S)
        found.touch()
        names.append(found.name)
    first = "journal-damaged-20260921T141320Z"
    assert names == [f"{first}.db", f"{first}-2.db", f"{first}-3.db"]


@pytest.mark.parametrize(
    ("error", "of_the_row"),
    [
        (apsw.ConstraintError(), True),
        (apsw.MismatchError(), True),
        (apsw.TooBigError(), True),
        (apsw.FullError(), False),
        (apsw.IOError(), False),
        (apsw.CorruptError(), False),
        (KeyError(), True),
        (TypeError(), True),
        (StorageError("full"), False),
        (MemoryError(), False),
    ],
)
def test_only_what_is_of_the_row_lets_the_projections_go_on_without_it(error: Exception, of_the_row: bool) -> None:
    assert table._is_of_the_row(error) is of_the_row


def test_projections_that_cannot_be_brought_on_are_closed_again(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    State(path, writer=True).close()

    def fails(_state: State) -> None:
        raise GatehouseError("not now")

    with pytest.raises(GatehouseError, match="not now") as error:
        open_state(path, fails)
    assert error.tb is not None, "what the frames hold is not collected yet"
    assert held(path) == 0


def test_a_journal_whose_meta_cannot_be_read_is_closed_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = Journal.create(path, "keptjournal", SOURCE, "boot-1")
    journal.append([row()])
    journal.close()
    db = apsw.Connection(str(path))
    db.execute("DROP TABLE meta")
    db.close()
    with pytest.raises(StorageError, match="no such table") as error:
        JournalReader(path)
    assert error.tb is not None, "what the frames hold is not collected yet"
    assert held(path) == 0
