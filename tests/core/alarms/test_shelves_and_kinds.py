"""Shelving has a reason and an end within twelve hours; each kind of alarm has its urgency and its way to end."""

from __future__ import annotations

import msgspec
import pytest

from gateway.core.alarms.desk import AlarmDesk
from gateway.core.alarms.kinds import KINDS
from gateway.core.vocabulary.events import Now
from gateway.core.vocabulary.turn import Turn, rfc3339
from tests.core.playbook import Playbook

HOUR_NS = 3600 * 10**9


def struck() -> Playbook:
    """A lane with one alarm."""
    play = Playbook()
    play.set(arm_detached=True)
    return play


@pytest.mark.parametrize(
    ("after_ns", "reason"),
    [
        (-1, "until_invalid"),
        (0, "until_invalid"),
        (1, ""),
        (12 * HOUR_NS, ""),
        (12 * HOUR_NS + 1, "until_invalid"),
    ],
)
def test_a_shelf_ends_within_twelve_hours(after_ns: int, reason: str) -> None:
    play = struck()
    assert play.alarm("shelve", reason="crane", until_wall_ns=play.wall_ns + after_ns).reason == reason
    assert play.alarms()[0]["state"] == ("unacknowledged" if reason else "shelved")


def test_an_alarm_command_is_answered_with_the_alarm_after_it() -> None:
    play = struck()
    play.advance(1000)
    reply = play.alarm("acknowledge")
    assert reply.alarm == play.site.snapshot().alarms[0]
    assert reply.alarm.acknowledged_by == "Lin"
    assert play.alarm("unshelve").alarm is None


def test_an_alarm_that_is_closed_is_in_the_answer_and_nowhere_else() -> None:
    play = struck()
    play.alarm("acknowledge")
    play.set(arm_detached=False)
    play.person("reset")
    closed = play.alarm("close", finding="real").alarm
    assert closed is not None
    assert (closed.state, closed.as_of) == ("closed", rfc3339(play.wall_ns))
    assert play.site.snapshot().alarms == ()


def test_a_shelf_needs_a_reason() -> None:
    play = struck()
    assert play.alarm("shelve", until_wall_ns=play.wall_ns + HOUR_NS).reason == "reason_missing"


def test_a_shelf_that_runs_out_shows_the_alarm_again_at_that_moment() -> None:
    play = struck()
    play.alarm("shelve", reason="crane", until_wall_ns=play.wall_ns + HOUR_NS)
    play.advance(3_599_999)
    assert play.alarms()[0]["state"] == "shelved"
    play.advance(1)
    assert play.alarms()[0]["state"] == "unacknowledged"


def test_an_alarm_that_was_taken_off_its_shelf_does_not_move_when_the_shelf_would_have_run_out() -> None:
    play = struck()
    play.alarm("shelve", reason="crane", until_wall_ns=play.wall_ns + HOUR_NS)
    play.alarm("unshelve")
    play.alarm("acknowledge")
    play.forget()
    play.advance(3_700_000)
    assert play.types("alarm") == []


@pytest.mark.parametrize(
    ("kind", "priority", "by_person", "incident"),
    [
        ("crash", 1, True, True),
        ("struck_vehicle", 1, True, True),
        ("duress", 1, True, True),
        ("panic", 1, True, True),
        ("fire", 1, True, True),
        ("forced", 2, True, True),
        ("intrusion", 2, True, True),
        ("tamper", 2, True, False),
        ("fault", 2, True, False),
        ("tailgating", 3, True, False),
        ("obstructed", 2, False, True),
        ("stuck", 3, False, True),
        ("water", 2, False, False),
        ("power", 2, False, False),
        ("video_lost", 3, False, False),
        ("device_lost", 2, False, False),
        ("uplink_lost", 3, False, False),
        ("clock_unsure", 3, False, False),
        ("storage_degraded", 1, False, False),
        ("refused", 3, False, True),
        ("watched", 3, False, True),
    ],
)
def test_each_kind_has_its_urgency_and_its_way_to_end(
    kind: str, priority: int, by_person: bool, incident: bool
) -> None:
    known = KINDS[kind]
    assert (known.priority, known.by_person, known.incident) == (priority, by_person, incident)


def test_no_kind_is_left_out() -> None:
    assert len(KINDS) == 21


def test_what_was_shown_of_an_alarm_stays_as_it_was_whatever_becomes_of_it() -> None:
    desk, turn = AlarmDesk([]), Turn(Now(0, 0), 0)
    first = desk.raise_(turn, "forced", "a", lane="in", detail={"points": ["at_open"]})
    other = desk.raise_(turn, "forced", "b", lane="out", detail={"points": []})
    shown = [desk.views()]
    before = [msgspec.json.encode(shown[0])]
    for alarm in (first, other):
        desk.refine(turn, alarm, verdict="wind", benign=True)
        desk.same_wind(turn, alarm)
        shown.append(desk.views())
        before.append(msgspec.json.encode(shown[-1]))
    desk.raise_(turn, "forced", "a", of="", detail={"verdict": "forced"})
    desk.return_(turn, "a", {"by": "Lin"})
    assert [msgspec.json.encode(one) for one in shown] == before
    assert len(set(before)) == 3
    assert msgspec.json.encode(desk.views()) not in before
