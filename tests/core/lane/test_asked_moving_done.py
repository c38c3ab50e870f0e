"""Asked for, moving and done are three things: what people see of an arm is what its switches say."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.vocabulary import events
from tests.core.playbook import Playbook, site_document


def seen(play: Playbook) -> tuple[str, str, str | None]:
    """The arm, the lane's word, and the command that was asked for."""
    lane = play.lane()
    return lane["arm"], lane["state"], (lane["requested"] or {}).get("command")


def opened() -> Playbook:
    play = Playbook()
    play.person("open")
    play.rise()
    return play


@pytest.mark.parametrize("command", ["open", "hold"])
def test_an_arm_rises_once_its_closed_switch_has_let_go(command: str) -> None:
    play = Playbook()
    play.person(command)
    assert seen(play) == ("closed", "ready", command)
    play.advance(900)
    assert seen(play) == ("closed", "ready", command)
    play.set(at_closed=False)
    assert seen(play) == ("rising", "opening", None)
    play.advance(1900)
    play.set(at_open=True)
    assert seen(play)[::2] == ("open", None)


def test_an_arm_lowers_once_its_open_switch_has_let_go() -> None:
    play = opened()
    play.person("close")
    assert seen(play) == ("open", "open", "close")
    play.set(at_open=False)
    assert seen(play) == ("lowering", "closing", None)
    play.advance(1900)
    play.set(at_closed=True)
    assert seen(play) == ("closed", "ready", None)


def test_what_was_asked_for_is_shown_until_the_arm_is_given_up() -> None:
    play = Playbook()
    play.person("open")
    asked = play.lane()["requested"]
    assert (asked["by"], asked["command"]) == ("Lin", "open")
    play.advance(2900)
    assert play.pulses() == ["open", "open"]
    assert play.lane()["requested"] == asked
    play.advance(200)
    assert seen(play) == ("closed", "ready", None)
    assert play.lane()["cannot_open"] == "no_answer"


def test_one_more_pulse_that_waits_for_the_journal_is_the_same_order() -> None:
    play = Playbook()
    play.person("open")
    asked = play.lane()["requested"]
    play.journal_waits = True
    play.advance(1600)
    assert play.lane()["requested"] == asked


def test_one_more_pulse_that_waits_too_long_for_the_journal_is_not_sent_to_an_arm_that_was_given_up() -> None:
    play = Playbook()
    play.person("open")
    play.journal_waits = True
    play.advance(10_000)
    assert play.lane()["cannot_open"] == "no_answer"
    play.commit()
    assert play.pulses() == ["open"]
    assert [row.data["reason"] for row in play.rows if row.type == "barrier.not_followed"] == ["no_answer"] * 2


def test_an_order_that_a_person_gives_as_an_arm_is_given_up_goes_out() -> None:
    play = Playbook()
    play.person("open")
    play.advance(2_900)
    play.journal_waits = True
    play.person("hold")
    play.advance(200)
    assert play.lane()["cannot_open"] == "no_answer"
    play.commit()
    assert play.pulses() == ["open", "open", "open"]


def test_a_close_that_the_arm_does_not_follow_leaves_it_open() -> None:
    play = opened()
    play.person("close")
    play.advance(30_000)
    assert seen(play) == ("open", "open", None)
    assert play.types("barrier.obstructed") == ["barrier.obstructed"]
    play.read("7")
    assert play.types("access.granted")[-1:] == ["access.granted"]


def test_an_order_that_is_taken_back_is_not_shown_any_more() -> None:
    play = Playbook(site_document(mains="io.input.5"))
    play.person("open")
    play.set(mains=False)
    assert seen(play) == ("closed", "ready", None)


def test_a_stop_before_the_arm_has_set_off_shows_it_where_it_is() -> None:
    play = Playbook()
    play.person("open")
    play.person("stop")
    assert seen(play) == ("closed", "interrupted", None)
    assert play.lane()["cannot_open"] == "stopped"


def test_an_arm_with_one_button_that_was_stopped_before_it_set_off_can_be_opened_again() -> None:
    play = Playbook(site_document(control="step", close=None))
    play.person("open")
    play.person("stop")
    play.advance(10_000)
    assert play.person("open").status == "done"
    assert play.pulses().count("open") == 2


def test_an_arm_with_one_button_gets_no_second_pulse_before_it_has_followed_the_first() -> None:
    play = Playbook(site_document(control="step", close=None))
    play.person("open")
    play.person("hold")
    assert play.pulses() == ["open"]


def test_the_switch_that_lets_go_just_after_a_stop_is_no_forced_movement() -> None:
    play = Playbook()
    play.person("open")
    play.person("stop")
    play.set(at_closed=False)
    assert (play.lane()["arm"], play.alarms()) == ("stopped", [])


def test_an_arm_that_turns_back_before_it_has_left_is_open_all_the_time() -> None:
    play = opened()
    play.person("close")
    play.set(safety_loop=True)
    assert play.lane()["arm"] == "open"
    play.advance(30_000)
    assert play.lane()["arm"] == "open"


@pytest.mark.parametrize("barrier", [{"at_closed": None}, {"at_open": None, "at_closed": None}])
def test_without_a_closed_switch_rising_is_presumed_and_the_order_shown_until_the_arm_is_up(
    barrier: dict[str, Any],
) -> None:
    play = Playbook(site_document(**barrier))
    play.person("open")
    assert seen(play) == ("rising", "opening", "open")
    if "at_open" in barrier:
        play.advance(6000)
    else:
        play.set(at_open=True)
    assert seen(play)[::2] == ("open", None)


@pytest.mark.parametrize("barrier", [{}, {"at_closed": None}, {"at_open": None, "at_closed": None}])
def test_a_pulse_that_the_board_did_not_give_moves_nothing(barrier: dict[str, Any]) -> None:
    play = Playbook(site_document(**barrier))
    play.board_swallows = True
    play.person("open")
    play.happens(events.OutputFailed("io", 0, play.site.tokens, "no answer"))
    assert seen(play) == ("closed", "ready", None)
    play.advance(60_000)
    assert seen(play) == ("closed", "ready", None)
    assert play.types("barrier.opened") == []


def test_a_closing_pulse_that_the_board_did_not_give_leaves_the_arm_up_without_switches_too() -> None:
    play = Playbook(site_document(at_open=None, at_closed=None))
    play.person("open")
    play.advance(6000)
    play.board_swallows = True
    play.person("close")
    play.happens(events.OutputFailed("io", 1, play.site.tokens, "no answer"))
    assert seen(play)[::2] == ("open", None)


def test_an_arm_that_a_fob_lifts_rises_when_it_leaves() -> None:
    play = Playbook()
    play.set(at_closed=False)
    assert seen(play) == ("rising", "opening", None)


def test_a_car_under_an_arm_that_was_told_to_close_is_passing() -> None:
    play = opened()
    play.person("close")
    play.set(safety_loop=True)
    assert play.lane()["state"] == "passing"


@pytest.mark.parametrize("barrier", [{"control": "hold", "close": None}, {"control": "step", "close": None}])
def test_other_controllers_are_seen_the_same_way(barrier: dict[str, Any]) -> None:
    play = Playbook(site_document(**barrier))
    play.person("open")
    assert seen(play) == ("closed", "ready", "open")
    play.set(at_closed=False)
    assert seen(play) == ("rising", "opening", None)


def test_a_second_pulse_whose_row_comes_after_the_arm_was_given_up_is_not_sent() -> None:
    play = Playbook()
    play.read()
    play.journal_waits = True
    play.advance(10_000)
    assert play.lane()["notice"] == "no_answer"
    assert play.lane()["requested"] is None
    play.happens(events.JournalCommitted(play.uncommitted.pop()))
    assert play.pulses() == ["open"]


@pytest.mark.parametrize(
    ("command", "first", "then", "arm"),
    [
        ("open", "at_closed", "at_open", "open"),
        ("close", "at_open", "at_closed", "closed"),
    ],
)
def test_an_arm_whose_other_limit_was_made_all_the_time_has_arrived_when_the_first_lets_go(
    command: str, first: str, then: str, arm: str
) -> None:
    play = Playbook()
    play.set(**{first: True, then: True})
    assert play.lane()["arm"] == "unknown"
    play.person(command)
    play.set(**{first: False})
    assert (play.lane()["arm"], play.machine().parts.arm.state.value) == (arm, arm)
    assert play.lane()["requested"] is None
