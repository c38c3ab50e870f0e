"""Two troubles one after the other: the later one is neither taken for the earlier one nor hidden behind it."""

from __future__ import annotations

from tests.core.playbook import Playbook, TwoLanes, two_lanes
from tests.core.test_hard_cases import OTHER


def after_a_crash() -> Playbook:
    """The arm was struck, mended, and the lane reset by a person; nobody has closed the alarm yet."""
    play = Playbook()
    play.set(arm_detached=True)
    play.alarm("acknowledge")
    play.set(arm_detached=False)
    play.person("reset")
    play.forget()
    return play


def test_a_fob_after_a_crash_is_an_alarm_of_its_own_and_no_second_crash() -> None:
    play = after_a_crash()
    play.set(at_closed=False)
    assert play.types("alarm") == ["alarm.raised"]
    assert play.data("alarm.raised")["kind"] == "forced"
    assert sorted(alarm["kind"] for alarm in play.alarms()) == ["crash", "forced"]
    assert play.lane()["mode"] == "auto"


def test_the_verdict_on_a_fob_refines_its_own_alarm_and_not_the_crash_before() -> None:
    play = after_a_crash()
    play.set(at_closed=False)
    play.advance(2500)
    play.set(at_open=True)
    assert play.data("alarm.refined")["kind"] == "forced"
    assert [alarm["state"] for alarm in play.alarms() if alarm["kind"] == "forced"] == ["returned-unacknowledged"]


def test_a_second_crash_before_the_first_is_judged_is_counted_on_the_same_alarm() -> None:
    play = after_a_crash()
    play.set(arm_detached=True)
    assert [(alarm["kind"], alarm["state"]) for alarm in play.alarms()] == [("crash", "unacknowledged")]


def test_a_door_that_is_going_down_does_not_turn_back_for_a_grant_while_the_other_stands_open() -> None:
    document = two_lanes()
    document["interlocks"] = [{"type": "sally_port", "barriers": ["in", "out"]}]
    play = TwoLanes(document)
    play.read()
    play.rise()
    play.drive_through()
    play.advance(1500)
    play.set(at_open=False)
    play.set2(at_closed=False)
    play.forget()
    play.read("7", (OTHER,))
    assert play.pulses() == []
    play.set(at_closed=True)
    assert play.pulses() == []
    play.set2(at_closed=True)
    assert play.pulses() == ["open"]
