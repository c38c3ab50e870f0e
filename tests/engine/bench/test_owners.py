"""Whom a point belongs to, and why the output of a tagged arm is not pulsed past its lane."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.settings.model import Settings
from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary.views import LaneView
from gateway.engine.bench.owners import arm_of, objection, owners


def site(*, interlocked: bool = False, **barrier: Any) -> Settings:
    lanes = [
        {
            "id": name,
            "name": name.title(),
            "direction": "entry",
            "barrier": {
                "open": f"{board}.output.0",
                "close": f"{board}.output.1",
                "at_closed": f"{board}.input.1",
                "safety_loop": f"{board}.input.2",
                **(barrier if name == "in" else {}),
            },
        }
        for name, board in (("in", "io"), ("out", "io2"))
    ]
    document: dict[str, Any] = {
        "site": {"id": "court"},
        "gateway": {"id": "gw1"},
        "devices": [{"id": "io", "driver": "noop"}, {"id": "io2", "driver": "noop"}],
        "lanes": lanes,
    }
    if interlocked:
        document["interlocks"] = [{"type": "sally_port", "barriers": ["in", "out"]}]
    return parse_settings(document)


def view(lane: str = "in", arm: str = "closed", safety: bool | None = False, age_ms: int | None = 20) -> LaneView:
    return LaneView(
        id=lane, name=lane.title(), state="locked", arm=arm, mode="locked", direction="entry", barrier=lane,
        safety=safety, age_ms=age_ms,
    )  # fmt: skip


def why_not(
    settings: Settings, output: int, *views: LaneView, level: bool | None = False, loop: bool | None = False
) -> str | None:
    arm = arm_of(settings, "io", output)[0]
    return objection(settings, arm, views or (view(), view("out")), level, lambda _point: loop)


def test_an_arms_outputs_are_known_by_their_lane() -> None:
    settings = site()
    assert [(one.lane, one.key) for one in arm_of(settings, "io", 0)] == [("in", "open")]
    assert arm_of(settings, "io", 3) == ()
    assert {(side, index): one[0].key for (side, index), one in owners(settings, "io").items()} == {
        ("output", 0): "open", ("output", 1): "close", ("input", 1): "at_closed", ("input", 2): "safety_loop",
    }  # fmt: skip


def test_a_free_lane_raises_no_objection() -> None:
    assert [why_not(site(), output) for output in (0, 1)] == [None, None]


@pytest.mark.parametrize("now", [view(safety=True), view(safety=None), view(age_ms=None), view(age_ms=6_000)])
def test_an_arm_is_not_lowered_where_the_loop_is_occupied_or_not_known(now: LaneView) -> None:
    assert why_not(site(), 1, now) == ("safety_occupied" if now.safety else "safety_unknown")
    assert why_not(site(), 0, now) is None


@pytest.mark.parametrize(("loop", "why"), [(True, "safety_occupied"), (None, "safety_unknown"), (False, None)])
def test_the_loop_counts_as_its_board_told_it_last(loop: bool | None, why: str | None) -> None:
    assert why_not(site(), 1, loop=loop) == why
    turned = site(safety_loop={"point": "io.input.2", "normally": "closed"})
    assert why_not(turned, 1, loop=None if loop is None else not loop) == why


@pytest.mark.parametrize("control", ["hold", "step"])
def test_an_open_that_may_lower_the_arm_needs_a_free_loop_too(control: str) -> None:
    close: dict[str, Any] = {"close": None} if control == "step" else {}
    settings = site(control=control, **close)
    assert why_not(settings, 0, view(safety=True)) == "safety_occupied"
    assert why_not(settings, 0) is None


def test_an_output_that_holds_the_arm_up_is_left_alone() -> None:
    assert why_not(site(), 0, level=True) == "held_output"
    assert why_not(site(), 0, level=None) is None


def test_an_output_that_is_on_at_rest_may_be_pulsed() -> None:
    settings = site(open={"point": "io.output.0", "normally": "closed"})
    assert why_not(settings, 0, level=True) is None
    assert why_not(settings, 0, level=False) == "held_output"


@pytest.mark.parametrize(("arm", "refused"), [("closed", False), ("open", True), ("unknown", True), ("between", True)])
def test_the_second_door_of_a_sally_port_stays_closed(arm: str, refused: bool) -> None:
    settings = site(interlocked=True)
    assert bool(why_not(settings, 0, view(), view("out", arm=arm))) is refused
    assert why_not(settings, 1, view(), view("out", arm=arm)) is None
