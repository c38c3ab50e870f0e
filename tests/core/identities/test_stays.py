"""No card at the exit: the car that a person releases ends the stay that was named, and no other one."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from gateway.core.vocabulary.commands import Reply
from gateway.core.vocabulary.events import CredentialRead, OpenVisit, StayCommandReceived
from gateway.core.vocabulary.passes import Pass, PassKind
from tests.core.charges.exits import ExitPlay
from tests.core.playbook import START_WALL_NS, Playbook, site_document

HOUR_NS = 3_600_000_000_000
RESIDENT = Pass(id="p7", kind=PassKind.MONTHLY, cards=("4711",), plates=("沪A11111",))
OF_PASS = OpenVisit("v1", "p7", None, START_WALL_NS - HOUR_NS, "4711")
OF_VISITOR = OpenVisit("v2", None, "沪B22222", START_WALL_NS - 2 * HOUR_NS, "沪B22222")
_request = count()


def at_exit(**barrier: Any) -> Playbook:
    """A site whose lane is an exit, and a car on its loop."""
    document = site_document(**barrier)
    document["lanes"][0]["direction"] = "exit"
    play = Playbook(document)
    play.set(approach_loop=True)
    return play


def says(play: Playbook, stay: OpenVisit | None = OF_PASS, verb: str = "release", **more: Any) -> Reply:
    """A guard says which stay the car is of, and what becomes of it."""
    request = f"stay{next(_request)}"
    given: dict[str, Any] = {
        "lane": "in",
        "verb": verb,
        "by": "Lin",
        "via": "guard",
        "station": "booth",
        "present": True,
        "reason": "office_confirmed" if verb == "release" else "office_refused",
        "person": "p00ff",
        "visit": stay.visit if stay else "",
        "stays": (stay,) if stay else (),
        "passes": (RESIDENT,) if stay is OF_PASS else (),
    }
    play.happens(StayCommandReceived(request=request, **{**given, **more}))
    return play.replies[request]


def drive_out(play: Playbook) -> dict[str, Any]:
    play.rise()
    play.drive_through()
    return play.data("passage.exited")


@pytest.mark.parametrize("stay", [OF_PASS, OF_VISITOR])
def test_a_released_car_ends_the_stay_that_was_named(stay: OpenVisit) -> None:
    play = at_exit()
    assert says(play, stay).status == "done"
    referred, granted = play.data("access.referred"), play.data("access.granted")
    assert (referred["reason"], referred["decided_by"], referred["pass"]) == ("no_credential", "Lin", stay.pass_id)
    assert (granted["reason"], granted["stated"]) == ("operator", "office_confirmed")
    assert (granted["visit"], granted["person"], granted["decided_by"]) == (stay.visit, "p00ff", "Lin")
    assert referred["case"] == granted["case"] == play.data("case.released")["case"]
    assert play.pulses() == ["open"]
    exited = drive_out(play)
    assert (exited["visit"], exited["pass"], exited["plate"]) == (stay.visit, stay.pass_id, stay.plate or "沪A11111")
    assert exited["entered_at"] is not None
    assert exited["duration_s"] >= 3600


def test_a_car_of_no_stay_that_was_found_is_released_by_the_persons_word() -> None:
    play = at_exit()
    assert says(play, None).status == "done"
    assert "visit" not in play.data("access.granted")
    exited = drive_out(play)
    assert (exited["pass"], exited["entered_at"]) == (None, None)


def test_what_the_car_has_shown_stays_with_it() -> None:
    play = at_exit()
    play.happens(CredentialRead("reader-in", "plate", "沪X99999"))
    first = play.lane()["case"]["id"]
    assert play.data("access.denied")["reason"] == "unknown_credential"
    assert says(play).status == "done"
    granted = play.data("access.granted")
    assert granted["case"] == first
    assert granted["credential"] == {"kind": "plate", "value": "沪X99999"}
    assert drive_out(play)["visit"] == "v1"


def test_a_refused_car_goes_to_the_leader_and_the_control_room_at_once_and_stays_inside() -> None:
    play = at_exit()
    assert says(play, OF_VISITOR, "refuse").status == "done"
    assert play.types("case") == ["case.refused", "case.reported"]
    refused, reported = play.data("case.refused"), play.data("case.reported")
    assert (refused["to"], reported["to"]) == ("leader", "control_room")
    assert refused["case"] == reported["case"] == play.data("access.referred")["case"]
    assert (refused["reason"], refused["by"], refused["station"]) == ("office_refused", "Lin", "booth")
    assert play.pulses() == []
    assert play.lane()["last_decision"]["handled"]["what"] == "refused"


def test_a_stay_that_is_over_is_not_ended_twice() -> None:
    play = at_exit()
    says(play)
    drive_out(play)
    play.set(approach_loop=True)
    play.forget()
    assert says(play).reason == "visit_over", "the projections lag: they still say that it is inside"
    assert says(play, stays=()).reason == "visit_over"
    assert play.rows == []
    assert play.pulses() == []


def test_two_guards_release_one_car_once() -> None:
    play = at_exit()
    assert says(play).status == "done"
    assert says(play, OF_VISITOR).reason == "may_pass_already"
    assert says(play, OF_PASS).reason == "may_pass_already"
    assert play.types("access") == ["access.referred", "access.granted"]
    assert play.pulses() == ["open"]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"lane": "elsewhere"}, "unknown_lane"),
        ({"by": ""}, "name_missing"),
        ({"verb": "sell"}, "unknown_command"),
        ({"reason": "  "}, "reason_missing"),
        ({"expires_mono_ns": 1}, "command_expired"),
    ],
)
def test_an_order_that_does_not_fit_changes_nothing(given: dict[str, Any], why: str) -> None:
    play = at_exit()
    assert says(play, **given).reason == why
    assert play.types("access") == []
    assert play.pulses() == []


def test_a_lane_that_carries_a_tag_releases_nobody_and_refuses_all_the_same() -> None:
    play = at_exit()
    play.person("lock", reason="new arm")
    assert says(play).reason == "lane_locked"
    assert says(play, verb="refuse").status == "done"
    assert play.pulses() == []


def test_an_entry_names_no_stay() -> None:
    play = Playbook()
    play.set(approach_loop=True)
    assert says(play).reason == "unknown_lane"


def test_a_lane_without_a_loop_takes_it_too() -> None:
    play = at_exit(approach_loop=None)
    assert says(play).status == "done"
    assert play.pulses() == ["open"]
    assert drive_out(play)["visit"] == "v1"


def test_a_card_that_turns_up_after_a_refusal_lets_its_car_out() -> None:
    play = at_exit()
    says(play, verb="refuse")
    play.read("4711", (RESIDENT,), visits=(OF_PASS,))
    assert play.pulses() == ["open"]
    assert drive_out(play)["visit"] == "v1"


# ---- money


def unpaid(minutes: int = 100) -> tuple[ExitPlay, OpenVisit]:
    """A visitor whose stay costs something stands at the exit without a card."""
    play = ExitPlay()
    play.set(approach_loop=True)
    return play, play.stay(minutes, "v2")


def test_what_is_due_stays_due_and_the_car_is_released_once_it_is_paid() -> None:
    play, stay = unpaid()
    account = play.account(stay)
    assert says(play, stay, accounts=(account,)).reason == "unpaid"
    case = play.lane()["case"]
    assert (case["charge"]["due"], case["missing"], case["reason"]) == (700, ["payment"], "no_credential")
    assert play.data("access.referred")["charge"]["visit"] == "v2"
    assert play.person("open", case=case["id"]).reason == "unpaid"
    assert says(play, stay, accounts=(account,)).reason == "unpaid"
    play.pays(stay, 700)
    assert play.pulses() == [], "a payment alone lets no car out whose driver was not checked"
    assert play.lane()["case"]["charge"]["due"] == 0
    assert says(play, stay, accounts=(account,)).status == "done"
    assert play.pulses() == ["open"]
    exited = drive_out(play)
    assert (exited["visit"], exited["charge"]) == ("v2", 700)


def test_a_sum_that_is_owed_skips_no_step_of_the_check() -> None:
    play, stay = unpaid()
    account = play.account(stay)
    assert says(play, stay, accounts=(account,)).reason == "unpaid"
    assert play.person("owe", reason="no money").status == "done"
    assert play.data("visit.owed")["amount"] == 700
    assert (play.pulses(), play.types("case")) == ([], [])
    case = play.lane()["case"]
    assert (case["charge"]["due"], case["missing"]) == (0, ["word"])
    assert says(play, stay, accounts=(account,)).status == "done"
    assert play.pulses() == ["open"]
    assert drive_out(play)["visit"] == "v2"


def test_a_plate_that_was_read_does_not_hide_that_it_is_paid() -> None:
    play, stay = unpaid()
    play.happens(CredentialRead("reader-in", "plate", "沪X99999"))
    account = play.account(stay)
    assert says(play, stay, accounts=(account,)).reason == "unpaid"
    play.pays(stay, 700)
    assert says(play, stay, accounts=(account,)).status == "done"
    assert drive_out(play)["charge"] == 700


def test_a_visit_that_was_named_wrongly_does_not_hold_the_right_one() -> None:
    play, stay = unpaid()
    assert says(play, stay, accounts=(play.account(stay),)).reason == "unpaid"
    free = play.stay(5, "v3")
    assert says(play, free, accounts=(play.account(free),)).status == "done"
    assert drive_out(play)["visit"] == "v3"
