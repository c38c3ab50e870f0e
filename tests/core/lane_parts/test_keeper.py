"""The keeper: when the time of the head runs, and which vehicles have gone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gateway.core.lane.grants.grant import Grant
from gateway.core.lane.grants.keeper import GrantKeeper
from gateway.core.lane.grants.queue import GrantQueue
from tests.core.lane_parts.bench import IN, OUT, TIMER, grant, rows, started, turn_at


class Parts:
    """Only what the keeper looks at: an arm at rest, free loops and no vehicle."""

    def __init__(self, *grants: Grant) -> None:
        self.grants = GrantQueue(TIMER, 20_000, None)
        for one in grants:
            self.grants.add(one)
        self.wiring = SimpleNamespace(lanes=(IN, OUT))
        self.arm = SimpleNamespace(open=False, moving=False)
        self.asks: set[str] = set()
        self.terminals = SimpleNamespace(asked=lambda direction: direction in self.asks)
        self.crossing = SimpleNamespace(vehicle=None)
        self.pause = SimpleNamespace(active=False)
        self.approach: dict[str, bool | None] = {"in": False, "out": False}
        self.detectors = SimpleNamespace(approach_of=lambda lane: self.approach[lane.id])
        self.came = {"in": 0, "out": 0}
        self.arrivals = SimpleNamespace(came_ns=lambda lane: self.came[lane.id])

    def keeper(self) -> GrantKeeper:
        given: Any = self
        return GrantKeeper(given)


def runs(parts: Parts) -> bool:
    turn = turn_at()
    parts.keeper().run(turn)
    return started(turn) == [("test", 20_000)]


@pytest.mark.parametrize(
    ("up", "moving", "asked", "expected"),
    [
        (False, False, set(), True),
        (True, False, set(), True),
        (False, True, set(), False),
        (False, False, {"open"}, False),
        (False, False, {"close"}, True),
        (True, False, {"open"}, True),
        (True, True, {"open"}, True),
    ],
)
def test_the_time_runs_while_the_arm_is_up_or_nothing_opens_it(
    up: bool, moving: bool, asked: set[str], expected: bool
) -> None:
    parts = Parts(grant())
    parts.arm.open, parts.arm.moving, parts.asks = up, moving, asked
    assert runs(parts) is expected


def test_the_time_does_not_run_while_a_vehicle_is_under_the_arm() -> None:
    parts = Parts(grant())
    parts.crossing.vehicle = "a vehicle"
    assert not runs(parts)


def test_the_time_does_not_run_during_a_pause() -> None:
    parts = Parts(grant())
    parts.pause.active = True
    assert not runs(parts)


@pytest.mark.parametrize(
    ("inside", "outside", "expected"), [(True, False, False), (False, True, True), (None, False, True)]
)
def test_the_time_does_not_run_while_its_own_vehicle_stands_in_front(
    inside: bool | None, outside: bool, expected: bool
) -> None:
    parts = Parts(grant("g1", IN), grant("g2", OUT))
    parts.approach = {"in": inside, "out": outside}
    assert runs(parts) is expected


def test_without_a_grant_there_is_no_time_to_run() -> None:
    turn = turn_at()
    Parts().keeper().run(turn)
    assert turn.commands == []


GONE = [
    ({"stood": True}, False, 0, True),
    ({"stood": False}, False, 0, False),
    ({"stood": True}, True, 0, False),
    ({"stood": True}, None, 0, False),
    ({"stood": True, "given_ns": 50}, True, 51, True),
    ({"stood": True, "given_ns": 50}, True, 50, False),
    ({"stood": True, "given_ns": 50}, None, 51, True),
    ({"stood": False, "given_ns": 50}, True, 51, False),
]


@pytest.mark.parametrize(("given", "approach", "came_ns", "gone"), GONE)
def test_a_vehicle_has_gone_when_its_loop_is_free_or_another_came(
    given: dict[str, Any], approach: bool | None, came_ns: int, gone: bool
) -> None:
    parts, turn = Parts(grant("g1", IN, **given)), turn_at()
    parts.approach["in"], parts.came["in"] = approach, came_ns
    parts.keeper().note_gone(turn, IN)
    assert parts.grants.of(IN)[0].gone is gone
    assert turn.shown is gone
    parts.keeper().drop_gone(turn)
    assert [(row.grant, row.reason) for row in rows(turn)] == ([("g1", "left")] if gone else [])


def test_the_time_of_the_next_one_begins_when_the_vehicle_at_the_head_has_gone() -> None:
    parts, turn = Parts(grant("g1", IN, stood=True), grant("g2", OUT)), turn_at()
    parts.keeper().drop_gone(turn)
    assert (parts.grants.head or grant()).id == "g2"
    assert started(turn) == [("test", 20_000)]


def test_a_vehicle_under_the_arm_has_not_gone() -> None:
    parts, turn = Parts(grant("g1", IN, stood=True), grant("g2", OUT, stood=True)), turn_at()
    parts.grants.bind(IN)
    parts.keeper().drop_gone(turn)
    assert [row.grant for row in rows(turn)] == ["g2"]


def test_a_vehicle_that_has_gone_is_noted_for_its_own_lane_alone() -> None:
    parts = Parts(grant("g1", IN, stood=True), grant("g2", OUT, stood=True))
    parts.keeper().note_gone(turn_at(), OUT)
    assert [one.gone for one in (*parts.grants.of(IN), *parts.grants.of(OUT))] == [False, True]
