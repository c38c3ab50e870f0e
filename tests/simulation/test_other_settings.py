"""Settings that change in the simulated days: all rules hold, and what breaks one is found."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.core.lane.lane import LaneMachine
from gateway.core.lanes.lanes import Lanes
from gateway.core.lanes.memory import LanesMemory
from gateway.core.vocabulary.commands import CancelTimers, PulseOutput
from gateway.core.vocabulary.turn import Turn
from gateway.simulation.play import Found, Play, play
from gateway.simulation.story.happenings import Story
from gateway.simulation.story.write import write

pytestmark = pytest.mark.timeout(600)


def story(seed: int, hours: int = 4) -> Story:
    """Cars, and other settings a few times an hour."""
    many = write(seed, hours, troubles=12.0)
    some = tuple(one for one in many.happenings if one.what in ("car", "settings", "core_fault"))
    return msgspec.structs.replace(many, happenings=some)


def test_other_settings_are_taken_and_all_rules_hold() -> None:
    with tempfile.TemporaryDirectory() as folder:
        site = Play(story(3), Path(folder))
        found = site.run()
        wanted = sum(one.what == "settings" for one in site.story.happenings)
        taken = site.box.changed
        site.box.close()
    assert found.broken is None, found.broken
    assert taken > wanted / 2 > 5


def first() -> Found | None:
    """The first of a few stories in which a rule breaks."""
    found = (play(story(seed)) for seed in range(1, 9))
    return next((one for one in found if one.broken is not None), None)


def test_a_lane_that_moves_because_it_is_made_anew_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    started = LaneMachine.started

    def moves(machine: LaneMachine, turn: Turn) -> None:
        started(machine, turn)
        if not any(isinstance(one, CancelTimers) for one in turn.commands):
            return  # a start
        point = machine.parts.wiring.barrier.open
        turn.emit(PulseOutput(point.device, point.index, 500))

    monkeypatch.setattr(LaneMachine, "started", moves)
    found = first()
    assert found is not None and found.rule == "start"


def test_a_lane_that_is_made_anew_although_it_is_not_touched_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    make = Lanes._make_machines

    def all_anew(lanes: Lanes, memory: LanesMemory, _known: Any = None) -> None:
        make(lanes, memory)

    monkeypatch.setattr(Lanes, "_make_machines", all_anew)
    assert first() is not None
