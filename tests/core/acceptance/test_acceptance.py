"""Both ends tick each point with what was measured; a tick is lost with what it depended on; both sign."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.vocabulary import events
from tests.core.acceptance.conftest import Bench
from tests.core.playbook import site_document, two_lanes

AT_OPEN = "barriers.in.at_open"


def bench(document: dict[str, Any] | None = None) -> Bench:
    return Bench(document or site_document())


def rewired(**barrier: Any) -> dict[str, Any]:
    return site_document(**barrier)


# ---- ticks


def test_a_tick_is_journaled_with_what_was_measured_and_its_author() -> None:
    play = bench()
    play.rise()
    play.lower()
    assert play.end("tick", "installer", AT_OPEN).status == "done"
    row = play.data("acceptance.ticked")
    assert (row["point"], row["end"], row["by"], row["via"]) == (AT_OPEN, "installer", "Zhou", "browser")
    assert row["value"]["how"] == "measured"
    assert row["value"]["on"] is False
    assert row["value"]["on_at"] < row["value"]["off_at"]
    assert row["basis"]["terminal"] == "io.input.0"


def test_a_point_that_was_not_seen_to_change_says_so_by_its_missing_times() -> None:
    play = bench()
    play.end("tick", "installer", AT_OPEN)
    assert play.data("acceptance.ticked")["value"] == {"how": "measured", "on": False}


def test_a_contact_that_is_normally_closed_is_measured_by_its_meaning() -> None:
    play = bench(rewired(safety_loop={"point": "io.input.2", "normally": "closed"}))
    assert play.point("barriers.in.safety_loop").value.on is True  # no current: a vehicle
    play.set(safety_loop=True)
    value = play.point("barriers.in.safety_loop").value
    assert (value.on, isinstance(value.off_at, str), isinstance(value.on_at, str)) == (False, True, False)


def test_the_travel_of_the_arm_is_the_measurement() -> None:
    play = bench()
    play.let_in()
    assert play.point("barriers.in.opening_ms").value.ms == 1990
    assert play.point("barriers.in.closing_ms").value.ms == 2100


def test_a_parked_car_is_measured_by_how_long_its_loop_stayed_on() -> None:
    play = bench()
    play.set(approach_loop=True)
    play.advance(60_000)
    step = "barriers.in.parked.approach_loop"
    assert play.point(step).value.ms == 60_040
    play.set(approach_loop=False)
    play.advance(5_000)
    assert (play.point(step).value.on, play.point(step).value.ms) == (False, 60_040)


def test_a_power_cycle_is_measured_by_when_the_board_went_and_came_back() -> None:
    play = bench()
    step = "devices.io.power_cycle"
    assert (play.point(step).value.on, play.point(step).value.off_at) == (True, play.point(step).value.on_at)
    play.happens(events.DeviceLost("io", "no answer"))
    assert play.point(step).value.on is False
    assert play.point(AT_OPEN).value.on is None
    play.advance(8_000)
    play.restored()
    value = play.point(step).value
    assert value.on is True
    assert value.off_at < value.on_at


@pytest.mark.parametrize(
    ("kind", "value", "kept"), [("card", "472288", "…2288"), ("plate", "京A12345", "…2345"), ("pin", "2468", "…")]
)
def test_of_a_read_only_the_end_is_kept_since_a_tick_outlives_the_journals_rows(
    kind: str, value: str, kept: str
) -> None:
    play = bench()
    play.happens(events.CredentialRead("reader-in", kind, value))
    play.end("tick", "installer", "lanes.in.readers.reader-in")
    assert play.data("acceptance.ticked")["value"]["credential"] == {"kind": kind, "value": kept}


def test_a_setting_is_measured_by_its_value() -> None:
    play = bench()
    assert play.point("barriers.in.pulse_ms").value.set == "500"


def test_the_ends_tick_one_after_the_other_and_the_point_is_accepted_with_both() -> None:
    play = bench()
    play.end("tick", "control_room", AT_OPEN)
    assert play.sheet().accepted == 0
    play.advance(86_400_000)
    play.end("tick", "installer", AT_OPEN)
    assert play.sheet().accepted == 1
    assert [play.point(AT_OPEN).installer.by, play.point(AT_OPEN).control_room.by] == ["Zhou", "Wu"]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"what": "tick", "end": "installer", "point": "barriers.in.nothing"}, "unknown_point"),
        ({"what": "tick", "end": "installer", "point": AT_OPEN, "lane": "west"}, "unknown_lane"),
        ({"what": "tick", "end": "guard", "point": AT_OPEN}, "unknown_end"),
        ({"what": "tick", "end": "installer", "point": AT_OPEN, "by": ""}, "name_missing"),
        ({"what": "praise", "end": "installer", "point": AT_OPEN}, "unknown_command"),
        ({"what": "withdraw", "end": "installer", "point": AT_OPEN}, "not_ticked"),
        ({"what": "sign", "end": "installer"}, "points_open"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(asked: dict[str, Any], code: str) -> None:
    play = bench()
    play.forget()
    assert play.end(**asked).reason == code
    assert play.rows == []


def test_one_person_cannot_tick_both_ends() -> None:
    play = bench()
    play.end("tick", "installer", AT_OPEN)
    assert play.end("tick", "control_room", AT_OPEN, by="Zhou").reason == "same_person"


def test_a_tick_can_be_taken_back_by_its_end_alone() -> None:
    play = bench()
    play.both(AT_OPEN)
    play.end("withdraw", "control_room", AT_OPEN)
    row = play.data("acceptance.lost")
    assert (row["reason"], row["ends"], row["by"]) == ("withdrawn", ("control_room",), "Wu")
    assert (play.point(AT_OPEN).installer is not None, play.point(AT_OPEN).control_room) == (True, None)


# ---- the sheet


def test_a_lane_is_handed_over_when_both_ends_have_ticked_all_and_signed() -> None:
    play = bench()
    assert play.sheet().state == "open"
    play.end("tick", "installer", AT_OPEN)
    assert play.sheet().state == "ticking"
    play.all_ticked()
    assert play.sheet().state == "ticked"
    play.end("sign", "installer", media="m1")
    assert (play.sheet().state, play.data("acceptance.signed")["handed_over"]) == ("signed", False)
    play.end("sign", "control_room")
    assert (play.sheet().state, play.data("acceptance.signed")["handed_over"]) == ("handed_over", True)
    assert (play.sheet().installer.media, play.sheet().control_room.media) == ("m1", None)


def test_a_sheet_is_signed_once_by_each_end_and_by_two_people() -> None:
    play = bench()
    play.all_ticked()
    play.end("sign", "installer")
    assert play.end("sign", "installer").reason == "signed_already"
    assert play.end("sign", "control_room", by="Zhou").reason == "same_person"


def test_a_lost_tick_takes_the_signatures_of_the_sheet_along() -> None:
    play = bench()
    play.handed_over()
    play.other_settings(rewired(pulse_ms=300))
    assert (play.sheet().state, play.sheet().installer) == ("ticking", None)
    play.both("barriers.in.pulse_ms")
    assert play.sheet().state == "ticked"


# ---- ticks that are lost


@pytest.mark.parametrize(
    ("barrier", "lost"),
    [
        ({"at_open": "io.input.6"}, {(AT_OPEN, "wiring"), ("barriers.in.opening_ms", "wiring")}),
        (
            {"approach_loop": {"point": "io.input.3", "normally": "closed"}},
            {("barriers.in.approach_loop", "polarity"), ("barriers.in.parked.approach_loop", "polarity")},
        ),
        (
            {"travel_time_ms": 4000},
            {
                ("barriers.in.travel_time_ms", "limit"),
                ("barriers.in.opening_ms", "limit"),
                ("barriers.in.closing_ms", "limit"),
            },
        ),
        ({"stop": None}, {("barriers.in.stop", "removed")}),
        ({"mains": "io.input.5"}, {("barriers.in.mains", "added")}),
    ],
)
def test_a_change_takes_the_ticks_away_that_depend_on_it_and_no_others(barrier: dict[str, Any], lost: Any) -> None:
    play = bench()
    play.handed_over()
    play.forget()
    play.other_settings(rewired(**barrier))
    rows = [row.data for row in play.rows if row.type == "acceptance.lost"]
    assert {(row["point"], row["reason"]) for row in rows} == lost
    assert all(row["ends"] == ("installer", "control_room") for row in rows if row["reason"] != "added")


def test_another_device_takes_away_what_hangs_on_it() -> None:
    play = bench(two_lanes())
    play.all_ticked("in")
    play.all_ticked("out")
    document = two_lanes()
    document["devices"][-1]["outputs"] = 4
    play.other_settings(document, "io2")
    assert {row.data["reason"] for row in play.rows if row.type == "acceptance.lost"} == {"device"}
    assert play.sheet("in").accepted == len(play.sheet("in").points)
    assert play.point("barriers.out.at_open", "out").lost.reason == "device"


def test_settings_that_were_never_accepted_change_without_a_word() -> None:
    play = bench()
    play.other_settings(rewired(at_open="io.input.6"))
    assert play.types("acceptance") == []


def test_a_way_back_to_earlier_settings_does_not_give_the_tick_back() -> None:
    play = bench()
    play.both(AT_OPEN)
    play.other_settings(rewired(at_open="io.input.6"))
    play.other_settings(rewired())
    assert play.point(AT_OPEN).installer is None
    assert play.types("acceptance.lost") == ["acceptance.lost"]


# ---- a restart


def test_a_kill_forgets_no_tick_no_loss_and_no_signature() -> None:
    play = bench(two_lanes())
    play.handed_over("in")
    play.both("barriers.out.at_open", lane="out")
    play.end("tick", "installer", "barriers.out.at_closed", "out")
    play.end("withdraw", "installer", "barriers.out.at_open", "out")
    before = [play.sheet(lane) for lane in ("in", "out")]
    again = play.restarted()
    assert [told(again.sheet(lane)) for lane in ("in", "out")] == [told(sheet) for sheet in before]


def told(sheet: Any) -> list[Any]:
    points = [(one.id, one.installer, one.control_room, one.lost) for one in sheet.points]
    return [sheet.state, sheet.installer, sheet.control_room, points]


@pytest.mark.parametrize(
    ("barrier", "lost"),
    [
        (
            {"at_closed": {"point": "io.input.1", "normally": "closed"}},
            {"barriers.in.at_closed": "polarity", "barriers.in.closing_ms": "polarity"},
        ),
        ({"mains": "io.input.5"}, {"barriers.in.mains": "added"}),
    ],
)
def test_settings_that_changed_while_no_engine_ran_take_ticks_at_the_start(
    barrier: dict[str, Any], lost: dict[str, str]
) -> None:
    play = bench()
    play.handed_over()
    play.document = rewired(**barrier)
    again = play.restarted()
    found = {row.data["point"]: row.data["reason"] for row in again.rows if row.type == "acceptance.lost"}
    assert found == lost
    assert again.sheet().installer is None
