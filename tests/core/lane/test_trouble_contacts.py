"""Contacts that move nothing: the controller's fault, the cabinet, a call for help, and each lane's own button."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.vocabulary import events
from tests.core.playbook import Playbook, site_document

WIRED = {"hand": "io.input.6", "fault": "io.input.8"}


def kinds(play: Playbook) -> list[str]:
    return [alarm["kind"] for alarm in play.alarms()]


def with_panic() -> dict[str, Any]:
    document = site_document()
    document["lanes"][0]["panic"] = "io.input.9"
    return document


def test_a_fault_of_the_controller_refers_vehicles_to_the_guard_and_is_alarmed() -> None:
    play = Playbook(site_document(**WIRED))
    play.set(fault=True)
    assert (play.lane()["state"], play.lane()["notice"]) == ("fault", "controller_fault")
    alarm = play.alarms()[0]
    assert (alarm["kind"], alarm["lane"], alarm["device"]) == ("device_lost", "in", None)
    assert alarm["detail"] == {"reason": "controller_fault"}
    play.read()
    assert play.data("access.referred")["reason"] == "lane_fault"
    assert play.pulses() == []


def test_with_the_fault_gone_the_lane_is_ready_and_the_alarm_ends_by_itself() -> None:
    play = Playbook(site_document(**WIRED))
    play.set(fault=True)
    play.alarm("acknowledge")
    play.set(fault=False)
    assert (play.lane()["state"], play.lane()["notice"], play.alarms()) == ("ready", None, [])


def test_a_person_may_still_open_a_lane_whose_controller_has_a_fault() -> None:
    play = Playbook(site_document(**WIRED))
    play.set(fault=True)
    assert play.person("open").status == "done"
    assert play.pulses() == ["open"]


def test_an_open_cabinet_is_tampering() -> None:
    play = Playbook(site_document(**WIRED))
    play.set(hand=True)
    assert kinds(play) == ["tamper"]
    play.set(hand=False)
    assert play.alarms()[0]["state"] == "returned-unacknowledged"


@pytest.mark.parametrize("contact", ["hand", "fault"])
def test_under_a_tag_people_work_at_the_barrier_and_nobody_is_alarmed(contact: str) -> None:
    play = Playbook(site_document(**WIRED))
    play.person("lock")
    play.set(**{contact: True})
    assert play.alarms() == []
    play.set(**{contact: False})
    play.person("unlock")
    assert play.alarms() == []


def test_a_tag_that_comes_off_an_open_cabinet_alarms() -> None:
    play = Playbook(site_document(**WIRED))
    play.person("lock")
    play.set(hand=True)
    play.person("unlock")
    assert kinds(play) == ["tamper"]


@pytest.mark.parametrize(("contact", "kind"), [("hand", "tamper"), ("fault", "device_lost")])
def test_what_is_so_already_at_the_start_is_alarmed_and_what_is_over_ends(contact: str, kind: str) -> None:
    play = Playbook(site_document(**WIRED), start=False)
    play.electrical[{"hand": 6, "fault": 8}[contact]] = True
    play.restored()
    assert kinds(play) == [kind]
    play.happens(events.DeviceLost("io", "no answer"))
    play.electrical[{"hand": 6, "fault": 8}[contact]] = False
    play.restored()
    states = [alarm["state"] for alarm in play.alarms() if alarm["detail"].get("reason")]
    assert states == ["returned-unacknowledged"]


def test_a_call_for_help_of_fifty_milliseconds_is_kept() -> None:
    play = Playbook(with_panic())
    play.set(settle_ms=50, panic=True)
    play.set(panic=False)
    alarm = play.alarms()[0]
    assert (alarm["kind"], alarm["priority"], alarm["state"]) == ("panic", 1, "returned-unacknowledged")
    assert play.alarm("acknowledge").status == "done"
    assert play.alarm("close").reason == "finding_missing"
    assert play.alarm("close", finding="real").status == "done"


def test_a_call_for_help_is_heard_under_a_tag_too() -> None:
    play = Playbook(with_panic())
    play.person("lock")
    play.set(panic=True)
    assert kinds(play) == ["panic"]


def test_each_lane_of_a_shared_barrier_has_its_own_button_and_call() -> None:
    document = site_document()
    document["barriers"] = [{"id": "shared", **document["lanes"][0].pop("barrier")}]
    document["lanes"][0] |= {"barrier": "shared", "panic": "io.input.5"}
    document["lanes"].append(
        {"id": "out", "direction": "exit", "barrier": "shared", "exit_button": "io.input.7", "panic": "io.input.9"}
    )
    play = Playbook(document, start=False)
    play.electrical[5] = False
    play.restored()
    play.set(fire=True)  # input 7
    assert (play.data("access.granted")["lane"], play.data("access.granted")["direction"]) == ("out", "exit")
    play.set(panic=True)
    assert [(alarm["kind"], alarm["lane"]) for alarm in play.alarms()] == [("panic", "out")]
