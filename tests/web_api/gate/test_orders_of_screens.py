"""Orders from a screen over HTTP: none is carried out late, each names its car and its way, what moves is asked for."""

from __future__ import annotations

import time
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from gateway.core.access.pending import REFUSE_REASONS, RELEASE_REASONS
from gateway.core.vocabulary.errors import EngineUnreachableError, GatehouseError, RefusedError
from gateway.store.directory import DataDirectory
from tests.support.engine_stand_in import FREE, EngineStandIn, alarm
from tests.support.guard_scene import lane, snapshot
from tests.support.waiting import wait_until
from tests.web_api.conftest import fails, held
from tests.web_api.test_stations import set_up
from web.live.presses import COUNTS_MS
from web.people.sessions import form_token

PRESS = "0123456789abcdef"


def now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


@pytest.fixture
def ask(app: Flask, client: FlaskClient, engine: EngineStandIn, directory: DataDirectory) -> Any:
    """Give an order as the guard's page does."""
    set_up(directory)
    tagged = {**FREE, "emergency": "lane_locked"}
    engine.snapshot = snapshot(lane("in"), lane("out"), lane("goods", allowed=tagged))
    wait_until(lambda: held(app).live.snapshot()[0])
    client.post("/sign-in", data={"name": "Lin", "pin": "2468"})
    csrf = form_token(client.get_cookie("gatehouse").value)

    def post(path: str, **body: Any) -> Any:
        return client.post(path, json=body, headers={"X-CSRF-Token": csrf})

    return post


def orders(engine: EngineStandIn) -> list[dict[str, Any]]:
    return engine.calls("lane.command")


@pytest.mark.parametrize("path", ["/guard/lanes/in/open", "/guard/lanes/in/emergency", "/guard/stop"])
def test_an_order_that_was_touched_too_long_ago_reaches_no_engine(ask: Any, engine: EngineStandIn, path: str) -> None:
    told = ask(path, pressed_ms=now_ms() - COUNTS_MS)
    assert (told.status_code, told.json["code"]) == (409, "command_expired")
    assert "too late" in told.json["text"]
    assert orders(engine) == []


def test_an_alarm_that_was_touched_too_long_ago_stays_as_it_is(ask: Any, engine: EngineStandIn) -> None:
    told = ask("/guard/alarms/a-1/acknowledge", pressed_ms=now_ms() - 12_000)
    assert (told.status_code, told.json["code"]) == (409, "command_expired")
    assert engine.calls("alarm.command") == []


@pytest.mark.parametrize("path", ["/guard/lanes/in/open", "/guard/stop"])
def test_the_engine_is_told_until_when_an_order_counts(ask: Any, engine: EngineStandIn, path: str) -> None:
    pressed = now_ms() - 300
    assert ask(path, pressed_ms=pressed, lane="in").status_code == 200
    (asked,) = orders(engine)
    assert asked["expires_mono_ns"] == (pressed + COUNTS_MS) * 1_000_000
    assert asked["expires_at"] is None


def test_the_same_press_sent_again_keeps_its_first_time(ask: Any, engine: EngineStandIn) -> None:
    pressed = now_ms() - 300
    ask("/guard/stop", request=PRESS, pressed_ms=pressed, lane="in")
    ask("/guard/stop", request=PRESS, pressed_ms=pressed + 250, lane="in")
    assert {one["expires_mono_ns"] for one in orders(engine)} == {(pressed + COUNTS_MS) * 1_000_000}
    assert len({one["request"] for one in orders(engine)}) == 1


def test_an_engine_that_finds_it_too_late_is_answered_in_words(ask: Any, engine: EngineStandIn) -> None:
    engine.answers["lane.command"] = lambda _: {"id": "x", "status": "refused", "reason": "command_expired"}
    told = ask("/guard/stop", pressed_ms=now_ms())
    assert (told.status_code, told.json["status"]) == (409, "failed")
    assert "NOT done" in told.json["text"]


def test_an_engine_that_does_not_answer_is_told_as_a_failure(ask: Any, engine: EngineStandIn) -> None:
    engine.answers["lane.command"] = fails(EngineUnreachableError("away"))
    for path in ("/guard/stop", "/guard/lanes/in/open"):
        told = ask(path, pressed_ms=now_ms())
        assert (told.status_code, told.json["status"], told.json["tone"]) == (503, "failed", "failed")
    assert "stop button at the barrier" in ask("/guard/stop", pressed_ms=now_ms()).json["text"]


@pytest.mark.parametrize(
    ("error", "status"), [(RefusedError("its cause lasts"), 409), (EngineUnreachableError("away"), 503)]
)
def test_what_is_said_of_an_alarm_is_done_or_told_as_not_done(
    ask: Any, engine: EngineStandIn, error: GatehouseError, status: int
) -> None:
    engine.answers["alarm.command"] = lambda asked: alarm(asked["alarm"], state="acknowledged")
    for verb in ("acknowledge", "close"):
        assert ask(f"/guard/alarms/a-1/{verb}", finding="real").json["status"] == "done"
    engine.answers["alarm.command"] = fails(error)
    told = ask("/guard/alarms/a-1/close", finding="real")
    assert (told.status_code, told.json["status"], told.json["code"]) == (status, "failed", error.code)
    assert told.json["text"].startswith("Not taken: ")


@pytest.mark.parametrize("command", ["open", "close", "hold", "emergency"])
def test_what_moves_an_arm_is_asked_for_and_not_done(ask: Any, engine: EngineStandIn, command: str) -> None:
    assert ask(f"/guard/lanes/in/{command}").json["tone"] == "asked"


def test_stop_is_asked_for_too(ask: Any, engine: EngineStandIn) -> None:
    assert ask("/guard/stop").json["tone"] == "asked"


@pytest.mark.parametrize(
    ("presses", "lanes"),
    [((PRESS,), ("l" * 63 + "1", "l" * 63 + "2")), (("p" * 63 + "1", "p" * 63 + "2"), ("in",))],
    ids=["two lanes", "two presses"],
)
def test_each_stop_of_a_lane_is_a_request_of_its_own_however_alike_the_ids(
    ask: Any, app: Flask, engine: EngineStandIn, presses: tuple[str, ...], lanes: tuple[str, ...]
) -> None:
    engine.show(lanes=[lane(id=one) for one in lanes])
    wait_until(lambda: [one.id for one in held(app).live.snapshot()[0].lanes] == list(lanes))
    for press in presses:
        assert ask("/guard/stop", request=press).status_code == 200
    keys = [one["request"] for one in orders(engine)]
    assert len(set(keys)) == len(keys) == 2


def test_an_emergency_at_an_entry_names_the_exits_that_it_opens_too(ask: Any, engine: EngineStandIn) -> None:
    assert "北门出口" in ask("/guard/lanes/in/emergency").json["text"]
    assert "货运出口" not in ask("/guard/lanes/in/emergency").json["text"]
    assert "北门" not in ask("/guard/lanes/out/emergency").json["text"]


@pytest.mark.parametrize("given", ["soon", [], True])
def test_a_time_that_is_none_is_refused(ask: Any, engine: EngineStandIn, given: Any) -> None:
    assert ask("/guard/lanes/in/open", pressed_ms=given).status_code == 400
    assert orders(engine) == []


# ---- a car that waits for a person's word ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "reason"),
    [*(("open", one) for one in RELEASE_REASONS), *(("refuse", one) for one in REFUSE_REASONS), ("seen_to", "other")],
)
def test_what_is_done_with_a_car_names_it_and_says_why(
    ask: Any, engine: EngineStandIn, command: str, reason: str
) -> None:
    assert ask(f"/guard/lanes/in/{command}", case="c7", reason=reason).status_code == 200
    (asked,) = orders(engine)
    assert (asked["command"], asked["case"], asked["reason"]) == (command, "c7", reason)


@pytest.mark.parametrize("command", ["open", "passed", "refuse", "seen_to"])
def test_without_a_reason_nothing_is_done_with_a_car(ask: Any, engine: EngineStandIn, command: str) -> None:
    assert ask(f"/guard/lanes/in/{command}", case="c7").status_code == 422
    assert orders(engine) == []


def test_a_car_that_has_gone_meanwhile_is_answered_in_words(ask: Any, engine: EngineStandIn) -> None:
    engine.answers["lane.command"] = lambda _: {"id": "x", "status": "refused", "reason": "case_over"}
    told = ask("/guard/lanes/in/open", case="c7", reason="resident_known")
    assert (told.status_code, told.json["code"]) == (409, "case_over")
    assert "gone" in told.json["text"]


# ---- the PIN that is asked again ---------------------------------------------------------------------------------


def test_at_the_booth_a_wrong_pin_says_at_once_how_long_to_wait_and_keeps_no_colleague_out(
    ask: Any, engine: EngineStandIn
) -> None:
    wrong = ask("/guard/lanes/in/lock", reason="works", name="Lin", pin="0000")
    assert (wrong.status_code, wrong.json["code"]) == (403, "pin_wrong_wait")
    assert "in 1 s" in wrong.json["text"]
    assert ask("/guard/lanes/in/lock", reason="works", name="Mei", pin="1357").status_code == 200
    assert [one["by"] for one in orders(engine)] == ["Mei"]


@pytest.mark.parametrize(
    ("reason", "person", "waive"),
    [
        ("ends_away", {"name": "Mei", "pin": "1357"}, {"waive": "leader"}),
        ("emergency", {"name": "Lin", "pin": "2468"}, {"waive": "emergency"}),
        ("work_done", {"name": "Mei", "pin": "1357"}, {}),
    ],
)
def test_a_tag_comes_off_over_touched_points_by_a_leaders_word_or_in_an_emergency(
    ask: Any, engine: EngineStandIn, reason: str, person: dict[str, str], waive: dict[str, str]
) -> None:
    assert ask("/guard/lanes/in/unlock", reason=reason, pressed_ms=now_ms(), **person).status_code == 200
    [order] = orders(engine)
    assert (order["by"], order["reason"], order["detail"]) == (person["name"], reason, waive)


def test_a_guard_does_not_take_a_tag_off_in_a_leaders_place(ask: Any, engine: EngineStandIn) -> None:
    told = ask("/guard/lanes/in/unlock", reason="ends_away", name="Lin", pin="2468", pressed_ms=now_ms())
    assert (told.status_code, told.json["code"]) == (403, "leader_only")
    assert orders(engine) == []
