"""Two troubles one after the other: the later one is neither taken for the earlier one nor hidden behind it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.core.alarms.desk import ALIKE_MAX
from gateway.core.vocabulary.turn import rfc3339
from tests.core.playbook import INPUTS, Playbook, TwoLanes, site_document, two_lanes
from tests.core.test_hard_cases import OTHER


def after_a_crash() -> Playbook:
    """The arm was struck, mended, and the lane reset by a person; nobody has closed the alarm yet."""
    play = Playbook()
    play.set(arm_detached=True)
    play.alarm("acknowledge")
    play.set(arm_detached=False)
    play.person("reset")
    return play


def a_fob(play: Playbook | None = None) -> Playbook:
    """The arm was opened by a fob, and stays up."""
    play = play or Playbook()
    play.set(at_closed=False)
    play.advance(2900)
    play.set(at_open=True)
    return play


def a_fob_and_down_again() -> Playbook:
    play = a_fob()
    play.lower()
    return play


def forced() -> Playbook:
    """Nothing explains why the arm stands half way."""
    play = Playbook()
    play.set(at_closed=False)
    play.advance(10_000)
    return play


def forced_and_down_again() -> Playbook:
    play = forced()
    play.set(at_closed=True)
    return play


def a_flicker() -> Playbook:
    play = Playbook()
    play.set(at_closed=False)
    play.advance(300)
    play.set(at_closed=True)
    return play


def wind() -> Playbook:
    play = Playbook()
    for _ in range(3):
        play.set(at_closed=False)
        play.advance(300)
        play.set(at_closed=True)
        play.advance(5000)
    return play


def stopped_by_a_person() -> Playbook:
    play = Playbook()
    play.set(at_closed=False)
    play.person("stop")
    return play


def opened_by_a_person() -> Playbook:
    play = Playbook()
    play.set(at_closed=False)
    play.person("open")
    play.set(at_open=True)
    return play


def restarted() -> Playbook:
    play = Playbook()
    play.set(at_closed=False)
    return play.restarted()


EARLIER = [
    a_fob, a_fob_and_down_again, forced, forced_and_down_again, a_flicker, wind, stopped_by_a_person,
    opened_by_a_person, restarted, after_a_crash,
]  # fmt: skip


@pytest.mark.parametrize("hours", [0, 1])
@pytest.mark.parametrize("story", EARLIER)
def test_a_crash_is_an_alarm_of_its_own_once_what_came_before_is_over(
    story: Callable[[], Playbook], hours: int
) -> None:
    play = story()
    play.advance(hours * 3_600_000 + 1000)
    before = {alarm["alarm"]: alarm["kind"] for alarm in play.alarms()}
    play.forget()
    play.set(settle_ms=30, arm_detached=True)
    raised = play.data("alarm.raised")
    assert (raised["kind"], raised["raised_at"]) == ("crash", rfc3339(play.wall_ns))
    assert raised["alarm"] not in before
    still = {alarm["alarm"]: alarm["kind"] for alarm in play.alarms()}
    assert still == {**before, raised["alarm"]: "crash"}


def test_within_the_movement_a_crash_is_the_same_alarm() -> None:
    play = Playbook()
    play.set(at_closed=False)
    first = play.data("alarm.raised")["alarm"]
    play.advance(400)
    play.set(arm_detached=True)
    assert [(alarm["alarm"], alarm["kind"]) for alarm in play.alarms()] == [(first, "crash")]
    assert play.types("alarm") == ["alarm.raised", "alarm.refined"]


def test_a_crash_within_the_fourth_movement_of_a_windy_minute_has_that_movements_time() -> None:
    play = wind()
    play.forget()
    play.set(at_closed=False)
    moved = play.data("alarm.raised")
    play.set(safety_loop=True)
    assert [(one["alarm"], one["raised_at"]) for one in play.alarms() if one["kind"] == "crash"] == [
        (moved["alarm"], moved["raised_at"])
    ]


def test_until_it_is_reset_a_crash_is_one_crash_also_over_a_restart() -> None:
    play = Playbook()
    play.set(arm_detached=True)
    play.set(arm_detached=False)
    play.set(arm_detached=True)
    play.set(arm_detached=False)
    again = play.restarted()
    again.set(arm_detached=True)
    assert [alarm["kind"] for alarm in again.alarms()] == ["crash"]
    assert play.types("barrier.crashed") == ["barrier.crashed"]
    assert again.types("alarm.raised") == []


def test_what_people_do_with_a_struck_arm_is_no_verdict_on_the_crash() -> None:
    play = Playbook()
    play.set(arm_detached=True)
    a_fob(play)
    assert [(alarm["kind"], alarm["state"]) for alarm in play.alarms()] == [("crash", "unacknowledged")]


def test_a_fob_after_a_crash_is_an_alarm_of_its_own_and_no_second_crash() -> None:
    play = after_a_crash()
    play.forget()
    play.set(at_closed=False)
    assert play.types("alarm") == ["alarm.raised"]
    assert play.data("alarm.raised")["kind"] == "forced"
    assert sorted(alarm["kind"] for alarm in play.alarms()) == ["crash", "forced"]
    assert play.lane()["mode"] == "auto"


def test_the_verdict_on_a_fob_refines_its_own_alarm_and_not_the_crash_before() -> None:
    play = after_a_crash()
    a_fob(play)
    assert play.data("alarm.refined")["kind"] == "forced"
    assert [alarm["state"] for alarm in play.alarms() if alarm["kind"] == "forced"] == ["returned-unacknowledged"]


def test_a_second_forced_movement_is_told_while_the_first_waits_to_be_judged() -> None:
    play = forced_and_down_again()
    first = play.alarms()
    play.advance(60_000)
    play.forget()
    play.set(at_closed=False)
    play.advance(10_000)
    assert play.types("alarm.raised") == ["alarm.raised"]
    assert [alarm["detail"]["verdict"] for alarm in play.alarms()] == ["forced", "forced"]
    assert play.alarms()[0]["raised_at"] == first[0]["raised_at"]


def test_a_forced_arm_is_told_also_where_it_was_excused_at_first() -> None:
    """With the mains off a movement is not alarmed before its verdict; an older alarm does not swallow that."""
    play = Playbook(site_document(mains="io.input.5"))
    play.set(at_closed=False)
    play.advance(10_000)
    play.set(at_closed=True)
    play.set(mains=False)
    play.advance(61_000)
    play.forget()
    play.set(at_closed=False, safety_loop=False)
    play.advance(3000)
    play.set(safety_loop=True)
    play.advance(10_000)
    assert play.data("alarm.raised")["detail"] == {"verdict": "forced"}


def test_harmless_movements_that_nobody_has_looked_at_are_one_alarm_and_counted() -> None:
    play = a_fob_and_down_again()
    (first,) = play.alarms()
    for _ in range(3):
        play.advance(60_000)
        a_fob(play)
        play.lower()
    assert [alarm["alarm"] for alarm in play.alarms()] == [first["alarm"]]
    assert play.data("alarm.closed")["joined"] == first["alarm"]
    assert play.data("alarm.refined")["count"] == 4


def test_the_next_fob_after_an_acknowledged_one_is_told_again() -> None:
    play = a_fob_and_down_again()
    play.alarm("acknowledge")
    assert play.alarms() == []
    a_fob(play)
    assert [alarm["state"] for alarm in play.alarms()] == ["returned-unacknowledged"]


def struck(play: Playbook) -> None:
    """The arm comes down on a car that drives in at the last moment."""
    play.person("open")
    play.rise()
    play.person("close")
    play.set(at_open=False)
    play.set(safety_loop=True, settle_ms=0)
    play.set(at_closed=True)
    play.set(safety_loop=False)
    play.advance(30_000)


def obstructed(play: Playbook) -> None:
    """The arm stays half way, and is closed by a person."""
    play.person("open")
    play.set(at_closed=False)
    play.advance(10_000)
    play.set(at_closed=True)


def loop_stuck(play: Playbook) -> None:
    play.set(safety_loop=True)
    play.advance(301_000)
    play.set(safety_loop=False)


@pytest.mark.parametrize(
    ("trouble", "kind"), [(struck, "struck_vehicle"), (obstructed, "obstructed"), (loop_stuck, "stuck")]
)
def test_the_same_trouble_an_hour_later_has_its_own_alarm_and_time(
    trouble: Callable[[Playbook], None], kind: str
) -> None:
    play = Playbook()
    trouble(play)
    (first,) = [alarm for alarm in play.alarms() if alarm["kind"] == kind]
    assert first["state"] == "returned-unacknowledged"
    play.advance(3_600_000)
    play.forget()
    trouble(play)
    both = [alarm for alarm in play.alarms() if alarm["kind"] == kind]
    raised = [row.data for row in play.rows if row.type == "alarm.raised" and row.data["kind"] == kind]
    assert [alarm["alarm"] for alarm in both] == [first["alarm"], raised[0]["alarm"]]
    assert both[0]["raised_at"] == first["raised_at"] < both[1]["raised_at"]


@pytest.mark.parametrize("contact", ["panic", "fire"])
def test_a_second_call_for_help_has_its_own_alarm_and_time(contact: str) -> None:
    document = site_document()
    document["lanes"][0][contact] = f"io.input.{INPUTS.index(contact)}"
    play = Playbook(document)
    for _ in range(2):
        play.set(**{contact: True})
        play.set(**{contact: False})
        play.advance(3_600_000)
    first, second = play.alarms()
    assert (first["kind"], second["kind"]) == (contact, contact)
    assert first["raised_at"] < second["raised_at"]


def test_alarms_that_nobody_judges_do_not_grow_without_end() -> None:
    play = Playbook()
    for _ in range(ALIKE_MAX + 5):
        loop_stuck(play)
        play.advance(1000)
    assert len(play.alarms()) == ALIKE_MAX
    assert play.data("alarm.raised")["count"] == 6


def test_an_arm_that_stays_half_way_is_one_trouble_however_often_somebody_tries() -> None:
    play = Playbook()
    play.person("open")
    play.set(at_closed=False)
    play.advance(10_000)
    for _ in range(3):
        play.person("open")
        play.advance(10_000)
    assert [alarm["kind"] for alarm in play.alarms()] == ["obstructed"]


def test_an_input_that_chatters_again_is_told_again() -> None:
    play = Playbook()
    for _ in range(2):
        for n in range(40):
            play.set(settle_ms=20, approach_loop=n % 2 == 0)
        play.advance(120_000)
    assert play.types("barrier.stuck") == ["barrier.stuck"] * 2


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
