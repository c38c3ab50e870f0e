"""Other settings for a core that runs: what is not touched goes on, what is touched begins as at a start."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.access.access import Access
from gateway.core.lanes.lanes import Lanes
from gateway.core.settings.difference import touched
from gateway.core.settings.exchange import UNREST, Unrest, kept
from gateway.core.settings.site_file import parse_settings
from gateway.core.vocabulary import commands, events
from tests.core.playbook import MONTHLY, Playbook, TwoLanes, site_document, two_lanes
from tests.core.test_lane_properties import play_step, step


def changed(document: dict[str, Any], lane: int = 1, **barrier: Any) -> dict[str, Any]:
    """The document with another barrier at a lane; None takes a key away."""
    document = copy.deepcopy(document)
    found = {**document["lanes"][lane]["barrier"], **barrier}
    document["lanes"][lane]["barrier"] = {key: value for key, value in found.items() if value is not None}
    return document


def without(document: dict[str, Any], *lanes: str) -> dict[str, Any]:
    return {**document, "lanes": [one for one in document["lanes"] if one["id"] not in lanes]}


def with_site(document: dict[str, Any], **site: Any) -> dict[str, Any]:
    return {**document, "site": {**document["site"], **site}}


def told_anew(play: TwoLanes) -> None:
    """The second board reports again, as its bus is asked to."""
    play.happens(events.DeviceRestored("io2", tuple(play.second), (False,) * 8))


def moves(todo: list[commands.Command]) -> list[commands.Command]:
    return [one for one in todo if isinstance(one, commands.PulseOutput | commands.SetOutput)]


# ---- a lane that is not touched


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    story=st.lists(step, max_size=30), at=st.integers(0, 29), what=st.sampled_from(("figure", "board", "gone", "new"))
)
def test_a_lane_that_is_not_touched_does_what_it_would_have_done(
    story: list[tuple[Any, ...]], at: int, what: str
) -> None:
    """The same story twice, once with other settings of the other lane in between: nothing differs here."""
    plain, other = TwoLanes(), TwoLanes()
    for number, one in enumerate([*story, ("advance", 130_000)]):
        play_step(plain, one)
        play_step(other, one)
        if number == min(at, len(story)):
            before = other.lane("in")
            todo = _exchange(other, what)
            assert moves(todo) == []
            assert other.lane("in") == before
    assert [row for row in plain.rows if row.subject != "lanes/out"] == [
        row for row in other.rows if row.subject != "lanes/out"
    ]
    assert plain.outputs == other.outputs
    assert plain.lane("in") == other.lane("in")
    assert plain._timers.keys() == other._timers.keys()


def _exchange(play: TwoLanes, what: str) -> list[commands.Command]:
    if what == "figure":
        todo = play.other_settings(changed(play.document, pulse_ms=900))
        told_anew(play)
    elif what == "board":
        todo = play.other_settings(play.document, "io2")
        told_anew(play)
    elif what == "gone":
        todo = play.other_settings(without(play.document, "out"))
    else:
        more = {"id": "new", "direction": "exit", "barrier": {"open": "io2.output.6", "at_closed": "io2.input.1"}}
        todo = play.other_settings({**play.document, "lanes": [*play.document["lanes"], more]})
        told_anew(play)
    return todo


def test_a_car_under_way_goes_on_to_its_passage() -> None:
    """A car is under the arm, another one waits with its grant, while the other lane is rewired."""
    play = TwoLanes()
    play.set(approach_loop=True)
    play.read()
    play.rise()
    play.set(safety_loop=True)
    rows = len(play.rows)
    assert moves(play.other_settings(changed(play.document, open="io2.output.5"))) == []
    told_anew(play)
    assert len(play.rows) == rows
    play.set(approach_loop=False)
    play.advance(500)
    play.set(safety_loop=False)
    play.advance(2300)
    play.lower()
    assert play.types("passage.") == ["passage.entered"]
    assert play.lane()["state"] == "ready"


def test_an_open_case_and_an_alarm_go_on() -> None:
    play = TwoLanes()
    play.set(approach_loop=True)
    play.read("9", ())
    play.set(arm_detached=True)
    alarms, case = play.alarms(), play.lane()["case"]
    assert case is not None and alarms
    play.other_settings(changed(play.document, grant_ms=30_000))
    assert (play.alarms(), play.lane()["case"]) == (alarms, case)


def test_a_row_that_is_awaited_is_still_awaited() -> None:
    play = TwoLanes()
    play.journal_waits = True
    play.read()
    assert play.pulses() == []
    play.other_settings(changed(play.document, grant_ms=30_000))
    play.commit()
    assert play.pulses() == ["open"]


def test_a_board_that_is_asked_to_report_again_reports_to_the_new_lane_alone() -> None:
    """Both lanes hang on one board; the read-back of the other one's pulse must not end it."""
    document = site_document()
    shared = {"open": "io.output.6", "at_closed": "io.input.6"}
    document["lanes"].append({"id": "side", "direction": "exit", "barrier": shared})
    play = TwoLanes({**document, "devices": [*document["devices"], {"id": "io2", "driver": "noop"}]})
    play.electrical[6] = True
    play.happens(events.InputsRead("io", tuple(play.electrical)))
    play.read()
    assert play.pulses() == ["open"]
    play.other_settings(changed(play.document, pulse_ms=900))
    play.set(at_closed=False)
    assert play.lane("side")["arm"] == "unknown", "a change of inputs is not taken before the board was read back"
    outputs = len(play.outputs)
    play.happens(events.DeviceRestored("io", tuple(play.electrical), (True,) + (False,) * 7))
    assert len(play.outputs) == outputs, "the pulse of the other lane was taken for one that a killed gateway left"
    assert play.lane("side")["arm"] == "closed"
    assert play.lane("in")["arm"] == "rising"
    play.happens(events.DeviceRestored("io", tuple(play.electrical), (True,) + (False,) * 7))
    assert len(play.outputs) > outputs, "the next one is for all"


def test_a_board_that_is_lost_before_it_reports_again_reports_to_all() -> None:
    play = TwoLanes()
    play.other_settings(changed(play.document, pulse_ms=900))
    play.happens(events.DeviceLost("io2", "no answer"))
    told_anew(play)
    assert play.lane("out")["arm"] == "closed"
    assert play.types("device.") == ["device.lost", "device.restored"]


# ---- a lane that is touched


def test_a_lane_made_anew_begins_as_at_a_start_and_works_by_the_new_figures() -> None:
    play = TwoLanes()
    rows = len(play.rows)
    play.other_settings(changed(play.document, 0, pulse_ms=900))
    assert (play.lane()["arm"], len(play.rows)) == ("unknown", rows)
    play.restored()
    assert play.lane()["state"] == "ready"
    play.read()
    assert play.outputs[-1][1:] == ("open", 900)


def test_a_tag_and_an_interruption_outlast_it() -> None:
    play = TwoLanes()
    play.person("lock", lane="out")
    play.read()
    play.person("stop")
    assert play.lane("in")["interrupted"]
    document = changed(changed(play.document, 0, grant_ms=30_000), grant_ms=30_000)
    play.advance(1000)
    play.other_settings(document)
    play.restored()
    told_anew(play)
    assert play.lane("out")["mode"] == "locked"
    assert play.lane("out")["tag"]["by"] == "Lin"
    assert play.lane("in")["interrupted"]


def test_a_crash_is_still_one_and_its_alarm_the_same() -> None:
    play = TwoLanes()
    play.set(arm_detached=True)
    play.advance(200_000)
    alarm = play.alarms()
    play.other_settings(changed(play.document, 0, grant_ms=30_000))
    play.restored()
    assert play.lane()["mode"] == "crashed"
    assert [one["alarm"] for one in play.alarms()] == [one["alarm"] for one in alarm]
    assert play.types("barrier.crashed") == ["barrier.crashed"]


def test_timers_of_a_lane_that_is_made_anew_are_gone() -> None:
    play = TwoLanes()
    play.set2(approach_loop=True)
    assert any(timer.owner == "out" for timer in play._timers)
    play.other_settings(changed(play.document, grant_ms=30_000))
    assert not any(timer.owner == "out" for timer in play._timers)


def test_reads_that_waited_at_a_lane_that_is_made_anew_are_forgotten() -> None:
    play = TwoLanes()
    play.tag("reader-out")
    play.tag("reader-in", "E281")
    assert play.site.part(Access)._reads.waits
    play.other_settings(without(play.document, "out"))
    play.set(approach_loop=True)
    assert play.data("access.granted")["credential"]["value"] == "E281"
    play.advance(10_000)
    assert not play.site.part(Access)._reads.waits


# ---- what keeps a lane from being made anew


def unrest(play: TwoLanes) -> list[str]:
    return play.unrest(changed(play.document, 0, pulse_ms=900))


def test_a_lane_at_rest_keeps_nothing_waiting() -> None:
    assert unrest(TwoLanes()) == []


def test_only_touched_lanes_are_waited_for() -> None:
    play = TwoLanes()
    play.read()
    assert play.unrest(changed(play.document, pulse_ms=900)) == []
    assert play.unrest(with_site(play.document, locale="en")) == []


def test_each_kind_of_unrest_is_told() -> None:
    found: set[str] = set()

    def note(play: TwoLanes, *expected: str) -> None:
        assert unrest(play) == [f"in {reason}" for reason in expected]
        found.update(expected)

    play = TwoLanes()
    play.journal_waits = True
    play.read()
    note(play, "moving")
    play.commit()
    play.set(at_closed=False)
    note(play, "moving")
    play.advance(2000)
    play.set(at_open=True)
    note(play, "grant")
    play.set(safety_loop=True)
    note(play, "vehicle")

    play = TwoLanes()
    play.set(approach_loop=True)
    note(play, "car")
    play.set(approach_loop=False)
    note(play)
    play.person("stop")
    play.advance(600)
    note(play, "paused")
    play.advance(11_000)
    note(play)
    play.person("hold", detail={"minutes": 5})
    play.rise()
    play.advance(1000)
    note(play, "open")

    play = TwoLanes()
    play.set(arm_detached=True)
    note(play, "siren")
    play.advance(200_000)
    note(play)

    play = TwoLanes()
    play.machine().parts.question._state = type(play.machine().parts.question._state).ASKED
    note(play, "question")
    assert found == set(UNREST)
    assert all(UNREST[reason].split()[0] in ("the", "a", "it") for reason in found)


def test_under_a_tag_only_what_moves_is_waited_for() -> None:
    """Contacts that are wired the wrong way round must not keep their own mending out."""
    play = TwoLanes()
    play.person("lock")
    play.set(approach_loop=True, safety_loop=True)
    assert unrest(play) == []
    play.set(at_closed=False)
    play.advance(100)
    assert unrest(play) == ["in moving"]


def test_a_way_back_that_has_waited_looks_at_movement_alone() -> None:
    play = TwoLanes()
    play.set(approach_loop=True)
    document = changed(play.document, 0, pulse_ms=900)
    assert play.unrest(document) == ["in car"]
    assert play.unrest(document, moves_only=True) == []
    play.read()
    assert play.unrest(document, moves_only=True) == ["in moving"]


def test_unrest_in_words_names_the_lane() -> None:
    assert Unrest("in", "North in", "open").words == "lane North in (in): the arm is up"
    assert Unrest("in", "in", "open").words == "lane in: the arm is up"


# ---- what is gone


def test_the_alarms_of_a_lane_that_is_gone_end() -> None:
    document = two_lanes()
    document["lanes"][1]["barrier"]["hand"] = "io2.input.6"
    play = TwoLanes(document)
    play.set2(hand=True)
    play.set2(arm_detached=True)
    play.advance(200_000)
    assert {(one["kind"], one["active"]) for one in play.alarms()} == {("tamper", True), ("crash", True)}
    play.other_settings(without(play.document, "out"))
    assert {(one["kind"], one["active"]) for one in play.alarms()} == {("tamper", False), ("crash", False)}
    for alarm in play.alarms():
        assert play.alarm("acknowledge", alarm["alarm"]).status == "done"
        play.alarm("close", alarm["alarm"], finding="real")
    assert play.alarms() == []


def test_alarms_that_a_tag_put_out_of_service_count_again_when_their_lane_is_gone() -> None:
    document = two_lanes()
    document["lanes"][1]["barrier"]["fault"] = "io2.input.8"
    play = TwoLanes(document)
    play.set2(fault=True)
    play.person("lock", lane="out")
    assert [one["state"] for one in play.alarms()] == ["out of service"]
    play.other_settings(without(play.document, "out"))
    assert [(one["state"], one["active"]) for one in play.alarms()] in ([], [("returned-unacknowledged", False)])
    for alarm in play.alarms():
        play.alarm("acknowledge", alarm["alarm"])
    assert play.alarms() == []


def test_the_alarm_of_a_device_that_is_gone_ends() -> None:
    play = TwoLanes()
    play.happens(events.DeviceLost("reader-out", "no answer"))
    document = copy.deepcopy(play.document)
    document["lanes"][1]["readers"] = []
    document["devices"] = [one for one in document["devices"] if one["id"] != "reader-out"]
    play.other_settings(document)
    assert [one["active"] for one in play.alarms()] == [False]
    play.happens(events.DeviceLost("reader-in", "no answer"))
    assert len(play.alarms()) == 2


def test_the_alarm_of_a_contact_that_is_not_fitted_any_more_ends() -> None:
    document = two_lanes()
    document["lanes"][0]["barrier"]["hand"] = "io.input.6"
    play = TwoLanes(document)
    play.set(hand=True)
    assert [one["active"] for one in play.alarms()] == [True]
    play.other_settings(changed(play.document, 0, hand=None))
    assert [one["active"] for one in play.alarms()] == [False]


def test_it_ends_at_a_start_too() -> None:
    document = two_lanes()
    document["lanes"][0]["barrier"]["hand"] = "io.input.6"
    play = TwoLanes(document)
    play.set(hand=True)
    play.document = changed(play.document, 0, hand=None)
    later = play.restarted()
    assert [one["active"] for one in later.alarms()] == [False]
    play.document = document
    assert [one["active"] for one in play.restarted().alarms()] == [True]


def test_a_command_to_a_lane_that_is_gone_is_refused() -> None:
    play = TwoLanes()
    play.other_settings(without(play.document, "out"))
    assert play.person("open", lane="out").reason == "unknown_lane"
    assert [lane.id for lane in play.site.snapshot().lanes] == ["in"]


def test_a_fire_at_a_lane_that_is_gone_is_no_fire() -> None:
    document = two_lanes()
    document["lanes"][1]["fire"] = "io2.input.7"
    play = TwoLanes(document)
    play.set2(fire=True)
    fires = play.site.part(Lanes)._fires
    assert fires.barriers == {"out"}
    play.other_settings(without(play.document, "out"))
    assert fires.barriers == set()


# ---- the site


def test_language_and_time_zone_of_lanes_that_go_on() -> None:
    document = two_lanes()
    document["devices"].append({"id": "sign", "driver": "noop"})
    document["lanes"][0]["displays"] = ["sign"]
    play = TwoLanes(document)
    assert [message["words"] for device, message in play.shown if device == "sign"][-1] == "欢迎光临"
    play.other_settings(with_site(play.document, locale="en", timezone="UTC"))
    message = [message for device, message in play.shown if device == "sign"][-1]
    assert (message["words"], message["time"]) == ("Welcome", "14:13")


@pytest.mark.parametrize(("before", "after", "verdict"), [("off", "hard", "denied"), ("hard", "off", "granted")])
def test_anti_passback_counts_from_the_next_read(before: str, after: str, verdict: str) -> None:
    play = TwoLanes(with_site(two_lanes(), anti_passback=before))
    visit = events.OpenVisit("v1", "p1", None, play.wall_ns, "472288")
    play.other_settings(with_site(play.document, anti_passback=after))
    play.read(visits=(visit,))
    assert play.types("access.")[-1] == f"access.{verdict}"


def test_the_days_of_warning_count_from_the_next_grant_and_a_pass_is_warned_once() -> None:
    play = TwoLanes(with_site(two_lanes(), expiry_warning_days=0))
    soon = msgspec.structs.replace(MONTHLY, valid_until="2026-10-01")

    def passes() -> list[str]:
        play.set(approach_loop=True)
        play.read(passes=(soon,))
        play.rise()
        play.drive_through()
        play.advance(900)
        play.lower()
        return play.types("pass.")

    assert passes() == []
    play.other_settings(with_site(play.document, expiry_warning_days=30))
    assert passes() == ["pass.expiring"]
    play.other_settings(with_site(play.document, expiry_warning_days=40))
    assert passes() == ["pass.expiring"]


def test_another_zone_begins_no_hold_and_a_window_that_is_over_ends_one() -> None:
    document = two_lanes()
    document["lanes"][0]["free_flow"] = "Mon-Sun 22:00-23:00"
    play = TwoLanes(with_site(document, timezone="UTC"))
    play.advance(61_000)
    play.other_settings(with_site(play.document, timezone="Asia/Shanghai"))
    play.advance(61_000)
    assert play.pulses() == [], "a hold began because the site moved"


def test_interlocks_follow_a_barrier_that_is_made_anew() -> None:
    document = {**two_lanes(), "interlocks": [{"type": "sally_port", "barriers": ["in", "out"]}]}
    play = TwoLanes(document)
    play.other_settings(changed(play.document, grant_ms=30_000))
    told_anew(play)
    play.set2(at_closed=False)
    play.advance(3000)
    play.read()
    assert play.pulses() == [], "the entry opened although the new exit is not closed"
    play.advance(25_000)
    play.other_settings({**play.document, "interlocks": []})
    play.restored()
    told_anew(play)
    play.read()
    assert play.pulses() == ["open"]


def test_lanes_that_go_on_are_the_very_same_objects() -> None:
    old = parse_settings(two_lanes())
    new = kept(old, parse_settings(changed(two_lanes(), pulse_ms=900)))
    assert new.lanes[0] is old.lanes[0] and new.barriers[0] is old.barriers[0]
    assert new.lanes[1] is old.lanes[1], "its barrier is another one, the lane is not"
    assert new.barriers[1] is not old.barriers[1]
    assert touched(old, new).barriers == {"out"}


def test_the_same_settings_again_change_nothing() -> None:
    play = TwoLanes()
    play.read()
    before, rows = play.lane(), len(play.rows)
    assert moves(play.other_settings(copy.deepcopy(play.document))) == []
    assert (play.lane(), len(play.rows)) == (before, rows)


def test_a_board_that_was_lost_reports_to_all_its_lanes_when_one_was_made_anew_meanwhile() -> None:
    document = site_document()
    barrier = {"open": "io.output.4", "at_closed": "io.input.6", "at_open": "io.input.7"}
    document["lanes"].append({"id": "out", "direction": "exit", "readers": ["reader-out"], "barrier": barrier})
    play = Playbook(document)
    play.electrical[6] = True
    play.restored()
    play.happens(events.DeviceLost("io", "no answer"))
    assert play.lane("out")["arm"] == "unknown"
    play.other_settings(changed(document, lane=0, pulse_ms=700))
    play.restored()
    assert [play.lane(lane)["arm"] for lane in ("in", "out")] == ["closed", "closed"]
