"""Records of controllers: each one counts once, over restarts and gaps; their clocks are set by a sure clock alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.core.vocabulary import commands, events
from gateway.core.vocabulary.events import ClockState, DeviceRecord
from gateway.core.vocabulary.times import local_time
from tests.core.playbook import MONTHLY, Playbook, site_document

CONTROLLER = "405419896"


def of(play: Playbook, kind: str) -> list[dict[str, Any]]:
    return [row.data for row in play.rows if row.type == kind]


def found(play: Playbook, last: int) -> list[commands.Command]:
    return play.happens(events.RecordsFound("reader-in", CONTROLLER, last))


def record(index: int, **more: Any) -> DeviceRecord:
    said: dict[str, Any] = {"what": "card_refused", "code": 5, "door": 1, "card": "472288", **more}
    return DeviceRecord(CONTROLLER, index, **said)


def swiped(play: Playbook, index: int, card: str = "472288") -> list[commands.Command]:
    read = events.CredentialRead("reader-in", "card", card, 24, passes=(MONTHLY,), record=record(index, card=card))
    return play.happens(read)


def taken_after(todo: list[commands.Command]) -> list[int]:
    return [one.after for one in todo if isinstance(one, commands.TakeRecords)]


def test_of_a_controller_that_is_new_only_what_comes_is_taken_and_that_is_journaled() -> None:
    play = Playbook()
    assert taken_after(found(play, 1206)) == [1206]
    assert of(play, "device.records_began") == [
        {"device": "reader-in", "controller": CONTROLLER, "after": 1206, "reason": "first", "by": "gateway"}
    ]
    swiped(play, 1207)
    assert [row["record"] for row in of(play, "device.recorded")] == [1207]
    assert taken_after(found(play, 1209)) == [1207]
    assert len(of(play, "device.records_began")) == 1


def test_the_row_of_a_record_and_the_decision_on_it_are_of_one_turn() -> None:
    play = Playbook()
    found(play, 0)
    rows = [one.row.type for one in swiped(play, 1) if isinstance(one, commands.Append)]
    assert rows[:2] == ["device.recorded", "access.granted"]


def test_a_card_of_a_record_that_was_taken_is_not_decided_on_again() -> None:
    play = Playbook()
    found(play, 0)
    swiped(play, 1)
    decided = len(of(play, "access.granted"))
    assert swiped(play, 1) == []
    assert (decided, len(of(play, "access.granted"))) == (1, 1)


def test_a_restart_goes_on_behind_the_last_record_of_the_journal() -> None:
    play = Playbook()
    found(play, 3)
    for index in (4, 5):
        play.happens(events.DeviceRecorded("reader-in", record(index, what="button", code=20, card="")))
    again = Playbook(memory=play.memory(), run=2)
    assert taken_after(found(again, 9)) == [5]
    assert of(again, "device.records_began") == []
    again.happens(events.DeviceRecorded("reader-in", record(5, late=True)))
    again.happens(events.DeviceRecorded("reader-in", record(6, late=True)))
    assert [(row["record"], row["late"]) for row in of(again, "device.recorded")] == [(6, True)]


def test_a_late_record_moves_nothing() -> None:
    play = Playbook()
    found(play, 0)
    todo = play.happens(events.DeviceRecorded("reader-in", record(1, late=True)))
    assert [type(one).__name__ for one in todo] == ["Append"]


def test_a_gap_is_journaled_once_and_without_what_was_taken_of_it() -> None:
    play = Playbook()
    found(play, 10)
    for _ in range(2):
        play.happens(events.RecordsMissed("reader-in", CONTROLLER, 8, 40, "overwritten"))
    assert [(row["first"], row["last"], row["reason"]) for row in of(play, "device.records_missed")] == [
        (11, 40, "overwritten")
    ]
    again = Playbook(memory=play.memory(), run=2)
    assert taken_after(found(again, 41)) == [40]


def test_a_list_that_was_emptied_is_taken_from_its_beginning() -> None:
    play = Playbook()
    found(play, 500)
    assert taken_after(found(play, 2)) == [0]
    assert [(row["after"], row["reason"]) for row in of(play, "device.records_began")] == [
        (500, "first"),
        (0, "emptied"),
    ]
    again = Playbook(memory=play.memory(), run=2)
    assert taken_after(found(again, 2)) == [0]


def test_two_controllers_count_apart() -> None:
    play = Playbook()
    found(play, 7)
    other = play.happens(events.RecordsFound("io", "201020304", 3))
    assert taken_after(other) == [3]
    assert taken_after(found(play, 9)) == [7]


@pytest.mark.parametrize(
    ("shown", "at"),
    [
        ("2026-11-30T16:00:07", "2026-11-30T08:00:07.000Z"),
        ("", None),
        ("0001-01-01T00:00:00", None),
        ("2105-01-01T00:00:00", None),
        ("noon", None),
    ],
)
def test_a_record_has_the_time_of_its_controller_in_utc_where_it_shows_one(shown: str, at: str | None) -> None:
    document = site_document()
    document["site"]["timezone"] = "Asia/Shanghai"
    play = Playbook(document)
    found(play, 0)
    play.happens(events.DeviceRecorded("reader-in", record(1, clock=shown)))
    assert of(play, "device.recorded")[0]["at"] == at


# ---- clocks


def shows(play: Playbook, off_s: float) -> str:
    here = local_time(play.wall_ns, play.settings.zone).replace(tzinfo=None)
    return (here + timedelta(seconds=off_s)).isoformat(timespec="seconds")


@pytest.mark.parametrize(("off_s", "is_set"), [(0, False), (9, False), (-9, False), (12, True), (-3_600, True)])
def test_a_clock_that_is_off_is_set_to_the_time_of_the_site(off_s: float, is_set: bool) -> None:
    document = site_document()
    document["site"]["timezone"] = "Asia/Shanghai"
    play = Playbook(document)
    todo = play.happens(events.ClockShown("reader-in", shows(play, off_s)))
    assert todo == ([commands.SetDeviceClock("reader-in", 8 * 3_600)] if is_set else [])


def test_a_clock_that_was_never_set_is_set() -> None:
    play = Playbook()
    for shown in ("", "2000-00-00", "1970-01-01T00:00:00"):
        assert isinstance(play.happens(events.ClockShown("reader-in", shown))[0], commands.SetDeviceClock)


@pytest.mark.parametrize("clock", [ClockState.UNSET, ClockState.HOLDOVER])
def test_no_clock_is_set_by_one_that_is_not_sure(clock: ClockState) -> None:
    play = Playbook(clock=clock)
    assert play.happens(events.ClockShown("reader-in", "")) == []


def test_what_the_gateway_has_set_is_journaled_with_its_author() -> None:
    play = Playbook()
    play.happens(events.DeviceConfigured("reader-in", "delay", "5", "3"))
    assert of(play, "device.configured") == [
        {"device": "reader-in", "what": "delay", "value": "5", "before": "3", "by": "gateway"}
    ]
