"""A refusal is at the leader and the control room at once; a watched car is told of and shows nowhere at the lane."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.vocabulary.events import CredentialRead, Listed
from gateway.core.vocabulary.passes import Pass, PassKind
from tests.core.playbook import MONTHLY, Playbook, TwoLanes, two_lanes

HOUR_NS = 3_600 * 1_000_000_000


def on(play: Playbook, kind: str, entry: str = "l1", hours: int = 1) -> tuple[Listed, ...]:
    return (Listed(entry, kind, play.now().wall_ns + hours * HOUR_NS),)


def plate(play: Playbook, value: str, **more: Any) -> None:
    play.happens(CredentialRead("reader-in", "plate", value, **more))


def alarms(play: Playbook, kind: str) -> list[dict[str, Any]]:
    return [row.data for row in play.rows if row.type == "alarm.raised" and row.data["kind"] == kind]


def refused() -> Playbook:
    play = Playbook()
    play.set(approach_loop=True)
    play.read("77", passes=())
    play.person("refuse", reason="not_known", by="Lin")
    return play


def test_a_car_that_the_guard_refuses_is_reported_with_its_author_and_reason() -> None:
    play = refused()
    turned_away, reported = play.data("case.refused"), play.data("case.reported")
    assert turned_away["to"] == "leader"
    assert reported["to"] == "control_room"
    for key in ("case", "credential", "reason", "by", "via", "station"):
        assert reported[key] == turned_away[key]


def test_the_alarm_of_a_refusal_says_which_car_and_why_and_ends_when_it_is_acknowledged() -> None:
    play = refused()
    [told] = alarms(play, "refused")
    assert (told["lane"], told["detail"]["why"], told["detail"]["by"]) == ("in", "not_known", "Lin")
    assert told["detail"]["credential"] == {"kind": "card", "value": "77"}
    [shown] = play.site.snapshot().alarms
    assert shown.state == "returned-unacknowledged"
    play.alarm("acknowledge", told["alarm"])
    assert play.data("alarm.closed")["by"] == "Lin"
    assert not play.site.snapshot().alarms


def test_each_refusal_is_told_once() -> None:
    play = refused()
    play.person("refuse", reason="not_known", by="Lin")
    assert len(play.types("case.refused")) == 1
    assert len(alarms(play, "refused")) == 1


def test_a_car_that_is_seen_to_or_released_is_reported_to_nobody() -> None:
    for command in ("seen_to", "open"):
        play = Playbook()
        play.set(approach_loop=True)
        play.read("77", passes=())
        play.person(command, reason="other", by="Lin")
        assert not alarms(play, "refused")
        assert not [row for row in play.rows if row.type == "case.reported" and row.data["to"]]


@pytest.mark.parametrize("reason", ["blocked", "hazardous_load"])
def test_a_blocked_car_and_a_hazardous_load_are_reported_by_the_gateway(reason: str) -> None:
    play = Playbook()
    if reason == "blocked":
        play.read("77", passes=(Pass("b", PassKind.BLOCKED, cards=("77",)),))
    else:
        play.read("472288", passes=(MONTHLY,), listed=on(play, "hazardous"))
    reported = play.data("case.reported")
    assert (reported["reason"], reported["to"], reported["by"]) == (reason, "leader", "gateway")
    assert len(alarms(play, "refused")) == 1


def test_an_unknown_car_is_not_reported() -> None:
    play = Playbook()
    play.read("77", passes=())
    assert play.data("access.denied")["reason"] == "unknown_credential"
    assert not alarms(play, "refused")


def test_over_a_kill_the_refusal_is_still_to_be_acknowledged_and_the_car_stays_refused() -> None:
    play = refused().restarted()
    [shown] = play.site.snapshot().alarms
    assert (shown.kind, shown.state) == ("refused", "returned-unacknowledged")
    handled = play.site.snapshot().lanes[0].last_decision
    assert handled is not None
    assert handled.handled.what == "refused"


def test_a_refusal_that_is_found_false_leaves_nothing_to_mend() -> None:
    play = refused()
    [told] = alarms(play, "refused")
    play.alarm("verify", told["alarm"], finding="false")
    play.alarm("acknowledge", told["alarm"])
    assert play.types("repair") == []


# ---- watched


def decisions(play: Playbook) -> list[str]:
    """What the gate did, without what it told the control room."""
    return [row.type for row in play.rows if row.type not in ("watch.seen", "alarm.raised", "alarm.returned")]


def test_a_watched_car_is_let_in_and_the_control_room_is_told() -> None:
    play = Playbook()
    play.read("472288", passes=(MONTHLY,), listed=on(play, "watch"))
    assert play.types("access.granted")
    seen = play.data("watch.seen")
    assert (seen["lane"], seen["entry"], seen["credential"]) == ("in", "l1", {"kind": "card", "value": "472288"})
    [told] = alarms(play, "watched")
    assert told["detail"]["entry"] == "l1"
    assert "reason" not in told["detail"]


def test_at_the_lane_nothing_tells_a_watched_car_from_another() -> None:
    watched, other = Playbook(), Playbook()
    for play, listed in ((watched, on(watched, "watch")), (other, ())):
        play.set(approach_loop=True)
        play.read("472288", passes=(MONTHLY,), listed=listed)
        play.rise()
        play.drive_through()
    assert decisions(watched) == decisions(other)
    assert (watched.outputs, watched.shown) == (other.outputs, other.shown)
    assert watched.site.snapshot().lanes == other.site.snapshot().lanes


def test_a_watched_car_that_is_refused_for_another_reason_is_told_too() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    plate(play, "粤B12345", listed=on(play, "watch"))
    assert play.data("access.denied")["reason"] == "unknown_credential"
    assert len(alarms(play, "watched")) == 1


def test_a_watched_car_that_stands_and_is_read_again_and_again_is_told_once() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    for _ in range(10):
        plate(play, "粤B12345", listed=on(play, "watch"))
        play.advance(60_000)
    assert len(play.types("watch.seen")) == 1
    play.advance(121_000)
    plate(play, "粤B12345", listed=on(play, "watch"))
    assert len(play.types("watch.seen")) == 2


def test_an_entry_that_has_ended_tells_nothing() -> None:
    play = Playbook()
    play.read("472288", passes=(MONTHLY,), listed=on(play, "watch", hours=0))
    assert not play.types("watch.seen")
    play.advance(10_000)
    play.read("472288", passes=(MONTHLY,), listed=on(play, "hazardous", hours=0))
    assert not play.types("access.denied")


def test_the_plate_of_a_car_whose_card_was_read_first_is_told() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    play.read("472288", passes=(MONTHLY,))
    plate(play, "京A12345", passes=(MONTHLY,), listed=on(play, "watch"))
    assert len(play.types("watch.seen")) == 1


def test_a_tag_that_is_seen_from_afar_is_told_once_its_car_is_at_the_lane() -> None:
    play = Playbook()
    play.read("472288", passes=(MONTHLY,), listed=on(play, "watch"), long_range=True)
    assert not play.types("watch.seen")
    play.set(approach_loop=True)
    play.read("472288", passes=(MONTHLY,), listed=on(play, "watch"), long_range=True, again=True)
    assert len(play.types("watch.seen")) == 1


@pytest.mark.parametrize("found", [MONTHLY, Pass("b", PassKind.BLOCKED, cards=("472288",))])
def test_a_tag_that_is_seen_from_afar_and_never_again_is_told_when_its_car_comes(found: Pass) -> None:
    play = Playbook()
    play.read("472288", passes=(found,), listed=on(play, "watch"), long_range=True)
    play.advance(1_000)
    play.set(approach_loop=True)
    assert play.types("access")
    assert play.data("watch.seen")["lane"] == "in"
    assert len(alarms(play, "watched")) == 1


def test_a_tag_that_is_watched_no_more_when_its_car_comes_is_told_to_nobody() -> None:
    play = Playbook()
    play.read("472288", passes=(MONTHLY,), listed=on(play, "watch"), long_range=True)
    play.read("472288", passes=(MONTHLY,), long_range=True)
    play.set(approach_loop=True)
    assert play.types("access.granted")
    assert not play.types("watch.seen")


def test_a_hazardous_plate_beside_a_good_card_keeps_the_car_out() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    plate(play, "京A12345", passes=(MONTHLY,), listed=on(play, "hazardous"))
    play.read("472288", passes=(MONTHLY,))
    assert not play.types("access.granted")
    assert {row.data["reason"] for row in play.rows if row.type == "access.denied"} == {"hazardous_load"}


def test_a_hazardous_load_that_is_inside_may_leave() -> None:
    play = TwoLanes(two_lanes())
    play.read("472288", passes=(MONTHLY,), listed=on(play, "hazardous"), device="reader-out")
    assert play.data("access.granted")["reason"] == "valid_pass"
