"""Why an arm moves, what is done about it, and what never happens to anybody under it."""

from __future__ import annotations

import pytest

from gateway.core.subsystem import Memory
from gateway.core.vocabulary import events
from gateway.core.vocabulary.events import ClockState
from tests.core.playbook import START_WALL_NS, Playbook, TwoLanes, site_document

HOUR_NS = 3600 * 10**9


def opened(**barrier: object) -> Playbook:
    """A lane whose arm is up, its car gone, about to close."""
    play = Playbook(site_document(**barrier))
    play.set(approach_loop=True)
    play.read()
    play.rise()
    play.drive_through()
    play.forget()
    return play


def lowering(**barrier: object) -> Playbook:
    play = opened(**barrier)
    play.advance(900)
    assert play.pulses() == ["close"]
    play.set(at_open=False)
    return play


# ---- crash and its look-alikes


def test_a_detached_arm_locks_the_lane_sounds_the_siren_and_alarms_first() -> None:
    play = Playbook()
    play.forget()
    play.set(arm_detached=True)
    assert play.types() == ["alarm.raised", "barrier.crashed", "repair.opened"]
    assert play.alarms()[0]["kind"] == "crash"
    assert play.lane()["mode"] == "crashed"
    assert [name for _, name, _ in play.outputs] == ["siren=on"]
    assert play.person("open").reason == "lane_crashed"


def test_closed_lost_as_a_vehicle_enters_is_a_crash() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.set(safety_loop=True)
    play.advance(300)
    play.set(at_closed=False)
    assert play.alarms()[0]["kind"] == "crash"
    assert play.lane()["mode"] == "crashed"


def test_a_vehicle_that_enters_within_a_second_after_closed_was_lost_is_the_same_crash() -> None:
    play = Playbook()
    play.set(at_closed=False)
    assert [alarm["kind"] for alarm in play.alarms()] == ["forced"]
    play.advance(400)
    play.set(safety_loop=True)
    assert [alarm["kind"] for alarm in play.alarms()] == ["crash"]
    assert play.types("alarm") == ["alarm.raised", "alarm.refined"]
    assert play.lane()["mode"] == "crashed"


def test_a_crash_stays_until_it_is_acknowledged_reset_and_judged() -> None:
    play = Playbook()
    play.set(arm_detached=True)
    assert play.person("reset").reason == "arm_detached"
    assert play.alarm("close", finding="real").status == "refused"
    assert play.alarm("acknowledge").status == "done"
    assert play.outputs[-1][1] == "siren=off"
    play.set(arm_detached=False)
    assert play.lane()["mode"] == "crashed"
    assert play.person("reset", by="Zhou").status == "done"
    assert play.data("barrier.reset")["by"] == "Zhou"
    assert len(play.alarms()) == 1
    assert play.alarm("close").reason == "finding_missing"
    assert play.alarm("close", finding="real").status == "done"
    assert play.alarms() == []
    play.set(approach_loop=True)
    play.read()
    assert play.pulses() == ["open"]


def test_a_fob_is_told_apart_from_a_crash_and_neither_locks_nor_sounds() -> None:
    play = Playbook()
    play.set(at_closed=False)
    play.advance(2900)
    play.set(at_open=True)
    assert play.data("barrier.opened")["cause"] == "external"
    assert play.lane()["mode"] == "auto"
    assert play.outputs == []
    assert play.data("alarm.refined")["verdict"] == "external"
    play.alarm("acknowledge")
    assert play.alarms() == []


def test_an_expected_fob_does_not_alarm_at_all() -> None:
    play = Playbook(site_document(external_open="expected"))
    play.rise(3000)
    assert play.types("alarm") == []
    assert play.data("barrier.opened")["cause"] == "external"


def test_movement_that_nothing_explains_is_forced_and_does_not_lock() -> None:
    play = Playbook()
    play.set(at_closed=False)
    play.advance(6000)
    assert play.data("barrier.forced")["cause"] == "forced"
    assert play.alarms()[0]["kind"] == "forced"
    assert play.lane()["mode"] == "auto"
    assert play.lane()["arm"] == "between"
    assert play.outputs == []


def test_a_crank_with_the_mains_off_is_a_hand() -> None:
    play = Playbook(site_document(mains="io.input.5"))
    play.set(mains=False)
    play.advance(61_000)
    play.set(at_closed=False)
    play.advance(6000)
    assert play.types("alarm") == []
    assert play.types("barrier.forced") == []
    assert play.lane()["arm"] == "between"


def test_homing_after_mains_came_back_is_the_controllers_own() -> None:
    play = Playbook(site_document(mains="io.input.5"))
    play.set(mains=False)
    play.set(mains=True)
    play.rise()
    assert play.data("barrier.opened")["cause"] == "own"
    assert play.types("alarm") == []


def test_the_third_flicker_in_a_minute_is_wind() -> None:
    play = Playbook()
    for _ in range(3):
        play.set(at_closed=False)
        play.advance(300)
        play.set(at_closed=True)
        play.advance(5000)
    assert play.data("barrier.closed")["cause"] == "wind"
    assert play.lane()["mode"] == "auto"
    assert len(play.alarms()) == 1


def test_wind_over_two_lanes_is_one_alarm() -> None:
    play = TwoLanes()
    for _ in range(3):
        play.gust("in")
        play.gust("out")
    (alarm,) = play.alarms()
    assert (alarm["lane"], alarm["detail"]["verdict"], alarm["detail"]["lanes"]) == ("in", "wind", ["in", "out"])
    closed = play.data("alarm.closed")
    assert (closed["lane"], closed["joined"], closed["by"]) == ("out", alarm["alarm"], "gateway")
    for _ in range(4):
        play.gust("out")
    assert [one["alarm"] for one in play.alarms()] == [alarm["alarm"]]


def test_what_the_wind_does_not_explain_at_the_second_lane_stays_an_alarm_of_its_own() -> None:
    play = TwoLanes()
    for _ in range(3):
        play.gust("in")
    play.set2(at_closed=False)
    play.advance(10_000)
    assert {(one["lane"], one["detail"]["verdict"]) for one in play.alarms()} == {("in", "wind"), ("out", "forced")}


def test_the_wind_of_an_hour_ago_is_another_one() -> None:
    play = TwoLanes()
    for _ in range(3):
        play.gust("in")
    play.advance(3_600_000)
    for _ in range(3):
        play.gust("out")
    assert {one["lane"] for one in play.alarms()} == {"in", "out"}


def test_wind_that_somebody_has_acknowledged_is_over_for_the_next_lane() -> None:
    play = TwoLanes()
    for _ in range(3):
        play.gust("in")
    play.alarm("acknowledge")
    assert play.alarms() == []
    for _ in range(3):
        play.gust("out")
    assert [one["lane"] for one in play.alarms()] == ["out"]


def test_the_controllers_own_close_is_not_an_alarm() -> None:
    play = opened(close_by="barrier")
    play.lower()
    assert play.data("barrier.closed")["cause"] == "own"
    assert play.alarms() == []
    assert play.pulses() == []


def test_a_vehicle_across_a_closed_arm_asks_whether_the_arm_is_whole_and_silence_is_a_crash() -> None:
    play = Playbook(site_document(arm_detached=None))
    play.drive_through()
    assert play.lane()["notice"] == "arm_whole"
    play.advance(60_000)
    assert play.lane()["mode"] == "crashed"


def test_the_guard_says_that_the_arm_is_whole() -> None:
    play = Playbook(site_document(arm_detached=None))
    play.drive_through()
    assert play.person("reset").status == "done"
    play.advance(60_000)
    assert play.lane()["mode"] == "auto"


# ---- nobody is closed on


def test_a_lowering_arm_goes_up_at_once_when_somebody_comes_under_it() -> None:
    play = lowering()
    play.advance(800)
    at = play.mono_ns // 1_000_000
    play.set(settle_ms=0, safety_loop=True)
    assert play.outputs[-1] == (at, "open", 500)
    assert play.data("barrier.commanded")["cause"] == "safety"


def test_a_close_pulse_that_still_runs_is_ended_and_open_waits_the_gap() -> None:
    play = lowering()
    at = play.mono_ns // 1_000_000
    play.set(settle_ms=0, safety_loop=True)
    assert play.outputs[-1] == (at, "close=off", 0)
    play.advance(300)
    assert play.outputs[-1] == (at + 300, "open", 500)


def test_an_unanswered_poll_while_lowering_sends_the_arm_up() -> None:
    play = lowering()
    play.advance(800)
    play.happens(events.DeviceStale("io"))
    assert play.pulses()[-1] == "open"


def turned_back_in_vain(play: Playbook) -> None:
    """Its board is silent for a moment while the arm goes down: OPEN is lost with it, and the arm comes down."""
    play.advance(800)
    play.board_swallows = True
    play.happens(events.DeviceStale("io"))
    play.happens(events.OutputFailed("io", 0, _last_token(play), "no answer"))
    play.board_swallows = False
    play.set(at_open=False, at_closed=True)


def test_an_arm_that_was_to_turn_back_and_is_down_on_nothing_is_not_opened_again() -> None:
    play = lowering()
    turned_back_in_vain(play)
    before = play.pulses()
    assert before[-1] == "open"
    play.advance(60_000)
    assert play.pulses() == before
    assert play.lane()["arm"] == "closed"
    assert [row.data["cause"] for row in play.rows if row.type == "barrier.commanded"][-1] == "safety"
    assert play.types("barrier.not_followed")
    play.read()
    assert play.pulses() == [*before, "open"]


def test_an_arm_that_was_to_turn_back_and_is_down_opens_for_a_car_that_came_meanwhile() -> None:
    play = lowering()
    play.advance(800)
    play.board_swallows = True
    play.happens(events.DeviceStale("io"))
    play.happens(events.OutputFailed("io", 0, _last_token(play), "no answer"))
    play.board_swallows = False
    play.read()
    before = play.pulses()
    play.set(at_open=False, at_closed=True)
    play.advance(2_000)
    assert play.pulses() == [*before, "open"]


def test_no_close_while_the_safety_loop_is_not_known_to_be_free() -> None:
    play = opened()
    play.happens(events.DeviceStale("io"))
    play.advance(10_000)
    assert play.pulses() == []
    play.set()
    play.advance(1500)
    assert play.pulses() == ["close"]


def test_a_car_that_comes_while_the_close_waits_for_the_journal_withdraws_it() -> None:
    play = opened()
    play.journal_waits = True
    play.advance(900)
    assert play.data("barrier.commanded")["command"] == "close"
    play.set(safety_loop=True)
    play.commit()
    assert play.pulses() == []
    assert play.data("barrier.not_followed")["reason"] == "safety_occupied"


def test_three_aborted_closes_call_the_guard() -> None:
    play = opened()
    play.advance(900)
    for _ in range(3):
        play.set(at_open=False)
        play.advance(1000)
        play.set(safety_loop=True)
        play.advance(500)
        play.set(at_open=True)
        play.set(safety_loop=False)
        play.advance(2500)
    assert play.lane()["state"] == "interrupted"
    assert play.alarms()[0]["kind"] == "obstructed"
    before = len(play.pulses())
    play.advance(60_000)
    assert len(play.pulses()) == before


@pytest.mark.parametrize(("safety", "reason"), [(True, "safety_occupied"), (None, "safety_unknown")])
def test_a_persons_close_is_refused_while_somebody_is_or_may_be_under(safety: bool | None, reason: str) -> None:
    play = opened()
    if safety:
        play.set(safety_loop=True)
    else:
        play.happens(events.DeviceStale("io"))
    assert play.person("close").reason == reason
    assert play.pulses() == []


# ---- an arm that does not follow


def test_an_arm_that_does_not_answer_gets_one_more_pulse_and_then_the_guard() -> None:
    play = Playbook()
    play.read()
    play.advance(1500)
    assert play.pulses() == ["open", "open"]
    play.advance(1500)
    assert play.pulses() == ["open", "open"]
    assert play.data("barrier.not_followed")["reason"] == "no_answer"
    assert play.data("grant.unused")["pass"] == "p1"
    assert play.lane()["notice"] == "no_answer"
    play.advance(60_000)
    assert play.pulses() == ["open", "open"]


def test_an_arm_that_reaches_no_limit_is_obstructed_and_left_alone() -> None:
    play = Playbook()
    play.read()
    play.set(at_closed=False)
    play.advance(6000)
    assert play.types("barrier.obstructed") == ["barrier.obstructed"]
    assert play.alarms()[0]["kind"] == "obstructed"
    assert play.lane()["arm"] == "between"
    play.read("7")
    assert play.data("access.referred")["reason"] == "lane_fault"


def test_an_arm_is_not_pulsed_again_while_its_board_may_still_carry_out_the_first_pulse() -> None:
    play = Playbook()
    play.board_swallows = True
    play.read()
    first = _last_token(play)
    play.advance(1_900)
    assert play.pulses() == ["open"]
    play.happens(events.OutputFailed("io", 0, first, "no answer"))
    play.advance(60_000)
    assert play.pulses() == ["open"]
    assert [row.data["reason"] for row in play.rows if row.type == "barrier.not_followed"] == ["output_failed"]


def test_a_pulse_that_waits_for_its_board_when_the_arm_is_given_up_is_taken_back() -> None:
    play = Playbook()
    play.board_swallows = True
    play.read()
    play.advance(20_000)
    assert play.data("barrier.not_followed")["reason"] == "no_answer"
    assert play.outputs[-1][1] == "open=off"
    play.happens(events.OutputFailed("io", 0, _last_token(play), "it was taken back"))
    assert play.types("barrier").count("barrier.not_followed") == 1


def test_an_open_that_waits_for_its_board_when_the_arm_is_struck_is_taken_back() -> None:
    play = Playbook()
    play.board_swallows = True
    play.read()
    play.set(arm_detached=True)
    assert play.lane()["mode"] == "crashed"
    assert "open=off" in [name for _, name, _ in play.outputs]


def test_a_close_that_waits_for_its_board_is_taken_back_for_whoever_comes_under_the_arm() -> None:
    play = Playbook()
    play.read()
    play.rise()
    play.board_swallows = True
    play.person("close")
    play.advance(1_000)
    play.set(safety_loop=True)
    play.advance(400)
    assert [name for _, name, _ in play.outputs][-3:] == ["close", "close=off", "open"]


def test_an_output_that_failed_is_not_followed_and_never_fires_later() -> None:
    play = Playbook()
    play.read()
    todo = play.happens(events.OutputFailed("io", 0, _last_token(play), "no answer"))
    assert play.data("barrier.not_followed")["reason"] == "output_failed"
    assert todo
    play.advance(60_000)
    assert play.pulses() == ["open"]


def test_an_output_that_was_taken_needs_nothing_more() -> None:
    play = Playbook()
    play.read()
    play.happens(events.OutputDone("io", 0, _last_token(play)))
    play.happens(events.OutputFailed("io", 0, _last_token(play), "a second answer"))
    assert "barrier.not_followed" not in play.types()


def test_barriers_of_a_sally_port_are_never_open_together() -> None:
    document = site_document()
    document["devices"].append({"id": "io2", "driver": "noop"})
    inner = {key: value.replace("io.", "io2.") for key, value in document["lanes"][0]["barrier"].items()}
    document["lanes"].append({"id": "inner", "direction": "entry", "readers": ["reader-out"], "barrier": inner})
    document["interlocks"] = [{"type": "sally_port", "barriers": ["in", "inner"]}]
    play = Playbook(document)
    play.happens(events.DeviceRestored("io2", (False, True, *(False,) * 6)))
    play.read()
    play.rise()
    play.read("7", device="reader-out")
    assert play.data("access.granted")["lane"] == "inner"
    assert play.pulses() == ["open"]
    assert play.person("open", lane="inner").reason == "other_barrier_open"
    play.drive_through()
    play.advance(900)
    play.lower()
    assert play.pulses() == ["open", "close", "open"]


def _last_token(play: Playbook) -> int:
    return play.site.tokens


def test_both_limits_at_once_are_a_fault_and_nothing_closes() -> None:
    play = opened()
    play.set(at_closed=True)
    assert play.lane()["arm"] == "unknown"
    assert play.alarms()[0]["kind"] == "stuck"
    play.advance(60_000)
    assert play.pulses() == []


def test_a_lane_whose_closed_switch_was_stuck_comes_back_with_a_persons_close() -> None:
    play = Playbook(site_document(arm_detached=None))
    play.read()
    play.drive_through()
    assert play.lane()["arm"] == "unknown"
    play.person("close")
    play.advance(6000)
    assert play.lane()["state"] == "ready"
    play.set(at_closed=False)
    assert [alarm["kind"] for alarm in play.alarms() if alarm["state"] == "unacknowledged"] == ["forced"]


# ---- persons


def test_stop_ends_everything_until_a_person_acts() -> None:
    play = Playbook()
    play.read()
    play.set(at_closed=False)
    play.person("stop")
    assert play.pulses()[-1] == "stop"
    assert play.lane()["state"] == "interrupted"
    assert play.lane()["arm"] == "stopped"
    play.read("7")
    assert play.data("access.referred")["reason"] == "lane_fault"
    play.advance(60_000)
    assert play.pulses() == ["open", "stop"]
    play.person("open")
    assert play.pulses() == ["open", "stop", "open"]


def test_hold_keeps_the_arm_up_until_release() -> None:
    play = Playbook()
    assert play.person("hold").status == "done"
    play.rise()
    play.drive_through()
    play.drive_through()
    play.advance(600_000)
    assert play.pulses() == ["open"]
    assert play.lane()["state"] == "held"
    assert play.types("passage") == ["passage.entered", "passage.entered"]
    play.person("release")
    play.advance(1500)
    assert play.pulses() == ["open", "close"]


def test_a_tag_stops_everything_but_the_decision() -> None:
    play = Playbook()
    play.person("lock", reason="new arm")
    assert play.person("open").reason == "lane_locked"
    play.read()
    assert play.data("access.referred")["reason"] == "lane_locked"
    assert play.pulses() == []
    assert play.lane()["tag"]["by"] == "Lin"
    assert play.person("unlock", via="http", expires_wall_ns=START_WALL_NS + HOUR_NS).reason == "lane_locked"
    assert play.person("unlock").status == "done"
    play.read("8")
    assert play.pulses() == ["open"]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"via": "mqtt"}, "expiry_missing"),
        ({"via": "mqtt", "expires_wall_ns": START_WALL_NS - 1}, "command_expired"),
        ({"via": "http", "expires_wall_ns": START_WALL_NS + 2 * HOUR_NS}, "expiry_too_far"),
        ({"by": ""}, "name_missing"),
    ],
)
def test_a_remote_command_needs_a_name_and_an_end_in_the_future(more: dict[str, object], reason: str) -> None:
    play = Playbook()
    reply = play.person("open", **more)
    assert (reply.status, reply.reason) == ("refused", reason)
    assert play.pulses() == []


def test_a_page_that_is_not_at_the_lane_is_remote_and_needs_no_end() -> None:
    play = Playbook()
    assert play.person("emergency", via="browser").reason == "on_the_spot_only"
    assert play.person("look", via="guard", station="booth", present=False).reason == "on_the_spot_only"
    assert play.person("open", via="browser").status == "done"
    assert play.data("access.granted")["reason"] == "remote"


def test_an_order_from_a_screen_that_comes_too_late_moves_nothing() -> None:
    play = Playbook()
    for command in ("open", "stop", "emergency"):
        reply = play.person(command, expires_mono_ns=play.mono_ns)
        assert (reply.status, reply.reason) == ("refused", "command_expired")
    assert play.person("open", expires_mono_ns=play.mono_ns + 1).status == "done"
    assert play.pulses() == ["open"]


def test_an_order_from_a_screen_needs_no_clock() -> None:
    play = Playbook()
    play.clock = ClockState.UNSET
    assert play.person("open", expires_mono_ns=play.mono_ns + 1).status == "done"


def test_with_the_clock_unset_a_command_that_expires_is_refused() -> None:
    play = Playbook()
    play.clock = ClockState.UNSET
    assert play.person("open", via="mqtt", expires_wall_ns=START_WALL_NS * 2).reason == "clock_unset"


def test_a_command_for_a_lane_that_is_not_there_is_refused() -> None:
    play = Playbook()
    play.happens(events.CommandReceived("r", "nowhere", "open", "Lin", "guard"))
    assert play.replies["r"].reason == "unknown_lane"


# ---- starts, losses and returns


def test_nothing_moves_at_start_whatever_the_contacts_say() -> None:
    play = Playbook(start=False)
    play.electrical[0], play.electrical[1], play.electrical[2] = True, False, True
    play.restored()
    play.advance(600_000)
    assert play.outputs == []
    assert play.lane()["state"] == "interrupted"


def test_what_was_half_done_waits_for_a_person() -> None:
    play = Playbook(memory=Memory(interrupted={"in": "2026-09-21T14:00:00.000Z"}))
    assert play.lane()["state"] == "interrupted"
    play.read()
    assert play.data("access.referred")["reason"] == "lane_fault"
    play.person("open")
    assert play.pulses() == ["open"]


def test_a_crash_outlives_a_restart() -> None:
    before = Playbook()
    before.set(arm_detached=True)
    alarm = before.data("alarm.raised")
    play = Playbook(memory=Memory(alarms=[alarm], lanes={"in": {"mode": "crashed"}}))
    assert play.lane()["mode"] == "crashed"
    assert [one["alarm"] for one in play.alarms()] == [alarm["alarm"]]
    play.person("reset")
    play.alarm("acknowledge")
    assert play.alarm("close", finding="real").status == "done"


def test_an_arm_that_its_controller_lowers_on_a_vehicle_without_a_grant_goes_up_again() -> None:
    play = Playbook()
    play.person("hold")
    play.rise()
    play.set(safety_loop=True)
    play.set(at_open=False)
    assert play.pulses() == ["open", "open"]
    assert play.data("barrier.commanded")["cause"] == "safety"


def test_a_board_that_answers_again_without_having_been_lost_is_believed_at_once() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.set(approach_loop=False, settle_ms=5)
    assert play.lane()["approach"] is True
    play.restored()
    assert play.lane()["approach"] is False


def test_a_device_that_is_lost_makes_the_arm_unknown_and_closes_nothing() -> None:
    play = opened()
    play.happens(events.DeviceLost("io", "no answer"))
    assert play.lane()["arm"] == "unknown"
    assert play.types()[0] == "device.lost"
    assert play.alarms()[0]["kind"] == "device_lost"
    play.advance(60_000)
    assert play.pulses() == []


def test_a_device_that_returns_gives_the_state_back_and_moves_nothing() -> None:
    play = opened()
    play.happens(events.DeviceLost("io", "no answer"))
    play.advance(5000)
    play.electrical[0], play.electrical[1] = False, True
    play.restored()
    assert play.lane()["arm"] == "closed"
    assert play.data("device.restored")["device"] == "io"
    assert play.pulses() == []
    assert play.alarms()[0]["state"] == "returned-unacknowledged"


def test_fire_opens_once_and_stays_until_a_person_ends_it() -> None:
    document = site_document()
    document["lanes"][0]["fire"] = "io.input.7"
    play = Playbook(document)
    play.set(fire=True)
    assert play.pulses() == ["open"]
    play.rise()
    play.drive_through()
    play.advance(600_000)
    assert play.pulses() == ["open"]
    assert play.person("close").reason == "fire"
    play.set(fire=False)
    play.advance(60_000)
    assert play.pulses() == ["open"]
    assert play.person("close").status == "done"
    assert play.pulses() == ["open", "close"]


def test_a_held_contact_barrier_opens_while_held_and_is_released_to_close() -> None:
    play = Playbook(site_document(control="hold", close=None))
    play.read()
    assert [name for _, name, _ in play.outputs] == ["open=on"]
    play.rise()
    play.drive_through()
    play.advance(900)
    assert [name for _, name, _ in play.outputs] == ["open=on", "open=off"]


def test_with_the_clock_unset_validity_goes_by_the_last_sure_time() -> None:
    play = Playbook(memory=Memory(last_sure_wall_ns=START_WALL_NS))
    play.clock = ClockState.UNSET
    play.wall_ns = 0
    assert play.site._clock.wall_ns(play.now()) >= START_WALL_NS


def test_storage_trouble_is_journaled_and_alarmed_until_it_is_over() -> None:
    play = Playbook()
    play.happens(events.StorageDegraded("disk full"))
    assert play.alarms()[0]["kind"] == "storage_degraded"
    play.happens(events.StorageRestored(3))
    play.alarm("acknowledge")
    assert play.alarms() == []
    assert play.types("storage") == ["storage.degraded", "storage.restored"]


def test_the_alarm_says_how_many_rows_were_lost() -> None:
    play = Playbook()
    play.happens(events.StorageDegraded("disk hangs"))
    play.happens(events.StorageRestored(3, 12))
    assert play.alarms()[0]["detail"] == {"error": "disk hangs", "lost": 12}


def test_a_lost_uplink_is_one_alarm_that_ends_by_itself() -> None:
    play = Playbook()
    play.happens(events.UplinkChanged(False, "connection refused"))
    play.alarm("acknowledge")
    play.happens(events.UplinkChanged(True))
    assert play.types("uplink") == ["uplink.lost", "uplink.restored"]
    assert play.alarms() == []


def _crossed_without_the_open_switch(play: Playbook) -> None:
    play.read()
    play.set(at_closed=False)
    play.drive_through()
    play.set(at_closed=True)
    play.advance(30_000)


def test_an_open_switch_that_stays_silent_at_three_crossings_running_has_failed() -> None:
    play = Playbook()
    for _ in range(2):
        _crossed_without_the_open_switch(play)
    assert not [row for row in play.rows if row.type == "barrier.stuck"]
    _crossed_without_the_open_switch(play)
    assert play.data("barrier.stuck")["reason"] == "open_limit"


def test_an_open_switch_that_tells_in_between_has_not_failed() -> None:
    play = Playbook()
    for _ in range(2):
        _crossed_without_the_open_switch(play)
    play.let_in()
    play.advance(30_000)
    for _ in range(2):
        _crossed_without_the_open_switch(play)
    assert not [row for row in play.rows if row.type == "barrier.stuck"]
