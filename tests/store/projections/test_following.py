"""How projections follow the journal, and go from one journal to the next."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gateway.store.projections.state as state_module
import gateway.store.projections.table as projections
from gateway.core.vocabulary.errors import StorageError
from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal, Row
from gateway.store.projections.state import State
from tests.store.conftest import SOURCE, alarm_states, row
from tests.store.projections.conftest import Gate


def succeed(gate: Gate, tmp_path: Path, **data: object) -> None:
    """Another journal takes the place of the gate's, and its first row says of which."""
    before = gate.journal.journal_id
    gate.journal.close()
    gate.reader.close()
    for file in tmp_path.glob("journal.db*"):
        file.unlink()
    gate.journal = Journal.create(tmp_path / "journal.db", None, SOURCE, "boot-1")
    gate.reader = JournalReader(tmp_path / "journal.db")
    gate.happens("storage.degraded", **{"journal": before, **data})


def test_what_is_known_carries_over_to_the_journal_that_succeeds(gate: Gate, tmp_path: Path) -> None:
    gate.enters("v1", **{"pass": "p1"})
    gate.enters("v2", **{"pass": "p1"})
    gate.alarm("raised", "unacknowledged")
    gate.happens("barrier.locked", lane="in", by="Lin", reason="works")
    gate.happens("barrier.opened", lane="in", barrier="in", travel_ms=900)
    gate.happens("pass.expiring", **{"pass": "p1"}, day="2026-09-21")
    for _ in range(2):
        succeed(gate, tmp_path)
        gate.enters("v3", **{"pass": "p1"})
        state = gate.state
        assert [visit.visit for visit in state.open_visits("p1")] == ["v3", "v2", "v1"]
        assert [alarm["alarm"] for alarm in state.alarm_documents()] == ["a1"]
        assert state.lanes()["in"]["mode"] == "locked"
        assert [one["travel_ms"] for one in state.movements("in", None, None)] == [900]
        assert state.warnings(UTC) == [("2026-09-21", "p1")]
        assert state.counted("cycles") == {"in": 1}
        assert state.sequence == 2


def test_a_journal_that_succeeds_another_one_finds_nothing_of_ours(gate: Gate, tmp_path: Path) -> None:
    gate.enters("v1")
    succeed(gate, tmp_path, journal="elsewhere")
    assert gate.state.visits() == []


def test_marks_that_a_later_version_describes_further_carry_over(gate: Gate, tmp_path: Path) -> None:
    mark = {"lane": "in", "mark": "locked", "since_ns": 7, "by": "Lin", "reason": "works", "until": "noon"}
    succeed(gate, tmp_path, journal="elsewhere", marks=[mark])
    assert gate.state.lanes()["in"]["by"] == "Lin"


def test_what_the_first_row_tells_counts_where_nothing_is_known(gate: Gate, tmp_path: Path) -> None:
    gate.happens("barrier.locked", lane="in", by="Lin", reason="works")
    gate.alarm("raised", "unacknowledged")
    told = gate.state.standing()
    succeed(gate, tmp_path, journal="elsewhere", **told, interrupted=["out"])
    assert gate.state.lanes()["in"]["by"] == "Lin"
    assert [alarm["alarm"] for alarm in gate.state.alarm_documents()] == ["a1"]
    assert set(gate.state.memory()["interrupted"]) == {"out"}


def test_whether_people_may_be_at_an_arm_waits_for_the_disk(gate: Gate) -> None:
    def waits() -> bool:
        assert gate.state._writer is not None
        return bool(gate.state._writer.pragma("synchronous") == 2)

    gate.happens("barrier.locked", lane="in")
    assert waits()
    gate.happens("access.denied", lane="in")
    assert not waits()


def _everything(state: State) -> object:
    return (state.memory(), state.visits(""), state.counters(), state.counted("cycles"), state.sequence)


_types = st.sampled_from(
    ["passage.entered", "passage.exited", "access.granted", "access.denied", "barrier.crashed", "barrier.reset",
     "barrier.commanded", "barrier.opened", "alarm.raised", "alarm.closed", "pass.expiring", "gateway.started",
     "gateway.stopped", "unheard.of"]
)  # fmt: skip
_rows = st.lists(
    st.builds(
        lambda t, n: row(n, t, visit=f"v{n % 3}", alarm=f"a{n % 2}", barrier="b", **{"pass": f"p{n % 2}"}),
        _types, st.integers(0, 50),
    ),
    max_size=25,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(rows=_rows, cuts=st.lists(st.integers(0, 25), max_size=4))
def test_rows_applied_in_pieces_twice_or_from_the_start_come_to_the_same(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], cuts: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("state")
    journal = Journal.create(folder / "journal.db", source=SOURCE)
    journal.append(rows)
    reader = JournalReader(folder / "journal.db")
    whole, pieces = State(folder / "a.db", writer=True), State(folder / "b.db", writer=True)
    whole.catch_up(reader)
    pieces.follow(reader.journal_id)
    for cut in cuts:
        pieces.apply(reader.page(0, cut) if cut else [])
    pieces.catch_up(reader)
    assert _everything(pieces) == _everything(whole)
    for store in (journal, reader, whole, pieces):
        store.close()


def test_projections_of_another_journal_begin_anew(gate: Gate, tmp_path: Path) -> None:
    gate.enters("v1")
    other = Journal.create(tmp_path / "other.db")
    other.append([row(1, "barrier.crashed", barrier="b")])
    assert gate.state.catch_up(JournalReader(tmp_path / "other.db")) == 1
    assert gate.state.visits() == []
    assert gate.state.lanes()["in"]["mode"] == "crashed"
    other.close()


def test_a_reader_sees_what_the_writer_applied(gate: Gate, tmp_path: Path) -> None:
    other = State(tmp_path / "state.db")
    gate.enters("v1")
    assert [one.visit for one in other.visits()] == ["v1"]
    with pytest.raises(StorageError, match="for reading"):
        other.apply([])
    other.close()


def test_visits_whose_exit_nobody_saw_are_forgotten_past_a_bound(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projections, "INSIDE_MAX", 2)
    monkeypatch.setattr(state_module, "PRUNE_ROWS", 1)
    gate.enters("gone")
    gate.happens("passage.exited", visit="gone")
    for name in ("z", "y", "x"):
        gate.enters(name)
    assert {one.visit for one in gate.state.visits("")} == {"gone", "y", "x"}


def test_what_has_ended_is_forgotten_past_a_bound(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projections, "VISITS_MAX", 2)
    monkeypatch.setattr(projections, "ALARMS_MAX", 1)
    monkeypatch.setattr(state_module, "PRUNE_ROWS", 1)
    for n in range(4):
        gate.enters(f"v{n}")
        gate.alarm("raised", "unacknowledged", alarm=f"a{n}")
    for n in range(3):
        gate.happens("passage.exited", visit=f"v{n}")
        gate.alarm("closed", "closed", alarm=f"a{n}")
    assert [one.visit for one in gate.state.visits("")] == ["v1", "v2", "v3"]
    assert alarm_states(gate.state) == {"a2": "closed", "a3": "unacknowledged"}
