"""The literal tables are whole: every event has exactly one successor in every state, every name a meaning."""

from __future__ import annotations

import importlib
import pkgutil
from copy import copy
from types import ModuleType
from typing import Any

import pytest

import gateway.core
from gateway.core.access.pending import CaseMove, CasePlace, PendingCase
from gateway.core.alarms.lifecycle import TABLE as ALARMS
from gateway.core.alarms.lifecycle import AlarmState, Verb
from gateway.core.lane.arm.table import TABLE as ARM
from gateway.core.lane.arm.table import ArmEvent, ArmState, Where, measured
from gateway.core.lane.grants.grant import Grant, GrantEvent, GrantState
from gateway.core.lane.modes.modes import TABLE as MODES
from gateway.core.lane.modes.modes import Mode
from gateway.core.lane.people.refusals import TABLE as REFUSALS
from gateway.core.lane.traffic.opening import Opening, OpeningEvent
from gateway.core.settings.site_file import parse_settings
from tests.core.playbook import Playbook, site_document
from tests.support.pages import machines

LANE = parse_settings(site_document()).lanes[0]
LIVES = ("Grant", "Place of a case", "Order", "Opening", "Check of a driver")
"""Things that have an end, or a step that only one state knows; every other machine is total."""
REFUSALS_MODULE = "gateway.core.lane.people.refusals"


@pytest.mark.parametrize("state", ArmState)
def test_every_arm_state_has_a_row_for_every_event(state: ArmState) -> None:
    assert set(ARM[state]) == set(ArmEvent)


@pytest.mark.parametrize("state", ArmState)
def test_the_last_row_of_a_cell_has_no_guard_and_only_the_last(state: ArmState) -> None:
    for event, rows in ARM[state].items():
        assert [bool(row.guard) for row in rows] == [True] * (len(rows) - 1) + [False], (state, event)


def test_every_guard_and_action_has_a_meaning_and_every_meaning_a_row() -> None:
    rows = [row for cells in ARM.values() for cell in cells.values() for row in cell]
    known = Playbook().machine().arm_events
    assert {row.guard for row in rows} - {""} == known.guards
    assert {row.action for row in rows} - {"note"} == known.actions


def test_every_arm_state_can_be_reached_and_left() -> None:
    steps = {(state, row.next) for state, cells in ARM.items() for cell in cells.values() for row in cell}
    assert {following for state, following in steps if following is not state} == {*ArmState, *Where}
    assert {state for state, following in steps if following is not state} == set(ArmState)


def test_no_event_of_the_world_sends_a_lowering_arm_further_down() -> None:
    closing = {"ask_close", "ask_close_again"}
    for event in (ArmEvent.SAFETY, ArmEvent.GRANTED, ArmEvent.LOST):
        for state in ArmState:
            assert not closing & {row.action for row in ARM[state][event]}


TOTAL = [part for part in machines.PARTS if part.heading not in LIVES]


@pytest.mark.parametrize("part", TOTAL, ids=lambda part: part.heading)
def test_the_table_of_a_part_is_total_and_every_state_is_reached(part: machines.Machine) -> None:
    events = {event for cells in part.table.values() for event in cells}
    for cells in part.table.values():
        assert set(cells) == events
        assert set(cells.values()) <= set(part.table)
    reached = {part.start if part.start != "none" or None not in part.table else None}
    reached |= {following for cells in part.table.values() for following in cells.values()}
    assert reached == set(part.table)


def modules_of_the_core() -> list[ModuleType]:
    names = [one.name for one in pkgutil.walk_packages(gateway.core.__path__, "gateway.core.") if not one.ispkg]
    return [importlib.import_module(name) for name in names]


def test_every_table_of_states_is_on_the_page() -> None:
    found = [
        (module.__name__, name, value)
        for module in modules_of_the_core()
        for name, value in vars(module).items()
        if name in ("TABLE", "PLACES") and module.__name__ != REFUSALS_MODULE
    ]
    assert len(found) > 10
    shown = [id(table) for table in machines.tables()]
    assert [(module, name) for module, name, table in found if id(table) not in shown] == []


UNKNOWN_PAIRS = [
    (Grant("g", LANE, "", "", "", state=GrantState.USED), GrantEvent.PASSED),
    (PendingCase("c", "", 0, place=CasePlace.OVER), CaseMove.LEAVES),
    (Opening(), OpeningEvent.PRESUMED_PASSED),
]


@pytest.mark.parametrize(("part", "event"), UNKNOWN_PAIRS, ids=lambda one: type(one).__name__)
def test_a_pair_that_the_table_does_not_have_raises_and_changes_nothing(part: Any, event: Any) -> None:
    before = copy(part)
    with pytest.raises(KeyError):
        part.moves(event) if isinstance(event, CaseMove) else part.happens(event)
    if isinstance(part, Opening):
        assert part.unused is before.unused
    else:
        assert part == before


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
