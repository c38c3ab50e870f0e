"""What a screen says of an arm, a car or an order is true at that moment: whose verdict it is, and how far it is."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.core.access.pending import REFUSE_REASONS, RELEASE_REASONS
from gateway.core.lane.people.refusals import TABLE
from gateway.core.vocabulary.views import Handled, LaneView, LastDecision, Pause, Requested, Tag, WaitingGrant
from tests.support.engine_stand_in import FREE
from tests.support.guard_scene import PASSES, at, case, crashed, decision, lane, shown_view, snapshot
from web.guard.orders.may import ON_THE_SPOT, TAG_KEEPS_AFAR
from web.words.texts import LOCALES, words

BOOK = {pass_.id: pass_ for pass_ in PASSES}
STANDS = {"approach": True, "crossing": "waiting"}
TAG = Tag(by="陈班长", since=at(60), reason="maintenance")
TAGGED = {"mode": "locked", "state": "locked", "tag": TAG}
ASKED = Requested(command="open", by="gateway", since=at(1))
# Every reason why no card opens a lane, as the lane looks then.
CLOSED: dict[str, dict[str, Any]] = {
    "lane_locked": TAGGED,
    "lane_crashed": {"mode": "crashed", "state": "crashed", "arm": "unknown"},
    "interrupted": {"interrupted": True, "state": "interrupted"},
    "stopped": {"state": "stopped", "arm": "stopped"},
    "no_answer": {"notice": "no_answer"},
    "device_lost": {"state": "unknown", "arm": "unknown"},
    "fault": {"state": "fault", "arm": "between"},
    "paused": {"pause": Pause(by="林小军", since=at(2), until=at(-8))},
}


def view(*lanes: LaneView, locale: str = "en", **more: Any) -> dict[str, Any]:
    return shown_view(snapshot(*lanes), BOOK.get, locale, datetime.now(UTC), **more)


def first(one: LaneView, **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = view(one, **more)["lanes"][0]
    return found


def granted(present: bool = True, **more: Any) -> LastDecision:
    return decision("granted", "valid_pass", "p-wang", present=present, grant="g1", **more)


# ---- asked for, moving and done


@pytest.mark.parametrize(
    ("arm", "step"), [("closed", "asked"), ("rising", "moving"), ("open", "done"), ("unknown", "asked")]
)
def test_go_is_a_fact_only_once_the_arm_is_measured_up(arm: str, step: str) -> None:
    shown = first(lane("in", **STANDS, arm=arm, requested=ASKED, last_decision=granted()))
    assert shown["bar"]["step"] == step
    assert (shown["bar"]["word"] == "GO") is (step != "asked")


def test_what_was_asked_for_is_shown_as_long_as_the_arm_does_not_follow() -> None:
    shown = first(lane("in", requested=replace(ASKED, by="林小军"), last_decision=granted()))
    assert (shown["asked"], shown["requested"]) == ("up", "Open asked · 林小军")


# ---- the verdict belongs to its car


@pytest.mark.parametrize("verdict", ["granted", "denied", "referred"])
@pytest.mark.parametrize("ago", [0, 5, 29, 300, 5000])
def test_a_verdict_ends_with_its_car_and_not_with_a_clock(verdict: str, ago: float) -> None:
    reason = "valid_pass" if verdict == "granted" else "expired"
    for present in (True, False):
        decided = decision(verdict, reason, "p-wang", ago=ago, present=present)
        shown = first(lane("in", **STANDS, last_decision=decided))
        assert shown["car"]["earlier"] is not present
        assert shown["bar"]["step"] == ("asked" if verdict == "granted" and present else "")


def test_a_new_car_at_the_closed_arm_needs_the_guard_and_is_not_told_to_drive_on() -> None:
    shown = first(lane("in", **STANDS, last_decision=granted(present=False, ago=2)))
    assert shown["needs_you"] and shown["car"]["earlier"]
    assert shown["car"]["who"] == "王**"


# ---- what keeps a lane from opening


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("code", CLOSED)
def test_a_lane_that_no_card_opens_says_so_first_and_neither_go_nor_welcome(code: str, locale: str) -> None:
    shown = first(lane("in", **STANDS, **CLOSED[code], cannot_open=code, last_decision=granted()), locale=locale)
    assert shown["bar"]["verdict"] == "blocked"
    word = "verdict.blocked.no_answer" if code == "no_answer" else "verdict.blocked"
    assert shown["bar"]["word"] == words(locale)(word)
    assert shown["line"]["label"] == words(locale)("do.label")
    assert shown["mode"] is not None
    for text in (shown["line"]["text"], shown["line"]["brief"]):
        assert "welcome" not in text and "回来" not in text


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("code", [one for one in CLOSED if one not in ("lane_locked", "lane_crashed", "no_answer")])
def test_the_line_says_that_no_card_opens(code: str, locale: str) -> None:
    shown = first(lane("in", **CLOSED[code], cannot_open=code, last_decision=granted()), locale=locale)
    wanted = re.compile(r"no card opens|刷卡不开|暂不刷卡", re.IGNORECASE)
    assert wanted.search(shown["line"]["text"]) and wanted.search(shown["line"]["brief"])


@pytest.mark.parametrize(("locale", "wanted"), [("en", "The next card tries again"), ("zh_CN", "下一次刷卡会再试")])
def test_an_arm_that_did_not_move_is_tried_again_by_the_next_card(locale: str, wanted: str) -> None:
    shown = first(lane("in", **CLOSED["no_answer"], cannot_open="no_answer", last_decision=granted()), locale=locale)
    for text in (shown["line"]["text"], shown["line"]["brief"]):
        assert wanted in text and "no card opens" not in text and "刷卡不开" not in text


def test_a_referred_resident_does_not_hide_that_the_lane_waits_for_a_decision() -> None:
    referred = decision("referred", "lane_fault", "p-wang", present=True)
    shown = first(lane("in", **STANDS, **CLOSED["interrupted"], cannot_open="interrupted", last_decision=referred))
    assert shown["line"]["text"].startswith("No card opens")


def test_at_an_arm_out_of_use_the_driver_is_spoken_to_under_the_words_that_no_card_opens() -> None:
    referred = decision("referred", "lane_locked", "p-wang", present=True)
    shown = first(crashed(cannot_open="lane_crashed", last_decision=referred))
    assert (shown["bar"]["verdict"], shown["bar"]["tone"], shown["line"]["label"]) == ("blocked", "act", "Say")


def test_a_pause_counts_down_to_its_end() -> None:
    pause = Pause(by="林小军", since=at(2), until=at(-8))
    shown = first(lane("in", pause=pause, cannot_open="paused"))
    assert shown["mode"]["key"] == "paused" and shown["mode"]["at_ms"] is None
    left_ms = shown["pause_ends_ms"] - datetime.now(UTC).timestamp() * 1000
    assert 7_000 < left_ms <= 8_000
    assert first(lane("in"))["pause_ends_ms"] is None


def test_a_lane_that_works_shows_its_car() -> None:
    assert first(lane("in", cannot_open=None, last_decision=granted()))["bar"]["verdict"] == "granted"


# ---- who was let in and has not passed


def grant(grant_id: str, by: str = "gateway", pass_: str | None = None) -> WaitingGrant:
    return WaitingGrant(id=grant_id, at=at(12), by=by, reason="operator", pass_=pass_)


def test_a_waiting_grant_is_shown_with_who_by_whom_and_since_when() -> None:
    waiting = [grant("g9", "林小军", "p-li")]
    shown = first(lane("in", arm="open", last_decision=granted(present=False), waiting_grants=waiting))
    assert shown["waits"]["text"] == "粤B D12345 waits · 林小军"
    assert (shown["waits"]["shown"], shown["waits"]["by"]) == ("粤B D12345 waits", "林小军")
    assert 11_000 < datetime.now(UTC).timestamp() * 1000 - shown["waits"]["at_ms"] < 60_000
    assert shown["actions"]["open"]["hint"] == shown["waits"]["text"]


def test_the_grant_of_the_car_that_is_shown_is_no_other() -> None:
    shown = first(lane("in", arm="open", last_decision=granted(), waiting_grants=[grant("g1"), grant("g2", "Wei")]))
    assert shown["waits"]["shown"] == "+1 let in"
    assert first(lane("in", last_decision=granted(), waiting_grants=[grant("g1")]))["waits"] is None


# ---- the car that waits for a person's word


JUDGED = {**FREE, "refuse": None, "seen_to": None}


def test_a_car_that_waits_for_a_word_is_compared_in_the_place_of_open() -> None:
    shown = first(lane("in", **STANDS, allowed=JUDGED, case=case()))
    action = shown["actions"]["open"]
    assert (action["command"], action["press"], action["on"]) == ("compare", "case", True)
    found = shown["case"]
    assert (found["read"], found["plates"], found["differ"]) == ("粤A 99999", "粤B D12345", True)
    assert (found["holder"], found["unit"], found["shown"]) == ("李美华", "1栋302", "100200")
    assert (found["word"], found["reason"]) == ("CHECK", "Plate does not match")
    assert [found[one]["command"] for one in ("release", "refuse", "seen_to")] == ["open", "refuse", "seen_to"]
    assert shown["needs_you"]


def test_a_phone_number_and_a_blocked_holder_stay_out_of_the_comparison() -> None:
    blocked = case(pass_="p-bad", reason="blocked", verdict="denied", kind="blocked")
    shown = first(lane("in", **STANDS, allowed=JUDGED, case=blocked))["case"]
    assert shown["holder"] == "赵**"
    assert "13900000002" not in str(first(lane("in", allowed=JUDGED, case=case())))


def test_an_unknown_car_has_no_pass_beside_it() -> None:
    unknown = case(pass_=None, kind=None, reason="unknown_credential", plate_read=None)
    shown = first(lane("in", allowed=JUDGED, case=unknown))["case"]
    assert (shown["plates"], shown["holder"], shown["unit"], shown["read"]) == ("", "", "", "")


def test_past_an_arm_out_of_use_a_release_is_passed_by_hand() -> None:
    allowed = {**JUDGED, "open": "lane_crashed"}
    assert first(crashed(allowed=allowed, case=case()))["case"]["release"]["command"] == "passed"


def test_a_proof_that_is_missing_is_named() -> None:
    shown = first(lane("in", case=case(verdict=None, reason=None, missing=("second_proof",))))
    assert shown["case"]["missing"] == "Still missing: card or plate"


def test_a_role_that_may_not_open_may_not_judge() -> None:
    shown = first(lane("in", allowed=JUDGED, case=case()), role="auditor")
    assert not shown["actions"]["open"]["on"] and not shown["case"]["release"]["on"]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("what", ["released", "refused", "reported"])
def test_what_a_person_did_with_a_car_and_why_is_on_its_line(what: str, locale: str) -> None:
    handled = Handled(what=what, by="林小军", reason="other", at=at(1))
    shown = first(lane("in", last_decision=granted(handled=handled)), locale=locale)
    assert "林小军" in shown["bar"]["reason"] and words(locale)("because.other") in shown["bar"]["reason"]


def test_a_reason_in_words_of_their_own_is_shown_as_it_was_given() -> None:
    handled = Handled(what="released", by="Lin", reason="parcel for 4-201", at=at(1))
    shown = first(lane("in", last_decision=granted(handled=handled)))
    assert shown["bar"]["reason"] == "Lin released: parcel for 4-201"


@pytest.mark.parametrize("locale", LOCALES)
def test_every_reason_of_the_short_lists_has_words(locale: str) -> None:
    asked = {f"because.{one}" for one in (*RELEASE_REASONS, *REFUSE_REASONS)}
    assert sorted(one for one in asked if one not in words(locale)) == []


# ---- who stands at the lane


def far(one: LaneView, **more: Any) -> dict[str, Any]:
    return first(one, stands_at=lambda _lane: False, **more)


def test_what_only_a_station_may_do_is_off_elsewhere_and_says_so() -> None:
    shown = far(lane("in"))["actions"]["more"]
    assert (shown["command"], shown["on"], shown["hint"]) == ("emergency", False, "Only on the spot")
    assert far(lane("in", notice="vehicle_under"))["actions"]["more"]["hint"] == "Only on the spot"
    tagged = lane("in", **TAGGED, allowed={**FREE, "unlock": None, "lock": "locked_already"})
    assert far(tagged)["actions"]["tag"]["hint"] == "Only on the spot"
    assert first(tagged)["actions"]["tag"]["on"]


def test_a_lane_without_a_safety_loop_is_closed_on_the_spot_only() -> None:
    assert far(lane("in", safety=None))["actions"]["close"]["hint"] == "Loop not sure"
    assert first(lane("in", safety=None))["actions"]["close"]["on"]


def test_elsewhere_one_may_still_open_and_hold() -> None:
    shown = far(lane("in"))["actions"]
    assert shown["open"]["on"] and shown["keep"]["on"]


def test_where_an_identity_is_required_open_is_offered_on_the_spot_only() -> None:
    required = {"remote_open": {"identity": "required"}}
    shown = far(lane("in"), document=required)["actions"]["open"]
    assert (shown["on"], shown["hint"]) == (False, "Identity first")
    assert first(lane("in"), document=required)["actions"]["open"]["on"]


def test_the_screen_knows_what_the_core_keeps_for_the_spot() -> None:
    spot = {command for command, checks in TABLE.items() if any(code == "on_the_spot_only" for code, _ in checks)}
    assert spot == ON_THE_SPOT
    afar = {
        command
        for command, checks in TABLE.items()
        if any(code == "lane_locked" for code, _ in checks) and TABLE["stop"][0] in checks
    }
    assert afar == TAG_KEEPS_AFAR


# ---- an emergency opens the exits too


@pytest.mark.parametrize("locale", LOCALES)
def test_at_an_entry_urgent_says_which_exits_it_opens_too(locale: str) -> None:
    shown = view(lane("in", **STANDS), lane("out"), locale=locale)["lanes"]
    more = shown[0]["actions"]["more"]
    assert more["command"] == "emergency" and "北门出口" in more["hint"] and "北门出口" in more["spoken"]
    assert "北门" not in shown[1]["actions"]["more"]["hint"]


def test_of_many_exits_the_button_says_how_many_and_aloud_which() -> None:
    more = view(lane("in"), lane("out"), lane("goods"))["lanes"][0]["actions"]["more"]
    assert more["hint"] == "also 2 exits" and "北门出口, 货运出口" in more["spoken"]
    long = view(lane("in"), lane("out", name="North gate, the way out"))["lanes"][0]["actions"]["more"]
    assert long["hint"] == "also the exit" and "North gate, the way out" in long["spoken"]


def test_an_exit_that_cannot_open_is_not_promised() -> None:
    tagged = lane("out", **TAGGED, allowed={**FREE, "emergency": "lane_locked"})
    more = view(lane("in", **STANDS), tagged)["lanes"][0]["actions"]["more"]
    assert "spoken" not in more and more["hint"] == ""


# ---- no sentence promises what is not done


@pytest.mark.parametrize("locale", LOCALES)
def test_no_sentence_offers_to_register_a_visitor_or_to_pay(locale: str) -> None:
    offers = re.compile(r"register (you|a visit)|pay here|办访客|可以在这里缴", re.IGNORECASE)
    said = words(locale).part("say.", "brief.say.", "do.", "brief.do.")
    assert [key for key, text in said.items() if offers.search(text)] == []
