"""Fifteen things that happen every week at a gate, each as a story with what the journal must say of it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from gateway.core.vocabulary import events
from gateway.core.vocabulary.events import OpenVisit
from tests.core.estate import HOUSEHOLD, Estate
from tests.core.playbook import MONTHLY, START_WALL_NS, Playbook, TwoLanes, site_document

OTHER = msgspec.structs.replace(MONTHLY, id="p2", cards=("7",), plates=("京B77777",))


def test_1_the_neighbour_lanes_tag_is_read_and_only_the_occupied_lane_opens() -> None:
    play = TwoLanes()
    play.tag("reader-out")
    play.tag("reader-in")
    assert play.types("access") == []
    play.set(approach_loop=True)
    assert play.data("access.granted")["lane"] == "in"
    play.advance(5000)
    play.set2(approach_loop=True)
    assert play.types("access") == ["access.granted"]


def test_1_with_both_lanes_occupied_the_first_has_the_tag_and_the_other_says_seen_elsewhere() -> None:
    play = TwoLanes()
    play.set(approach_loop=True)
    play.set2(approach_loop=True)
    play.tag("reader-in")
    play.tag("reader-out")
    assert play.types("access") == ["access.granted", "access.denied"]
    assert play.data("access.denied")["reason"] == "seen_elsewhere"


def test_1_a_long_range_read_counts_three_seconds_before_the_loop_and_no_longer() -> None:
    play = TwoLanes()
    play.tag("reader-in")
    play.advance(3100)
    play.set(approach_loop=True)
    assert play.types("access") == []


def test_2_two_valid_cars_nose_to_tail_are_two_passages() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read()
    play.read("7", (OTHER,))
    play.rise()
    for _ in range(2):
        play.set(safety_loop=True)
        play.set(approach_loop=False)
        play.set(safety_loop=False)
        play.advance(800)
        play.set(approach_loop=True)
    assert [row.data["pass"] for row in play.rows if row.type == "passage.entered"] == ["p1", "p2"]
    assert play.types("passage.tailgated") == []


def test_3_a_stranger_follows_a_resident() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read()
    play.rise()
    play.drive_through()
    play.drive_through()
    tailgated = play.data("passage.tailgated")
    assert tailgated["behind"] == "p1"
    assert [alarm["kind"] for alarm in play.alarms()] == ["tailgating"]


def test_4_a_driver_chats_under_the_arm_and_the_guard_is_told_after_a_minute() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read()
    play.rise()
    play.set(safety_loop=True)
    play.set(approach_loop=False)
    play.advance(58_000)
    assert play.lane()["notice"] is None
    play.advance(2000)
    assert play.lane()["notice"] == "vehicle_under"
    assert play.pulses() == ["open"]
    play.advance(240_000)
    assert play.alarms()[0]["kind"] == "stuck"
    play.set(safety_loop=False)
    play.advance(2000)
    assert play.lane()["notice"] is None
    assert play.alarms()[0]["state"] == "returned-unacknowledged"
    assert play.pulses() == ["open", "close"]


def test_5_a_car_reads_and_backs_off() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read()
    play.rise()
    play.set(approach_loop=False)
    play.advance(20_000)
    assert play.data("grant.unused")["reason"] == "time_over"
    play.advance(1600)
    play.lower()
    assert play.types("passage") == []
    assert play.lane()["state"] == "ready"


def test_6_an_e_bike_follows_a_car_and_only_what_the_loops_can_tell_is_claimed() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read()
    play.rise()
    play.set(safety_loop=True)
    play.set(approach_loop=False)
    play.set(settle_ms=300, safety_loop=False)
    play.set(settle_ms=300, safety_loop=True)
    play.set(safety_loop=False)
    play.advance(800)
    assert play.types("passage") == ["passage.entered"]


def test_6_an_e_bike_that_leaves_a_gap_is_a_second_vehicle() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read()
    play.rise()
    play.set(safety_loop=True)
    play.set(approach_loop=False)
    play.set(settle_ms=800, safety_loop=False)
    play.set(settle_ms=500, safety_loop=True)
    play.set(settle_ms=800, safety_loop=False)
    assert [row.data["method"] for row in play.rows if row.type == "passage.entered"] == ["automatic", "tailgate"]
    assert play.data("passage.entered")["certainty"] == "inferred"


def test_7_the_fob_opens_and_a_car_comes_in_by_hand_of_somebody() -> None:
    play = Playbook(site_document(external_open="expected"))
    play.rise(3000)
    assert play.data("barrier.opened")["cause"] == "external"
    play.drive_through()
    assert play.data("passage.entered")["method"] == "manual"
    assert play.types("alarm") == []


def test_8_rush_hour_free_flow_holds_open_by_its_schedule() -> None:
    document = site_document()
    document["lanes"][0]["free_flow"] = "mon-sun 22:20-22:30"
    play = Playbook(document)
    play.advance(400_100)
    assert play.data("barrier.held")["by"] == "schedule"
    play.rise()
    play.set(approach_loop=True)
    play.read()
    play.drive_through()
    play.drive_through()
    assert [row.data["method"] for row in play.rows if row.type == "passage.entered"] == ["automatic", "manual"]
    assert {row.data["mark"] for row in play.rows if row.type == "passage.entered"} == {"free_flow"}
    assert play.data("access.granted")["pass"] == "p1"
    assert play.types("passage.tailgated") == []
    assert play.alarms() == []
    play.advance(600_000 - (play.mono_ns // 1_000_000 - 401_000) + 1600)
    assert play.data("barrier.released")["by"] == "schedule"
    assert play.pulses() == ["open", "close"]


def test_8_a_start_in_the_middle_of_free_flow_moves_nothing() -> None:
    document = site_document()
    document["lanes"][0]["free_flow"] = "mon-sun 22:00-23:00"
    play = Playbook(document)
    play.advance(10 * 60_000)
    assert play.pulses() == []


def test_9_an_ambulance_opens_the_way_in_and_out_at_once_and_a_reason_can_follow() -> None:
    play = TwoLanes()
    assert play.person("emergency", reason="").status == "done"
    granted = [row.data for row in play.rows if row.type == "access.granted"]
    assert [(one["lane"], one["reason"], one["decided_by"]) for one in granted] == [
        ("in", "emergency", "Lin"),
        ("out", "emergency", "Lin"),
    ]
    assert play.pulses() == ["open", "open"]
    play.rise()
    play.drive_through()
    assert play.data("passage.entered")["mark"] == "emergency"
    assert play.alarms() == []


def test_9_nobody_far_away_can_tap_emergency() -> None:
    play = TwoLanes()
    reply = play.person("emergency", via="http", expires_wall_ns=START_WALL_NS + 10**10)
    assert reply.reason == "on_the_spot_only"


def test_10_a_vehicle_without_plates_comes_in_by_the_guards_hand() -> None:
    play = Playbook()
    play.person("open")
    play.rise()
    play.drive_through()
    entered = play.data("passage.entered")
    assert (entered["plate"], entered["pass"], entered["method"], entered["by"]) == (None, None, "manual", "Lin")


def test_11_an_exit_without_an_entry_goes_out_and_says_so() -> None:
    play = TwoLanes()
    play.read(device="reader-out")
    play.set2(at_closed=False)
    play.advance(1900)
    play.set2(at_open=True)
    play.set2(approach_loop=True)
    play.set2(safety_loop=True)
    play.set2(approach_loop=False)
    play.set2(safety_loop=False)
    play.advance(800)
    exited = play.data("passage.exited")
    assert (exited["lane"], exited["entered_at"], exited["duration_s"]) == ("out", None, None)


def test_12_with_central_down_the_guard_lets_out_by_name_and_the_gate_goes_on() -> None:
    play = TwoLanes()
    play.happens(events.UplinkChanged(False, "line down"))
    assert play.person("open", lane="out", reason="paid, central down").status == "done"
    granted = play.data("access.granted")
    assert (granted["decided_by"], granted["stated"]) == ("Lin", "paid, central down")


def test_13_the_households_third_car_on_two_places_waits_for_one_that_leaves(tmp_path: Path) -> None:
    with Estate(tmp_path, HOUSEHOLD, groups=[{"id": "12-3", "places": 2}]) as play:
        play.comes_in("car0")
        play.comes_in("car1")
        play.arrives("car2")
        assert play.said() == ("access.referred", "places_full", "car2")
        play.advance(10_000)
        play.goes_out("car0")
        play.arrives("car2")
        assert play.said() == ("access.granted", "valid_pass", "car2")


def test_13_the_guard_may_let_the_third_car_in_and_it_goes_out_as_any_other(tmp_path: Path) -> None:
    with Estate(tmp_path, HOUSEHOLD, groups=[{"id": "12-3", "places": 2}]) as play:
        play.comes_in("car0")
        play.comes_in("car1")
        play.arrives("car2")
        assert play.person("open", reason="their guest leaves soon").status == "done"
        play.drives_in()
        play.goes_out("car2")
        assert play.said() == ("access.granted", "valid_pass", "car2")


def test_14_an_expired_pass_with_a_queue_behind_it_is_one_case() -> None:
    play = Playbook()
    expired = msgspec.structs.replace(MONTHLY, valid_until="2026-09-01")
    play.set(approach_loop=True)
    for _ in range(10):
        play.read(passes=(expired,))
        play.advance(6000)
    assert play.types("access") == ["access.denied"]
    assert play.data("access.denied")["reason"] == "expired"
    play.read("7", (OTHER,))
    assert play.data("access.granted")["pass"] == "p2"


def test_14_a_long_range_tag_in_the_queue_does_not_open_for_the_refused_car_in_front() -> None:
    play = TwoLanes()
    play.set(approach_loop=True)
    play.tag("reader-in", "E1", msgspec.structs.replace(MONTHLY, valid_until="2026-09-01"))
    play.advance(4000)
    play.tag("reader-in", "E2", OTHER)
    play.advance(60_000)
    assert play.types("access") == ["access.denied"]
    assert play.pulses() == []


def test_15_the_arm_is_hit_at_two_in_the_morning() -> None:
    play = TwoLanes()
    play.let_in()
    play.forget()
    play.set(approach_loop=True)
    play.set(settle_ms=35, safety_loop=True, at_closed=False, arm_detached=True)
    assert play.types()[0] == "alarm.raised"
    crashed = play.data("barrier.crashed")
    assert crashed["last_grant"]["pass"] == "p1"
    assert crashed["points"]["arm_detached"] is True
    assert len(play.alarms()) == 1
    assert play.lane("out")["mode"] == "auto"
    play.read("7", (OTHER,))
    assert play.data("access.referred")["reason"] == "lane_locked"
    play.person("passed", by="Zhou")
    entered = play.data("passage.entered")
    assert (entered["method"], entered["certainty"], entered["by"]) == ("hand", "declared", "Zhou")
    assert [name for _, name, _ in play.outputs if name.startswith("siren")] == ["siren=on"]
    assert "open" not in play.pulses()
    play.read(device="reader-out", visits=(OpenVisit("v1", "p1", None, START_WALL_NS),))
    assert play.data("access.granted")["lane"] == "out"


def test_15_the_other_lane_serves_both_ways_until_the_arm_is_mended() -> None:
    play = TwoLanes()
    play.set(arm_detached=True)
    play.person("open", lane="out")
    play.set2(at_closed=False)
    play.set2(at_open=True)
    play.set2(safety_loop=True)
    play.set2(approach_loop=True)
    play.set2(safety_loop=False)
    play.advance(800)
    assert (play.data("passage.reversed")["lane"], play.data("passage.reversed")["way"]) == ("out", "wrong_way")
    play.person("passed", by="Zhou")
    assert (play.data("passage.entered")["lane"], play.data("passage.entered")["by"]) == ("in", "Zhou")
    assert play.types("passage.exited") == []
