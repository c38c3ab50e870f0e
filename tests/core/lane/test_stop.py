"""A stop: of an arm that rests it holds everything for ten seconds; of one that moves, a person decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gateway.core.vocabulary import events
from gateway.core.vocabulary.turn import rfc3339
from tests.core.playbook import Playbook, TwoLanes, site_document, two_lanes

NO_LIMITS = {"at_open": None, "at_closed": None}


def until(play: Playbook, ms: int = 10_000) -> str:
    return rfc3339(play.wall_ns + ms * 1_000_000)


@pytest.mark.parametrize("barrier", [{}, {"at_open": None}, {"at_closed": None}, NO_LIMITS, {"stop": None}])
def test_a_stop_of_a_closed_arm_is_sent_and_recorded_and_the_lane_is_ready_after_ten_seconds(
    barrier: dict[str, Any],
) -> None:
    play = Playbook(site_document(**barrier))
    assert play.person("stop").status == "done"
    assert play.pulses() == ([] if "stop" in barrier else ["stop"])
    assert play.types("barrier") == ["barrier.commanded", "barrier.stopped"]
    assert [row.data["interrupted"] for row in play.rows if row.type.startswith("barrier")] == [False, False]
    lane = play.lane()
    assert lane["pause"] == {"by": "Lin", "since": rfc3339(play.wall_ns), "until": until(play)}
    assert (lane["cannot_open"], lane["interrupted"]) == ("paused", False)
    play.advance(10_000)
    lane = play.lane()
    assert (lane["pause"], lane["cannot_open"], lane["state"]) == (None, None, "ready")


def test_a_card_that_is_read_in_the_pause_is_granted_and_opens_when_it_is_over() -> None:
    play = Playbook()
    play.person("stop")
    play.advance(3000)
    play.read()
    assert play.data("access.granted")["pass"] == "p1"
    assert play.pulses() == ["stop"]
    play.advance(6_999)
    assert play.pulses() == ["stop"]
    play.advance(1)
    assert play.pulses() == ["stop", "open"]
    play.rise()
    play.drive_through()
    assert play.data("passage.entered")["pass"] == "p1"


def test_a_short_grant_does_not_run_out_in_the_pause() -> None:
    play = Playbook(site_document(grant_ms=3000))
    play.person("stop")
    play.read()
    play.advance(10_000)
    assert play.pulses() == ["stop", "open"]


def test_a_second_stop_begins_the_ten_seconds_anew_and_drops_who_waits() -> None:
    play = Playbook()
    play.person("stop")
    play.read()
    play.advance(9_000)
    play.person("stop")
    assert play.lane()["pause"]["until"] == until(play)
    assert play.data("grant.unused")["reason"] == "stop"
    play.advance(9_999)
    assert play.lane()["cannot_open"] == "paused"
    play.advance(1)
    assert (play.lane()["state"], play.lane()["cannot_open"], play.pulses()) == ("ready", None, ["stop", "stop"])


def test_a_second_stop_before_the_first_is_written_is_no_trouble() -> None:
    play = Playbook()
    play.journal_waits = True
    play.person("stop")
    play.person("stop")
    play.commit()
    assert (play.lane()["interrupted"], play.pulses()) == (False, ["stop", "stop"])


@pytest.mark.parametrize(
    ("command", "pulse"), [("open", "open"), ("hold", "open"), ("close", "close"), ("emergency", "open")]
)
def test_what_a_person_asks_for_ends_the_pause_at_once(command: str, pulse: str) -> None:
    play = Playbook()
    play.person("stop")
    assert play.person(command).status == "done"
    assert (play.lane()["pause"], play.pulses()) == (None, ["stop", pulse])
    play.advance(10_000)
    assert play.lane()["interrupted"] is False


def test_fire_ends_the_pause() -> None:
    document = site_document()
    document["lanes"][0]["fire"] = "io.input.7"
    play = Playbook(document)
    play.person("stop")
    play.set(fire=True)
    assert (play.lane()["pause"], play.pulses()) == (None, ["stop", "open"])


def test_the_exit_button_waits_for_the_pause_as_a_card_does() -> None:
    document = site_document()
    document["lanes"][0] |= {"direction": "exit", "readers": [], "exit_button": "io.input.6"}
    play = Playbook(document)
    play.person("stop")
    play.electrical[6] = True
    play.set()
    assert play.pulses() == ["stop"]
    play.advance(10_000)
    assert play.pulses() == ["stop", "open"]


def test_an_arm_that_a_fob_has_opened_in_the_pause_closes_after_it() -> None:
    play = Playbook(site_document(external_open="expected"))
    play.person("stop")
    play.rise(2000)
    play.set(safety_loop=True)
    play.set(safety_loop=False)
    play.advance(5000)
    assert play.pulses() == ["stop"]
    play.advance(5000)
    assert play.pulses() == ["stop", "close"]


def test_an_arm_that_somebody_lowers_in_the_pause_turns_back_for_a_car_all_the_same() -> None:
    play = Playbook(site_document(external_open="expected"))
    play.person("stop")
    play.rise(2000)
    play.set(at_open=False)
    play.set(safety_loop=True)
    assert play.pulses() == ["stop", "open"]


def test_free_flow_that_would_begin_in_the_pause_begins_a_minute_later() -> None:
    document = site_document()
    document["lanes"][0]["free_flow"] = "mon-sun 22:20-22:30"
    play = Playbook(document)
    play.advance(395_000)
    play.person("stop")
    play.advance(10_000)
    assert play.types("barrier.held") == []
    play.advance(60_000)
    assert play.data("barrier.held")["scheduled"] is True


def test_at_a_sally_port_who_waits_for_the_other_barrier_is_dropped_and_the_lane_pauses() -> None:
    document = two_lanes()
    document["interlocks"] = [{"type": "sally_port", "barriers": ["in", "out"]}]
    play = TwoLanes(document)
    play.read(device="reader-out")
    play.set2(at_closed=False)
    play.read("7")
    play.person("stop")
    assert (play.lane()["interrupted"], play.lane()["grants"]) == (False, 0)
    assert play.lane()["cannot_open"] == "paused"


# ---- anything that moves, or was asked for


def waits_for_the_journal() -> Playbook:
    play = Playbook()
    play.journal_waits = True
    play.read()
    return play


def asked_and_not_answered() -> Playbook:
    play = Playbook()
    play.read()
    return play


def rising() -> Playbook:
    play = asked_and_not_answered()
    play.set(at_closed=False)
    return play


def opened() -> Playbook:
    play = asked_and_not_answered()
    play.rise()
    return play


def lowering() -> Playbook:
    play = opened()
    play.drive_through()
    play.advance(900)
    play.set(at_open=False)
    return play


def held() -> Playbook:
    play = Playbook()
    play.person("hold")
    play.advance(10_000)
    return play


def lifted_by_a_fob() -> Playbook:
    play = Playbook()
    play.set(at_closed=False)
    return play


def half_way() -> Playbook:
    play = lifted_by_a_fob()
    play.advance(10_000)
    return play


def asked_whether_it_is_whole() -> Playbook:
    play = Playbook(site_document(arm_detached=None))
    play.drive_through()
    return play


def board_away() -> Playbook:
    play = Playbook()
    play.happens(events.DeviceLost("io", "no answer"))
    return play


@pytest.mark.parametrize(
    "story",
    [waits_for_the_journal, asked_and_not_answered, rising, opened, lowering, held, lifted_by_a_fob, half_way,
     asked_whether_it_is_whole, board_away],
)  # fmt: skip
def test_a_stop_of_anything_else_leaves_the_lane_to_a_person(story: Callable[[], Playbook]) -> None:
    play = story()
    play.person("stop")
    play.journal_waits = False
    play.commit()
    lane = play.lane()
    assert (lane["interrupted"], lane["pause"]) == (True, None)
    assert lane["cannot_open"] in ("stopped", "interrupted", "device_lost")
    stop = next(row.data for row in play.rows if row.data.get("command") == "stop")
    assert stop["interrupted"] is True
    play.advance(50_000)
    play.read("7")
    assert play.data("access.referred")["reason"] == "lane_fault"
    assert play.lane()["interrupted"] is True


def test_a_stop_in_the_pause_of_an_arm_that_a_fob_lifts_meanwhile_leaves_it_to_a_person() -> None:
    play = Playbook()
    play.person("stop")
    play.set(at_closed=False)
    play.person("stop")
    assert (play.lane()["interrupted"], play.lane()["pause"]) == (True, None)


def test_an_arm_that_sets_off_while_its_stop_waits_for_the_journal_is_left_to_a_person() -> None:
    play = Playbook()
    play.journal_waits = True
    play.person("stop")
    play.set(at_closed=False)
    play.commit()
    assert (play.lane()["arm"], play.lane()["interrupted"], play.lane()["pause"]) == ("stopped", True, None)
    assert play.data("barrier.stopped")["interrupted"] is True
    assert play.restarted().lane()["state"] == "interrupted"


def test_a_person_who_opens_before_the_stop_is_written_has_decided() -> None:
    play = Playbook()
    play.journal_waits = True
    play.person("stop")
    play.person("open")
    play.commit()
    play.rise()
    assert (play.lane()["interrupted"], play.pulses()) == (False, ["stop", "open"])


# ---- tags, crashes, restarts


@pytest.mark.parametrize("mode", ["locked", "crashed"])
def test_a_stop_on_a_tagged_or_crashed_lane_that_rests_leaves_nothing_behind(mode: str) -> None:
    play = Playbook()
    if mode == "locked":
        play.person("lock")
    else:
        play.set(arm_detached=True)
        play.set(arm_detached=False)
    play.person("stop")
    assert (play.lane()["state"], play.lane()["cannot_open"]) == (mode, f"lane_{mode}")
    play.advance(10_000)
    play.person("unlock" if mode == "locked" else "reset")
    assert (play.lane()["state"], play.lane()["cannot_open"]) == ("ready", None)


def test_a_tag_that_comes_off_within_the_ten_seconds_leaves_the_rest_of_them() -> None:
    play = Playbook()
    play.person("lock")
    play.person("stop")
    play.advance(4000)
    play.person("unlock")
    assert play.lane()["cannot_open"] == "paused"
    play.advance(6000)
    assert play.lane()["cannot_open"] is None


def test_a_stop_at_rest_leaves_nothing_for_the_next_run() -> None:
    play = Playbook()
    play.let_in()
    play.person("stop")
    again = play.restarted()
    assert (again.lane()["state"], again.lane()["pause"], again.lane()["cannot_open"]) == ("ready", None, None)
    again.read("7")
    assert again.pulses() == ["open"]


def test_a_stop_of_an_earlier_version_waits_for_a_person_after_the_restart() -> None:
    play = Playbook()
    play.person("stop")
    for _, row in play.kept:
        row.data.pop("interrupted", None)
    assert play.restarted().lane()["state"] == "interrupted"


@pytest.mark.parametrize("behind", ["nobody", "an unread car"])
def test_a_car_that_left_in_the_pause_is_not_opened_for(behind: str) -> None:
    play = Playbook()
    play.person("stop")
    play.set(approach_loop=True)
    play.read()
    play.set(approach_loop=False)
    if behind == "an unread car":
        play.advance(1000)
        play.set(approach_loop=True)
    play.forget()
    play.advance(11_000)
    assert play.pulses() == []
    assert play.data("grant.unused")["reason"] == "left"


def test_a_car_that_waits_in_the_pause_is_opened_for() -> None:
    play = Playbook()
    play.person("stop")
    play.set(approach_loop=True)
    play.read()
    play.forget()
    play.advance(11_000)
    assert play.pulses() == ["open"]
