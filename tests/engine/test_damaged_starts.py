"""A start on damaged files: the gate opens, nothing is destroyed, and people are told.

Each damage is done to a real data directory between two runs, or to a copy of it as a kill would have left it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from gateway.core.vocabulary.errors import DataDirectoryError, JournalBrokenError
from gateway.engine.clock import Clock
from gateway.engine.stores import place_of
from gateway.store.directory import DataDirectory, source_of
from gateway.store.files import sync_directory
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal, Row
from gateway.store.passes.registry import PassRegistry
from gateway.store.recovery import aside
from gateway.store.recovery.opening import Recovery
from tests.engine.conftest import until
from tests.support.engine import SITE, Running
from tests.support.tampering import write_again

PASS: dict[str, Any] = {"id": "p1", "kind": "monthly", "cards": ["472288"], "holder": "Wang", "phone": "+86 139 0000"}
OPEN_IN = ("pulse", "io", 0, 500, True)
Harm = Callable[[Path], object]


def sql(path: Path, text: str, *values: Any) -> None:
    """Change a database as no Gatehouse does."""
    db = apsw.Connection(str(path))
    db.execute(text, values)
    db.close()


def overwrite(path: Path, at: int, size: int | None = None) -> None:
    """Noise in a file, to its end when no size is given."""
    size = path.stat().st_size - at if size is None else size
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\xa5" * size)


def cut(path: Path, share: float) -> None:
    """The end of a file is gone."""
    with path.open("r+b") as file:
        file.truncate(int(path.stat().st_size * share))


def alone(path: Path) -> Path:
    """A database without its WAL, which would heal it."""
    for suffix in ("-wal", "-shm"):
        aside.beside(path, suffix).unlink(missing_ok=True)
    return path


def journal_id(directory: DataDirectory) -> str:
    reader = JournalReader(directory.journal)
    try:
        return reader.journal_id
    finally:
        reader.close()


def set_aside(directory: DataDirectory, what: str = "journal") -> list[Path]:
    """The files that were set aside, without what belongs to them."""
    return sorted(directory.path.glob(f"{what}-damaged-*.db"))


def command(running: Running, name: str, lane: str = "in", request: str = "") -> Any:
    return running.client.call(
        "lane.command", request=request or f"{name}-{lane}", lane=lane, command=name, by="Lin", via="guard"
    )


def opens(running: Running) -> None:
    """The card of p1 opens the entry."""
    running.bus.card("472288")
    until(lambda: OPEN_IN in running.bus.orders)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """An engine whose devices answer, at a site where a car has come in."""
    directory = DataDirectory(tmp_path / "data")
    directory.create(SITE)
    journal = Journal.open(directory.journal, "/s", "b")
    entered = {"visit": "v1", "lane": "in", "pass": "p1", "method": "automatic", "certainty": "measured"}
    journal.append(
        [
            Row("barrier.opened", "lanes/in", {"lane": "in", "barrier": "in", "travel_ms": 900}, 0, 0),
            Row("passage.entered", "lanes/in", entered, 0, 0),
        ]
    )
    journal.close()
    running = Running(directory.path)
    running.bus.restore()
    until(lambda: running.lane()["arm"] == "closed")
    running.client.call("passes.put", **{"pass": PASS}, by="office")
    yield running
    running.stop()


@pytest.fixture
def lived(running: Running) -> Running:
    """That site with a tag on its exit and an alarm, which has ended in good order."""
    command(running, "lock", "out")
    running.client.call("uplink.report", up=False, reason="refused")
    until(lambda: running.alarms() == ["uplink_lost"])
    running.stop()
    return running


def again(running: Running) -> Running:
    """The next run, its arms down."""
    running.start()
    running.bus.restore()
    until(lambda: running.lane()["arm"] == "closed")
    return running


HARMS: dict[str, Harm] = {
    "the last row's text": lambda path: sql(path, "UPDATE rows SET text = text || ' ' WHERE sequence ="
                                            " (SELECT max(sequence) FROM rows)"),
    "the last row is no text": lambda path: sql(path, "UPDATE rows SET text = CAST(x'ff00a5' AS TEXT) WHERE sequence ="
                                                " (SELECT max(sequence) FROM rows)"),
    "the first page": lambda path: overwrite(alone(path), 0, 4096),
    "all but the first page": lambda path: overwrite(alone(path), 4096),
    "all of it": lambda path: alone(path).write_bytes(b"torn " * 1000),
    "cut in half": lambda path: cut(alone(path), 0.5),
    "empty": lambda path: cut(alone(path), 0),
    "missing": lambda path: path.unlink(),
    "its id": lambda path: sql(path, "DELETE FROM meta WHERE key = 'journal'"),
    "its tables": lambda path: sql(path, "ALTER TABLE rows RENAME TO elsewhere"),
    "another database": lambda path: shutil.copy(path.with_name("registry.db"), alone(path)),
    "written again": lambda path: write_again(path, 3, lambda event: event.update(subject="lanes/else")),
    "rows are gone": lambda path: sql(path, "DELETE FROM rows WHERE sequence > 3"),
}  # fmt: skip


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_a_damaged_journal_goes_aside_and_the_gate_opens(lived: Running, harm: Harm) -> None:
    before = journal_id(lived.directory)
    harm(lived.directory.journal)
    left = lived.directory.journal.read_bytes() if lived.directory.journal.exists() else None
    running = again(lived)
    opens(running)
    assert [one.read_bytes() for one in set_aside(running.directory)] == ([] if left is None else [left])
    after = journal_id(running.directory)
    assert after not in ("", before)
    assert running.client.call("ping")["journal"] == after
    until(lambda: "storage_degraded" in running.alarms())
    running.stop()
    assert JournalReader(lived.directory.journal).verify().first == 1
    lived.start()


@pytest.mark.parametrize("harm", ["the last row's text", "all of it", "missing", "rows are gone", "written again"])
def test_what_was_known_of_the_site_carries_over(lived: Running, harm: str) -> None:
    HARMS[harm](lived.directory.journal)
    running = again(lived)
    state = running.client.call("state")
    assert sorted(running.alarms()) == ["storage_degraded", "uplink_lost"]
    assert (running.lane("out")["mode"], running.lane("out")["tag"]["by"]) == ("locked", "Lin")
    assert not any(lane["interrupted"] for lane in state["lanes"])
    assert len(running.engine._stores.state.open_visits("p1")) == 1
    counted = running.engine._stores.state.counted("cycles")
    assert counted["in"] == 1


def test_the_first_rows_say_what_happened_and_the_alarm_stays_until_it_is_seen(lived: Running) -> None:
    reader = JournalReader(lived.directory.journal)
    before, last = reader.journal_id, reader.last_sequence()
    reader.close()
    HARMS["the last row's text"](lived.directory.journal)
    running = again(lived)
    (file,) = set_aside(running.directory)
    until(lambda: running.rows("gateway.started"))
    rows = running.rows()
    assert [row.type for row in rows[:5]] == [
        "storage.degraded", "alarm.raised", "storage.restored", "alarm.returned", "gateway.started",
    ]  # fmt: skip
    data = rows[0].data()
    assert (data["file"], data["journal"], data["last"]) == (file.name, before, last)
    assert "last row" in data["error"]
    alarm = next(one for one in running.client.call("state")["alarms"] if one["kind"] == "storage_degraded")
    assert alarm["state"] == "returned-unacknowledged"
    assert alarm["detail"]["file"] == file.name
    running.stop()
    running.start()
    assert "storage_degraded" in running.alarms(), "it was not seen yet"
    running.client.call("alarm.command", request="a1", alarm=alarm["alarm"], verb="acknowledge", by="Chen")
    until(lambda: "storage_degraded" not in running.alarms())
    assert set_aside(running.directory) == [file]


def test_a_consumer_of_the_old_journal_goes_on_behind_a_gap(lived: Running) -> None:
    before = journal_id(lived.directory)
    HARMS["all of it"](lived.directory.journal)
    running = again(lived)
    reader = JournalReader(running.directory.journal)
    found = reader.feed(f"{before}.5", 100)
    assert b'"other_journal"' in found.json
    assert found.count == reader.last_sequence() + 1
    reader.close()


def test_what_was_carried_over_outlives_the_projections(lived: Running) -> None:
    HARMS["all of it"](lived.directory.journal)
    running = again(lived)
    running.stop()
    lived.directory.state.unlink()
    running = again(lived)
    assert running.lane("out")["mode"] == "locked"
    assert sorted(running.alarms()) == ["storage_degraded", "uplink_lost"]


def test_with_journal_and_projections_lost_no_lane_moves_until_a_person_has_decided(lived: Running) -> None:
    HARMS["all of it"](lived.directory.journal)
    overwrite(lived.directory.state, 0)
    running = again(lived)
    assert [lane["interrupted"] for lane in running.client.call("state")["lanes"]] == [True, True]
    running.bus.card("472288")
    until(lambda: running.rows("access.referred", "access.denied"))
    assert running.bus.orders == []
    assert command(running, "open")["status"] == "done"
    until(lambda: OPEN_IN in running.bus.orders)


def test_a_tail_that_the_projections_have_not_seen_leaves_its_lane_to_a_person(lived: Running) -> None:
    journal = Journal.open(lived.directory.journal, "/s", "b")
    journal.append([Row("barrier.unlocked", "lanes/out", {"lane": "out"}, 0, 0)])
    journal.append([Row("barrier.locked", "lanes/in", {"lane": "in"}, 0, 0)])
    journal.close()
    HARMS["the last row's text"](lived.directory.journal)
    running = again(lived)
    assert running.lane("in")["interrupted"]
    assert not running.lane("out")["interrupted"]
    assert running.lane("out")["mode"] == "auto", "the rows before the damaged one count"


@pytest.mark.parametrize("torn", ["'torn'", "CAST(x'ff00a5' AS TEXT)"], ids=["no event", "no text"])
def test_a_row_that_cannot_be_read_before_the_projections_have_it_is_damage_too(lived: Running, torn: str) -> None:
    journal = Journal.open(lived.directory.journal, "/s", "b")
    first = journal.last_sequence + 1
    journal.append([Row("access.denied", "lanes/in", {"lane": "in", "n": n}, 0, 0) for n in range(3)])
    journal.close()
    sql(lived.directory.journal, f"UPDATE rows SET text = {torn} WHERE sequence = ?", first)
    running = again(lived)
    assert len(set_aside(running.directory)) == 1
    assert running.lane("in")["interrupted"]


@pytest.mark.parametrize("harm", [lambda path: path.unlink(), lambda path: overwrite(path, 0)], ids=["gone", "noise"])
def test_projections_that_are_lost_are_made_again(lived: Running, harm: Harm) -> None:
    before = journal_id(lived.directory)
    harm(lived.directory.state)
    running = again(lived)
    assert running.lane("out")["mode"] == "locked"
    assert journal_id(running.directory) == before
    opens(running)


# ---- as a kill leaves it -----------------------------------------------------------------------------------------


@pytest.fixture
def killed(running: Running, tmp_path: Path) -> DataDirectory:
    """A copy of the files of a running engine, as a kill would leave them."""
    stores = running.engine._stores
    command(running, "lock", "out")
    until(lambda: stores.state.lanes().get("out", {}).get("mode") == "locked")
    until(lambda: stores.state.sequence == stores.journal.last_sequence)
    copy = tmp_path / "copy"
    shutil.copytree(running.directory.path, copy, ignore=shutil.ignore_patterns("run", "*-shm"))
    return DataDirectory(copy)


def wal_of(directory: DataDirectory) -> Path:
    return aside.beside(directory.journal, "-wal")


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: overwrite(path, 0),
        lambda path: overwrite(path, 32 + 24 + 4096),
        lambda path: cut(path, 0),
        lambda path: cut(path, 0.001),
        lambda path: path.unlink(),
    ],
    ids=["noise", "noise behind the first page", "empty", "cut short", "gone"],
)
def test_rows_that_went_with_the_wal_are_missed_and_no_id_is_given_twice(killed: DataDirectory, harm: Harm) -> None:
    before = journal_id(killed)
    harm(wal_of(killed))
    running = Running(killed.path)
    try:
        running.bus.restore()
        until(lambda: running.lane()["arm"] == "closed")
        assert journal_id(killed) != before
        assert running.lane("out")["mode"] == "locked"
        opens(running)
        assert len(set_aside(killed)) == 1
    finally:
        running.stop()


def test_a_whole_wal_is_no_damage(killed: DataDirectory) -> None:
    before = journal_id(killed)
    running = Running(killed.path)
    try:
        assert journal_id(killed) == before
        assert set_aside(killed) == []
    finally:
        running.stop()


def test_what_the_broker_has_had_and_the_journal_has_not_is_missed_too(lived: Running) -> None:
    from gateway.uplink.central.cursors import Cursors, Position

    cursors = Cursors(lived.directory.uplink)
    cursors.move("mqtt:h:1883:gw1", Position(journal_id(lived.directory), 4711))
    cursors.close()
    running = again(lived)
    assert "4711" in running.rows()[0].data()["error"]
    assert all(lane["interrupted"] for lane in running.client.call("state")["lanes"]), "nobody knows what they said"


def mend_journal(directory: DataDirectory) -> None:
    """What a start does about its journal."""
    settings, now = directory.configured(), Clock(trusted=True).now()
    Recovery(place_of(directory), settings, source_of(settings), "b", now).mend_journal()


class Killed(BaseException):
    """The process has ended here."""


def test_a_kill_at_any_moment_of_setting_aside_loses_nothing(
    lived: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    HARMS["all of it"](lived.directory.journal)
    left = lived.directory.journal.read_bytes()
    lived.directory.path.joinpath("journal.db-wal").write_bytes(b"what is in the WAL")
    steps = 0
    while True:
        copy = tmp_path / f"kill-{steps}"
        shutil.copytree(lived.directory.path, copy, ignore=shutil.ignore_patterns("run"))
        directory = DataDirectory(copy)
        if killed_at(directory, steps, monkeypatch):
            steps += 1
        mend_journal(directory)
        (file,) = set_aside(directory)
        assert (file.read_bytes(), aside.beside(file, "-wal").read_bytes()) == (left, b"what is in the WAL")
        assert JournalReader(directory.journal).page(0, 1)[0].type == "storage.degraded"
        assert not list(copy.glob("*.next")) + list(copy.glob("*.making*"))
        if not copy.name.endswith(f"-{steps - 1}"):
            break
    assert steps >= 6


def killed_at(directory: DataDirectory, step: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Begin to mend, and die before the change of the directory with that number; False when there was none."""
    left = [step]

    def dying(change: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*args: Any) -> Any:
            if left[0] == 0:
                raise Killed
            left[0] -= 1
            return change(*args)

        return changed

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", dying(Path.rename))
        patch.setattr(Path, "replace", dying(Path.replace))
        patch.setattr(aside, "sync_directory", dying(sync_directory))
        try:
            mend_journal(directory)
        except Killed:
            return True
    return False


# ---- what is no damage -------------------------------------------------------------------------------------------


def test_a_journal_of_a_newer_version_is_left_alone(lived: Running) -> None:
    sql(lived.directory.journal, "PRAGMA user_version = 99")
    with pytest.raises(DataDirectoryError, match="newer version"):
        lived.start()
    lived.directory.unlock()
    assert set_aside(lived.directory) == []
    sql(lived.directory.journal, "PRAGMA user_version = 1")
    lived.start()


def test_damage_in_the_middle_stops_no_gate_and_is_left_to_verify(lived: Running) -> None:
    sql(lived.directory.journal, "UPDATE rows SET text = 'torn' WHERE sequence = 2")
    running = again(lived)
    assert set_aside(running.directory) == []
    opens(running)
    with pytest.raises(JournalBrokenError) as caught:
        JournalReader(lived.directory.journal).verify()
    assert caught.value.sequence == 2


# ---- the passes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("harm", ["all of it", "empty", "missing"])
def test_a_lost_registry_is_told_and_the_engine_runs_without_its_passes(lived: Running, harm: str) -> None:
    HARMS[harm](lived.directory.registry)
    running = again(lived)
    alarm = next(one for one in running.client.call("state")["alarms"] if one["kind"] == "storage_degraded")
    assert (alarm["detail"]["reason"], alarm["detail"]["passes"]) == ("passes", 0)
    assert len(set_aside(running.directory, "registry")) == (harm != "missing")
    running.bus.card("472288")
    until(lambda: running.rows("access.denied"))
    running.client.call("passes.put", **{"pass": PASS}, by="office")
    opens(running)


def test_passes_that_can_be_read_are_kept(lived: Running) -> None:
    registry = PassRegistry(lived.directory.registry, writer=True)
    from gateway.store.passes.checks import check_pass

    registry.import_passes(
        check_pass({"id": f"q{n:05d}", "kind": "monthly", "cards": [str(n)], "note": "x" * 300}) for n in range(1, 2001)
    )
    registry.close()
    size = lived.directory.registry.stat().st_size
    sql(lived.directory.registry, "DELETE FROM credentials WHERE kind = 99")  # the WAL is folded
    overwrite(lived.directory.registry, 4096 * 20, 4096 * 10)
    db = apsw.Connection(str(lived.directory.registry))
    root = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'credentials'").get
    db.close()
    overwrite(lived.directory.registry, 4096 * (root - 1), 4096)
    assert lived.directory.registry.stat().st_size == size
    running = again(lived)
    kept = running.rows("storage.degraded")[-1].data()["passes"]
    assert 1500 < kept < 2001
    opens(running)
