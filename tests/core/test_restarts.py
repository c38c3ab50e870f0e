"""Restarts: a killed engine, the next run, and what the journal's projections carry from one to the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from gateway.core.lane.arm.table import ArmState
from gateway.core.vocabulary import events
from gateway.core.vocabulary.events import ClockState
from gateway.core.vocabulary.turn import rfc3339
from tests.core.playbook import INPUTS, MONTHLY, Playbook, Written, site_document

OTHER = msgspec.structs.replace(MONTHLY, id="p2", cards=("7",), plates=("京B77777",))


def run_through() -> Playbook:
    """A lane without a detached contact whose closed arm a vehicle has just crossed."""
    play = Playbook(site_document(arm_detached=None))
    play.drive_through()
    assert play.lane()["notice"] == "arm_whole"
    return play


# ---- is the arm whole?


def test_that_a_person_was_asked_stands_in_the_journal() -> None:
    play = run_through()
    stuck = play.data("barrier.stuck")
    assert (stuck["reason"], stuck["asked"], stuck["points"]["at_closed"]) == ("crossed_closed", "arm_whole", True)
    assert play.types("alarm") == []


def test_what_was_asked_of_a_person_is_asked_again_after_a_restart() -> None:
    play = run_through()
    play.advance(40_000)
    again = play.restarted()
    assert again.lane()["notice"] == "arm_whole"
    again.advance(59_000)
    assert again.lane()["mode"] == "auto"
    again.advance(1000)
    assert again.data("barrier.crashed")["sign"] == "crossed_closed"
    assert again.alarms()[0]["kind"] == "crash"


def test_it_is_asked_again_before_any_board_answers() -> None:
    again = run_through().restarted(start=False)
    again.advance(60_000)
    assert again.lane()["mode"] == "crashed"


@pytest.mark.parametrize("answer", ["reset", "lock"])
def test_what_was_answered_is_not_asked_again(answer: str) -> None:
    play = run_through()
    play.person(answer)
    assert play.lane()["notice"] is None
    again = play.restarted()
    assert again.lane()["notice"] is None
    again.advance(120_000)
    assert again.types("barrier.crashed") == []


def test_silence_is_a_crash_once_and_not_again_after_a_restart() -> None:
    play = run_through()
    play.advance(60_000)
    again = play.restarted()
    assert (again.lane()["mode"], again.lane()["notice"]) == ("crashed", None)
    again.advance(120_000)
    assert again.types("barrier.crashed") == []


def test_the_answer_of_a_person_stands_in_the_journal_with_their_name() -> None:
    again = run_through().restarted()
    again.person("reset", by="Zhou", reason="looked at it")
    reset = again.data("barrier.reset")
    assert (reset["by"], reset["reason"]) == ("Zhou", "looked at it")


# ---- what waits for a person goes on waiting


def stopped() -> Playbook:
    """A person has stopped the arm on its way up; it was brought down by hand."""
    play = Playbook()
    play.let_in()
    play.person("open")
    play.set(at_closed=False)
    play.person("stop")
    play.set(at_closed=True)
    return play


def thrice_aborted() -> Playbook:
    play = Playbook()
    play.person("open")
    play.rise()
    play.drive_through()
    play.advance(900)
    for _ in range(3):
        play.set(at_open=False)
        play.advance(1000)
        play.set(safety_loop=True)
        play.advance(500)
        play.set(at_open=True)
        play.set(safety_loop=False)
        play.advance(2500)
    return play


def untagged_half_way() -> Playbook:
    play = Playbook()
    play.person("lock")
    play.set(at_closed=False)
    play.person("unlock")
    play.set(at_closed=True)
    return play


def closed_switch_failed() -> Playbook:
    play = Playbook()
    play.read()
    play.drive_through()
    play.advance(10_000)
    return play


def both_limits() -> Playbook:
    play = Playbook()
    play.set(at_open=True)
    play.set(at_open=False)
    return play


def opening_lost() -> Playbook:
    play = Playbook()
    play.read()
    play.set(at_closed=False)
    play.happens(events.DeviceLost("io", "no answer"))
    play.set(at_closed=True)
    return play


def granted_lost() -> Playbook:
    play = Playbook()
    play.read()
    play.rise()
    play.happens(events.DeviceLost("io", "no answer"))
    play.restored()
    return play


def half_way_when_back() -> Playbook:
    play = Playbook()
    play.happens(events.DeviceLost("io", "no answer"))
    play.electrical[INPUTS.index("at_closed")] = False
    play.restored()
    play.set(at_closed=True)
    return play


@pytest.mark.parametrize(
    "story",
    [stopped, thrice_aborted, untagged_half_way, closed_switch_failed, both_limits, opening_lost, granted_lost,
     half_way_when_back],
)  # fmt: skip
def test_what_waits_for_a_person_waits_after_two_restarts_as_well(story: Callable[[], Playbook]) -> None:
    play = story()
    again = play.restarted(safety_loop=False).restarted()
    assert again.lane()["state"] == "interrupted"
    again.set(approach_loop=True)
    again.read("7")
    assert again.data("access.referred")["reason"] == "lane_fault"
    again.advance(600_000)
    assert again.pulses() == []


@pytest.mark.parametrize("command", ["open", "hold", "close", "emergency"])
def test_what_a_person_has_decided_is_not_asked_again_after_a_restart(command: str) -> None:
    play = stopped().restarted()
    assert play.lane()["state"] == "interrupted"
    assert play.person(command).status == "done"
    if command != "close":
        play.rise()
        play.drive_through()
        play.advance(900)
    if command == "hold":
        play.person("release")
        play.advance(1600)
    if command != "close":
        play.lower()
    assert play.restarted().lane()["state"] == "ready"


def test_an_open_for_the_second_lane_of_a_barrier_decides_for_both() -> None:
    document = site_document()
    document["barriers"] = [{"id": "b", **document["lanes"][0]["barrier"]}]
    document["lanes"][0]["barrier"] = "b"
    document["lanes"].append({"id": "out", "direction": "exit", "readers": ["reader-out"], "barrier": "b"})
    play = Playbook(document)
    play.let_in()
    play.person("open")
    play.set(at_closed=False)
    play.person("stop")
    play = play.restarted(at_closed=True)
    assert {lane: play.lane(lane)["state"] for lane in ("in", "out")} == {"in": "interrupted", "out": "interrupted"}
    play.person("open", lane="out")
    play.rise()
    play.advance(22_000)
    play.lower()
    assert play.restarted().lane()["state"] == "ready"


def test_a_hold_that_a_close_has_ended_leaves_nothing_for_the_next_start() -> None:
    play = Playbook()
    play.person("hold")
    play.rise()
    play.person("close")
    play.lower()
    assert play.restarted().lane()["state"] == "ready"


def test_a_hold_is_not_taken_up_again_and_a_person_decides() -> None:
    play = Playbook()
    play.person("hold")
    play.rise()
    again = play.restarted().restarted()
    assert (again.lane()["state"], again.lane()["mode"]) == ("interrupted", "auto")
    again.person("hold")
    assert again.pulses() == []
    assert again.restarted().lane()["state"] == "interrupted"


# ---- since when


def test_every_state_says_since_when() -> None:
    play = Playbook()
    began = play.lane()["since"]
    assert began == "2026-09-21T14:13:20.000Z"
    play.advance(5000)
    play.person("open")
    assert (play.lane()["state"], play.lane()["since"]) == ("ready", began)
    play.set(at_closed=False)
    assert (play.lane()["state"], play.lane()["since"]) == ("opening", "2026-09-21T14:13:25.030Z")
    play.rise(1960)
    opened = play.lane()["since"]
    assert (play.lane()["state"], opened) == ("open", "2026-09-21T14:13:26.990Z")
    play.advance(1000)
    play.set(approach_loop=True)
    assert (play.lane()["state"], play.lane()["since"]) == ("open", opened)


def test_a_notice_says_since_when() -> None:
    play = Playbook(site_document(arm_detached=None))
    assert play.lane()["notice_since"] is None
    play.advance(10_000)
    play.drive_through()
    asked = play.lane()["notice_since"]
    assert asked > "2026-09-21T14:13:30"
    again = play.restarted(after_ms=20_000)
    assert (again.lane()["notice"], again.lane()["notice_since"]) == ("arm_whole", asked)
    again.person("reset")
    assert again.lane()["notice_since"] is None


@pytest.mark.parametrize("story", [stopped, thrice_aborted, closed_switch_failed, opening_lost])
def test_an_interrupted_lane_is_as_old_as_what_interrupted_it(story: Callable[[], Playbook]) -> None:
    play = story()
    since = next(rfc3339(wall_ns) for wall_ns, row in reversed(play.kept) if _interrupts(row))
    again = play.restarted(after_ms=60_000).restarted(after_ms=60_000)
    assert (again.lane()["state"], again.lane()["since"]) == ("interrupted", since)


def _interrupts(row: Written) -> bool:
    return bool(row.data.get("interrupted")) or row.type == "barrier.commanded"


def test_crashed_and_tagged_lanes_are_as_old_as_the_journal_says() -> None:
    play = Playbook()
    play.set(arm_detached=True)
    crashed = play.lane()["since"]
    again = play.restarted()
    assert (again.lane()["state"], again.lane()["since"]) == ("crashed", crashed)
    again.advance(5000)
    again.person("lock")
    tagged = again.lane()["since"]
    assert tagged > crashed
    again = again.restarted()
    assert (again.lane()["state"], again.lane()["since"]) == ("locked", tagged)


def test_an_unknown_arm_is_as_old_as_the_loss_of_its_board() -> None:
    play = Playbook()
    play.advance(7000)
    play.happens(events.DeviceLost("io", "no answer"))
    lost = play.lane()["since"]
    again = play.restarted(start=False, after_ms=60_000)
    assert (again.lane()["state"], again.lane()["since"]) == ("unknown", lost)
    again.advance(4000)
    again.restored()
    assert (again.lane()["state"], again.lane()["since"]) == ("ready", "2026-09-21T14:14:31.000Z")


def test_the_age_of_an_earlier_trouble_is_not_that_of_the_next() -> None:
    again = stopped().restarted()
    again.person("open")
    again.let_in()
    again.advance(60_000)
    again.person("open")
    again.person("stop")
    assert (again.lane()["state"], again.lane()["since"]) == ("interrupted", rfc3339(again.wall_ns))


# ---- every grant and every command has its end


def test_a_grant_that_nobody_was_seen_to_use_before_a_restart_is_unused() -> None:
    play = Playbook()
    play.let_in()
    play.set(approach_loop=True)
    play.read("7", (OTHER,))
    play.rise()
    again = play.restarted()
    assert again.data("grant.unused") == {**_grant(play), "reason": "restart"}
    assert again.restarted().types("grant.unused") == []


def _grant(play: Playbook) -> dict[str, Any]:
    granted = play.data("access.granted")
    return {"grant": granted["grant"], "lane": granted["lane"], "pass": granted["pass"]}


@pytest.mark.parametrize("end", ["passed", "unused", "backed off"])
def test_a_grant_that_has_its_end_has_none_again_after_a_restart(end: str) -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read()
    play.rise()
    match end:
        case "passed":
            play.drive_through()
        case "unused":
            play.set(approach_loop=False)
            play.advance(21_000)
        case "backed off":
            play.set(safety_loop=True)
            play.set(safety_loop=False)
            play.advance(800)
            assert play.types("passage") == ["passage.reversed"]
    expected = ["grant.unused"] if end == "backed off" else []
    assert play.restarted().types("grant.unused") == expected


@pytest.mark.parametrize("what", ["stop", "lock", "close", "arm_detached", "fire", "mains", "lost"])
def test_a_movement_that_is_called_off_before_it_was_sent_is_not_followed(what: str) -> None:
    document = site_document(mains="io.input.5")
    document["lanes"][0]["fire"] = "io.input.7"
    play = Playbook(document)
    play.journal_waits = True
    play.read()
    match what:
        case "arm_detached" | "fire":
            play.set(**{what: True})
        case "mains":
            play.set(mains=False)
        case "lost":
            play.happens(events.DeviceLost("io", "no answer"))
        case _:
            play.person(what)
    assert (play.data("barrier.not_followed")["command"], play.pulses()) == ("open", [])


# ---- killed, or its board lost, in each state, with and without a car under the arm


def lane_in(state: str) -> Playbook:
    """A lane in that state of its arm; a car of p1 has been let in where it moves or is up."""
    play = Playbook()
    match state:
        case "rising" | "open" | "lowering":
            play.set(approach_loop=True)
            play.read()
            play.set(at_closed=False)
            if state != "rising":
                play.advance(1900)
                play.set(at_open=True)
            if state == "lowering":
                play.drive_through()
                play.advance(900)
                play.set(at_open=False)
        case "between":
            play.read()
            play.set(at_closed=False)
            play.advance(20_000)
        case "stopped":
            play.read()
            play.set(at_closed=False)
            play.person("stop")
        case "unknown":
            play.set(at_open=True)
    assert play.lane()["arm"] == state
    play.forget()
    return play


HALF_DONE = ("rising", "lowering", "between", "stopped", "unknown")


@pytest.mark.parametrize("under", [False, True])
@pytest.mark.parametrize("state", ArmState)
def test_killed_in_any_state_the_next_run_moves_nothing_and_a_person_can_go_on(state: str, under: bool) -> None:
    again = lane_in(state).restarted(safety_loop=under)
    waits = under or state in HALF_DONE
    assert (again.lane()["state"] == "interrupted") is waits
    again.advance(500)
    again.set(safety_loop=False)
    again.advance(600_000 if waits else 10_000)
    assert again.pulses() == []
    ends_well(again)


@pytest.mark.parametrize("under", [False, True])
@pytest.mark.parametrize("state", ArmState)
def test_a_board_lost_in_any_state_and_back_moves_nothing_and_a_person_can_go_on(state: str, under: bool) -> None:
    play = lane_in(state)
    if under:
        play.set(safety_loop=True)
    play.forget()
    play.happens(events.DeviceLost("io", "no answer"))
    assert (play.lane()["arm"], play.lane()["grants"]) == ("unknown", int(under and state in ("rising", "open")))
    play.advance(60_000)
    play.restored()
    play.set(safety_loop=False)
    play.advance(600_000 if play.lane()["interrupted"] else 10_000)
    assert play.pulses() == []
    ends_well(play)


@pytest.mark.parametrize("state", ArmState)
def test_killed_while_its_board_is_lost_in_any_state_nothing_moves_when_it_is_back(state: str) -> None:
    play = lane_in(state)
    play.happens(events.DeviceLost("io", "no answer"))
    again = play.restarted(start=False)
    again.advance(5000)
    again.restored()
    again.advance(600_000)
    assert again.pulses() == []
    assert (again.lane()["state"] == "interrupted") is (state in (*HALF_DONE, "open"))
    ends_well(again)


def ends_well(play: Playbook) -> None:
    """A person opens, one vehicle crosses, the arm closes behind it, and the lane is ready for the next one."""
    play.electrical[INPUTS.index("at_open")] &= not play.electrical[INPUTS.index("at_closed")]
    play.set()
    play.forget()
    assert play.person("open").status == "done"
    if play.lane()["arm"] != "open":
        play.set(at_closed=False)
        play.set(at_open=True)
    play.drive_through()
    assert play.types("passage") == ["passage.entered"]
    play.advance(900)
    play.lower()
    assert (play.pulses()[-1], play.lane()["state"]) == ("close", "ready")


@pytest.mark.parametrize("state", ArmState)
def test_fire_while_the_engine_was_down_opens_once_at_the_start_from_any_state(state: str) -> None:
    document = site_document()
    document["lanes"][0]["fire"] = "io.input.7"
    play = lane_in(state)
    play.document = document
    again = play.restarted(fire=True)
    assert again.pulses() == ([] if state == "open" else ["open"])
    assert again.lane()["mode"] == "fire"
    again.set(fire=False)
    again.advance(600_000)
    assert "close" not in again.pulses()


# ---- modes and grants over a lost board


def test_a_tag_and_a_crash_stay_over_a_lost_board() -> None:
    play = Playbook()
    play.set(arm_detached=True)
    play.set(arm_detached=False)
    play.person("lock")
    play.happens(events.DeviceLost("io", "no answer"))
    play.restored()
    assert play.lane()["mode"] == "locked"
    play.person("unlock")
    assert play.lane()["mode"] == "crashed"


def test_an_arm_torn_off_while_the_engine_was_down_is_a_crash_at_the_start() -> None:
    again = Playbook().restarted(arm_detached=True)
    assert (again.lane()["mode"], again.data("barrier.crashed")["sign"]) == ("crashed", "arm_detached")
    assert again.restarted().types("barrier.crashed") == []


def test_a_car_that_came_while_the_engine_was_down_is_let_in_at_its_next_read() -> None:
    again = Playbook().restarted(approach_loop=True)
    assert again.pulses() == []
    again.read()
    again.rise()
    again.drive_through()
    entered = again.data("passage.entered")
    assert (entered["pass"], entered["certainty"]) == ("p1", "measured")


def test_a_car_under_the_arm_at_a_kill_is_counted_once_it_has_gone() -> None:
    play = lane_in("open")
    play.set(safety_loop=True)
    play.set(approach_loop=False)
    again = play.restarted()
    again.advance(2000)
    again.set(safety_loop=False)
    again.advance(800)
    entered = again.data("passage.entered")
    assert (entered["pass"], entered["method"], entered["certainty"]) == ("p1", "automatic", "inferred")
    assert (entered["credential"], entered["kind"]) == ({"kind": "card", "value": "472288"}, "monthly")
    again.advance(600_000)
    assert (again.pulses(), again.types("grant"), again.lane()["grants"]) == ([], [], 0)
    assert again.restarted().types("grant") == []


def killed_under(kept: Playbook, **more: Any) -> Playbook:
    """Killed with a car under the arm, which then drives on."""
    again = kept.restarted(**{"safety_loop": True, "approach_loop": False, **more})
    again.advance(2000)
    again.set(safety_loop=False)
    again.advance(800)
    return again


def test_a_car_under_the_arm_at_a_kill_that_leaves_ends_its_stay() -> None:
    document = site_document()
    document["lanes"][0]["direction"] = "exit"
    document["lanes"].append(
        {"id": "in2", "direction": "entry", "readers": ["reader-out"], "barrier": {"open": "x.output.0"}}
    )
    document["devices"].append({"id": "x", "driver": "noop"})
    play = Playbook(document)
    data = {
        "lane": "in2",
        "visit": "v7",
        "pass": "p1",
        "plate": "京A12345",
        "method": "automatic",
        "certainty": "measured",
    }
    play.kept.append((play.wall_ns, Written("passage.entered", "lanes/in2", data)))
    play.set(approach_loop=True)
    play.read()
    play.rise()
    exited = killed_under(play).data("passage.exited")
    assert (exited["visit"], exited["pass"], exited["plate"], exited["duration_s"]) == ("v7", "p1", "京A12345", 7)


@pytest.mark.parametrize("why", ["two were let in", "it is too old", "the arm is down", "nobody is there", "no clock"])
def test_what_the_loops_cannot_tell_after_a_kill_is_a_grant_unused_and_a_car_of_nobody(why: str) -> None:
    play = lane_in("open")
    match why:
        case "two were let in":
            play.read("7", (OTHER,))
            again = killed_under(play)
        case "it is too old":
            again = killed_under(play, after_ms=121_000)
        case "the arm is down":
            again = killed_under(play, at_open=False, at_closed=True)
        case "nobody is there":
            again = killed_under(play, safety_loop=False)
        case _:
            again = killed_under(play, clock=ClockState.UNSET)
    unused = [row.data["grant"] for row in again.rows if row.type == "grant.unused"]
    assert len(unused) == (2 if why == "two were let in" else 1)
    assert [row.data["pass"] for row in again.rows if row.type.startswith("passage")] in ([None], [])
    assert again.restarted().types("grant") == []


def test_a_grant_whose_board_never_answers_has_its_end_after_the_next_start() -> None:
    again = lane_in("open").restarted(start=False).restarted(after_ms=200_000, start=False)
    assert again.types("grant") == ["grant.unused"]
    assert again.restarted().types("grant") == []


def test_who_follows_a_car_that_was_under_the_arm_at_a_kill_is_no_tailgater() -> None:
    again = killed_under(lane_in("open"))
    again.drive_through()
    assert (again.data("passage.entered")["method"], again.types("passage.tailgated")) == ("manual", [])


@pytest.mark.parametrize("there", [False, True])
def test_a_car_under_the_arm_when_the_board_is_lost_is_counted_with_its_pass(there: bool) -> None:
    play = lane_in("open")
    play.set(safety_loop=True)
    play.set(approach_loop=False)
    play.read("7", (OTHER,))
    play.happens(events.DeviceLost("io", "no answer"))
    assert play.data("grant.unused")["pass"] == "p2"
    play.electrical[INPUTS.index("safety_loop")] = there
    play.advance(5000)
    play.restored()
    play.advance(2000)
    play.set(safety_loop=False)
    play.advance(800)
    (entered,) = [row.data for row in play.rows if row.type.startswith("passage")]
    assert (entered["pass"], entered["certainty"]) == ("p1", "inferred")
    play.advance(600_000)
    assert (play.pulses(), play.types("grant"), play.lane()["grants"]) == ([], ["grant.unused"], 0)


def test_an_arm_that_came_down_behind_a_car_while_the_board_was_lost_has_no_failed_switch() -> None:
    play = lane_in("open")
    play.set(safety_loop=True)
    play.set(approach_loop=False)
    play.happens(events.DeviceLost("io", "no answer"))
    for contact, value in (("safety_loop", False), ("at_open", False), ("at_closed", True)):
        play.electrical[INPUTS.index(contact)] = value
    play.restored()
    assert play.data("passage.entered")["pass"] == "p1"
    assert (play.lane()["arm"], play.types("barrier.stuck")) == ("closed", [])


# ---- the last car


def shown(play: Playbook, lane: str = "in") -> dict[str, Any]:
    return {name: play.lane(lane)[name] for name in ("last_grant", "last_decision", "last_passage")}


def before(told: dict[str, Any]) -> dict[str, Any]:
    """What is shown of the last car, as the next run shows it."""
    decision = {**told["last_decision"], "valid_until": None, "before_restart": True, "present": False}
    return {**told, "last_decision": decision}


def test_the_last_car_is_known_after_a_restart_with_its_true_age() -> None:
    play = Playbook()
    play.let_in()
    told = shown(play)
    assert told["last_passage"]["pass"] == "p1"
    again = play.restarted(after_ms=60_000)
    assert shown(again) == before(told)
    assert shown(again.restarted(after_ms=60_000)) == before(told)


@pytest.mark.parametrize("how", ["refused", "opened by a person", "read again"])
def test_what_was_last_decided_is_known_after_a_restart(how: str) -> None:
    play = Playbook()
    play.let_in()
    play.advance(1000)
    match how:
        case "refused":
            play.read("99", ())
        case "opened by a person":
            play.person("open", by="Zhou")
        case "read again":
            play.read()
    assert shown(play.restarted()) == before(shown(play))


def test_a_lane_that_nobody_came_to_shows_nobody_after_a_restart() -> None:
    assert shown(Playbook().restarted()) == {"last_grant": None, "last_decision": None, "last_passage": None}


def test_old_news_moves_nothing_and_greets_nobody() -> None:
    document = site_document()
    document["lanes"][0]["displays"] = ["reader-out"]
    play = Playbook(document)
    play.set(approach_loop=True)
    play.read()
    again = play.restarted()
    again.advance(60_000)
    assert (again.pulses(), again.lane()["grants"]) == ([], 0)
    assert {message["verdict"] for _, message in again.shown} <= {"idle", "locked"}


def test_a_car_that_nobody_let_in_after_a_restart_does_not_follow_the_last_one_of_before() -> None:
    play = Playbook()
    play.let_in()
    again = play.restarted()
    again.set(at_closed=False)
    again.set(at_open=True)
    again.drive_through()
    assert (again.data("passage.entered")["method"], again.types("passage.tailgated")) == ("manual", [])


def test_a_crash_after_a_restart_names_the_last_grant_of_before() -> None:
    play = Playbook()
    play.let_in()
    again = play.restarted(arm_detached=True)
    assert again.data("barrier.crashed")["last_grant"] == shown(play)["last_grant"]


def test_each_of_two_lanes_at_one_barrier_keeps_its_last_car() -> None:
    document = site_document(clear_loop="io.input.5")
    document["barriers"] = [{"id": "b", **document["lanes"][0]["barrier"]}]
    document["lanes"][0]["barrier"] = "b"
    document["lanes"].append({"id": "out", "direction": "exit", "readers": ["reader-out"], "barrier": "b"})
    play = Playbook(document)
    play.read("99", ())
    play.advance(1000)
    play.read("7", (OTHER,), device="reader-out")
    told = {lane: shown(play, lane)["last_decision"]["reason"] for lane in ("in", "out")}
    assert told == {"in": "unknown_credential", "out": "valid_pass"}
    again = play.restarted()
    assert {lane: shown(again, lane)["last_decision"]["reason"] for lane in ("in", "out")} == told
    assert again.lane("in")["last_grant"]["pass"] == "p2"


def test_an_arm_without_contacts_that_a_fire_opened_waits_for_a_person_when_the_core_is_replaced() -> None:
    """Nothing measures where it stands, and no row tells that a person has to close it."""
    document = site_document(at_open=None, at_closed=None)
    document["lanes"][0]["fire"] = "io.input.7"
    play = Playbook(document)
    play.set(fire=True)
    play.advance(20_000)
    play.set(fire=False)
    assert play.lane()["mode"] == "fire"
    left = play.site.interrupted
    memory = play.memory().replaced(interrupted=left)
    again = Playbook(document, memory, start=False, wall_ns=play.wall_ns, run=2)
    again.restored()
    again.advance(60_000)
    assert again.lane()["interrupted"]
    assert again.pulses() == []
