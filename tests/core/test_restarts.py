"""Restarts: a killed engine, the next run, and what the journal's projections carry from one to the other."""

from __future__ import annotations

import pytest

from tests.core.playbook import Playbook, site_document


def run_through() -> Playbook:
    """A lane without a detached contact whose closed arm a vehicle has just crossed."""
    play = Playbook(site_document(arm_detached=None))
    play.drive_through()
    assert play.lane()["notice"] == "arm_whole"
    return play


# ---- is the arm whole?


def test_that_a_person_was_asked_stands_in_the_journal() -> None:
    play = run_through()
    stuck = play.data("barrier.stuck")
    assert (stuck["reason"], stuck["asked"], stuck["points"]["at_closed"]) == ("crossed_closed", "arm_whole", True)
    assert play.types("alarm") == []


def test_what_was_asked_of_a_person_is_asked_again_after_a_restart() -> None:
    play = run_through()
    play.advance(40_000)
    again = play.restarted()
    assert again.lane()["notice"] == "arm_whole"
    again.advance(59_000)
    assert again.lane()["mode"] == "auto"
    again.advance(1000)
    assert again.data("barrier.crashed")["sign"] == "crossed_closed"
    assert again.alarms()[0]["kind"] == "crash"


def test_it_is_asked_again_before_any_board_answers() -> None:
    again = run_through().restarted(start=False)
    again.advance(60_000)
    assert again.lane()["mode"] == "crashed"


@pytest.mark.parametrize("answer", ["reset", "lock"])
def test_what_was_answered_is_not_asked_again(answer: str) -> None:
    play = run_through()
    play.person(answer)
    assert play.lane()["notice"] is None
    again = play.restarted()
    assert again.lane()["notice"] is None
    again.advance(120_000)
    assert again.types("barrier.crashed") == []


def test_silence_is_a_crash_once_and_not_again_after_a_restart() -> None:
    play = run_through()
    play.advance(60_000)
    again = play.restarted()
    assert (again.lane()["mode"], again.lane()["notice"]) == ("crashed", None)
    again.advance(120_000)
    assert again.types("barrier.crashed") == []


def test_the_answer_of_a_person_stands_in_the_journal_with_their_name() -> None:
    again = run_through().restarted()
    again.person("reset", by="Zhou", reason="looked at it")
    reset = again.data("barrier.reset")
    assert (reset["by"], reset["reason"]) == ("Zhou", "looked at it")
