"""Schema versions, on databases kept from each of them."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from gateway.core.vocabulary.errors import DataDirectoryError
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal
from gateway.store.passes.registry import PassRegistry
from gateway.store.projections.answers import Answer
from gateway.store.projections.state import State
from gateway.store.sqlite.migrations import Schema, migrate, require_current, version_of
from gateway.store.sqlite.schemas import JOURNAL, REGISTRY, STATE
from tests.store.conftest import SOURCE, row

KEPT = Path(__file__).parent


def versions(schema: Schema) -> range:
    return range(1, schema.version + 1)


def test_every_version_has_its_kept_databases() -> None:
    for schema, name in ((JOURNAL, "journal"), (REGISTRY, "registry"), (STATE, "state")):
        for version in versions(schema):
            assert (KEPT / f"v{version}-{name}.sql").exists()


def _load(folder: Path, version: int, name: str) -> Path:
    path = folder / f"{name}.db"
    db = apsw.Connection(str(path))
    for _ in db.execute((KEPT / f"v{version}-{name}.sql").read_text()):
        pass
    db.close()
    return path


@pytest.mark.parametrize("version", versions(JOURNAL))
def test_a_journal_of_each_version_goes_on(tmp_path: Path, version: int) -> None:
    path = _load(tmp_path, version, "journal")
    journal = Journal.open(path, SOURCE, "boot-2")
    assert list(journal.append([row()])) == [23]
    journal.close()
    reader = JournalReader(path)
    found = reader.verify()
    assert (reader.journal_id, found.first, found.last) == ("keptjournal", 5, 23)
    assert reader.feed("keptjournal.2", 1).last == 4


@pytest.mark.parametrize("version", versions(REGISTRY))
def test_passes_of_each_version_are_found(tmp_path: Path, version: int) -> None:
    registry = PassRegistry(_load(tmp_path, version, "registry"), writer=True)
    for kind, value in (("card", "472288"), ("plate", "粤B12345")):
        assert [one.holder for one in registry.find(kind, value)] == ["李雷"]
    registry.close()


@pytest.mark.parametrize("version", versions(REGISTRY))
def test_the_groups_of_passes_of_each_version_are_known(tmp_path: Path, version: int) -> None:
    path = _load(tmp_path, version, "registry")
    db = apsw.Connection(str(path))
    document = '{"id":"p2","kind":"monthly","group":"12-3","revision":1}'
    if version < 8:
        db.execute("INSERT INTO passes VALUES(2, 'p2', 'monthly', '', '', ?)", (document,))
    else:
        db.execute("INSERT INTO passes VALUES(2, 'p2', ?)", (document,))
    db.close()
    registry = PassRegistry(path, writer=True)
    assert registry.of_group("12-3") == ("p2",)
    registry.close()


def test_plates_typed_with_o_and_i_are_found_as_cameras_read_them(tmp_path: Path) -> None:
    path = _load(tmp_path, 1, "registry")
    db = apsw.Connection(str(path))
    typed = ("粤B1O3I5", "粤B10315", "京IO2345", "京O12345", "OIL-1", "沪AD1234O")
    for value in typed:
        db.execute("INSERT INTO credentials VALUES(1, 0, ?, 1)", (value,))
    db.close()
    registry = PassRegistry(path, writer=True)
    for plate in (*typed, "粤B10315", "京I02345", "沪AD12340"):
        assert [one.holder for one in registry.find("plate", plate)] == (["李雷"] if plate != "OIL-1" else []), plate
    registry.close()
    db = apsw.Connection(str(path))
    kept = {value for (value,) in db.execute("SELECT value FROM credentials WHERE kind = 1 AND pass = 1")}
    assert kept == {"粤B12345", "粤B10315", "京I02345", "京O12345", "OIL-1", "沪AD12340"}


@pytest.mark.parametrize("version", versions(REGISTRY)[:4])
def test_plates_in_traditional_characters_are_found_as_cameras_read_them(tmp_path: Path, version: int) -> None:
    path = _load(tmp_path, version, "registry")
    db = apsw.Connection(str(path))
    for value in ("粵ZI234港", "蘇EO234學", "滬A12345", "沪A12345", "台北黑1"):
        db.execute("INSERT INTO credentials VALUES(1, 0, ?, 1)", (value,))
    db.close()
    registry = PassRegistry(path, writer=True)
    for plate in ("粤Z·1234港", "粵Z1234港", "苏E0234学", "滬A12345", "沪A12345", "粤B12345", "台北黑1"):
        assert [one.holder for one in registry.find("plate", plate)] == ["李雷"], plate
    registry.close()
    db = apsw.Connection(str(path))
    kept = {value for (value,) in db.execute("SELECT value FROM credentials WHERE kind = 1")}
    assert kept == {"粤B12345", "粤Z1234港", "苏E0234学", "沪A12345", "台北黑1"}


@pytest.mark.parametrize("version", versions(STATE))
def test_projections_of_each_version_are_known(tmp_path: Path, version: int) -> None:
    state = State(_load(tmp_path, version, "state"), writer=True)
    assert state.sequence == 22
    assert state.lanes()["in"]["mode"] == "crashed"
    assert state.begin("k", "body", 2) == Answer({"status": "done"})
    assert set(state.memory()["latest"]) == ({"in"} if version >= 4 else set())
    assert state.cars_inside("472288", 100)[1] == len(state.visits()) == 16
    state.close()


ONE = Schema("things", 77, ("CREATE TABLE a(x)",))
TWO = Schema("things", 77, (*ONE.steps, "ALTER TABLE a ADD COLUMN y; UPDATE a SET y = x + 1"))
BROKEN = Schema("things", 77, (*ONE.steps, "ALTER TABLE a ADD COLUMN y; UPDATE nothing SET y = 1"))


@pytest.fixture
def old(tmp_path: Path) -> apsw.Connection:
    db = apsw.Connection(str(tmp_path / "things.db"))
    migrate(db, ONE, tmp_path)
    db.execute("INSERT INTO a VALUES(1)")
    return db


def test_an_old_database_is_brought_up_to_date_with_its_rows(old: apsw.Connection, tmp_path: Path) -> None:
    migrate(old, TWO, tmp_path)
    assert old.execute("SELECT x, y FROM a").fetchall() == [(1, 2)]
    assert version_of(old, TWO, tmp_path) == 2
    migrate(old, TWO, tmp_path)


def test_a_step_that_fails_leaves_the_old_version_whole(old: apsw.Connection, tmp_path: Path) -> None:
    with pytest.raises(apsw.SQLError):
        migrate(old, BROKEN, tmp_path)
    assert version_of(old, ONE, tmp_path) == 1
    assert old.execute("SELECT * FROM a").fetchall() == [(1,)]


def test_a_reader_waits_for_the_engine_to_migrate(old: apsw.Connection, tmp_path: Path) -> None:
    require_current(old, ONE, tmp_path)
    with pytest.raises(DataDirectoryError, match="start the engine"):
        require_current(old, TWO, tmp_path)


def test_a_newer_database_is_left_alone(old: apsw.Connection, tmp_path: Path) -> None:
    migrate(old, TWO, tmp_path)
    with pytest.raises(DataDirectoryError, match="newer version"):
        migrate(old, ONE, tmp_path)
