"""What is now, what shall be done, and how the gateway is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from gateway.core.vocabulary.errors import IdempotencyConflictError, NotFoundError, RefusedError
from gateway.store.directory import DataDirectory
from gateway.store.journal.reader import JournalReader
from gateway.store.projections.state import State
from tests.support.engine_stand_in import EngineStandIn, lane
from tests.support.waiting import wait_until
from tests.web_api.conftest import Write, fails, held

Tokens = Callable[..., dict[str, str]]
OPEN = {"command": "open", "reason": "parcel, identity checked", "expires_at": "2026-11-21T08:00:20Z"}


@pytest.fixture
def get(client: FlaskClient, token: Tokens) -> Callable[[str], TestResponse]:
    headers = token("state:read")
    return lambda path: client.get(f"/api/v1/{path}", headers=headers)


Get = Callable[[str], TestResponse]


def test_a_lane_is_shown_with_what_the_contract_lists_and_what_it_asks_of_people(
    get: Get, engine: EngineStandIn
) -> None:
    answer = get("lanes").json
    assert answer["as_of"] == engine.snapshot.as_of
    listed = {"id", "state", "arm", "mode", "measured_at", "tag", "last_grant"}
    assert set(answer["items"][0]) == listed | {
        "since", "notice", "notice_since", "service_due", "requested", "cannot_open", "pause", "case",
    }  # fmt: skip


def test_alarms_and_devices_are_those_of_the_snapshot(get: Get, engine: EngineStandIn) -> None:
    assert get("alarms").json["items"] == msgspec.to_builtins(list(engine.snapshot.alarms))
    assert get("devices").json["items"] == msgspec.to_builtins(list(engine.snapshot.devices))


def test_repair_orders_are_answered_from_the_projection_with_what_is_overdue(
    get: Get, write: Write, directory: DataDirectory
) -> None:
    order = {
        "kind": "stuck", "urgency": "urgent", "state": "open", "lane": "in", "device": None, "alarm": "a1",
        "cause": "lane:in:limits", "opened_at": "2026-09-21T14:13:21.000Z", "as_of": "2026-09-21T14:13:21.000Z",
        "on_site_by": "2026-09-21T16:13:21.000Z", "mend_by": "2999-09-23T04:13:21.000Z", "count": 1,
        "assigned_to": None, "arrived_at": None, "reported_by": None, "limits": [], "by": "gateway",
    }  # fmt: skip
    write(1, "repair.opened", repair="r-1", **order)
    write(1, "repair.opened", repair="r-2", **order)
    write(1, "repair.confirmed", repair="r-1", **{**order, "state": "confirmed"})
    state = State(directory.state, writer=True)
    state.catch_up(JournalReader(directory.journal))
    state.close()
    answer = get("repairs?open=true").json
    assert [(one["repair"], one["overdue"]) for one in answer["items"]] == [("r-2", "on_site")]
    assert answer["next"] is None
    assert [one["repair"] for one in get("repairs").json["items"]] == ["r-1", "r-2"]
    assert get("repairs?limit=1").json["next"] == "r-1"
    assert [one["repair"] for one in get("repairs?after=r-1").json["items"]] == ["r-2"]
    assert get("repairs?open=yes").status_code == 400


def test_visits_are_answered_from_the_projection(get: Get, write: Write, directory: DataDirectory) -> None:
    write(1, "passage.entered", visit="v-1", **{"pass": "p-1"}, plate=None, method="automatic", certainty="measured")
    write(1, "passage.entered", visit="v-2", **{"pass": "p-2"}, plate=None, method="automatic", certainty="measured")
    write(1, "passage.exited", visit="v-1", **{"pass": "p-1"}, plate=None, method="automatic", certainty="measured")
    state = State(directory.state, writer=True)
    state.catch_up(JournalReader(directory.journal))
    state.close()
    inside = get("visits?inside=true").json
    assert [one["visit"] for one in inside["items"]] == ["v-2"]
    assert [one["visit"] for one in get("visits").json["items"]] == ["v-1", "v-2"]
    assert get("visits?limit=1").json["next"] == "v-1"
    assert [one["visit"] for one in get("visits?after=v-1").json["items"]] == ["v-2"]
    assert get("visits?inside=yes").status_code == 400


@pytest.mark.parametrize("what", ["lanes", "alarms", "devices"])
def test_without_an_engine_the_present_is_not_invented(get: Get, what: str) -> None:
    answer = get(what)
    assert (answer.status_code, answer.json["code"]) == (503, "engine_unreachable")


@pytest.mark.parametrize("what", ["lanes", "alarms", "devices"])
def test_a_state_that_cannot_be_read_is_not_the_present_either(get: Get, engine: EngineStandIn, what: str) -> None:
    engine.show(lanes=({"id": "in", "state": "ready"},))
    answer = get(what)
    assert (answer.status_code, answer.json["code"]) == (503, "engine_unreachable")
    assert "restart engine and web" in answer.json["detail"]


def test_an_old_snapshot_is_not_sold_as_the_present(get: Get, app: Flask, engine: EngineStandIn) -> None:
    live = held(app).live
    version, _ = live.wait(0, 60)
    assert version and get("lanes").status_code == 200
    engine.stop()
    live._taken_mono_s -= 6
    assert get("lanes").status_code == 503


# ---- lane commands ------------------------------------------------------------------------------------------------


@pytest.fixture
def command(client: FlaskClient, token: Tokens, engine: EngineStandIn) -> Callable[..., TestResponse]:
    headers = token("lanes:command")

    def send(body: Any = OPEN, lane: str = "in", key: str | None = "k-1") -> TestResponse:
        named = {**headers, **({"Idempotency-Key": key} if key else {})}
        return client.post(f"/api/v1/lanes/{lane}/commands", json=body, headers=named)

    return send


Command = Callable[..., TestResponse]


def test_a_command_is_done_and_answered_with_the_callers_own_key(command: Command, engine: EngineStandIn) -> None:
    answer = command()
    assert (answer.status_code, answer.json) == (200, {"id": "k-1", "status": "done", "reason": ""})
    asked = engine.calls("lane.command")[0]
    assert (asked["lane"], asked["command"], asked["by"], asked["via"]) == ("in", "open", "central", "http")
    assert asked["expires_at"] == "2026-11-21T08:00:20.000Z"


def test_the_same_key_means_the_same_request_and_each_token_has_its_own(
    command: Command, client: FlaskClient, token: Tokens, engine: EngineStandIn
) -> None:
    command()
    command()
    other = {**token("lanes:command", name="other"), "Idempotency-Key": "k-1"}
    client.post("/api/v1/lanes/in/commands", json=OPEN, headers=other)
    first, second, third = [asked["request"] for asked in engine.calls("lane.command")]
    assert first == second != third
    assert first.startswith("http:") and first.endswith(":k-1")


def test_an_offset_is_understood_and_the_quotes_of_a_key_are_not_part_of_it(
    command: Command, engine: EngineStandIn
) -> None:
    assert command({**OPEN, "expires_at": "2026-11-21T16:00:20+08:00"}, key='"k-1"').json["id"] == "k-1"
    assert engine.calls("lane.command")[0]["expires_at"] == "2026-11-21T08:00:20.000Z"


def test_a_command_that_is_refused_is_a_409_with_the_reason(command: Command, engine: EngineStandIn) -> None:
    engine.answers["lane.command"] = lambda asked: {
        "id": asked["request"], "status": "refused", "reason": "safety_occupied", "detail": "a car stands there",
    }  # fmt: skip
    answer = command({**OPEN, "command": "close"})
    assert (answer.status_code, answer.content_type) == (409, "application/problem+json")
    assert answer.json["code"] == "refused"
    assert (answer.json["reason"], answer.json["id"], answer.json["status"]) == ("safety_occupied", "k-1", 409)
    assert answer.json["detail"] == "a car stands there"


def test_a_key_with_another_body_is_a_422(command: Command, engine: EngineStandIn) -> None:
    engine.answers["lane.command"] = fails(IdempotencyConflictError("used before"))
    answer = command()
    assert (answer.status_code, answer.json["code"]) == (422, "idempotency_conflict")


def test_a_lane_that_is_not_there_is_a_404(command: Command, engine: EngineStandIn) -> None:
    engine.answers["lane.command"] = fails(NotFoundError("there is no lane 'out'"))
    assert command(lane="out").status_code == 404
    assert command(lane="no lane").status_code == 404


@pytest.mark.parametrize("key", [None, "", "with blank", "x" * 129, "schlüssel"])
def test_a_command_needs_a_key_that_can_be_kept(command: Command, engine: EngineStandIn, key: str | None) -> None:
    assert command(key=key).status_code == 400
    assert not engine.calls("lane.command")


@pytest.mark.parametrize(
    "body",
    [
        {**OPEN, "command": "explode"}, {**OPEN, "reason": "  "}, {**OPEN, "reason": "x" * 101},
        {**OPEN, "reason": "parcel\n12:00 opened by Lin"}, {**OPEN, "reason": "\u202eparcel"},
        {**OPEN, "reason": "call 13800138000"}, {**OPEN, "command": "passed", "by": "Lin\x1b[2J"},
        {**OPEN, "command": "passed", "by": "13800138000"}, {**OPEN, "by": "me"},
        {**OPEN, "expires_at": "2026-11-21T08:00:20"}, {**OPEN, "expires_at": "soon"}, {**OPEN, "expires_at": None},
        {**OPEN, "command": "passed"}, {**OPEN, "command": "passed", "by": " "},
        {**OPEN, "command": "passed", "by": "x" * 101}, {**OPEN, "detail": {"minutes": 5}},
        {**OPEN, "command": "hold", "detail": {"minutes": 0}}, {**OPEN, "command": "hold", "detail": {"count": 1001}},
        {**OPEN, "command": "hold", "detail": {"hours": 1}},
        *({key: value for key, value in OPEN.items() if key != missing} for missing in OPEN),
    ],
)  # fmt: skip
def test_a_command_that_is_not_whole_moves_nothing(command: Command, engine: EngineStandIn, body: Any) -> None:
    answer = command(body)
    assert (answer.status_code, answer.json["code"]) == (422, "body_invalid")
    assert not engine.calls("lane.command")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"by": 4}, "by: is 4; give a text in quotes."),
        ({"expires_at": "soon"}, "expires_at: is 'soon'; give a time such as 2026-11-30T08:00:00Z."),
        ({"expires_at": None}, "expires_at: is null; give a time such as 2026-11-30T08:00:00Z."),
        (
            {"speed": 4},
            "speed: is not a known key; known here: command, reason, expires_at, by, detail, identity_checked, case.",
        ),
        ({"detail": {"hours": 1}}, "detail.hours: is not a known key; known here: minutes, count."),
    ],
)
def test_a_body_that_does_not_fit_is_answered_with_place_value_and_remedy(
    command: Command, change: dict[str, Any], words: str
) -> None:
    assert command({**OPEN, **change}).json["detail"] == words


def test_a_hold_carries_its_end(command: Command, engine: EngineStandIn) -> None:
    hold = {**OPEN, "command": "hold"}
    assert command({**hold, "detail": {"minutes": 30, "count": 12}}, key="k-1").status_code == 200
    assert command(hold, key="k-2").status_code == 200
    assert [asked["detail"] for asked in engine.calls("lane.command")] == [{"minutes": 30, "count": 12}, {}]


def test_a_vehicle_let_through_by_hand_names_who_saw_it(command: Command, engine: EngineStandIn) -> None:
    assert command({**OPEN, "command": "passed", "by": "Chen Wei"}).status_code == 200
    assert engine.calls("lane.command")[0]["by"] == "Chen Wei (central)"


@pytest.mark.parametrize("name", ["emergency", "look"])
def test_what_only_somebody_on_the_spot_may_do_is_refused_with_that_reason(
    command: Command, engine: EngineStandIn, name: str
) -> None:
    engine.answers["lane.command"] = lambda asked: {
        "id": asked["request"], "status": "refused", "reason": "on_the_spot_only", "detail": "",
    }  # fmt: skip
    answer = command({**OPEN, "command": name})
    assert (answer.status_code, answer.json["reason"]) == (409, "on_the_spot_only")


# ---- alarms -------------------------------------------------------------------------------------------------------


@pytest.fixture
def act(client: FlaskClient, token: Tokens, engine: EngineStandIn) -> Callable[..., TestResponse]:
    headers = token("alarms:write")
    return lambda verb, body=None, alarm="a-1": client.post(
        f"/api/v1/alarms/{alarm}/{verb}", json=body, headers=headers
    )


Act = Callable[..., TestResponse]


def test_an_alarm_is_acknowledged_with_or_without_a_body(act: Act, engine: EngineStandIn) -> None:
    assert act("acknowledge").json["state"] == "acknowledged"
    assert act("acknowledge", {"reason": "I see it"}).json["alarm"] == "a-1"
    assert [asked["by"] for asked in engine.calls("alarm.command")] == ["central", "central"]


@pytest.mark.parametrize(
    ("verb", "body"),
    [("verify", {}), ("verify", {"finding": "maybe"}), ("shelve", {"reason": "repair"}), ("close", {"colour": "red"})],
)
def test_a_verb_without_what_it_needs_is_a_422(act: Act, engine: EngineStandIn, verb: str, body: Any) -> None:
    assert act(verb, body).status_code == 422
    assert not engine.calls("alarm.command")


def test_verify_and_shelve_carry_what_they_need(act: Act, engine: EngineStandIn) -> None:
    act("verify", {"finding": "false"})
    act("shelve", {"reason": "repair", "until": "2026-11-21T18:00:00+08:00"})
    verified, shelved = engine.calls("alarm.command")
    assert (verified["finding"], shelved["until"]) == ("false", "2026-11-21T10:00:00.000Z")


def test_a_verb_that_is_none_is_not_found_and_one_that_does_not_fit_is_refused(act: Act, engine: EngineStandIn) -> None:
    assert act("delete").status_code == 404
    engine.answers["alarm.command"] = fails(RefusedError("it is closed already"))
    assert (act("close").status_code, act("close").json["code"]) == (409, "refused")
    engine.answers["alarm.command"] = fails(NotFoundError("there is no alarm 'a-9'"))
    assert act("close", alarm="a-9").status_code == 404


# ---- health and figures -------------------------------------------------------------------------------------------


def test_health_is_what_the_engine_says(client: FlaskClient, engine: EngineStandIn) -> None:
    assert client.get("/healthz").json["status"] == "ok"
    engine.answers["ping"] = lambda _: {"ready": False, "missing": ["device io"]}
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json["missing"]) == (503, ["device io"])


def test_without_an_engine_health_says_that_it_is_missing(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json["missing"]) == (503, ["engine"])


def test_figures_are_prometheus_text(client: FlaskClient, engine: EngineStandIn, write: Write) -> None:
    write(3)
    answer = client.get("/metrics")
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    figures = {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}
    assert figures["gatehouse_engine_up"] == 1
    assert figures["gatehouse_journal_sequence"] == 3
    assert figures["gatehouse_journal_first_sequence"] == 1
    assert figures["gatehouse_journal_used_bytes"] > 3 * 300
    assert figures['gatehouse_lane_state{lane="in",state="ready"}'] == 1
    assert figures['gatehouse_device_online{device="io",driver="modbus"}'] == 1
    assert figures['gatehouse_device_errors_total{device="io",driver="modbus"}'] == 1
    assert figures['gatehouse_alarms_open{kind="crash",priority="1"}'] == 1
    assert figures["gatehouse_repairs_open"] == figures["gatehouse_repairs_urgent"] == 0
    assert figures["gatehouse_uplink_waiting_events"] == 3
    assert figures["gatehouse_web_resident_bytes"] > 1_000_000


def test_a_watched_car_is_in_no_figure_that_a_program_at_the_booth_may_read(
    client: FlaskClient, engine: EngineStandIn
) -> None:
    known = engine.snapshot.alarms[0]
    engine.show(
        alarms=(known, *(msgspec.structs.replace(known, alarm=kind, kind=kind) for kind in ("watched", "fire")))
    )
    wait_until(lambda: 'kind="fire"' in client.get("/metrics").text, 5, "the figures of the new alarms")
    assert "watch" not in client.get("/metrics").text


def test_every_family_of_figures_is_named_and_explained_once(
    client: FlaskClient, engine: EngineStandIn, write: Write
) -> None:
    write(1)
    lines = client.get("/metrics").text.splitlines()
    helps = [line.split()[2] for line in lines if line.startswith("# HELP")]
    types = {line.split()[2]: line.split()[3] for line in lines if line.startswith("# TYPE")}
    assert len(helps) == len(set(helps)) and set(types) == set(helps)
    assert all(kind == "counter" for name, kind in types.items() if name.endswith("_total"))
    assert {line.split("{")[0].split()[0] for line in lines if not line.startswith("#")} <= set(helps)


def test_a_label_cannot_break_out_of_its_quotes(client: FlaskClient, engine: EngineStandIn) -> None:
    engine.show(lanes=(lane('in"} 1\nevil 2'),))
    assert 'lane="in\\"} 1\\nevil 2"' in client.get("/metrics").text


def test_figures_come_without_an_engine_too(client: FlaskClient, write: Write) -> None:
    write(2)
    text = client.get("/metrics").text
    assert "gatehouse_engine_up 0" in text and "gatehouse_journal_sequence 2" in text
