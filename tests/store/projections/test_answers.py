"""Requests and their first answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.store.journal.reader import JournalReader
from gateway.store.journal.writer import Journal
from gateway.store.projections import answers
from gateway.store.projections.answers import Answer, Conflict, Pending
from gateway.store.projections.state import State
from tests.store.projections.conftest import Gate


def kept(state: State) -> list[str]:
    """The keys of the requests that are known, oldest first."""
    return [key for (key,) in state.select("SELECT key FROM answers ORDER BY number")]


def test_a_request_is_new_once(state: State) -> None:
    assert state.begin("k", "body", 1) is None
    assert state.begin("k", "body", 2) == Pending()
    state.finish("k", {"status": "done"})
    assert state.begin("k", "body", 3) == Answer({"status": "done"})
    assert state.begin("k", "other body", 3) == Conflict()


def test_a_request_begun_before_a_crash_is_known_after_it(state: State, tmp_path: Path) -> None:
    state.begin("k", "body", 1)
    copies = [tmp_path / "state.db", tmp_path / "state.db-wal"]
    after = tmp_path / "after"
    after.mkdir()
    for file in copies:
        (after / file.name).write_bytes(file.read_bytes())
    again = State(after / "state.db", writer=True)
    assert again.begin("k", "body", 2) == Pending()
    again.close()


def test_beginning_waits_for_the_disk_and_nothing_else_does(state: State) -> None:
    db = state._writing()
    seen: list[int] = []
    db.set_commit_hook(lambda: seen.append(int(db.pragma("synchronous"))) or False)
    state.begin("k", "body", 1)
    state.finish("k", {})
    full, normal = 2, 1
    assert seen == [full, normal]


def test_answers_are_forgotten_after_a_week_or_past_a_bound(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(5):
        state.begin(f"k{n}", "body", n)
    state.begin("later", "body", answers.ANSWER_KEPT_NS + 2)
    assert kept(state) == ["k2", "k3", "k4", "later"]
    monkeypatch.setattr(answers, "ANSWERS_MAX", 2)
    state.begin("last", "body", answers.ANSWER_KEPT_NS + 2)
    assert kept(state) == ["later", "last"]


def test_answers_outlive_projections_that_begin_anew(gate: Gate, tmp_path: Path) -> None:
    gate.state.begin("k", "body", 1)
    Journal.create(tmp_path / "other.db").close()
    gate.state.catch_up(JournalReader(tmp_path / "other.db"))
    assert gate.state.begin("k", "body", 2) == Pending()
