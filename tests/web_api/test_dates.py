"""Days and instants from outside: taken as no end, or refused with the field and what would be right; never a 500."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.engine_stand_in import EngineStandIn
from tests.web_api.conftest import SITE, Write

Tokens = Callable[..., dict[str, str]]
FOR_EVER = [
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59.9999999Z",
    "9999-12-31T23:59:59-12:00",
    "9999-12-31T23:59:59+14:00",
]
LONG_AGO = ["0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z"]
IMPOSSIBLE = ["2016-12-31T23:59:60Z", "2026-11-30T24:00:01Z", "2026-11-30T08:00:00+24:00", "12026-01-01T00:00:00Z"]


@pytest.mark.parametrize("text", [*FOR_EVER, *IMPOSSIBLE])
@pytest.mark.parametrize("path", ["lanes/in/commands", "alarms/a-1/shelve"])
def test_a_command_with_such_a_time_is_a_422_that_names_the_field(
    client: FlaskClient, token: Tokens, engine: EngineStandIn, path: str, text: str
) -> None:
    field, body = ("expires_at", {"command": "open", "reason": "parcel"}) if "lanes" in path else ("until", {})
    headers = {**token("lanes:command", "alarms:write"), "Idempotency-Key": "k-1"}
    answer = client.post(f"/api/v1/{path}", json={**body, "reason": "why", field: text}, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (422, "body_invalid")
    assert field in answer.json["detail"] and "2026-11-30T08:00:00Z" in answer.json["detail"]
    assert engine.calls("lane.command") == engine.calls("alarm.command") == []


@pytest.mark.parametrize("text", LONG_AGO)
def test_a_command_that_ended_long_ago_goes_to_the_engine_which_knows_the_time(
    client: FlaskClient, token: Tokens, engine: EngineStandIn, text: str
) -> None:
    body = {"command": "open", "reason": "parcel", "expires_at": text}
    headers = {**token("lanes:command"), "Idempotency-Key": "k-1"}
    assert client.post("/api/v1/lanes/in/commands", json=body, headers=headers).status_code == 200
    [asked] = engine.calls("lane.command")
    assert asked["expires_at"] == "0001-01-01T00:00:00.000Z"


@pytest.mark.parametrize("text", [*FOR_EVER, "9999-12-31"])
def test_a_pass_without_end_is_taken_and_comes_back_as_it_was_written(
    client: FlaskClient, token: Tokens, engine: EngineStandIn, text: str
) -> None:
    headers = token("passes:read", "passes:write")
    put = client.put("/api/v1/passes/p-1", json={"kind": "staff", "valid_until": text}, headers=headers)
    assert put.status_code == 201
    assert client.get("/api/v1/passes/p-1", headers=headers).json["valid_until"] == text


@pytest.mark.parametrize(
    "field",
    [{"valid_until": text} for text in IMPOSSIBLE] + [{"valid_from": "9999-12-31"}, {"valid_until": "0001-01-01"}],
)
def test_a_pass_with_a_date_that_cannot_be_is_a_422_that_names_it(
    client: FlaskClient, token: Tokens, engine: EngineStandIn, field: dict[str, str]
) -> None:
    [(name, text)] = field.items()
    answer = client.put("/api/v1/passes/p-1", json={"kind": "staff", **field}, headers=token("passes:write"))
    assert (answer.status_code, answer.json["field"]) == (422, name)
    assert text in answer.json["detail"] and "to 9998" in answer.json["detail"]


@pytest.fixture
def ask(client: FlaskClient, token: Tokens, write: Write, directory: Any) -> Callable[..., Any]:
    """Rows of a time range, or a lane's history of it."""
    gate = {"devices": [{"id": "io", "driver": "noop"}], "lanes": [
        {"id": "in", "direction": "entry", "barrier": {"open": "io.output.0"}}
    ]}  # fmt: skip
    directory.save_site({**SITE, **gate})
    write(3)
    headers = token("events:read", "state:read")
    return lambda path, query: client.get(f"/api/v1/{path}", query_string=query, headers=headers)


@pytest.mark.parametrize("path", ["events.csv", "lanes/in/history"])
@pytest.mark.parametrize(
    "query",
    [
        *[{"to": text} for text in [*FOR_EVER, "9999-12-31", "9998-12-31", "9998-12-31T23:59:59-23:59"]],
        *[{"from": text} for text in [*LONG_AGO, "0001-01-01", "0002-01-01", "1600-01-01T00:00:00+14:00"]],
    ],
)
def test_a_range_as_wide_as_the_calendar_leaves_nothing_out(
    ask: Callable[..., Any], path: str, query: dict[str, str]
) -> None:
    answer = ask(path, query)
    assert answer.status_code == 200
    assert answer.text.count("access.granted") == (3 if path == "events.csv" else 0)


@pytest.mark.parametrize("path", ["events.csv", "lanes/in/history"])
@pytest.mark.parametrize("query", [{"to": "0001-01-01"}, {"to": "0002-01-01T00:00:00Z"}, {"from": "9998-12-31"}])
def test_a_range_beyond_the_journal_is_empty(ask: Callable[..., Any], path: str, query: dict[str, str]) -> None:
    answer = ask(path, query)
    assert answer.status_code == 200
    assert "access.granted" not in answer.text


@pytest.mark.parametrize("path", ["events.csv", "lanes/in/history"])
@pytest.mark.parametrize(
    ("name", "text"),
    [*[("to", text) for text in IMPOSSIBLE], *[("from", text) for text in [*IMPOSSIBLE, "9999-12-31", *FOR_EVER]]],
)
def test_a_range_that_cannot_be_is_a_400_that_names_the_parameter(
    ask: Callable[..., Any], path: str, name: str, text: str
) -> None:
    answer = ask(path, {name: text})
    assert (answer.status_code, answer.json["code"]) == (400, "request_invalid")
    assert answer.json["detail"].startswith(f"{name} is ") and "years 1 to 9998" in answer.json["detail"]
    assert answer.json["detail"].endswith("means no beginning" if name == "from" else "means no end")
