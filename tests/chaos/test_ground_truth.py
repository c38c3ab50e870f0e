"""The comparison with the ground truth finds what it is there for."""

from __future__ import annotations

from typing import Any

from gateway.physics.controller import Pulse
from tests.support.ground_truth import half_done, unasked, unrecorded

S = 1_000_000_000


def row(kind: str, at_s: float, **data: Any) -> dict[str, Any]:
    """A row as the journal has it."""
    return {"type": f"gatehouse.{kind}", "subject": "lanes/in", "uptimens": str(int(at_s * S)), "data": data}


def opens(*at_s: float) -> list[dict[str, Any]]:
    """Rows of open commands."""
    return [row("barrier.commanded", at, command="open", cause="grant") for at in at_s]


def pulses(*at_s: float) -> list[Pulse]:
    """Pulses on the open terminal."""
    return [Pulse(int(at * S), "open") for at in at_s]


def test_a_pulse_with_its_row_is_recorded() -> None:
    assert unrecorded(pulses(1.1, 9.2), opens(1, 9)) == []


def test_a_pulse_without_any_row_is_found() -> None:
    assert unrecorded(pulses(1.1), []) == pulses(1.1)


def test_a_pulse_before_its_row_is_found() -> None:
    assert unrecorded(pulses(0.9), opens(1)) == pulses(0.9)


def test_a_second_pulse_on_one_row_is_found() -> None:
    assert unrecorded(pulses(1.1, 1.2), opens(1)) == pulses(1.2)


def test_a_pulse_that_came_too_late_for_its_row_is_found() -> None:
    assert unrecorded(pulses(8), opens(1)) == pulses(8)


def test_a_row_of_another_terminal_explains_nothing() -> None:
    assert unrecorded([Pulse(2 * S, "close")], opens(1.9)) == [Pulse(2 * S, "close")]


def test_a_row_whose_pulse_never_came_is_no_fault() -> None:
    assert unrecorded(pulses(9.2), opens(1, 9)) == []


def test_a_command_without_its_end_is_half_done() -> None:
    assert half_done(opens(1))
    assert not half_done([*opens(1), row("barrier.opened", 2)])


def test_a_stop_of_an_arm_that_rested_is_not_half_done() -> None:
    assert not half_done([row("barrier.commanded", 1, command="stop", cause="operator", interrupted=False)])
    assert half_done([*opens(1), row("barrier.commanded", 2, command="stop", cause="operator", interrupted=False)])


def test_what_a_run_left_half_done_stays_so_until_a_person_decides() -> None:
    left = [*opens(1), row("gateway.started", 2)]
    assert half_done([*left, row("gateway.started", 3), row("barrier.opened", 4, by="external")])
    assert half_done([*left, row("access.granted", 3, reason="valid_pass")])
    assert half_done([*left, row("barrier.commanded", 3, command="stop", cause="operator"), row("barrier.stopped", 4)])
    for decided in (
        row("access.granted", 3, reason="operator"),
        row("barrier.held", 3, by="Lin"),
        row("barrier.reset", 3, by="Lin"),
    ):
        assert not half_done([*left, decided])


def test_the_run_that_makes_a_movement_decides_nothing_of_its_end() -> None:
    assert half_done([row("access.granted", 0, reason="operator"), *opens(1)])
    assert half_done([*opens(1), row("access.granted", 2, reason="operator")])


def test_a_movement_right_behind_the_start_is_unasked() -> None:
    assert unasked([row("gateway.started", 0), *opens(1)]) == opens(1)


def test_a_movement_behind_a_grant_or_by_a_person_is_asked_for() -> None:
    assert unasked([row("gateway.started", 0), row("access.granted", 1), *opens(1)]) == []
    assert unasked([row("barrier.commanded", 1, command="close", cause="operator")]) == []
