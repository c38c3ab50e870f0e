"""The main job: a card, an open arm, a car that really crossed, a closed arm, and what the journal says of it."""

from __future__ import annotations

import msgspec
import pytest

from gateway.core.vocabulary import events
from gateway.core.vocabulary.events import OpenVisit
from gateway.core.vocabulary.passes import Pass, PassKind
from tests.core.playbook import MONTHLY, START_WALL_NS, Playbook, site_document


def test_a_resident_comes_in_and_the_journal_tells_it_in_order() -> None:
    play = Playbook()
    play.let_in()
    assert play.types()[1:] == [
        "access.granted",
        "barrier.commanded",
        "barrier.opened",
        "passage.entered",
        "barrier.commanded",
        "barrier.closed",
    ]
    entered = play.data("passage.entered")
    assert (entered["pass"], entered["method"], entered["certainty"]) == ("p1", "automatic", "measured")
    assert entered["plate"] == "京A12345"
    assert play.pulses() == ["open", "close"]
    assert play.lane()["state"] == "ready"


def test_nothing_moves_before_its_row_is_durable() -> None:
    play = Playbook()
    play.journal_waits = True
    play.read()
    assert play.types()[-2:] == ["access.granted", "barrier.commanded"]
    assert play.pulses() == []
    assert play.lane()["requested"]["command"] == "open"
    play.commit()
    assert play.pulses() == ["open"]


def test_the_gate_opens_with_slow_storage_once_it_has_waited() -> None:
    play = Playbook()
    play.journal_waits = True
    play.read()
    token = play.uncommitted.pop()
    play.happens(events.JournalDelayed(token))
    assert play.pulses() == ["open"]
    play.happens(events.JournalCommitted(token))
    assert play.pulses() == ["open"]


@pytest.mark.parametrize(
    ("passes", "type_", "reason"),
    [
        ((), "access.denied", "unknown_credential"),
        ((Pass(id="b", kind=PassKind.BLOCKED),), "access.denied", "blocked"),
        ((msgspec.structs.replace(MONTHLY, valid_from="2030-01-01"),), "access.denied", "not_yet_valid"),
        ((msgspec.structs.replace(MONTHLY, valid_until="2020-01-01"),), "access.denied", "expired"),
    ],
)
def test_a_card_that_may_not_stays_outside_with_its_reason(passes: tuple[Pass, ...], type_: str, reason: str) -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read(passes=passes)
    assert play.data(type_)["reason"] == reason
    assert play.pulses() == []
    assert play.lane()["last_decision"]["reason"] == reason


def test_a_refused_car_is_one_case_until_the_loop_clears() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read(passes=())
    play.read(passes=())
    assert play.types("access") == ["access.denied"]
    play.set(approach_loop=False)
    play.set(approach_loop=True)
    play.read(passes=())
    assert play.types("access") == ["access.denied", "access.denied"]


def test_a_second_presentation_while_the_arm_rises_grants_nothing_more() -> None:
    play = Playbook()
    play.read()
    play.read()
    assert play.types("access") == ["access.granted"]
    assert play.lane()["grants"] == 1


def test_a_pass_that_ends_within_ten_days_is_let_in_and_warned_once_a_day() -> None:
    ending = msgspec.structs.replace(MONTHLY, valid_until="2026-09-25")
    play = Playbook()
    for _ in range(2):
        play.read(passes=(ending,))
        play.rise()
        play.drive_through()
        play.advance(900)
        play.lower()
    assert play.types("access") == ["access.granted"] * 2
    assert play.types("pass.") == ["pass.expiring"]
    assert play.data("pass.expiring") == {
        "pass": "p1",
        "days_left": 4,
        "valid_until": "2026-09-25",
        "lane": "in",
        "day": "2026-09-21",
    }
    assert play.lane()["last_decision"]["days_left"] == 4
    play.advance(24 * 3600 * 1000)
    play.read(passes=(ending,))
    assert play.types("pass.") == ["pass.expiring"] * 2


def test_a_pass_with_eleven_days_is_not_warned() -> None:
    play = Playbook()
    play.read(passes=(msgspec.structs.replace(MONTHLY, valid_until="2026-10-02"),))
    assert play.types("pass.") == []


def test_two_cars_nose_to_tail_are_two_passages_and_one_opening() -> None:
    play = Playbook()
    other = msgspec.structs.replace(MONTHLY, id="p2", cards=("7",), plates=())
    play.set(approach_loop=True)
    play.read()
    play.read("7", (other,))
    play.rise()
    play.set(safety_loop=True)
    play.set(approach_loop=False)
    play.set(approach_loop=True)
    play.advance(300)
    play.set(safety_loop=False)
    play.advance(700)
    assert play.data("passage.entered")["pass"] == "p1"
    play.set(safety_loop=True)
    play.set(approach_loop=False)
    play.set(safety_loop=False)
    play.advance(700)
    assert [row.data["pass"] for row in play.rows if row.type == "passage.entered"] == ["p1", "p2"]
    assert play.pulses() == ["open"]


def test_a_stranger_who_follows_is_tailgating() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read()
    play.rise()
    play.drive_through()
    play.drive_through()
    assert play.types("passage") == ["passage.entered", "passage.entered", "passage.tailgated"]
    assert play.data("passage.entered")["method"] == "tailgate"
    assert play.alarms()[0]["kind"] == "tailgating"


def test_a_car_that_reads_and_backs_off_is_reversed_and_its_grant_goes_unused() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read()
    play.rise()
    play.set(safety_loop=True)
    play.set(safety_loop=False)
    play.advance(700)
    assert play.data("passage.reversed")["pass"] == "p1"
    play.set(approach_loop=False)
    play.advance(20_000)
    assert play.data("grant.unused")["pass"] == "p1"
    play.advance(1500)
    assert play.pulses() == ["open", "close"]
    assert play.types("passage.entered") == []


def test_a_grant_waits_while_its_car_stands_on_the_approach_loop() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read()
    play.rise()
    play.advance(60_000)
    assert play.types("grant") == []
    play.set(approach_loop=False)
    play.advance(19_000)
    assert play.types("grant") == []
    play.advance(1_100)
    assert play.types("grant") == ["grant.unused"]


def test_a_driver_who_chats_under_the_arm_keeps_it_up() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read()
    play.rise()
    play.set(safety_loop=True)
    play.set(approach_loop=False)
    play.advance(600_000)
    assert play.pulses() == ["open"]
    play.set(safety_loop=False)
    play.advance(1500)
    assert play.pulses() == ["open", "close"]


def test_auto_close_counts_from_the_safety_loop_clearing() -> None:
    play = Playbook()
    play.read()
    play.rise()
    play.set(approach_loop=True)
    play.set(safety_loop=True)
    play.set(approach_loop=False)
    play.set(settle_ms=0, safety_loop=False)
    cleared_ms = play.mono_ns // 1_000_000
    play.advance(3000)
    closed_ms = next(at for at, name, duration in play.outputs if name == "close" and duration)
    assert 1500 <= closed_ms - cleared_ms <= 1540


def test_an_exit_names_the_visit_it_ends() -> None:
    document = site_document()
    document["lanes"][0]["direction"] = "exit"
    play = Playbook(document)
    play.set(approach_loop=True)
    play.read(visits=(OpenVisit("v7", "p1", "京A12345", START_WALL_NS - 3_600_000_000_000),))
    play.rise()
    play.drive_through()
    exited = play.data("passage.exited")
    assert exited["visit"] == "v7"
    assert 3600 <= exited["duration_s"] <= 3610
    assert exited["entered_at"].endswith("Z")


def test_an_exit_without_an_entry_is_recorded_all_the_same() -> None:
    document = site_document()
    document["lanes"][0]["direction"] = "exit"
    play = Playbook(document)
    play.read()
    play.rise()
    play.drive_through()
    exited = play.data("passage.exited")
    assert (exited["entered_at"], exited["duration_s"]) == (None, None)
    assert exited["visit"]


def test_a_guards_open_lets_one_vehicle_pass_by_hand() -> None:
    play = Playbook()
    assert play.person("open").status == "done"
    assert play.data("access.granted")["decided_by"] == "Lin"
    assert play.data("access.granted")["reason"] == "operator"
    play.rise()
    play.drive_through()
    assert play.data("passage.entered")["method"] == "manual"
    play.advance(900)
    assert play.pulses() == ["open", "close"]


def test_at_most_three_grants_wait() -> None:
    play = Playbook()
    for number in range(4):
        play.read(str(number), (msgspec.structs.replace(MONTHLY, id=f"p{number}"),))
    assert play.lane()["grants"] == 3
    assert play.data("access.referred")["reason"] == "lane_fault"


def test_one_loop_alone_gives_an_inferred_passage() -> None:
    play = Playbook(site_document(approach_loop=None))
    play.read()
    play.rise()
    play.set(safety_loop=True)
    play.set(safety_loop=False)
    play.advance(700)
    assert play.data("passage.entered")["certainty"] == "inferred"


def test_without_a_safety_loop_the_gateway_never_closes() -> None:
    play = Playbook(site_document(safety_loop=None))
    play.set(approach_loop=True)
    play.read()
    play.rise()
    play.set(approach_loop=False)
    play.advance(120_000)
    assert play.pulses() == ["open"]
    assert play.data("passage.entered")["certainty"] == "inferred"
