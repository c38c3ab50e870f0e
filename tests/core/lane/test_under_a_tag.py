"""What happens while a lane is tagged, or after a crash, is recorded; nothing sounds, and it is shown later."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.core.vocabulary.turn import rfc3339
from tests.core.playbook import Playbook, site_document


def tagged(**barrier: object) -> Playbook:
    play = Playbook(site_document(service_limits={"crashes_per_month": 0}, **barrier))
    play.person("lock", reason="new arm")
    play.forget()
    return play


def torn_off(play: Playbook) -> None:
    play.set(arm_detached=True)


def run_against(play: Playbook) -> None:
    """*Closed* is lost as a vehicle comes in."""
    play.set(safety_loop=True)
    play.advance(300)
    play.set(at_closed=False)


@pytest.mark.parametrize("blow", [torn_off, run_against])
def test_an_arm_that_is_struck_under_a_tag_is_recorded_and_counted_and_nothing_sounds(
    blow: Callable[[Playbook], None],
) -> None:
    play = tagged()
    blow(play)
    assert play.types("barrier.crashed") == ["barrier.crashed"]
    assert play.data("barrier.crashed")["under_tag"] is True
    assert play.data("service.due")["what"] == "crashes_per_month"
    assert play.outputs == []
    assert (play.lane()["mode"], play.lane()["state"]) == ("locked", "locked")
    assert [(alarm["kind"], alarm["state"]) for alarm in play.alarms() if alarm["kind"] == "crash"] == [
        ("crash", "out of service")
    ]


def test_when_the_tag_comes_off_the_lane_is_crashed_until_a_named_person_resets_it() -> None:
    play = tagged()
    torn_off(play)
    play.set(arm_detached=False)
    assert play.person("reset").reason == "lane_locked"
    play.person("unlock", by="Wu")
    assert (play.lane()["mode"], [alarm["state"] for alarm in play.alarms()]) == ("crashed", ["unacknowledged"])
    assert play.outputs == []
    assert play.person("open").reason == "lane_crashed"
    assert play.person("reset", by="Zhou").status == "done"
    assert play.lane()["state"] == "ready"
    assert play.types("barrier.crashed") == ["barrier.crashed"]


def test_a_restart_forgets_neither_the_tag_nor_the_crash_under_it() -> None:
    play = tagged()
    torn_off(play)
    struck = rfc3339(play.wall_ns - 10_000_000)
    again = play.restarted()
    assert (again.lane()["mode"], [alarm["state"] for alarm in again.alarms()]) == ("locked", ["out of service"])
    assert again.types("barrier.crashed") == []
    again.advance(60_000)
    again.person("unlock")
    assert again.lane()["mode"] == "crashed"
    assert again.lane()["since"] == struck


def test_the_crash_before_the_tag_goes_on_calling() -> None:
    play = Playbook()
    torn_off(play)
    play.person("lock", reason="new arm")
    play.set(arm_detached=False)
    torn_off(play)
    assert [(alarm["kind"], alarm["state"]) for alarm in play.alarms()] == [("crash", "unacknowledged")]


def test_what_happened_without_a_tag_does_not_say_so() -> None:
    play = Playbook()
    torn_off(play)
    assert "under_tag" not in play.data("barrier.crashed")


def test_a_forced_movement_under_a_tag_is_recorded_as_such() -> None:
    play = tagged()
    play.set(at_closed=False)
    play.advance(10_000)
    assert play.data("barrier.forced")["under_tag"] is True
    assert [alarm["state"] for alarm in play.alarms()] == ["out of service"]


def test_a_vehicle_that_is_struck_under_a_tag_is_out_of_service_until_it_comes_off() -> None:
    play = Playbook()
    play.person("open")
    play.rise()
    play.person("close")
    play.set(at_open=False)
    play.person("lock")
    play.set(safety_loop=True, settle_ms=0)
    play.set(at_closed=True)
    assert play.data("barrier.struck_vehicle")["under_tag"] is True
    assert [(alarm["kind"], alarm["state"]) for alarm in play.alarms()] == [("struck_vehicle", "out of service")]
    play.person("unlock")
    assert [alarm["state"] for alarm in play.alarms()] == ["returned-unacknowledged"]


def test_harmless_work_at_a_tagged_arm_is_one_alarm_and_counted() -> None:
    play = tagged()
    for _ in range(4):
        play.set(at_closed=False)
        play.advance(2900)
        play.set(at_open=True)
        play.lower()
    assert [alarm["state"] for alarm in play.alarms()] == ["out of service"]


def test_a_call_for_help_is_heard_under_a_tag() -> None:
    document = site_document()
    document["lanes"][0] |= {"panic": "io.input.9", "fire": "io.input.7"}
    play = Playbook(document)
    play.person("lock")
    play.set(panic=True, fire=True)
    assert {(alarm["kind"], alarm["state"]) for alarm in play.alarms()} == {
        ("panic", "unacknowledged"),
        ("fire", "unacknowledged"),
    }


# ---- who crosses


def crashed() -> Playbook:
    play = Playbook()
    torn_off(play)
    return play


@pytest.mark.parametrize("lane", [tagged, crashed])
def test_who_crosses_where_the_arm_is_off_though_its_switch_says_closed_has_passed_by_hand(
    lane: Callable[[], Playbook],
) -> None:
    play = lane()
    play.drive_through()
    entered = play.data("passage.entered")
    assert (entered["method"], entered["certainty"], entered["pass"]) == ("hand", "measured", None)
    assert play.types("passage.tailgated") == []
    assert play.lane()["notice"] is None


@pytest.mark.parametrize("lane", [tagged, crashed])
@pytest.mark.parametrize("first", ["tap", "loops"])
def test_whom_a_person_notes_as_passed_and_the_loops_see_has_passed_once(
    lane: Callable[[], Playbook], first: str
) -> None:
    play = lane()
    if first == "tap":
        play.person("passed")
    play.drive_through()
    if first == "loops":
        play.person("passed")
    assert play.types("passage") == ["passage.entered"]


def test_without_an_approach_loop_the_crossing_is_inferred() -> None:
    play = tagged(approach_loop=None)
    play.set(safety_loop=True)
    play.set(safety_loop=False)
    play.advance(800)
    assert (play.data("passage.entered")["method"], play.data("passage.entered")["certainty"]) == ("hand", "inferred")


def test_a_vehicle_that_only_comes_up_to_the_tagged_arm_and_backs_off_has_not_passed() -> None:
    play = tagged()
    play.set(approach_loop=True)
    play.set(safety_loop=True)
    play.set(safety_loop=False)
    play.advance(800)
    assert play.types("passage") == []


def test_who_comes_out_through_a_torn_off_entry_is_recorded_as_going_the_wrong_way() -> None:
    play = crashed()
    play.set(safety_loop=True)
    play.set(approach_loop=True)
    play.set(safety_loop=False)
    play.advance(800)
    assert play.data("passage.reversed")["way"] == "wrong_way"


def test_the_car_that_tears_the_arm_off_is_counted_as_it_drives_on() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.set(safety_loop=True)
    torn_off(play)
    play.set(approach_loop=False)
    play.set(safety_loop=False)
    play.advance(800)
    assert play.data("passage.entered")["method"] == "hand"


@pytest.mark.parametrize("blind", [True, False])
def test_a_car_whose_crossing_of_a_closed_arm_turns_out_to_be_a_crash_has_passed(blind: bool) -> None:
    without = {"at_open": None, "at_closed": None} if blind else {}
    play = Playbook(site_document(arm_detached=None, **without))
    play.advance(301_000)
    play.drive_through()
    play.advance(60_000)
    assert play.lane()["mode"] == "crashed"
    assert play.types("passage") == ["passage.entered"]
    assert play.data("passage.entered")["method"] == "hand"


def test_a_car_that_crossed_past_an_arm_that_is_whole_is_no_passage() -> None:
    play = Playbook(site_document(arm_detached=None))
    play.drive_through()
    play.person("reset")
    play.advance(61_000)
    assert play.types("passage") == []
