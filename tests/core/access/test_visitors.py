"""Expected visitors: once in within their time, once out at any time, by plate, card or code."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.vocabulary import events
from gateway.core.vocabulary.events import ExpectedVisit, OpenVisit
from gateway.core.vocabulary.passes import Pass, PassKind
from tests.core.playbook import Playbook, TwoLanes, site_document, two_lanes

HOUR_NS = 3_600 * 1_000_000_000


def visitor(play: Playbook, visit: str = "visit-1", **more: Any) -> ExpectedVisit:
    now_ns = play.now().wall_ns
    return ExpectedVisit(visit, more.pop("from_ns", now_ns), more.pop("until_ns", now_ns + HOUR_NS), **more)


def read(play: Playbook, *expected: ExpectedVisit, value: str = "77", **more: Any) -> None:
    play.read(value, passes=more.pop("passes", ()), expected=expected, **more)


def exit_lane() -> dict[str, Any]:
    document = site_document()
    document["lanes"][0]["direction"] = "exit"
    return document


def test_a_visitor_comes_in_and_its_visit_begins_under_its_own_id() -> None:
    play = Playbook()
    read(play, visitor(play, plate="粤B12345"))
    granted = play.data("access.granted")
    assert (granted["reason"], granted["visit"], granted["pass"]) == ("expected_visit", "visit-1", None)
    play.rise()
    play.drive_through()
    entered = play.data("passage.entered")
    assert (entered["visit"], entered["pass"], entered["plate"]) == ("visit-1", None, "粤B12345")


def test_a_visitor_comes_in_once() -> None:
    play = Playbook()
    read(play, visitor(play))
    play.rise()
    play.drive_through()
    play.advance(900)
    play.lower()
    play.advance(10_000)
    read(play, visitor(play), after="")  # as the projections still have it
    assert play.data("access.denied")["reason"] == "already_inside"
    read(play, visitor(play, entered=True), value="78")
    assert len(play.types("access.granted")) == 1


def test_a_visitor_who_left_unseen_does_not_keep_its_next_visit_out() -> None:
    play = Playbook()
    now_ns = play.now().wall_ns
    before = visitor(play, "before", from_ns=now_ns - 3 * HOUR_NS, until_ns=now_ns - HOUR_NS, entered=True)
    read(play, before, visitor(play, "now"))
    assert play.data("access.granted")["visit"] == "now"


@pytest.mark.parametrize(("ends", "begins", "reason"), [(1, 0, "already_inside"), (-1, 1, "expired")])
def test_a_visitor_who_is_inside_does_not_come_in_as_the_next_one(ends: int, begins: int, reason: str) -> None:
    play = Playbook()
    now_ns = play.now().wall_ns
    inside = visitor(play, "inside", from_ns=now_ns - 3 * HOUR_NS, until_ns=now_ns + ends * HOUR_NS, entered=True)
    read(play, inside, visitor(play, "next", from_ns=now_ns + begins * HOUR_NS, until_ns=now_ns + 9 * HOUR_NS))
    assert play.data("access.denied")["reason"] == reason


def test_the_newest_visit_goes_out() -> None:
    play = Playbook(exit_lane())
    now_ns = play.now().wall_ns
    before = visitor(play, "before", from_ns=now_ns - 3 * HOUR_NS, until_ns=now_ns - HOUR_NS, entered=True)
    stays = tuple(OpenVisit(one, None, None, now_ns, "77") for one in ("before", "now"))
    read(play, before, visitor(play, "now", entered=True), visits=stays)
    assert play.data("access.granted")["visit"] == "now"


def test_of_two_lanes_only_one_lets_the_visitor_in() -> None:
    document = two_lanes()
    document["lanes"][1]["direction"] = "entry"
    play = TwoLanes(document)
    read(play, visitor(play))
    read(play, visitor(play), device="reader-out", value="78")
    assert play.data("access.denied")["reason"] == "already_inside"


def test_a_visitor_whose_inferred_entry_did_not_happen_may_come_in_again() -> None:
    play = Playbook(site_document(approach_loop=None))
    read(play, visitor(play))
    play.rise()
    play.set(safety_loop=True)
    play.set(safety_loop=False)
    play.advance(700)
    assert play.data("passage.entered")["visit"] == "visit-1"
    play.advance(30_000)
    read(play, visitor(play))
    assert play.data("passage.reversed")["voids"] == "visit-1"
    read(play, visitor(play), value="78")
    assert [row.data["visit"] for row in play.rows if row.type == "access.granted"][-1] == "visit-1"


@pytest.mark.parametrize(
    ("from_h", "until_h", "verdict", "reason"),
    [(-2, -1, "denied", "expired"), (1, 2, "denied", "not_yet_valid"), (-1, 1, "granted", "expected_visit")],
)
def test_a_visitor_comes_in_within_its_time(from_h: int, until_h: int, verdict: str, reason: str) -> None:
    play = Playbook()
    now_ns = play.now().wall_ns
    read(play, visitor(play, from_ns=now_ns + from_h * HOUR_NS, until_ns=now_ns + until_h * HOUR_NS))
    assert play.data(f"access.{verdict}")["reason"] == reason


def test_of_several_visitors_with_one_card_the_one_of_now_counts() -> None:
    play = Playbook()
    now_ns = play.now().wall_ns
    yesterday = visitor(play, "yesterday", from_ns=0, until_ns=now_ns - HOUR_NS)
    later = visitor(play, "later", from_ns=now_ns + HOUR_NS, until_ns=now_ns + 2 * HOUR_NS)
    read(play, yesterday, later, visitor(play, "now"))
    assert play.data("access.granted")["visit"] == "now"


@pytest.mark.parametrize(
    ("kind", "verdict", "reason"),
    [
        (PassKind.BLOCKED, "denied", "blocked"),
        (PassKind.MONTHLY, "granted", "expected_visit"),
        (PassKind.STAFF, "granted", "expected_visit"),
    ],
)
def test_a_pass_that_does_not_let_in_leaves_it_to_the_visit_but_for_a_blocked_one(
    kind: PassKind, verdict: str, reason: str
) -> None:
    play = Playbook()
    ended = Pass("p9", kind, valid_until="2020-01-01")
    read(play, visitor(play), passes=(ended,))
    assert play.data(f"access.{verdict}")["reason"] == reason


def test_a_visitor_goes_out_after_its_time_too_and_ends_its_visit() -> None:
    play = Playbook(exit_lane())
    now_ns = play.now().wall_ns
    stay = OpenVisit("visit-1", None, "粤B12345", now_ns - 5 * HOUR_NS, "77")
    late = visitor(play, from_ns=now_ns - 6 * HOUR_NS, until_ns=now_ns - HOUR_NS, entered=True)
    read(play, late, visits=(stay,))
    play.rise()
    play.drive_through()
    exited = play.data("passage.exited")
    assert (exited["visit"], exited["duration_s"] // 60) == ("visit-1", 300)


def test_a_visitor_who_never_came_in_is_referred_at_the_exit() -> None:
    play = Playbook(exit_lane())
    read(play, visitor(play))
    assert play.data("access.referred")["reason"] == "not_inside"


def test_a_car_with_another_plate_than_the_visitors_card_is_compared() -> None:
    document = site_document()
    document["devices"].append({"id": "cam", "driver": "noop"})
    document["lanes"][0]["cameras"] = ["cam"]
    play = Playbook(document)
    play.set(approach_loop=True)
    play.happens(events.CredentialRead("cam", "plate", "粤C99999"))
    read(play, visitor(play, plate="粤B12345"))
    assert play.data("access.referred")["reason"] == "plate_mismatch"


def test_a_visitor_with_card_and_plate_is_one_decision() -> None:
    document = site_document()
    document["devices"].append({"id": "cam", "driver": "noop"})
    document["lanes"][0]["cameras"] = ["cam"]
    play = Playbook(document)
    play.set(approach_loop=True)
    read(play, visitor(play, plate="粤B12345"))
    play.happens(events.CredentialRead("cam", "plate", "粤B12345", expected=(visitor(play, plate="粤B12345"),)))
    assert len(play.types("access.granted")) == 1
    assert not play.types("access.referred")


def test_a_guard_who_releases_a_visitor_begins_that_visit() -> None:
    play = Playbook()
    now_ns = play.now().wall_ns
    play.set(approach_loop=True)
    read(play, visitor(play, from_ns=now_ns + HOUR_NS, until_ns=now_ns + 2 * HOUR_NS))
    assert play.data("access.denied")["reason"] == "not_yet_valid"
    assert play.person("open").status == "done"
    play.rise()
    play.drive_through()
    assert play.data("passage.entered")["visit"] == "visit-1"


def test_a_kill_between_grant_and_passage_keeps_the_visit() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    read(play, visitor(play))
    play.rise()
    play.set(safety_loop=True)
    play.set(approach_loop=False)
    again = play.restarted()
    again.advance(2000)
    again.set(safety_loop=False)
    again.advance(800)
    assert again.data("passage.entered")["visit"] == "visit-1"
