"""The literal tables are whole: every event has exactly one successor in every state, every name a meaning."""

from __future__ import annotations

import pytest

from gateway.core.alarms.lifecycle import TABLE as ALARMS
from gateway.core.alarms.lifecycle import AlarmState, Verb
from gateway.core.lane.arm.table import TABLE as ARM
from gateway.core.lane.arm.table import ArmEvent, ArmState, measured
from gateway.core.lane.lane import LaneMachine
from gateway.core.lane.modes.modes import TABLE as MODES
from gateway.core.lane.modes.modes import Mode
from gateway.core.lane.people.refusals import TABLE as REFUSALS
from gateway.core.lane.traffic.crossing import TABLE as CROSSING
from gateway.core.lane.traffic.crossing import CrossingEvent, CrossingState
from tests.core.playbook import Playbook


@pytest.mark.parametrize("state", ArmState)
def test_every_arm_state_has_a_row_for_every_event(state: ArmState) -> None:
    assert set(ARM[state]) == set(ArmEvent)


@pytest.mark.parametrize("state", ArmState)
def test_the_last_row_of_a_cell_has_no_guard_and_only_the_last(state: ArmState) -> None:
    for event, rows in ARM[state].items():
        assert [bool(row.guard) for row in rows] == [True] * (len(rows) - 1) + [False], (state, event)


def test_every_guard_and_action_has_a_meaning() -> None:
    for cells in ARM.values():
        for rows in cells.values():
            for row in rows:
                assert not row.guard or callable(getattr(LaneMachine, f"if_{row.guard}"))
                assert callable(getattr(LaneMachine, f"do_{row.action}"))


def test_every_meaning_stands_in_the_table() -> None:
    rows = [row for cells in ARM.values() for cell in cells.values() for row in cell]
    used = {f"if_{row.guard}" for row in rows} | {f"do_{row.action}" for row in rows}
    named = {name for name in dir(LaneMachine) if name.startswith(("if_", "do_"))}
    assert named - used == set()


def test_every_arm_state_can_be_reached_and_left() -> None:
    steps = {(state, row.next) for state, cells in ARM.items() for cell in cells.values() for row in cell}
    reached = {following for state, following in steps if following is not None and following is not state}
    left = {state for state, following in steps if following is not state}
    assert reached == set(ArmState)
    assert left == set(ArmState)


def test_no_event_of_the_world_sends_a_lowering_arm_further_down() -> None:
    closing = {"ask_close", "ask_close_again"}
    for event in (ArmEvent.SAFETY, ArmEvent.GRANTED, ArmEvent.LOST):
        for state in ArmState:
            assert not closing & {row.action for row in ARM[state][event]}


def test_the_crossing_table_is_total() -> None:
    for state in CrossingState:
        assert set(CROSSING[state]) == set(CrossingEvent)


def test_every_alarm_state_knows_what_its_cause_does() -> None:
    for state in AlarmState:
        assert {Verb.RAISE, Verb.RETURN} <= set(ALARMS[state])


def test_every_command_of_the_contract_has_its_checks() -> None:
    assert {"open", "close", "stop", "hold", "release", "lock", "unlock", "reset"} <= set(REFUSALS)


def test_every_command_that_has_checks_is_carried_out() -> None:
    for command in REFUSALS:
        play = Playbook()
        play.set(approach_loop=True)
        play.read("7", ())
        if play.lane()["allowed"][command] is None:
            play.forget()
            assert play.person(command).status == "done"
            assert play.rows or play.logs or play.outputs, command


def test_every_mode_can_be_set_and_ended() -> None:
    assert {mode for mode, _ in MODES.values() if mode} == set(Mode) - {Mode.AUTO}
    assert set().union(*(gone for _, gone in MODES.values())) == set(Mode) - {Mode.AUTO}


@pytest.mark.parametrize(
    ("at_open", "at_closed", "fitted", "arm"),
    [
        (True, False, (True, True), ArmState.OPEN),
        (False, True, (True, True), ArmState.CLOSED),
        (False, False, (True, True), ArmState.BETWEEN),
        (True, True, (True, True), ArmState.UNKNOWN),
        (None, None, (True, True), ArmState.UNKNOWN),
        (None, False, (False, True), ArmState.OPEN),
        (None, True, (False, True), ArmState.CLOSED),
        (None, None, (False, False), ArmState.CLOSED),
    ],
)
def test_the_arm_is_where_its_switches_say(
    at_open: bool | None, at_closed: bool | None, fitted: tuple[bool, bool], arm: ArmState
) -> None:
    assert measured(at_open, at_closed, *fitted) is arm
