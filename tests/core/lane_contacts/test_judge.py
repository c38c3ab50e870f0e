"""Which way a vehicle went: every combination of what the loops did, by a table whose first fitting line counts."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from gateway.core.lane.traffic.vehicle import Crossed, Vehicle, Way, from_beyond, judge

FLAGS = (
    "came_over_approach", "approach_fell", "approach_rose", "came_from_beyond", "beyond_was_taken",
    "approach_was_free", "beyond_fell", "cleared_beyond", "certain",
)  # fmt: skip
FORWARD, REVERSED, WRONG = Way.FORWARD, Way.REVERSED, Way.WRONG_WAY

# What must be so, the way, and whether the loops saw it.
LINES: tuple[tuple[dict[str, object], Way, bool], ...] = (
    ({"beyond_was_taken": True, "beyond_fell": True, "approach_was_free": True}, WRONG, True),
    ({"beyond_was_taken": True, "beyond_fell": True, "approach_fell": False}, WRONG, True),
    (
        {"beyond_was_taken": True, "beyond_fell": True, "approach_rose": True, "cleared_beyond": False},
        WRONG, True,
    ),
    ({"came_from_beyond": True, "approach": True}, WRONG, True),
    ({"came_from_beyond": True, "approach_rose": True}, WRONG, True),
    ({"fitted": False}, FORWARD, False),
    ({"approach": None}, FORWARD, False),
    ({"certain": False}, FORWARD, False),
    ({"cleared_beyond": True, "came_from_beyond": False}, FORWARD, True),
    ({"came_over_approach": True, "approach": True, "approach_fell": False}, REVERSED, True),
    ({"came_over_approach": True, "approach_fell": True}, FORWARD, True),
    ({"came_over_approach": True}, FORWARD, False),
    ({"approach": True, "approach_rose": True}, WRONG, True),
    ({}, FORWARD, False),
)  # fmt: skip


def _by_table(so: dict[str, object]) -> Crossed:
    """What the first fitting line of the table says."""
    for wanted, way, measured in LINES:
        if all(so[name] is value for name, value in wanted.items()):
            return Crossed(way, measured)
    raise AssertionError(so)


@pytest.mark.parametrize("fitted", [False, True])
@pytest.mark.parametrize("approach", [None, False, True])
def test_every_combination_is_judged_as_the_table_says(approach: bool | None, fitted: bool) -> None:
    for values in itertools.product((False, True), repeat=len(FLAGS)):
        flags = dict(zip(FLAGS, values, strict=True))
        told = judge(Vehicle(0, **flags), approach, fitted)
        assert told == _by_table({**flags, "approach": approach, "fitted": fitted}), (flags, approach, fitted)


@pytest.mark.parametrize("values", list(itertools.product((False, True), repeat=2)))
def test_what_does_not_belong_to_the_way_changes_no_verdict(values: tuple[bool, bool]) -> None:
    plain = Vehicle(0, True, approach_fell=True)
    other = Vehicle(99, True, approach_fell=True, arm_was_closed=values[0], ungranted=values[1])
    assert judge(other, False, True) == judge(plain, False, True)


@pytest.mark.parametrize(
    ("flag", "mirrored"),
    [
        ("came_over_approach", "came_from_beyond"),
        ("approach_fell", "beyond_fell"),
        ("approach_rose", "cleared_beyond"),
        ("came_from_beyond", "came_over_approach"),
        ("beyond_fell", "approach_fell"),
        ("cleared_beyond", "approach_rose"),
        ("beyond_was_taken", "beyond_was_taken"),
        ("approach_was_free", "approach_was_free"),
        ("arm_was_closed", "arm_was_closed"),
        ("ungranted", "ungranted"),
    ],
)
def test_the_lane_beyond_sees_a_vehicle_the_other_way_round(flag: str, mirrored: str) -> None:
    plain = Vehicle(7, False)
    seen = from_beyond(msgspec.structs.replace(plain, **{flag: True}))
    assert seen == msgspec.structs.replace(plain, **{mirrored: True})


# ---- what a vehicle remembers


@pytest.mark.parametrize(
    ("occupied", "under", "rose", "fell"),
    [(True, True, True, False), (True, False, True, False), (False, True, False, True), (False, False, False, False)],
)
def test_a_vehicle_remembers_how_the_loop_in_front_changed(occupied: bool, under: bool, rose: bool, fell: bool) -> None:
    vehicle = Vehicle(0, True)
    vehicle.approach_changed(occupied, under)
    assert (vehicle.approach_rose, vehicle.approach_fell) == (rose, fell)
    assert (vehicle.cleared_beyond, vehicle.beyond_fell) == (False, False)


@pytest.mark.parametrize(
    ("occupied", "under", "cleared", "fell"),
    [(True, True, True, False), (True, False, True, False), (False, True, False, True), (False, False, False, False)],
)
def test_a_vehicle_remembers_how_the_loop_beyond_changed(
    occupied: bool, under: bool, cleared: bool, fell: bool
) -> None:
    vehicle = Vehicle(0, True)
    vehicle.beyond_changed(occupied, under)
    assert (vehicle.cleared_beyond, vehicle.beyond_fell) == (cleared, fell)
    assert (vehicle.approach_rose, vehicle.approach_fell) == (False, False)


@pytest.mark.parametrize("occupied", [False, True])
def test_what_a_vehicle_has_seen_it_does_not_forget(occupied: bool) -> None:
    vehicle = Vehicle(0, True, approach_rose=True, approach_fell=True, cleared_beyond=True, beyond_fell=True)
    vehicle.approach_changed(occupied, False)
    vehicle.beyond_changed(occupied, False)
    assert vehicle == Vehicle(0, True, approach_rose=True, approach_fell=True, cleared_beyond=True, beyond_fell=True)


def test_a_vehicle_is_certain_and_granted_until_it_is_not() -> None:
    vehicle = Vehicle(0, True)
    assert (vehicle.certain, vehicle.ungranted) == (True, False)
    vehicle.doubt()
    assert (vehicle.certain, vehicle.ungranted) == (False, False)
    vehicle.has_no_grant()
    assert vehicle.ungranted
