"""What the core tells of a fault of the program, and of storage that does not keep up."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from gateway.core.vocabulary import events
from gateway.core.vocabulary.commands import SetAside
from gateway.core.vocabulary.errors import error_place, fault_file
from tests.core.playbook import Playbook


def test_an_error_is_told_by_its_kind_and_place_and_never_by_its_words() -> None:
    try:
        raise KeyError("张三, 13800138000")
    except KeyError as error:
        told = error_place(error)
    assert told.startswith("KeyError at test_faults.py:")
    assert told.endswith("in test_an_error_is_told_by_its_kind_and_place_and_never_by_its_words")


def test_an_error_that_was_never_raised_is_told_by_its_kind() -> None:
    assert error_place(MemoryError()) == "MemoryError"


def test_the_file_of_an_event_has_its_moment_as_name() -> None:
    assert fault_file(1_796_071_649_123_456_789) == "20261130T204729.123456789Z.json"


def test_a_fault_is_an_alarm_that_a_person_must_close() -> None:
    play = Playbook()
    play.happens(events.FaultContained("CredentialRead", "KeyError at plates.py:9 in fold", "x.json"))
    (alarm,) = play.alarms()
    assert (alarm["kind"], alarm["priority"], alarm["state"]) == ("fault", 2, "returned-unacknowledged")
    assert alarm["detail"] == {"event": "CredentialRead", "error": "KeyError at plates.py:9 in fold", "file": "x.json"}
    play.happens(events.AlarmCommandReceived("r1", alarm["alarm"], "acknowledge", "Wei"))
    assert [one["state"] for one in play.alarms()] == ["acknowledged"]
    play.happens(events.AlarmCommandReceived("r2", alarm["alarm"], "close", "Wei", finding="real"))
    assert play.alarms() == []


def test_the_same_fault_again_is_the_same_alarm_and_another_one_is_not() -> None:
    play = Playbook()
    for file in ("1.json", "2.json"):
        play.happens(events.FaultContained("CredentialRead", "KeyError", file))
    play.happens(events.FaultContained("TimerFired", "KeyError", "3.json"))
    assert [one["detail"]["file"] for one in play.alarms()] == ["2.json", "3.json"]


def test_a_read_that_the_rules_fail_on_is_referred_kept_and_reported() -> None:
    play = Playbook()
    broken: Any = None
    play.read(passes=(broken,))
    assert play.data("access.referred")["reason"] == "fault"
    (alarm,) = play.alarms()
    assert (alarm["kind"], alarm["detail"]["event"]) == ("fault", "CredentialRead")
    assert play.logs[-1].message.startswith("the program failed on CredentialRead: AttributeError")


@pytest.mark.parametrize("first", ["journal", "projections"])
def test_each_part_of_the_storage_has_an_alarm_of_its_own(first: str) -> None:
    play = Playbook()
    second = {"journal": "projections", "projections": "journal"}[first]
    for part in (first, second):
        play.happens(events.StorageDegraded("disk full", part))
    assert len(play.alarms()) == 2
    play.happens(events.StorageRestored(1, part=first))
    states = {one["detail"].get("part", "journal"): one["state"] for one in play.alarms()}
    assert states == {first: "returned-unacknowledged", second: "unacknowledged"}


@pytest.mark.parametrize("degraded", ["", "journal", "projections"])
def test_a_start_ends_the_alarms_of_what_keeps_up(degraded: str) -> None:
    play = Playbook()
    for part in ("journal", "projections"):
        play.happens(events.StorageDegraded("disk full", part))
    left = {degraded: "disk full"} if degraded else {}
    play.happens(events.Started("r9", "1", reason="rebuilt", degraded=left))
    active = [one["detail"].get("part", "journal") for one in play.alarms() if one["state"] == "unacknowledged"]
    assert active == list(left)
    assert play.data("gateway.started")["reason"] == "rebuilt"


def test_a_core_that_begins_anew_is_told_what_the_last_one_may_have_missed() -> None:
    play = Playbook()
    play.happens(events.Started("r9", "1", reason="rebuilt", degraded={"projections": "slow"}, uplink=False))
    assert sorted(one["kind"] for one in play.alarms()) == ["storage_degraded", "uplink_lost"]
    play.happens(events.Started("r10", "1", reason="rebuilt", uplink=True))
    assert {one["state"] for one in play.alarms()} == {"returned-unacknowledged"}


def test_what_is_kept_of_a_fault_holds_no_memory_once_it_is_written_down() -> None:
    class Site:
        """Something in the frames that failed."""

    def fails() -> None:
        site = Site()
        kept = []
        try:
            raise KeyError(site)
        except KeyError as error:
            kept.append(SetAside("x.json", events.Event(), error))

    gc.collect()
    fails()
    gc.collect()
    assert not [one for one in gc.get_objects() if type(one).__name__ == "Site" and "fails" in type(one).__qualname__]
    assert gc.is_tracked(SetAside("x.json", events.Event(), KeyError()))
