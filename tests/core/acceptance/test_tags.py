"""A tag comes off only when what was touched under it was ticked again by both ends; nobody is trapped by that."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.vocabulary import events
from gateway.core.vocabulary.commands import Reply
from tests.core.acceptance.conftest import Bench
from tests.core.playbook import site_document, two_lanes

AT_OPEN = "barriers.in.at_open"


def tagged(document: dict[str, Any] | None = None) -> Bench:
    play = Bench(document or site_document())
    play.person("lock", reason="new loop")
    return play


def unlock(play: Bench, **more: Any) -> Reply:
    return play.person("unlock", **{"detail": {}, **more})


def bound(play: Bench) -> set[str]:
    return {point.id for point in play.sheet().points if point.lost is not None and point.lost.keeps_tag}


def test_a_tag_under_which_nothing_was_touched_comes_off() -> None:
    play = tagged()
    assert unlock(play).status == "done"
    assert "unticked" not in play.data("barrier.unlocked")


def test_a_point_that_was_rewired_under_the_tag_keeps_it_on_until_both_have_ticked_it() -> None:
    play = tagged()
    play.other_settings(site_document(at_open="io.input.6"))
    row = next(row.data for row in play.rows if row.type == "acceptance.lost")
    assert (row["reason"], row["ends"], row["tagged"]) == ("wiring", (), ("in",))
    assert unlock(play).reason == "points_unticked"
    assert play.lane()["allowed"]["unlock"] == "points_unticked"
    play.both(AT_OPEN)
    assert unlock(play).reason == "points_unticked"  # the time of the arm hangs on that switch
    play.end("tick", "installer", "barriers.in.opening_ms")
    assert unlock(play).reason == "points_unticked"
    play.end("tick", "control_room", "barriers.in.opening_ms")
    assert play.lane()["allowed"]["unlock"] is None
    assert unlock(play).status == "done"
    assert play.lane()["mode"] == "auto"


def test_a_change_of_another_lane_does_not_keep_the_tag_on() -> None:
    play = tagged(two_lanes())
    document = two_lanes()
    document["lanes"][1]["barrier"]["pulse_ms"] = 300
    play.other_settings(document)
    assert unlock(play).status == "done"


@pytest.mark.parametrize(
    ("fault", "points"),
    [
        ("torn", {"at_open", "at_closed", "arm_detached", "opening_ms", "closing_ms"}),
        ("stuck", {"safety_loop"}),
        ("silent", {"power_cycle"}),
    ],
)
def test_what_fails_under_the_tag_must_be_tested_again(fault: str, points: set[str]) -> None:
    play = tagged()
    match fault:
        case "torn":
            play.set(arm_detached=True)
            play.set(arm_detached=False)
        case "stuck":
            play.set(safety_loop=True)
            play.advance(301_000)
            play.set(safety_loop=False)
        case "silent":
            play.happens(events.DeviceLost("io", "no answer"))
            play.restored()
    assert {point.rpartition(".")[2] for point in bound(play)} == points
    assert unlock(play).reason == "points_unticked"
    play.both(*bound(play))
    assert unlock(play).status == "done"


def test_what_was_mended_under_the_tag_must_be_tested_again() -> None:
    play = Bench()
    play.happens(events.DeviceLost("io", "no answer"))
    play.restored()
    repair = play.data("repair.opened")["repair"]
    play.person("lock")
    assert bound(play) == set()
    play.happens(events.RepairCommandReceived("m1", repair, "report", "Zhou", note="new board", via="browser"))
    assert play.data("repair.reported")["by"] == "Zhou"
    assert {"barriers.in.at_open", "barriers.in.open", "devices.io.power_cycle"} <= bound(play)
    assert play.data("acceptance.lost")["reason"] == "repaired"
    assert play.data("acceptance.lost")["by"] == "Zhou"


def test_a_repair_of_the_arm_has_its_contacts_times_and_terminals_tested_again() -> None:
    play = Bench()
    play.set(arm_detached=True)
    repair = play.data("repair.opened")["repair"]
    play.person("lock")
    play.happens(events.RepairCommandReceived("m1", repair, "report", "Zhou", note="new arm", via="browser"))
    assert {point.rpartition(".")[2] for point in bound(play)} == {
        "at_open", "at_closed", "arm_detached", "opening_ms", "closing_ms", "open", "close", "stop",
    }  # fmt: skip


def test_a_fault_without_a_tag_takes_no_tick_away() -> None:
    play = Bench()
    play.all_ticked()
    play.happens(events.DeviceLost("io", "no answer"))
    play.restored()
    assert play.types("acceptance.lost") == []


def test_a_fault_under_the_tag_takes_the_ticks_of_before_away() -> None:
    play = Bench()
    play.handed_over()
    play.person("lock")
    play.happens(events.DeviceLost("io", "no answer"))
    row = play.data("acceptance.lost")
    assert (row["reason"], row["by"], row["ends"]) == ("faulted", "gateway", ("installer", "control_room"))
    assert play.sheet().installer is None


def test_the_same_fault_again_is_journaled_once_while_it_keeps_the_tag_on() -> None:
    play = tagged()
    for _ in range(3):
        play.happens(events.DeviceLost("io", "no answer"))
        play.restored()
    assert play.types("acceptance.lost") == ["acceptance.lost"]


def test_a_leader_takes_the_tag_off_with_a_reason_and_the_row_names_what_was_left() -> None:
    play = tagged()
    play.happens(events.DeviceLost("io", "no answer"))
    play.restored()
    assert unlock(play, detail={"waive": "leader"}, reason=" ").reason == "points_unticked"
    assert unlock(play, detail={"waive": "somebody"}).reason == "points_unticked"
    assert unlock(play, detail={"waive": "leader"}, by="Chen").status == "done"
    row = play.data("barrier.unlocked")
    assert (row["by"], row["waived"], row["unticked"]) == ("Chen", "leader", ("devices.io.power_cycle",))
    assert bound(play) == set()


def test_a_waived_point_is_still_to_be_ticked_but_binds_no_later_tag() -> None:
    play = tagged()
    play.happens(events.DeviceLost("io", "no answer"))
    play.restored()
    unlock(play, detail={"waive": "leader"})
    play.person("lock")
    assert unlock(play).status == "done"
    assert play.point("devices.io.power_cycle").lost.reason == "faulted"


def test_fire_takes_the_tag_off_whatever_was_touched() -> None:
    document = site_document()
    document["lanes"][0]["fire"] = "io.input.7"
    play = tagged(document)
    play.happens(events.DeviceLost("io", "no answer"))
    play.restored()
    play.set(fire=True)
    assert unlock(play).status == "done"
    assert play.data("barrier.unlocked")["waived"] == "fire"


def test_an_emergency_takes_the_tag_off_with_a_reason() -> None:
    play = tagged()
    play.happens(events.DeviceLost("io", "no answer"))
    play.restored()
    assert unlock(play, detail={"waive": "emergency"}, reason="ambulance").status == "done"
    assert play.data("barrier.unlocked")["waived"] == "emergency"


def test_a_tagged_lane_with_touched_points_is_still_passed_by_hand() -> None:
    play = tagged()
    play.other_settings(site_document(at_open="io.input.6"))
    assert play.person("passed").status == "done"
    assert play.types("passage") == ["passage.entered"]


def test_a_point_that_is_removed_keeps_no_tag_on() -> None:
    play = tagged()
    play.other_settings(site_document(stop="io.output.7"))
    assert unlock(play).reason == "points_unticked"
    play.other_settings(site_document(stop=None))
    assert unlock(play).status == "done"


def test_a_lane_that_gets_another_id_is_not_touched_by_that() -> None:
    play = Bench(two_lanes())
    document = two_lanes()
    document["lanes"][1]["id"] = "west"
    play.other_settings(document)
    play.person("lock", lane="west")
    play.happens(events.DeviceRestored("io2", tuple(play.electrical), (False,) * 8))
    assert play.person("unlock", lane="west", detail={}).status == "done"
    assert play.types("acceptance") == []


def test_a_kill_forgets_nothing_of_what_keeps_the_tag_on() -> None:
    play = tagged()
    play.other_settings(site_document(at_open="io.input.6"))
    play.end("tick", "installer", AT_OPEN)
    again = play.restarted()
    assert bound(again) == {AT_OPEN, "barriers.in.opening_ms"}
    assert unlock(again).reason == "points_unticked"
    again.both(AT_OPEN, "barriers.in.opening_ms")
    assert unlock(again).status == "done"
    assert unlock(again.restarted()).reason == "not_locked"


def test_acceptance_never_stops_a_gate() -> None:
    play = Bench()
    play.both(AT_OPEN)
    play.other_settings(site_document(approach_loop="io.input.6"))
    play.restored()
    play.read()
    assert play.pulses() == ["open"]
