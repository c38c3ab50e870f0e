"""What opens a repair order, what joins one, and what opens none: one cause has one open order."""

from __future__ import annotations

import pytest

from gateway.core.repairs.kinds import RepairKind, Urgency
from gateway.core.repairs.lifecycle import RepairState
from gateway.core.vocabulary.rows.repairs import KINDS, STATES, URGENCIES
from tests.core.repairs.bench import Repairs, estate


def test_a_device_that_stops_answering_opens_one_that_is_urgent() -> None:
    play = Repairs()
    play.lose()
    order = play.order()
    assert (order["kind"], order["urgency"], order["device"], order["state"]) == (
        "device_lost", "urgent", "reader-in", "open",
    )  # fmt: skip
    assert order["alarm"] == play.alarms()[0]["alarm"]
    assert order["by"] == "gateway"


def test_the_same_device_again_joins_the_open_one() -> None:
    play = Repairs()
    for _ in range(3):
        play.lose()
        play.regain()
    assert play.lives() == ["opened", "joined", "joined"]
    assert (play.order()["count"], play.open_orders()) == (3, 1)


def test_two_devices_are_two_orders() -> None:
    play = Repairs()
    play.lose("reader-in")
    play.lose("reader-out")
    assert [order["device"] for order in play.opened()] == ["reader-in", "reader-out"]


def test_a_device_that_is_lost_once_more_after_its_repair_opens_another_one() -> None:
    play = Repairs()
    play.lose()
    play.regain()
    play.act("report")
    assert play.act("confirm", by="Lin").status == "done"
    play.lose()
    assert [order["repair"] for order in play.opened()] == ["r1-1", "r1-2"]


def test_all_that_is_wrong_with_an_arm_is_one_order_and_its_urgency_rises() -> None:
    play = Repairs()
    play.person("open")
    play.advance(10_000)
    assert (play.order()["kind"], play.order()["lane"]) == ("not_followed", "in")
    play.set(arm_detached=True)
    assert play.lives()[0] == "opened"
    assert set(play.lives()[1:]) == {"joined"}
    assert play.open_orders() == 1


def test_an_obstructed_arm_that_is_struck_is_urgent_from_then_on() -> None:
    play = Repairs()
    play.let_in()
    play.person("open")
    play.rise()
    play.advance(30_000)
    play.set(at_open=False)
    play.advance(40_000)
    first = play.order()
    assert (first["kind"], first["urgency"]) == ("obstructed", "normal")
    play.set(arm_detached=True)
    assert (play.order()["urgency"], play.order()["kind"]) == ("urgent", "obstructed")
    assert play.order()["mend_by"] < first["mend_by"]


def test_a_contact_that_is_stuck_has_an_order_of_its_own() -> None:
    play = Repairs()
    play.set(at_open=True)
    play.advance(5_000)
    assert [(order["kind"], order["cause"]) for order in play.opened()] == [("stuck", "lane:in:limits")]


def test_nothing_is_opened_under_a_tag_and_what_lasts_is_when_it_comes_off() -> None:
    play = Repairs()
    play.person("lock")
    play.set(at_open=True)
    play.advance(5_000)
    assert play.opened() == []
    play.person("unlock")
    assert [order["cause"] for order in play.opened()] == ["lane:in:limits"]


def test_an_arm_that_did_not_move_because_its_board_is_lost_is_the_boards_fault() -> None:
    play = Repairs()
    play.board_swallows = True
    play.person("open")
    play.lose("io")
    play.advance(10_000)
    assert [order["device"] for order in play.opened()] == ["io"]


@pytest.mark.parametrize(("finding", "kinds"), [("false", ["false_alarm"]), ("real", ["forced"])])
def test_a_forced_arm_opens_one_when_a_person_has_found_out_what_it_was(finding: str, kinds: list[str]) -> None:
    play = Repairs()
    play.set(at_closed=False)
    play.advance(30_000)
    play.set(at_closed=True)
    assert [alarm["kind"] for alarm in play.alarms()] == ["forced"]
    assert play.opened() == []
    play.alarm("acknowledge")
    play.alarm("close", finding=finding)
    assert [order["kind"] for order in play.opened()] == kinds


def test_a_false_alarm_of_a_device_that_has_an_order_is_no_second_one() -> None:
    play = Repairs()
    play.lose()
    play.alarm("acknowledge")
    play.alarm("verify", finding="false")
    play.regain()
    assert play.alarms() == []
    assert play.lives() == ["opened"]


def test_an_alarm_that_is_closed_as_false_after_its_repair_was_confirmed_opens_nothing() -> None:
    play = Repairs()
    play.set(arm_detached=True)
    play.set(arm_detached=False)
    play.person("reset")
    play.act("report")
    assert play.act("confirm", by="Lin").status == "done"
    for run in (play, play.restarted()):
        run.alarm("acknowledge")
        run.alarm("close", finding="false")
        assert len(run.opened()) == 1


@pytest.mark.parametrize(("limits", "what"), [({"cycles": 1}, "cycles"), ({"relay_operations": 2}, "relay_operations")])
def test_a_service_limit_that_is_passed_opens_a_planned_one(limits: dict[str, int], what: str) -> None:
    play = Repairs(estate(service_limits=limits))
    for _ in range(3):
        play.let_in()
    (order,) = play.opened()
    assert (order["kind"], order["urgency"], order["what"]) == ("service", "planned", what)


def test_cycles_in_an_hour_are_traffic_and_no_repair() -> None:
    play = Repairs(estate(max_cycles_per_h=1))
    for _ in range(3):
        play.let_in()
    assert "service.due" in play.types()
    assert play.opened() == []


def test_the_words_of_the_rows_are_those_of_the_core() -> None:
    assert tuple(RepairKind) == KINDS
    assert tuple(Urgency) == URGENCIES
    assert tuple(RepairState) == STATES
