"""Rare sequences that an adversary would try: nobody is let in, closed on, lost or trapped by any of them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.core.subsystem import Memory
from gateway.core.vocabulary import events
from gateway.core.vocabulary.passes import Pass
from tests.core.playbook import INPUTS, MONTHLY, Playbook, TwoLanes, site_document, two_lanes

OTHER = msgspec.structs.replace(MONTHLY, id="p2", cards=("7",), plates=("京B77777",))
EXPIRED = msgspec.structs.replace(MONTHLY, id="p3", cards=("3",), valid_until="2026-09-01")


def opened(**barrier: Any) -> Playbook:
    """A lane whose arm is up, its car gone, about to close."""
    play = Playbook(site_document(**barrier))
    play.set(approach_loop=True)
    play.read()
    play.rise()
    play.drive_through()
    play.forget()
    return play


# ---- what was expected ends: mains, blow, tag


@pytest.mark.parametrize("what", ["mains", "crash", "tag"])
def test_an_arm_that_stands_half_way_after_its_command_was_void_is_opened_by_a_person(what: str) -> None:
    play = Playbook(site_document(mains="io.input.5"))
    play.read()
    play.set(at_closed=False)
    match what:
        case "mains":
            play.set(mains=False)
            play.set(mains=True)
        case "crash":
            play.set(arm_detached=True)
            play.set(arm_detached=False)
        case "tag":
            play.person("lock")
    play.advance(10_000)
    assert play.lane()["arm"] == "between"
    for command in ("unlock", "reset"):
        play.person(command)
    play.forget()
    assert play.person("open").status == "done"
    assert play.pulses() == ["open"]


def test_a_person_may_open_at_once_after_the_mains_came_back() -> None:
    play = Playbook(site_document(mains="io.input.5"))
    play.read()
    play.set(at_closed=False)
    play.set(mains=False)
    play.set(mains=True)
    play.person("open")
    assert play.pulses() == ["open", "open"]


# ---- grants


def test_a_grant_that_waits_for_another_barrier_ends_like_any_other() -> None:
    document = two_lanes()
    document["interlocks"] = [{"type": "sally_port", "barriers": ["in", "out"]}]
    play = TwoLanes(document)
    play.person("hold")
    play.rise()
    play.read("7", (OTHER,), device="reader-out")
    play.advance(600_000)
    assert play.data("grant.unused")["pass"] == "p2"
    play.forget()
    play.person("release")
    play.advance(1500)
    play.lower()
    play.advance(60_000)
    assert [row.data["lane"] for row in play.rows if row.type == "barrier.commanded"] == ["in"]


def test_a_grant_has_its_whole_time_when_the_car_before_it_has_gone() -> None:
    document = two_lanes()
    document["interlocks"] = [{"type": "sally_port", "barriers": ["in", "out"]}]
    play = TwoLanes(document)
    play.set2(at_closed=False)
    play.set(approach_loop=True)
    play.read()
    play.set(approach_loop=False)
    play.advance(19_000)
    play.read("7", (OTHER,))
    play.set2(at_closed=True)
    assert play.data("grant.unused")["pass"] == "p1"
    assert play.pulses() == ["open"]
    play.rise()
    play.advance(19_000)
    assert play.lane()["grants"] == 1
    play.advance(2000)
    assert play.data("grant.unused")["pass"] == "p2"


def test_a_grant_that_waits_for_another_barrier_ends_though_the_arm_came_down_on_its_own() -> None:
    document = two_lanes()
    for name in ("safety_loop", "approach_loop"):
        del document["lanes"][0]["barrier"][name]
    document["interlocks"] = [{"type": "sally_port", "barriers": ["in", "out"]}]
    play = TwoLanes(document)
    play.read()
    play.rise()
    play.read("7", (OTHER,))
    play.set2(at_closed=False)
    play.advance(5000)
    play.lower()
    assert play.data("passage.entered")["pass"] == "p1"
    play.advance(19_000)
    assert play.types("grant.unused") == []
    play.advance(1000)
    assert play.data("grant.unused")["pass"] == "p2"


def test_a_grant_does_not_open_a_sally_port_whose_other_arm_went_up_meanwhile() -> None:
    document = two_lanes()
    document["interlocks"] = [{"type": "sally_port", "barriers": ["in", "out"]}]
    play = TwoLanes(document)
    play.journal_waits = True
    play.read()
    play.set2(at_closed=False)
    play.commit()
    assert play.pulses() == []
    assert play.data("barrier.not_followed")["reason"] == "other_barrier_open"


def shared(**barrier: Any) -> Playbook:
    """Two lanes past one barrier; the exit's loop lies beyond the arm."""
    document = site_document(clear_loop="io.input.6", arm_detached=None, **barrier)
    document["barriers"] = [{"id": "north", **document["lanes"][0].pop("barrier")}]
    document["lanes"][0]["barrier"] = "north"
    document["lanes"].append({"id": "out", "direction": "exit", "readers": ["reader-out"], "barrier": "north"})
    return Playbook(document)


def over(play: Playbook, *steps: tuple[bool, bool, bool]) -> None:
    """Approach, safety and clear loop, one step after the other, to the end of the merge time."""
    for approach, safety, clear in steps:
        play.electrical[6] = clear
        play.set(approach_loop=approach, safety_loop=safety)
        play.advance(300)
    play.advance(800)


OUTWARD = (
    (False, False, True), (False, True, True), (False, True, False), (True, True, False), (True, False, False),
    (False, False, False),
)  # fmt: skip
INWARD = tuple((clear, safety, approach) for approach, safety, clear in OUTWARD)


def test_of_two_grants_at_a_shared_barrier_a_vehicle_uses_the_one_of_its_own_side() -> None:
    play = shared()
    play.read()
    play.read("7", (OTHER,), device="reader-out")
    play.rise()
    over(play, *OUTWARD)
    over(play, *INWARD)
    passed = [(row.type, row.data["pass"]) for row in play.rows if row.type.startswith("passage")]
    assert passed == [("passage.exited", "p2"), ("passage.entered", "p1")]


def test_at_a_shared_barrier_each_lane_shows_the_grants_that_wait_there() -> None:
    play = shared()
    play.read()
    play.read("7", (OTHER,), device="reader-out")
    waiting = {lane: [one["pass"] for one in play.lane(lane)["waiting_grants"]] for lane in ("in", "out")}
    assert waiting == {"in": ["p1"], "out": ["p2"]}


def test_a_grant_at_a_shared_barrier_without_safety_loop_ends_though_a_car_of_the_other_side_has_passed() -> None:
    play = shared(safety_loop=None)
    play.read("7", (OTHER,), device="reader-out")
    play.read()
    play.rise()
    play.advance(5000)
    play.set(approach_loop=True)
    play.set(approach_loop=False)
    assert (play.types("passage"), play.data("passage.entered")["pass"]) == (["passage.entered"], "p1")
    play.advance(14_000)
    assert play.types("grant.unused") == []
    play.advance(1000)
    assert play.data("grant.unused")["pass"] == "p2"


def test_a_grant_has_its_whole_time_when_the_one_of_the_other_side_was_withdrawn() -> None:
    document = shared(approach_loop=None).document
    west = {"open": "io2.output.0", "at_closed": "io2.input.1"}
    document["devices"] += [{"id": "io2", "driver": "noop"}, {"id": "reader-west", "driver": "noop"}]
    document["lanes"].append({"id": "west", "direction": "entry", "readers": ["reader-west"], "barrier": west})
    document["interlocks"] = [{"type": "sally_port", "barriers": ["north", "west"]}]
    play = TwoLanes(document)
    play.set2(at_closed=False)
    play.read()
    play.advance(9000)
    play.read("7", (OTHER,), device="reader-out")
    play.happens(events.CredentialRead("reader-in", "plate", "京C00001", 0, ()))
    assert play.data("grant.unused")["reason"] == "plate_mismatch"
    play.advance(19_000)
    assert play.lane()["grants"] == 1
    play.advance(1100)
    assert play.data("grant.unused")["pass"] == "p2"


def test_a_stranger_who_leaves_on_the_grant_of_a_car_outside_takes_nobodys_grant() -> None:
    play = shared()
    play.read()
    play.rise()
    over(play, *OUTWARD)
    assert play.data("passage.exited")["pass"] is None
    over(play, *INWARD)
    assert play.data("passage.entered")["pass"] == "p1"


def test_at_a_shared_barrier_a_grant_waits_while_its_car_stands_on_its_own_sides_loop() -> None:
    play = shared()
    play.electrical[6] = True
    play.set()
    play.read(device="reader-out")
    play.rise()
    play.advance(60_000)
    assert play.types("grant") == []


@pytest.mark.parametrize("first", ["out", "in"])
def test_with_a_car_on_either_side_of_a_shared_barrier_each_is_recorded_in_its_direction(first: str) -> None:
    play = shared()
    play.read()
    play.read("7", (OTHER,), device="reader-out")
    play.rise()
    if first == "out":
        over(play, (True, False, True), (True, True, True), (True, True, False), (True, False, False))
        assert (play.data("passage.exited")["pass"], play.types("passage")) == ("p2", ["passage.exited"])
        over(play, *INWARD)
    else:
        over(play, (True, False, True), (True, True, True), (False, True, True), (False, False, True))
        assert (play.data("passage.entered")["pass"], play.types("passage")) == ("p1", ["passage.entered"])
        over(play, *OUTWARD)
    assert sorted(play.types("passage")) == ["passage.entered", "passage.exited"]
    assert play.lane()["grants"] == 0


def test_a_car_that_backs_off_on_the_far_side_of_a_shared_barrier_has_not_passed() -> None:
    play = shared()
    play.electrical[6] = True
    play.set()
    play.read(device="reader-out")
    play.rise()
    over(play, (False, True, True), (False, False, True))
    assert play.types("passage") == ["passage.reversed"]
    assert (play.data("passage.reversed")["lane"], play.lane()["grants"]) == ("out", 1)
    over(play, *OUTWARD[1:])
    assert play.data("passage.exited")["pass"] == "p1"


def test_a_car_that_leaves_the_loop_beyond_a_shared_arm_before_it_comes_under_is_measured() -> None:
    play = shared()
    play.read(device="reader-out")
    play.rise()
    over(play, (False, False, True), (False, False, False), (False, True, False), (False, False, False))
    assert (play.types("passage"), play.data("passage.exited")["certainty"]) == (["passage.exited"], "measured")


def test_a_car_that_turned_away_outside_is_not_taken_for_the_one_that_comes_out() -> None:
    play = shared()
    play.electrical[6] = True
    play.set(approach_loop=True)
    play.read(device="reader-out")
    play.rise()
    play.set(approach_loop=False)
    play.advance(1000)
    over(play, (False, True, True), (False, True, False), (True, True, False), (True, False, False))
    assert (play.types("passage"), play.data("passage.exited")["pass"]) == (["passage.exited"], "p1")


def test_a_car_that_turns_away_outside_at_the_moment_another_comes_out_is_not_taken_for_it() -> None:
    play = shared()
    play.electrical[6] = True
    play.set(approach_loop=True)
    play.read(device="reader-out")
    play.rise()
    over(play, (False, True, True), (False, True, False), (True, True, False), (True, False, False))
    assert (play.types("passage"), play.data("passage.exited")["pass"]) == (["passage.exited"], "p1")


def test_a_car_that_turns_away_outside_as_soon_as_another_is_out_is_not_taken_for_it() -> None:
    play = shared()
    play.electrical[6] = True
    play.set(approach_loop=True)
    play.read(device="reader-out")
    play.rise()
    over(play, (True, True, True), (True, True, False), (True, False, False), (False, False, False))
    assert (play.types("passage"), play.data("passage.exited")["pass"]) == (["passage.exited"], "p1")


def test_a_car_that_comes_while_the_one_before_stands_beyond_the_arm_is_a_passage() -> None:
    play = Playbook(site_document(clear_loop="io.input.6"))
    play.read()
    play.read("7", (OTHER,))
    play.rise()
    over(
        play, (True, False, False), (True, True, False), (False, True, False), (False, True, True), (True, False, True)
    )
    over(play, (True, False, True), (True, True, True), (False, True, False), (True, True, True), (True, False, True))
    assert [row.data["pass"] for row in play.rows if row.type == "passage.entered"] == ["p1", "p2"]
    assert play.types("passage.reversed") == []


def test_a_resident_behind_a_stranger_keeps_the_grant_that_was_read_for_the_car_behind() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read()
    play.rise()
    play.drive_through()
    play.set(approach_loop=True)
    play.set(safety_loop=True)
    play.set(approach_loop=False)
    play.set(approach_loop=True)
    play.read("7", (OTHER,))
    play.set(safety_loop=False)
    play.advance(800)
    assert play.data("passage.entered")["method"] == "tailgate"
    play.set(safety_loop=True)
    play.set(approach_loop=False)
    play.set(safety_loop=False)
    play.advance(800)
    assert play.data("passage.entered")["pass"] == "p2"


def test_an_exit_button_pressed_again_before_the_car_has_moved_lets_one_vehicle_out() -> None:
    document = site_document()
    document["lanes"][0] |= {"direction": "exit", "readers": [], "exit_button": "io.input.6"}
    play = Playbook(document)
    for value in (True, False) * 3:
        play.electrical[6] = value
        play.set(settle_ms=200)
    assert play.lane()["grants"] == 1


def test_an_exit_button_does_not_undo_a_stop() -> None:
    document = site_document()
    document["lanes"][0] |= {"direction": "exit", "readers": [], "exit_button": "io.input.6"}
    play = Playbook(document)
    play.set(at_closed=False)
    play.person("stop")
    play.forget()
    play.electrical[6] = True
    play.set()
    assert play.pulses() == []
    assert play.lane()["state"] == "interrupted"
    assert play.data("access.referred")["reason"] == "lane_fault"


def test_a_detector_board_that_was_away_leaves_no_grant_without_an_end() -> None:
    document = site_document(safety_loop="loops.input.2")
    document["devices"].append({"id": "loops", "driver": "noop"})
    play = Playbook(document)
    loops = [False] * 8
    play.happens(events.DeviceRestored("loops", tuple(loops)))
    play.read()
    play.rise()
    loops[2] = True
    play.happens(events.InputsRead("loops", tuple(loops)))
    play.happens(events.DeviceLost("loops", "no answer"))
    play.advance(3000)
    loops[2] = False
    play.happens(events.DeviceRestored("loops", tuple(loops)))
    play.advance(60_000)
    assert (play.types("grant"), play.types("passage")) == ([], ["passage.entered"])
    assert (play.data("passage.entered")["pass"], play.data("passage.entered")["certainty"]) == ("p1", "inferred")


def test_a_board_of_outputs_that_comes_back_loses_no_passage() -> None:
    document = site_document(open="relays.output.0")
    document["devices"].append({"id": "relays", "driver": "noop"})
    play = Playbook(document)
    play.happens(events.DeviceRestored("relays", (), (False,) * 8))
    play.set(approach_loop=True)
    play.read()
    play.rise()
    play.set(safety_loop=True)
    play.set(approach_loop=False)
    play.happens(events.DeviceLost("relays", "no answer"))
    play.set(safety_loop=False)
    play.happens(events.DeviceRestored("relays", (), (False,) * 8))
    play.advance(1000)
    assert play.data("passage.entered")["certainty"] == "measured"


# ---- movements


def test_a_step_button_is_not_pressed_when_the_arm_has_left_closed_meanwhile() -> None:
    play = Playbook(site_document(control="step", close=None))
    play.journal_waits = True
    play.read()
    play.set(at_closed=False)
    play.commit()
    assert play.pulses() == []
    assert play.data("barrier.not_followed")["reason"] == "arm_between"


def test_fire_does_not_press_the_step_button_of_an_arm_that_goes_up_already() -> None:
    document = site_document(control="step", close=None)
    document["lanes"][0]["fire"] = "io.input.7"
    play = Playbook(document)
    play.read()
    play.set(at_closed=False)
    play.set(fire=True)
    assert play.pulses() == ["open"]


def test_fire_sends_one_open_to_an_arm_that_was_asked_to_open() -> None:
    document = site_document()
    document["lanes"][0]["fire"] = "io.input.7"
    play = Playbook(document)
    play.journal_waits = True
    play.read()
    play.set(fire=True)
    play.commit()
    assert play.pulses() == ["open"]


def test_a_hold_withdraws_a_close_that_waits() -> None:
    play = opened(auto_close_ms=60_000)
    play.journal_waits = True
    play.person("close")
    play.person("hold")
    play.commit()
    assert play.pulses() == []


def test_an_open_after_a_close_that_waits_is_the_last_word() -> None:
    play = Playbook()
    play.read()
    play.set(at_closed=False)
    play.forget()
    play.journal_waits = True
    play.person("close")
    play.person("open")
    play.commit()
    assert "close" not in play.pulses()


def test_a_hold_that_was_released_before_it_was_sent_is_not_sent() -> None:
    play = Playbook()
    play.journal_waits = True
    play.person("hold")
    play.person("release")
    play.commit()
    assert play.pulses() == []


def test_a_new_hold_without_an_end_is_not_ended_by_an_older_ones() -> None:
    play = Playbook()
    play.person("hold", detail={"minutes": 5})
    play.rise()
    play.person("close")
    play.lower()
    play.person("hold")
    play.rise()
    play.advance(600_000)
    assert play.lane()["state"] == "held"


def test_an_arm_that_bottoms_out_while_it_turns_back_is_no_crash() -> None:
    play = opened()
    play.advance(900)
    play.set(at_open=False)
    play.advance(1500)
    play.set(safety_loop=True)
    assert play.pulses() == ["close", "open"]
    play.set(settle_ms=200, at_closed=True)
    play.set(at_closed=False)
    assert play.lane()["mode"] == "auto"
    play.advance(1800)
    play.set(at_open=True)
    assert play.data("barrier.opened")["cause"] == "commanded"
    assert [alarm["kind"] for alarm in play.alarms()] == ["struck_vehicle"]


def test_an_arm_that_comes_down_with_somebody_under_it_is_reported() -> None:
    play = opened(control="step", close=None, close_by="barrier")
    play.set(at_open=False)
    play.set(safety_loop=True)
    play.set(at_closed=True)
    assert "barrier.struck_vehicle" in play.types()
    assert play.lane()["mode"] == "auto"


def test_a_held_contact_that_nobody_answered_is_let_go() -> None:
    play = Playbook(site_document(control="hold", close=None))
    play.read()
    play.advance(10_000)
    assert play.data("barrier.not_followed")["reason"] == "no_answer"
    assert [name for _, name, _ in play.outputs] == ["open=on", "open=off"]


def test_a_held_contact_is_let_go_to_close_even_if_a_close_terminal_is_wired() -> None:
    play = Playbook(site_document(control="hold"))
    play.read()
    assert [name for _, name, _ in play.outputs] == ["open=on"]
    play.rise()
    play.drive_through()
    play.advance(900)
    assert [name for _, name, _ in play.outputs] == ["open=on", "open=off"]


# ---- causes and alarms


def test_an_unexpected_opening_where_fobs_are_expected_alarms_after_one_travel_time() -> None:
    play = Playbook(site_document(external_open="expected"))
    play.set(at_closed=False)
    play.advance(2000)
    assert play.alarms() == []
    play.advance(1200)
    assert [alarm["kind"] for alarm in play.alarms()] == ["forced"]
    play.advance(1000)
    play.set(at_open=True)
    assert play.data("barrier.opened")["cause"] == "external"
    assert play.types("alarm")[:2] == ["alarm.raised", "alarm.refined"]


def test_a_forced_arm_that_is_down_again_can_be_closed_as_an_alarm_and_the_next_one_alarms() -> None:
    play = Playbook()
    play.set(at_closed=False)
    play.advance(10_000)
    play.set(at_closed=True)
    assert play.alarms()[0]["state"] == "returned-unacknowledged"
    play.alarm("acknowledge")
    play.forget()
    play.set(at_closed=False)
    assert play.types("alarm") == ["alarm.raised"]
    play.set(at_closed=True)
    play.alarm("acknowledge")
    assert play.alarm("close", finding="real").status == "done"


def test_what_people_do_with_a_tagged_arm_is_recorded_out_of_service() -> None:
    play = Playbook()
    play.person("lock", reason="new arm")
    play.set(at_closed=False)
    play.advance(10_000)
    assert [(alarm["kind"], alarm["state"]) for alarm in play.alarms()] == [("forced", "out of service")]


def test_an_arm_that_is_off_when_the_tag_comes_off_is_a_crash() -> None:
    play = Playbook()
    play.person("lock", reason="new arm")
    play.set(arm_detached=True)
    play.person("unlock")
    assert play.lane()["mode"] == "crashed"
    assert [alarm["kind"] for alarm in play.alarms()] == ["crash"]


@pytest.mark.parametrize("what", ["stranger", "linger", "grant"])
def test_whether_the_arm_is_whole_is_asked_whatever_else_comes_up(what: str) -> None:
    play = Playbook(site_document(arm_detached=None))
    play.drive_through()
    assert play.lane()["notice"] == "arm_whole"
    if what == "linger":
        play.set(safety_loop=True)
    elif what == "grant":
        play.read()
        play.rise()
    else:
        play.read(passes=())
    assert play.lane()["notice"] == "arm_whole"
    play.advance(61_000)
    assert play.lane()["mode"] == "crashed"


def test_a_vehicle_across_a_closed_arm_is_a_notice_where_the_detached_contact_is_quiet() -> None:
    play = Playbook()
    play.drive_through()
    assert play.lane()["notice"] == "crossed_closed"
    play.advance(120_000)
    assert play.lane()["mode"] == "auto"


def test_without_limits_a_vehicle_across_an_arm_long_closed_is_a_crash() -> None:
    play = Playbook(site_document(at_open=None, at_closed=None, arm_detached=None))
    play.advance(300_000)
    play.drive_through()
    assert play.lane()["mode"] == "crashed"


def test_both_limits_at_the_start_are_a_fault_with_an_alarm() -> None:
    play = Playbook(start=False)
    play.electrical[0] = True
    play.restored()
    assert play.lane()["arm"] == "unknown"
    assert [alarm["kind"] for alarm in play.alarms()] == ["stuck"]


def test_a_safety_loop_that_was_occupied_at_the_start_is_stuck_after_five_minutes_too() -> None:
    play = Playbook(start=False)
    play.electrical[INPUTS.index("safety_loop")] = True
    play.restored()
    play.advance(301_000)
    assert [alarm["kind"] for alarm in play.alarms()] == ["stuck"]


def test_a_loop_that_is_free_when_its_board_is_back_is_not_stuck_any_more() -> None:
    play = Playbook()
    play.set(safety_loop=True)
    play.advance(301_000)
    play.happens(events.DeviceLost("io", "no answer"))
    play.electrical[INPUTS.index("safety_loop")] = False
    play.restored()
    assert {alarm["state"] for alarm in play.alarms()} == {"returned-unacknowledged"}


def test_an_approach_loop_that_is_free_again_is_no_notice_any_more() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.advance(900_000)
    play.set(approach_loop=False)
    assert play.lane()["notice"] is None


@pytest.mark.parametrize("kind", ["fire", "stuck", "forced"])
def test_an_alarm_whose_cause_ended_while_the_engine_was_down_has_returned(kind: str) -> None:
    document = site_document()
    document["lanes"][0]["fire"] = "io.input.7"
    before = Playbook(document)
    match kind:
        case "fire":
            before.set(fire=True)
        case "stuck":
            for _ in range(30):
                before.set(settle_ms=15, approach_loop=not before.electrical[3])
        case "forced":
            before.set(at_closed=False)
            before.advance(10_000)
    raised = before.data("alarm.raised")
    assert raised["kind"] == kind
    play = Playbook(document, memory=Memory(alarms=[raised]))
    assert [alarm["state"] for alarm in play.alarms()] == ["returned-unacknowledged"]


def test_a_lane_without_limits_does_not_know_its_arm_after_its_board_was_away() -> None:
    play = Playbook(site_document(at_open=None, at_closed=None))
    play.read()
    play.advance(6000)
    assert play.lane()["arm"] == "open"
    play.happens(events.DeviceLost("io", "no answer"))
    play.restored()
    assert play.lane()["arm"] == "unknown"


# ---- reads


def tag(play: Playbook, value: str, found: Pass, **more: Any) -> None:
    play.happens(events.CredentialRead("reader-in", "card", value, 96, (found,), long_range=True, **more))


def test_a_tag_behind_a_refused_car_opens_when_its_own_car_stands_on_the_loop() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    tag(play, "E3", EXPIRED)
    play.advance(5000)
    tag(play, "E7", OTHER)
    for _ in range(60):
        play.advance(1000)
        tag(play, "E7", OTHER, again=True)
    assert play.types("access") == ["access.denied"]
    play.set(approach_loop=False)
    play.advance(2000)
    play.set(approach_loop=True)
    assert play.data("access.granted")["pass"] == "p2"


def test_the_tags_of_one_car_that_arrives_count_whichever_is_read_first() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    tag(play, "E3", EXPIRED)
    play.advance(1000)
    tag(play, "E7", OTHER)
    assert play.data("access.granted")["pass"] == "p2"


def test_a_refused_car_with_two_cards_is_one_event_for_each() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    for _ in range(3):
        play.read("3", (EXPIRED,))
        play.read("9", ())
    assert play.types("access") == ["access.denied"] * 2


# ---- pulses of every length


@pytest.mark.parametrize("ms", [50, 60, 100, 200, 400])
@pytest.mark.parametrize(("contact", "kind"), [("arm_detached", "crash"), ("fire", "fire"), ("panic", "panic")])
def test_a_short_pulse_of_what_must_not_be_missed_is_latched(contact: str, kind: str, ms: int) -> None:
    document = site_document(arm_detached={"point": "io.input.4", "debounce_ms": 390})
    document["lanes"][0] |= {
        "fire": {"point": "io.input.7", "debounce_ms": 390},
        "panic": {"point": "io.input.9", "debounce_ms": 390},
    }
    play = Playbook(document)
    play.set(settle_ms=ms, **{contact: True})
    play.set(settle_ms=1000, **{contact: False})
    assert [alarm["kind"] for alarm in play.alarms()] == [kind]


@pytest.mark.parametrize("contact", ["approach_loop", "hand", "fault", "at_open"])
@pytest.mark.parametrize("bounce_ms", [0, 7, 29])
def test_what_is_active_for_more_than_400_ms_is_seen_though_it_bounces(contact: str, bounce_ms: int) -> None:
    wired = {"hand": "io.input.6", "fault": "io.input.8"}
    number = INPUTS.index(contact)
    play = Playbook(site_document(**{**wired, contact: {"point": f"io.input.{number}", "debounce_ms": 390}}))
    play.set(settle_ms=bounce_ms, at_closed=False, **{contact: True})
    seen = False
    for _ in range(401 // max(bounce_ms, 401)):
        play.advance(401)
    if bounce_ms:
        for value in (False, True) * (410 // (2 * bounce_ms)):
            play.set(settle_ms=bounce_ms, **{contact: value})
            seen = seen or play.machine().parts.inputs.last(contact) is True
    assert seen or play.machine().parts.inputs.last(contact) is True


def test_a_spark_on_the_safety_loop_is_no_vehicle() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read()
    play.rise()
    play.set(settle_ms=10, safety_loop=True)
    play.set(safety_loop=False)
    play.advance(2000)
    assert play.types("passage") == []
    assert play.lane()["grants"] == 1


# ---- clock


def test_a_clock_that_is_set_in_the_middle_of_free_flow_moves_nothing() -> None:
    document = site_document()
    document["lanes"][0]["free_flow"] = "mon-sun 10:00-11:00"
    play = Playbook(document)
    play.advance(120_000)
    play.wall_ns += 12 * 3600 * 1_000_000_000 + 600_000_000_000
    play.happens(events.ClockChanged(events.ClockState.SYNCED, 12 * 3600 * 1_000_000_000))
    play.advance(180_000)
    assert play.pulses() == []


def test_a_stay_that_a_clock_step_makes_negative_has_no_length() -> None:
    document = site_document()
    document["lanes"][0]["direction"] = "exit"
    play = Playbook(document)
    play.read(visits=(events.OpenVisit("v7", "p1", None, play.wall_ns + 3_600_000_000_000),))
    play.rise()
    play.drive_through()
    assert play.data("passage.exited")["duration_s"] is None


# ---- alarms of a tagged lane


def test_a_tag_takes_the_alarms_of_its_lane_out_of_service_until_it_comes_off() -> None:
    play = TwoLanes()
    play.set(safety_loop=True)
    play.advance(301_000)
    play.person("lock", reason="new loop", by="Zhou")
    shelved = play.data("alarm.shelved")
    assert (shelved["state"], shelved["by"], shelved["reason"]) == ("out of service", "Zhou", "new loop")
    assert play.alarm("acknowledge").reason == "alarm_out_of_service"
    assert play.alarm("unshelve").reason == "alarm_out_of_service"
    play.set(safety_loop=False)
    assert [alarm["state"] for alarm in play.alarms()] == ["out of service"]
    play.person("unlock", by="Wu")
    assert play.data("alarm.unshelved")["by"] == "Wu"
    assert [alarm["state"] for alarm in play.alarms()] == ["returned-unacknowledged"]


def test_what_comes_up_under_a_tag_is_shown_when_the_tag_comes_off() -> None:
    play = Playbook()
    play.person("lock", reason="new loop")
    play.set(safety_loop=True)
    play.advance(301_000)
    assert [alarm["state"] for alarm in play.alarms()] == ["out of service"]
    play.person("unlock")
    assert [alarm["state"] for alarm in play.alarms()] == ["unacknowledged"]


def test_a_call_for_help_is_never_out_of_service() -> None:
    document = site_document()
    document["lanes"][0] |= {"fire": "io.input.7", "panic": "io.input.9"}
    play = Playbook(document)
    play.set(panic=True)
    play.person("lock", reason="new loop")
    play.set(fire=True)
    assert {alarm["state"] for alarm in play.alarms()} == {"unacknowledged"}


@pytest.mark.parametrize(("tagged", "state"), [(True, "out of service"), (False, "unacknowledged")])
def test_out_of_service_outlives_a_restart_as_long_as_the_tag_does(tagged: bool, state: str) -> None:
    before = Playbook()
    before.set(safety_loop=True)
    before.advance(301_000)
    before.person("lock", reason="new loop")
    kept = before.data("alarm.shelved")
    lanes = {"in": {"mode": "locked", "by": "Lin", "since": "", "reason": "new loop"}} if tagged else {}
    play = Playbook(memory=Memory(alarms=[kept], lanes=lanes), start=False)
    play.electrical[INPUTS.index("safety_loop")] = True
    play.restored()
    assert [alarm["state"] for alarm in play.alarms()] == [state]


# ---- what passages say of the count


def test_an_emergency_vehicle_is_not_counted_and_free_flow_is_marked() -> None:
    play = Playbook()
    play.person("emergency", reason="")
    play.rise()
    play.drive_through()
    assert play.data("passage.entered")["mark"] == "emergency"
    document = site_document()
    document["lanes"][0]["free_flow"] = "mon-sun 22:20-22:30"
    play = Playbook(document)
    play.advance(400_100)
    play.rise()
    play.read()
    play.drive_through()
    assert play.data("passage.entered")["mark"] == "free_flow"
    play.person("release")
    play.advance(1500)
    play.lower()
    play.let_in()
    assert play.data("passage.entered")["mark"] is None


# ---- fire


def fire_at_the_entry() -> TwoLanes:
    """Two lanes; the fire contact is wired to the first."""
    document = two_lanes()
    document["lanes"][0]["fire"] = "io.input.7"
    return TwoLanes(document)


def test_fire_opens_all_lanes_and_each_stays_open_until_a_person_ends_it() -> None:
    play = fire_at_the_entry()
    play.set(fire=True)
    commanded = [(row.data["lane"], row.data["cause"]) for row in play.rows if row.type == "barrier.commanded"]
    assert commanded == [("in", "fire"), ("out", "fire")]
    assert [alarm["kind"] for alarm in play.alarms()] == ["fire"]
    play.set2(at_closed=False)
    play.set2(at_open=True)
    assert play.person("close", lane="out").reason == "fire"
    play.set(fire=False)
    play.advance(60_000)
    assert play.lane("out")["mode"] == "fire"
    assert play.person("close", lane="out").status == "done"
    assert play.lane("out")["mode"] == "auto"
    assert play.pulses()[-1] == "close"


def test_a_lane_whose_board_comes_back_during_a_fire_opens_too() -> None:
    play = fire_at_the_entry()
    play.happens(events.DeviceLost("io2", "no answer"))
    play.set(fire=True)
    play.forget()
    play.happens(events.DeviceRestored("io2", tuple(play.second), (False,) * 8))
    assert [row.data["lane"] for row in play.rows if row.type == "barrier.commanded"] == ["out"]


# ---- nothing lasts for ever


@pytest.mark.parametrize("lane", ["tagged", "crashed"])
def test_an_arm_that_is_run_against_on_a_lane_out_of_use_is_watched_until_it_rests(lane: str) -> None:
    play = Playbook()
    if lane == "tagged":
        play.person("lock")
    else:
        play.set(arm_detached=True)
        play.set(arm_detached=False)
    play.set(safety_loop=True)
    play.set(at_closed=False)
    play.set(safety_loop=False)
    play.advance(130_000)
    assert play.lane()["arm"] == "between"


def test_a_grant_behind_a_car_that_stood_under_the_closed_arm_ends_after_its_time() -> None:
    play = Playbook()
    play.set(safety_loop=True)
    play.read()
    play.restored()
    play.set(safety_loop=False)
    play.advance(30_000)
    assert (play.lane()["grants"], play.data("grant.unused")["reason"]) == (0, "time_over")


def stood_under_the_closed_arm() -> Playbook:
    """A car that stood on the safety loop was read, and the arm is about to rise when its board is lost."""
    play = Playbook()
    play.set(safety_loop=True)
    play.read()
    play.read("8", (MONTHLY,))
    play.happens(events.DeviceLost("io", "no answer"))
    play.electrical[INPUTS.index("safety_loop")] = False
    return play


def test_a_car_that_has_backed_off_while_the_board_was_lost_leaves_its_pass_to_nobody() -> None:
    play = stood_under_the_closed_arm()
    play.restored()
    play.advance(30_000)
    play.person("open")
    play.rise()
    play.drive_through()
    assert (play.data("passage.entered")["pass"], play.lane()["grants"]) == (None, 0)


def test_a_car_that_has_gone_through_while_the_board_was_lost_is_counted_with_its_pass() -> None:
    play = stood_under_the_closed_arm()
    play.electrical[INPUTS.index("at_closed")] = False
    play.electrical[INPUTS.index("at_open")] = True
    play.restored()
    entered = play.data("passage.entered")
    assert (entered["pass"], entered["certainty"], play.lane()["grants"]) == ("p1", "inferred", 0)


@pytest.mark.parametrize("control", ["pulse", "step"])
@pytest.mark.parametrize("way", ["up", "down"])
def test_who_is_let_in_while_the_arm_moves_by_itself_does_not_wait_at_one_that_stays_half_way(
    way: str, control: str
) -> None:
    play = Playbook(site_document(control=control))
    if way == "down":
        play.set(at_closed=False)
        play.set(at_open=True)
        play.set(at_open=False)
    else:
        play.set(at_closed=False)
    play.read()
    assert play.data("access.granted")["pass"] == "p1"
    play.advance(60_000)
    assert (play.lane()["arm"], play.lane()["grants"]) == ("between", 0)
    assert play.data("grant.unused")["pass"] == "p1"


def test_a_grant_at_an_arm_that_may_be_anywhere_ends_after_its_time() -> None:
    play = Playbook(site_document(at_open=None, at_closed=None))
    play.read()
    play.set(settle_ms=0, safety_loop=True)
    play.happens(events.DeviceLost("io", "no answer"))
    play.restored()
    play.set(safety_loop=False)
    assert (play.lane()["arm"], play.lane()["grants"], play.lane()["interrupted"]) == ("unknown", 1, True)
    play.advance(30_000)
    assert (play.lane()["grants"], play.data("grant.unused")["reason"]) == (0, "time_over")
