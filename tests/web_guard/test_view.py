"""The view model: what each fact of the snapshot becomes on the guard's screen."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from msgspec.structs import replace

from gateway.core.alarms.kinds import KINDS
from gateway.core.lane.modes.notices import Notice
from gateway.core.settings.roles import Role
from gateway.core.vocabulary.passes import Pass, PassKind
from gateway.core.vocabulary.reasons import Reason, Verdict
from gateway.core.vocabulary.rows import Credential
from gateway.core.vocabulary.rows.barrier import ServiceLimit
from gateway.core.vocabulary.views import (
    DeviceView,
    GatewayView,
    Handled,
    Hold,
    LaneView,
    LastPassage,
    Requested,
    ServiceNotice,
    Tag,
    UplinkView,
)
from tests.support.engine_stand_in import FREE
from tests.support.guard_scene import (
    FULL,
    PASSES,
    alarm,
    at,
    case,
    crashed,
    decision,
    lane,
    shown_view,
    snapshot,
)
from web.guard.alarms.model import _TONES, SILENT_KINDS
from web.guard.home.model import blank_snapshot

UNTIL = {"valid_until": "2026-11-10"}
BOOK = {pass_.id: pass_ for pass_ in PASSES}


def show(*lanes: LaneView, locale: str = "en", role: str = "guard", age_ms: int = 0, **more: Any) -> dict[str, Any]:
    return shown_view(snapshot(*lanes, **more), BOOK.get, locale, datetime.now(UTC), age_ms=age_ms, role=role)


def first(one: LaneView, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = show(one, **more)["lanes"][0]
    return found


def car(*args: Any, locale: str = "en", **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = first(lane("in", last_decision=decision(*args, **more)), locale=locale)["car"]
    return found


def said(*args: Any, locale: str = "en", **more: Any) -> str:
    """What the guard says to the car."""
    return str(first(lane("in", last_decision=decision(*args, **more)), locale=locale)["line"]["text"])


# ---- the last car


def test_a_resident_is_greeted_by_name_with_the_plate_in_front() -> None:
    shown = first(lane("in", last_decision=decision("granted", "valid_pass", "p-wang")), locale="zh_CN")
    assert shown["car"]["title"] == "粤B 12345"
    assert (shown["car"]["who"], shown["car"]["kind"]) == ("王建国", "月卡")
    assert shown["car"]["word"] == "放行"
    assert shown["car"]["bay"] == "车位 B2-117"
    text = "王建国,您好,您回来了。"
    assert shown["line"] == {"label": "说", "text": text, "brief": text, "tone": "calm", "long": ""}


def test_a_phone_number_is_never_shown() -> None:
    shown = show(lane("in", last_decision=decision("granted", "valid_pass", "p-wang")))
    assert "13900000001" not in json.dumps(shown)


def test_ten_days_before_the_end_the_days_left_are_shown_and_said() -> None:
    wang = "granted", "valid_pass", "p-wang"
    assert car(*wang, days_left=10, valid_until="2026-11-30")["days"] == "10 days left"
    ends = "Your pass ends on 30 Nov, in 10 days. The property office renews it."
    assert said(*wang, days_left=10, valid_until="2026-11-30").endswith(ends)


def test_the_last_day_and_the_day_before_have_words_of_their_own() -> None:
    assert "ends today" in said("granted", "valid_pass", "p-wang", days_left=0, valid_until="2026-11-30")
    assert car("granted", "valid_pass", "p-wang", days_left=1, valid_until="2026-11-30")["days"] == "1 day left"


def test_a_pass_with_eleven_days_is_not_warned_of() -> None:
    wang = "granted", "valid_pass", "p-wang"
    assert car(*wang, days_left=11, valid_until="2026-11-30")["days"] == ""
    assert "ends" not in said(*wang, days_left=11, valid_until="2026-11-30")


def test_the_site_may_warn_earlier() -> None:
    scene = snapshot(lane("in", last_decision=decision("granted", "valid_pass", "p-wang", days_left=20)))
    shown = shown_view(scene, BOOK.get, "en", datetime.now(UTC), expiry_days=30)
    assert shown["lanes"][0]["car"]["days"] == "20 days left"


def test_an_expired_pass_is_told_the_day_it_ended_and_where_to_renew() -> None:
    shown = car("referred", "expired", "p-wang", valid_until="2026-11-10")
    assert shown["word"] == "CHECK" and shown["reason"] == "Pass has expired"
    told = said("referred", "expired", "p-wang", valid_until="2026-11-10")
    assert "ended on 10 Nov" in told and "property office renews" in told


def test_an_instant_ends_on_its_local_day() -> None:
    assert "11 Nov" in said("denied", "expired", "p-wang", valid_until="2026-11-10T16:30:00Z")


@pytest.mark.parametrize("until", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "9999-12-31", "soon"])
def test_a_pass_of_any_end_can_be_shown(until: str) -> None:
    assert car("granted", "valid_pass", "p-wang", valid_until=until)["word"] == "GO"
    assert car("denied", "expired", "p-wang", valid_until=until)["word"] == "DENIED"


def test_an_unknown_card_shows_its_number() -> None:
    shown = car("denied", "unknown_credential")
    assert (shown["title"], shown["who"], shown["kind"]) == ("472299", "", "Card")


def test_a_plate_that_was_read_is_shown_and_not_the_one_of_the_pass() -> None:
    shown = car("referred", "plate_mismatch", "p-wang", credential=Credential("plate", "粤A99999"))
    assert shown["title"] == "粤A 99999"


def test_a_pin_is_never_shown() -> None:
    assert car("denied", "unknown_credential", credential=Credential("pin", "4711"))["title"] == "PIN"


def test_a_blocked_holder_is_neither_named_nor_greeted() -> None:
    shown = car("denied", "blocked", "p-bad", locale="zh_CN")
    assert "赵某" not in json.dumps(shown, ensure_ascii=False)


def test_a_visitor_is_shown_the_way() -> None:
    assert "Please go on to 5栋" in said("granted", "valid_pass", "p-visit")


def test_a_visitor_is_not_sent_to_renew_a_pass_that_is_for_today() -> None:
    visit = "granted", "valid_pass", "p-visit"
    assert car(*visit, days_left=0, valid_until="2026-11-21")["days"] == ""
    assert "renew" not in said(*visit, days_left=0, valid_until="2026-11-21")


def test_an_opening_by_hand_names_the_guard() -> None:
    shown = car("granted", "operator", credential=None, by="林小军")
    assert (shown["title"], shown["reason"]) == ("Opened by 林小军", "Opened by the guard")


def test_a_pass_that_is_gone_from_the_registry_leaves_the_card() -> None:
    assert car("granted", "valid_pass", pass_="p-gone")["title"] == "472299"


def test_a_car_that_has_gone_is_earlier_and_its_holder_masked() -> None:
    shown = car("granted", "valid_pass", "p-wang", present=False)
    assert shown["earlier"] and (shown["who"], shown["kind"]) == ("王**", "Monthly pass")
    assert said("granted", "valid_pass", "p-wang", present=False) == "Hello, welcome home."


@pytest.mark.parametrize("verdict", ["granted", "denied"])
def test_a_car_of_before_a_restart_is_earlier_at_once_and_holds_up_nobody(verdict: str) -> None:
    reason = "valid_pass" if verdict == "granted" else "blocked"
    decided = decision(verdict, reason, "p-wang", ago=3, before_restart=True)
    shown = first(lane("in", approach=True, last_decision=decided))
    assert shown["car"]["earlier"] and shown["needs_you"]
    assert shown["car"]["who"] == "王**"


def test_of_a_long_number_its_end_is_shown() -> None:
    for value, shown in (("E2000017221101441890ABCD", "…90ABCD"), ("4294967295", "4294967295")):
        assert car("denied", "unknown_credential", credential=Credential("card", value))["title"] == shown


def test_a_car_that_has_passed_shows_when() -> None:
    decided = decision("granted", "valid_pass", "p-wang", ago=20)
    passed = LastPassage(at=datetime.now(UTC).isoformat(), type="entered", visit="v", pass_="p-wang", lane="in")
    assert first(lane("in", last_decision=decided, last_passage=passed))["car"]["passed"].startswith("Entered ")


def test_an_older_passage_is_not_taken_for_this_car() -> None:
    passed = LastPassage(at="2026-01-01T00:00:00.000Z", type="entered", visit="v", pass_="p-li", lane="in")
    shown = first(lane("in", last_decision=decision("granted", "valid_pass", "p-wang"), last_passage=passed))
    assert shown["car"]["passed"] == ""


@pytest.mark.parametrize("locale", ["en", "zh_CN"])
@pytest.mark.parametrize("reason", list(Reason))
@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_decision_reads_well(verdict: str, reason: str, locale: str) -> None:
    for pass_id in (None, "p-wang", "p-visit"):
        decided = decision(str(verdict), str(reason), pass_id, valid_until="2026-11-10")
        shown = first(lane("in", last_decision=decided), locale=locale)
        text = shown["line"]["text"]
        assert text and shown["car"]["reason"] and "." not in shown["car"]["word"]
        assert not any(mark in text for mark in ("{", "say.", "  ", ",,"))


# ---- the lane


def test_asked_for_moving_and_open_are_three_different_things() -> None:
    asked = Requested(command="open", by="林小军", since="2026-11-21T00:00:00Z")
    closed = first(lane("in", requested=asked))
    rising = first(lane("in", requested=asked, arm="rising", state="opening"))
    opened = first(lane("in", arm="open", state="open"))
    assert (closed["arm"], closed["asked"], closed["requested"]) == ("closed", "up", "Open asked · 林小军")
    assert (rising["arm"], rising["asked"], rising["requested"]) == ("rising", "", "")
    assert (opened["arm"], opened["asked"]) == ("open", "")


def test_what_is_not_measured_is_unknown_and_not_clear() -> None:
    shown = first(lane("in", approach=None, safety=None, arm="unknown"))
    assert (shown["approach"]["state"], shown["safety"]["state"], shown["arm_text"]) == (
        "unknown",
        "unknown",
        "Unknown",
    )


def test_a_crashed_lane_says_what_to_do() -> None:
    shown = first(crashed())
    assert shown["mode"] == {"key": "crashed", "text": "Arm struck", "tone": "act", "at_ms": shown["mode"]["at_ms"]}
    assert shown["line"]["tone"] == "act" and "cones" in shown["line"]["text"]


def test_a_tag_says_who_why_and_since_when() -> None:
    tag = Tag(by="陈班长", since="2026-11-21T01:00:00Z", reason="maintenance")
    shown = first(lane("in", mode="locked", state="locked", tag=tag))
    assert shown["line"]["text"] == "Out of service: Maintenance. 陈班长, since 09:00."


def test_a_fresh_car_is_spoken_to_even_in_a_locked_lane() -> None:
    decided = decision("referred", "lane_locked", "p-wang")
    assert first(crashed(last_decision=decided))["line"]["label"] == "Say"


def test_what_a_car_was_told_gives_way_to_what_is_to_be_done_once_the_arm_is_struck() -> None:
    decided = decision("granted", "valid_pass", "p-li", ago=8)
    assert "cones" in first(crashed(last_decision=decided, since=at(3)))["line"]["text"]
    assert "cones" in first(crashed(last_decision=decided, since=at(20)))["line"]["text"]


def test_a_question_of_the_lane_goes_before_the_greeting() -> None:
    decided = decision("granted", "valid_pass", "p-wang")
    shown = first(lane("in", notice="no_answer", last_decision=decided))
    assert shown["line"]["label"] == "Do" and "did not move" in shown["line"]["text"]


def test_an_interrupted_lane_asks_a_person_to_decide() -> None:
    assert first(lane("in", interrupted=True, state="interrupted"))["mode"]["tone"] == "decide"


@pytest.mark.parametrize("state", ["interrupted", "stopped", "unknown", "fault", "crashed", "fire", "locked"])
def test_each_state_that_people_must_know_of_says_since_when(state: str) -> None:
    mode = state if state in ("crashed", "fire", "locked") else "auto"
    shown = first(lane("in", state=state, mode=mode, interrupted=state == "interrupted", since="2026-11-21T01:00:00Z"))
    assert (shown["mode"]["key"], shown["mode"]["at_ms"]) == (state, 1_795_222_800_000)


def test_what_a_lane_asks_says_since_when_it_is_asked() -> None:
    shown = first(lane("in", notice="arm_whole", notice_since="2026-11-21T01:00:00Z", since="2026-11-20T01:00:00Z"))
    assert shown["mode"]["at_ms"] == 1_795_222_800_000


def test_a_state_of_unknown_age_shows_none() -> None:
    assert first(lane("in", state="unknown", since=None))["mode"]["at_ms"] is None


def test_a_vehicle_that_nothing_will_open_for_needs_the_guard() -> None:
    refused = lane("in", approach=True, last_decision=decision("denied", "unknown_credential"))
    granted = lane("in", approach=True, last_decision=decision("granted", "valid_pass", "p-wang"))
    assert first(refused)["needs_you"] and not first(granted)["needs_you"] and not first(lane("in"))["needs_you"]


def held(**end: Any) -> LaneView:
    hold = Hold(by="林小军", since="2026-11-21T01:00:00Z", scheduled=False)
    return lane("in", mode="held", state="held", arm="open", hold=replace(hold, **end))


def test_a_hold_shows_who_since_when_and_how_it_ends() -> None:
    soon = (datetime.now(UTC) + timedelta(minutes=14, seconds=30)).isoformat()
    shown = {name: first(one) for name, one in (
        ("open", held()), ("left", held(left=7)), ("until", held(until=soon)), ("both", held(until=soon, left=7)),
    )}  # fmt: skip
    assert shown["open"]["mode"]["text"] == "Held open"
    assert shown["open"]["line"]["text"] == "Held by 林小军 since 09:00. Release ends it."
    assert shown["left"]["mode"]["text"] == "Held: 7 cars"
    assert shown["left"]["line"]["text"] == "Held by 林小军 since 09:00, for 7 more vehicles."
    assert shown["until"]["mode"]["text"] in ("Held 14 min", "Held 15 min")
    assert shown["both"]["mode"]["text"] == shown["until"]["mode"]["text"]
    assert shown["both"]["line"]["text"].endswith(" or 7 more vehicles.")
    assert shown["both"]["line"]["brief"].startswith("Until ")


def test_the_minutes_left_of_a_hold_are_never_below_none() -> None:
    assert first(held(until="2026-01-01T00:00:00Z"))["mode"]["text"] == "Held 0 min"


def test_a_hold_by_the_schedule_says_so() -> None:
    assert "by the schedule since" in first(held(by="schedule"))["line"]["text"]


def test_a_lane_held_by_an_engine_that_tells_no_more_still_reads() -> None:
    assert first(lane("in", mode="held", state="held"))["line"]["text"] == "Held open. Release ends it."


DUE = ServiceNotice(what="cycles", limit=100_000, count=100_123, since="2026-11-19T02:00:00.000Z")


def test_a_service_limit_that_was_passed_is_a_note_with_its_count_and_since_when() -> None:
    shown = first(lane("in", service_due=[DUE]))
    assert shown["mode"] == {"key": "service_due", "text": "Service due", "tone": "note", "at_ms": None}
    assert shown["line"]["text"].startswith("Service due since 19 Nov: 100123 openings, limit 100000. Tell the")
    slow = replace(DUE, what="travel_ms", limit=6000, count=6400)
    assert "arm takes 6.4 s, limit 6.0 s (+1)" in first(lane("in", service_due=[slow, DUE]))["line"]["text"]


def test_service_due_gives_way_to_a_car_and_to_every_other_state() -> None:
    spoken_to = lane("in", service_due=[DUE], last_decision=decision("granted", "valid_pass", "p-wang"))
    assert first(spoken_to)["line"]["label"] == "Say"
    assert first(lane("in", mode="held", state="held", service_due=[DUE]))["mode"]["key"] == "held"
    assert first(lane("in", notice="cycles_high", service_due=[DUE]))["mode"]["key"] == "cycles_high"


def test_a_tag_read_at_another_lane_tells_the_guard_what_to_do_and_nothing_to_say() -> None:
    line = first(lane("in", last_decision=decision("denied", "seen_elsewhere", "p-wang")))["line"]
    assert line["label"] == "Do" and line["text"].startswith("The other lane reads this tag.")


def room(text: str) -> int:
    """What a text takes of a quarter's two lines, in halves of a Chinese character."""
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)


@pytest.mark.parametrize(("locale", "most"), [("en", 52), ("zh_CN", 48)])
def test_every_sentence_has_a_form_that_fits_the_two_short_lines_of_a_quarter(locale: str, most: int) -> None:
    lines = [
        first(
            lane("in", direction=direction, last_decision=decision(verdict, reason, pass_id, days_left=days, **UNTIL)),
            locale=locale,
        )["line"]["brief"]
        for direction in ("entry", "exit")
        for verdict in Verdict
        for reason in Reason
        for pass_id in ("p-wang", "p-visit", "p-bad")
        for days in (None, 0, 1, 10)
    ]
    soon = (datetime.now(UTC) + timedelta(minutes=14)).isoformat()
    states = [held(), held(left=99), held(until=soon), held(until=soon, left=99), lane("in", interrupted=True)]
    states += [lane("in", service_due=[replace(DUE, what=what, limit=60, count=64)]) for what in get_args(ServiceLimit)]
    states += [lane("in", notice=notice) for notice in get_args(Notice)]
    states += [lane("in", mode=mode) for mode in ("crashed", "locked", "fire", "held")]
    states += [lane("in", state=state) for state in ("stopped", "fault", "unknown")]
    lines += [first(one, locale=locale)["line"]["brief"] for one in states]
    assert all(lines)
    long = sorted({line for line in lines if room(line) > most})
    assert not long, "\n".join(long)


def test_a_name_that_is_too_long_for_a_quarter_is_left_out_of_the_sentence_there() -> None:
    book = {"p-long": Pass("p-long", PassKind.MONTHLY, "Bartholomew Featherstonehaugh", plates=("粤B12345",))}
    decided = decision("granted", "valid_pass", pass_="p-long", kind="monthly")
    scene = snapshot(lane("in", last_decision=decided))
    line = shown_view(scene, book.get, "en", datetime.now(UTC))["lanes"][0]["line"]
    assert line["text"] == "Hello Bartholomew Featherstonehaugh, welcome home."
    assert line["brief"] == "Hello, welcome home."


# ---- the buttons


def test_open_is_a_tap_only_while_a_vehicle_is_seen() -> None:
    assert first(lane("in", approach=True))["actions"]["open"]["press"] == "tap"
    assert first(lane("in", approach=False))["actions"]["open"]["press"] == "hold"
    assert first(lane("in", approach=None))["actions"]["open"]["press"] == "hold"


def test_close_is_always_pressed_and_held_and_hold_asks_for_its_end_first() -> None:
    actions = first(lane("in", approach=True))["actions"]
    assert (actions["keep"]["press"], actions["close"]["press"]) == ("sheet", "hold")


def test_a_tag_over_touched_points_asks_for_a_leaders_word_and_keeps_its_button() -> None:
    tag = Tag(by="x", reason="works")
    allowed = {**FREE, "unlock": "points_unticked"}
    shown = first(lane("in", mode="locked", tag=tag, allowed=allowed))["actions"]["tag"]
    assert (shown["on"], shown["waives"], shown["press"]) == (True, True, "pin")
    assert shown["hint"] == "Leader's word"


def test_lock_unlock_and_reset_ask_for_the_pin() -> None:
    tag = Tag(by="x", reason="works")
    assert first(lane("in"))["actions"]["tag"]["command"] == "lock"
    tagged = first(lane("in", mode="locked", tag=tag))["actions"]
    assert (tagged["tag"]["command"], tagged["tag"]["press"]) == ("unlock", "pin")
    assert first(crashed())["actions"]["more"]["press"] == "pin"


def test_a_held_lane_offers_release() -> None:
    held = lane("in", mode="held", state="held", allowed={**FREE, "release": None})
    assert first(held)["actions"]["keep"]["command"] == "release"


def test_where_the_arm_is_out_of_use_a_vehicle_waved_through_is_noted() -> None:
    assert first(crashed(approach=True))["actions"]["open"]["command"] == "passed"


def test_the_last_place_offers_what_fits_the_moment() -> None:
    doubted = lane("in", allowed={**FREE, "close": "safety_unknown"})
    assert first(lane("in"))["actions"]["more"]["command"] == "emergency"
    assert first(doubted)["actions"]["more"]["command"] == "look"
    assert first(lane("in", notice="approach_stuck"))["actions"]["more"]["command"] == "look"
    assert first(crashed())["actions"]["more"]["command"] == "reset"
    assert (
        first(lane("in", notice="arm_whole", allowed={**FREE, "reset": None}))["actions"]["more"]["command"] == "reset"
    )


def test_a_fault_that_the_barrier_reports_is_said_before_anything_else() -> None:
    shown = first(lane("in", state="fault", notice="controller_fault"))
    assert (shown["mode"]["key"], shown["mode"]["tone"]) == ("controller_fault", "decide")
    assert shown["line"]["text"] == "The barrier reports a fault. Look at it, then Open or hold Close."
    told = show(lane("in"), alarms=[alarm("device_lost", 2, lane="in", detail={"reason": "controller_fault"})])
    assert told["alarms"][0]["title"] == "Barrier fault"
    assert told["alarms"][0]["steps"][0] == "Look at the barrier and its controller's lamp."


def test_an_arm_that_moves_too_often_is_a_note_that_nothing_else_gives_way_to() -> None:
    assert first(lane("in", notice="cycles_high"))["mode"]["key"] == "cycles_high"
    assert first(lane("in", mode="held", state="held", notice="cycles_high"))["mode"]["key"] == "held"


def test_a_button_that_is_off_says_why() -> None:
    shown = first(lane("in", allowed={**FREE, "close": "safety_occupied"}))["actions"]["close"]
    assert (shown["on"], shown["hint"]) == (False, "Vehicle under arm")
    assert shown["why"] == "A vehicle is under the arm. Wait until it has gone."


def test_a_reason_that_nobody_knows_yet_still_reads() -> None:
    shown = first(lane("in", allowed={**FREE, "close": "brand_new"}))["actions"]["close"]
    assert (shown["hint"], shown["why"]) == ("Not now", "Not possible now (brand_new).")


def test_an_auditor_sees_everything_and_moves_nothing() -> None:
    actions = first(lane("in", approach=True), role="auditor")["actions"]
    assert not any(action["on"] for action in actions.values())
    assert actions["open"]["hint"] == "Not your task"


# ---- alarms, link and age


def test_the_band_shows_the_most_urgent_alarm_that_nobody_has_seen() -> None:
    seen = alarm("fire", state="acknowledged", acknowledged_by="林小军")
    shown = show(crashed(), alarms=[alarm("uplink_lost", 3, ago=1, lane=None), seen, alarm("crash", 1, ago=60)])
    assert (shown["band"]["title"], shown["band"]["where"], shown["band"]["others"]) == (
        "Arm struck",
        "北门入口",
        "+2 more",
    )
    assert [one["title"] for one in shown["alarms"]] == ["Arm struck", "Link to central lost", "Fire"]


def test_of_two_equal_alarms_the_newest_stands_in_the_band() -> None:
    shown = show(alarms=[alarm("crash", ago=60), alarm("struck_vehicle", ago=5, lane="in")])
    assert shown["band"]["title"] == "Arm touched a vehicle"


def test_an_acknowledged_alarm_stays_in_sight_and_calm() -> None:
    shown = show(crashed(), alarms=[alarm("crash", state="acknowledged", acknowledged_by="林小军")])
    assert shown["band"] is None and shown["calm"]["text"] == "Open: Arm struck · 北门入口"
    assert shown["calm"]["at_ms"] == shown["alarms"][0]["at_ms"]
    assert shown["alarms"][0]["state_text"] == "Seen by 林小军"


def test_the_band_has_no_place_for_what_concerns_the_whole_site() -> None:
    shown = show(alarms=[alarm("power", 2, lane=None)])
    assert (shown["band"]["title"], shown["band"]["where"]) == ("Mains lost", "")
    assert shown["alarms"][0]["where"] == "Site"


def test_an_alarm_that_is_over_but_unseen_stays_in_the_band_and_is_told_as_over() -> None:
    power = show(alarms=[alarm("power", 2, state="returned-unacknowledged")])["band"]
    assert (power["title"], power["where"]) == ("Mains lost", "北门入口 · over")
    site = show(alarms=[alarm("power", 2, state="returned-unacknowledged", lane=None)])["band"]
    assert (site["title"], site["where"]) == ("Mains lost", "over")


def test_after_a_crash_the_next_steps_end_with_the_reset() -> None:
    steps = show(crashed(), alarms=[alarm("crash")])["alarms"][0]["steps"]
    assert "cones" in steps[0] and "both ways" in steps[1] and "Reset" in steps[-1]


def test_the_link_says_what_waits_and_since_when_it_is_down() -> None:
    since = datetime(2026, 11, 21, 8, tzinfo=UTC)
    down = UplinkView(configured=True, up=False, waiting=12, since=since.isoformat())
    at_ms = int(since.timestamp() * 1000)
    shown = {"state": "down", "text": "Link lost", "at_ms": at_ms, "waiting": "12 waiting"}
    assert show(uplink=down)["uplink"] == shown
    assert show(uplink=replace(down, up=True))["uplink"]["at_ms"] is None
    assert show(uplink=UplinkView())["uplink"]["state"] == "none"
    assert show(uplink=UplinkView(configured=True))["uplink"]["state"] == "unknown"


def test_a_snapshot_that_was_old_when_it_came_is_old() -> None:
    assert show(as_of="2026-01-01T00:00:00Z")["age_ms"] > 10**9
    assert show(age_ms=7000)["age_ms"] == 7000


CAMERA = DeviceView(id="cam-in", name="Camera north", state="lost", since="2026-11-21T08:00:00Z")


def test_failing_storage_has_its_place_with_its_age_and_what_to_do_whoever_has_seen_it() -> None:
    seen = alarm("storage_degraded", 2, ago=100, lane=None, state="acknowledged", acknowledged_by="林小军")
    shown = show(journal=FULL, alarms=[seen])
    assert shown["notice"] == {
        "alarm": seen.alarm,
        "text": "Storage failing",
        "at_ms": shown["alarms"][0]["at_ms"],
    }
    assert "Do not switch the box off" in shown["alarms"][0]["steps"][1]
    assert shown["calm"] is None


def test_what_a_snapshot_itself_says_is_wrong_is_told_although_no_alarm_stands_for_it() -> None:
    well = replace(CAMERA, id="cam-out", state="online")
    shown = show(journal=FULL, gateway=GatewayView(id="gw1", clock="unset"), devices=[CAMERA, well])
    assert [one["title"] for one in shown["alarms"]] == ["Device lost", "Storage failing", "Clock not sure"]
    told = shown["alarms"][0]
    assert (told["where"], told["time"], told["state_text"]) == ("Camera north", "16:00", "So now")
    assert all(one["steps"] and not one["unseen"] and not one["closable"] for one in shown["alarms"])
    assert shown["notice"]["text"] == "Storage failing" and shown["band"] is None
    assert shown["calm"]["text"] == "Open: Device lost · Camera north +1"


def test_a_lost_device_whose_alarm_stands_is_told_once_and_by_its_name() -> None:
    told = alarm("device_lost", 2, lane=None, device="cam-in")
    shown = show(devices=[CAMERA], alarms=[told])["alarms"]
    assert [(one["title"], one["where"]) for one in shown] == [("Device lost", "Camera north")]


def test_a_clock_that_is_not_set_is_told() -> None:
    assert show(gateway=GatewayView(id="gw1", clock="unset"))["notice"]["text"] == "Clock not sure"
    assert show(gateway=GatewayView(id="gw1", clock="holdover"))["notice"] is None


@pytest.mark.parametrize(("hour", "night"), [(22, True), (23, False), (10, False), (11, True)])
@pytest.mark.parametrize("site", [{"id": "north"}, {"id": "north", "timezone": "Asia/Shanghai"}])
def test_it_is_night_by_the_clock_of_the_site_also_without_a_time_zone(
    site: dict[str, Any], hour: int, night: bool
) -> None:
    now = datetime(2026, 11, 21, hour, tzinfo=UTC)
    assert shown_view(blank_snapshot({"site": site}), BOOK.get, "en", now)["night"] is night


def test_before_the_engine_has_ever_answered_the_lanes_stand_there_unknown() -> None:
    document = {"site": {"name": "N"}, "lanes": [{"id": "in", "direction": "entry", "barrier": {}}]}
    shown = shown_view(blank_snapshot(document), BOOK.get, "en", datetime.now(UTC))["lanes"][0]
    assert shown["arm"] == "unknown" and not shown["actions"]["open"]["on"]


# ---- how loud an alarm is, and what can be done about it


def test_a_lost_link_is_told_quietly_and_not_at_all_once_it_is_mended() -> None:
    lost = alarm("uplink_lost", 3, lane=None)
    shown = show(alarms=[lost])
    assert shown["band"] is None and shown["calm"]["text"] == "Open: Link to central lost · Site"
    mended = show(alarms=[replace(lost, state="returned-unacknowledged")])
    assert mended["band"] is None and mended["calm"] is None


@pytest.mark.parametrize(("kind", "tone"), [("crash", "act"), ("device_lost", "decide"), ("uplink_lost", "note")])
def test_the_colour_of_an_alarm_says_what_the_guard_has_to_do(kind: str, tone: str) -> None:
    assert show(alarms=[alarm(kind, KINDS[kind].priority, lane=None)])["alarms"][0]["tone"] == tone


def test_every_kind_has_its_colour() -> None:
    assert set(KINDS) - set(_TONES) == SILENT_KINDS


REFUSED = {"credential": {"kind": "plate", "value": "粤B12345"}, "why": "not_known", "by": "Lin"}


def test_a_refusal_is_at_the_leader_and_the_control_room_with_its_car_author_and_reason() -> None:
    told = [replace(alarm("refused", 3), detail=REFUSED, state="returned-unacknowledged")]
    for role in ("leader", "control_room"):
        band = show(lane("in"), alarms=told, role=role)["band"]
        assert band["title"] == "Car refused"
        assert "粤B 12345" in band["where"]
        assert "over" not in band["where"]
        [shown] = show(lane("in"), alarms=told, role=role)["alarms"]
        assert shown["steps"][0] == "Turned away by Lin: not known."
    assert "Lin" in show(alarms=told, role="leader", locale="zh_CN")["alarms"][0]["steps"][0]


def test_a_refusal_is_not_shown_to_the_guard_who_made_it() -> None:
    told = [replace(alarm("refused", 3), detail=REFUSED, state="returned-unacknowledged")]
    for role in ("guard", "office", "auditor"):
        assert show(alarms=told, role=role)["alarms"] == []


def test_a_watched_car_shows_at_the_desk_of_the_control_room_and_nowhere_else() -> None:
    told = [replace(alarm("watched", 3), detail={"credential": REFUSED["credential"], "entry": "l1"})]
    for role in Role:
        assert show(alarms=told, role=role)["alarms"] == []
        away = shown_view(
            snapshot(alarms=told), BOOK.get, "en", datetime.now(UTC), role=role, stands_at=lambda _: False
        )
        assert bool(away["alarms"]) is (role is Role.CONTROL_ROOM)


def test_duress_shows_nothing_at_the_booth_and_everything_at_the_control_room() -> None:
    told = [alarm("duress", 1)]
    for role in ("guard", "leader", "control_room"):
        assert show(alarms=told, role=role)["alarms"] == []
    away = shown_view(
        snapshot(alarms=told), BOOK.get, "en", datetime.now(UTC), role="control_room", stands_at=lambda _: False
    )
    assert away["band"]["title"] == "Duress"


CABLE = {"type": "tcp", "host": "10.0.0.9", "port": 502}
WIRED: dict[str, Any] = {
    "devices": [
        {"id": "io-1", "driver": "modbus", "unit": 1, "link": CABLE},
        {"id": "io-2", "driver": "modbus", "unit": 2, "link": CABLE},
        {"id": "rd", "driver": "rdm6300", "port": "/dev/ttyUSB0"},
        {"id": "cam", "driver": "plate-http", "name": "Camera at the mast"},
    ],
    "lanes": [
        {"id": "in", "name": "North in", "barrier": {"open": "io-1.output.0"}, "readers": ["rd"], "cameras": ["cam"]},
        {"id": "out", "name": "North out", "barrier": "b2"},
    ],
    "barriers": [{"id": "b2", "open": "io-2.output.0", "safety_loop": ["io-2.input.1"]}],
}


def lost(*devices: str) -> list[dict[str, Any]]:
    found = [
        alarm("device_lost", 2, lane=None, device=one, ago=9 + n, alarm=f"a-{one}") for n, one in enumerate(devices)
    ]
    shown = shown_view(snapshot(alarms=found), BOOK.get, "en", datetime.now(UTC), document=WIRED)
    told: list[dict[str, Any]] = shown["alarms"]
    return told


def test_one_cut_cable_is_one_alarm_with_the_names_of_what_hangs_on_it() -> None:
    (told,) = lost("io-1", "io-2")
    assert (told["title"], told["where"]) == ("2 devices lost", "board, North in, board, North out")
    assert told["alarms"] == ["a-io-1", "a-io-2"] and "One cable" in told["steps"][0]


def test_devices_on_cables_of_their_own_are_alarms_of_their_own_by_name() -> None:
    assert sorted(one["where"] for one in lost("rd", "cam", "io-1")) == [
        "Camera at the mast",
        "board, North in",
        "reader, North in",
    ]


@pytest.mark.parametrize(
    ("kind", "facts", "why"),
    [
        ("tailgating", {"active": False}, ""),
        ("tailgating", {"active": True}, "The cause lasts still. It can be closed when that is over."),
        ("power", {"active": True}, "The cause lasts still. It can be closed when that is over."),
        ("crash", {"active": True}, "The arm is not whole yet: Reset the lane, then close this."),
        ("crash", {"active": False}, ""),
    ],
)
def test_an_alarm_whose_cause_lasts_is_not_offered_to_be_closed_and_says_why(
    kind: str, facts: dict[str, Any], why: str
) -> None:
    seen = alarm(kind, KINDS[kind].priority, state="acknowledged", acknowledged_by="Lin", **facts)
    told = show(alarms=[seen])["alarms"][0]
    assert (told["closable"], told["lasts"]) == (not why, why)


# ---- words and buttons say the same


@pytest.mark.parametrize(
    ("allowed", "more", "way"),
    [
        ({}, {}, "then Open or hold Close."),
        ({"close": "safety_occupied"}, {}, "then Open."),
        ({"open": "grants_full"}, {}, "then hold Close."),
        ({"open": "device_lost", "close": "device_lost"}, {}, "then use the barrier's button."),
        ({}, {"case": case()}, "then Compare or hold Close."),
    ],
)
def test_what_is_to_be_done_names_the_buttons_that_are_on(
    allowed: dict[str, Any], more: dict[str, Any], way: str
) -> None:
    stopped = lane("in", interrupted=True, state="interrupted", allowed={**FREE, **allowed}, **more)
    assert first(stopped)["line"]["text"].endswith(way)


def test_a_car_that_was_just_refused_is_not_let_in_by_one_tap() -> None:
    refused = Handled(what="refused", by="Lin", reason="other", at=at(1))
    decided = decision("denied", "expired", "p-wang", present=True, handled=refused)
    opens = first(lane("in", approach=True, last_decision=decided))["actions"]["open"]
    assert (opens["press"], opens["hint"]) == ("hold", "refused: hold")
    behind = first(lane("in", approach=True, last_decision=replace(decided, present=False)))["actions"]["open"]
    assert behind["press"] == "tap"


def test_one_car_is_not_told_in_the_plural() -> None:
    assert first(held(left=1))["mode"]["text"] == "Held: 1 car"


@pytest.mark.parametrize(("until", "day"), [("2026-11-10", "10 Nov."), ("2024-01-01", "1 Jan 2024.")])
def test_a_day_of_another_year_has_its_year(until: str, day: str) -> None:
    when = datetime(2026, 11, 21, 8, tzinfo=UTC)
    decided = decision("denied", "expired", "p-wang", valid_until=until, present=True)
    line = shown_view(snapshot(lane("in", last_decision=decided)), BOOK.get, "en", when)["lanes"][0]["line"]
    assert f"ended on {day}" in line["text"]
