"""Outputs pulsed from the bench: never an arm's by accident, never two, never without a row of its author."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateway.core.vocabulary.errors import (
    ArmMovesError,
    BusyError,
    LaneRefusesError,
    LaneTaggedError,
    NotFoundError,
    NotRecordedError,
    RefusedError,
    RequestError,
)
from gateway.core.vocabulary.rows import DeviceTested
from tests.engine.bench.conftest import Benched, until

FREE, SIREN, RED, OPEN, CLOSE = 7, 4, 5, 0, 1


def test_a_free_output_is_pulsed_and_on_record_before(benched: Benched) -> None:
    seen: list[int] = []
    pulse = benched.bus.pulse
    benched.bus.pulse = lambda *order, **more: (seen.append(len(benched.tested())), pulse(*order, **more))  # type: ignore[method-assign, assignment, func-returns-value]
    assert benched.pulse(FREE, duration_ms=300) == {"device": "io", "output": FREE, "by": "output"}
    assert benched.bus.orders[-1] == ("pulse", "io", FREE, 300, True)
    assert seen == [1]
    row = {"device": "io", "what": "pulse", "output": FREE, "duration_ms": 300, "outcome": "begun"}
    assert benched.tested() == [{**row, "by": "Wei", "via": "browser"}]


def test_the_core_never_hears_of_a_pulse_of_the_bench(benched: Benched) -> None:
    benched.pulse(FREE)
    benched.bus.fails = "the board has no power"
    until(lambda: _refused(benched, FREE) == "the board has no power")
    assert benched.lane()["state"] == "ready"
    assert benched.alarms() == []


def _refused(benched: Benched, output: int, **more: Any) -> str:
    try:
        benched.pulse(output, **more)
    except RefusedError as error:
        return str(error)
    except BusyError:
        return ""
    return "done"


def test_what_a_board_refuses_is_on_record_as_failed(benched: Benched) -> None:
    benched.bus.fails = "the board has no power"
    assert _refused(benched, FREE) == "the board has no power"
    assert [row["outcome"] for row in benched.tested()] == ["begun", "failed"]


@pytest.mark.usefixtures("impatient")
def test_a_board_that_does_not_answer_is_given_up(benched: Benched) -> None:
    benched.bus.silent = True
    assert "does not answer" in _refused(benched, FREE)


def test_one_pulse_at_a_time(benched: Benched, in_background: Callable[[Callable[[], Any]], Callable[[], Any]]) -> None:
    benched.bus.silent = True
    first = in_background(lambda: benched.pulse(FREE))
    until(lambda: benched.pulsed() == [FREE])
    with pytest.raises(BusyError, match="output 7 of io is being pulsed"):
        benched.pulse(6)
    assert benched.pulsed() == [FREE]
    assert isinstance(first(), RefusedError)


def test_a_lamp_that_is_on_is_pulsed_dark(benched: Benched) -> None:
    benched.bus.level = lambda _device, output: output == RED  # type: ignore[method-assign, assignment]
    benched.bus.switch("io", RED, True)
    benched.pulse(RED)
    assert benched.bus.orders[-1] == ("pulse", "io", RED, 500, False)


@pytest.mark.parametrize("output", [8, 200])
def test_an_output_that_the_board_has_not_is_refused(benched: Benched, output: int) -> None:
    with pytest.raises(RefusedError, match="0 to 7"):
        benched.pulse(output)
    with pytest.raises(RefusedError, match="none"):
        benched.pulse(0, device="reader-in")
    with pytest.raises(NotFoundError):
        benched.pulse(0, device="nowhere")
    assert benched.tested() == []


@pytest.mark.parametrize("duration_ms", [0, 49, 5_001])
def test_a_pulse_has_a_bounded_length(benched: Benched, duration_ms: int) -> None:
    with pytest.raises(RequestError):
        benched.pulse(FREE, duration_ms=duration_ms)


# ---- an arm --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("output", [OPEN, CLOSE])
def test_an_arms_output_is_not_pulsed_without_naming_its_lane(benched: Benched, output: int) -> None:
    with pytest.raises(ArmMovesError, match=r"moves the arm of North in \(in\)"):
        benched.pulse(output)
    with pytest.raises(RefusedError):
        benched.pulse(output, moves="out")
    assert (benched.pulsed(), benched.tested()) == ([], [])


def test_naming_a_lane_for_an_output_that_moves_no_arm_is_refused(benched: Benched) -> None:
    with pytest.raises(RefusedError, match="does not move the arm"):
        benched.pulse(FREE, moves="in")


def test_the_arm_of_a_lane_in_service_is_moved_by_the_lanes_own_command(benched: Benched) -> None:
    assert benched.pulse(OPEN, moves="in")["by"] == "lane"
    until(lambda: benched.pulsed() == [OPEN])
    commanded = benched.rows("barrier.commanded")[-1].data()
    assert (commanded["command"], commanded["by"]) == ("open", "Wei")
    assert benched.tested()[0] | {"lane": "in", "under_tag": False} == benched.tested()[0]
    assert benched.alarms() == []


def test_what_the_lane_refuses_is_not_done_past_it(benched: Benched) -> None:
    benched.bus.set(safety=True)
    until(lambda: benched.lane()["safety"] is True)
    with pytest.raises(LaneRefusesError) as refused:
        benched.pulse(CLOSE, moves="in")
    assert refused.value.reason == "safety_occupied"
    assert benched.pulsed() == []
    assert [row["outcome"] for row in benched.tested()] == ["begun", "failed"]


def test_a_tagged_lane_is_not_moved_without_saying_so(benched: Benched) -> None:
    benched.tag()
    with pytest.raises(LaneTaggedError, match="carries a tag of Lin"):
        benched.pulse(OPEN, moves="in")
    assert (benched.pulsed(), benched.tested()) == ([], [])


def test_under_a_tag_the_output_itself_is_pulsed(benched: Benched) -> None:
    benched.tag()
    assert benched.pulse(OPEN, moves="in", under_tag=True)["by"] == "output"
    assert benched.pulsed() == [OPEN]
    assert benched.rows("barrier.commanded") == []
    assert benched.tested()[0]["under_tag"] is True


@pytest.mark.parametrize("safety", [True, None])
def test_under_a_tag_too_an_arm_is_not_lowered_on_a_vehicle(benched: Benched, safety: bool | None) -> None:
    benched.tag()
    if safety:
        benched.bus.set(safety=True)
    else:
        benched.bus.polled = False
    until(lambda: benched.lane()["safety"] is True or benched.lane()["age_ms"] is None)
    with pytest.raises(LaneRefusesError, match="safety_"):
        benched.pulse(CLOSE, moves="in", under_tag=True)
    assert (benched.pulsed(), benched.tested()) == ([], [])


def test_without_a_record_nothing_moves(benched: Benched, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[DeviceTested] = []
    monkeypatch.setattr(benched.engine._bench, "_journal", rows.append)
    with pytest.raises(NotRecordedError, match="nothing was done"):
        benched.pulse(FREE)
    assert benched.pulsed() == []
    assert [row.outcome for row in rows] == ["begun", "failed"]
